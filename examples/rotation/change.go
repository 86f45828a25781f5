package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// rotate makes a key and rotates it in. The key is written before the entries that name
// it, so that whoever reads these finds it. Let only one rotate or revoke at a time.
func rotate(dir string, now time.Time) (id string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	ring, err := open(dir)
	if err != nil {
		return "", err
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", err
	}
	id, err = keyring.Thumbprint(public)
	if err != nil {
		return "", err
	}
	key, err := jwtexp.NewSigningKey(algorithm, private)
	if err != nil {
		return "", err
	}
	if err := ring.Rotate(key.WithID(id), now); err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return id, inside(dir, func(root *os.Root) error {
		if err := write(root, pemFile(id), block); err != nil {
			return err
		}
		return save(root, ring)
	})
}

// revoke ends the trust in a key.
func revoke(dir, id string, now time.Time) error {
	ring, err := open(dir)
	if err != nil {
		return err
	}
	if err := ring.Revoke(id, now); err != nil {
		return err
	}
	return inside(dir, func(root *os.Root) error { return save(root, ring) })
}

// open returns the ring of a directory that is to be changed, without keys where that is
// empty.
func open(dir string) (*keyring.Ring, error) {
	if _, err := os.Lstat(filepath.Join(dir, versionLink)); err == nil {
		return nil, fmt.Errorf("%s is a copy that Kubernetes mounted: rotate and revoke where the secret is made from", dir)
	}
	ring, err := keyring.New(schedule)
	if err != nil {
		return nil, err
	}
	files, err := read(dir)
	if err != nil {
		return nil, err
	}
	if !errors.Is(files[entriesFile].err, fs.ErrNotExist) {
		return ring, load(ring, files)
	}
	if len(files) > 1 {
		return nil, fmt.Errorf("there are keys in %s and no %s: restore it, or remove the keys to start anew", dir, entriesFile)
	}
	return ring, nil
}

// save writes the entries, and then removes the keys that nobody needs any more.
func save(root *os.Root, ring *keyring.Ring) error {
	text, err := json.MarshalIndent(ring.Entries(), "", "  ")
	if err != nil {
		return err
	}
	if err := write(root, entriesFile, append(text, '\n')); err != nil {
		return err
	}
	names, err := fs.Glob(root.FS(), "*.pem")
	if err != nil {
		return err
	}
	needed := make(map[string]bool)
	for _, e := range ring.Entries() {
		needed[pemFile(e.ID)] = e.Revoked.IsZero()
	}
	for _, name := range names {
		if !needed[name] {
			err = errors.Join(err, root.Remove(name))
		}
	}
	return err
}

// write replaces a file as a whole: whoever reads it meanwhile gets the old one or the
// new one, also if the machine stops.
func write(root *os.Root, name string, text []byte) error {
	const partly = ".partly"
	f, err := root.OpenFile(name+partly, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return root.Rename(name+partly, name)
}

// inside calls do with a directory that no name leads out of, and has what it did written
// to the disk.
func inside(dir string, do func(*os.Root) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := do(root); err != nil {
		return err
	}
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
