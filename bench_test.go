package jwtexp_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// The benchmarks measure what a service does with each token. To compare two versions, run
// go test -run '^$' -bench . -count 10 . in each, and give both outputs to benchstat.

var benchNames = jwtexp.Options(jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("https://api.example"))

// benchClaims are the application's claims. The tokens also have iss, sub, aud, exp, iat and jti.
type benchClaims struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	Level int    `json:"level"`
}

var benchAlice = benchClaims{Name: "Alice Example", Role: "editor", Level: 3}

func benchKey() jwtexp.Key { return testKey().WithID("2026-01") }

// benchToken returns a token that stays good for longer than a benchmark takes.
func benchToken(b *testing.B, key jwtexp.Key, claims any) string {
	issuer := must(jwtexp.NewIssuer(key, 24*time.Hour, benchNames))
	return must(issuer.Issue(b.Context(), "user-000042", claims)).Raw()
}

func benchVerify(b *testing.B, v jwtexp.TokenVerifier, raw string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify verifies a token. The claims sets of HS256-escaped and HS256-nested take slower
// paths: one has a string with escapes, the other an object.
func BenchmarkVerify(b *testing.B) {
	_, ed25519Key, err := ed25519.GenerateKey(rand.Reader)
	for _, c := range []struct {
		name   string
		key    jwtexp.Key
		claims any
	}{
		{"HS256", benchKey(), benchAlice},
		{"HS256-escaped", benchKey(), benchClaims{Name: `Alice "Al" Example`, Role: "editor", Level: 3}},
		{"HS256-nested", benchKey(), map[string]any{"user": benchAlice}},
		{"ES256", must(jwtexp.NewSigningKey(jwtexp.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))), benchAlice},
		{"EdDSA", must(jwtexp.NewSigningKey(jwtexp.EdDSA, must(ed25519Key, err))), benchAlice},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchVerify(b, must(jwtexp.NewVerifier(c.key, benchNames)), benchToken(b, c.key, c.claims))
		})
	}
}

// BenchmarkVerifierSet verifies a token with a VerifierSet, which reads iss first.
func BenchmarkVerifierSet(b *testing.B) {
	set := must(jwtexp.NewVerifierSet(must(jwtexp.NewVerifier(benchKey(), benchNames))))
	benchVerify(b, set, benchToken(b, benchKey(), benchAlice))
}

// BenchmarkVerifyCached verifies a token that WithCache remembers, from one goroutine and from one
// for each processor.
func BenchmarkVerifyCached(b *testing.B) {
	verifier, raw := must(jwtexp.NewVerifier(benchKey(), benchNames, jwtexp.WithCache(1000))), benchToken(b, benchKey(), benchAlice)
	b.Run("serial", func(b *testing.B) { benchVerify(b, verifier, raw) })
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := verifier.Verify(b.Context(), raw); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkVerifyAndClaims verifies a token and decodes its claims into a struct.
func BenchmarkVerifyAndClaims(b *testing.B) {
	verifier, raw := must(jwtexp.NewVerifier(benchKey(), benchNames)), benchToken(b, benchKey(), benchAlice)
	b.ReportAllocs()
	for b.Loop() {
		var claims benchClaims
		if err := must(verifier.Verify(b.Context(), raw)).Claims(&claims); err != nil || claims != benchAlice {
			b.Fatalf("got %v, %v, want %v", claims, err, benchAlice)
		}
	}
}

// BenchmarkIssue issues a token with the application's claims in a struct.
func BenchmarkIssue(b *testing.B) {
	issuer := must(jwtexp.NewIssuer(benchKey(), 15*time.Minute, benchNames))
	b.ReportAllocs()
	for b.Loop() {
		must(issuer.Issue(b.Context(), "user-000042", benchAlice))
	}
}

// BenchmarkMiddleware serves a request whose handler takes the token from the context.
func BenchmarkMiddleware(b *testing.B) {
	guard := must(jwtexp.NewMiddleware(must(jwtexp.NewVerifier(benchKey(), benchNames))))
	handler := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if token, ok := jwtexp.FromContext(r.Context()); !ok || token.Subject() != "user-000042" {
			b.Errorf("got %v, want the token of user-000042", token)
		}
	}))
	r, w := httptest.NewRequest("GET", "/orders", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+benchToken(b, benchKey(), benchAlice))
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, r)
	}
	if w.Code != http.StatusOK {
		b.Errorf("got status %d, want 200", w.Code)
	}
}
