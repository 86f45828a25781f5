package conformance_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cristalhq/jwt/v4"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// cristalhq verifies the signature, and the caller asks the claims:
// https://pkg.go.dev/github.com/cristalhq/jwt/v4#example-Verifier. The header that ParseNoVerify
// returns chooses the key. The caller subtracts the leeway from the time that it passes to the claims.
var cristalhq = peer{
	module: "github.com/cristalhq/jwt/v4",
	lacks:  []string{"max_age", "jwk_metadata"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		unverified, err := jwt.ParseNoVerify([]byte(token))
		if err != nil {
			return conformance.Invalid, err
		}
		header := unverified.Header()
		key, err := keys.find(header.KeyID, string(header.Algorithm))
		if err != nil {
			return conformance.Invalid, err
		}
		verifier, err := cristalhqVerifier(key)
		if err != nil {
			return conformance.RefusedAtSetup, err
		}
		parsed, err := jwt.Parse([]byte(token), verifier)
		if c.Layer == "jws" || err != nil {
			return signature(err)
		}
		var claims jwt.RegisteredClaims
		if err := json.Unmarshal(parsed.Claims(), &claims); err != nil {
			return conformance.Invalid, err
		}
		now, leeway := c.Now.Time(), c.Leeway.Duration()
		switch {
		case c.Type != nil && parsed.Header().Type != *c.Type,
			c.Issuer != nil && !claims.IsIssuer(*c.Issuer),
			c.Audience != nil && !slices.ContainsFunc(c.Audience, claims.IsForAudience),
			application(c, token) != nil:
			return conformance.Invalid, errors.New("typ, iss, aud or sub does not match")
		case !claims.IsValidExpiresAt(now.Add(-leeway)):
			return conformance.Expired, nil
		case !claims.IsValidNotBefore(now.Add(leeway)), !claims.IsValidIssuedAt(now.Add(leeway)):
			return conformance.NotYetValid, nil
		}
		return conformance.OK, nil
	},
}

func cristalhqVerifier(k conformance.Key) (jwt.Verifier, error) {
	alg := jwt.Algorithm(k.Algorithm)
	switch public := k.Public.(type) {
	case nil:
		return jwt.NewVerifierHS(alg, k.Secret)
	case ed25519.PublicKey:
		return jwt.NewVerifierEdDSA(public)
	case *ecdsa.PublicKey:
		return jwt.NewVerifierES(alg, public)
	case *rsa.PublicKey:
		if strings.HasPrefix(k.Algorithm, "PS") {
			return jwt.NewVerifierPS(alg, public)
		}
		return jwt.NewVerifierRS(alg, public)
	}
	return nil, fmt.Errorf("no verifier for a %T", k.Public)
}
