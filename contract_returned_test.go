package jwtexp_test

//lint:file-ignore SA1019 the tests overwrite the fields of keys, as an application can

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A caller can write to what a method returns, append to it, and keep it, and no other caller
// notices. internal/rules has the list of the methods.
func TestWhatIsReturnedIsTheCallersAlone(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	raw := sign(testSecret, `{"alg":"HS256","kid":"a"}`, live(`,"aud":["one","two","three"],"scope":"one two three"`))
	verifier := newPair(testKey(), jwtexp.WithClock(clock), jwtexp.WithAudience("one"))
	issuer := newIssuer(clock)
	guard := must(jwtexp.NewMiddleware(verifier.cached))
	token := accept(t, verifier, raw)

	t.Run("Token.Audience", func(t *testing.T) { wantOwnSlice(t, token.Audience, "changed") })
	t.Run("Token.Scope", func(t *testing.T) { wantOwnSlice(t, token.Scope, "changed") })

	other := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(otherSecret))).WithID("a")
	ed := must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public())).WithID("a")
	set := must(jwtexp.NewKeySet(testKey().WithID("a"), ed, testKey().WithID("b")))
	for _, id := range []string{"a", ""} {
		t.Run("VerificationKeys of "+id, func(t *testing.T) {
			for _, keys := range []jwtexp.KeySet{testKey().WithID("a"), set} {
				wantOwnSlice(t, func() []jwtexp.Key { return must(keys.VerificationKeys(t.Context(), id, epoch)) }, other)
			}
		})
	}
	t.Run("Key.PublicKey", func(t *testing.T) {
		for alg, private := range publicKeyAlgorithms() {
			key := must(jwtexp.NewSigningKey(alg, private))
			signed := must(must(jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
			overwrite(key.PublicKey())
			if !private.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.PublicKey()) {
				t.Errorf("%s: got another public key after a copy was overwritten", alg)
			}
			_, err := newPair(key, jwtexp.WithClock(clock)).Verify(t.Context(), signed.Raw())
			wantOutcome(t, err, "ok")
		}
	})

	t.Run("Issuer.Issue", func(t *testing.T) {
		a, b := must(issuer.Issue(t.Context(), "alice", nil)), must(issuer.Issue(t.Context(), "bob", nil))
		overwriteToken(a, b)
		if got := must(issuer.Issue(t.Context(), "alice", nil)).Subject(); got != "alice" || b.Subject() != "bob" {
			t.Errorf("got %s, want alice", got)
		}
	})
	t.Run("Middleware.Check", func(t *testing.T) {
		for range 3 {
			r := jwtexptest.NewRequest(t, "GET", "/", raw)
			got, err := guard.Check(r)
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
		if _, err := guard.Check(jwtexptest.NewRequest(t, "GET", "/", raw)); err != nil {
			t.Errorf("got %v of the Middleware without a scope, want nil", err)
		}
	})
}

func scopeError(t *testing.T, m *jwtexp.Middleware, raw string) *jwtexp.ScopeError {
	t.Helper()
	_, err := m.Check(jwtexptest.NewRequest(t, "GET", "/", raw))
	e, ok := errors.AsType[*jwtexp.ScopeError](err)
	if !ok {
		t.Fatalf("got %v, want a ScopeError", err)
	}
	return e
}

// wantOwnSlice wants two calls of get to have nothing in common: not what is written to one,
// nor what is appended to it, whatever its capacity.
func wantOwnSlice[T any](t *testing.T, get func() []T, changed T) {
	t.Helper()
	compare := cmp.Comparer(func(a, b jwtexp.Key) bool { return a == b })
	want := append([]T(nil), get()...)
	mine, theirs := get(), get()
	mine = append(mine, changed)
	theirs = append(theirs, want...)
	if diff := cmp.Diff(changed, mine[len(want)], compare); diff != "" {
		t.Errorf("what one caller appended was overwritten by another (-want +got):\n%s", diff)
	}
	written := get()
	for i := range written {
		written[i] = changed
	}
	clear(mine)
	clear(theirs)
	if diff := cmp.Diff(want, get(), compare); diff != "" {
		t.Errorf("what a caller wrote is there for the next (-want +got):\n%s", diff)
	}
}

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
