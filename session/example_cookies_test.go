package session_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

// Cookies keep a browser logged in, although its access tokens live for ten minutes.
func ExampleCookies() {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	sessions := newSessions(clock, session.Policy{Lifetime: 30 * 24 * time.Hour})
	verifier := newVerifier(clock)
	cookies, err := session.NewCookies(sessions, verifier)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(cookies.Extractor()))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Check the password here.
		if _, err := cookies.Start(w, r, r.FormValue("name"), nil); err != nil {
			http.Error(w, "cannot log in", jwtexp.StatusCode(err))
		}
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.End(w, r); err != nil {
			http.Error(w, "cannot log out", jwtexp.StatusCode(err))
		}
	})
	mux.Handle("GET /", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		fmt.Fprintf(w, "Hello, %s!", token.Subject())
	})))
	server := httptest.NewTLSServer(http.NewCrossOriginProtection().Handler(cookies.Handler(mux)))
	defer server.Close()

	browser := server.Client()
	browser.Jar, _ = cookiejar.New(nil)
	browser.PostForm(server.URL+"/login", url.Values{"name": {"alice"}})
	clock.Advance(20 * 24 * time.Hour)
	answer, _ := browser.Get(server.URL)
	fmt.Println(answer.Status)
	browser.PostForm(server.URL+"/logout", nil)
	answer, _ = browser.Get(server.URL)
	fmt.Println(answer.Status)
	// Output:
	// 200 OK
	// 401 Unauthorized
}

func newVerifier(clock jwtexp.Clock, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, newSecret())
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, append(opts, jwtexp.WithClock(clock))...)
	if err != nil {
		log.Fatal(err)
	}
	return verifier
}
