package jwtexp_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The wrapped handler is called only for requests with a valid token.
func ExampleMiddleware_Handler() {
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

	mux := http.NewServeMux()
	mux.Handle("GET /hello", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context()) // without the guard, Subject panics
		fmt.Fprintf(w, "Hello, %s!", token.Subject())
	})))

	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	get := func(authorization string) {
		r := httptest.NewRequest("GET", "/hello", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
		if challenge := w.Header().Get("WWW-Authenticate"); challenge != "" {
			fmt.Println("   ", challenge)
		}
	}
	get("Bearer " + issued.Raw())
	get("")
	get("Bearer garbage")
	clock.Set(issued.ExpiresAt())
	get("Bearer " + issued.Raw())
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	//     Bearer realm="api"
	// 401 {"error":"Invalid token"}
	//     Bearer realm="api", error="invalid_token", error_description="The access token is invalid"
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
	//     Bearer realm="api", error="invalid_token", error_description="The access token expired"
}

// exampleRouter has a Use method, as the routers of chi and others have.
type exampleRouter struct {
	http.ServeMux
	used []func(http.Handler) http.Handler
}

func (r *exampleRouter) Use(middleware ...func(http.Handler) http.Handler) {
	r.used = append(r.used, middleware...)
}

func (r *exampleRouter) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var h http.Handler = &r.ServeMux
	for _, wrap := range slices.Backward(r.used) {
		h = wrap(h)
	}
	h.ServeHTTP(w, req)
}

// Routers take middleware as a function. The method value guard.Handler is such a function.
func ExampleMiddleware_Handler_router() {
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
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		log.Fatal(err)
	}

	api := new(exampleRouter)
	api.Use(guard.Handler) // applies to every route, including those added later
	api.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello!")
	})

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest("GET", "/hello", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"error":"Missing token"}
}

// This error handler writes problem details (RFC 9457), with a member that tells the client whether
// it may refresh. The status, WWW-Authenticate and Cache-Control are already set.
func ExampleWithErrorHandler() {
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

	type problem struct {
		Title   string `json:"title"`
		Status  int    `json:"status"`
		Refresh bool   `json:"refresh"`
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(
		func(w http.ResponseWriter, r *http.Request, err error) {
			status := jwtexp.StatusCode(err)
			w.Header().Set("Content-Type", "application/problem+json")
			json.NewEncoder(w).Encode(problem{
				Title:   http.StatusText(status), // err is for the log and not for the client
				Status:  status,
				Refresh: errors.Is(err, jwtexp.ErrExpired),
			})
		}))
	if err != nil {
		log.Fatal(err)
	}
	handler := guard.Handler(http.NotFoundHandler())

	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	clock.Set(issued.ExpiresAt())
	for _, raw := range []string{"garbage", issued.Raw()} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+raw)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 401 {"title":"Unauthorized","status":401,"refresh":false}
	// 401 {"title":"Unauthorized","status":401,"refresh":true}
}

// A page that greets visitors, and greets users by name if they are logged in.
func ExampleWithOptional() {
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
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithOptional())
	if err != nil {
		log.Fatal(err)
	}
	handler := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := jwtexp.FromContext(r.Context()); ok {
			fmt.Fprintf(w, "Hello, %s!", token.Subject())
			return
		}
		fmt.Fprint(w, "Hello, stranger!")
	}))

	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, authorization := range []string{"", "Bearer " + issued.Raw(), "Bearer garbage"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 Hello, stranger!
	// 200 Hello, alice!
	// 401 {"error":"Invalid token"}
}

// exampleCounter is a TokenVerifier that counts invalid tokens by Reason.
type exampleCounter struct {
	jwtexp.TokenVerifier

	mu      sync.Mutex
	invalid map[jwtexp.Reason]int
}

func (c *exampleCounter) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	token, err := c.TokenVerifier.Verify(ctx, raw)
	if e, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		c.mu.Lock()
		c.invalid[e.Reason]++
		c.mu.Unlock()
	}
	return token, err
}

// A type that wraps a Verifier is a TokenVerifier, too.
func ExampleTokenVerifier() {
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
	counter := &exampleCounter{TokenVerifier: verifier, invalid: make(map[jwtexp.Reason]int)}
	guard, err := jwtexp.NewMiddleware(counter)
	if err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer garbage")
	guard.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	fmt.Println(counter.invalid)
	// Output: map[malformed:1]
}
