package providers_test

import "time"

var (
	oktaKey    = newSigner("mB9sT0x1Lr7uQ2wZ5yVnKc8dEfGhIjPo3aRtYbUeXqM")
	oktaOrgKey = newSigner("Kj7sYp2VQd0cWbXeRtZuIoPaSdFgHjKlMnBvCxYqEwA")
)

const (
	oktaOrg    = "https://example.okta.com"
	oktaServer = "https://example.okta.com/oauth2/default"
	oktaClient = "0oa1b2c3d4E5F6G7h8i9"
)

var oktaAccess = object{
	"ver":       1,
	"jti":       "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
	"iss":       oktaServer,
	"aud":       "api://default",
	"iat":       after(0),
	"exp":       after(time.Hour),
	"cid":       oktaClient,
	"uid":       "00u1a2b3c4D5E6F7g8h9",
	"scp":       []string{"openid", "orders:read"},
	"auth_time": after(-time.Minute),
	"sub":       "alice@example.com",
}

var oktaIDToken = object{
	"sub":                "00u1a2b3c4D5E6F7g8h9",
	"name":               "Alice",
	"ver":                1,
	"iss":                oktaOrg,
	"aud":                oktaClient,
	"iat":                after(0),
	"exp":                after(time.Hour),
	"jti":                "ID.4eAWJOCMB3SX8XewDfVR0pmjTBeGhiOIvbUGxr9Ybs4",
	"amr":                []string{"pwd"},
	"idp":                "00o1a2b3c4D5E6F7g8h9",
	"nonce":              "n-0S6_WzA2Mj",
	"preferred_username": "alice@example.com",
	"auth_time":          after(-time.Minute),
	"at_hash":            "HK6E_P6Dh8Y93mRNtsDB1Q",
}

var okta = provider{
	documents: func() map[string]document {
		return map[string]document{
			oktaServer + "/" + wellKnown: discovery(oktaServer, oktaServer+"/v1/keys"),
			oktaServer + "/v1/keys":      keys(oktaKey.jwk(forRS256)),
			oktaOrg + "/" + wellKnown:    discovery(oktaOrg, oktaOrg+"/oauth2/v1/keys"),
			oktaOrg + "/oauth2/v1/keys":  keys(oktaOrgKey.jwk(forRS256)),
		}
	},
	blocks: []block{
		{
			heading:  "Okta, custom authorization server",
			by:       oktaKey,
			claims:   oktaAccess,
			audience: change{name: "for another API", claims: object{"aud": "api://other"}, want: "audience"},
			issuer:   change{name: "of another organization", claims: object{"iss": "https://other.okta.com/oauth2/default"}, want: "issuer"},
			kind:     change{name: "an ID token", claims: oktaIDToken.with(object{"iss": oktaServer, "cid": nil, "scp": nil}), want: "audience"},
			also: []change{{name: "of a machine", claims: object{
				"sub": oktaClient, "uid": nil, "auth_time": nil, "scp": []string{"orders:read"}}}},
		},
		{
			heading:  "Okta, org authorization server",
			by:       oktaOrgKey,
			claims:   oktaIDToken,
			audience: change{name: "for another client", claims: object{"aud": "0oa9i8h7g6F5E4D3c2b1"}, want: "audience"},
			issuer:   change{name: "of another organization", claims: object{"iss": "https://other.okta.com"}, want: "issuer"},
			kind: change{name: "an access token", want: "type",
				header: object{"typ": "application/okta-internal-at+jwt"},
				claims: oktaAccess.with(object{"iss": oktaOrg, "aud": oktaOrg})},
			more: []change{{name: "an access token without its type", claims: oktaAccess.with(object{"iss": oktaOrg, "aud": oktaOrg}), want: "audience"}},
		},
	},
}
