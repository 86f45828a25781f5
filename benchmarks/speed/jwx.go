package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// jwx follows the advice of its documentation for speed: verify the JWS, decode the payload into a
// struct, and check the claims in the caller. The fastest way is VerifyCompactFast, with the kid
// read by jwsbb. It takes at most half the time of jwt.Parse with a key set. With -tags jwx_goccy,
// jwx has another JSON package, which makes Sign and jwtauth faster.
// https://github.com/lestrrat-go/jwx/blob/develop/v3/docs/01-jwt.md#performance
var jwx = library{
	name:     "jwx",
	module:   "github.com/lestrrat-go/jwx/v3",
	algs:     algorithms,
	verifier: jwxVerifier,
	issuer:   jwxIssuer,
}

func jwxVerifier(alg string, keys []key) (func(*token) error, error) {
	algorithm, ok := jwa.LookupSignatureAlgorithm(alg)
	if !ok {
		return nil, fmt.Errorf("no algorithm %s", alg)
	}
	byID := make(map[string]any)
	for _, k := range keys {
		byID[k.id] = k.verification()
	}
	return func(t *token) error {
		head, _, _, err := jwsbb.SplitCompact(t.bytes)
		if err != nil {
			return err
		}
		kid, err := jwsbb.HeaderGetString(jwsbb.HeaderParseCompact(head), "kid")
		if err != nil {
			return err
		}
		k, ok := byID[kid]
		if !ok {
			return errors.New("no such key")
		}
		payload, err := jws.VerifyCompactFast(k, t.bytes, algorithm)
		if err != nil {
			return err
		}
		var claims jwxClaims
		if err := json.Unmarshal(payload, &claims); err != nil {
			return err
		}
		return claims.check(time.Now())
	}, nil
}

// jwxClaims has the same claims as the structs of the other libraries.
type jwxClaims struct {
	Issuer    string      `json:"iss"`
	Subject   string      `json:"sub"`
	Audience  jwxAudience `json:"aud"`
	ExpiresAt float64     `json:"exp"`
	NotBefore float64     `json:"nbf"`
	IssuedAt  float64     `json:"iat"`
	ID        string      `json:"jti"`
}

func (c *jwxClaims) check(t time.Time) error {
	now := float64(t.UnixNano()) / 1e9
	if c.Issuer != issuerName || !slices.Contains(c.Audience, audience) || now < c.NotBefore || now >= c.ExpiresAt {
		return errors.New("wrong issuer, audience or time")
	}
	return nil
}

// jwxAudience is a string or an array of strings.
type jwxAudience []string

func (a *jwxAudience) UnmarshalJSON(text []byte) error {
	if text[0] != '"' {
		return json.Unmarshal(text, (*[]string)(a))
	}
	*a = make(jwxAudience, 1)
	return json.Unmarshal(text, &(*a)[0])
}

// jwxIssuer signs with a JWK, which puts the kid into the header. jws.Sign with a struct takes as
// long, or longer with jwx_goccy.
func jwxIssuer(k *key) (func(string, profile) (token, error), error) {
	secret, err := jwk.Import(k.secret)
	if err != nil {
		return nil, err
	}
	if err := secret.Set(jwk.KeyIDKey, k.id); err != nil {
		return nil, err
	}
	withKey := jwt.WithKey(jwa.HS256(), secret)
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		built, err := jwt.NewBuilder().
			Issuer(issuerName).
			Subject(subject).
			Audience([]string{audience}).
			Expiration(now.Add(lifetime)).
			IssuedAt(now).
			JwtID(rand.Text()).
			Claim("name", p.Name).
			Claim("role", p.Role).
			Build()
		if err != nil {
			return token{}, err
		}
		signed, err := jwt.Sign(built, withKey)
		return token{bytes: signed}, err
	}, nil
}
