package jwtexp_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"expvar"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Each route requires its own scope. All routes share one Middleware.
func ExampleMiddleware_WithScope() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		log.Fatal(err)
	}

	done := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "done") })
	mux := http.NewServeMux()
	mux.Handle("GET /orders", guard.WithScope("orders:read").Handler(done))
	mux.Handle("DELETE /orders", guard.WithScope("orders:write").Handler(done))

	issued, err := issuer.Issue(context.Background(), "alice", map[string]any{"scope": "profile orders:read"})
	if err != nil {
		log.Fatal(err)
	}
	for _, method := range []string{"GET", "DELETE"} {
		r := httptest.NewRequest(method, "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+issued.Raw())
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(method, w.Code, w.Body)
	}
	// Output:
	// GET 200 done
	// DELETE 403 {"error":"Insufficient scope"}
}

// This stream of server-sent events ends when the token expires. The client then refreshes, or logs
// in again, and opens another stream.
func ExampleWithContextDeadline() {
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
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithContextDeadline())
	if err != nil {
		log.Fatal(err)
	}

	news := make(chan string, 1)
	events := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case text := <-news:
				fmt.Fprintf(w, "data: %s\n\n", text)
			case <-r.Context().Done():
				if errors.Is(context.Cause(r.Context()), jwtexp.ErrExpired) {
					fmt.Fprint(w, "event: token_expired\ndata:\n\n")
				}
				return
			}
			http.NewResponseController(w).Flush()
		}
	}))

	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	clock.Set(issued.ExpiresAt().Add(-500 * time.Millisecond))
	news <- "half a second left"

	server := httptest.NewServer(events)
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+issued.Raw())
	response, err := server.Client().Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		fmt.Println(lines.Text())
	}
	// Output:
	// data: half a second left
	//
	// event: token_expired
	// data:
}

// Count decisions for a dashboard. Alert on "unavailable", and on a sudden rise of "invalid".
func ExampleWithObserver() {
	verdicts := expvar.NewMap("bearer_verdicts") // served at /debug/vars
	reasons := expvar.NewMap("bearer_reasons")
	count := func(_ *http.Request, d jwtexp.Decision) {
		verdicts.Add(string(d.Verdict()), 1)
		if reason := d.Reason(); reason != "" {
			reasons.Add(string(reason), 1)
		}
	}

	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithObserver(count))
	if err != nil {
		log.Fatal(err)
	}

	handler := guard.Handler(http.NotFoundHandler())
	for _, authorization := range []string{"", "Bearer garbage", "Bearer two tokens", "Bearer more.of.this"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	fmt.Println(verdicts)
	fmt.Println(reasons)
	// Output:
	// {"invalid": 3, "missing": 1}
	// {"malformed": 2, "request": 1}
}

// Log each decision. The log contains no token.
func ExampleLogDecisions() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // the time differs in each run
			}
			return a
		},
	}))
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key.WithID("key-2026"))
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithObserver(jwtexp.LogDecisions(logger)))
	if err != nil {
		log.Fatal(err)
	}

	issuer, err := jwtexp.NewIssuer(key.WithID("key-2025"), time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders", guard.Handler(http.NotFoundHandler()))
	r := httptest.NewRequest("GET", "/orders", nil)
	r.Header.Set("Authorization", "Bearer "+issued.Raw())
	mux.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// level=INFO msg="bearer token" decision.verdict=invalid decision.reason=unknown_key decision.detail="no key has the token's kid; was the key removed, or is the token from another issuer?" route="GET /orders"
}
