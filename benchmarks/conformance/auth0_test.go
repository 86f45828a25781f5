package conformance_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/auth0/go-jwt-middleware/v2/validator"
	"gopkg.in/go-jose/go-jose.v2/json"
	"gopkg.in/go-jose/go-jose.v2/jwt"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// auth0 is its validator: https://pkg.go.dev/github.com/auth0/go-jwt-middleware/v2/validator#New.
// It requires one algorithm, an issuer and an audience. It uses the system's clock, which a bubble of
// testing/synctest can move forward.
var auth0 = peer{
	module: "github.com/auth0/go-jwt-middleware/v2",
	lacks:  []string{"max_age", "jwk_metadata", "typ", "several keys"},
	verify: func(c *conformance.Case, keys ring, token string) (answer conformance.Verdict, err error) {
		if c.Layer == "jws" {
			return auth0Signature(keys.all[0], token)
		}
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

// auth0Signature requires an issuer that no token has. The validator asks for the key after it has
// checked the form and the algorithm. Then it verifies the signature, decodes the claims and compares
// them. So an error about the claims means that the signature is good.
func auth0Signature(key conformance.Key, token string) (conformance.Verdict, error) {
	asked := false
	v, err := validator.New(func(context.Context) (any, error) { asked = true; return material(key), nil },
		validator.SignatureAlgorithm(key.Algorithm), "https://issuer.invalid/", []string{"none"})
	if err != nil {
		return conformance.RefusedAtSetup, err
	}
	_, err = v.ValidateToken(context.Background(), token)
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	if asked && (syntax || kind || errors.Is(err, jwt.ErrInvalidIssuer) || errors.Is(err, jwt.ErrUnmarshalAudience) || errors.Is(err, jwt.ErrUnmarshalNumericDate)) {
		err = nil
	}
	return signature(err)
}

// bubbleStart is the time when a bubble starts.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// bubble is the test that runs the bubbles.
var bubble *testing.T
