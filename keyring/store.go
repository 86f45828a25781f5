package keyring

import (
	"context"
	"errors"
)

// A Store keeps one text for the Rotators of all instances: a file, a row of a table, or the value
// of a key. The text has the [State] and all key material in clear text. Protect it like a private
// key.
//
// A Store must be safe for concurrent use and return when ctx is done. Run logs its errors, so they
// must not quote the text.
//
// [Directory] is a Store. In SQL, Save is one statement:
//
//	UPDATE keyring SET text = $2 WHERE id = 1 AND text = $1
//
// and for a nil old:
//
//	INSERT INTO keyring (id, text) VALUES (1, $2) ON CONFLICT DO NOTHING
//
// If the statement changes no row, Save returns [ErrConflict].
type Store interface {
	// Load returns the stored text, byte for byte, or nil if nothing is stored yet. It must not
	// return an older text than the one that Save stored last, as a replica may.
	Load(ctx context.Context) (text []byte, err error)

	// Save replaces the text if it is still equal to old, in one atomic step. If it is not, Save
	// returns an error that matches ErrConflict. If old is nil, nothing may be stored yet. After
	// another error the text may have been replaced or not: the Rotator loads it again.
	Save(ctx context.Context, old, text []byte) error
}

// ErrConflict is the error of a [Store] if the stored text is not the expected one, because
// another instance has changed it. Match it with errors.Is.
var ErrConflict = errors.New("the stored text has changed")
