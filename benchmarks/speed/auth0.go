package main

import (
	"context"

	"github.com/auth0/go-jwt-middleware/v2/validator"
	"gopkg.in/go-jose/go-jose.v2"
)

// auth0 uses its validator with a key function that returns a JWK Set, like jwks.CachingProvider.
// go-jose then looks up the kid:
// https://pkg.go.dev/github.com/auth0/go-jwt-middleware/v2/validator#New
var auth0 = library{
	name:     "auth0",
	module:   "github.com/auth0/go-jwt-middleware/v2",
	algs:     algorithms,
	verifier: auth0Verifier,
}

func auth0Verifier(alg string, keys []key) (func(*token) error, error) {
	set := &jose.JSONWebKeySet{}
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.verification(), KeyID: k.id, Algorithm: alg, Use: "sig"})
	}
	keyFunc := func(context.Context) (any, error) { return set, nil }
	v, err := validator.New(keyFunc, validator.SignatureAlgorithm(alg), issuerName, []string{audience})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func(t *token) error {
		_, err := v.ValidateToken(ctx, t.text)
		return err
	}, nil
}
