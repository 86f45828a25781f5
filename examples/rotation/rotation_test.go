package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

var epoch = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// An instance is a server like the one of main, except that the test calls reload.
type instance struct {
	t        *testing.T
	clock    *jwtexptest.Clock
	ring     *keyring.Ring
	reloader *reloader
	log      bytes.Buffer
	handler  http.Handler
}

func newInstance(t *testing.T, dir string) *instance {
	t.Helper()
	i := &instance{t: t, clock: jwtexptest.NewClock(epoch)}
	var err error
	if i.ring, err = keyring.New(schedule); err != nil {
		t.Fatal(err)
	}
	if i.handler, err = newServer(i.ring, i.clock, []string{"example.com"}); err != nil {
		t.Fatal(err)
	}
	i.reloader = &reloader{dir: dir, ring: i.ring, logger: slog.New(slog.NewTextHandler(&i.log, nil))}
	return i
}

func (i *instance) reload() {
	i.t.Helper()
	if err := i.reloader.reload(); err != nil {
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
	id, err := rotate(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Two instances reload at different times. During a rotation, both accept every valid token.
func TestRotationRejectsNoValidToken(t *testing.T) {
	dir := t.TempDir()
	first := mustRotate(t, dir, epoch)
	a, b := newInstance(t, dir), newInstance(t, dir)
	a.reload()
	b.reload()

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
		current.reload()
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
	server.reload()
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
	server.reload()
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

func TestRevoke(t *testing.T) {
	dir := t.TempDir()
	first := mustRotate(t, dir, epoch)
	put(t, dir, "own.pem", "x")
	server := newInstance(t, dir)
	server.reload()
	token := server.token()
	second := mustRotate(t, dir, epoch)
	for _, tt := range []struct {
		id            string
		whoami, issue int
	}{
		{first, http.StatusUnauthorized, http.StatusOK},
		{second, http.StatusUnauthorized, http.StatusServiceUnavailable},
	} {
		if err := revoke(dir, tt.id, epoch); err != nil {
			t.Fatal(err)
		}
		server.reload()
		if got, body := server.get("/whoami", token); got != tt.whoami {
			t.Errorf("GET /whoami: got %d %s, want %d", got, body, tt.whoami)
		}
		if got, body := server.get("/token", ""); got != tt.issue {
			t.Errorf("GET /token: got %d %s, want %d", got, body, tt.issue)
		}
	}
	if got, want := names(t, dir), []string{entriesFile, "own.pem"}; !slices.Equal(got, want) {
		t.Errorf("got files %v, want %v (rotation removes only its own keys)", got, want)
	}
	third := mustRotate(t, dir, epoch)
	server.reload()
	if _, body := server.get("/whoami", server.token()); !strings.Contains(body, third) {
		t.Errorf("got %s, want a token of %s without delay", body, third)
	}
	if err := revoke(dir, "unknown", epoch); err == nil {
		t.Error("revoke of an unknown key: got nil, want an error")
	}
}

func TestUnneededFilesAreRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "keys")
	now := epoch
	for range 4 {
		mustRotate(t, dir, now)
		now = now.Add(24 * time.Hour)
	}
	got := names(t, dir)
	if len(got) != 3 {
		t.Errorf("got %v, want %s, the key that signs and the next key", got, entriesFile)
	}
	for _, name := range got {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", name, info.Mode())
		}
	}
}

func TestRotateAndRevokeErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"keys without entries": {func(t *testing.T, dir string) { remove(t, dir, entriesFile) }, "no entries.json: restore entries.json, or"},
		"broken entries":       {func(t *testing.T, dir string) { put(t, dir, entriesFile, "[") }, "cannot parse entries.json"},
		"mounted":              {func(t *testing.T, dir string) { link(t, "..1", filepath.Join(dir, versionLink)) }, "mounted"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			id := mustRotate(t, dir, epoch)
			tt.prepare(t, dir)
			before := names(t, dir)
			_, err := rotate(dir, epoch)
			for command, err := range map[string]error{"rotate": err, "revoke": revoke(dir, id, epoch)} {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: got error %v, want one with %q", command, err, tt.want)
				}
			}
			if after := names(t, dir); !slices.Equal(before, after) {
				t.Errorf("got files %v, want no change from %v", after, before)
			}
		})
	}
}
