package jwtexp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A handler that calls Check and Refuse responds as Handler does.
func TestRefuseRespondsAsHandlerDoes(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	expired := sign(testSecret, joseHeader, fmt.Sprintf(`{"exp":%d}`, epoch.Unix()))
	plain := must(jwtexp.NewMiddleware(newVerifier(clock)))
	down := must(jwtexp.NewMiddleware(newPair(stubKeys(errors.New("down")))))
	realm := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithRealm("orders")))
	handled := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, "no", http.StatusTeapot)
	})))
	for _, c := range []struct {
		name   string
		guard  *jwtexp.Middleware
		header http.Header
	}{
		{"missing", plain, nil},
		{"malformed request", plain, authorization("Bearer")},
		{"expired", plain, authorization("Bearer " + expired)},
		{"forged", plain, authorization("Bearer " + good + "x")},
		{"lacks a scope", plain.WithScope("a", "b"), authorization("Bearer " + good)},
		{"outage", down, authorization("Bearer " + good)},
		{"another realm", realm, nil},
		{"an error handler", handled, nil},
		{"zero Middleware", new(jwtexp.Middleware), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := send(t, c.guard.Handler(subject), c.header)
			wantResponse(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := c.guard.Check(r)
				c.guard.Refuse(w, r, err)
			}), c.header, want)
		})
	}
}

// An error that Check does not return, and nil, get a 500.
func TestRefuseOfOtherErrors(t *testing.T) {
	internal := response{500, "", "", "no-store", "application/json", `{"error":"Internal error"}`}
	for name, c := range map[string]struct {
		err  error
		want response
	}{
		"nil":                 {nil, internal},
		"another error":       {errors.New("private"), internal},
		"two verdicts":        {errors.Join(jwtexp.ErrExpired, jwtexp.ErrInvalid), internal},
		"a wrapped verdict":   {fmt.Errorf("private: %w", jwtexp.ErrInvalid), invalidToken},
		"a verdict by itself": {jwtexp.ErrMissing, missing},
	} {
		for _, guard := range []*jwtexp.Middleware{must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)))), new(jwtexp.Middleware), nil} {
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { guard.Refuse(w, r, c.err) })
			if diff := cmp.Diff(c.want, send(t, handler, nil)); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", name, diff)
			}
		}
	}
}

// Refuse does not call the observer, because Check has called it.
func TestRefuseCallsNoObserver(t *testing.T) {
	decisions := 0
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithObserver(func(*http.Request, jwtexp.Decision) { decisions++ })))
	r := httptest.NewRequest("GET", "/", nil)
	_, err := guard.Check(r)
	guard.Refuse(httptest.NewRecorder(), r, err)
	if decisions != 1 {
		t.Errorf("got %d decisions, want 1", decisions)
	}
}
