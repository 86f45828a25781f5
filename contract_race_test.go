package jwtexp_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Everything that is documented as safe for concurrent use is used concurrently,
// for the race detector to see, while the clock is moved.
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
					t.Errorf("got %v, %v, want the token just issued", got, err)
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
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Authorization", "Bearer "+shared.Raw())
				w := httptest.NewRecorder()
				guard.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					t.Errorf("got status %d, want 200", w.Code)
				}
			}
		})
	}
	wg.Wait()
}
