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
	// inCirculation is how many tokens a contender verifies in turn, so that
	// nobody gains by remembering the last one.
	inCirculation = 1000
)

// A token is what everybody verifies, in the form that a library takes: those
// that take bytes are not made to convert a string. An issuer fills in one.
type token struct {
	text  string
	bytes []byte
	key   int // of the keys, by index
	// For the raw cryptography, which is not to pay for the encoding:
	input, signature []byte
	payload          []byte // decoded
}

func (t *token) String() string {
	if t.text == "" {
		return string(t.bytes)
	}
	return t.text
}

// A profile is the application's part of the claims.
type profile struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// A payload is the claims of the tokens, in the order in which they are written.
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

// goodPayload returns the claims of the i-th token. It is good for longer than a
// run takes.
func goodPayload(i int) payload {
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

// A header is that of every token. Extra is the parameter nobody knows that makes
// headers differ.
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
	Extra     string `json:"x-trace,omitempty"`
}

// newTokens returns n good tokens that rotate over the keys. cold gives each of
// them a header of its own.
func newTokens(alg string, keys []key, n int, cold bool) ([]token, error) {
	tokens := make([]token, n)
	for i := range tokens {
		k := i % len(keys)
		h := header{Algorithm: alg, KeyID: keys[k].id, Type: "JWT"}
		if cold {
			h.Extra = rand.Text()
		}
		var err error
		if tokens[i], err = sign(&keys[k], h, goodPayload(i)); err != nil {
			return nil, err
		}
		tokens[i].key = k
	}
	return tokens, nil
}

// sign makes a token by hand, so that no library has a say in what it looks like.
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
