package jwtexp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// countFaults returns the number of faults that the error of a constructor joins.
func countFaults(err error) int {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return 0
	}
	return len(joined.Unwrap())
}

func TestBadSetupFailsAtStart(t *testing.T) {
	key := testKey()
	public := must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public()))
	var nilClock *jwtexptest.Clock
	var nilFunc jwtexp.ClockFunc
	var nilVerifier *jwtexp.Verifier

	issuer := func(keys jwtexp.KeySource, lifetime time.Duration, opts ...jwtexp.IssuerOption) func() (any, error) {
		return func() (any, error) {
			i, err := jwtexp.NewIssuer(keys, lifetime, opts...)
			return orNil(i), err
		}
	}
	verifier := func(keys jwtexp.KeySet, opts ...jwtexp.VerifierOption) func() (any, error) {
		return func() (any, error) {
			v, err := jwtexp.NewVerifier(keys, opts...)
			return orNil(v), err
		}
	}
	middleware := func(v jwtexp.TokenVerifier, opts ...jwtexp.MiddlewareOption) func() (any, error) {
		return func() (any, error) {
			m, err := jwtexp.NewMiddleware(v, opts...)
			return orNil(m), err
		}
	}
	set := func(keys ...jwtexp.Key) func() (any, error) {
		return func() (any, error) {
			s, err := jwtexp.NewKeySet(keys...)
			if s == nil {
				return nil, err
			}
			return s, err
		}
	}
	verifiers := func(all ...*jwtexp.Verifier) func() (any, error) {
		return func() (any, error) {
			s, err := jwtexp.NewVerifierSet(all...)
			return orNil(s), err
		}
	}
	good := newVerifier(jwtexptest.NewClock(epoch))
	a, again := newPair(key, jwtexp.WithIssuer("a")).plain, newPair(public, jwtexp.WithIssuer("a")).plain
	b := newPair(key, jwtexp.WithIssuer("b")).plain
	for _, c := range []struct {
		name   string
		make   func() (any, error)
		faults int
	}{
		{"good issuer", issuer(key, time.Second), 0},
		{"nil source", issuer(nil, time.Second), 1},
		{"nil source in the interface", issuer(keySourceFunc(nil), time.Second), 1},
		{"zero key", issuer(jwtexp.Key{}, time.Second), 1},
		{"public key", issuer(public, time.Second), 1},
		{"pointer to a key", issuer(&key, time.Second), 0},
		{"pointer to a zero key", issuer(&jwtexp.Key{}, time.Second), 1},
		{"pointer to a public key", issuer(&public, time.Second), 1},
		{"nil pointer to a key", issuer((*jwtexp.Key)(nil), time.Second), 1},
		{"key with a limit in the past", issuer(key.WithNotAfter(time.Time{}), time.Second), 1},
		{"key ID that is not UTF-8", issuer(key.WithID("\xff"), time.Second), 1},
		{"no lifetime", issuer(key, 0), 1},
		{"negative lifetime", issuer(key, -time.Second), 1},
		{"lifetime below a second", issuer(key, time.Second-1), 1},
		{"lifetime with a fraction of a second", issuer(key, time.Second+1), 1},
		{"all at once", issuer(nil, 0, jwtexp.WithIssuer(""), jwtexp.WithAudience(), jwtexp.WithClock(nil), nil), 6},
		{"in Options", issuer(key, time.Second, jwtexp.Options(jwtexp.WithIssuer(""), nil)), 2},
		{"twice", issuer(key, time.Second, jwtexp.WithIssuer("a"), jwtexp.WithIssuer("a")), 1},
		{"twice, once in Options", issuer(key, time.Second, jwtexp.WithIssuer("a"), jwtexp.Options(jwtexp.Options(jwtexp.WithIssuer("a")))), 1},
		{"empty Options", issuer(key, time.Second, jwtexp.Options()), 0},

		{"good verifier", verifier(key), 0},
		{"verifier of a public key", verifier(public), 0},
		{"nil set", verifier(nil), 1},
		{"nil set in the interface", verifier(keySetFunc(nil)), 1},
		{"pointer to a key to verify with", verifier(&key), 0},
		{"pointer to a zero key to verify with", verifier(&jwtexp.Key{}), 1},
		{"zero key to verify with", verifier(jwtexp.Key{}), 1},
		{"key ID to verify with that is not UTF-8", verifier(key.WithID("\xff")), 1},
		{"nil clock", verifier(key, jwtexp.WithClock(nilClock)), 1},
		{"nil ClockFunc", verifier(key, jwtexp.WithClock(nilFunc)), 1},
		{"empty issuer", verifier(key, jwtexp.WithIssuer("")), 1},
		{"issuer that is not UTF-8", verifier(key, jwtexp.WithIssuer("\xff")), 1},
		{"no audience", verifier(key, jwtexp.WithAudience()), 1},
		{"empty audience among others", verifier(key, jwtexp.WithAudience("a", "")), 1},
		{"audience that is not UTF-8", verifier(key, jwtexp.WithAudience("\xff")), 1},
		{"empty type", verifier(key, jwtexp.WithType("")), 1},
		{"type with a space", verifier(key, jwtexp.WithType("at+jwt ")), 1},
		{"type with a line break", verifier(key, jwtexp.WithType("at+jwt\n")), 1},
		{"type that is a URN", verifier(key, jwtexp.WithType("urn:example:typ")), 0},
		{"type that is not ASCII", verifier(key, jwtexp.WithType("ſ")), 1},
		{"type in capitals", verifier(key, jwtexp.WithType("JWT")), 0},
		{"negative leeway", verifier(key, jwtexp.WithLeeway(-1)), 1},
		{"leeway", verifier(key, jwtexp.WithLeeway(10*time.Minute)), 0},
		{"leeway too long", verifier(key, jwtexp.WithLeeway(10*time.Minute+1)), 1},
		{"maximum lifetime 0", verifier(key, jwtexp.WithMaxLifetime(0)), 1},
		{"size 0", verifier(key, jwtexp.WithMaxSize(0)), 1},
		{"cache without entries", verifier(key, jwtexp.WithCache(0)), 1},
		{"cache with a negative number of entries", verifier(key, jwtexp.WithCache(-1)), 1},
		{"cache with one entry", verifier(key, jwtexp.WithCache(1)), 0},
		{"cache with too many entries", verifier(key, jwtexp.WithCache(1<<24+1)), 1},
		{"nil revocation", verifier(key, jwtexp.WithRevoked(nil)), 1},
		{"nil claims check", verifier(key, jwtexp.WithClaims[struct{}](nil)), 0},
		{"claims twice", verifier(key, jwtexp.WithClaims[struct{}](nil), jwtexp.WithClaims[map[string]any](nil)), 1},
		{"key ID required", verifier(key, jwtexp.WithKeyIDRequired()), 0},
		{"key ID required twice", verifier(key, jwtexp.WithKeyIDRequired(), jwtexp.WithKeyIDRequired()), 1},
		{"confirmation", verifier(key, jwtexp.WithConfirmation()), 0},
		{"confirmation twice", verifier(key, jwtexp.WithConfirmation(), jwtexp.WithConfirmation()), 1},
		{"nil option", verifier(key, nil), 1},
		{"wrong and twice", verifier(key, jwtexp.WithLeeway(-1), jwtexp.WithLeeway(1)), 2},

		{"set of one verifier", verifiers(a), 0},
		{"set of two verifiers with one key", verifiers(a, b), 0},
		{"set of no verifiers", verifiers(), 1},
		{"set of a nil verifier", verifiers(nil), 1},
		{"set of a zero verifier", verifiers(a, &jwtexp.Verifier{}), 1},
		{"set of a verifier of any issuer", verifiers(good.plain), 1},
		{"set of a verifier twice", verifiers(a, b, a), 1},
		{"set of two verifiers of one issuer", verifiers(a, again), 1},
		{"set of all at once", verifiers(nil, a, &jwtexp.Verifier{}, a, good.plain), 4},

		{"good middleware", middleware(good), 0},
		{"nil verifier", middleware(nil), 1},
		{"nil verifier in the interface", middleware(nilVerifier), 1},
		{"zero verifier", middleware(&jwtexp.Verifier{}), 1},
		{"good set of verifiers", middleware(must(jwtexp.NewVerifierSet(a, b))), 0},
		{"nil set of verifiers", middleware((*jwtexp.VerifierSet)(nil)), 1},
		{"zero set of verifiers", middleware(&jwtexp.VerifierSet{}), 1},
		{"empty realm", middleware(good, jwtexp.WithRealm("")), 1},
		{"realm with a line break", middleware(good, jwtexp.WithRealm("a\r\nSet-Cookie: x")), 1},
		{"realm that is not ASCII", middleware(good, jwtexp.WithRealm("é")), 1},
		{"no extractor", middleware(good, jwtexp.WithTokenFrom()), 1},
		{"nil extractor", middleware(good, jwtexp.WithTokenFrom(jwtexp.FromHeader, nil)), 1},
		{"no cookie name", middleware(good, jwtexp.WithTokenFrom(jwtexp.FromCookie(""))), 1},
		{"malformed trusted origin", middleware(good, jwtexp.WithTokenFrom(jwtexp.FromCookie("a", "https://b/c"))), 1},
		{"malformed cookie name", middleware(good, jwtexp.WithTokenFrom(jwtexp.FromCookie("a b"))), 1},
		{"nil error handler", middleware(good, jwtexp.WithErrorHandler(nil)), 1},
		{"nil observer", middleware(good, jwtexp.WithObserver(nil)), 1},
		{"observer with a nil logger", middleware(good, jwtexp.WithObserver(jwtexp.LogDecisions(nil))), 1},
		{"context deadline", middleware(good.plain, jwtexp.WithContextDeadline()), 0},
		{"context deadline of a set of verifiers", middleware(must(jwtexp.NewVerifierSet(a)), jwtexp.WithContextDeadline()), 0},
		{"context deadline of another verifier", middleware(verifierFunc(nil), jwtexp.WithContextDeadline()), 2},
		{"optional twice", middleware(good, jwtexp.WithOptional(), jwtexp.WithOptional()), 1},
		{"nil middleware option", middleware(good, nil), 1},

		{"set of one", set(key), 0},
		{"set of two", set(key.WithID("a"), key.WithID("b")), 0},
		{"set of one ID for two algorithms", set(key.WithID("a"), public.WithID("a")), 0},
		{"empty set", set(), 1},
		{"set of a zero key", set(jwtexp.Key{}), 1},
		{"set of several without ID", set(key, public), 2},
		{"set of an ID twice", set(key.WithID("a"), key.WithID("a")), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			made, err := c.make()
			if got := countFaults(err); got != c.faults || (err == nil) != (c.faults == 0) {
				t.Errorf("got %d faults, want %d: %v", got, c.faults, err)
			}
			if (made == nil) != (err != nil) {
				t.Errorf("got %v and error %v, want one of them", made, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "jwtexp: New") {
				t.Errorf("got %q, want it to begin with the constructor", err)
			}
			if got := verdicts(err); got != nil {
				t.Errorf("got an error that matches %q, want no verdict: %v", got, err)
			}
		})
	}
}

// An option with several values reports each value that is wrong.
func TestEveryFaultOfAnOptionIsReported(t *testing.T) {
	_, err := jwtexp.NewIssuer(testKey(), time.Second, jwtexp.WithAudience("", "good", "\xff"))
	if got := strings.Count(err.Error(), "\n") + 1; got != 2 {
		t.Errorf("WithAudience: got %d faults, want 2: %v", got, err)
	}
	_, err = jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(nil, jwtexp.FromHeader, nil))
	if got := strings.Count(err.Error(), "\n") + 1; got != 2 {
		t.Errorf("WithTokenFrom: got %d faults, want 2: %v", got, err)
	}
}

// A constructor that takes a pointer to a Key copies the Key.
func TestKeyByPointer(t *testing.T) {
	key := testKey()
	v := must(jwtexp.NewVerifier(&key, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
	key = hs256Key(otherSecret)
	_, err := v.Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "ok")
	_, err = v.Verify(t.Context(), sign(otherSecret, joseHeader, live(``)))
	wantOutcome(t, err, "invalid: signature")
}

// orNil returns p as an interface, which is nil if p is nil.
func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

func TestZeroValuesAcceptNothing(t *testing.T) {
	token := sign(testSecret, joseHeader, live(``))
	proof := must(newVerifier(jwtexptest.NewClock(epoch)).Verify(t.Context(), token))
	for name, v := range map[string]interface {
		jwtexp.TokenVerifier
		Recheck(context.Context, *jwtexp.Token) error
	}{
		"nil Verifier":     (*jwtexp.Verifier)(nil),
		"zero Verifier":    &jwtexp.Verifier{},
		"nil VerifierSet":  (*jwtexp.VerifierSet)(nil),
		"zero VerifierSet": &jwtexp.VerifierSet{},
	} {
		got, err := v.Verify(t.Context(), token)
		wantOutcome(t, err, "unavailable")
		if got != nil {
			t.Errorf("%s: got a token, want none", name)
		}
		wantOutcome(t, v.Recheck(t.Context(), proof), "unavailable")
	}
	for name, i := range map[string]*jwtexp.Issuer{"nil": nil, "zero": {}} {
		if got, err := i.Issue(t.Context(), "alice", nil); got != nil || err == nil {
			t.Errorf("%s Issuer: got %v, %v, want an error", name, got, err)
		}
	}
	for name, m := range map[string]*jwtexp.Middleware{"nil": nil, "zero": {}} {
		r := requestWith(token)
		got, err := m.Check(r)
		wantOutcome(t, err, "unavailable")
		if got != nil {
			t.Errorf("%s Middleware: got a token, want none", name)
		}
		w := httptest.NewRecorder()
		m.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Errorf("%s Middleware: the request was served", name)
		})).ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s Middleware: got status %d, want 503", name, w.Code)
		}
	}
}

func TestHandlerPanicsWithoutNext(t *testing.T) {
	m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch))))
	for name, next := range map[string]http.Handler{"nil": nil, "nil func": http.HandlerFunc(nil)} {
		wantPanic(t, name, func() { m.Handler(next) })
	}
}
