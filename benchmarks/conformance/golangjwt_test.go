package conformance_test

import (
	"encoding/json"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// golangJWT is the Parse of its README: MapClaims, a key function and
// WithValidMethods, with the parser options that the case wants.
// https://pkg.go.dev/github.com/golang-jwt/jwt/v5#example-Parse-Hmac
var golangJWT = peer{
	module: "github.com/golang-jwt/jwt/v5",
	lacks:  []string{"max_age"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		options := []jwt.ParserOption{
			jwt.WithValidMethods(c.Algorithms),
			jwt.WithTimeFunc(c.Now.Time),
			jwt.WithLeeway(c.Leeway.Duration()),
		}
		if c.Issuer != nil {
			options = append(options, jwt.WithIssuer(*c.Issuer))
		}
		if c.Audience != nil {
			options = append(options, jwt.WithAudience(c.Audience...))
		}
		if len(c.Required) > 0 {
			options = append(options, jwt.WithExpirationRequired())
		}
		if c.NeedsAny([]string{"iat_check"}) {
			options = append(options, jwt.WithIssuedAt())
		}
		keyFunc := func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			key, err := keys.find(kid, t.Method.Alg())
			return material(key), err
		}
		if c.Layer == "jws" {
			// Its parser decodes the payload before it verifies the signature, so that
			// of another payload it does not say.
			var claims anyClaims
			if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil && len(strings.Split(token, ".")) == 3 {
				return notTold, err
			}
			_, err := jwt.ParseWithClaims(token, &claims, keyFunc, jwt.WithValidMethods(c.Algorithms), jwt.WithoutClaimsValidation())
			return signature(err)
		}
		parsed, err := jwt.Parse(token, keyFunc, options...)
		if err == nil && c.Type != nil && parsed.Header["typ"] != *c.Type {
			return conformance.Invalid, nil
		}
		if err == nil {
			err = application(c, token)
		}
		return verdict(err, jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet)
	},
}

// anyClaims takes every JSON value.
type anyClaims struct{ jwt.RegisteredClaims }

func (*anyClaims) UnmarshalJSON(text []byte) error {
	var v any
	return json.Unmarshal(text, &v)
}
