package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The tests here and in the contract_*_test.go files beside this one are named
// after the promises of the package doc, one for each.

// pretender passes for every error there is.
type pretender struct{}

func (pretender) Error() string { return "pretender" }
func (pretender) Is(error) bool { return true }
func (pretender) As(target any) bool {
	switch target := target.(type) {
	case **jwtexp.ExpiredError:
		*target = &jwtexp.ExpiredError{}
	case **jwtexp.InvalidError:
		*target = &jwtexp.InvalidError{}
	case **jwtexp.UnavailableError:
		*target = &jwtexp.UnavailableError{}
	default:
		return false
	}
	return true
}

// shapeshifter passes for a type and not for its sentinel.
type shapeshifter struct{}

func (shapeshifter) Error() string      { return "shapeshifter" }
func (shapeshifter) As(target any) bool { return pretender{}.As(target) }

// foreignErrors are what a callback may return to make two verdicts of one.
func foreignErrors() map[string]error {
	return map[string]error{
		"plain":              errors.New("plain"),
		"expired":            jwtexp.ErrExpired,
		"invalid":            jwtexp.ErrInvalid,
		"unavailable":        jwtexp.ErrUnavailable,
		"missing":            jwtexp.ErrMissing,
		"*ExpiredError":      &jwtexp.ExpiredError{},
		"*InvalidError":      &jwtexp.InvalidError{Reason: jwtexp.ReasonRevoked},
		"*UnavailableError":  &jwtexp.UnavailableError{Err: jwtexp.ErrExpired},
		"wrapped":            fmt.Errorf("wrapped: %w", jwtexp.ErrExpired),
		"joined":             errors.Join(errors.New("plain"), jwtexp.ErrExpired, jwtexp.ErrInvalid),
		"all":                errors.Join(jwtexp.ErrExpired, jwtexp.ErrInvalid, jwtexp.ErrUnavailable, jwtexp.ErrMissing),
		"invalid of expired": &jwtexp.InvalidError{Err: jwtexp.ErrExpired},
		"pretender":          pretender{},
		"shapeshifter":       shapeshifter{},
		"cancelled":          context.Canceled,
		// The slip of returning a variable of a pointer type.
		"nil *ExpiredError":     (*jwtexp.ExpiredError)(nil),
		"nil *InvalidError":     (*jwtexp.InvalidError)(nil),
		"nil *UnavailableError": (*jwtexp.UnavailableError)(nil),
		"nil *ScopeError":       (*jwtexp.ScopeError)(nil),
		"insufficient scope":    jwtexp.ErrInsufficientScope,
		"*ScopeError":           &jwtexp.ScopeError{Required: []string{"a"}},
	}
}

func TestOneVerdict(t *testing.T) {
	token := sign(testSecret, joseHeader, live(``))
	clock := jwtexptest.NewClock(epoch)
	for name, foreign := range foreignErrors() {
		failing := map[string]struct {
			verifier pair
			want     string
		}{
			"WithClaims": {newVerifier(clock, jwtexp.WithClaims(func(*struct{}) error { return foreign })), "invalid: claims"},
			"WithRevoked": {newVerifier(clock, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
				return true, foreign
			})), "unavailable"},
			"KeySet": {newPair(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
				return []jwtexp.Key{testKey()}, foreign
			}), jwtexp.WithClock(clock)), "unavailable"},
		}
		for callback, c := range failing {
			t.Run(callback+" returns "+name, func(t *testing.T) {
				got, err := c.verifier.Verify(t.Context(), token)
				wantOutcome(t, err, c.want)
				if got != nil {
					t.Errorf("got a token beside the error, want none")
				}
				good := must(newVerifier(clock).Verify(t.Context(), token))
				wantOutcome(t, c.verifier.Recheck(t.Context(), good), c.want)
			})
		}
		t.Run("KeySource returns "+name, func(t *testing.T) {
			source := keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return testKey(), foreign })
			_, err := must(jwtexp.NewIssuer(source, time.Hour)).Issue(t.Context(), "alice", nil)
			wantOutcome(t, err, "unavailable")
		})
	}
}

func TestOneVerdictOfTheMiddleware(t *testing.T) {
	good := must(newVerifier(jwtexptest.NewClock(epoch)).Verify(t.Context(), sign(testSecret, joseHeader, live(``))))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer x")

	// A TokenVerifier's own verdict counts where it is one of those that a
	// verifier can reach.
	own := map[string]string{
		"expired": "1 verdicts", "invalid": "1 verdicts", "unavailable": "1 verdicts", "wrapped": "1 verdicts",
		"*ExpiredError": "expired", "*InvalidError": "invalid: revoked", "*UnavailableError": "unavailable",
		"invalid of expired": "invalid: ",
	}
	for name, foreign := range foreignErrors() {
		t.Run("TokenVerifier returns "+name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) { return good, foreign })))
			got, err := m.Check(r)
			if got != nil {
				t.Error("got a token beside the error, want none")
			}
			switch want := own[name]; want {
			case "1 verdicts": // the bare sentinel, of no type
				matched := 0
				for _, sentinel := range sentinels {
					if errors.Is(err, sentinel) {
						matched++
					}
				}
				if matched != 1 || !errors.Is(err, foreign) {
					t.Errorf("got %v, which matches %d verdicts, want the one of %v", err, matched, foreign)
				}
			case "":
				wantOutcome(t, err, "unavailable")
			default:
				wantOutcome(t, err, want)
			}
		})
		t.Run("Extractor returns "+name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)),
				jwtexp.WithTokenFrom(func(*http.Request) (string, error) { return "x", foreign })))
			_, err := m.Check(r)
			matched := 0
			for _, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					matched++
				}
			}
			if matched != 1 {
				t.Errorf("got %v, which matches %d verdicts, want 1", err, matched)
			}
			if errors.Is(err, jwtexp.ErrExpired) {
				t.Errorf("got %v: expired, of a token that nobody has verified", err)
			}
		})
	}
}

// The verdict's own fields can be set by anybody, and still make one verdict.
func TestOneVerdictOfErrorsMadeByHand(t *testing.T) {
	for name, foreign := range foreignErrors() {
		t.Run(name, func(t *testing.T) {
			wantOutcome(t, &jwtexp.InvalidError{Reason: jwtexp.ReasonClaims, Err: foreign}, "invalid: claims")
			wantOutcome(t, &jwtexp.UnavailableError{Err: foreign}, "unavailable")
		})
	}
	wantOutcome(t, &jwtexp.ExpiredError{}, "expired")
}

// What an error of ours holds can be printed, whatever the application returned.
func TestConcealedErrorsHaveATextAlways(t *testing.T) {
	token := sign(testSecret, joseHeader, live(``))
	for name, foreign := range foreignErrors() {
		v := newVerifier(jwtexptest.NewClock(epoch), jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			return false, foreign
		}))
		_, err := v.Verify(t.Context(), token)
		e, ok := errors.AsType[*jwtexp.UnavailableError](err)
		if !ok || e.Err == nil || e.Err.Error() == "" {
			t.Errorf("%s: got %v, want an UnavailableError whose Err has a text", name, err)
		}
	}
}

// An application's error that is no verdict stays within reach.
func TestCauseIsKept(t *testing.T) {
	cause := errors.New("the application's")
	clock := jwtexptest.NewClock(epoch)
	token := sign(testSecret, joseHeader, live(``))
	for name, v := range map[string]pair{
		"WithClaims":  newVerifier(clock, jwtexp.WithClaims(func(*struct{}) error { return cause })),
		"WithRevoked": newVerifier(clock, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) { return false, cause })),
		"KeySet": newPair(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
			return nil, cause
		})),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), token)
			if !errors.Is(err, cause) {
				t.Errorf("got %v, want it to match the cause", err)
			}
			// One step away it is there to be logged.
			if inner := errors.Unwrap(err); inner == nil || inner.Error() != cause.Error() {
				t.Errorf("got %v inside, want %v", inner, cause)
			}
		})
	}
}

func TestTokenIsProof(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer := newIssuer(clock, jwtexp.WithAudience("api"))
	verifier := newVerifier(clock, jwtexp.WithAudience("api"))
	token := must(issuer.Issue(t.Context(), "alice", nil))

	t.Run("cannot be changed", func(t *testing.T) {
		token.Audience()[0] = "changed"
		if got := token.Audience()[0]; got != "api" {
			t.Errorf("got audience %q, want api", got)
		}
		var claims map[string]any
		if err := token.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		claims["sub"] = "changed"
		if got := token.Subject(); got != "alice" {
			t.Errorf("got subject %q, want alice", got)
		}
		if err := verifier.Recheck(t.Context(), token); err != nil {
			t.Errorf("Recheck: got %v, want nil", err)
		}
	})
	t.Run("an issuer's audience is not shared", func(t *testing.T) {
		audience := []string{"api"}
		issuer := newIssuer(clock, jwtexp.WithAudience(audience...))
		audience[0] = "changed"
		if got := must(issuer.Issue(t.Context(), "alice", nil)).Audience()[0]; got != "api" {
			t.Errorf("got audience %q, want api", got)
		}
	})
	t.Run("one over which another was copied is none", func(t *testing.T) {
		mine := must(issuer.Issue(t.Context(), "alice", nil))
		ctx := jwtexp.NewContext(t.Context(), mine)
		*mine = *must(issuer.Issue(t.Context(), "mallory", nil))
		if got, ok := jwtexp.FromContext(ctx); ok {
			t.Errorf("got %v, want no token", got)
		}
		wantOutcome(t, verifier.Recheck(t.Context(), mine), "invalid: malformed")
	})
	t.Run("nothing else is one", func(t *testing.T) {
		for name, fake := range map[string]*jwtexp.Token{"nil": nil, "zero": {}} {
			if got, ok := jwtexp.FromContext(jwtexp.NewContext(t.Context(), fake)); ok || got != nil {
				t.Errorf("FromContext of a %s Token: got %v, %v, want nil, false", name, got, ok)
			}
			wantOutcome(t, verifier.Recheck(t.Context(), fake), "invalid: malformed")
		}
		if _, ok := jwtexp.FromContext(t.Context()); ok {
			t.Error("FromContext of a bare context: got true, want false")
		}
	})
	t.Run("nil hides an outer one", func(t *testing.T) {
		outer := jwtexp.NewContext(t.Context(), token)
		if _, ok := jwtexp.FromContext(outer); !ok {
			t.Fatal("FromContext: got false, want true")
		}
		if _, ok := jwtexp.FromContext(jwtexp.NewContext(outer, nil)); ok {
			t.Error("FromContext below a nil Token: got true, want false")
		}
	})
	t.Run("a context has what its parent has", func(t *testing.T) {
		type key struct{}
		parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
		ctx, stop := context.WithTimeout(jwtexp.NewContext(parent, token), time.Hour)
		defer stop()
		if got := ctx.Value(key{}); got != "value" {
			t.Errorf("Value: got %v, want value", got)
		}
		if got, _ := jwtexp.FromContext(ctx); got != token {
			t.Errorf("FromContext below another context: got %v, want %v", got, token)
		}
		cause := errors.New("the client has gone")
		cancel(cause)
		if got := context.Cause(ctx); got != cause {
			t.Errorf("Cause: got %v, want %v", got, cause)
		}
	})
	t.Run("a context that is printed tells its parent's name alone", func(t *testing.T) {
		for name, parent := range map[string]context.Context{
			"a value": storedContext{t.Context(), testSecret}, "a pointer": &storedContext{t.Context(), testSecret},
		} {
			for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
				if got := fmt.Sprintf(verb, jwtexp.NewContext(parent, token)); !strings.Contains(got, "storedContext") || strings.Contains(got, testSecret) {
					t.Errorf("%s of %s below: got %s, want the type's name", verb, name, got)
				}
			}
		}
		if got, parent := fmt.Sprint(jwtexp.NewContext(t.Context(), token)), fmt.Sprint(t.Context()); !strings.HasPrefix(got, parent) {
			t.Errorf("got %s, want it to begin with %s", got, parent)
		}
	})
	t.Run("a context needs a parent", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("got no panic, want one")
			}
		}()
		jwtexp.NewContext(nil, token) //lint:ignore SA1012 it is what is tested
	})
	t.Run("a verified token of another verifier is rechecked by its key", func(t *testing.T) {
		foreign := must(jwtexp.NewIssuer(must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(otherSecret))),
			time.Hour, jwtexp.WithClock(clock), jwtexp.WithAudience("api")))
		wantOutcome(t, verifier.Recheck(t.Context(), must(foreign.Issue(t.Context(), "mallory", nil))), "invalid: unknown_key")
	})
	t.Run("accessors of no token panic", func(t *testing.T) {
		accessors := map[string]func(*jwtexp.Token){
			"Raw":       func(t *jwtexp.Token) { t.Raw() },
			"ID":        func(t *jwtexp.Token) { t.ID() },
			"Issuer":    func(t *jwtexp.Token) { t.Issuer() },
			"Subject":   func(t *jwtexp.Token) { t.Subject() },
			"Audience":  func(t *jwtexp.Token) { t.Audience() },
			"Type":      func(t *jwtexp.Token) { t.Type() },
			"KeyID":     func(t *jwtexp.Token) { t.KeyID() },
			"IssuedAt":  func(t *jwtexp.Token) { t.IssuedAt() },
			"NotBefore": func(t *jwtexp.Token) { t.NotBefore() },
			"ExpiresAt": func(t *jwtexp.Token) { t.ExpiresAt() },
			"Claims":    func(t *jwtexp.Token) { _ = t.Claims(&struct{}{}) },
		}
		for name, access := range accessors {
			for _, fake := range []*jwtexp.Token{nil, {}} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s of %v: got no panic, want one", name, fake)
						}
					}()
					access(fake)
				}()
			}
		}
	})
}

func TestTokenEqual(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	a, b := must(newIssuer(clock).Issue(t.Context(), "a", nil)), must(newIssuer(clock).Issue(t.Context(), "b", nil))
	for _, c := range []struct {
		name string
		x, y *jwtexp.Token
		want bool
	}{
		{"same", a, a, true},
		{"verified again", a, must(newVerifier(clock).Verify(t.Context(), a.Raw())), true},
		{"other", a, b, false},
		{"nil, nil", nil, nil, true},
		{"nil, some", nil, a, false},
		{"some, nil", a, nil, false},
	} {
		if got := c.x.Equal(c.y); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// A storedContext is an application's own, with something in it that nobody is to see.
type storedContext struct {
	context.Context
	stored string
}
