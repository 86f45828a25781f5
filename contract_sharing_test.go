package jwtexp_test

//lint:file-ignore SA1019 the tests overwrite the fields of keys, as applications can

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A caller may keep what a method returns, write to it and append to it. No other caller is
// affected. internal/rules lists the methods.
func TestReturnedValuesAreCopies(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	raw := sign(testSecret, `{"alg":"HS256","kid":"a"}`, live(`,"aud":["one","two","three"],"scope":"one two three"`))
	verifier := newPair(testKey(), jwtexp.WithClock(clock), jwtexp.WithAudience("one"))
	issuer := newIssuer(clock)
	guard := must(jwtexp.NewMiddleware(verifier.cached))
	token := accept(t, verifier, raw)

	t.Run("Token.Audience", func(t *testing.T) { wantCopies(t, token.Audience, "changed") })
	t.Run("Token.Scope", func(t *testing.T) { wantCopies(t, token.Scope, "changed") })

	other := hs256Key(otherSecret).WithID("a")
	ed := must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public())).WithID("a")
	set := must(jwtexp.NewKeySet(testKey().WithID("a"), ed, testKey().WithID("b")))
	for _, id := range []string{"a", ""} {
		t.Run("VerificationKeys of "+id, func(t *testing.T) {
			for _, keys := range []jwtexp.KeySet{testKey().WithID("a"), set} {
				wantCopies(t, func() []jwtexp.Key { return must(keys.VerificationKeys(t.Context(), id, epoch)) }, other)
			}
		})
	}
	t.Run("Key.PublicKey", func(t *testing.T) {
		for alg, private := range publicKeyAlgorithms() {
			key := must(jwtexp.NewSigningKey(alg, private))
			signed := must(must(jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
			overwrite(key.PublicKey())
			if !private.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.PublicKey()) {
				t.Errorf("%s: got another public key after a caller changed its copy", alg)
			}
			_, err := newPair(key, jwtexp.WithClock(clock)).Verify(t.Context(), signed.Raw())
			wantOutcome(t, err, "ok")
		}
	})

	t.Run("Issuer.Issue", func(t *testing.T) {
		a, b := must(issuer.Issue(t.Context(), "alice", nil)), must(issuer.Issue(t.Context(), "bob", nil))
		overwriteToken(a, b)
		if got := must(issuer.Issue(t.Context(), "alice", nil)).Subject(); got != "alice" || b.Subject() != "bob" {
			t.Errorf("got subjects %s and %s, want alice and bob", got, b.Subject())
		}
	})
	t.Run("Middleware.Check", func(t *testing.T) {
		for range 3 {
			got, err := guard.Check(requestWith(raw))
			if err != nil || got.Raw() != raw {
				t.Fatalf("got %v, %v, want the token", got, err)
			}
			*got = jwtexp.Token{}
		}
	})
	t.Run("Middleware.WithScope", func(t *testing.T) {
		one := guard.WithScope("one", "two", "missing")
		_ = append(scopeError(t, one, raw).Required[:1], "changed", "changed")
		*guard.WithScope("one") = *guard.WithScope("missing")
		want := []string{"one", "two", "missing"}
		if diff := cmp.Diff(want, scopeError(t, one, raw).Required); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if _, err := guard.Check(requestWith(raw)); err != nil {
			t.Errorf("Middleware without a scope: got %v, want nil", err)
		}
	})
}

func scopeError(t *testing.T, m *jwtexp.Middleware, raw string) *jwtexp.ScopeError {
	t.Helper()
	_, err := m.Check(requestWith(raw))
	e, ok := errors.AsType[*jwtexp.ScopeError](err)
	if !ok {
		t.Fatalf("got %v, want a ScopeError", err)
	}
	return e
}

// wantCopies checks that get returns slices that share no memory, so that neither writing to one
// nor appending to it changes another.
func wantCopies[T any](t *testing.T, get func() []T, changed T) {
	t.Helper()
	compare := cmp.Comparer(func(a, b jwtexp.Key) bool { return a == b })
	want := append([]T(nil), get()...)
	first, second := get(), get()
	first = append(first, changed)
	second = append(second, want...)
	if diff := cmp.Diff(changed, first[len(want)], compare); diff != "" {
		t.Errorf("one caller overwrote what another appended (-want +got):\n%s", diff)
	}
	written := get()
	for i := range written {
		written[i] = changed
	}
	clear(first)
	clear(second)
	if diff := cmp.Diff(want, get(), compare); diff != "" {
		t.Errorf("after a caller wrote to its slice (-want +got):\n%s", diff)
	}
}

// overwrite changes the fields of a public key.
func overwrite(public crypto.PublicKey) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		key.N.SetInt64(1)
		*key = rsa.PublicKey{N: big.NewInt(3), E: 3}
	case *ecdsa.PublicKey:
		key.X.SetInt64(1)
		key.Y.SetInt64(1)
	case ed25519.PublicKey:
		clear(key)
	}
}

// With the race detector, this test checks that everything documented as safe for concurrent use
// is safe, while a test clock moves.
func TestConcurrentUse(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer, verifier := newIssuer(clock), newVerifier(clock)
	guard := must(jwtexp.NewMiddleware(verifier)).Handler(subject)
	shared := must(issuer.Issue(t.Context(), "alice", map[string]any{"role": "admin"}))

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				clock.Advance(time.Millisecond)
				token, err := issuer.Issue(t.Context(), "alice", nil)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := verifier.Verify(t.Context(), token.Raw())
				if err != nil || !got.Equal(token) {
					t.Errorf("got %v, %v, want the issued token", got, err)
				}
				var claims struct {
					Role string `json:"role"`
				}
				if err := shared.Claims(&claims); err != nil || claims.Role != "admin" || shared.String() == "" {
					t.Errorf("got %+v, %v, want the role of the shared token", claims, err)
				}
				if err := verifier.Recheck(t.Context(), shared); err != nil {
					t.Error(err)
				}
				w := httptest.NewRecorder()
				guard.ServeHTTP(w, requestWith(shared.Raw()))
				if w.Code != http.StatusOK {
					t.Errorf("got status %d, want 200", w.Code)
				}
			}
		})
	}
	wg.Wait()
}

func TestKeyMaterialIsCloned(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	token := sign(testSecret, joseHeader, live(``))

	secret := []byte(testSecret)
	key := must(jwtexp.NewSecretKey(jwtexp.HS256, secret))
	clear(secret)
	// Two collections empty every sync.Pool, so no state of the HMAC is left in one.
	runtime.GC()
	runtime.GC()
	_, err := newPair(key, jwtexp.WithClock(clock)).Verify(t.Context(), token)
	wantOutcome(t, err, "ok")

	rsaKey := must(x509.ParsePKCS1PrivateKey(x509.MarshalPKCS1PrivateKey(testRSA())))
	edKey := newEd25519()
	ecKey := newECDSA(elliptic.P256())
	keys := []jwtexp.Key{
		must(jwtexp.NewSigningKey(jwtexp.RS256, rsaKey)), must(jwtexp.NewPublicKey(jwtexp.RS256, &rsaKey.PublicKey)),
		must(jwtexp.NewSigningKey(jwtexp.EdDSA, &edKey)), must(jwtexp.NewPublicKey(jwtexp.EdDSA, edKey.Public())),
		must(jwtexp.NewSigningKey(jwtexp.ES256, ecKey)), must(jwtexp.NewPublicKey(jwtexp.ES256, &ecKey.PublicKey)),
	}
	raw := func(i int) string {
		return must(must(jwtexp.NewIssuer(keys[i], time.Hour)).Issue(t.Context(), "alice", nil)).Raw()
	}
	tokens := []string{raw(0), raw(2), raw(4)}

	rsaKey.N.SetInt64(1)
	rsaKey.D.SetInt64(1)
	clear(edKey)
	ecKey.X.SetInt64(1)
	ecKey.D.SetInt64(1)
	for _, k := range keys {
		overwrite(k.PublicKey())
	}
	for i, k := range keys {
		_, err := newPair(k).Verify(t.Context(), tokens[i/2])
		if got := outcome(err); got != "ok" {
			t.Errorf("%v after its key material was overwritten: got %s, want ok", k, got)
		}
	}
	for i := 0; i < len(keys); i += 2 {
		raw(i) // panics if the key cannot sign
	}
}

// The constructors do not write to the key material, so several keys can be made of it at once.
func TestKeyMaterialIsOnlyRead(t *testing.T) {
	source := testRSA()
	bare := &rsa.PrivateKey{PublicKey: source.PublicKey, D: source.D, Primes: source.Primes} // not precomputed
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := jwtexp.NewSigningKey(jwtexp.RS256, bare); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A caller that changes the keys that a KeySet returned does not change the set.
func TestKeySetIsNotShared(t *testing.T) {
	set := must(jwtexp.NewKeySet(testKey().WithID("k1"), testKey().WithID("k2")))
	for _, id := range []string{"", "k1"} {
		keys := must(set.VerificationKeys(t.Context(), id, epoch))
		for i := range keys {
			keys[i] = hs256Key(otherSecret).WithID("k1")
		}
	}
	v := newPair(set, jwtexp.WithClock(jwtexptest.NewClock(epoch)))
	for _, header := range []string{`{"alg":"HS256","kid":"k1"}`, `{"alg":"HS256"}`} {
		_, err := v.Verify(t.Context(), sign(testSecret, header, live(``)))
		wantOutcome(t, err, "ok")
		_, err = v.Verify(t.Context(), sign(otherSecret, header, live(``)))
		wantOutcome(t, err, "invalid: signature")
	}
}
