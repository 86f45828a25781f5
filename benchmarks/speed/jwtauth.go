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

// jwtauth is VerifyToken with the validation options of the jwx under it:
// https://pkg.go.dev/github.com/go-chi/jwtauth/v5#New. A JWTAuth has one key, so
// that the caller has to choose one by kid. Reading the header for that is faster
// than trying them. It verifies by the algorithm it was made with, and does not
// look at alg.
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

// jwtauthIssuer signs with a JWK, which is how the kid gets into the header.
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
			"name": p.Name, // it takes no struct
			"role": p.Role,
		})
		return token{text: text}, err
	}, nil
}
