package strictjson

import "strings"

// registered has the claims and header parameters that errors may name, because their names are
// public and no secret of a token.
var registered = names(
	"iss sub aud exp nbf iat jti", // RFC 7519
	"act scope client_id may_act", // RFC 8693
	"cnf",                         // RFC 7800
	"auth_time acr amr groups roles entitlements", // RFC 9068
	`name given_name family_name middle_name nickname preferred_username profile picture website email
	email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at
	azp nonce at_hash c_hash sub_jwk`, // OpenID Connect Core 1.0
	"alg jku jwk kid x5u x5c x5t x5t#S256 typ cty crit", // RFC 7515
	"enc zip", "epk apu apv iv tag p2s p2c", "b64", // RFC 7516, RFC 7518, RFC 7797
)

func names(lists ...string) map[string]bool {
	all := make(map[string]bool)
	for _, name := range strings.Fields(strings.Join(lists, " ")) {
		all[name] = true
	}
	return all
}

// IsRegistered reports whether an RFC or OpenID Connect Core defines a claim or a header parameter
// with this name.
func IsRegistered(name string) bool { return registered[name] }
