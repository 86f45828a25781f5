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
	timetravel bool     // whether clients can move the clock ahead
	hosts      []string // host names to answer to, besides loopback names
}

// claims holds the tokens' claims besides the registered ones.
type claims struct {
	UserID *int64 `json:"user_id"` // nil if absent or null
}

type user struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

var users = map[int64]user{
	1: {ID: 1, Name: "Alice"},
	2: {ID: 2, Name: "Bob"},
}

// newServer returns the handler of the service.
//
// Its tokens have neither an issuer nor an audience, so every token of this key is accepted. If
// two services share a key, use jwtexp.WithIssuer and jwtexp.WithAudience for the Issuer and the
// Verifier.
func newServer(c config) (http.Handler, error) {
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, c.secret)
	if err != nil {
		return nil, fmt.Errorf("JWTEXP_SECRET: %w", err)
	}
	clock := c.clock
	if c.timetravel {
		clock = &travelClock{base: c.clock}
	}
	withClock := jwtexp.WithClock(clock)
	issuer, err := jwtexp.NewIssuer(key, c.lifetime, withClock)
	if err != nil {
		return nil, err
	}
	// WithClaims makes a token invalid if its user_id has the wrong type.
	verifier, err := jwtexp.NewVerifier(key, withClock, jwtexp.WithClaims[claims](nil))
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(reject))
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("POST /login", login(issuer))
	mux.Handle("/login", methodNotAllowed("POST"))
	mux.Handle("GET /resource", guard.Handler(http.HandlerFunc(resource)))
	mux.Handle("/resource", methodNotAllowed("GET, HEAD"))
	handleClock(mux, clock)
	handlePage(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "Not found")
	})
	return logRequests(onlyHosts(c.hosts, mux), c.clock, c.logger), nil
}

// onlyHosts rejects requests whose Host header is neither a loopback name nor one of names. A
// web page could send such requests by DNS rebinding. A service with passwords does not need it.
func onlyHosts(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Serves(r.Host, names) {
			writeError(w, http.StatusMisdirectedRequest, "Unknown host: use localhost or the host of -addr, or pass the name in -hosts")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// login issues a token for the user_id in the request.
//
// THERE IS NO PASSWORD. Every client that sends a number gets a token for that user. Your own
// service must authenticate the user here, before it issues a token.
func login(issuer *jwtexp.Issuer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		userID, fault := readLogin(w, r)
		if fault != nil {
			writeError(w, fault.status, fault.text)
			return
		}
		subject := strconv.FormatInt(userID, 10)
		token, err := issuer.Issue(r.Context(), subject, claims{UserID: &userID})
		if err != nil { // the clock is broken; nothing else fails with a key in memory
			note(r, "error", err.Error())
			writeError(w, http.StatusServiceUnavailable, "Temporarily unavailable")
			return
		}
		note(r, "subject", subject)
		writeJSON(w, http.StatusOK, struct {
			Token string `json:"token"`
		}{token.Raw()})
	}
}

// resource answers with the token's user.
func resource(w http.ResponseWriter, r *http.Request) {
	token, _ := jwtexp.FromContext(r.Context()) // without the guard, the next line panics
	note(r, "subject", token.Subject())

	var own claims
	if err := token.Claims(&own); err != nil || own.UserID == nil {
		writeError(w, http.StatusNotFound, "User not found")
		return
	}
	found, ok := users[*own.UserID]
	if !ok {
		writeError(w, http.StatusNotFound, "User not found")
		return
	}
	writeJSON(w, http.StatusOK, struct {
		User user `json:"user"`
	}{found})
}

// reject answers like the tutorial that this server comes from: 400 "Invalid token" for a
// request without a token. Your own service does not need it. Without an error handler,
// jwtexp.Middleware.Handler answers.
//
// The guard has set the challenge and cache headers. For an expired token or an outage, reject
// writes nothing, and the guard writes its own answer.
func reject(w http.ResponseWriter, r *http.Request, err error) {
	note(r, "reason", reason(err))
	switch {
	case errors.Is(err, jwtexp.ErrMissing):
		writeError(w, http.StatusBadRequest, "Invalid token")
	case errors.Is(err, jwtexp.ErrInvalid):
		writeError(w, jwtexp.StatusCode(err), "Invalid token")
	}
}

// methodNotAllowed answers 405. methods is the Allow header.
func methodNotAllowed(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", methods)
		writeError(w, http.StatusMethodNotAllowed, "Method not allowed")
	}
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{text})
}

// writeJSON writes a JSON response that no cache may store: it contains a token or depends on
// one.
func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // impossible for the types in this package
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(text)
}
