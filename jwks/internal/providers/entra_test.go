package providers_test

import "time"

var (
	entraKey         = newSigner("1LTMzakihiRla_8z2BEJVXeWMqo")
	entraPersonalKey = newSigner("H9nj5AOSswMphg1SFx7jaV-lB9w") // for personal accounts
)

const (
	microsoft      = "https://login.microsoftonline.com/"
	tenant         = "11111111-1111-1111-1111-111111111111"
	otherTenant    = "22222222-2222-2222-2222-222222222222"
	personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
	entraAPI       = "33333333-3333-3333-3333-333333333333"
	entraClient    = "44444444-4444-4444-4444-444444444444"
)

// The claims of a v2.0 access token of a user.
var entraClaims = object{
	"aud":                entraAPI,
	"iss":                microsoft + tenant + "/v2.0",
	"iat":                after(0),
	"nbf":                after(0),
	"exp":                after(75 * time.Minute),
	"aio":                "AWQAm/8XAAAAz9Y",
	"azp":                entraClient,
	"azpacr":             "0",
	"name":               "Alice",
	"oid":                "55555555-5555-5555-5555-555555555555",
	"preferred_username": "alice@example.com",
	"rh":                 "1.AXkA",
	"scp":                "Orders.Read Orders.Write",
	"sub":                "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
	"tid":                tenant,
	"uti":                "fqiBqXLPj0eQa82S-IYFAA",
	"ver":                "2.0",
}

var ofApplication = object{"scp": nil, "name": nil, "preferred_username": nil, "azpacr": "2", "idtyp": "app"}

var entra = provider{
	// The keys name no alg. In v2.0 they name the issuers that they are for.
	documents: func() map[string]document {
		v2 := object{"use": "sig", "cloud_instance_name": "microsoftonline.com", "issuer": microsoft + "{tenantid}/v2.0"}
		personal := v2.with(object{"issuer": microsoft + personalTenant + "/v2.0"})
		return map[string]document{
			microsoft + tenant + "/v2.0/" + wellKnown:       discovery(microsoft+tenant+"/v2.0", microsoft+tenant+"/discovery/v2.0/keys"),
			microsoft + tenant + "/discovery/v2.0/keys":     keys(entraKey.certified(v2)),
			microsoft + tenant + "/" + wellKnown:            discovery("https://sts.windows.net/"+tenant+"/", microsoft+"common/discovery/keys"),
			microsoft + "common/discovery/keys":             keys(entraKey.certified(object{"use": "sig"})),
			microsoft + "organizations/v2.0/" + wellKnown:   discovery(microsoft+"{tenantid}/v2.0", microsoft+"organizations/discovery/v2.0/keys"),
			microsoft + "organizations/discovery/v2.0/keys": keys(entraPersonalKey.certified(personal), entraKey.certified(v2)),
		}
	},
	blocks: []block{
		{
			heading:  "Entra, one tenant",
			by:       entraKey,
			header:   object{"typ": "JWT"},
			claims:   entraClaims,
			audience: change{name: "for Microsoft Graph", claims: object{"aud": "00000003-0000-0000-c000-000000000000"}, want: "audience"},
			issuer: change{name: "of another tenant", want: "issuer", claims: object{
				"iss": microsoft + otherTenant + "/v2.0", "tid": otherTenant}},
			kind: change{name: "an ID token", want: "audience", claims: object{"aud": entraClient, "scp": nil, "azp": nil, "azpacr": nil}},
			more: []change{
				{name: "an ID token for the API's own registration", want: "claims", claims: object{"scp": nil, "azp": nil, "azpacr": nil}},
				{name: "of an application without a role", want: "claims", claims: ofApplication},
				{name: "v1.0", want: "issuer", claims: object{"iss": "https://sts.windows.net/" + tenant + "/", "ver": "1.0"}},
			},
			also: []change{{name: "of an application", claims: ofApplication.with(object{"roles": []string{"Orders.Read.All"}})}},
		},
		{
			heading: "Entra, v1.0 tokens",
			by:      entraKey,
			header:  object{"typ": "JWT", "x5t": entraKey.kid},
			claims: object{
				"aud":         "api://" + entraAPI,
				"iss":         "https://sts.windows.net/" + tenant + "/",
				"iat":         after(0),
				"nbf":         after(0),
				"exp":         after(75 * time.Minute),
				"acr":         "1",
				"aio":         "AWQAm/8XAAAAz9Y",
				"amr":         []string{"pwd", "mfa"},
				"appid":       entraClient,
				"appidacr":    "0",
				"ipaddr":      "192.0.2.1",
				"oid":         "55555555-5555-5555-5555-555555555555",
				"rh":          "1.AXkA",
				"scp":         "Orders.Read",
				"sub":         "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
				"tid":         tenant,
				"unique_name": "alice@example.com",
				"upn":         "alice@example.com",
				"uti":         "fqiBqXLPj0eQa82S-IYFAA",
				"ver":         "1.0",
			},
			audience: change{name: "for Microsoft Graph", claims: object{"aud": "https://graph.microsoft.com"}, want: "audience"},
			issuer: change{name: "of another tenant", want: "issuer", claims: object{
				"iss": "https://sts.windows.net/" + otherTenant + "/", "tid": otherTenant}},
			kind: change{name: "an ID token", want: "audience", claims: object{"aud": entraClient, "scp": nil, "appid": nil, "appidacr": nil}},
			more: []change{
				{name: "of an application without a role", want: "claims", claims: object{"scp": nil, "appidacr": "2"}},
				{name: "v2.0", want: "issuer", claims: object{"iss": microsoft + tenant + "/v2.0", "ver": "2.0"}},
			},
			also: []change{
				{name: "for the client ID", claims: object{"aud": entraAPI}},
				{name: "of an application", claims: object{"scp": nil, "appidacr": "2", "roles": []string{"Orders.Read.All"}}},
			},
		},
		{
			heading:  "Entra, several tenants",
			by:       entraKey,
			header:   object{"typ": "JWT"},
			claims:   entraClaims,
			audience: change{name: "for Microsoft Graph", claims: object{"aud": "00000003-0000-0000-c000-000000000000"}, want: "audience"},
			issuer: change{name: "of a tenant that is not a customer", want: "issuer", claims: object{
				"iss": microsoft + "66666666-6666-6666-6666-666666666666/v2.0", "tid": "66666666-6666-6666-6666-666666666666"}},
			kind: change{name: "an ID token", want: "audience", claims: object{"aud": entraClient, "scp": nil, "azp": nil, "azpacr": nil}},
			more: []change{
				{name: "with the template as issuer", claims: object{"iss": microsoft + "{tenantid}/v2.0"}, want: "issuer"},
				{name: "of a personal account", want: "issuer", by: entraPersonalKey, claims: object{
					"iss": microsoft + personalTenant + "/v2.0", "tid": personalTenant}},
				{name: "by the key for personal accounts", by: entraPersonalKey, want: "unknown_key"},
				{name: "of an application without a role", want: "claims", claims: ofApplication},
			},
			also: []change{{name: "of the other tenant", claims: object{"iss": microsoft + otherTenant + "/v2.0", "tid": otherTenant}}},
		},
	},
}
