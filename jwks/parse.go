package jwks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A ParseOption configures [Parse] and [ParseKey].
type ParseOption interface{ forParse(*config) }

// A Set is a [jwtexp.KeySet] of the public keys in a text. It fetches nothing and never changes.
// Make one with [Parse]; a zero or nil Set returns [jwtexp.ErrUnavailable]. It is safe for
// concurrent use, and printing it shows no key.
type Set struct {
	keys atomic.Pointer[keySet] // neither fmt nor reflection follows one
}

var errZeroSet = errors.New("jwks: zero Set; make one with Parse")

// Parse returns the keys of a JWK Set (RFC 7517 §5) that is in a file, an environment variable or a
// ConfigMap. It uses the keys that a [Remote] uses, and skips the others, which [Set.Skipped] lists.
// White space around the text and a UTF-8 byte order mark are ignored.
//
// A text that is not a JWK Set is an error, and so is a set without a usable key. The error says what
// the text is, why each key is not usable, and what is wrong with the options. It quotes short names
// such as kid and use, and no key.
func Parse(text []byte, opts ...ParseOption) (*Set, error) {
	c := &config{constructor: "Parse"}
	c.forParse(opts)
	keys, err := parseSet("text", text, c.algorithms)
	c.textFault(err)
	if err := c.err(); err != nil {
		return nil, err
	}
	s := new(Set)
	s.keys.Store(keys)
	return s, nil
}

func (c *config) forParse(opts []ParseOption) {
	c.given = make(map[string]bool)
	apply(c, opts, func(o ParseOption) { o.forParse(c) })
}

// textFault adds a fault of the text. It has no cause, which could quote the text.
func (c *config) textFault(err error) {
	if err != nil {
		c.faults = append(c.faults, fmt.Errorf("jwks: %s: %v", c.constructor, err))
	}
}

// withoutMark returns text without a byte order mark, which editors put in front of UTF-8.
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

func (s *Set) inner() *keySet {
	if s == nil {
		return nil
	}
	return s.keys.Load()
}

// VerificationKeys returns the keys with the given ID, all keys if id is "", or none. If the set has
// one key, without an ID, every id finds it. The caller may change the slice. The error of a zero or
// nil Set is a [*jwtexp.UnavailableError].
func (s *Set) VerificationKeys(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
	keys := s.inner()
	if keys == nil {
		return nil, outage(errZeroSet)
	}
	return slices.Clone(keys.withID(id)), nil
}

// WhyNot returns why the set has no key with the given ID, as [Remote.WhyNot] does.
func (s *Set) WhyNot(id string) string { return s.inner().whyNot(id) }

// WhyAlgorithm returns what may be why the keys with the given ID are for another algorithm than a
// token's, as [Remote.WhyAlgorithm] does.
func (s *Set) WhyAlgorithm(id string) string { return s.inner().whyAlgorithm(id) }

// Skipped returns a line on each JWK that is not usable, in the set's order and counted from 0:
//
//	JWK 1 (kid "enc"): use is "enc", and not sig
//
// Log it at start. The lines have short names from the set, and no key. The caller may change the
// slice.
func (s *Set) Skipped() []string {
	keys := s.inner()
	if keys == nil {
		return nil
	}
	return slices.Clone(keys.skipped)
}
