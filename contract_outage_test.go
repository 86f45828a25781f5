package jwtexp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestOutageIsNotForgery(t *testing.T) {
	down := errors.New("down")
	clock := jwtexptest.NewClock(epoch)
	keysDown := stubKeys(down)
	for name, c := range map[string]struct {
		verifier pair
		token    string
	}{
		"key set, good token":   {newPair(keysDown, jwtexp.WithClock(clock)), sign(testSecret, joseHeader, live(``))},
		"key set, forged token": {newPair(keysDown, jwtexp.WithClock(clock)), sign(otherSecret, joseHeader, live(``))},
		"revocation":            {newVerifier(clock, stubRevoked(true, down)), sign(testSecret, joseHeader, live(``))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.verifier.Verify(t.Context(), c.token)
			wantOutcome(t, err, "unavailable")
			if !errors.Is(err, down) {
				t.Errorf("got %v, want it to match the cause", err)
			}

			m := must(jwtexp.NewMiddleware(c.verifier))
			w := httptest.NewRecorder()
			m.Handler(http.NotFoundHandler()).ServeHTTP(w, requestWith(c.token))
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("got %d %v, want 503, Retry-After 5 and no challenge", w.Code, w.Header())
			}
		})
	}

	// The checks that need no key are made in an outage, too.
	_, err := newPair(keysDown).Verify(t.Context(), "garbage")
	wantOutcome(t, err, "invalid: malformed")
	_, err = newPair(keysDown).Verify(t.Context(), sign(testSecret, `{"alg":"none"}`, live(``)))
	wantOutcome(t, err, "invalid: algorithm")
}

func TestRetryAfterOfAnOutage(t *testing.T) {
	down := errors.New("down")
	clock := jwtexptest.NewClock(epoch)
	v := newVerifier(clock, stubRevoked(false, &jwtexp.UnavailableError{Err: down, RetryAfter: time.Minute}))
	_, err := v.Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "unavailable")
	if e, ok := errors.AsType[*jwtexp.UnavailableError](err); !ok || e.RetryAfter != time.Minute || !errors.Is(err, down) {
		t.Errorf("got %+v, want RetryAfter 1m0s and the cause", e)
	}
}

func TestCanceledContext(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	// The key set stops when its context is done, and returns an error of its own.
	gaveUp := errors.New("gave up")
	keys := keySetFunc(func(ctx context.Context, _ string, _ time.Time) ([]jwtexp.Key, error) {
		<-ctx.Done()
		return nil, gaveUp
	})
	source := keySourceFunc(func(ctx context.Context, _ time.Time) (jwtexp.Key, error) {
		<-ctx.Done()
		return jwtexp.Key{}, ctx.Err()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&jwtexp.ExpiredError{}) // the cause of a context can be any error

	_, err := newPair(keys, jwtexp.WithClock(clock)).Verify(ctx, sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "unavailable")
	if !errors.Is(err, context.Canceled) || !errors.Is(err, gaveUp) {
		t.Errorf("got %v, want it to match context.Canceled and the cause", err)
	}
	_, err = must(jwtexp.NewIssuer(source, time.Hour, jwtexp.WithClock(clock))).Issue(ctx, "alice", nil)
	wantOutcome(t, err, "unavailable")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to match context.Canceled", err)
	}

	// A fixed key does not wait, so the context changes no verdict.
	_, err = newVerifier(clock).Verify(ctx, sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "ok")
	_, err = newVerifier(clock).Verify(ctx, sign(otherSecret, joseHeader, live(``)))
	wantOutcome(t, err, "invalid: signature")
}

func TestCallbacksThatPanic(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	token := sign(testSecret, joseHeader, live(``))
	for name, m := range map[string]*jwtexp.Middleware{
		"claims check": must(jwtexp.NewMiddleware(newVerifier(clock, jwtexp.WithClaims(func(*struct{}) error { panic("boom") })))),
		"revocation": must(jwtexp.NewMiddleware(newVerifier(clock, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			panic("boom")
		})))),
		"key set": must(jwtexp.NewMiddleware(newPair(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
			panic("boom")
		})))),
		"clock":    must(jwtexp.NewMiddleware(newVerifier(jwtexp.ClockFunc(func() time.Time { panic("boom") })))),
		"verifier": must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) { panic("boom") }))),
		"extractor": must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithTokenFrom(func(*http.Request) (string, error) {
			panic("boom")
		}))),
		"scope":    must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithScopeFrom(func(*jwtexp.Token) []string { panic("boom") }))).WithScope("a"),
		"observer": must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithObserver(func(*http.Request, jwtexp.Decision) { panic("boom") }))),
		"error handler": must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithRealm("x"), jwtexp.WithTokenFrom(jwtexp.FromCookie("none")),
			jwtexp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) { panic("boom") }))),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("got %v, want the callback's own panic", got)
				}
				_, err := newVerifier(clock).Verify(t.Context(), token)
				wantOutcome(t, err, "ok")
			}()
			m.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				t.Error("the request was served")
			})).ServeHTTP(httptest.NewRecorder(), requestWith(token))
		})
	}
}
