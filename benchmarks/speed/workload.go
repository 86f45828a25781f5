package main

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// A workload holds the keys of an algorithm, the valid tokens that all libraries verify, and bad
// tokens that they must reject.
type workload struct {
	alg    string
	keys   []key
	tokens []token
	bad    map[string]token // by fault
}

func newWorkload(alg string) (*workload, error) {
	keys, err := newKeys(alg, 2)
	if err != nil {
		return nil, err
	}
	tokens, err := newTokens(alg, keys, tokenCount, false)
	if err != nil {
		return nil, err
	}
	bad, err := badTokens(alg, keys)
	if err != nil {
		return nil, err
	}
	return &workload{alg, keys, tokens, bad}, nil
}

// badTokens returns tokens with one fault each, by fault.
func badTokens(alg string, keys []key) (map[string]token, error) {
	others, err := newKeys(alg, 1)
	if err != nil {
		return nil, err
	}
	valid := keys[0].header(alg)
	bad := make(map[string]token)
	var faults []error
	add := func(fault string, k *key, h header, change func(*payload)) {
		claims := validPayload(0)
		change(&claims)
		t, err := sign(k, h, claims)
		bad[fault] = t
		faults = append(faults, err)
	}
	unchanged := func(*payload) {}
	add("signed by another key", &others[0], valid, unchanged)
	add("signed by the key of the other kid", &keys[1], valid, unchanged)
	add("unknown kid", &keys[0], header{Algorithm: alg, KeyID: "key-unknown", Type: "JWT"}, unchanged)
	add("wrong issuer", &keys[0], valid, func(p *payload) { p.Issuer = "https://other.example" })
	add("wrong audience", &keys[0], valid, func(p *payload) { p.Audience = "https://other.example" })
	add("expired", &keys[0], valid, func(p *payload) { p.ExpiresAt = time.Now().Add(-time.Hour).Unix() })
	add("not yet valid", &keys[0], valid, func(p *payload) { p.NotBefore = time.Now().Add(time.Hour).Unix() })
	add("alg none", &keys[0], header{Algorithm: "none", KeyID: keys[0].id, Type: "JWT"}, unchanged)
	add("changed signature", &keys[0], valid, unchanged)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}

	input, _ := cutLast(bad["alg none"].text)
	bad["alg none"] = newToken(input + ".")
	input, encoded := cutLast(bad["changed signature"].text)
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	signature[len(signature)/2] ^= 1
	bad["changed signature"] = newToken(input + "." + base64.RawURLEncoding.EncodeToString(signature))
	return bad, nil
}

func cutLast(text string) (input, signature string) {
	i := strings.LastIndexByte(text, '.')
	return text[:i], text[i+1:]
}

func newToken(text string) token { return token{text: text, bytes: []byte(text)} }
