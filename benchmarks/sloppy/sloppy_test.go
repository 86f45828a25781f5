// Package sloppy_test holds three handlers that are protected as one often sees
// it, and that jwtexptest.TestHandler finds fault with. They are no judgement of
// the libraries that two of them stand on, which have an option, or a function
// beside the one called here, for much of what is missing: they show what the
// suite sees, and that it has no rule that nobody breaks.
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

// served is what stands behind every handler.
func served(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("Hello!")) }

// trust is what a handler goes by: one key under an ID, and the time.
type trust struct {
	alg   string
	id    string
	key   any    // []byte or *rsa.PublicKey
	bytes []byte // the secret, or the public key as PEM
	now   func() time.Time
}

// A way is a signature algorithm, with a key as each side has it.
type way struct {
	key   jwtexp.Key
	trust trust
}

func ways(t *testing.T, now func() time.Time) (hs256, rs256 way) {
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
	return way{symmetric.WithID(id), trust{"HS256", id, secret, secret, now}},
		way{asymmetric.WithID(id), trust{"RS256", id, &private.PublicKey, text, now}}
}

func TestSloppyHandlers(t *testing.T) {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	hs256, rs256 := ways(t, clock.Now)
	names := []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api")}
	examine := func(handler http.Handler, key jwtexp.Key) *recorder {
		t.Helper()
		return record(t, func(tb testing.TB) {
			jwtexptest.TestHandler(tb, handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Options: names})
		})
	}

	all := make(map[string]bool)
	for _, by := range []way{hs256, rs256} {
		r := examine(ours(t, by.key, append(names, jwtexp.WithClock(clock))...), by.key)
		if len(r.broken) > 0 || r.fatal != "" {
			t.Errorf("jwtexp, %s: got %q broken, and %q; want none", by.trust.alg, r.broken, r.fatal)
		}
		for _, rule := range r.kept {
			all[rule] = true
		}
	}

	tests := []struct {
		name    string
		handler func(trust) http.HandlerFunc
		by      way
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
		t.Run(test.name+" "+test.by.trust.alg, func(t *testing.T) {
			r := examine(test.handler(test.by.trust), test.by.key)
			if r.fatal != "" {
				t.Fatalf("got %q, want a handler that serves good tokens", r.fatal)
			}
			if !slices.Equal(r.broken, test.want) {
				t.Errorf("got these rules broken:\n%s\nwant:\n%s", strings.Join(r.broken, "\n"), strings.Join(test.want, "\n"))
			}
			for _, rule := range r.broken {
				seen[rule] = true
			}
		})
	}
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		if !seen[rule] {
			t.Errorf("got no handler that breaks the rule %q, want one, or the rule removed", rule)
		}
	}
}

func ours(t *testing.T, key jwtexp.Key, opts ...jwtexp.CommonOption) http.Handler {
	t.Helper()
	verifier, err := jwtexp.NewVerifier(key, jwtexp.Options(opts...))
	if err != nil {
		t.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(http.HandlerFunc(served))
}
