package providers_test

import "time"

var googleKey = newSigner("c7e04465649ffa606557650c7e65f0a87ae00fe8")

var google = provider{
	documents: func() map[string]document {
		const certs = "https://www.googleapis.com/oauth2/v3/certs"
		return map[string]document{
			"https://accounts.google.com/" + wellKnown: discovery("https://accounts.google.com", certs),
			certs: keys(googleKey.jwk(forRS256)),
		}
	},
	blocks: []block{{
		heading: "Google",
		by:      googleKey,
		header:  object{"typ": "JWT"},
		claims: object{
			"iss":            "https://accounts.google.com",
			"azp":            "1234567890-abc123.apps.googleusercontent.com",
			"aud":            "1234567890-abc123.apps.googleusercontent.com",
			"sub":            "110169484474386276334",
			"hd":             "example.com",
			"email":          "alice@example.com",
			"email_verified": true,
			"at_hash":        "HK6E_P6Dh8Y93mRNtsDB1Q",
			"nonce":          "n-0S6_WzA2Mj",
			"name":           "Alice",
			"iat":            after(0),
			"exp":            after(time.Hour),
		},
		audience: change{name: "for another client", want: "audience", claims: object{
			"aud": "999-other.apps.googleusercontent.com", "azp": "999-other.apps.googleusercontent.com"}},
		issuer: change{name: "of Firebase", claims: object{"iss": "https://securetoken.google.com/example-shop"}, want: "issuer"},
		kind: change{name: "an assertion of a service account", want: "issuer", claims: object{
			"iss": "robot@example.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token", "azp": nil, "hd": nil}},
		more: []change{
			{name: "of another domain", claims: object{"hd": "other.example"}, want: "claims"},
			{name: "of an account without a domain", claims: object{"hd": nil, "email": "alice@gmail.com"}, want: "claims"},
			{name: "with an address that is not verified", claims: object{"email_verified": false}, want: "claims"},
		},
	}},
}
