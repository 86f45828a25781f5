package conformance_test

import (
	"context"

	chi "github.com/go-chi/jwtauth/v5"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// jwtauth uses New with one algorithm and one key, and VerifyToken:
// https://pkg.go.dev/github.com/go-chi/jwtauth/v5. It has the validation options of jwx v2.
var jwtauth = peer{
	module: "github.com/go-chi/jwtauth/v5",
	lacks:  []string{"max_age", "jwk_metadata", "typ", "several keys", "jws"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		options := []jwt.ValidateOption{
			jwt.WithClock(jwt.ClockFunc(c.Now.Time)),
			jwt.WithAcceptableSkew(c.Leeway.Duration()),
		}
		if c.Issuer != nil {
			options = append(options, jwt.WithIssuer(*c.Issuer))
		}
		if c.Subject != nil {
			options = append(options, jwt.WithSubject(*c.Subject))
		}
		for _, name := range c.Required {
			options = append(options, jwt.WithRequiredClaim(name))
		}
		if c.Audience != nil {
			options = append(options, jwt.WithValidator(jwt.ValidatorFunc(func(_ context.Context, t jwt.Token) jwt.ValidationError {
				for _, one := range t.Audience() {
					for _, accepted := range c.Audience {
						if one == accepted {
							return nil
						}
					}
				}
				return jwt.ErrInvalidAudience()
			})))
		}
		key := keys.all[0]
		_, err := chi.VerifyToken(chi.New(key.Algorithm, material(key), nil, options...), token)
		if err == nil {
			err = application(c, token)
		}
		return verdict(err, chi.ErrExpired, chi.ErrNBFInvalid)
	},
}
