package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jwtexp/jwtexp"
)

type step struct {
	name string
	n    int
}

// claimCountContenders measure the time per byte of payload for more and more claims.
func claimCountContenders(load *workload) ([]contender, error) {
	verify, err := jwtexpVerifier(load.alg, load.keys, jwtexp.WithMaxSize(1<<20))
	if err != nil {
		return nil, err
	}
	var contenders []contender
	for _, step := range []step{{"10 claims", 10}, {"100 claims", 100}, {"1,000 claims", 1000}} {
		tokens, size, err := tokensWithClaims(load, step.n)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{
			name:  step.name,
			op:    rotate(tokens, verify),
			bytes: size,
		})
	}
	return contenders, nil
}

// tokensWithClaims returns tokens with n claims each, and the size of one payload.
func tokensWithClaims(load *workload, n int) ([]token, int, error) {
	var tokens []token
	for i := range 16 {
		text, err := json.Marshal(validPayload(i))
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
		k := &load.keys[i%len(load.keys)]
		t, err := sign(k, k.header(load.alg), claims)
		if err != nil {
			return nil, 0, err
		}
		tokens = append(tokens, t)
	}
	encoded := strings.Split(tokens[0].text, ".")[1]
	return tokens, base64.RawURLEncoding.DecodedLen(len(encoded)), nil
}

// keyCountContenders verify tokens of all keys of a set, for larger and larger sets.
func keyCountContenders() ([]contender, error) {
	var contenders []contender
	for _, step := range []step{{"1 key", 1}, {"10 keys", 10}, {"100 keys", 100}, {"1,000 keys", 1000}} {
		keys, err := newKeys("HS256", step.n)
		if err != nil {
			return nil, err
		}
		tokens, err := newTokens("HS256", keys, tokenCount, false)
		if err != nil {
			return nil, err
		}
		verify, err := jwtexpVerifier("HS256", keys)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{
			name: step.name,
			op:   rotate(tokens, verify),
		})
	}
	return contenders, nil
}
