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

// rotate makes a key, adds it to the directory and returns its ID. It writes the key before the
// entries that name it, so that a server that reads the entries finds the key.
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

// revoke revokes the key with the given ID. It reads no key file, so a broken or missing file
// does not delay it.
func revoke(dir, id string, now time.Time) error {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	anyKey, err := jwtexp.NewPublicKey(algorithm, public)
	if err != nil {
		return err
	}
	return change(dir, func(_ *os.Root, ring *keyring.Ring, files map[string]file) error {
		state, err := stateOf(files)
		if err != nil {
			return err
		}
		if err := ring.Load(state, func(string) (jwtexp.Key, error) { return anyKey, nil }); err != nil {
			return err
		}
		return ring.Revoke(id, now)
	})
}

// change locks the directory and reads its files. It then calls update, which loads them into
// the new ring and changes it, and stores the state of the ring.
func change(dir string, update func(*os.Root, *keyring.Ring, map[string]file) error) error {
	ring, err := keyring.New(schedule)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, versionLink)); err == nil {
		return fmt.Errorf("%s is a mounted Kubernetes secret: rotate and revoke in the directory that the secret is made from", dir)
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
		return fmt.Errorf("%[1]s has keys but no %[2]s: restore %[2]s, or remove the keys to start again", dir, entriesFile)
	}
	return inDirectory(dir, func(root *os.Root) error {
		if err := update(root, ring, files); err != nil {
			return err
		}
		return save(root, ring.State(), files)
	})
}

// isEmpty reports whether a directory has neither keys nor entries.json.
func isEmpty(files map[string]file) bool {
	return len(files) == 1 && errors.Is(files[entriesFile].err, fs.ErrNotExist)
}

// save writes the new state, and then removes the key files that it no longer needs. It returns
// an error if entries.json is no longer the one in files. A program that does not take the
// lock, such as an editor, may have written it.
func save(root *os.Root, state keyring.State, files map[string]file) error {
	before := files[entriesFile]
	stored, err := readFile(root, entriesFile)
	if !bytes.Equal(stored, before.text) || (err == nil) != (before.err == nil) {
		return fmt.Errorf("another program changed %s: run the command again", entriesFile)
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
	previous, _ := stateOf(files) // fails before the first change, and has no entries then
	for _, e := range previous.Entries {
		if _, exists := files[pemFile(e.ID)]; exists && !needed[e.ID] {
			err = errors.Join(err, root.Remove(pemFile(e.ID)))
		}
	}
	return err
}

// write replaces a file as a whole. A reader sees the old or the new text, even after a crash.
func write(root *os.Root, name string, text []byte) error {
	const partial = ".partial"
	f, err := root.OpenFile(name+partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return root.Rename(name+partial, name)
}

// inDirectory calls do with a root for dir, and then syncs the directory to disk.
func inDirectory(dir string, do func(*os.Root) error) error {
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
