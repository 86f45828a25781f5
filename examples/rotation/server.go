package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/hosts"
	"github.com/jwtexp/jwtexp/keyring"
)

// newServer returns the handler of the demo. GET /token returns a token for alice to every
// client. The handler answers only if the Host header is a loopback name or one of names, so
// that no web page can reach it by DNS rebinding.
func newServer(ring *keyring.Ring, clock jwtexp.Clock, names []string) (http.Handler, error) {
	options := jwtexp.Options(jwtexp.WithClock(clock), jwtexp.WithIssuer("rotation-demo"))
	issuer, err := jwtexp.NewIssuer(ring, schedule.Lifetime, options)
	if err != nil {
		return nil, err
	}
	verifier, err := jwtexp.NewVerifier(ring, options)
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		token, err := issuer.Issue(r.Context(), "alice", nil)
		switch {
		case errors.Is(err, jwtexp.ErrUnavailable): // the only key was revoked
			http.Error(w, "no key can sign: run rotate", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, "cannot issue a token", http.StatusInternalServerError)
		default:
			w.Header().Set("Cache-Control", "no-store")
			fmt.Fprintln(w, token.Raw())
		}
	})
	mux.Handle("GET /whoami", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		fmt.Fprintf(w, "%s, by the key %s\n", token.Subject(), token.KeyID())
	})))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Serves(r.Host, names) {
			http.Error(w, "unknown host: use localhost or the host of -addr, or pass the name in -hosts", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	}), nil
}
