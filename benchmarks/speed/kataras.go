package main

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/kataras/jwt"
)

// kataras uses VerifyWithHeaderValidator, which can look up a key by its kid, and Expected:
// https://pkg.go.dev/github.com/kataras/jwt#Keys. It does not use the validator of Keys, whose
// json.Decoder is slower than json.Unmarshal, or Keys.VerifyToken, which decodes the payload twice.
var kataras = library{
	name:     "kataras",
	module:   "github.com/kataras/jwt",
	algs:     algorithms,
	verifier: katarasVerifier,
	issuer:   katarasIssuer,
}

func katarasVerifier(alg string, keys []key) (func(*token) error, error) {
	registered := make(jwt.Keys)
	for _, k := range keys {
		registered.Register(katarasAlgorithms[alg], k.id, k.verification(), nil)
	}
	validateHeader := func(_ string, text []byte) (jwt.Alg, jwt.PublicKey, jwt.InjectFunc, error) {
		var h jwt.HeaderWithKid
		if err := json.Unmarshal(text, &h); err != nil {
			return nil, nil, nil, err
		}
		k, ok := registered.Get(h.Kid)
		if !ok {
			return nil, nil, nil, jwt.ErrUnknownKid
		}
		if h.Alg != alg {
			return nil, nil, nil, jwt.ErrTokenAlg
		}
		return k.Alg, k.Public, nil, nil
	}
	expected := jwt.Expected{Issuer: issuerName, Audience: jwt.Audience{audience}}
	validators := []jwt.TokenValidator{expected}
	return func(t *token) error {
		_, err := jwt.VerifyWithHeaderValidator(nil, nil, t.bytes, validateHeader, validators...)
		return err
	}, nil
}

var katarasAlgorithms = map[string]jwt.Alg{"HS256": jwt.HS256, "RS256": jwt.RS256, "ES256": jwt.ES256, "EdDSA": jwt.EdDSA}

// katarasIssuer uses one struct for all claims, because the standard claims in a SignOption are
// encoded separately and merged. It encodes the header once.
func katarasIssuer(k *key) (func(string, profile) (token, error), error) {
	type claims struct {
		jwt.Claims
		profile
	}
	head, err := json.Marshal(k.header("HS256"))
	if err != nil {
		return nil, err
	}
	return func(subject string, p profile) (token, error) {
		now := time.Now()
		signed, err := jwt.SignWithHeader(jwt.HS256, k.secret, &claims{
			Claims: jwt.Claims{
				Issuer:   issuerName,
				Subject:  subject,
				Audience: jwt.Audience{audience},
				Expiry:   now.Add(lifetime).Unix(),
				IssuedAt: now.Unix(),
				ID:       rand.Text(),
			},
			profile: p,
		}, head)
		return token{bytes: signed}, err
	}, nil
}
