package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/keyring"
)

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

// If the directory is broken, the server keeps its keys and logs one error. It loads the
// repaired directory.
func TestBrokenDirectory(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir, id string)
		want   string
	}{
		{"broken PEM", func(t *testing.T, dir, id string) { put(t, dir, pemFile(id), "-----BEGIN PRIVATE KEY-----\nAAAA\n") }, "PEM"},
		{"empty PEM", func(t *testing.T, dir, id string) { put(t, dir, pemFile(id), "") }, "PEM"},
		{"missing PEM", func(t *testing.T, dir, id string) { remove(t, dir, pemFile(id)) }, "restore it, or revoke the key"},
		{"truncated entries", func(t *testing.T, dir, id string) {
			text := get(t, dir, entriesFile)
			put(t, dir, entriesFile, text[:len(text)/2])
		}, "cannot parse entries.json"},
		{"empty entries", func(t *testing.T, dir, id string) { put(t, dir, entriesFile, "{}") }, "no entries"},
		{"entries without a generation", func(t *testing.T, dir, id string) {
			text := get(t, dir, entriesFile)
			put(t, dir, entriesFile, strings.Replace(text, `"generation": 1`, `"generation": 0`, 1))
		}, "no generation"},
		{"missing entries", func(t *testing.T, dir, id string) { remove(t, dir, entriesFile) }, "entries.json is missing"},
		{"key with access for all", func(t *testing.T, dir, id string) { chmod(t, dir, pemFile(id), 0o604) }, "mode 0604"},
		{"entries with access for all", func(t *testing.T, dir, id string) { chmod(t, dir, entriesFile, 0o602) }, "mode 0602"},
		{"no directory", func(t *testing.T, dir, id string) { remove(t, dir, "") }, "no such file"},
		{"ID with a path", func(t *testing.T, dir, id string) {
			outside := t.TempDir()
			put(t, outside, "x.pem", get(t, dir, pemFile(id)))
			rel, err := filepath.Rel(dir, outside)
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, entriesFile, strings.ReplaceAll(get(t, dir, entriesFile), id, rel+"/x"))
		}, "restore it"},
		{"link out of the directory", func(t *testing.T, dir, id string) {
			outside := t.TempDir()
			put(t, outside, "x.pem", get(t, dir, pemFile(id)))
			remove(t, dir, pemFile(id))
			link(t, filepath.Join(outside, "x.pem"), filepath.Join(dir, pemFile(id)))
		}, "escapes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			id := mustRotate(t, dir, epoch)
			server := newInstance(t, dir)
			server.reload()
			token := server.token()
			good := map[string]string{pemFile(id): get(t, dir, pemFile(id)), entriesFile: get(t, dir, entriesFile)}

			tt.damage(t, dir, id)
			err := server.reloader.reload()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
			for range 3 {
				server.reload()
			}
			if got := strings.Count(server.log.String(), "level=ERROR"); got != 1 {
				t.Errorf("got %d errors in the log, want 1:\n%s", got, &server.log)
			}
			for path, token := range map[string]string{"/token": "", "/whoami": token} {
				if status, body := server.get(path, token); status != http.StatusOK {
					t.Errorf("GET %s: got %d %s, want 200", path, status, body)
				}
			}

			remove(t, dir, "")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for name, text := range good {
				put(t, dir, name, text)
			}
			next := mustRotate(t, dir, epoch)
			server.reload()
			server.clock.Advance(schedule.Propagation)
			if _, body := server.get("/whoami", server.token()); !strings.Contains(body, next) {
				t.Errorf("after the repair: got %s, want the key %s", body, next)
			}
		})
	}
}

func chmod(t *testing.T, dir, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
		t.Fatal(err)
	}
}

// Other files in the directory are ignored, and an unchanged directory is loaded once.
func TestOtherFiles(t *testing.T) {
	dir := t.TempDir()
	mustRotate(t, dir, epoch)
	put(t, dir, "leftover.pem.partial", "x")
	put(t, dir, "another.pem", "x")
	server := newInstance(t, dir)
	for range 3 {
		server.reload()
	}
	if got := strings.Count(server.log.String(), "loaded the keys"); got != 1 {
		t.Errorf("got %d loads, want 1:\n%s", got, &server.log)
	}
	server.token()
}

// Kubernetes mounts a secret as links to files behind a version link. An update replaces the
// version link first, and adds the links to new files later.
func TestMountedSecret(t *testing.T) {
	source, mount := t.TempDir(), t.TempDir()
	swap := func(version string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(mount, version), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range names(t, source) {
			put(t, filepath.Join(mount, version), name, get(t, source, name))
		}
		link(t, version, filepath.Join(mount, "..data_tmp"))
		if err := os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, versionLink)); err != nil {
			t.Fatal(err)
		}
	}
	first := mustRotate(t, source, epoch)
	swap("..2026_01_02_12_00_00.1")
	for _, name := range names(t, source) {
		link(t, filepath.Join(versionLink, name), filepath.Join(mount, name))
	}
	server := newInstance(t, mount)
	server.reload()
	if status, body := server.get("/whoami", server.token()); status != http.StatusOK || !strings.Contains(body, first) {
		t.Errorf("got %d %s, want 200 and the key %s", status, body, first)
	}

	second := mustRotate(t, source, epoch)
	server.reload() // the mount has not changed yet
	swap("..2026_01_02_12_00_30.2")
	remove(t, mount, "..2026_01_02_12_00_00.1")
	server.reload()
	server.clock.Advance(schedule.Propagation)
	if status, body := server.get("/whoami", server.token()); status != http.StatusOK || !strings.Contains(body, second) {
		t.Errorf("got %d %s, want 200 and the key %s", status, body, second)
	}
	if got := strings.Count(server.log.String(), "loaded the keys"); got != 2 {
		t.Errorf("got %d loads, want 2:\n%s", got, &server.log)
	}
}

// entries.json is the JSON of a keyring.State.
func TestEntriesFile(t *testing.T) {
	dir := t.TempDir()
	id := mustRotate(t, dir, epoch)
	var state keyring.State
	if err := json.Unmarshal([]byte(get(t, dir, entriesFile)), &state); err != nil {
		t.Fatal(err)
	}
	if len(state.Entries) != 1 || state.Entries[0].ID != id || !state.Entries[0].SignFrom.Equal(epoch) || state.Generation != 1 {
		t.Errorf("got %+v, want generation 1, with %s signing from %v", state, id, epoch)
	}
}
