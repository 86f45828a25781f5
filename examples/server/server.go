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
	"github.com/jwtexp/jwtexp/session"
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

// A server is the handler of the service. Close ends its goroutine.
type server struct {
	http.Handler
	watcher *session.Watcher
}

func (s *server) Close() { s.watcher.Close() }

// newServer returns the service.
//
// Its tokens have neither an issuer nor an audience, so every token of this key is accepted. If
// two services share a key, use jwtexp.WithIssuer and jwtexp.WithAudience for the Issuer and the
// Verifier.
func newServer(c config) (_ *server, err error) {
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, c.secret)
	if err != nil {
		return nil, fmt.Errorf("JWTEXP_SECRET: %w", err)
	}
	clock := c.clock
	if c.timetravel {
		clock = &travelClock{base: c.clock}
	}
	issuer, err := jwtexp.NewIssuer(key, c.lifetime, jwtexp.WithClock(clock))
	if err != nil {
		return nil, err
	}
	store := session.NewMemory()
	watcher, err := session.NewWatcher(store, session.WithClock(clock))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			watcher.Close()
		}
	}()
	// WithClaims makes a token invalid if its user_id has the wrong type. WithRevoked makes it
	// invalid when its session ends.
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock), jwtexp.WithClaims[claims](nil), jwtexp.WithRevoked(watcher.Revoked))
	if err != nil {
		return nil, err
	}
	sessions, err := session.New(store, issuer, c.secret, policyFor(c.lifetime), session.WithWatcher(watcher), session.WithObserver(noteEvent))
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(reject))
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("POST /login", login(sessions))
	mux.Handle("/login", methodNotAllowed("POST"))
	mux.Handle("GET /resource", guard.Handler(http.HandlerFunc(resource)))
	mux.Handle("/resource", methodNotAllowed("GET, HEAD"))
	handleSessions(mux, sessions, guard)
	handleClock(mux, clock)
	handlePage(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "Not found")
	})
	return &server{logRequests(onlyHosts(c.hosts, mux), c.clock, c.logger), watcher}, nil
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

// login starts a session for the user_id in the request.
//
// THERE IS NO PASSWORD. Every client that sends a number is logged in as that user. Your own
// service must authenticate the user here, before it starts a session.
func login(sessions *session.Manager) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		userID, fault := readLogin(w, r)
		if fault != nil {
			writeError(w, fault.status, fault.text)
			return
		}
		subject := strconv.FormatInt(userID, 10)
		tokens, err := sessions.Start(r.Context(), subject, claims{UserID: &userID})
		if err != nil { // the clock is broken; nothing else fails with a key and a store in memory
			writeError(w, http.StatusServiceUnavailable, "Temporarily unavailable")
			return
		}
		note(r.Context(), "subject", subject)
		writeJSON(w, http.StatusOK, struct {
			Token        string `json:"token"`
			RefreshToken string `json:"refresh_token"`
		}{tokens.Access().Raw(), tokens.Refresh()})
	}
}

// resource answers with the token's user.
func resource(w http.ResponseWriter, r *http.Request) {
	token, _ := jwtexp.FromContext(r.Context()) // without the guard, the next line panics
	note(r.Context(), "subject", token.Subject())

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
	note(r.Context(), "reason", reason(err))
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
