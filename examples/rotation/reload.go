package main

import (
	"log/slog"

	"github.com/jwtexp/jwtexp/keyring"
)

// A reloader keeps a ring up to date with a directory.
type reloader struct {
	dir    string
	ring   *keyring.Ring
	logger *slog.Logger
	seen   string // what the last look saw
}

// look loads the directory if it has changed since the last look. Where it is broken, the
// ring goes on with what it has, and the log says so, once for each change.
func (r *reloader) look() error {
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
		r.logger.Error("the keys cannot be loaded: going on with those from before", "err", err)
		return err
	}
	r.logger.Info("the keys were loaded", "entries", len(r.ring.State().Entries))
	return nil
}
