//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

const keysFile = "keys.json"

func put(t testing.TB, dir, name, text string) {
	t.Helper()
	noError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func get(t testing.TB, dir, name string) string {
	t.Helper()
	return string(must(os.ReadFile(filepath.Join(dir, name))))
}

func names(t testing.TB, dir string) (names []string) {
	t.Helper()
	for _, e := range must(os.ReadDir(dir)) {
		names = append(names, e.Name())
	}
	return names
}

func wantMode(t testing.TB, path string, want os.FileMode) {
	t.Helper()
	if got := must(os.Stat(path)).Mode().Perm(); got != want {
		t.Errorf("%s: got mode %v, want %v", filepath.Base(path), got, want)
	}
}

func TestDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "keys")
	testStore(t, keyring.Directory(path), func() keyring.Store { return keyring.Directory(path) })
	if got, want := names(t, path), []string{keysFile}; !slices.Equal(got, want) {
		t.Errorf("got files %q, want %q", got, want)
	}
	wantMode(t, path, 0o700)
	wantMode(t, filepath.Join(path, keysFile), 0o600)
}

func TestInstancesShareADirectory(t *testing.T) {
	for name, test := range map[string]func(*testing.T, func() keyring.Store){
		"fleet":              testFleet,
		"race":               func(t *testing.T, open func() keyring.Store) { testRace(t, 12, open) },
		"concurrent changes": testConcurrentChanges,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			test(t, func() keyring.Store { return keyring.Directory(path) })
		})
	}
}

// A broken directory takes no key from the ring and is not written to. After the repair, rotation
// goes on.
func TestBrokenDirectory(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"truncated": {func(t *testing.T, dir string) {
			text := get(t, dir, keysFile)
			put(t, dir, keysFile, text[:len(text)/2])
		}, "not JSON"},
		"empty":        {func(t *testing.T, dir string) { put(t, dir, keysFile, "") }, "not JSON"},
		"missing file": {func(t *testing.T, dir string) { noError(t, os.Remove(filepath.Join(dir, keysFile))) }, "the store is empty"},
		"no directory": {func(t *testing.T, dir string) { noError(t, os.RemoveAll(dir)) }, "the store is empty"},
		"file instead of the directory": {func(t *testing.T, dir string) {
			noError(t, os.RemoveAll(dir))
			put(t, filepath.Dir(dir), filepath.Base(dir), "x")
		}, "not a directory"},
		"all users can read":  {func(t *testing.T, dir string) { noError(t, os.Chmod(filepath.Join(dir, keysFile), 0o604)) }, "keys.json has mode 0604, which gives all users access; run chmod 600"},
		"all users can write": {func(t *testing.T, dir string) { noError(t, os.Chmod(filepath.Join(dir, keysFile), 0o602)) }, "mode 0602"},
		"directory instead of the file": {func(t *testing.T, dir string) {
			noError(t, os.Remove(filepath.Join(dir, keysFile)), os.Mkdir(filepath.Join(dir, keysFile), 0o700))
		}, "not a regular file"},
		"pipe instead of the file": {func(t *testing.T, dir string) {
			noError(t, os.Remove(filepath.Join(dir, keysFile)), syscall.Mkfifo(filepath.Join(dir, keysFile), 0o600))
		}, "not a regular file"},
		"link out of the directory": {func(t *testing.T, dir string) {
			put(t, filepath.Dir(dir), "outside.json", get(t, dir, keysFile))
			noError(t, os.Remove(filepath.Join(dir, keysFile)), os.Symlink("../outside.json", filepath.Join(dir, keysFile)))
		}, "escapes"},
		"broken link": {func(t *testing.T, dir string) {
			noError(t, os.Remove(filepath.Join(dir, keysFile)), os.Symlink("nowhere", filepath.Join(dir, keysFile)))
		}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			i := newInstance(t, keyring.Directory(dir), nightly)
			i.checkAt(epoch)
			good := get(t, dir, keysFile)

			tt.damage(t, dir)
			i.clock.Set(epochPlus(day))
			_, rotateErr := i.rotator.Rotate(t.Context())
			for what, err := range map[string]error{"Check": i.rotator.Check(t.Context()), "Rotate": rotateErr} {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: got %v, want an error with %q", what, err, tt.want)
				}
			}
			if got := i.verdictAt(i.issueAt(epochPlus(day)), epochPlus(day)); got != "good" {
				t.Errorf("got %s, want good", got)
			}

			noError(t, os.RemoveAll(dir), os.Mkdir(dir, 0o700))
			put(t, dir, keysFile, good)
			i.checkAt(epochPlus(day))
			if got := len(i.ring.State().Entries); got != 2 {
				t.Errorf("after the repair: got %d keys, want 2", got)
			}
		})
	}
}

// A group may read the file, as with a Kubernetes secret and fsGroup.
func TestGroupMayReadTheFile(t *testing.T) {
	dir := t.TempDir()
	newInstance(t, keyring.Directory(dir), nightly).checkAt(epoch)
	noError(t, os.Chmod(filepath.Join(dir, keysFile), 0o640))
	newInstance(t, keyring.Directory(dir), keyring.RotatorConfig{Algorithm: jwtexp.Ed25519}).checkAt(epoch)
}

// What a crash left is replaced, whatever its mode, and other files stay.
func TestLeftovers(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"file that all users can read": func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("partial"), 0o600), os.Chmod(path, 0o666))
		},
		"link to another file": func(path string) error { return os.Symlink("own.pem", path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "own.pem", "own")
			noError(t, leave(filepath.Join(dir, keysFile+".partial")))
			newInstance(t, keyring.Directory(dir), nightly).checkAt(epoch)
			if got, want := names(t, dir), []string{keysFile, "own.pem"}; !slices.Equal(got, want) {
				t.Errorf("got files %q, want %q", got, want)
			}
			wantMode(t, filepath.Join(dir, keysFile), 0o600)
			if got := get(t, dir, "own.pem"); got != "own" {
				t.Errorf("got %q in another file, want it unchanged", got)
			}
		})
	}
}

// Kubernetes mounts a secret as links to files behind a version link, and replaces the version
// link at each update.
func TestMountedSecret(t *testing.T) {
	source, mount := t.TempDir(), t.TempDir()
	version := 0
	update := func() {
		t.Helper()
		version++
		name := "..2026_01_02_" + strings.Repeat("1", version)
		noError(t, os.Mkdir(filepath.Join(mount, name), 0o700))
		put(t, filepath.Join(mount, name), keysFile, get(t, source, keysFile))
		noError(t, os.Symlink(name, filepath.Join(mount, "..data_tmp")),
			os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")))
	}
	writer := newInstance(t, keyring.Directory(source), nightly)
	writer.checkAt(epoch)
	update()
	noError(t, os.Symlink("..data/"+keysFile, filepath.Join(mount, keysFile)))

	reader := newInstance(t, keyring.Directory(mount), keyring.RotatorConfig{Algorithm: jwtexp.Ed25519})
	reader.checkAt(epoch)
	if got := writer.verdictAt(reader.issueAt(epoch), epoch); got != "good" {
		t.Errorf("got %s, want good", got)
	}
	writer.checkAt(epochPlus(day))
	update()
	reader.checkAt(epochPlus(day))
	if diff := slices.Compare(ids(must(reader.ring.VerificationKeys(t.Context(), "", epochPlus(day)))), ids(must(writer.ring.VerificationKeys(t.Context(), "", epochPlus(day))))); diff != 0 {
		t.Error("got other keys than the writer has, want the same")
	}

	_, rotateErr := reader.rotator.Rotate(t.Context())
	for what, err := range map[string]error{
		"Rotate": rotateErr,
		"Revoke": reader.rotator.Revoke(t.Context(), viewAt(reader.ring, epoch).Signs),
	} {
		if err == nil || !strings.Contains(err.Error(), "is a mounted Kubernetes secret, which is read-only; set Every to 0, and rotate and revoke in") {
			t.Errorf("%s: got %v, want an error that says what to do", what, err)
		}
	}
	if got, want := get(t, mount, keysFile), get(t, source, keysFile); got != want {
		t.Error("got another text in the mounted secret, want no change")
	}
}

// An ID is never a path.
func TestIDsAreNotPaths(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "keys")
	i := newInstance(t, keyring.Directory(dir), nightly)
	i.checkAt(epoch)
	const id = "../../outside"
	put(t, dir, keysFile, strings.ReplaceAll(get(t, dir, keysFile), viewAt(i.ring, epoch).Signs, id))
	restarted := newInstance(t, keyring.Directory(dir), nightly)
	restarted.checkAt(epochPlus(day))
	noError(t, restarted.rotator.Revoke(t.Context(), id))
	if got := append(names(t, parent), names(t, dir)...); !slices.Equal(got, []string{"keys", keysFile}) {
		t.Errorf("got files %q, want only %s", got, keysFile)
	}
}

// An editor does not take the lock. Its text is not overwritten.
func TestEditorBetweenLoadAndSave(t *testing.T) {
	dir := t.TempDir()
	store := keyring.Directory(dir)
	i := newInstance(t, store, nightly)
	i.checkAt(epoch)
	old := must(store.Load(t.Context()))
	edited := strings.Replace(string(old), "\n", "\n\n", 1)
	put(t, dir, keysFile, edited)
	if err := store.Save(t.Context(), old, []byte("x")); !errors.Is(err, keyring.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if got := get(t, dir, keysFile); got != edited {
		t.Errorf("got %q, want the edited text", got)
	}
	i.checkAt(epochPlus(day))
	if got := len(i.ring.State().Entries); got != 2 {
		t.Errorf("got %d keys, want 2", got)
	}
}

// Save waits for the lock of another process, but not longer than its context.
func TestSaveWaitsForTheLock(t *testing.T) {
	dir := t.TempDir()
	other := must(os.Open(dir))
	defer other.Close()
	noError(t, syscall.Flock(int(other.Fd()), syscall.LOCK_EX))

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := keyring.Directory(dir).Save(ctx, nil, []byte("1"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if got := names(t, dir); len(got) > 0 {
			t.Errorf("got files %q, want none", got)
		}

		saved := make(chan error, 1)
		go func() { saved <- keyring.Directory(dir).Save(t.Context(), nil, []byte("1")) }()
		time.Sleep(time.Minute)
		noError(t, other.Close()) // releases the lock
		noError(t, <-saved)
	})
}

// A done context is an error.
func TestDirectoryWithADoneContext(t *testing.T) {
	dir := t.TempDir()
	newInstance(t, keyring.Directory(dir), nightly).checkAt(epoch)
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if text, err := keyring.Directory(dir).Load(ctx); !errors.Is(err, cause) || text != nil {
		t.Errorf("got %d bytes, %v, want only %v", len(text), err, cause)
	}
}

// Each Load returns a text of its own.
func TestReturnedTextsAreCopies(t *testing.T) {
	dir := t.TempDir()
	store := keyring.Directory(dir)
	newInstance(t, store, nightly).checkAt(epoch)
	first := must(store.Load(t.Context()))
	want := bytes.Clone(first)
	clear(first)
	if got := must(store.Load(t.Context())); !bytes.Equal(got, want) {
		t.Error("got the text that another caller overwrote, want a copy")
	}
}
