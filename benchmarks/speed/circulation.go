package main

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// A circulation is the tokens of an algorithm that everybody verifies, their keys,
// and tokens that everybody has to refuse.
type circulation struct {
	alg    string
	keys   []key
	tokens []token
	bad    map[string]token
}

func newCirculation(alg string) (*circulation, error) {
	keys, err := newKeys(alg, 2)
	if err != nil {
		return nil, err
	}
	tokens, err := newTokens(alg, keys, inCirculation, false)
	if err != nil {
		return nil, err
	}
	bad, err := badTokens(alg, keys)
	if err != nil {
		return nil, err
	}
	return &circulation{alg, keys, tokens, bad}, nil
}

// badTokens returns tokens with one fault each, by its name.
func badTokens(alg string, keys []key) (map[string]token, error) {
	others, err := newKeys(alg, 1)
	if err != nil {
		return nil, err
	}
	good := header{Algorithm: alg, KeyID: keys[0].id, Type: "JWT"}
	bad := make(map[string]token)
	var faults []error
	add := func(fault string, k *key, h header, change func(*payload)) {
		claims := goodPayload(0)
		change(&claims)
		t, err := sign(k, h, claims)
		bad[fault] = t
		faults = append(faults, err)
	}
	unchanged := func(*payload) {}
	add("signed by another key", &others[0], good, unchanged)
	add("signed by the key of another kid", &keys[1], good, unchanged)
	add("an unknown kid", &keys[0], header{Algorithm: alg, KeyID: "key-unknown", Type: "JWT"}, unchanged)
	add("another issuer", &keys[0], good, func(p *payload) { p.Issuer = "https://other.example" })
	add("another audience", &keys[0], good, func(p *payload) { p.Audience = "https://other.example" })
	add("expired", &keys[0], good, func(p *payload) { p.ExpiresAt = time.Now().Add(-time.Hour).Unix() })
	add("not valid yet", &keys[0], good, func(p *payload) { p.NotBefore = time.Now().Add(time.Hour).Unix() })
	add("alg none", &keys[0], header{Algorithm: "none", KeyID: keys[0].id, Type: "JWT"}, unchanged)
	add("a changed signature", &keys[0], good, unchanged)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}

	input, _ := cutLast(bad["alg none"].text)
	bad["alg none"] = newToken(input + ".")
	input, encoded := cutLast(bad["a changed signature"].text)
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	signature[len(signature)/2] ^= 1
	bad["a changed signature"] = newToken(input + "." + base64.RawURLEncoding.EncodeToString(signature))
	return bad, nil
}

func cutLast(text string) (input, signature string) {
	i := strings.LastIndexByte(text, '.')
	return text[:i], text[i+1:]
}

func newToken(text string) token { return token{text: text, bytes: []byte(text)} }
