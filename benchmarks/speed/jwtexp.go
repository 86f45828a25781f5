package main

import (
	"context"
	"net/http"
	"time"

	"github.com/jwtexp/jwtexp"
)

var jwtexpLibrary = library{
	name:     jwtexpName,
	module:   "github.com/jwtexp/jwtexp",
	algs:     algorithms,
	verifier: func(alg string, keys []key) (func(*token) error, error) { return jwtexpVerifier(alg, keys) },
	reader:   jwtexpReader,
	issuer:   jwtexpIssuer,
}

// lifetime is the time until the issued tokens expire.
const lifetime = 15 * time.Minute

func jwtexpVerifier(alg string, keys []key, opts ...jwtexp.VerifierOption) (func(*token) error, error) {
	v, err := newJWTExpVerifier(alg, keys, opts...)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func(t *token) error {
		_, err := v.Verify(ctx, t.text)
		return err
	}, nil
}

func jwtexpReader(alg string, keys []key) (func(*token) (profile, error), error) {
	v, err := newJWTExpVerifier(alg, keys)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func(t *token) (profile, error) {
		verified, err := v.Verify(ctx, t.text)
		if err != nil {
			return profile{}, err
		}
		var p profile
		err = verified.Claims(&p)
		return p, err
	}, nil
}

func newJWTExpVerifier(alg string, keys []key, opts ...jwtexp.VerifierOption) (*jwtexp.Verifier, error) {
	var made []jwtexp.Key
	for _, k := range keys {
		one, err := jwtexpKey(alg, &k)
		if err != nil {
			return nil, err
		}
		made = append(made, one)
	}
	set, err := jwtexp.NewKeySet(made...)
	if err != nil {
		return nil, err
	}
	return jwtexp.NewVerifier(set, append(opts, jwtexp.WithIssuer(issuerName), jwtexp.WithAudience(audience))...)
}

func jwtexpKey(alg string, k *key) (made jwtexp.Key, err error) {
	if k.secret != nil {
		made, err = jwtexp.NewSecretKey(jwtexp.Algorithm(alg), k.secret)
	} else {
		made, err = jwtexp.NewPublicKey(jwtexp.Algorithm(alg), k.private.Public())
	}
	return made.WithID(k.id), err
}

func jwtexpIssuer(k *key) (func(string, profile) (token, error), error) {
	made, err := jwtexpKey("HS256", k)
	if err != nil {
		return nil, err
	}
	issuer, err := jwtexp.NewIssuer(made, lifetime, jwtexp.WithIssuer(issuerName), jwtexp.WithAudience(audience))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func(subject string, p profile) (token, error) {
		issued, err := issuer.Issue(ctx, subject, p)
		if err != nil {
			return token{}, err
		}
		return token{text: issued.Raw()}, nil
	}, nil
}

func jwtexpMiddleware(keys []key, next http.Handler) (http.Handler, error) {
	v, err := newJWTExpVerifier("HS256", keys)
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(v)
	if err != nil {
		return nil, err
	}
	return guard.Handler(next), nil
}
