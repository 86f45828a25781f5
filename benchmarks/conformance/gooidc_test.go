package conformance_test

import (
	"context"
	"errors"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// goOIDC uses an IDTokenVerifier with a StaticKeySet:
// https://pkg.go.dev/github.com/coreos/go-oidc/v3/oidc#NewVerifier. It treats a token without exp as
// expired in the year 1. It has no leeway for exp, and five minutes for nbf. Its error does not say
// that a token is early.
var goOIDC = peer{
	module:     "github.com/coreos/go-oidc/v3",
	lacks:      []string{"max_age", "jwk_metadata", "typ", "leeway", "iat_check", "exp_optional"},
	algorithms: []string{"RS", "PS", "ES", "EdDSA"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		set := &oidc.StaticKeySet{}
		for _, k := range keys.all {
			set.PublicKeys = append(set.PublicKeys, k.Public)
		}
		ctx := context.Background()
		witness := &verifiedSet{KeySet: set}
		config := &oidc.Config{
			SupportedSigningAlgs: c.Algorithms,
			Now:                  c.Now.Time,
			SkipClientIDCheck:    true, // a case may have several audiences, which are checked below
			SkipIssuerCheck:      c.Issuer == nil,
		}
		issuer := ""
		if c.Issuer != nil {
			issuer = *c.Issuer
		}
		parsed, err := oidc.NewVerifier(issuer, witness, config).Verify(ctx, token)
		if c.Layer == "jws" {
			if witness.verified {
				err = nil
			}
			return signature(err)
		}
		if late, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
			return conformance.Expired, late
		}
		if err == nil && c.Audience != nil && !slices.ContainsFunc(c.Audience, func(one string) bool { return slices.Contains(parsed.Audience, one) }) {
			err = errors.New("aud does not match")
		}
		if err == nil {
			err = application(c, token)
		}
		return untimely(signature(err))
	},
}

// A verifiedSet records that the signature is good, because the verifier's errors do not say it. The
// verifier calls the set after it has checked that it supports the algorithm.
type verifiedSet struct {
	oidc.KeySet
	verified bool
}

func (s *verifiedSet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := s.KeySet.VerifySignature(ctx, token)
	s.verified = err == nil
	return payload, err
}

// untimely is for libraries whose errors are the same for a token that is not valid yet and for an
// invalid one. Both verdicts pass then.
func untimely(v conformance.Verdict, err error) (conformance.Verdict, error) {
	if v == conformance.Invalid {
		return invalidOrEarly, err
	}
	return v, err
}

const invalidOrEarly conformance.Verdict = "invalid, or not valid yet"
