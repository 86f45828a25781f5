package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// goJOSE uses ParseSignedCompact with one algorithm, Verify with the key for the kid, and the Claims
// of its jwt package: https://pkg.go.dev/github.com/go-jose/go-jose/v4#example-package-JWS. This
// takes 20 % less time than the jwt package alone. Sign takes little more than half the time of the
// Builder, which turns a struct into a map first.
var goJOSE = library{
	name:     "go-jose",
	module:   "github.com/go-jose/go-jose/v4",
	algs:     algorithms,
	verifier: goJOSEVerifier,
	issuer:   goJOSEIssuer,
}

func goJOSEVerifier(alg string, keys []key) (func(*token) error, error) {
	byID := make(map[string]any)
	for _, k := range keys {
		byID[k.id] = k.verification()
	}
	allowed := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)}
	expected := jwt.Expected{Issuer: issuerName, AnyAudience: jwt.Audience{audience}}
	return func(t *token) error {
		parsed, err := jose.ParseSignedCompact(t.text, allowed)
		if err != nil {
			return err
		}
		k, ok := byID[parsed.Signatures[0].Header.KeyID]
		if !ok {
			return errors.New("no such key")
		}
		payload, err := parsed.Verify(k)
		if err != nil {
			return err
		}
		var claims jwt.Claims
		if err := json.Unmarshal(payload, &claims); err != nil {
			return err
		}
		return claims.ValidateWithLeeway(expected, 0)
	}, nil
}

func goJOSEIssuer(k *key) (func(string, profile) (token, error), error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.HS256, Key: k.secret},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.id))
	if err != nil {
		return nil, err
	}
	type claims struct {
		jwt.Claims
		profile
	}
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		body, err := json.Marshal(&claims{
			Claims: jwt.Claims{
				Issuer:   issuerName,
				Subject:  subject,
				Audience: jwt.Audience{audience},
				Expiry:   jwt.NewNumericDate(now.Add(lifetime)),
				IssuedAt: jwt.NewNumericDate(now),
				ID:       rand.Text(),
			},
			profile: p,
		})
		if err != nil {
			return token{}, err
		}
		signed, err := signer.Sign(body)
		if err != nil {
			return token{}, err
		}
		text, err := signed.CompactSerialize()
		return token{text: text}, err
	}, nil
}
