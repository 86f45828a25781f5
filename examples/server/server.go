package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/hosts"
)

type config struct {
	clock      jwtexp.Clock
	secret     []byte
	lifetime   time.Duration
	logger     *slog.Logger
	timetravel bool     // tokens go by a clock that clients can advance
	hosts      []string // besides loopback, what clients may call the server
}

// claims are what this service's tokens say beside the registered claims.
type claims struct {
	UserID *int64 `json:"user_id"` // nil where it is absent or null
}

type user struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

var users = map[int64]user{
	1: {ID: 1, Name: "Alice"},
	2: {ID: 2, Name: "Bob"},
}

// newServer returns the service's handler.
//
// Its tokens name neither an issuer nor an audience, so that the key alone says
// whose they are. A service that shares its key with another one needs
// jwtexp.WithIssuer and jwtexp.WithAudience in both halves.
func newServer(c config) (http.Handler, error) {
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, c.secret)
	if err != nil {
		return nil, fmt.Errorf("JWTEXP_SECRET: %w", err)
	}
	clock := c.clock
	if c.timetravel {
		clock = &travelClock{from: c.clock}
	}
	withClock := jwtexp.WithClock(clock)
	issuer, err := jwtexp.NewIssuer(key, c.lifetime, withClock)
	if err != nil {
		return nil, err
	}
	// WithClaims refuses a mistyped user_id at the door, before any handler.
	verifier, err := jwtexp.NewVerifier(key, withClock, jwtexp.WithClaims[claims](nil))
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(refuse))
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("POST /login", login(issuer))
	mux.Handle("/login", allowOnly("POST"))
	mux.Handle("GET /resource", guard.Handler(http.HandlerFunc(resource)))
	mux.Handle("/resource", allowOnly("GET, HEAD"))
	handleClock(mux, clock)
	handlePage(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "Not found")
	})
	return logRequests(onlyHosts(c.hosts, mux), c.clock, c.logger), nil
}

// onlyHosts rejects requests whose Host header is neither a loopback name nor one of names. A
// web page could send them by DNS rebinding. A service whose users log in does not need this.
func onlyHosts(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Serves(r.Host, names) {
			fail(w, http.StatusMisdirectedRequest, "Unknown host: the demo answers to localhost, the host of -addr, and the names of -hosts")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// login issues a token for the user_id that it is sent.
//
// THERE IS NO PASSWORD. Every client that sends a number gets a token for that user. A
// service of your own checks here, before it issues anything, who is asking.
func login(issuer *jwtexp.Issuer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		userID, fault := readLogin(w, r)
		if fault != nil {
			fail(w, fault.status, fault.text)
			return
		}
		subject := strconv.FormatInt(userID, 10)
		token, err := issuer.Issue(r.Context(), subject, claims{UserID: &userID})
		if err != nil { // the clock is broken: with a key in memory nothing else can fail
			note(r, "error", err.Error())
			fail(w, http.StatusServiceUnavailable, "Temporarily unavailable")
			return
		}
		note(r, "subject", subject)
		answer(w, http.StatusOK, struct {
			Token string `json:"token"`
		}{token.Raw()})
	}
}

// resource answers with the user that the token is about.
func resource(w http.ResponseWriter, r *http.Request) {
	token, _ := jwtexp.FromContext(r.Context()) // without the guard in front, the next line panics
	note(r, "subject", token.Subject())

	var own claims
	if err := token.Claims(&own); err != nil || own.UserID == nil {
		fail(w, http.StatusNotFound, "User not found")
		return
	}
	found, ok := users[*own.UserID]
	if !ok {
		fail(w, http.StatusNotFound, "User not found")
		return
	}
	answer(w, http.StatusOK, struct {
		User user `json:"user"`
	}{found})
}

// refuse answers as the tutorial did that this server comes from: no token is a
// 400, and called invalid too. A service of your own can do without it, and
// answers what the README of jwtexp has in a table.
//
// Challenge and cache headers are set already. An expired token, and an outage,
// get the guard's own answer, because nothing is written for them here.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	note(r, "reason", reason(err))
	switch {
	case errors.Is(err, jwtexp.ErrMissing):
		fail(w, http.StatusBadRequest, "Invalid token")
	case errors.Is(err, jwtexp.ErrInvalid):
		fail(w, jwtexp.StatusCode(err), "Invalid token")
	}
}

// allowOnly answers the methods that a path does not have.
func allowOnly(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", methods)
		fail(w, http.StatusMethodNotAllowed, "Method not allowed")
	}
}

func fail(w http.ResponseWriter, status int, text string) {
	answer(w, status, struct {
		Error string `json:"error"`
	}{text})
}

// answer writes every JSON answer. None is for a cache: it holds a token, or
// depends on one.
func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // a type of ours that is no JSON
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(text)
}
