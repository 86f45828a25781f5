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
	versionLink = "..data" // in a mounted secret, Kubernetes replaces this link at each update
	algorithm   = jwtexp.Ed25519
)

func pemFile(id string) string { return id + ".pem" }

// A file holds the text of a file, or the error of reading it.
type file struct {
	text []byte
	err  error
}

// read returns entries.json and the PEM files of a directory, by name. It follows the version
// link once, so that all files are from the same version.
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

// readFile returns an error if all users have access to the file. A user who can read a key can
// issue tokens, and a user who can write the entries can choose the key.
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
		return nil, fmt.Errorf("%s has mode %04o, which gives all users access: run chmod 600 on it, "+
			"and rotate and revoke a key that other users may have read", name, mode)
	}
	return io.ReadAll(f)
}

// digest returns a hash of the files and their errors.
func digest(files map[string]file) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %q %v\n", name, files[name].text, files[name].err)
	}
	return string(h.Sum(nil))
}

// stateOf returns the state in entries.json.
func stateOf(files map[string]file) (keyring.State, error) {
	var state keyring.State
	stored := files[entriesFile]
	if errors.Is(stored.err, fs.ErrNotExist) {
		return state, fmt.Errorf("%s is missing: make the first key with rotate, or restore the file", entriesFile)
	}
	if stored.err != nil {
		return state, stored.err
	}
	if err := json.Unmarshal(stored.text, &state); err != nil {
		return state, fmt.Errorf("cannot parse %s; restore it: %w", entriesFile, err)
	}
	return state, nil
}

// load loads the files into the ring. It looks up a key's ID among the names of the files, so an
// ID cannot be a path to another file.
func load(ring *keyring.Ring, files map[string]file) error {
	state, err := stateOf(files)
	if err != nil {
		return err
	}
	return ring.Load(state, func(id string) (jwtexp.Key, error) {
		f, ok := files[pemFile(id)]
		if !ok {
			return jwtexp.Key{}, fmt.Errorf("%s is missing: restore it, or revoke the key", pemFile(id))
		}
		if f.err != nil {
			return jwtexp.Key{}, f.err
		}
		return jwtexp.ParsePEM(algorithm, f.text)
	})
}
