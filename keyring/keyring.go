// Package keyring rotates the keys that tokens are signed with, without one good token
// refused.
//
// A [Ring] is told how long tokens live and how long it takes until all verifiers know
// a new key. From these it computes, for any given time, which key signs and which keys are
// trusted. There is no timer to set. It is a [jwtexp.KeySource] for the issuer
// and a [jwtexp.KeySet] for the verifier:
//
//	clock := jwtexp.SystemClock() // in a test, jwtexptest.NewClock
//	ring, err := keyring.New(keyring.Schedule{
//		Lifetime:    15 * time.Minute,
//		Propagation: time.Hour,
//		Grace:       30 * 24 * time.Hour,
//	})
//	err = ring.Rotate(key, clock.Now())                        // the first key signs at once
//	issuer, err := jwtexp.NewIssuer(ring, 15*time.Minute, names)
//	verifier, err := jwtexp.NewVerifier(ring, names)
//
//	err = ring.Rotate(next, clock.Now())                       // every night
//
// # The life of a key
//
//   - From Rotate on it is published: verifiers trust it, and it signs nothing yet.
//   - After [Schedule].Propagation it signs, in the place of the one before.
//   - From the moment that the next one signs, it verifies what it has signed: for as long
//     as a token of its can live, which is Lifetime and Leeway. No token that expires later
//     than that is taken from it, so that a thief of the key cannot mint.
//   - Then it leaves what is published, and for the time of Grace it recognises its tokens:
//     a late client hears "expired", and not "invalid".
//   - Then it is forgotten.
//
// [Ring.Revoke] ends the life of a key that has leaked, at once.
//
// # Several instances, and restarts
//
// The application stores the keys, and the ring's [State] beside them, where all instances
// can read it. [Ring.Load] takes a State back and asks for each key by its ID. Instances
// that loaded the same State behave as one.
//
// Several instances that share a State change it like this, so that no change is lost:
//
//  1. Read the stored State, and Load it into a new Ring.
//  2. Rotate or Revoke in that Ring. The Ring that serves is not touched, so that it never
//     signs with a key that the other instances don't have.
//  3. Store the new Ring's State if the stored generation is still the one that was read:
//     UPDATE … WHERE generation = …, or for the first State an INSERT that fails if there is
//     a row. If another instance was faster, begin again.
//  4. Load the State into the Ring that serves, as every instance does from time to time.
//
// The example of [Ring.State] is this in code. To revoke a key whose material is gone, let
// the func that is given to Load in step 1 return any other key: Revoke needs none.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A Ring is a [jwtexp.KeySource] and a [jwtexp.KeySet] whose keys come and go by their
// schedule. It is safe for concurrent use. It reads no clock: its methods are handed the
// time, by an Issuer or a Verifier that of the decision at hand. The zero Ring, and one
// without keys, is an outage ([jwtexp.ErrUnavailable]) to both: make one with [New].
type Ring struct {
	schedule Schedule
	mu       sync.Mutex               // held by what replaces the snapshot
	current  atomic.Pointer[snapshot] // out of reflection's reach: it leads to keys
}

// A snapshot is what a Ring has at one time. It is never changed once it is stored.
type snapshot struct {
	State
	keys    map[string]jwtexp.Key // of the entries that were not revoked
	revoked map[string]time.Time  // also of those that are no longer among the entries
	trusted map[string]trusted    // what store makes of the rest
}

// trusted is a key as verifiers get it.
type trusted struct {
	keys   []jwtexp.Key // one, within its bounds
	until  time.Time
	public jwtexp.Key // the public half; the zero Key of a secret
}

func (t trusted) at(now time.Time) []jwtexp.Key {
	if now.Before(t.until) {
		return t.keys
	}
	return nil
}

// New returns a Ring without keys: [Ring.Rotate] one in, or [Ring.Load] those of before.
// Every fault of the schedule is in the error.
func New(s Schedule) (*Ring, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &Ring{schedule: s}, nil
}

var (
	errNotMade  = errors.New("keyring: not a Ring that New made")
	errNoKeys   = errors.New("keyring: the ring has no keys: Rotate one in, or Load those of before")
	errNoSigner = errors.New("keyring: no key to sign with, since the last one was revoked: Rotate another in")
	errZeroTime = errors.New("keyring: now is the zero time")
)

// ErrOlder is the error of [Ring.Load] for a State that is older than the ring's, such as the
// state of a replica that lags. Match it with errors.Is. If it persists, the ring has changes
// that were not stored.
var ErrOlder = errors.New("the state is older than the ring's")

// SigningKey returns the key that signs at now. It vouches for tokens that live up to the
// ring's Lifetime. It is an error where there is none: before the first key, and after the
// only one was revoked.
func (r *Ring) SigningKey(_ context.Context, now time.Time) (jwtexp.Key, error) {
	s := r.current.Load()
	if s == nil {
		return jwtexp.Key{}, errNoKeys
	}
	e := signing(s.Entries, now)
	if e == nil {
		return jwtexp.Key{}, errNoSigner
	}
	return s.keys[e.ID].WithNotAfter(now.Add(r.schedule.Lifetime)), nil
}

// VerificationKeys returns the key with the given ID, and none where it was revoked or its
// time is over at now. With "", for tokens from before keys had names, it returns all of
// them, the newest first. The caller may change the slice. It is an error where the ring has
// no keys yet.
func (r *Ring) VerificationKeys(_ context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	s := r.current.Load()
	switch {
	case s == nil:
		return nil, errNoKeys
	case id != "":
		return slices.Clone(s.trusted[id].at(now)), nil
	}
	var all []jwtexp.Key
	for _, e := range slices.Backward(s.Entries) {
		all = append(all, s.trusted[e.ID].at(now)...)
	}
	return all, nil
}

// Published returns the keys that others are to verify with at now, those to come
// included, the newest first, and for how long they may keep a copy: for half of the
// schedule's Propagation, so that they have the other half to fetch another, and no longer
// than until one of the keys leaves. Secrets are left out, and private keys reduced to their
// public half. It is an error if the ring has no keys yet.
//
// It is what a JWK Set is made from; those who share a secret, or the process, have the
// Ring itself. A JWK has no bounds: to those who have copies a key is good for every token
// until it leaves, and its tokens are invalid afterwards, late or not.
func (r *Ring) Published(now time.Time) (keys []jwtexp.Key, fresh time.Duration, err error) {
	s := r.current.Load()
	if s == nil {
		return nil, 0, errNoKeys
	}
	fresh = r.schedule.Propagation / 2
	for i := range slices.Backward(s.Entries) {
		e := &s.Entries[i]
		public := s.trusted[e.ID].public
		if public == (jwtexp.Key{}) { // a secret, or a key that was revoked
			continue
		}
		left := r.schedule.publishedUntil(e).Sub(now)
		if left <= 0 {
			continue
		}
		fresh = min(fresh, left)
		keys = append(keys, public)
	}
	return keys, fresh, nil
}

// publicHalf returns a key that can only verify, and the zero Key for a secret.
func publicHalf(k jwtexp.Key) jwtexp.Key {
	if k.PublicKey() == nil {
		return jwtexp.Key{}
	}
	public, err := jwtexp.NewPublicKey(k.Algorithm(), k.PublicKey())
	if err != nil {
		panic(err) // it was checked when k was made
	}
	return public.WithID(k.ID())
}

// State returns the state of the ring without the keys, to be stored after each Rotate
// and Revoke. A key that is in none of its entries is no longer needed. Of one whose
// SignUntil has passed, the public half is enough. An entry leaves the State with the first
// Rotate after its Grace, also if it was revoked. A ring without keys has the zero State.
func (r *Ring) State() State {
	s := r.current.Load()
	if s == nil {
		return State{}
	}
	return State{Generation: s.Generation, Entries: slices.Clone(s.Entries)}
}

// Rotate publishes next at now, and has it sign when the schedule's Propagation has passed:
// at once where no key signs, as with the first. Store the State afterwards, and next
// before: an instance must not load an entry whose key it cannot get.
//
// A key without an ID gets its [Thumbprint] for one; a secret has none, and needs a name
// (Key.WithID). The ring's bounds replace one of next's own (Key.WithNotAfter).
//
// It is an error, and changes nothing, where next cannot sign, has no ID or one that the
// ring has or had revoked, or now is the zero time.
func (r *Ring) Rotate(next jwtexp.Key, now time.Time) error {
	next, err := withID(next)
	if err == nil {
		_, err = jwtexp.NewIssuer(next, time.Second) // which says what is wrong with a key that is to sign
	}
	if err != nil {
		return fmt.Errorf("keyring: Rotate: %w", err)
	}
	return r.change(now, func(s *snapshot, now time.Time) error {
		if _, revoked := s.revoked[next.ID()]; revoked || s.index(next.ID()) >= 0 {
			return fmt.Errorf("keyring: Rotate: the ring has, or had, a key with the ID %q: a new key has a new ID", next.ID())
		}
		s.keys[next.ID()] = next
		s.Entries = r.schedule.rotate(s.Entries, next.ID(), now)
		return nil
	})
}

func withID(k jwtexp.Key) (jwtexp.Key, error) {
	switch {
	case k.ID() != "":
		return k, nil
	case k.PublicKey() == nil:
		return k, errors.New("the key has no ID, and a secret no thumbprint to use for one: name it (Key.WithID)")
	}
	id, err := Thumbprint(k.PublicKey())
	return k.WithID(id), err
}

// Revoke ends the trust in a key that has leaked: from now on its tokens are invalid, also
// expired ones and those that a Verifier remembers ([jwtexp.WithCache]). Other instances
// follow when they load the State, and those who fetch a JWK Set when they fetch it next,
// provided that there is a key in it: a set without any looks like a mistake, and they go on
// with the one that they have. Where no other key is left, rotate one in as well, at once.
// A clock that is behind delays nothing.
//
// Where the key is the one that signs, the next takes its place at once, though it may not
// be known everywhere yet; without a next, Issue fails until another is rotated in, which
// then signs at once. Where it was to be the next, the one that signs goes on: instances that
// have not loaded the State by the time at which it was to end refuse what it signs from
// then on.
//
// A key that was revoked is never trusted again by this Ring, whatever it loads. Revoking it
// once more changes nothing. An ID that the ring does not have is an error.
func (r *Ring) Revoke(id string, now time.Time) error {
	return r.change(now, func(s *snapshot, now time.Time) error {
		i := s.index(id)
		switch {
		case i < 0:
			return fmt.Errorf("keyring: Revoke: the ring has no key with the ID %q", id)
		case s.Entries[i].Revoked.IsZero():
			r.schedule.revoke(s.Entries, i, now)
		}
		return nil
	})
}

func (s *snapshot) index(id string) int {
	return slices.IndexFunc(s.Entries, func(e Entry) bool { return e.ID == id })
}

// change replaces the snapshot by a copy that was changed, unless that is an error. If the
// entries differ then, it is another generation.
func (r *Ring) change(now time.Time, change func(*snapshot, time.Time) error) error {
	switch {
	case !r.made():
		return errNotMade
	case now.IsZero():
		return errZeroTime
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.copy()
	if err := change(s, now.Round(0).UTC()); err != nil {
		return err
	}
	if !slices.Equal(s.Entries, r.State().Entries) {
		s.Generation++
	}
	r.store(s)
	return nil
}

// made tells a Ring that New made from a zero one, whose schedule no check lets pass.
func (r *Ring) made() bool { return r.schedule != Schedule{} }

// Load replaces the ring's state by a stored one, of this Ring or of another with the same
// schedule. The entries may be in any order. Load calls key for every entry that was not
// revoked, and key returns the key with the given ID. The key may have no ID. It may be a
// public key if the ring does not issue, or if the entry has signed its last token.
//
// Load returns an error if there are no entries or no generation, if entries contradict each
// other, or if key returns an error or an unusable key. The error names every fault and
// wraps the errors of key. Load returns [ErrOlder] if the state has an earlier generation than
// the ring, because it could bring a revoked key back. A state of the same generation is
// loaded. To go back on purpose, for example to a backup, make a new Ring.
//
// After an error the ring keeps the state that it had, with one exception. If nothing is wrong
// but that keys are missing, or that the state is older, Load applies the state's revocations
// to the keys that the ring has: a missing file must not keep a leaked key alive. They do not
// change the ring's generation. The error names the missing keys.
//
// A key that this Ring knows to be revoked stays revoked if the stored state lacks the
// revocation. The ring's generation is then one more than the stored state's: store the
// ring's State like any change.
func (r *Ring) Load(stored State, key func(id string) (jwtexp.Key, error)) error {
	switch {
	case !r.made():
		return errNotMade
	case key == nil:
		return errors.New("keyring: Load: key is nil: pass a func that returns the key with an ID")
	}
	faults := stored.check()
	keys, missing := keysOf(stored, key)
	if len(faults) > 0 {
		return fmt.Errorf("keyring: Load: %w", errors.Join(append(faults, missing...)...))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.copy()
	err := errors.Join(missing...)
	if stored.Generation < s.Generation {
		err = errors.Join(fmt.Errorf("%w: it has generation %d, and the ring %d", ErrOlder, stored.Generation, s.Generation), err)
	}
	if err != nil && s.Generation == 0 {
		return fmt.Errorf("keyring: Load: %w", err)
	}
	if err != nil {
		r.revokeAll(s, stored.revocations())
		r.store(s)
		return fmt.Errorf("keyring: Load: nothing but the revocations was loaded: %w", err)
	}
	s.State, s.keys = State{stored.Generation, slices.SortedFunc(slices.Values(stored.Entries), inOrder)}, keys
	if r.revokeAll(s, s.revoked) { // of which stored knew nothing
		s.Generation++
	}
	r.store(s)
	return nil
}

// keysOf returns the keys of the entries that were not revoked, and a fault for each key that
// is missing.
func keysOf(stored State, key func(id string) (jwtexp.Key, error)) (keys map[string]jwtexp.Key, missing []error) {
	keys = make(map[string]jwtexp.Key)
	for _, e := range stored.Entries {
		if e.ID == "" || !e.Revoked.IsZero() {
			continue
		}
		k, err := key(e.ID)
		if err == nil && k.ID() != "" && k.ID() != e.ID {
			err = fmt.Errorf("got one with the ID %q", k.ID())
		}
		k = k.WithID(e.ID)
		if err == nil {
			_, err = jwtexp.NewKeySet(k) // which says what is wrong with a key that is to verify
		}
		if err != nil {
			missing = append(missing, fmt.Errorf("the key %q: %w", e.ID, err))
		}
		keys[e.ID] = k
	}
	return keys, missing
}

// revokeAll revokes the keys that were revoked elsewhere, or before, and remembers them. It
// reports whether an entry has changed.
func (r *Ring) revokeAll(s *snapshot, revoked map[string]time.Time) (changed bool) {
	for i, e := range s.Entries {
		if at, ok := revoked[e.ID]; ok && e.Revoked.IsZero() {
			r.schedule.revoke(s.Entries, i, at)
			changed = true
		}
	}
	maps.Copy(s.revoked, revoked)
	return changed
}

// copy returns a snapshot to change, with all of the present one but what store makes.
func (r *Ring) copy() *snapshot {
	s := &snapshot{State: r.State(), keys: make(map[string]jwtexp.Key), revoked: make(map[string]time.Time)}
	if old := r.current.Load(); old != nil {
		maps.Copy(s.keys, old.keys)
		maps.Copy(s.revoked, old.revoked)
	}
	return s
}

// store makes s the present snapshot. What is left of a revoked key is its entry.
func (r *Ring) store(s *snapshot) {
	slices.SortFunc(s.Entries, inOrder)
	keys := s.keys
	s.keys, s.trusted = make(map[string]jwtexp.Key), make(map[string]trusted)
	for i := range s.Entries {
		e := &s.Entries[i]
		if !e.Revoked.IsZero() {
			s.revoked[e.ID] = e.Revoked
			continue
		}
		s.keys[e.ID] = keys[e.ID]
		s.trusted[e.ID] = trusted{
			keys:   []jwtexp.Key{keys[e.ID].WithNotAfter(r.schedule.notAfter(e))},
			until:  r.schedule.keptUntil(e),
			public: publicHalf(keys[e.ID]),
		}
	}
	r.current.Store(s)
}
