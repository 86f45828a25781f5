package providers_test

import "time"

var clusterKey = newSigner("4Wd7bUq9TrEoXn2kYvPzLsJcHgFaMiB0eKtR5xZlVwQ")

// podToken is the token that a request to the API server must carry.
const podToken = "the token of this pod"

const clusterIssuer = "https://kubernetes.default.svc.cluster.local"

var kubernetes = provider{
	documents: func() map[string]document {
		return map[string]document{
			"https://kubernetes.default.svc/openid/v1/jwks": {body: keys(clusterKey.jwk(forRS256)).body, bearer: podToken},
		}
	},
	blocks: []block{{
		heading: "Kubernetes service accounts",
		by:      clusterKey,
		claims: object{
			"aud": []string{"orders"},
			"exp": after(time.Hour),
			"iat": after(0),
			"iss": clusterIssuer,
			"jti": "ae5d3a1c-7f0b-4f57-9a54-5f1c2e3d4b6a",
			"kubernetes.io": object{
				"namespace":      "shop",
				"node":           object{"name": "node-1", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
				"pod":            object{"name": "web-0", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
				"serviceaccount": object{"name": "web", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
			},
			"nbf": after(0),
			"sub": "system:serviceaccount:shop:web",
		},
		audience: change{name: "for another service", claims: object{"aud": []string{"invoices"}}, want: "audience"},
		issuer: change{name: "of another cluster", want: "issuer", claims: object{
			"iss": "https://container.googleapis.com/v1/projects/example/locations/europe-west1/clusters/other"}},
		kind: change{name: "for the API server", claims: object{"aud": []string{clusterIssuer}}, want: "audience"},
		more: []change{{name: "of another service account", want: "claims", claims: object{
			"sub": "system:serviceaccount:shop:default"}}},
	}},
}
