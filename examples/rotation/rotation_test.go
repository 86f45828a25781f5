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

// An instance is a server as main makes it, whose test says when it looks.
type instance struct {
	t       *testing.T
	clock   *jwtexptest.Clock
	ring    *keyring.Ring
	keys    *reloader
	log     bytes.Buffer
	handler http.Handler
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
	i.keys = &reloader{dir: dir, ring: i.ring, logger: slog.New(slog.NewTextHandler(&i.log, nil))}
	return i
}

func (i *instance) look() {
	i.t.Helper()
	if err := i.keys.look(); err != nil {
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

// Two instances that look at different times, a rotation, and no good token refused.
func TestNoGoodTokenIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := mustRotate(t, dir, epoch)
	a, b := newInstance(t, dir), newInstance(t, dir)
	a.look()
	b.look()

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
		looks := a
		if tick%2 == 1 {
			looks = b
		}
		looks.look()
		tokens = append(tokens, issued{looks.token(), now.Add(schedule.Lifetime)})
		for _, token := range tokens {
			good := now.Before(token.until)
			for _, instance := range []*instance{a, b} {
				status, body := instance.get("/whoami", token.token)
				switch {
				case good && status == http.StatusOK:
					signers[strings.TrimPrefix(body, "alice, by the key ")] = true
				case good || status != http.StatusUnauthorized || !strings.Contains(body, "Token expired"):
					t.Fatalf("tick %d: got %d %s, want the token good: %t, and else expired", tick, status, body, good)
				}
			}
		}
	}
	if !signers[first] || !signers[second] || len(signers) != 2 {
		t.Errorf("got tokens of %v, want of %s and %s", signers, first, second)
	}
}

// A page that reaches this machine by a name of its own (DNS rebinding) gets no token.
func TestOnlyKnownHosts(t *testing.T) {
	dir := t.TempDir()
	mustRotate(t, dir, epoch)
	server := newInstance(t, dir)
	server.look()
	for host, want := range map[string]int{
		"localhost:8080": http.StatusOK, "127.0.0.1": http.StatusOK, "example.com": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "evil.example:8080": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest("GET", "/token", nil)
		r.Host = host
		w := httptest.NewRecorder()
		server.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("GET /token of %s: got %d, want %d", host, w.Code, want)
		}
	}
}

// A cache may keep no token, whatever the request's conditions are.
func TestNoTokenMayBeKept(t *testing.T) {
	dir := t.TempDir()
	mustRotate(t, dir, epoch)
	server := newInstance(t, dir)
	server.look()
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
	server.look()
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
		server.look()
		if got, body := server.get("/whoami", token); got != tt.whoami {
			t.Errorf("GET /whoami: got %d %s, want %d", got, body, tt.whoami)
		}
		if got, body := server.get("/token", ""); got != tt.issue {
			t.Errorf("GET /token: got %d %s, want %d", got, body, tt.issue)
		}
	}
	if got, want := names(t, dir), []string{entriesFile, "own.pem"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: the ring's keys removed, and no other file", got, want)
	}
	third := mustRotate(t, dir, epoch)
	server.look()
	if _, body := server.get("/whoami", server.token()); !strings.Contains(body, third) {
		t.Errorf("got %s, want a token of %s at once", body, third)
	}
	if err := revoke(dir, "unknown", epoch); err == nil {
		t.Error("got no error for a key that is not there, want one")
	}
}

func TestFilesAreKeptFromOthersAndGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "keys")
	now := epoch
	for range 4 {
		mustRotate(t, dir, now)
		now = now.Add(24 * time.Hour)
	}
	got := names(t, dir)
	if len(got) != 3 { // the one that signs and the next
		t.Errorf("got %v, want %s and two keys", got, entriesFile)
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

func TestChangesRefuse(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"keys without entries": {func(t *testing.T, dir string) { remove(t, dir, entriesFile) }, "no entries.json: restore it, or"},
		"broken entries":       {func(t *testing.T, dir string) { put(t, dir, entriesFile, "[") }, "entries.json is broken"},
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
					t.Errorf("%s: got %v, want %q in an error", command, err, tt.want)
				}
			}
			if after := names(t, dir); !slices.Equal(before, after) {
				t.Errorf("got files %v, want %v as before", after, before)
			}
		})
	}
}
