package conformance_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/auth0/go-jwt-middleware/v2/validator"
	"gopkg.in/go-jose/go-jose.v2/jwt"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// auth0 is its validator: https://pkg.go.dev/github.com/auth0/go-jwt-middleware/v2/validator#New.
// It wants one algorithm, an issuer and an audience. Its clock is the system's,
// which inside a bubble of testing/synctest can be put forward.
var auth0 = peer{
	module: "github.com/auth0/go-jwt-middleware/v2",
	lacks:  []string{"max_age", "typ", "several keys", "jws"},
	verify: func(c *conformance.Case, keys ring, token string) (answer conformance.Verdict, err error) {
		if c.Issuer == nil || c.Audience == nil || c.Now.Time().Before(bubbleStart) {
			return notTold, nil
		}
		key := keys.all[0]
		v, err := validator.New(func(context.Context) (any, error) { return material(key), nil },
			validator.SignatureAlgorithm(key.Algorithm), *c.Issuer, c.Audience, validator.WithAllowedClockSkew(c.Leeway.Duration()))
		if err != nil {
			return conformance.RefusedAtSetup, err
		}
		synctest.Test(bubble, func(*testing.T) {
			time.Sleep(time.Until(c.Now.Time()))
			_, err = v.ValidateToken(context.Background(), token)
		})
		if err == nil {
			err = application(c, token)
		}
		return verdict(err, jwt.ErrExpired, jwt.ErrNotValidYet)
	},
}

// bubbleStart is the time at which a bubble begins.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// bubble is the test that runs bubbles.
var bubble *testing.T
