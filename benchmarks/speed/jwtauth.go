package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	chi "github.com/go-chi/jwtauth/v5"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// jwtauth uses VerifyToken with jwx's validation options:
// https://pkg.go.dev/github.com/go-chi/jwtauth/v5#New. A JWTAuth has one key, so the caller reads
// the kid and chooses a JWTAuth, which is faster than to try both. JWTAuth verifies with the
// algorithm that it was made for, and does not read alg.
var jwtauth = library{
	name:     "jwtauth",
	module:   "github.com/go-chi/jwtauth/v5",
	algs:     algorithms,
	verifier: jwtauthVerifier,
	issuer:   jwtauthIssuer,
}

func jwtauthVerifier(alg string, keys []key) (func(*token) error, error) {
	byID := make(map[string]*chi.JWTAuth)
	for _, k := range keys {
		byID[k.id] = chi.New(alg, k.verification(), nil,
			jwt.WithIssuer(issuerName), jwt.WithAudience(audience))
	}
	return func(t *token) error {
		text, _, _ := strings.Cut(t.text, ".")
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		var h struct {
			KeyID string `json:"kid"`
		}
		if err := json.Unmarshal(decoded, &h); err != nil {
			return err
		}
		auth, ok := byID[h.KeyID]
		if !ok {
			return errors.New("no such key")
		}
		_, err = chi.VerifyToken(auth, t.text)
		return err
	}, nil
}

// jwtauthIssuer signs with a JWK, which puts the kid into the header.
func jwtauthIssuer(k *key) (func(string, profile) (token, error), error) {
	secret, err := jwk.FromRaw(k.secret)
	if err != nil {
		return nil, err
	}
	if err := secret.Set(jwk.KeyIDKey, k.id); err != nil {
		return nil, err
	}
	auth := chi.New("HS256", secret, nil)
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		_, text, err := auth.Encode(map[string]any{
			"iss":  issuerName,
			"sub":  subject,
			"aud":  audience,
			"exp":  now.Add(lifetime),
			"iat":  now,
			"jti":  rand.Text(),
			"name": p.Name, // jwtauth does not accept a struct
			"role": p.Role,
		})
		return token{text: text}, err
	}, nil
}
