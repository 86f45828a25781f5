//go:build !race

package jwtexp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Allocations are exact, and much of what speed rests on. The race detector adds
// some, and is left out. Those of public keys are Go's own and not pinned.
func TestAllocations(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	names := jwtexp.Options(jwtexp.WithClock(clock), jwtexp.WithIssuer("login"), jwtexp.WithAudience("api"))
	key := testKey().WithID("k1")
	issuer := must(jwtexp.NewIssuer(key, time.Hour, names))
	verifier := must(jwtexp.NewVerifier(must(jwtexp.NewKeySet(key, key.WithID("k2"))), names))
	guard := must(jwtexp.NewMiddleware(verifier)).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	good := func(context.Context, *jwtexp.Token) (bool, error) { return false, nil }
	asking := must(jwtexp.NewVerifier(key, names, jwtexp.WithRevoked(good)))

	set := must(jwtexp.NewVerifierSet(verifier))
	setGuard := must(jwtexp.NewMiddleware(set)).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	claims := &struct{ Name, Role string }{"Alice", "admin"}
	token := must(issuer.Issue(t.Context(), "alice", claims))
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+token.Raw())
	dst := *claims
	accept(t, set, token.Raw()) // what follows does not look at errors
	for name, c := range map[string]struct {
		want float64
		f    func()
	}{
		"Issue":               {3, func() { issuer.Issue(t.Context(), "alice", claims) }}, // jti, token, Token
		"Verify":              {2, func() { verifier.Verify(t.Context(), token.Raw()) }},  // payload, Token
		"Verify, WithRevoked": {3, func() { asking.Verify(t.Context(), token.Raw()) }},    // and a Token for the check
		"Recheck":             {0, func() { verifier.Recheck(t.Context(), token) }},
		"Claims":              {3, func() { accept(t, verifier, token.Raw()).Claims(&dst) }}, // and the payload for its decoder
		"Middleware":          {4, func() { guard.ServeHTTP(w, r) }},                         // and the request with its context
		"Verify in a set":     {3, func() { set.Verify(t.Context(), token.Raw()) }},          // and the payload once more, to choose
		"Recheck in a set":    {0, func() { set.Recheck(t.Context(), token) }},
		"Middleware of a set": {5, func() { setGuard.ServeHTTP(w, r) }},
	} {
		if got := testing.AllocsPerRun(200, c.f); got != c.want {
			t.Errorf("%s: got %v allocations, want %v", name, got, c.want)
		}
	}
}

// A Token of its caller's own is the one object that a remembered token costs.
func TestCachedVerifyAllocatesOneToken(t *testing.T) {
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []jwtexp.Key{
		testKey(),
		must(jwtexp.NewSigningKey(jwtexp.RS256, must(rsa.GenerateKey(rand.Reader, 2048)))),
		must(jwtexp.NewSigningKey(jwtexp.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))),
		must(jwtexp.NewSigningKey(jwtexp.EdDSA, edPrivate)),
	} {
		raw := must(must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil)).Raw()
		verifier := must(jwtexp.NewVerifier(key, jwtexp.WithCache(8)))
		accept(t, verifier, raw)
		if got := testing.AllocsPerRun(200, func() { verifier.Verify(t.Context(), raw) }); got != 1 {
			t.Errorf("%s: got %v allocations, want 1", key.Algorithm(), got)
		}
	}
}

// A header is read anew with each token that is not good, until a good one has it: by a
// Verifier, and once more by a set that has to choose it.
func TestHeaderIsLearnedFromGoodTokensOnly(t *testing.T) {
	saved := func(v jwtexp.TokenVerifier) float64 {
		forged := sign(otherSecret, sharedKID, live(`,"iss":"a"`))
		verify := func() { v.Verify(t.Context(), forged) }
		unknown := testing.AllocsPerRun(200, verify)
		accept(t, v, sign(testSecret, sharedKID, live(`,"iss":"a"`)))
		return unknown - testing.AllocsPerRun(200, verify)
	}
	one := saved(namedVerifier("a", testSecret))
	if one <= 0 {
		t.Errorf("got %v allocations saved by a good token, want some", one)
	}
	if got := saved(twoIssuers()); got != 2*one {
		t.Errorf("in a set: got %v allocations saved by a good token, want %v", got, 2*one)
	}
}
