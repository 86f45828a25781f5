package main

import (
	"crypto/rand"
	"time"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/jwt/jwthmac"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
)

// tinkGo uses a MAC or a Verifier for a keyset whose keys have a kid, and a Validator:
// https://developers.google.com/tink/jwt. tink does not look up the kid. It tries the keys in turn
// and compares the kid of the key that fits, so every second token takes two tries. tink does not
// support EdDSA.
var tinkGo = library{
	name:     "tink",
	module:   "github.com/tink-crypto/tink-go/v2",
	algs:     []string{"HS256", "RS256", "ES256"},
	verifier: tinkVerifier,
	issuer:   tinkIssuer,
}

func tinkVerifier(alg string, keys []key) (func(*token) error, error) {
	iss, aud := issuerName, audience
	validator, err := jwt.NewValidator(&jwt.ValidatorOpts{ExpectedIssuer: &iss, ExpectedAudience: &aud, IgnoreTypeHeader: true})
	if err != nil {
		return nil, err
	}
	if alg == "HS256" {
		mac, err := tinkMAC(keys)
		if err != nil {
			return nil, err
		}
		return func(t *token) error {
			_, err := mac.VerifyMACAndDecode(t.text, validator)
			return err
		}, nil
	}
	set, err := jwks(alg, keys)
	if err != nil {
		return nil, err
	}
	handle, err := jwt.JWKSetToPublicKeysetHandle(set)
	if err != nil {
		return nil, err
	}
	verifier, err := jwt.NewVerifier(handle)
	if err != nil {
		return nil, err
	}
	return func(t *token) error {
		_, err := verifier.VerifyAndDecode(t.text, validator)
		return err
	}, nil
}

func tinkMAC(keys []key) (jwt.MAC, error) {
	manager := keyset.NewManager()
	for _, k := range keys {
		parameters, err := jwthmac.NewParameters(len(k.secret), jwthmac.CustomKID, jwthmac.HS256)
		if err != nil {
			return nil, err
		}
		made, err := jwthmac.NewKey(jwthmac.KeyOpts{
			KeyBytes:     secretdata.NewBytesFromData(k.secret, insecuresecretdataaccess.Token{}),
			CustomKID:    k.id,
			HasCustomKID: true,
			Parameters:   parameters,
		})
		if err != nil {
			return nil, err
		}
		id, err := manager.AddKey(made)
		if err != nil {
			return nil, err
		}
		if err := manager.SetPrimary(id); err != nil {
			return nil, err
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return jwt.NewMAC(handle)
}

func tinkIssuer(k *key) (func(string, profile) (token, error), error) {
	mac, err := tinkMAC([]key{*k})
	if err != nil {
		return nil, err
	}
	iss, aud, typ := issuerName, audience, "JWT"
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		exp, id := now.Add(lifetime), rand.Text()
		raw, err := jwt.NewRawJWT(&jwt.RawJWTOptions{
			Issuer:       &iss,
			Subject:      &subject,
			Audience:     &aud,
			ExpiresAt:    &exp,
			IssuedAt:     &now,
			JWTID:        &id,
			CustomClaims: map[string]any{"name": p.Name, "role": p.Role}, // tink does not accept a struct
			TypeHeader:   &typ,
		})
		if err != nil {
			return token{}, err
		}
		text, err := mac.ComputeMACAndEncode(raw)
		return token{text: text}, err
	}, nil
}
