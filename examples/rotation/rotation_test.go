package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

var epoch = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// An instance is a server like the one of main, except that the test calls load.
type instance struct {
	t       *testing.T
	clock   *jwtexptest.Clock
	rotator *keyring.Rotator
	handler http.Handler
}

func newInstance(t *testing.T, dir string) *instance {
	t.Helper()
	i := &instance{t: t, clock: jwtexptest.NewClock(epoch)}
	ring, rotator, err := newRotator(dir, 0, i.clock, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	i.rotator = rotator
	if i.handler, err = newServer(ring, i.clock, []string{"example.com"}); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *instance) load() {
	i.t.Helper()
	if err := i.rotator.Check(i.t.Context()); err != nil {
		i.t.Fatal(err)
	}
}

func (i *instance) get(path, token string) (status int, body string) {
	r := httptest.NewRequest("GET", path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func (i *instance) token() string {
	i.t.Helper()
	status, token := i.get("/token", "")
	if status != http.StatusOK {
		i.t.Fatalf("got %d %s, want a token", status, token)
	}
	return token
}

func mustRotate(t *testing.T, dir string, now time.Time) (id string) {
	t.Helper()
	operator := newInstance(t, dir)
	operator.clock.Set(now)
	id, err := operator.rotator.Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Two instances load the keys at different times. During a rotation, both accept every valid token.
func TestRotationRejectsNoValidToken(t *testing.T) {
	dir := t.TempDir()
	first := mustRotate(t, dir, epoch)
	a, b := newInstance(t, dir), newInstance(t, dir)
	a.load()
	b.load()

	type issued struct {
		token string
		until time.Time
	}
	var tokens []issued
	signers := make(map[string]bool)
	second := ""
	for tick := range 40 {
		now := epoch.Add(time.Duration(tick) * 3 * time.Second)
		a.clock.Set(now)
		b.clock.Set(now)
		if tick == 10 {
			second = mustRotate(t, dir, now)
		}
		current := a
		if tick%2 == 1 {
			current = b
		}
		current.load()
		tokens = append(tokens, issued{current.token(), now.Add(schedule.Lifetime)})
		for _, token := range tokens {
			valid := now.Before(token.until)
			for _, instance := range []*instance{a, b} {
				status, body := instance.get("/whoami", token.token)
				switch {
				case valid && status == http.StatusOK:
					signers[strings.TrimPrefix(body, "alice, by the key ")] = true
				case valid || status != http.StatusUnauthorized || !strings.Contains(body, "Token expired"):
					t.Fatalf("tick %d: got %d %s, want 200 if the token is valid (%t), else 401 Token expired", tick, status, body, valid)
				}
			}
		}
	}
	if !signers[first] || !signers[second] || len(signers) != 2 {
		t.Errorf("got tokens signed by %v, want %s and %s", signers, first, second)
	}
}

// A web page that reaches the server by DNS rebinding gets no token.
func TestUnknownHost(t *testing.T) {
	dir := t.TempDir()
	mustRotate(t, dir, epoch)
	server := newInstance(t, dir)
	server.load()
	for host, want := range map[string]int{
		"localhost:8080": http.StatusOK, "127.0.0.1": http.StatusOK, "example.com": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "evil.example:8080": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest("GET", "/token", nil)
		r.Host = host
		w := httptest.NewRecorder()
		server.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("GET /token with Host %s: got %d, want %d", host, w.Code, want)
		}
	}
}

// No response may be cached, whatever conditions or ranges the request has.
func TestResponsesAreNotCached(t *testing.T) {
	dir := t.TempDir()
	mustRotate(t, dir, epoch)
	server := newInstance(t, dir)
	server.load()
	for header, value := range map[string]string{
		"Accept": "*/*", "If-Match": `"x"`, "If-None-Match": "*", "If-Range": `"x"`, "Range": "bytes=0-3",
		"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
	} {
		for path, want := range map[string]int{"/token": http.StatusOK, "/whoami": http.StatusUnauthorized} {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set(header, value)
			w := httptest.NewRecorder()
			server.handler.ServeHTTP(w, r)
			if got := w.Header().Get("Cache-Control"); w.Code != want || got != "no-store" {
				t.Errorf("GET %s with %s: got %d with Cache-Control %q, want %d with no-store", path, header, w.Code, got, want)
			}
		}
	}
}

// After a revocation the next key signs. Without one, the server has no token until rotate.
func TestRevoke(t *testing.T) {
	dir := t.TempDir()
	first := mustRotate(t, dir, epoch)
	server := newInstance(t, dir)
	server.load()
	token := server.token()
	second := mustRotate(t, dir, epoch)
	for _, tt := range []struct {
		id            string
		whoami, issue int
	}{
		{first, http.StatusUnauthorized, http.StatusOK},
		{second, http.StatusUnauthorized, http.StatusServiceUnavailable},
	} {
		if err := newInstance(t, dir).rotator.Revoke(t.Context(), tt.id); err != nil {
			t.Fatal(err)
		}
		server.load()
		if got, body := server.get("/whoami", token); got != tt.whoami {
			t.Errorf("GET /whoami: got %d %s, want %d", got, body, tt.whoami)
		}
		if got, body := server.get("/token", ""); got != tt.issue {
			t.Errorf("GET /token: got %d %s, want %d", got, body, tt.issue)
		}
	}
	third := mustRotate(t, dir, epoch)
	server.load()
	if _, body := server.get("/whoami", server.token()); !strings.Contains(body, third) {
		t.Errorf("got %s, want a token of %s without delay", body, third)
	}
}
