package conformance_test

import (
	"context"
	"errors"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// jwx uses jwt.Parse with the validation options for the case. It uses WithKey if there is one key.
// Otherwise it uses a key provider, which its documentation shows for keys that depend on the
// message. WithKey rejects crit, and a provider does not:
// https://github.com/lestrrat-go/jwx/blob/develop/v3/docs/01-jwt.md
var jwx = peer{
	module: "github.com/lestrrat-go/jwx/v3",
	lacks:  []string{"max_age", "jwk_metadata", "typ"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		provider := jws.KeyProviderFunc(func(_ context.Context, sink jws.KeySink, s *jws.Signature, _ *jws.Message) error {
			alg, ok := s.ProtectedHeaders().Algorithm()
			if !ok {
				return errors.New("no alg")
			}
			kid, _ := s.ProtectedHeaders().KeyID()
			key, err := keys.find(kid, alg.String())
			if err != nil {
				return err
			}
			known, ok := jwa.LookupSignatureAlgorithm(alg.String())
			if !ok {
				return errors.New("no such alg")
			}
			sink.Key(known, material(key))
			return nil
		})
		verifyKey, parseKey := jws.WithKeyProvider(provider), jwt.WithKeyProvider(provider)
		if alg, ok := jwa.LookupSignatureAlgorithm(keys.all[0].Algorithm); ok && len(keys.all) == 1 && !keys.isSet {
			verifyKey, parseKey = jws.WithKey(alg, material(keys.all[0])), jwt.WithKey(alg, material(keys.all[0]))
		}
		if c.Layer == "jws" {
			_, err := jws.Verify([]byte(token), verifyKey)
			return signature(err)
		}
		options := []jwt.ParseOption{
			parseKey,
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
		if c.Audience != nil { // WithAudience requires all audiences, and a case requires one of them
			options = append(options, jwt.WithValidator(jwt.ValidatorFunc(func(_ context.Context, t jwt.Token) error {
				audience, _ := t.Audience()
				if !slices.ContainsFunc(c.Audience, func(one string) bool { return slices.Contains(audience, one) }) {
					return jwt.InvalidAudienceError()
				}
				return nil
			})))
		}
		_, err := jwt.Parse([]byte(token), options...)
		if err == nil {
			err = application(c, token)
		}
		return verdict(err, jwt.TokenExpiredError(), jwt.TokenNotYetValidError())
	},
}
