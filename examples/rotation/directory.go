package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

const (
	entriesFile = "entries.json"
	versionLink = "..data" // of a mounted Kubernetes secret, which swaps it
	algorithm   = jwtexp.Ed25519
)

func pemFile(id string) string { return id + ".pem" }

// A file is what was in it, or why it could not be read.
type file struct {
	text []byte
	err  error
}

// read returns entries.json and the PEM files of a directory, by name. The link to the
// version is followed once, so that all of them are of the same.
func read(dir string) (map[string]file, error) {
	if version, err := filepath.EvalSymlinks(filepath.Join(dir, versionLink)); err == nil {
		dir = version
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := fs.Glob(root.FS(), "*.pem")
	if err != nil {
		return nil, err
	}
	files := make(map[string]file)
	for _, name := range append(names, entriesFile) {
		text, err := readFile(root, name)
		files[name] = file{text, err}
	}
	return files, nil
}

// readFile refuses what is not kept from others: who can read a key can mint with it, and
// who can write the entries can choose the key.
func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, which lets everybody on the machine in: chmod 600 it, "+
			"and rotate and revoke a key that others may have read", name, mode)
	}
	return io.ReadAll(f)
}

// digest tells one state of a directory from another.
func digest(files map[string]file) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %q %v\n", name, files[name].text, files[name].err)
	}
	return string(h.Sum(nil))
}

// stateOf returns the state that is stored in a directory.
func stateOf(files map[string]file) (keyring.State, error) {
	var state keyring.State
	stored := files[entriesFile]
	if errors.Is(stored.err, fs.ErrNotExist) {
		return state, fmt.Errorf("there is no %s: make the first key with rotate, or restore it", entriesFile)
	}
	if stored.err != nil {
		return state, stored.err
	}
	if err := json.Unmarshal(stored.text, &state); err != nil {
		return state, fmt.Errorf("%s is broken: restore it: %w", entriesFile, err)
	}
	return state, nil
}

// load puts what is in the files into the ring. The ID of a key is looked up among their
// names and makes no path.
func load(ring *keyring.Ring, files map[string]file) error {
	state, err := stateOf(files)
	if err != nil {
		return err
	}
	return ring.Load(state, func(id string) (jwtexp.Key, error) {
		f, ok := files[pemFile(id)]
		if !ok {
			return jwtexp.Key{}, fmt.Errorf("there is no %s: restore it, or revoke the key", pemFile(id))
		}
		if f.err != nil {
			return jwtexp.Key{}, f.err
		}
		return jwtexp.ParsePEM(algorithm, f.text)
	})
}
