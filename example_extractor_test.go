package jwtexp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A server for pages in a browser keeps the token in a cookie. Browsers also send cookies with
// requests that other sites make. SameSite and http.CrossOriginProtection protect against such
// requests. Wrap all handlers, including the login's.
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
	const name = "__Host-token" // browsers require Secure, Path "/" and no Domain for __Host-
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(jwtexp.FromCookie(name)))
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		token, err := issuer.Issue(r.Context(), "alice", nil) // after checking the password
		if err != nil {
			log.Print(err)
			w.WriteHeader(jwtexp.StatusCode(err)) // 503 for an outage, otherwise 500
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.SetCookie(w, &http.Cookie{
			Name:     name,
			Value:    token.Raw(),
			Path:     "/",
			MaxAge:   int(token.ExpiresAt().Sub(clock.Now()) / time.Second),
			HttpOnly: true, // scripts cannot read it
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
		r.Header.Set("Sec-Fetch-Site", site) // set by the browser
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(site, w.Code)
	}
	// Output:
	// __Host-token for 900 seconds
	// cross-site 403
	// same-origin 200
}

// Pages of the host itself and of one trusted origin can open this WebSocket with the cookie. In
// requests from other origins, the cookie is ignored.
func ExampleFromCookie_webSocket() {
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
	guard, err := jwtexp.NewMiddleware(verifier,
		jwtexp.WithTokenFrom(jwtexp.FromCookie("__Host-token", "https://app.example")))
	if err != nil {
		log.Fatal(err)
	}
	socket := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusSwitchingProtocols) // a WebSocket library does this
	}))

	token, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, origin := range []string{"https://api.example", "https://app.example", "https://evil.example"} {
		r := httptest.NewRequest("GET", "https://api.example/socket", nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Origin", origin) // set by the browser
		r.AddCookie(&http.Cookie{Name: "__Host-token", Value: token.Raw()})
		w := httptest.NewRecorder()
		socket.ServeHTTP(w, r)
		fmt.Println(origin, w.Code)
	}
	// Output:
	// https://api.example 101
	// https://app.example 101
	// https://evil.example 401
}

// A script in a browser cannot set headers of a WebSocket handshake, except for the subprotocols.
// So the client sends the token as a subprotocol. The server must select another one, because the
// response contains the selected subprotocol.
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
		return found, nil // "" means jwtexp.ErrMissing
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
