package jwtexptest_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Whatever is to be tested takes a jwtexp.Clock, and the test moves it.
func ExampleClock() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		log.Fatal(err)
	}
	handler := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello!")
	}))

	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+issued.Raw())
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(clock.Now().Format(time.TimeOnly), w.Code, w.Body)
		clock.Advance(10 * time.Minute)
	}
	// Output:
	// 12:00:00 200 Hello!
	// 12:10:00 200 Hello!
	// 12:20:00 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// profile is the handler that is tested. A service has a Middleware in front
// of it.
func profile(w http.ResponseWriter, r *http.Request) {
	token, ok := jwtexp.FromContext(r.Context())
	if !ok {
		http.Error(w, "no token", http.StatusInternalServerError)
		return
	}
	var claims struct {
		Plan string `json:"plan"`
	}
	if err := token.Claims(&claims); err != nil {
		http.Error(w, "no plan", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s has the %s plan", token.Subject(), claims.Plan)
}

func TestProfile(t *testing.T) {
	ctx := jwtexptest.Context(t, "alice", map[string]any{"plan": "large"})
	w := httptest.NewRecorder()
	profile(w, httptest.NewRequestWithContext(ctx, "GET", "/profile", nil))
	if got, want := w.Body.String(), "alice has the large plan"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestProfile tests a handler without the middleware.
func ExampleContext() {
	t := new(testing.T)
	synctest.Test(t, TestProfile) // go test calls it, as it does every test
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
