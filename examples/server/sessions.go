package main

import (
	"context"
	"net/http"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// policyFor returns the policy for tokens with a lifetime: with half an hour, a session ends after
// twelve hours, and after three hours without a refresh.
func policyFor(lifetime time.Duration) session.Policy {
	return session.Policy{Lifetime: times(24, lifetime), Idle: times(6, lifetime)}
}

// times returns n times d, but no more than 100 years, which is the longest session.
func times(n int, d time.Duration) time.Duration {
	const longest = 100 * 365 * 24 * time.Hour
	if d > longest/time.Duration(n) {
		return longest
	}
	return time.Duration(n) * d
}

// noteEvent adds what happened to a session to the log line of the request.
func noteEvent(ctx context.Context, e session.Event) {
	note(ctx, "session", string(e.Kind))
	if e.Err != nil {
		note(ctx, "error", e.Err.Error())
	}
}

// handleSessions adds the routes that refresh, show and end sessions.
func handleSessions(mux *http.ServeMux, sessions *session.Manager, guard *jwtexp.Middleware) {
	mux.Handle("/token", sessions.TokenHandler())
	mux.Handle("/revoke", sessions.RevocationHandler())
	mux.Handle("GET /session", guard.Handler(showSession(sessions, guard)))
	mux.Handle("/session", methodNotAllowed("GET, HEAD"))
	mux.Handle("POST /logout-everywhere", guard.Handler(endAll(sessions, guard)))
	mux.Handle("/logout-everywhere", methodNotAllowed("POST"))
}

// showSession answers with the session of the token, in Unix seconds, like iat and exp.
func showSession(sessions *session.Manager, guard *jwtexp.Middleware) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		note(r.Context(), "subject", token.Subject())
		all, err := sessions.List(r.Context(), token.Subject())
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		for _, s := range all {
			if s.ID == token.SessionID() {
				writeJSON(w, http.StatusOK, struct {
					Started int64   `json:"started"`
					Expires int64   `json:"expires"` // unless it is refreshed
					End     int64   `json:"end"`
					Grace   float64 `json:"grace_seconds"`
				}{s.Started.Unix(), s.Expires.Unix(), s.End.Unix(), sessions.Policy().Grace.Seconds()})
				return
			}
		}
		writeError(w, http.StatusNotFound, "The session has ended")
	}
}

// endAll logs the user of the token out everywhere.
func endAll(sessions *session.Manager, guard *jwtexp.Middleware) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		note(r.Context(), "subject", token.Subject())
		ended, err := sessions.EndAll(r.Context(), token.Subject())
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, struct {
			Ended int `json:"ended"`
		}{ended})
	}
}
