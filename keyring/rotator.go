package keyring

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// A Rotator makes the keys of a [Ring] and keeps them in a [Store]. Every instance of a service
// has a Ring and a Rotator, and all share the Store, which decides whose new key counts: there is
// one rotation for each period, whatever the number of instances. A Ring with a Rotator changes
// through the Rotator only.
//
// The stored text is a JSON document: a [State] whose entries also have alg and key. The key is
// PEM, or base64 for a secret. The text of a revoked key is removed at once. The private half of a
// retired key is removed when its last token has expired and two newer keys are there. An entry is
// removed when its Grace is over.
//
// Make a Rotator with [NewRotator]: the methods of the zero Rotator return errors. It is safe for
// concurrent use, and one call at a time uses the store.
type Rotator struct {
	ring   *Ring
	store  Store
	config RotatorConfig
	busy   chan struct{} // has an element during a call, so that none loads an older text than the call before
}

// A RotatorConfig configures [NewRotator]. Only Algorithm is required.
type RotatorConfig struct {
	// Algorithm is for new keys. RSA keys have 3072 bits, and secrets are as long as the hash.
	// Stored keys keep their own algorithm.
	Algorithm jwtexp.Algorithm

	// Every is how long after the last key the next one is published: at least the schedule's
	// Propagation. With 0, Check only reads the store, and only Rotate makes keys, the first one
	// too. This is for instances that cannot write to the store, such as a mounted Kubernetes secret.
	Every time.Duration

	// Poll is how often Run calls Check. It must be shorter than the schedule's Propagation,
	// unless that is 0. Zero means a quarter of Propagation, but at most a minute.
	Poll time.Duration

	// Clock decides when a key is due. Nil means [jwtexp.SystemClock]. An instance whose clock is
	// ahead by more than the schedule's Grace removes keys that others still need.
	Clock jwtexp.Clock

	// Logger gets the IDs of the keys that Check makes and Revoke revokes, and the errors of Run. Nil
	// means [slog.Default].
	Logger *slog.Logger
}

// NewRotator returns a Rotator for ring. It does not use the store yet: call [Rotator.Check] next.
// The error lists every fault of the arguments.
func NewRotator(ring *Ring, store Store, c RotatorConfig) (*Rotator, error) {
	s := setup.New("keyring: NewRotator")
	if ring.MaxLifetime() == 0 {
		s.Fault("ring", errors.New("nil or zero; make it with New"))
		ring = new(Ring)
	}
	propagation := ring.schedule.Propagation
	if setup.IsNil(store) {
		s.Fault("store", errors.New("nil; pass a Store, such as Directory with a path that is not empty"))
	}
	if secretSizes[c.Algorithm] == 0 && keyPairs[c.Algorithm] == nil {
		s.Fault("Algorithm", fmt.Errorf("unsupported algorithm %.32q; want HS256, RS256, PS256, ES256, Ed25519 or another constant of package jwtexp", string(c.Algorithm)))
	}
	switch {
	case c.Every < 0:
		s.Fault("Every", fmt.Errorf("%v is negative: want 0 or more", c.Every))
	case c.Every > 0 && c.Every < propagation:
		s.Fault("Every", fmt.Errorf("%v is shorter than the schedule's Propagation, %v: keys would be made faster than they can sign", c.Every, propagation))
	}
	if c.Poll == 0 {
		c.Poll = defaultPoll(propagation)
	}
	switch {
	case c.Poll < 0:
		s.Fault("Poll", fmt.Errorf("%v is negative: want 0 or more", c.Poll))
	case propagation > 0 && c.Poll >= propagation:
		s.Fault("Poll", fmt.Errorf("%v is not shorter than the schedule's Propagation, %v: new keys would sign before all instances know them", c.Poll, propagation))
	}
	switch {
	case c.Clock == nil:
		c.Clock = jwtexp.SystemClock()
	case setup.IsNil(c.Clock):
		s.Fault("Clock", errors.New("a nil pointer or func; leave the field out for the system's clock"))
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return &Rotator{ring: ring, store: store, config: c, busy: make(chan struct{}, 1)}, nil
}

// defaultPoll leaves three quarters of Propagation: a JWK Set is cached for half of it, and the rest
// is for fetching it and for the clock skew.
func defaultPoll(propagation time.Duration) time.Duration {
	if propagation == 0 {
		return time.Minute
	}
	return min(max(propagation/4, 1), time.Minute)
}

var (
	errNothing = errors.New("nothing is stored yet, and Every is 0; make the first key with Rotate, or set Every")
	errEmptied = errors.New("the store is empty, but the ring has keys, which it keeps; " + restoreText +
		", or, to start again with new keys, restart all instances, which makes all tokens invalid")
)

// Check loads the store into the ring. If Every is not 0, it also makes a new key if one is due,
// and removes keys that are no longer needed. A key is due if nothing is stored yet, if no key
// can sign, or if Every has passed since the newest key was published. Call Check at start: after
// it the ring can sign. Run calls it at each poll.
//
// After an error the ring keeps its keys, as after an error of [Ring.Load]. If another instance
// makes the key first, Check loads it and returns nil. If the store is empty but the ring has
// keys, Check returns an error and makes no key.
func (r *Rotator) Check(ctx context.Context) error {
	return r.do(ctx, "Check", func() error {
		var id string
		d, err := r.change(ctx, func(d *document, now time.Time) (err error) {
			id, err = r.renew(d, now)
			return err
		})
		if err != nil {
			return err
		}
		switch {
		case id != "" && d.Generation == 1:
			r.logger().WarnContext(ctx, "keyring: made a new key, because the store was empty; if it had keys before, restore them from a backup and restart all instances", "id", id)
		case id != "":
			r.logger().InfoContext(ctx, "keyring: made a new key", "id", id)
		}
		return r.serve(d)
	})
}

// renew makes a new key if one is due, and returns its ID.
func (r *Rotator) renew(d *document, now time.Time) (id string, err error) {
	if err := r.serve(d); err != nil {
		return "", err
	}
	if r.config.Every == 0 {
		if len(d.Entries) == 0 {
			return "", errNothing
		}
		return "", nil
	}
	ring := r.ring.fork()
	if r.due(ring, now) {
		id, err = r.add(ring, d, now)
	} else {
		err = ring.forget(now)
	}
	if err != nil {
		return "", err
	}
	d.update(ring, now)
	return id, nil
}

// due reports whether ring needs a new key. It is never due twice because a clock was put back or
// is behind: then the newest key was published later than now.
func (r *Rotator) due(ring *Ring, now time.Time) bool {
	entries := ring.State().Entries
	var newest Entry
	for _, e := range entries {
		if e.Revoked.IsZero() && e.Published.After(newest.Published) {
			newest = e
		}
	}
	if newest.Published.Sub(now) > r.config.Every {
		r.logger().Warn("keyring: the newest key is from the future, and no key is made until Every has passed since then; correct the clock, or revoke the key if another clock was wrong",
			"id", newest.ID, "published", newest.Published, "now", now)
	}
	return signerAt(entries, now) == nil || !now.Before(newest.Published.Add(r.config.Every))
}

// add makes a new key and adds it to ring and d.
func (r *Rotator) add(ring *Ring, d *document, now time.Time) (id string, err error) {
	key, text, err := generate(r.config.Algorithm)
	if err != nil {
		return "", fmt.Errorf("cannot make a new key: %w", err)
	}
	if err := ring.rotate(key, now); err != nil {
		return "", err
	}
	d.Entries = append(d.Entries, storedEntry{Entry{ID: key.ID()}, text})
	return key.ID(), nil
}

// Rotate makes a new key now and returns its ID. The key signs after the schedule's Propagation,
// or at once if no other key signs. If the store failed, the key may be stored in spite of the
// error. The next Check loads it then.
func (r *Rotator) Rotate(ctx context.Context) (id string, err error) {
	err = r.do(ctx, "Rotate", func() error {
		d, err := r.change(ctx, func(d *document, now time.Time) (err error) {
			if err := r.serve(d); err != nil {
				return err
			}
			ring := r.ring.fork()
			if id, err = r.add(ring, d, now); err == nil {
				d.update(ring, now)
			}
			return err
		})
		if err != nil {
			return err
		}
		return r.serve(d)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// Revoke revokes a leaked key, as [Ring.Revoke] does, and removes its text from the store. It works
// even if the texts of keys are damaged. Other instances follow at their next poll. If Every is not
// 0 and a key is due now, as when no other key can sign, Revoke makes one. Revoking a key again
// changes nothing: repeat Revoke if the store failed.
func (r *Rotator) Revoke(ctx context.Context, id string) error {
	return r.do(ctx, "Revoke", func() error {
		d, err := r.change(ctx, func(d *document, now time.Time) error {
			ring, err := r.withoutKeys(d)
			if err != nil {
				return err
			}
			if err := ring.revoke(id, now); err != nil {
				return err
			}
			if r.config.Every > 0 && r.due(ring, now) {
				if _, err := r.add(ring, d, now); err != nil {
					return err
				}
			}
			d.update(ring, now)
			return nil
		})
		if err != nil {
			return err
		}
		r.logger().WarnContext(ctx, "keyring: revoked a key", "id", id)
		_ = r.serve(d) // loads the revocation even if the texts of other keys are damaged, an error of Check
		return nil
	})
}

// withoutKeys returns a ring with the state of d and an unrelated key for each entry.
func (r *Rotator) withoutKeys(d *document) (*Ring, error) {
	key, _, err := generate(jwtexp.HS256)
	if err != nil {
		return nil, err
	}
	ring := &Ring{schedule: r.ring.schedule}
	return ring, ring.load(d.state(), func(string) (jwtexp.Key, error) { return key.WithID(""), nil })
}

// minTimeout is the least time that Run gives to a Check. Making an RSA key can take seconds.
const minTimeout = 30 * time.Second

// Run calls Check at once and then every Poll. It logs an error and goes on: the ring keeps its
// keys, and the next Check tries again. A Check may take as long as Poll, or 30 seconds if that is
// longer. Run uses the system's timers, but only the Clock decides whether a key is due. It returns
// nil when ctx is done, and an error only if the Rotator is nil or zero.
func (r *Rotator) Run(ctx context.Context) error {
	if err := r.check("Run"); err != nil {
		return err
	}
	ticker := time.NewTicker(r.config.Poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		r.poll(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

func (r *Rotator) poll(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, max(r.config.Poll, minTimeout))
	defer cancel()
	if err := r.Check(limited); err != nil && ctx.Err() == nil {
		r.logger().ErrorContext(ctx, "keyring: cannot update the keys; the ring keeps the keys that it has", "error", err)
	}
}

func (r *Rotator) logger() *slog.Logger { return cmp.Or(r.config.Logger, slog.Default()) }

// check returns an error for a nil or zero Rotator.
func (r *Rotator) check(method string) error {
	if r == nil || r.store == nil {
		return fmt.Errorf("keyring: %s: the Rotator is nil or zero; make it with NewRotator", method)
	}
	return nil
}

// do runs one call at a time.
func (r *Rotator) do(ctx context.Context, method string, call func() error) error {
	if err := r.check(method); err != nil {
		return err
	}
	select {
	case r.busy <- struct{}{}:
		defer func() { <-r.busy }()
	case <-ctx.Done():
		return fmt.Errorf("keyring: %s: another call has not ended: %w", method, context.Cause(ctx))
	}
	if err := call(); err != nil {
		return fmt.Errorf("keyring: %s: %w", method, err)
	}
	return nil
}

// serve loads a document into the ring.
func (r *Rotator) serve(d *document) error {
	if len(d.Entries) == 0 { // nothing is stored yet
		return nil
	}
	err := r.ring.load(d.state(), d.key)
	if errors.Is(err, ErrOlder) {
		return fmt.Errorf("%w; restore the latest stored text, or, if that is lost, restart all instances: they go on with what is stored, without later keys and revocations", err)
	}
	return err
}

// maxAttempts is far more than the number of instances that change the store at the same time.
const maxAttempts = 100

// change applies edit to the stored document until no other instance has changed it meanwhile. It
// returns the document that is stored then.
func (r *Rotator) change(ctx context.Context, edit func(*document, time.Time) error) (*document, error) {
	var tried []byte
	for range maxAttempts {
		old, err := r.store.Load(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot load from the store: %w", err)
		}
		if old == nil && r.ring.State().Generation > 0 {
			return nil, errEmptied
		}
		d, err := parseDocument(old)
		if err != nil {
			return nil, err
		}
		if tried != nil && bytes.Equal(old, tried) { // by a Save whose answer was lost and which was repeated
			return d, nil
		}
		stored := *d
		now, err := r.now()
		if err != nil {
			return nil, err
		}
		if err := edit(d, now); err != nil || d.equal(&stored) {
			return d, err
		}
		if tried, err = d.text(); err != nil {
			return nil, err
		}
		err = r.store.Save(ctx, old, tried)
		if err == nil {
			return d, nil
		}
		if !errors.Is(err, ErrConflict) {
			return nil, fmt.Errorf("cannot save to the store: %w", err)
		}
	}
	return nil, fmt.Errorf("the store reported %d conflicts in a row: %w; does Load return what Save stored, byte for byte?", maxAttempts, ErrConflict)
}

func (r *Rotator) now() (time.Time, error) {
	now := r.config.Clock.Now()
	if unix := now.Unix(); unix < 0 || unix > claimset.MaxNumericDate {
		return now, fmt.Errorf("the clock reads %s; want a time between 1970 and 9999", now.Format(time.RFC3339))
	}
	return now.Round(0).UTC(), nil
}
