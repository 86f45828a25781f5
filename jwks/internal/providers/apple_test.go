package providers_test

import "time"

var appleKey = newSigner("Bh6H7rHVmb")

var apple = provider{
	documents: func() map[string]document {
		const issuer = "https://appleid.apple.com"
		return map[string]document{
			issuer + "/" + wellKnown: discovery(issuer, issuer+"/auth/keys"),
			issuer + "/auth/keys":    keys(appleKey.jwk(forRS256)),
		}
	},
	blocks: []block{{
		heading: "Apple",
		by:      appleKey,
		claims: object{
			"iss":              "https://appleid.apple.com",
			"aud":              "com.example.shop",
			"exp":              after(24 * time.Hour),
			"iat":              after(0),
			"sub":              "001234.0123456789abcdef0123456789abcdef.5678",
			"c_hash":           "HK6E_P6Dh8Y93mRNtsDB1Q",
			"email":            "abc123@privaterelay.appleid.com",
			"email_verified":   "true",
			"is_private_email": "true",
			"auth_time":        after(0),
			"nonce_supported":  true,
		},
		audience: change{name: "for another app", claims: object{"aud": "com.example.other"}, want: "audience"},
		issuer:   change{name: "of another issuer", claims: object{"iss": "https://appleid.example.com"}, want: "issuer"},
		kind: change{name: "a notification", want: "claims", claims: object{
			"jti": "abede1234567890", "events": `{"type":"consent-revoked","sub":"001234.0123456789abcdef0123456789abcdef.5678"}`,
			"sub": nil, "c_hash": nil, "email": nil, "email_verified": nil, "is_private_email": nil}},
		also: []change{{name: "of the web, with booleans", claims: object{
			"aud": "com.example.shop.web", "email_verified": true, "is_private_email": false}}},
	}},
}
