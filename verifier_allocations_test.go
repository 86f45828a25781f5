//go:build !race

package jwtexp_test

import (
	"crypto/elliptic"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The numbers of allocations are exact, because speed depends on them. The race detector adds
// allocations, so this file is not built with it. The standard library allocates for public keys,
// so those are not tested.
func TestAllocations(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	names := jwtexp.Options(jwtexp.WithClock(clock), jwtexp.WithIssuer("login"), jwtexp.WithAudience("api"))
	key := testKey().WithID("k1")
	issuer := must(jwtexp.NewIssuer(key, time.Hour, names))
	verifier := must(jwtexp.NewVerifier(must(jwtexp.NewKeySet(key, key.WithID("k2"))), names))
	guard := must(jwtexp.NewMiddleware(verifier)).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	withRevoked := must(jwtexp.NewVerifier(key, names, stubRevoked(false, nil)))

	set := must(jwtexp.NewVerifierSet(verifier))
	setGuard := must(jwtexp.NewMiddleware(set)).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	claims := &struct{ Name, Role string }{"Alice", "admin"}
	token := must(issuer.Issue(t.Context(), "alice", claims))
	r, w := requestWith(token.Raw()), httptest.NewRecorder()
	dst := *claims
	accept(t, set, token.Raw()) // the functions below ignore errors
	for name, c := range map[string]struct {
		want float64
		f    func()
	}{
		"Issue":               {3, func() { issuer.Issue(t.Context(), "alice", claims) }},   // jti, token, Token
		"Verify":              {2, func() { verifier.Verify(t.Context(), token.Raw()) }},    // payload, Token
		"Verify, WithRevoked": {3, func() { withRevoked.Verify(t.Context(), token.Raw()) }}, // and a Token for the check
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

// On a cache hit, Verify allocates only the Token that it returns.
func TestCachedVerifyAllocatesOneToken(t *testing.T) {
	for _, key := range []jwtexp.Key{
		testKey(),
		must(jwtexp.NewSigningKey(jwtexp.RS256, testRSA())),
		must(jwtexp.NewSigningKey(jwtexp.ES256, newECDSA(elliptic.P256()))),
		must(jwtexp.NewSigningKey(jwtexp.EdDSA, newEd25519())),
	} {
		raw := must(must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil)).Raw()
		verifier := must(jwtexp.NewVerifier(key, jwtexp.WithCache(8)))
		accept(t, verifier, raw)
		if got := testing.AllocsPerRun(200, func() { verifier.Verify(t.Context(), raw) }); got != 1 {
			t.Errorf("%s: got %v allocations, want 1", key.Algorithm(), got)
		}
	}
}

// A Verifier remembers the headers of good tokens only. So does a VerifierSet, which also parses
// the header to choose the Verifier.
func TestHeaderIsRememberedFromGoodTokensOnly(t *testing.T) {
	// saved returns how many allocations a good token saves for forged tokens with its header.
	saved := func(v jwtexp.TokenVerifier) float64 {
		forged := sign(otherSecret, sharedKID, live(`,"iss":"a"`))
		verify := func() { v.Verify(t.Context(), forged) }
		before := testing.AllocsPerRun(200, verify)
		accept(t, v, sign(testSecret, sharedKID, live(`,"iss":"a"`)))
		return before - testing.AllocsPerRun(200, verify)
	}
	one := saved(namedVerifier("a", testSecret))
	if one <= 0 {
		t.Errorf("got %v allocations saved by a good token, want more than 0", one)
	}
	if got := saved(twoIssuers()); got != 2*one {
		t.Errorf("in a set: got %v allocations saved by a good token, want %v", got, 2*one)
	}
}
