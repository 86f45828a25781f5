package jwtexp_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A WebSocket that the site's own pages and one other may open with the cookie. A page of
// any other origin counts as a visitor without a token.
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
		w.WriteHeader(http.StatusSwitchingProtocols) // here a WebSocket library takes over
	}))

	token, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, origin := range []string{"https://api.example", "https://app.example", "https://evil.example"} {
		r := httptest.NewRequest("GET", "https://api.example/socket", nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Origin", origin) // the browser says from where
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
