package conformance_test

import (
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// golangJWT uses Parse as its README does, with MapClaims, a key function and WithValidMethods, and
// with the parser options for the case.
// https://pkg.go.dev/github.com/golang-jwt/jwt/v5#example-Parse-Hmac
var golangJWT = peer{
	module: "github.com/golang-jwt/jwt/v5",
	lacks:  []string{"max_age", "jwk_metadata"},
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
		if slices.Contains(c.Required, "exp") {
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
			return signature(golangJWTSignature(token, keyFunc))
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

// golangJWTSignature calls a SigningMethod, because the parser requires a JSON payload before it
// verifies the signature. Until then the parser has split and decoded the token, which is all that
// the signature needs. The key function has keys for the allowed algorithms only.
func golangJWTSignature(token string, keyFunc jwt.Keyfunc) error {
	parser := jwt.NewParser()
	parsed, parts, err := parser.ParseUnverified(token, jwt.MapClaims{})
	if parsed == nil || parsed.Claims == nil { // not three parts, or an invalid header
		return err
	}
	if _, err := parser.DecodeSegment(parts[1]); err != nil {
		return err
	}
	alg, _ := parsed.Header["alg"].(string)
	if parsed.Method = jwt.GetSigningMethod(alg); parsed.Method == nil {
		return jwt.ErrTokenUnverifiable
	}
	signature, err := parser.DecodeSegment(parts[2])
	if err != nil {
		return err
	}
	key, err := keyFunc(parsed)
	if err != nil {
		return err
	}
	return parsed.Method.Verify(parts[0]+"."+parts[1], signature, key)
}
