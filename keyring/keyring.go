// Package keyring rotates signing keys without rejecting a valid token.
//
// A [Ring] computes from a [Schedule] which key signs and which keys are trusted at a given time.
// It is a [jwtexp.KeySource] for the issuer and a [jwtexp.KeySet] for the verifier. A [Rotator]
// makes its keys, and keeps them in a [Store] that all instances of the service share:
//
//	ring, err := keyring.New(keyring.Schedule{
//		Lifetime:    15 * time.Minute,
//		Propagation: time.Hour,
//		Grace:       30 * 24 * time.Hour,
//	})
//	rotator, err := keyring.NewRotator(ring, keyring.Directory("/var/lib/api/keys"), keyring.RotatorConfig{
//		Algorithm: jwtexp.Ed25519,
//		Every:     24 * time.Hour,
//	})
//	err = rotator.Check(ctx) // makes or loads the first key
//	go rotator.Run(ctx)      // a new key once a day
//
//	issuer, err := jwtexp.NewIssuer(ring, 15*time.Minute, names)
//	verifier, err := jwtexp.NewVerifier(ring, names)
//
// # The life of a key
//
//  1. Publish: [Rotator.Check] or [Ring.Rotate] adds the key. Verifiers trust it, but it does not
//     sign yet.
//  2. Sign: after Propagation it replaces the signing key. The first key signs at once.
//  3. Verify: once the next key signs, this key only verifies, for Lifetime plus Leeway. Tokens
//     that expire later are rejected, so a stolen old key cannot make new ones.
//  4. Recognize: for Grace, the key is not published, but its tokens are still reported as
//     expired, not as invalid.
//  5. Forget: its tokens are invalid.
//
// [Rotator.Revoke] and [Ring.Revoke] end the life of a leaked key at once.
//
// # Without a Rotator
//
// A service that makes and stores its keys itself, as in a KMS, calls [Ring.Rotate] and
// [Ring.Revoke], and stores the ring's [State], where all instances can read it. [Ring.Load]
// restores a State and asks for each key by its ID. Instances with the same State behave alike.
// [Ring.State] has an example that loses no change of another instance: load the State into a new
// Ring, change that Ring, store its State if the stored generation is unchanged, and load it into
// the serving Ring. The serving Ring must not sign with a key that other instances don't have.
//
// Revoke needs no key material. If it is lost, a throw-away key without an ID will do for Load.
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
	"unicode/utf8"

	"github.com/jwtexp/jwtexp"
)

// A Ring is a [jwtexp.KeySource] and a [jwtexp.KeySet] that rotates its keys by a [Schedule].
// Create it with [New]: with the zero Ring, or one without keys, an Issuer and a Verifier return
// [jwtexp.ErrUnavailable]. It reads no clock: an Issuer or a Verifier passes the time of its
// decision. It is safe for concurrent use.
type Ring struct {
	schedule Schedule
	mu       sync.Mutex               // held while the snapshot is replaced
	current  atomic.Pointer[snapshot] // an atomic.Pointer also hides the keys from fmt and reflect
}

// A snapshot is the content of a Ring at one moment. It never changes after Ring.store.
type snapshot struct {
	State
	keys    map[string]jwtexp.Key // by ID, without revoked keys
	revoked map[string]time.Time  // by ID, even if the entry is no longer in State
	trusted map[string]trustedKey // by ID; computed by Ring.store
}

// A trustedKey is a key as verifiers get it.
type trustedKey struct {
	keys   []jwtexp.Key // one key, with its NotAfter
	until  time.Time    // the ring forgets it then
	public jwtexp.Key   // the public half; the zero Key for a secret
	signs  bool         // the ring has its private half, or it is a secret
}

func (k trustedKey) keysAt(now time.Time) []jwtexp.Key {
	if now.Before(k.until) {
		return k.keys
	}
	return nil
}

// New returns a Ring without keys: call [Rotator.Check], [Ring.Rotate] or [Ring.Load] next. The
// error lists every fault of the schedule.
func New(s Schedule) (*Ring, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &Ring{schedule: s}, nil
}

// MaxLifetime returns the Lifetime of the schedule, or 0 for a nil or zero Ring. [jwtexp.NewIssuer]
// returns an error for a longer lifetime.
func (r *Ring) MaxLifetime() time.Duration {
	if r == nil {
		return 0
	}
	return r.schedule.Lifetime
}

var (
	errZeroRing = errors.New("the Ring is zero; make it with New")
	errNoKeys   = errors.New("keyring: the ring has no keys; call Rotator.Check, Rotate or Load first")
	errNoSigner = errors.New("keyring: no key can sign, because the last one was revoked; call Rotate with a new key")
	errZeroTime = errors.New("now is the zero time; pass the current time")
)

// SigningKey returns the key that signs at now, for tokens that live up to the schedule's
// Lifetime. If the ring has only the public half of that key, SigningKey returns the next key, which
// is published already: this clock may be behind the clock by which the private half was removed. It
// returns a [*jwtexp.UnavailableError] before the first key and after the only key was revoked.
func (r *Ring) SigningKey(_ context.Context, now time.Time) (jwtexp.Key, error) {
	s := r.current.Load()
	if s == nil {
		return jwtexp.Key{}, outage("key source", errNoKeys)
	}
	first := signerAt(s.Entries, now)
	if first == nil {
		return jwtexp.Key{}, outage("key source", errNoSigner)
	}
	id := first.ID
	for _, e := range s.Entries[s.index(id):] {
		if s.trusted[e.ID].signs {
			id = e.ID
			break
		}
	}
	return s.keys[id].WithNotAfter(now.Add(r.schedule.Lifetime)), nil
}

// VerificationKeys returns the key with the given ID, or none if it is unknown, revoked or
// forgotten at now. For "", as in a token without kid, it returns all keys, newest first. The
// caller may change the slice. It returns a [*jwtexp.UnavailableError] if the ring has no keys yet.
func (r *Ring) VerificationKeys(_ context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	s := r.current.Load()
	switch {
	case s == nil:
		return nil, outage("key set", errNoKeys)
	case id != "":
		return slices.Clone(s.trusted[id].keysAt(now)), nil
	}
	var all []jwtexp.Key
	for _, e := range slices.Backward(s.Entries) {
		all = append(all, s.trusted[e.ID].keysAt(now)...)
	}
	return all, nil
}

// outage returns an error whose text an Issuer or a Verifier shows.
func outage(what string, err error) error {
	return &jwtexp.UnavailableError{What: what, Detail: err.Error(), Err: err}
}

// WhyNot returns why VerificationKeys has no key with the given ID, if the ring had one: it was
// revoked, or forgotten. Otherwise it returns "". A Verifier adds the text to its error.
func (r *Ring) WhyNot(id string) string {
	s := r.current.Load()
	if s == nil {
		return ""
	}
	if at, ok := s.revoked[id]; ok {
		return "it was revoked at " + at.Format(time.RFC3339)
	}
	if key, ok := s.trusted[id]; ok {
		return "it was kept until " + key.until.Format(time.RFC3339)
	}
	return ""
}

// Published returns the public keys that other services need at now, newest first, and how long
// they may cache them. It includes keys that don't sign yet, and no secrets. The cache time is
// half of Propagation, which leaves the other half to fetch again, or less if a key leaves sooner.
// Published returns an error if the ring has no keys yet.
//
// Use it for a JWK Set. Services that share a secret or the process use the Ring itself. A JWK
// has no time limits: it verifies every unexpired token until it leaves the set. Afterwards all
// its tokens are invalid, even expired ones.
func (r *Ring) Published(now time.Time) (keys []jwtexp.Key, fresh time.Duration, err error) {
	s := r.current.Load()
	if s == nil {
		return nil, 0, errNoKeys
	}
	fresh = r.schedule.Propagation / 2
	for i := range slices.Backward(s.Entries) {
		e := &s.Entries[i]
		public := s.trusted[e.ID].public
		if public == (jwtexp.Key{}) { // a secret or a revoked key
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

// Rotate publishes next at now. The key signs after the schedule's Propagation, or at once if no
// other key signs. If an earlier key still waits to sign, it signs at its own time, and next
// replaces it Propagation after this call. Store next before Rotate and the State afterwards: no
// instance may load an entry whose key it cannot get.
//
// A key without an ID gets its [Thumbprint]. A secret has none and needs an ID (Key.WithID). The
// ring's time limits replace the key's own (Key.WithNotAfter).
//
// Rotate returns an error and changes nothing if next cannot sign, is a secret without an ID, or
// has an ID that is in use or was revoked, or if now is the zero time.
func (r *Ring) Rotate(next jwtexp.Key, now time.Time) error {
	if err := r.rotate(next, now); err != nil {
		return fmt.Errorf("keyring: Rotate: %w", err)
	}
	return nil
}

func (r *Ring) rotate(next jwtexp.Key, now time.Time) error {
	if next.ID() == "" && next.Algorithm() != "" {
		if next.PublicKey() == nil {
			return errors.New("the key has no ID, and a secret has no thumbprint; set an ID with Key.WithID")
		}
		next = next.WithID(thumbprint(next.PublicKey()))
	}
	switch {
	case next.Algorithm() == "":
		return keyFault(next.ID(), errors.New("the zero Key; make one with jwtexp.NewSigningKey, NewSecretKey or ParsePEM"))
	case !utf8.ValidString(next.ID()):
		return keyFault(next.ID(), errNotUTF8)
	case !canSign(next):
		return keyFault(next.ID(), errors.New("a public key cannot sign; pass the private key"))
	}
	return r.change(now, func(s *snapshot, now time.Time) error {
		if _, revoked := s.revoked[next.ID()]; revoked || s.index(next.ID()) >= 0 {
			return keyFault(next.ID(), errors.New("the ID is in use or was revoked; give a new key a new ID"))
		}
		s.keys[next.ID()] = next
		s.Entries = r.schedule.rotate(s.Entries, next.ID(), now)
		return nil
	})
}

var errNotUTF8 = errors.New("the ID is not valid UTF-8; use UTF-8, such as the key's Thumbprint")

// keyFault returns an error that names the key at fault.
func keyFault(id string, err error) error { return fmt.Errorf("key %q: %w", id, err) }

// canSign reports whether key, which is valid, has a private half or is a secret.
func canSign(key jwtexp.Key) bool {
	_, err := jwtexp.NewIssuer(key.WithNotAfter(maxExpiry), time.Second)
	return err == nil
}

// Revoke ends the trust in a leaked key. Its tokens are invalid at once, even if they are expired
// or cached ([jwtexp.WithCache]), or the verifier's clock is behind. Other instances follow when
// they load the State, and clients of a JWK Set at their next fetch. Clients ignore an empty set:
// if no other key is left, Rotate a new one in at once.
//
//   - If the signing key is revoked, the next key signs at once, even if some verifiers don't
//     know it yet. Without a next key, Issue fails until Rotate, and the new key signs at once.
//   - If the next key is revoked, the signing key keeps signing. Instances that still have the
//     old State at the planned switch reject tokens that it signs from then on.
//
// This Ring never trusts a revoked key again, whatever it loads. Revoking it again changes
// nothing. Revoke returns an error if the ring has no such key, or now is the zero time.
func (r *Ring) Revoke(id string, now time.Time) error {
	if err := r.revoke(id, now); err != nil {
		return fmt.Errorf("keyring: Revoke: %w", err)
	}
	return nil
}

func (r *Ring) revoke(id string, now time.Time) error {
	return r.change(now, func(s *snapshot, now time.Time) error {
		i := s.index(id)
		switch {
		case i < 0:
			return keyFault(id, errors.New("the ring has no such key; State lists the IDs"))
		case s.Entries[i].Revoked.IsZero():
			r.schedule.revoke(s.Entries, i, now)
		}
		return nil
	})
}

// forget removes the entries whose Grace is over at now.
func (r *Ring) forget(now time.Time) error {
	return r.change(now, func(s *snapshot, now time.Time) error {
		s.Entries = r.schedule.forget(s.Entries, now)
		return nil
	})
}

// fork returns a Ring with the content of r. A change of one does not affect the other.
func (r *Ring) fork() *Ring {
	fork := &Ring{schedule: r.schedule}
	fork.current.Store(r.current.Load())
	return fork
}

func (s *snapshot) index(id string) int {
	return slices.IndexFunc(s.Entries, func(e Entry) bool { return e.ID == id })
}

// change applies change to a copy of the snapshot and stores the copy, unless change fails. The
// generation grows if the entries differ.
func (r *Ring) change(now time.Time, change func(*snapshot, time.Time) error) error {
	switch {
	case r.schedule == Schedule{}: // which New rejects
		return errZeroRing
	case now.IsZero():
		return errZeroTime
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.clone()
	if err := change(s, now.Round(0).UTC()); err != nil {
		return err
	}
	if !slices.Equal(s.Entries, r.State().Entries) {
		s.Generation++
	}
	r.store(s)
	return nil
}

// clone returns a copy of the current snapshot that may be changed, without trusted.
func (r *Ring) clone() *snapshot {
	s := &snapshot{State: r.State(), keys: make(map[string]jwtexp.Key), revoked: make(map[string]time.Time)}
	if old := r.current.Load(); old != nil {
		maps.Copy(s.keys, old.keys)
		maps.Copy(s.revoked, old.revoked)
	}
	return s
}

// store makes s the current snapshot. Of a revoked key it keeps only the entry.
func (r *Ring) store(s *snapshot) {
	slices.SortFunc(s.Entries, compareEntries)
	keys := s.keys
	s.keys, s.trusted = make(map[string]jwtexp.Key), make(map[string]trustedKey)
	for i := range s.Entries {
		e := &s.Entries[i]
		if !e.Revoked.IsZero() {
			s.revoked[e.ID] = e.Revoked
			continue
		}
		s.keys[e.ID] = keys[e.ID]
		s.trusted[e.ID] = trustedKey{
			keys:   []jwtexp.Key{keys[e.ID].WithNotAfter(r.schedule.notAfter(e))},
			until:  r.schedule.recognizedUntil(e),
			public: publicHalf(keys[e.ID]),
			signs:  canSign(keys[e.ID]),
		}
	}
	r.current.Store(s)
}

// publicHalf returns a key that can only verify, or the zero Key for a secret.
func publicHalf(k jwtexp.Key) jwtexp.Key {
	if k.PublicKey() == nil {
		return jwtexp.Key{}
	}
	public, err := jwtexp.NewPublicKey(k.Algorithm(), k.PublicKey())
	if err != nil {
		panic(err) // cannot happen: the constructor of k has checked its public key
	}
	return public.WithID(k.ID())
}
