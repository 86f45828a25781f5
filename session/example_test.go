package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

// newSecret returns a secret. A service reads it from where it keeps secrets.
func newSecret() []byte { return []byte("32 random bytes, from openssl rand") }

// newSessions returns a Manager whose access tokens live for ten minutes.
func newSessions(clock jwtexp.Clock, policy session.Policy, opts ...session.Option) *session.Manager {
	return newSessionsIn(session.NewMemory(), clock, policy, opts...)
}

func newSessionsIn(store session.Store, clock jwtexp.Clock, policy session.Policy, opts ...session.Option) *session.Manager {
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, newSecret())
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 10*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(store, issuer, newSecret(), policy, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return sessions
}

// A login starts a session, and the handlers of the package refresh and end it.
func Example() {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)) // jwtexp.SystemClock() in a service
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, newSecret())
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 10*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.NewMemory(), issuer, newSecret(), session.Policy{
		Lifetime: 90 * 24 * time.Hour,
		Idle:     14 * 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Check the password here.
		tokens, err := sessions.Start(r.Context(), "alice", nil, session.WithLabel(r.UserAgent()))
		if err != nil {
			session.RespondError(w, err)
			return
		}
		tokens.Respond(w)
	})
	mux.Handle("/token", sessions.TokenHandler())
	mux.Handle("/revoke", sessions.RevocationHandler())

	// A client logs in, refreshes after nine minutes, and logs out.
	var answer session.TokenResponse
	post := func(path string, form url.Values) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", path, nil)
		if form != nil {
			r = httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		mux.ServeHTTP(w, r)
		json.Unmarshal(w.Body.Bytes(), &answer)
		fmt.Println(path, w.Code)
	}
	post("/login", nil)
	first := answer.RefreshToken
	clock.Advance(9 * time.Minute)
	post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first}})
	fmt.Println("replaced:", answer.RefreshToken != first)
	post("/revoke", url.Values{"token": {answer.RefreshToken}})
	post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {answer.RefreshToken}})
	// Output:
	// /login 200
	// /token 200
	// replaced: true
	// /revoke 200
	// /token 400
}

// An account page lists the devices of a user, and logs them out.
func ExampleManager_EndAll() {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	sessions := newSessions(clock, session.Policy{Lifetime: 24 * time.Hour})
	ctx := context.Background()
	var this *session.Tokens // the session of the page
	var err error
	for _, device := range []string{"phone", "tablet", "laptop"} {
		if this, err = sessions.Start(ctx, "alice", nil, session.WithLabel(device)); err != nil {
			log.Fatal(err)
		}
		clock.Advance(time.Hour)
	}

	// In a handler behind the middleware, the access token says which session this is.
	token := this.Access()
	devices, err := sessions.List(ctx, token.Subject())
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range devices {
		fmt.Println(s.Label, s.Started.Format(time.TimeOnly), s.ID == token.SessionID())
	}
	ended, err := sessions.EndSession(ctx, token.Subject(), devices[2].ID)
	fmt.Println("that device:", ended, err)
	n, err := sessions.EndAll(ctx, token.Subject(), token.SessionID())
	fmt.Println("everywhere else:", n, err)
	n, err = sessions.EndAll(ctx, token.Subject())
	fmt.Println("everywhere:", n, err)
	// Output:
	// laptop 14:00:00 true
	// tablet 13:00:00 false
	// phone 12:00:00 false
	// that device: true <nil>
	// everywhere else: 1 <nil>
	// everywhere: 1 <nil>
}

// Roles are read at each refresh, and a change of the password ends every session, also one whose
// login was checked before the change.
func ExampleWithClaims() {
	type user struct {
		Role    string
		Version int // of the password
	}
	users := map[string]user{"alice": {"editor", 1}} // a database in a service
	type login struct {
		Version int `json:"version"`
	}
	type claims struct {
		Role string `json:"role"`
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	sessions := newSessions(clock, session.Policy{Lifetime: 24 * time.Hour},
		session.WithClaims(func(_ context.Context, s session.Info) (any, error) {
			var at login
			if err := json.Unmarshal(s.Claims, &at); err != nil {
				return nil, err
			}
			u, ok := users[s.Subject]
			if !ok || u.Version != at.Version {
				return nil, session.ErrEnd
			}
			return claims{u.Role}, nil
		}))
	ctx := context.Background()
	tokens, err := sessions.Start(ctx, "alice", login{users["alice"].Version})
	if err != nil {
		log.Fatal(err)
	}
	var got claims
	users["alice"] = user{"admin", 1}
	if tokens, err = sessions.Refresh(ctx, tokens.Refresh()); err == nil {
		err = tokens.Access().Claims(&got)
	}
	fmt.Println(got.Role, err)
	users["alice"] = user{"admin", 2} // a new password
	_, err = sessions.Refresh(ctx, tokens.Refresh())
	fmt.Println("ended:", errors.Is(err, jwtexp.ErrInvalid))
	// Output:
	// admin <nil>
	// ended: true
}

// A handler of one's own adds a member to the answer. An answer without a refresh token has no
// refresh_token: the client keeps the one that it has.
func ExampleTokens_Response() {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	sessions := newSessions(clock, session.Policy{Lifetime: 24 * time.Hour})
	refresh := func(w http.ResponseWriter, r *http.Request) {
		refreshToken := r.PostFormValue("refresh_token")
		if refreshToken == "" { // not invalid_grant, after which a client forgets its refresh token
			http.Error(w, `{"error":"invalid_request"}`, http.StatusBadRequest)
			return
		}
		tokens, err := sessions.Refresh(r.Context(), refreshToken)
		if err != nil {
			session.RespondError(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(struct {
			session.TokenResponse
			Name string `json:"name"`
		}{tokens.Response(), tokens.Session().Subject})
	}

	tokens, err := sessions.Start(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	send := func() {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/refresh", strings.NewReader(url.Values{"refresh_token": {tokens.Refresh()}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		refresh(w, r)
		var answer map[string]any
		json.Unmarshal(w.Body.Bytes(), &answer)
		fmt.Println(w.Code, answer["name"], answer["refresh_token"] != nil)
	}
	clock.Advance(time.Minute)
	send()
	clock.Advance(40 * time.Second) // the client has the answer by now, but an old tab asks again
	send()
	// Output:
	// 200 alice true
	// 200 alice false
}

// A test of idle expiry moves the clock, and does not sleep.
func ExamplePolicy() {
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	sessions := newSessions(clock, session.Policy{Lifetime: 24 * time.Hour, Idle: time.Hour})
	tokens, err := sessions.Start(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	clock.Advance(time.Hour)
	_, err = sessions.Refresh(context.Background(), tokens.Refresh())
	fmt.Println(errors.Is(err, jwtexp.ErrExpired))
	// Output: true
}
