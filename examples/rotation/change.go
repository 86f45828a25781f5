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
// it, so that a server that reads these finds it.
func rotate(dir string, now time.Time) (id string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	err = change(dir, func(root *os.Root, ring *keyring.Ring, files map[string]file) error {
		if !isEmpty(files) {
			if err := load(ring, files); err != nil {
				return err
			}
		}
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		if id, err = keyring.Thumbprint(public); err != nil {
			return err
		}
		key, err := jwtexp.NewSigningKey(algorithm, private)
		if err != nil {
			return err
		}
		if err := ring.Rotate(key.WithID(id), now); err != nil {
			return err
		}
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return err
		}
		return write(root, pemFile(id), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	})
	return id, err
}

// revoke ends the trust in a key. It reads no key, so a broken or missing key file does not
// delay it.
func revoke(dir, id string, now time.Time) error {
	unused, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	standIn, err := jwtexp.NewPublicKey(algorithm, unused)
	if err != nil {
		return err
	}
	return change(dir, func(_ *os.Root, ring *keyring.Ring, files map[string]file) error {
		state, err := stateOf(files)
		if err != nil {
			return err
		}
		if err := ring.Load(state, func(string) (jwtexp.Key, error) { return standIn, nil }); err != nil {
			return err
		}
		return ring.Revoke(id, now)
	})
}

// change locks the directory, reads its files, and stores the state of a new ring after next
// has loaded and changed it.
func change(dir string, next func(*os.Root, *keyring.Ring, map[string]file) error) error {
	ring, err := keyring.New(schedule)
	if err != nil {
		return err
	}
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
		if err := next(root, ring, files); err != nil {
			return err
		}
		return save(root, ring.State(), files)
	})
}

// isEmpty reports whether a directory has neither keys nor entries.
func isEmpty(files map[string]file) bool {
	return len(files) == 1 && errors.Is(files[entriesFile].err, fs.ErrNotExist)
}

// save writes the state that files was changed to, and then removes the keys that the change
// made useless. It does nothing if the stored state is no longer the one in files: a program
// that does not take the lock, such as an editor, may have written it.
func save(root *os.Root, state keyring.State, files map[string]file) error {
	before := files[entriesFile]
	stored, err := readFile(root, entriesFile)
	if !bytes.Equal(stored, before.text) || (err == nil) != (before.err == nil) {
		return fmt.Errorf("%s was changed by another program: run the command again", entriesFile)
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	if err := write(root, entriesFile, append(text, '\n')); err != nil {
		return err
	}
	needed := make(map[string]bool)
	for _, e := range state.Entries {
		needed[e.ID] = e.Revoked.IsZero()
	}
	former, _ := stateOf(files) // no entries before the first change
	for _, e := range former.Entries {
		if _, exists := files[pemFile(e.ID)]; exists && !needed[e.ID] {
			err = errors.Join(err, root.Remove(pemFile(e.ID)))
		}
	}
	return err
}

// write replaces a file as a whole: a reader gets the old one or the
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
