package main

import (
	"log/slog"

	"github.com/jwtexp/jwtexp/keyring"
)

// A reloader loads the keys in a directory into a ring.
type reloader struct {
	dir    string
	ring   *keyring.Ring
	logger *slog.Logger
	seen   string // digest of the directory at the last reload
}

// reload loads the directory if it has changed since the last call. If that fails, the ring
// keeps its keys, and reload logs the error, once for each change.
func (r *reloader) reload() error {
	files, err := read(r.dir)
	seen := digest(files)
	if err != nil {
		seen = err.Error()
	}
	if seen == r.seen {
		return nil
	}
	r.seen = seen
	if err == nil {
		err = load(r.ring, files)
	}
	if err != nil {
		r.logger.Error("cannot load the keys; the server keeps the keys that it has", "err", err)
		return err
	}
	r.logger.Info("loaded the keys", "entries", len(r.ring.State().Entries))
	return nil
}
