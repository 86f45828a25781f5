package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cristalhq/jwt/v4"
)

// cristalhq parses the token, and verifies it with the verifier for the kid, which also checks alg.
// The caller decodes and checks the claims:
// https://pkg.go.dev/github.com/cristalhq/jwt/v4#pkg-examples
var cristalhq = library{
	name:     "cristalhq",
	module:   "github.com/cristalhq/jwt/v4",
	algs:     algorithms,
	verifier: cristalhqVerifier,
	issuer:   cristalhqIssuer,
}

func cristalhqVerifier(alg string, keys []key) (func(*token) error, error) {
	verifiers := make(map[string]jwt.Verifier)
	for _, k := range keys {
		v, err := cristalhqKey(alg, &k)
		if err != nil {
			return nil, err
		}
		verifiers[k.id] = v
	}
	return func(t *token) error {
		parsed, err := jwt.ParseNoVerify(t.bytes)
		if err != nil {
			return err
		}
		verifier, ok := verifiers[parsed.Header().KeyID]
		if !ok {
			return errors.New("no such key")
		}
		if err := verifier.Verify(parsed); err != nil {
			return err
		}
		var claims jwt.RegisteredClaims
		if err := json.Unmarshal(parsed.Claims(), &claims); err != nil {
			return err
		}
		now := time.Now()
		if !claims.IsIssuer(issuerName) || !claims.IsForAudience(audience) ||
			!claims.IsValidExpiresAt(now) || !claims.IsValidNotBefore(now) {
			return errors.New("wrong issuer, audience or time")
		}
		return nil
	}, nil
}

func cristalhqKey(alg string, k *key) (jwt.Verifier, error) {
	switch public := k.verification().(type) {
	case []byte:
		return jwt.NewVerifierHS(jwt.Algorithm(alg), public)
	case *rsa.PublicKey:
		return jwt.NewVerifierRS(jwt.Algorithm(alg), public)
	case *ecdsa.PublicKey:
		return jwt.NewVerifierES(jwt.Algorithm(alg), public)
	case ed25519.PublicKey:
		return jwt.NewVerifierEdDSA(public)
	}
	return nil, fmt.Errorf("no verifier for %s", alg)
}

func cristalhqIssuer(k *key) (func(string, profile) (token, error), error) {
	signer, err := jwt.NewSignerHS(jwt.HS256, k.secret)
	if err != nil {
		return nil, err
	}
	builder := jwt.NewBuilder(signer, jwt.WithKeyID(k.id)) // encodes the header once
	type claims struct {
		jwt.RegisteredClaims
		profile
	}
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		built, err := builder.Build(&claims{
			RegisteredClaims: jwt.RegisteredClaims{
				Issuer:    issuerName,
				Subject:   subject,
				Audience:  jwt.Audience{audience},
				ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
				IssuedAt:  jwt.NewNumericDate(now),
				ID:        rand.Text(),
			},
			profile: p,
		})
		if err != nil {
			return token{}, err
		}
		return token{bytes: built.Bytes()}, nil
	}, nil
}
