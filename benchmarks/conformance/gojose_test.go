package conformance_test

import (
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// goJOSE uses ParseSigned with the algorithms, Claims with the key, and ValidateWithLeeway: https://pkg.go.dev/github.com/go-jose/go-jose/v4/jwt#example-ParseSigned
// and #example-Claims.Validate-WithParse.
var goJOSE = peer{
	module: "github.com/go-jose/go-jose/v4",
	lacks:  []string{"max_age", "jwk_metadata", "typ"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		var algorithms []jose.SignatureAlgorithm
		for _, alg := range c.Algorithms {
			algorithms = append(algorithms, jose.SignatureAlgorithm(alg))
		}
		if c.Layer == "jws" {
			parsed, err := jose.ParseSignedCompact(token, algorithms)
			if err != nil {
				return signature(err)
			}
			h := parsed.Signatures[0].Header
			key, err := keys.find(h.KeyID, h.Algorithm)
			if err == nil {
				_, err = parsed.Verify(material(key))
			}
			return signature(err)
		}
		parsed, err := jwt.ParseSigned(token, algorithms)
		if err != nil {
			return conformance.Invalid, err
		}
		h := parsed.Headers[0]
		key, err := keys.find(h.KeyID, h.Algorithm)
		if err != nil {
			return conformance.Invalid, err
		}
		var claims jwt.Claims
		if err := parsed.Claims(material(key), &claims); err != nil {
			return conformance.Invalid, err
		}
		expected := jwt.Expected{Time: c.Now.Time(), AnyAudience: jwt.Audience(c.Audience)}
		if c.Issuer != nil {
			expected.Issuer = *c.Issuer
		}
		if c.Subject != nil {
			expected.Subject = *c.Subject
		}
		if err = claims.ValidateWithLeeway(expected, c.Leeway.Duration()); err == nil {
			err = application(c, token)
		}
		return verdict(err, jwt.ErrExpired, jwt.ErrNotValidYet)
	},
}
