package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// golangJWT uses one Parser for all tokens, a struct for the claims, and a key function that looks
// up the kid in a map:
// https://pkg.go.dev/github.com/golang-jwt/jwt/v5#example-ParseWithClaims-CustomClaimsType
var golangJWT = library{
	name:     "golang-jwt",
	module:   "github.com/golang-jwt/jwt/v5",
	algs:     algorithms,
	verifier: golangJWTVerifier,
	reader:   golangJWTReader,
	issuer:   golangJWTIssuer,
}

func golangJWTVerifier(alg string, keys []key) (func(*token) error, error) {
	parser, keyFunc := golangJWTParser(alg, keys)
	return func(t *token) error {
		var claims jwt.RegisteredClaims
		_, err := parser.ParseWithClaims(t.text, &claims, keyFunc)
		return err
	}, nil
}

func golangJWTReader(alg string, keys []key) (func(*token) (profile, error), error) {
	parser, keyFunc := golangJWTParser(alg, keys)
	return func(t *token) (profile, error) {
		var claims golangJWTClaims
		_, err := parser.ParseWithClaims(t.text, &claims, keyFunc)
		return claims.profile, err
	}, nil
}

type golangJWTClaims struct {
	jwt.RegisteredClaims
	profile
}

func golangJWTParser(alg string, keys []key) (*jwt.Parser, jwt.Keyfunc) {
	byID := make(map[string]any)
	for _, k := range keys {
		byID[k.id] = k.verification()
	}
	keyFunc := func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if k, ok := byID[kid]; ok {
			return k, nil
		}
		return nil, fmt.Errorf("no key %q", kid)
	}
	return jwt.NewParser(
		jwt.WithValidMethods([]string{alg}),
		jwt.WithIssuer(issuerName),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
	), keyFunc
}

func golangJWTIssuer(k *key) (func(string, profile) (token, error), error) {
	var secret any = k.secret
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		t := jwt.NewWithClaims(jwt.SigningMethodHS256, golangJWTClaims{
			RegisteredClaims: jwt.RegisteredClaims{
				Issuer:    issuerName,
				Subject:   subject,
				Audience:  jwt.ClaimStrings{audience},
				ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
				IssuedAt:  jwt.NewNumericDate(now),
				ID:        rand.Text(),
			},
			profile: p,
		})
		t.Header["kid"] = k.id
		text, err := t.SignedString(secret)
		return token{text: text}, err
	}, nil
}

// golangJWTMiddleware is a middleware as golang-jwt's users write it.
func golangJWTMiddleware(keys []key, next http.Handler) (http.Handler, error) {
	parser, keyFunc := golangJWTParser("HS256", keys)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var claims jwt.RegisteredClaims
		if _, err := parser.ParseWithClaims(raw, &claims, keyFunc); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, &claims)))
	}), nil
}

type claimsKey struct{}
