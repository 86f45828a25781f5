package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

const (
	issuerName = "https://login.example"
	audience   = "https://api.example"
	// tokenCount is the number of tokens that a contender verifies in turns, so that it does
	// not help to remember the last token.
	tokenCount = 1000
)

// A token has the text as a string and as bytes, so that no library must convert it. An issuer sets
// one of them.
type token struct {
	text  string
	bytes []byte
	key   int // index of its key
	// For the floors:
	input, signature []byte
	payload          []byte // decoded
}

func (t *token) String() string {
	if t.text == "" {
		return string(t.bytes)
	}
	return t.text
}

// A profile holds the claims of the application.
type profile struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// A payload holds the claims in the order in which they are written.
type payload struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	ExpiresAt int64  `json:"exp"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`
	ID        string `json:"jti"`
	profile
}

// validPayload returns the claims of the i-th token. It is valid for a day.
func validPayload(i int) payload {
	now := time.Now()
	return payload{
		Issuer:    issuerName,
		Subject:   fmt.Sprintf("user-%06d", i),
		Audience:  audience,
		ExpiresAt: now.Add(24 * time.Hour).Unix(),
		NotBefore: now.Add(-time.Minute).Unix(),
		IssuedAt:  now.Add(-time.Minute).Unix(),
		ID:        rand.Text(),
		profile:   profileOf(i),
	}
}

func profileOf(i int) profile {
	return profile{Name: fmt.Sprintf("Alice Example the %dth", i), Role: "editor"}
}

// A header is the header of a token. Extra is an unknown parameter that makes the headers differ.
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
	Extra     string `json:"x-trace,omitempty"`
}

// newTokens returns n valid tokens of the keys in turns. With uniqueHeaders, each token has a
// header of its own.
func newTokens(alg string, keys []key, n int, uniqueHeaders bool) ([]token, error) {
	tokens := make([]token, n)
	for i := range tokens {
		k := i % len(keys)
		h := keys[k].header(alg)
		if uniqueHeaders {
			h.Extra = rand.Text()
		}
		var err error
		if tokens[i], err = sign(&keys[k], h, validPayload(i)); err != nil {
			return nil, err
		}
		tokens[i].key = k
	}
	return tokens, nil
}

// sign makes a token without the help of a library.
func sign(k *key, h header, claims any) (token, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return token{}, err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return token{}, err
	}
	input := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	raw, native, err := k.sign([]byte(input))
	if err != nil {
		return token{}, err
	}
	text := input + "." + base64.RawURLEncoding.EncodeToString(raw)
	return token{text: text, bytes: []byte(text), input: []byte(input), signature: native, payload: body}, nil
}
