package providers_test

import "time"

var auth0Key = newSigner("NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg")

const auth0Tenant = "https://tenant.eu.auth0.com/"

var auth0 = provider{
	documents: func() map[string]document {
		return map[string]document{
			auth0Tenant + wellKnown:               discovery(auth0Tenant, auth0Tenant+".well-known/jwks.json"),
			auth0Tenant + ".well-known/jwks.json": keys(auth0Key.certified(forRS256)),
		}
	},
	blocks: []block{{
		heading: "Auth0",
		by:      auth0Key,
		header:  object{"typ": "JWT"},
		claims: object{
			"iss":         auth0Tenant,
			"sub":         "auth0|6745f0d1c2a3b4d5e6f70819",
			"aud":         []string{"https://api.example", auth0Tenant + "userinfo"},
			"iat":         after(0),
			"exp":         after(24 * time.Hour),
			"scope":       "openid profile read:orders",
			"azp":         "mIw0y3q2nZbF7k1sT9vXcR8dLpHjUeGa",
			"permissions": []string{"read:orders"},
		},
		audience: change{name: "for another API", claims: object{"aud": "https://other.example"}, want: "audience"},
		issuer:   change{name: "of another tenant", claims: object{"iss": "https://other.eu.auth0.com/"}, want: "issuer"},
		kind: change{name: "an ID token", want: "audience", claims: object{
			"aud": "mIw0y3q2nZbF7k1sT9vXcR8dLpHjUeGa", "sid": "V1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123",
			"azp": nil, "scope": nil, "permissions": nil}},
		also: []change{
			{name: "with the RFC 9068 profile", header: object{"typ": "at+jwt"}, claims: object{
				"azp": nil, "client_id": "mIw0y3q2nZbF7k1sT9vXcR8dLpHjUeGa", "jti": "73WakrfVbNJBaAmhQtEeDv"}},
			{name: "of a machine", claims: object{
				"aud": "https://api.example", "sub": "mIw0y3q2nZbF7k1sT9vXcR8dLpHjUeGa@clients", "gty": "client-credentials"}},
		},
	}},
}
