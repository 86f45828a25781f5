package providers_test

import "time"

var (
	keycloakKey = newSigner("FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE")
	partnersKey = newSigner("8dQkLxW2vYz5TgNfRjHs0mBpCaEuIoKt1XnVbMeZqSw")
)

const (
	shopRealm     = "https://login.example/realms/shop"
	partnersRealm = "https://login.example/realms/partners"
	shopInside    = "http://keycloak:8080/realms/shop"
	keycloakCerts = "/protocol/openid-connect/certs"
)

var keycloakAccess = object{
	"exp":             after(5 * time.Minute),
	"iat":             after(0),
	"auth_time":       after(-time.Minute),
	"jti":             "onrtac:6a1f0b6c-52a4-4f0e-9d5b-0c7f6f6f3b1e",
	"iss":             shopRealm,
	"aud":             []string{"orders", "account"},
	"sub":             "b2c4d6e8-1a3b-4c5d-8e7f-9a0b1c2d3e4f",
	"typ":             "Bearer",
	"azp":             "web",
	"sid":             "f0e1d2c3-b4a5-4697-8877-665544332211",
	"acr":             "1",
	"allowed-origins": []string{"https://shop.example"},
	"realm_access":    object{"roles": []string{"offline_access", "default-roles-shop"}},
	"resource_access": object{"account": object{"roles": []string{"manage-account", "view-profile"}}},
	"scope":           "openid email profile",
	"email_verified":  true,
	"name":            "Alice",
	"email":           "alice@example.com",
}

var keycloakIDToken = object{
	"aud": "web", "typ": "ID", "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
	"scope": nil, "realm_access": nil, "resource_access": nil, "allowed-origins": nil}

// ofMaster is a token of the realm that every Keycloak has.
var ofMaster = change{name: "of the realm master", claims: object{"iss": "https://login.example/realms/master"}, want: "issuer"}

var keycloak = provider{
	documents: func() map[string]document {
		encryption := partnersKey.certified(object{"kid": "2FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNl", "alg": "RSA-OAEP", "use": "enc"})
		shop := keys(encryption, keycloakKey.certified(forRS256))
		return map[string]document{
			shopRealm + "/" + wellKnown:     discovery(shopRealm, shopRealm+keycloakCerts),
			shopRealm + keycloakCerts:       shop,
			shopInside + "/" + wellKnown:    discovery(shopRealm, shopInside+keycloakCerts),
			shopInside + keycloakCerts:      shop,
			partnersRealm + "/" + wellKnown: discovery(partnersRealm, partnersRealm+keycloakCerts),
			partnersRealm + keycloakCerts:   keys(partnersKey.certified(forRS256)),
		}
	},
	blocks: []block{
		{
			heading:  "Keycloak",
			by:       keycloakKey,
			header:   object{"typ": "JWT"},
			claims:   keycloakAccess,
			audience: change{name: "for another API", claims: object{"aud": []string{"invoices", "account"}}, want: "audience"},
			issuer:   ofMaster,
			kind:     change{name: "an ID token", claims: keycloakIDToken, want: "audience"},
			more: []change{
				{name: "without an audience", claims: object{"aud": nil}, want: "audience"},
				{name: "an ID token for a client with the API's name", claims: keycloakIDToken.with(object{"aud": "orders"}), want: "claims"},
			},
			also: []change{{name: "as RFC 9068 has it", header: object{"typ": "at+jwt"}}},
		},
		{
			heading:  "Keycloak, without an audience mapper",
			by:       keycloakKey,
			header:   object{"typ": "JWT"},
			claims:   keycloakAccess.with(object{"aud": "account"}),
			audience: change{name: "for another API", claims: object{"aud": "invoices"}, want: "audience"},
			issuer:   ofMaster,
			kind:     change{name: "an ID token", claims: keycloakIDToken, want: "audience"},
			more: []change{
				{name: "of another client", claims: object{"azp": "phone"}, want: "claims"},
				{name: "of another client, without an audience", claims: object{"azp": "phone", "aud": nil}, want: "claims"},
				{name: "of another use", claims: object{"typ": "ID"}, want: "claims"},
			},
			also: []change{{name: "without an audience", claims: object{"aud": nil, "realm_access": nil, "resource_access": nil}}},
		},
		{
			heading:  "Keycloak, in a container network",
			by:       keycloakKey,
			header:   object{"typ": "JWT"},
			claims:   keycloakAccess,
			audience: change{name: "for another API", claims: object{"aud": "invoices"}, want: "audience"},
			issuer:   change{name: "with the internal name", claims: object{"iss": shopInside}, want: "issuer"},
			kind:     change{name: "an ID token", claims: keycloakIDToken, want: "audience"},
		},
		{
			heading:  "Keycloak, several realms",
			by:       keycloakKey,
			header:   object{"typ": "JWT"},
			claims:   keycloakAccess,
			audience: change{name: "for another API", claims: object{"aud": "invoices"}, want: "audience"},
			issuer:   ofMaster,
			kind:     change{name: "an ID token", claims: keycloakIDToken, want: "audience"},
			more: []change{
				{name: "of one realm by the key of the other", claims: object{"iss": partnersRealm}, want: "unknown_key"},
				{name: "of a realm at another host", claims: object{"iss": "https://attacker.example/realms/shop"}, want: "issuer"},
			},
			also: []change{{name: "of the other realm", by: partnersKey, claims: object{"iss": partnersRealm}}},
		},
	},
}
