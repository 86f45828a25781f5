// Package sloppy_test runs jwtexptest.TestHandler on three handlers with common mistakes. It shows
// which rules they break, and that each rule is broken by at least one handler.
//
// Two of the handlers use libraries with their defaults. The libraries are not to blame: for many
// of the missing checks, they have an option or another function.
package sloppy_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// hello is the protected handler.
func hello(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("Hello!")) }

// A config holds the key and the clock of a handler.
type config struct {
	alg   string
	id    string
	key   any    // []byte or *rsa.PublicKey
	bytes []byte // the secret, or the public key as PEM
	now   func() time.Time
}

// A signer has a key that signs tokens, and the config of a handler that verifies them.
type signer struct {
	key    jwtexp.Key
	config config
}

func newSigners(t *testing.T, now func() time.Time) (hs256, rs256 signer) {
	t.Helper()
	const id = "2026-01"
	secret := make([]byte, 32)
	rand.Read(secret)
	symmetric, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	asymmetric, err := jwtexp.NewSigningKey(jwtexp.RS256, private)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return signer{symmetric.WithID(id), config{"HS256", id, secret, secret, now}},
		signer{asymmetric.WithID(id), config{"RS256", id, &private.PublicKey, text, now}}
}

func TestSloppyHandlers(t *testing.T) {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	hs256, rs256 := newSigners(t, clock.Now)
	names := []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api")}
	examine := func(handler http.Handler, key jwtexp.Key) *recorder {
		t.Helper()
		return record(t, func(tb testing.TB) {
			jwtexptest.TestHandler(tb, handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Options: names})
		})
	}

	all := make(map[string]bool)
	for _, s := range []signer{hs256, rs256} {
		r := examine(newJWTExp(t, s.key, append(names, jwtexp.WithClock(clock))...), s.key)
		if len(r.broken) > 0 || r.fatal != "" {
			t.Errorf("jwtexp, %s: got broken rules %q and failure %q, want none", s.config.alg, r.broken, r.fatal)
		}
		for _, rule := range r.kept {
			all[rule] = true
		}
	}

	tests := []struct {
		name    string
		handler func(config) http.HandlerFunc
		signer  signer
		want    []string
	}{
		{"hand-written", handWritten, hs256, []string{
			"missing token", "other scheme", "scheme without a token", "two tokens", "two headers",
			"token in the query", "token size", "accepted until exp", "rejected before nbf", "unknown kid",
			"changed after signing", "alg none", "wrong alg", "not a JWT", "strict base64url",
			"critical extension", "unencoded payload", "wrong typ", "claims are an object",
			"trailing data", "missing exp", "claim names in exact case", "exp is a number", "exp out of range",
			"nbf out of range", "duplicate claim", "wrong audience", "missing audience", "wrong issuer",
			"challenge for a bad token", "expired means only expired", "no token in the response",
		}},
		{"hand-written", handWritten, rs256, []string{
			"missing token", "other scheme", "scheme without a token", "two tokens", "two headers",
			"token in the query", "token size", "accepted until exp", "rejected before nbf", "signed by another key",
			"unknown kid", "changed after signing", "alg none", "public key as HMAC secret", "not a JWT",
			"strict base64url", "critical extension", "unencoded payload", "wrong typ",
			"claims are an object", "trailing data", "missing exp", "claim names in exact case", "exp is a number",
			"exp out of range", "nbf out of range", "duplicate claim", "wrong audience", "missing audience",
			"wrong issuer", "challenge for a bad token", "expired means only expired", "no token in the response",
		}},
		{"golang-jwt", golangJWT, hs256, []string{
			"missing token", "other scheme", "scheme without a token", "two headers", "token in the query", "token size",
			"strict base64url", "critical extension", "unencoded payload", "wrong typ",
			"claims are an object", "missing exp", "claim names in exact case", "nbf out of range", "duplicate claim",
			"wrong audience", "missing audience", "wrong issuer", "challenge for a bad token", "expired means only expired",
		}},
		{"go-jose", goJOSE, hs256, []string{
			"missing token", "other scheme", "scheme in any case", "scheme without a token", "two headers", "token size",
			"rejected from exp on", "rejected before nbf", "strict base64url", "wrong typ", "claims are an object",
			"missing exp", "claim names in exact case", "exp is a number", "wrong audience", "missing audience", "wrong issuer",
			"challenge for a bad token", "expired means only expired",
		}},
	}
	seen := make(map[string]bool)
	for _, test := range tests {
		t.Run(test.name+" "+test.signer.config.alg, func(t *testing.T) {
			r := examine(test.handler(test.signer.config), test.signer.key)
			if r.fatal != "" {
				t.Fatalf("got %q, want a handler that accepts valid tokens", r.fatal)
			}
			if !slices.Equal(r.broken, test.want) {
				t.Errorf("got broken rules:\n%s\nwant:\n%s", strings.Join(r.broken, "\n"), strings.Join(test.want, "\n"))
			}
			for _, rule := range r.broken {
				seen[rule] = true
			}
		})
	}
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		if !seen[rule] {
			t.Errorf("got no handler that breaks the rule %q, want at least one", rule)
		}
	}
}

func newJWTExp(t *testing.T, key jwtexp.Key, opts ...jwtexp.CommonOption) http.Handler {
	t.Helper()
	verifier, err := jwtexp.NewVerifier(key, jwtexp.Options(opts...))
	if err != nil {
		t.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(http.HandlerFunc(hello))
}
