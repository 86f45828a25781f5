package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	keysFile    = "keys.json"
	partialFile = "keys.json.partial"
	versionLink = "..data" // in a mounted secret, Kubernetes replaces this link at each update
)

// Directory returns a [Store] that keeps its text in the file keys.json of a directory on a local
// disk. NewRotator reports an empty path.
//
// Load reads a mounted Kubernetes secret, too. It returns an error if all users have access to the
// file (mode & 0007), except on Windows, where files have no such mode. Only the service's user
// should be able to write to the directory.
//
// Save makes a missing directory with mode 0700 and replaces the file as a whole, with mode 0600,
// so that a crash leaves the old or the new text. Processes that use Directory wait for each other.
// Save returns an error for a mounted secret, which is read-only, and on systems without flock,
// such as Windows.
func Directory(path string) Store {
	if path == "" {
		return nil
	}
	return directory(path)
}

type directory string

// Load implements [Store].
func (d directory) Load(ctx context.Context) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	root, err := os.OpenRoot(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readKeys(root)
}

// Save implements [Store].
func (d directory) Save(ctx context.Context, old, text []byte) error {
	path := string(d)
	if _, err := os.Lstat(filepath.Join(path, versionLink)); err == nil {
		return fmt.Errorf("%s is a mounted Kubernetes secret, which is read-only; set Every to 0, and rotate and revoke in the directory that the secret is made from", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	unlock, err := lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	stored, err := readKeys(root)
	if err != nil {
		return err
	}
	if (stored == nil) != (old == nil) || !bytes.Equal(stored, old) {
		return ErrConflict
	}
	return writeKeys(root, text)
}

// readKeys returns nil if there is no file. A link to a missing file is an error.
func readKeys(root *os.Root) ([]byte, error) {
	if info, err := root.Stat(keysFile); err == nil && !info.Mode().IsRegular() { // opening a pipe blocks
		return nil, fmt.Errorf("%s is not a regular file; remove it, or restore it from a backup", keysFile)
	}
	f, err := root.Open(keysFile)
	if err != nil {
		link, noLink := root.Lstat(keysFile)
		switch {
		case errors.Is(noLink, fs.ErrNotExist):
			return nil, nil
		case errors.Is(err, fs.ErrNotExist) && noLink == nil && link.Mode().IsRegular():
			return readKeys(root) // another instance has just made the file
		}
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// A user who can read a key can issue tokens, and a user who can write the file can choose it.
	if mode := info.Mode().Perm(); mode&0o007 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %04o, which gives all users access; run chmod 600 on it, or set defaultMode 0400 for a Kubernetes secret, "+
			"and rotate and revoke its keys if other users may have read them", f.Name(), mode)
	}
	return io.ReadAll(f)
}

// writeKeys replaces the file. The caller has the lock.
func writeKeys(root *os.Root, text []byte) error {
	if err := root.Remove(partialFile); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a crash
		return err
	}
	f, err := root.OpenFile(partialFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := root.Rename(partialFile, keysFile); err != nil {
		return err
	}
	folder, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
