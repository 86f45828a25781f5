package providers_test

import "time"

var firebaseKey = newSigner("f53321e2c4e1a9b5c8d7e6f5a4b3c2d1e0f9a8b7")

var firebase = provider{
	documents: func() map[string]document {
		const (
			issuer = "https://securetoken.google.com/example-shop"
			jwks   = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
		)
		return map[string]document{
			issuer + "/" + wellKnown: discovery(issuer, jwks),
			jwks:                     keys(firebaseKey.jwk(forRS256)),
		}
	},
	blocks: []block{{
		heading: "Firebase",
		by:      firebaseKey,
		header:  object{"typ": "JWT"},
		claims: object{
			"iss":            "https://securetoken.google.com/example-shop",
			"aud":            "example-shop",
			"auth_time":      after(-time.Minute),
			"user_id":        "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9",
			"sub":            "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9",
			"iat":            after(0),
			"exp":            after(time.Hour),
			"email":          "alice@example.com",
			"email_verified": false,
			"firebase":       object{"identities": object{"email": []string{"alice@example.com"}}, "sign_in_provider": "password"},
		},
		audience: change{name: "for another project", claims: object{"aud": "other-project"}, want: "audience"},
		issuer: change{name: "of another project", want: "issuer", claims: object{
			"iss": "https://securetoken.google.com/other-project", "aud": "other-project"}},
		kind: change{name: "a session cookie", claims: object{"iss": "https://session.firebase.google.com/example-shop"}, want: "issuer"},
		more: []change{{name: "of an anonymous user", want: "claims", claims: object{
			"provider_id": "anonymous", "email": nil, "email_verified": nil,
			"firebase": object{"identities": object{}, "sign_in_provider": "anonymous"}}}},
	}},
}
