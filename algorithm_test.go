package jwtexp_test

import (
	"bytes"
	"testing"

	"github.com/jwtexp/jwtexp"
)

// An HMAC secret has as many bytes as the hash, at least (RFC 7518 §3.2).
func TestSmallestSecret(t *testing.T) {
	for alg, smallest := range map[jwtexp.Algorithm]int{jwtexp.HS256: 32, jwtexp.HS384: 48, jwtexp.HS512: 64} {
		for _, size := range []int{smallest - 1, smallest, smallest + 1} {
			_, err := jwtexp.NewSecretKey(alg, bytes.Repeat([]byte("secret! "), 9)[:size])
			if taken := err == nil; taken != (size >= smallest) {
				t.Errorf("%s, %d bytes: got %v, want it taken: %v", alg, size, err, size >= smallest)
			}
		}
	}
}
