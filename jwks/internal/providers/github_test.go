package providers_test

import "time"

var githubKey = newSigner("cc413527-173f-5a05-976e-9c52b1d7b431")

var github = provider{
	documents: func() map[string]document {
		const issuer = "https://token.actions.githubusercontent.com"
		return map[string]document{
			issuer + "/" + wellKnown:     discovery(issuer, issuer+"/.well-known/jwks"),
			issuer + "/.well-known/jwks": keys(githubKey.certified(forRS256)),
		}
	},
	blocks: []block{{
		heading: "GitHub Actions",
		by:      githubKey,
		header:  object{"typ": "JWT", "x5t": "eBZ_cn3sXYAd0ch4THBKHIgOwOE"},
		claims: object{
			"jti":                   "6f4762ed-0758-4ccb-808d-ee3af5d723a8",
			"sub":                   "repo:example/shop:ref:refs/heads/main",
			"aud":                   "https://deploy.example",
			"ref":                   "refs/heads/main",
			"sha":                   "7d4be5f0c1f1e3a2b5c6d7e8f9a0b1c2d3e4f5a6",
			"repository":            "example/shop",
			"repository_owner":      "example",
			"repository_owner_id":   "65",
			"run_id":                "30433642",
			"run_number":            "10",
			"run_attempt":           "1",
			"repository_visibility": "private",
			"repository_id":         "74",
			"actor_id":              "12",
			"actor":                 "alice",
			"workflow":              "deploy",
			"head_ref":              "",
			"base_ref":              "",
			"event_name":            "push",
			"ref_type":              "branch",
			"job_workflow_ref":      "example/shop/.github/workflows/deploy.yml@refs/heads/main",
			"iss":                   "https://token.actions.githubusercontent.com",
			"nbf":                   after(-10 * time.Minute),
			"exp":                   after(5 * time.Minute),
			"iat":                   after(0),
		},
		audience: change{name: "with the default audience", claims: object{"aud": "https://github.com/example"}, want: "audience"},
		issuer: change{name: "of an Enterprise Server", want: "issuer", claims: object{
			"iss": "https://github.example/_services/token"}},
		kind: change{name: "of another repository", want: "claims", claims: object{
			"sub": "repo:attacker/shop:ref:refs/heads/main", "repository": "attacker/shop", "repository_owner": "attacker"}},
		more: []change{
			{name: "of a pull request", want: "claims", claims: object{
				"sub": "repo:example/shop:pull_request", "ref": "refs/pull/7/merge", "event_name": "pull_request"}},
			{name: "of a pull request from a fork", want: "claims", claims: object{"event_name": "pull_request_target"}},
			{name: "of a stranger's comment", want: "claims", claims: object{"event_name": "issue_comment"}},
			{name: "of a workflow that another one started", want: "claims", claims: object{"event_name": "workflow_run"}},
		},
		also: []change{{name: "of an environment", claims: object{
			"sub": "repo:example/shop:environment:production", "environment": "production"}}},
	}},
}
