package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The contract_*_test.go files test the guarantees of the package documentation. This file has
// the tests of "one verdict" and "a Token is proof".

// pretender matches every error under errors.Is, and the three error types under errors.As.
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

// shapeshifter matches the three error types under errors.As, and no error under errors.Is.
type shapeshifter struct{}

func (shapeshifter) Error() string      { return "shapeshifter" }
func (shapeshifter) As(target any) bool { return pretender{}.As(target) }

// foreignErrors returns errors of a callback that could give an error two verdicts.
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
		"canceled":           context.Canceled,
		// A callback returns these by mistake, from a variable of a pointer type.
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
			"WithClaims":  {newVerifier(clock, jwtexp.WithClaims(func(*struct{}) error { return foreign })), "invalid: claims"},
			"WithRevoked": {newVerifier(clock, stubRevoked(true, foreign)), "unavailable"},
			"KeySet":      {newPair(stubKeys(foreign, testKey()), jwtexp.WithClock(clock)), "unavailable"},
		}
		for callback, c := range failing {
			t.Run(callback+" returns "+name, func(t *testing.T) {
				got, err := c.verifier.Verify(t.Context(), token)
				wantOutcome(t, err, c.want)
				if got != nil {
					t.Errorf("got a token and the error %v, want no token", err)
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
	r := requestWith("x")

	// The verdict of a TokenVerifier counts if it is one of the verdicts of a Verifier. Any other
	// error is an outage. A bare sentinel has no error type, so it has no outcome.
	const bare = "bare"
	own := map[string]string{
		"expired": bare, "invalid": bare, "unavailable": bare, "wrapped": bare,
		"*ExpiredError": "expired", "*InvalidError": "invalid: revoked", "*UnavailableError": "unavailable",
		"invalid of expired": "invalid: ",
	}
	for name, foreign := range foreignErrors() {
		t.Run("TokenVerifier returns "+name, func(t *testing.T) {
			got, err := must(jwtexp.NewMiddleware(stubVerifier(good, foreign))).Check(r)
			if got != nil {
				t.Errorf("got a token and the error %v, want no token", err)
			}
			switch want := own[name]; want {
			case bare:
				if matched := verdicts(err); len(matched) != 1 || !errors.Is(err, foreign) {
					t.Errorf("got %v, which matches %q, want only the verdict of %v", err, matched, foreign)
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
			if matched := verdicts(err); len(matched) != 1 {
				t.Errorf("got %v, which matches %q, want one verdict", err, matched)
			}
			if errors.Is(err, jwtexp.ErrExpired) {
				t.Errorf("got %v, want no ErrExpired before the token is verified", err)
			}
		})
	}
}

// An application can make these errors itself, with any Err. They still match one verdict.
func TestOneVerdictOfErrorsMadeByHand(t *testing.T) {
	for name, foreign := range foreignErrors() {
		t.Run(name, func(t *testing.T) {
			wantOutcome(t, &jwtexp.InvalidError{Reason: jwtexp.ReasonClaims, Err: foreign}, "invalid: claims")
			wantOutcome(t, &jwtexp.UnavailableError{Err: foreign}, "unavailable")
		})
	}
	wantOutcome(t, &jwtexp.ExpiredError{}, "expired")
}

// Err has a text, whatever the callback returned.
func TestUnavailableErrHasText(t *testing.T) {
	token := sign(testSecret, joseHeader, live(``))
	for name, foreign := range foreignErrors() {
		_, err := verify(t, token, stubRevoked(false, foreign))
		e, ok := errors.AsType[*jwtexp.UnavailableError](err)
		if !ok || e.Err == nil || e.Err.Error() == "" {
			t.Errorf("%s: got %v, want an UnavailableError whose Err has a text", name, err)
		}
	}
}

// An error of a callback that matches no verdict can be found with errors.Is and errors.Unwrap.
func TestCauseIsKept(t *testing.T) {
	cause := errors.New("cause")
	clock := jwtexptest.NewClock(epoch)
	token := sign(testSecret, joseHeader, live(``))
	for name, v := range map[string]pair{
		"WithClaims":  newVerifier(clock, jwtexp.WithClaims(func(*struct{}) error { return cause })),
		"WithRevoked": newVerifier(clock, stubRevoked(false, cause)),
		"KeySet":      newPair(stubKeys(cause)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), token)
			if !errors.Is(err, cause) {
				t.Errorf("got %v, want it to match the cause", err)
			}
			if got := errors.Unwrap(err); got == nil || got.Error() != cause.Error() {
				t.Errorf("Unwrap: got %v, want %v", got, cause)
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
	t.Run("a copy is not a Token", func(t *testing.T) {
		overwritten := must(issuer.Issue(t.Context(), "alice", nil))
		ctx := jwtexp.NewContext(t.Context(), overwritten)
		overwriteToken(overwritten, must(issuer.Issue(t.Context(), "mallory", nil)))
		if got, ok := jwtexp.FromContext(ctx); ok {
			t.Errorf("got %v, want no token", got)
		}
		wantOutcome(t, verifier.Recheck(t.Context(), overwritten), "invalid: malformed")
	})
	t.Run("nil and zero are not Tokens", func(t *testing.T) {
		for name, fake := range map[string]*jwtexp.Token{"nil": nil, "zero": {}} {
			if got, ok := jwtexp.FromContext(jwtexp.NewContext(t.Context(), fake)); ok || got != nil {
				t.Errorf("FromContext with a %s Token: got %v, %v, want nil, false", name, got, ok)
			}
			wantOutcome(t, verifier.Recheck(t.Context(), fake), "invalid: malformed")
		}
		if _, ok := jwtexp.FromContext(t.Context()); ok {
			t.Error("FromContext without NewContext: got true, want false")
		}
	})
	t.Run("nil hides an outer Token", func(t *testing.T) {
		outer := jwtexp.NewContext(t.Context(), token)
		if _, ok := jwtexp.FromContext(outer); !ok {
			t.Fatal("FromContext: got false, want true")
		}
		if _, ok := jwtexp.FromContext(jwtexp.NewContext(outer, nil)); ok {
			t.Error("FromContext below a nil Token: got true, want false")
		}
	})
	t.Run("a context keeps its parent's values and cause", func(t *testing.T) {
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
		cause := errors.New("the client has disconnected")
		cancel(cause)
		if got := context.Cause(ctx); got != cause {
			t.Errorf("Cause: got %v, want %v", got, cause)
		}
	})
	t.Run("a printed context shows only its parent's type", func(t *testing.T) {
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
		wantPanic(t, "NewContext(nil, token)", func() {
			jwtexp.NewContext(nil, token) //lint:ignore SA1012 the test needs a nil context
		})
	})
	t.Run("Recheck rejects a Token of another key", func(t *testing.T) {
		other := must(jwtexp.NewIssuer(hs256Key(otherSecret), time.Hour, jwtexp.WithClock(clock), jwtexp.WithAudience("api")))
		wantOutcome(t, verifier.Recheck(t.Context(), must(other.Issue(t.Context(), "mallory", nil))), "invalid: unknown_key")
	})
	t.Run("accessors of a nil or zero Token panic", func(t *testing.T) {
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
				wantPanic(t, fmt.Sprintf("%s of %v", name, fake), func() { access(fake) })
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
		{"nil, not nil", nil, a, false},
		{"not nil, nil", a, nil, false},
	} {
		if got := c.x.Equal(c.y); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// storedContext is a context of the application with a secret in it.
type storedContext struct {
	context.Context
	secret string
}
