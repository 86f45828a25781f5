package main

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jwtexp/jwtexp/keyring"
)

// Concurrent rotations and revocations all take effect, and every listed key has its file.
func TestConcurrentRotateAndRevoke(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		leaked := mustRotate(t, dir, epoch)
		next := mustRotate(t, dir, epoch)
		server := newInstance(t, dir)
		server.reload()
		stolen := server.token()

		var wg sync.WaitGroup
		rotated := make([]string, 3)
		for i := range rotated {
			wg.Go(func() {
				id, err := rotate(dir, epoch)
				if err != nil {
					t.Errorf("rotate: got %v, want nil", err)
				}
				rotated[i] = id
			})
		}
		wg.Go(func() {
			if err := revoke(dir, leaked, epoch); err != nil {
				t.Errorf("revoke: got %v, want nil", err)
			}
		})
		wg.Wait()

		server.reload()
		if status, body := server.get("/whoami", stolen); status != http.StatusUnauthorized {
			t.Fatalf("the leaked key's token: got %d %s, want 401", status, body)
		}
		if status, body := server.get("/whoami", server.token()); status != http.StatusOK || strings.Contains(body, leaked) {
			t.Fatalf("got %d %s, want 200 and not the key %s", status, body, leaked)
		}
		want := append([]string{next}, rotated...)
		var got []string
		for _, e := range server.ring.State().Entries {
			if e.Revoked.IsZero() {
				got = append(got, e.ID)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got keys %v, want %v", got, want)
		}
	}
}

// A revocation reads only entries.json, not even the file of the revoked key.
func TestRevokeNeedsNoKeys(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir, leaked, other string){
		"the key is missing":             func(t *testing.T, dir, leaked, other string) { remove(t, dir, pemFile(leaked)) },
		"another key is missing":         func(t *testing.T, dir, leaked, other string) { remove(t, dir, pemFile(other)) },
		"another key is broken":          func(t *testing.T, dir, leaked, other string) { put(t, dir, pemFile(other), "broken") },
		"all users can read another key": func(t *testing.T, dir, leaked, other string) { chmod(t, dir, pemFile(other), 0o644) },
		"the key is a broken link": func(t *testing.T, dir, leaked, other string) {
			remove(t, dir, pemFile(leaked))
			link(t, "/nowhere", dir+"/"+pemFile(leaked))
		},
		"no damage": func(*testing.T, string, string, string) {},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			leaked, other := mustRotate(t, dir, epoch), mustRotate(t, dir, epoch)
			server := newInstance(t, dir)
			server.reload()
			stolen := server.token()
			damage(t, dir, leaked, other)
			if err := revoke(dir, leaked, epoch); err != nil {
				t.Fatalf("revoke: got %v, want nil", err)
			}
			server.reloader.reload() // may fail because of the other key
			if status, body := server.get("/whoami", stolen); status != http.StatusUnauthorized {
				t.Errorf("the leaked key's token: got %d %s, want 401", status, body)
			}
			if status, body := server.get("/whoami", server.token()); status != http.StatusOK || !strings.Contains(body, other) {
				t.Errorf("got %d %s, want a token of %s", status, body, other)
			}
		})
	}
}

// A change that did not take the lock is not overwritten.
func TestChangeWithoutLock(t *testing.T) {
	dir := t.TempDir()
	mustRotate(t, dir, epoch)
	err := change(dir, func(_ *os.Root, ring *keyring.Ring, files map[string]file) error {
		if err := load(ring, files); err != nil {
			return err
		}
		put(t, dir, entriesFile, "edited")
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "another program changed entries.json: run the command again") {
		t.Errorf("got %v, want an error about the other program", err)
	}
	if got := get(t, dir, entriesFile); got != "edited" {
		t.Errorf("got %q, want the edited text", got)
	}
}

// A server does not load an older state, in which a revoked key could still be valid.
func TestOlderStateIsNotLoaded(t *testing.T) {
	dir := t.TempDir()
	leaked := mustRotate(t, dir, epoch)
	mustRotate(t, dir, epoch)
	backup := map[string]string{entriesFile: get(t, dir, entriesFile), pemFile(leaked): get(t, dir, pemFile(leaked))}
	server := newInstance(t, dir)
	server.reload()
	stolen := server.token()
	if err := revoke(dir, leaked, epoch); err != nil {
		t.Fatal(err)
	}
	server.reload()
	for name, text := range backup {
		put(t, dir, name, text)
	}
	if err := server.reloader.reload(); err == nil || !strings.Contains(err.Error(), "older") {
		t.Errorf("got %v, want an error about the older state", err)
	}
	if status, body := server.get("/whoami", stolen); status != http.StatusUnauthorized {
		t.Errorf("the leaked key's token: got %d %s, want 401", status, body)
	}
}
