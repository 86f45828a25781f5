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

// The code under test gets the clock, and the test moves it.
func ExampleClock() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 500_000_000, time.UTC))
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

// profile is the handler under test. In a service it is behind a Middleware.
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

// TestProfile tests a handler without its middleware.
func ExampleContext() {
	t := new(testing.T)
	synctest.Test(t, TestProfile) // go test calls it, as it does every test
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}

// newGreeter returns the handler under test, with its router and middleware.
func newGreeter(key jwtexp.Key, opts ...jwtexp.CommonOption) (http.Handler, error) {
	verifier, err := jwtexp.NewVerifier(key, jwtexp.Options(opts...))
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /hello", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		fmt.Fprintf(w, "Hello %s!", token.Subject())
	})))
	return mux, nil
}

func TestGreeter(t *testing.T) {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	greeter, err := newGreeter(key)
	if err != nil {
		t.Fatal(err)
	}
	tokens := jwtexptest.NewTokens(t, key)
	for _, test := range []struct {
		name, token string
		want        int
	}{
		{"good", tokens.Good("alice", nil), http.StatusOK},
		{"none", "", http.StatusUnauthorized},
		{"expired", tokens.Expired("alice", nil), http.StatusUnauthorized},
		{"forged", tokens.Forged("alice", nil), http.StatusUnauthorized},
	} {
		w := httptest.NewRecorder()
		greeter.ServeHTTP(w, jwtexptest.NewRequest(t, "GET", "/hello", test.token))
		if w.Code != test.want {
			t.Errorf("%s: got %d, want %d", test.name, w.Code, test.want)
		}
	}
}

// TestGreeter tests a handler with its middleware, and chooses the tokens itself.
func ExampleNewTokens() {
	t := new(testing.T)
	synctest.Test(t, TestGreeter) // go test calls it, as it does every test
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}

func TestGreeterIsProtected(t *testing.T) {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 500_000_000, time.UTC))
	names := jwtexp.Options(jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("greeter"))
	greeter, err := newGreeter(key, jwtexp.WithClock(clock), names)
	if err != nil {
		t.Fatal(err)
	}
	jwtexptest.TestHandler(t, greeter, jwtexptest.HandlerConfig{
		Key:     key,
		Clock:   clock,
		Options: []jwtexp.CommonOption{names},
		Request: func() *http.Request { return jwtexptest.NewRequest(t, "GET", "/hello", "") },
	})
}

// TestGreeterIsProtected lets the suite choose the requests and check the responses.
func ExampleTestHandler() {
	t := new(testing.T)
	synctest.Test(t, TestGreeterIsProtected) // go test calls it, as it does every test
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}

// newDashboard returns the handler under test. It reads the token from a cookie, and accepts tokens
// of five minutes.
func newDashboard(t *testing.T, key jwtexp.Key, clock jwtexp.Clock) http.Handler {
	t.Helper()
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock), jwtexp.WithMaxLifetime(5*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(jwtexp.FromCookie("session")))
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Hello!") }))
}

func TestDashboardIsProtected(t *testing.T) {
	key, clock := newKey(t, jwtexp.HS256), jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 500_000_000, time.UTC))
	jwtexptest.TestHandler(t, newDashboard(t, key, clock), jwtexptest.HandlerConfig{
		Key: key, Clock: clock,
		Lifetime: 5 * time.Minute,
		Attach: func(r *http.Request, token string) {
			r.AddCookie(&http.Cookie{Name: "session", Value: token})
		},
	})
}

// TestDashboardIsProtected tests a handler that reads a cookie and accepts tokens of five minutes.
func ExampleTestHandler_cookie() {
	t := new(testing.T)
	synctest.Test(t, TestDashboardIsProtected) // go test calls it, as it does every test
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
