package main

import (
	"bytes"
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
// it, so that whoever reads these finds it.
func rotate(dir string, now time.Time) (id string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	err = change(dir, func(root *os.Root, files map[string]file) (*keyring.Ring, error) {
		ring, err := keyring.New(schedule)
		if err != nil {
			return nil, err
		}
		if !isEmpty(files) {
			if err := load(ring, files); err != nil {
				return nil, err
			}
		}
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		if id, err = keyring.Thumbprint(public); err != nil {
			return nil, err
		}
		key, err := jwtexp.NewSigningKey(algorithm, private)
		if err != nil {
			return nil, err
		}
		if err := ring.Rotate(key.WithID(id), now); err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return nil, err
		}
		return ring, write(root, pemFile(id), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	})
	return id, err
}

// revoke ends the trust in a key. It needs no key, so that a broken or missing file is no
// reason to put it off.
func revoke(dir, id string, now time.Time) error {
	nobodys, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	standIn, err := jwtexp.NewPublicKey(algorithm, nobodys)
	if err != nil {
		return err
	}
	return change(dir, func(_ *os.Root, files map[string]file) (*keyring.Ring, error) {
		ring, err := keyring.New(schedule)
		if err != nil {
			return nil, err
		}
		state, err := stateOf(files)
		if err != nil {
			return nil, err
		}
		if err := ring.Load(state, func(string) (jwtexp.Key, error) { return standIn, nil }); err != nil {
			return nil, err
		}
		return ring, ring.Revoke(id, now)
	})
}

// change locks the directory, reads its files, and stores the state of the ring that next
// returns.
func change(dir string, next func(*os.Root, map[string]file) (*keyring.Ring, error)) error {
	if _, err := os.Lstat(filepath.Join(dir, versionLink)); err == nil {
		return fmt.Errorf("%s is a copy that Kubernetes mounted: rotate and revoke where the secret is made from", dir)
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	files, err := read(dir)
	if err != nil {
		return err
	}
	if errors.Is(files[entriesFile].err, fs.ErrNotExist) && !isEmpty(files) {
		return fmt.Errorf("there are keys in %s and no %s: restore it, or remove the keys to start anew", dir, entriesFile)
	}
	return inside(dir, func(root *os.Root) error {
		ring, err := next(root, files)
		if err != nil {
			return err
		}
		return save(root, ring.State(), files[entriesFile])
	})
}

// isEmpty reports whether a directory has neither keys nor entries.
func isEmpty(files map[string]file) bool {
	return len(files) == 1 && errors.Is(files[entriesFile].err, fs.ErrNotExist)
}

// save writes the state, and then removes the keys that nobody needs any more. It does
// nothing if the stored state is another than the one that was changed: a program that knows
// nothing of the lock, such as an editor, may have written it.
func save(root *os.Root, state keyring.State, changed file) error {
	stored, err := readFile(root, entriesFile)
	if !bytes.Equal(stored, changed.text) || (err == nil) != (changed.err == nil) {
		return fmt.Errorf("%s has changed meanwhile: try again", entriesFile)
	}
	text, err := json.MarshalIndent(state, "", "  ")
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
	for _, e := range state.Entries {
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
