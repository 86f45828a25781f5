package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jwtexp/jwtexp"
)

// A step is how many there are of what grows.
type step struct {
	name string
	n    int
}

// growingClaims is the time per byte of payload where there are more and more of
// them.
func growingClaims(c *circulation) ([]contender, error) {
	verify, err := ourVerifier(c.alg, c.keys, jwtexp.WithMaxSize(1<<20))
	if err != nil {
		return nil, err
	}
	var contenders []contender
	for _, step := range []step{{"10 claims", 10}, {"100 claims", 100}, {"1,000 claims", 1000}} {
		tokens, size, err := tokensOfSize(c, step.n)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{
			name:  step.name,
			op:    func(i int) error { return verify(&tokens[i%len(tokens)]) },
			bytes: size,
		})
	}
	return contenders, nil
}

// tokensOfSize returns a few tokens of n claims each, and the size of the payload
// of one.
func tokensOfSize(c *circulation, n int) ([]token, int, error) {
	var tokens []token
	for i := range 16 {
		text, err := json.Marshal(goodPayload(i))
		if err != nil {
			return nil, 0, err
		}
		var claims map[string]any
		if err := json.Unmarshal(text, &claims); err != nil {
			return nil, 0, err
		}
		for extra := len(claims); extra < n; extra++ {
			claims[fmt.Sprintf("claim-%04d", extra)] = fmt.Sprintf("value %04d of %02d", extra, i)
		}
		k := i % len(c.keys)
		t, err := sign(&c.keys[k], header{Algorithm: c.alg, KeyID: c.keys[k].id, Type: "JWT"}, claims)
		if err != nil {
			return nil, 0, err
		}
		tokens = append(tokens, t)
	}
	encoded := strings.Split(tokens[0].text, ".")[1]
	return tokens, base64.RawURLEncoding.DecodedLen(len(encoded)), nil
}

// growingKeys is tokens that rotate over all keys of a set, where it has more and
// more of them.
func growingKeys() ([]contender, error) {
	var contenders []contender
	for _, step := range []step{{"1 key", 1}, {"10 keys", 10}, {"100 keys", 100}, {"1,000 keys", 1000}} {
		keys, err := newKeys("HS256", step.n)
		if err != nil {
			return nil, err
		}
		tokens, err := newTokens("HS256", keys, inCirculation, false)
		if err != nil {
			return nil, err
		}
		verify, err := ourVerifier("HS256", keys)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{
			name: step.name,
			op:   func(i int) error { return verify(&tokens[i%len(tokens)]) },
		})
	}
	return contenders, nil
}
