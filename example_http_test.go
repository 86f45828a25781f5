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
	"strings"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Wrap a handler, and it sees only requests with a good token.
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
		token, _ := jwtexp.FromContext(r.Context()) // without the guard, the next line panics
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

// exampleRouter has a Use, as the routers of chi and others have.
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

// Handler, without calling it, is a middleware as routers take it.
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
	api.Use(guard.Handler) // for every route, also one that is added later
	api.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello!")
	})

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest("GET", "/hello", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"error":"Missing token"}
}

// A token in a cookie, for pages in a browser. The browser sends it on its
// own, so what changes state is guarded against other sites: by SameSite, and
// by http.CrossOriginProtection around everything, login included.
func ExampleFromCookie() {
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
	const name = "__Host-token" // a browser takes __Host- only with Secure, Path "/" and no Domain
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(jwtexp.FromCookie(name)))
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		token, err := issuer.Issue(r.Context(), "alice", nil) // once her password was checked
		if err != nil {
			log.Print(err)
			w.WriteHeader(jwtexp.StatusCode(err)) // 503 for an outage, else 500
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.SetCookie(w, &http.Cookie{
			Name:     name,
			Value:    token.Raw(),
			Path:     "/",
			MaxAge:   int(token.ExpiresAt().Sub(clock.Now()) / time.Second),
			HttpOnly: true, // no script reads it
			Secure:   true, // HTTPS only
			SameSite: http.SameSiteLaxMode,
		})
	})
	mux.Handle("POST /transfer", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "transferred")
	})))
	handler := http.NewCrossOriginProtection().Handler(mux)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("POST", "/login", nil))
	cookie := w.Result().Cookies()[0]
	fmt.Println(cookie.Name, "for", cookie.MaxAge, "seconds")

	for _, site := range []string{"cross-site", "same-origin"} {
		r := httptest.NewRequest("POST", "/transfer", nil)
		r.AddCookie(cookie)
		r.Header.Set("Sec-Fetch-Site", site) // the browser says from where
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(site, w.Code)
	}
	// Output:
	// __Host-token for 900 seconds
	// cross-site 403
	// same-origin 200
}

// A different body: problem details (RFC 9457), which tell a client whether it
// may refresh. Status, WWW-Authenticate and Cache-Control are already right.
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
				Title:   http.StatusText(status), // no more than the verdict: err itself is for the log
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

// A page for everybody, and a little more for those who are logged in.
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

// An Extractor of your own. A script in a browser can give a WebSocket no
// header but the subprotocols that it offers, so the token comes as one of
// them. The server picks another one, since it sends back what it picks.
func ExampleExtractor() {
	fromSubprotocol := func(r *http.Request) (string, error) {
		found := ""
		for _, value := range r.Header.Values("Sec-WebSocket-Protocol") {
			for protocol := range strings.SplitSeq(value, ",") {
				raw, ok := strings.CutPrefix(strings.TrimSpace(protocol), "bearer.")
				if ok && found != "" {
					return "", errors.New("two tokens")
				}
				if ok {
					found = raw
				}
			}
		}
		return found, nil // "" is jwtexp.ErrMissing
	}

	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(fromSubprotocol))
	if err != nil {
		log.Fatal(err)
	}

	issued, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	protocol := "bearer." + issued.Raw()
	for _, protocols := range []string{"chat, " + protocol, "chat", protocol + ", " + protocol} {
		r := httptest.NewRequest("GET", "/chat", nil)
		r.Header.Set("Sec-WebSocket-Protocol", protocols)
		_, err := guard.Check(r)
		fmt.Println(jwtexp.StatusCode(err))
	}
	// Output:
	// 200
	// 401
	// 400
}

// exampleCounter is a TokenVerifier that counts why tokens are refused, for a
// metric.
type exampleCounter struct {
	jwtexp.TokenVerifier

	mu      sync.Mutex
	refused map[jwtexp.Reason]int
}

func (c *exampleCounter) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	token, err := c.TokenVerifier.Verify(ctx, raw)
	if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		c.mu.Lock()
		c.refused[invalid.Reason]++
		c.mu.Unlock()
	}
	return token, err
}

// A TokenVerifier of your own stands in front of a Verifier.
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
	counts := &exampleCounter{TokenVerifier: verifier, refused: make(map[jwtexp.Reason]int)}
	guard, err := jwtexp.NewMiddleware(counts)
	if err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer garbage")
	guard.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	fmt.Println(counts.refused)
	// Output: map[malformed:1]
}
