package providers_test

import "time"

// A pool signs access tokens and ID tokens with two keys.
var (
	cognitoAccessKey = newSigner("abcdefghijklmnopqrsexample1234567890ABCDEFG=")
	cognitoIDKey     = newSigner("1234example0987654321abcdefghijklmnopqrstuv=")
)

const (
	cognitoPool   = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
	otherPool     = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_JkLmNoPqR"
	cognitoClient = "1h57kf5cpq17m0eml12EXAMPLE"
	otherClient   = "2i68lg6dqr28n1fnm23EXAMPLE"
)

var cognitoAccess = object{
	"sub":            "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
	"cognito:groups": []string{"admins"},
	"iss":            cognitoPool,
	"version":        2,
	"client_id":      cognitoClient,
	"origin_jti":     "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef",
	"event_id":       "64f513be-32db-42b0-b78e-b02127b4f463",
	"token_use":      "access",
	"scope":          "openid orders/read",
	"auth_time":      after(0),
	"exp":            after(time.Hour),
	"iat":            after(0),
	"jti":            "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee0",
	"username":       "alice",
}

var cognitoIDToken = object{
	"sub":              "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
	"cognito:groups":   []string{"admins"},
	"email_verified":   true,
	"iss":              cognitoPool,
	"cognito:username": "alice",
	"origin_jti":       "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef",
	"aud":              cognitoClient,
	"event_id":         "64f513be-32db-42b0-b78e-b02127b4f463",
	"token_use":        "id",
	"auth_time":        after(0),
	"exp":              after(time.Hour),
	"iat":              after(0),
	"jti":              "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee1",
	"email":            "alice@example.com",
}

var cognito = provider{
	documents: func() map[string]document {
		return map[string]document{
			cognitoPool + "/" + wellKnown:          discovery(cognitoPool, cognitoPool+"/.well-known/jwks.json"),
			cognitoPool + "/.well-known/jwks.json": keys(cognitoIDKey.jwk(forRS256), cognitoAccessKey.jwk(forRS256)),
		}
	},
	blocks: []block{
		{
			heading:  "Cognito, access tokens",
			by:       cognitoAccessKey,
			claims:   cognitoAccess,
			audience: change{name: "for another client", claims: object{"client_id": otherClient}, want: "claims"},
			issuer:   change{name: "of another pool", claims: object{"iss": otherPool}, want: "issuer"},
			kind: change{name: "an ID token", by: cognitoIDKey, want: "audience",
				claims: cognitoIDToken.with(object{"client_id": nil, "scope": nil, "username": nil, "version": nil})},
			more: []change{{name: "with another use", claims: object{"token_use": "id"}, want: "claims"}},
			also: []change{{name: "of a login without OAuth", claims: object{"scope": "aws.cognito.signin.user.admin"}}},
		},
		{
			heading:  "Cognito, ID tokens",
			by:       cognitoIDKey,
			claims:   cognitoIDToken,
			audience: change{name: "for another client", claims: object{"aud": otherClient}, want: "audience"},
			issuer:   change{name: "of another pool", claims: object{"iss": otherPool}, want: "issuer"},
			kind: change{name: "an access token", by: cognitoAccessKey, want: "audience",
				claims: cognitoAccess.with(object{"aud": nil, "email": nil, "email_verified": nil})},
			more: []change{{name: "an access token for a resource with the client's name", want: "claims",
				by: cognitoAccessKey, claims: cognitoAccess.with(object{"aud": cognitoClient})}},
		},
	},
}
