package keyring

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp"
)

// An Entry describes one key without its material. All times are in UTC.
type Entry struct {
	ID        string    `json:"id"`                  // kid
	Published time.Time `json:"published"`           // when Rotate added it
	SignFrom  time.Time `json:"sign_from"`           // when it starts to sign
	SignUntil time.Time `json:"sign_until,omitzero"` // when the next key signs instead; zero until there is a next key
	NotAfter  time.Time `json:"not_after,omitzero"`  // latest expiry of a token that it signed; zero if SignUntil is
	Revoked   time.Time `json:"revoked,omitzero"`    // when it was revoked, which ends all trust; zero if it was not
}

// A State is the state of a Ring without key material. Store it, for example as JSON. The zero
// State has no entries.
type State struct {
	Generation uint64  `json:"generation"` // grows by one with each change; 0 if and only if Entries is empty
	Entries    []Entry `json:"entries"`    // in the order in which they sign
}

// ErrOlder is the error of [Ring.Load] for a State older than the ring's, for example from a
// replica that lags. Match it with errors.Is. If it persists, the ring was changed but not stored.
var ErrOlder = errors.New("the state is older than the ring's")

// State returns the ring's state, the zero State if it has no keys. Store it after each Rotate
// and Revoke. Delete keys without an entry. After an entry's SignUntil, the public half of its key
// is enough. Rotate removes an entry, revoked or not, once its Grace is over.
func (r *Ring) State() State {
	s := r.current.Load()
	if s == nil {
		return State{}
	}
	return State{Generation: s.Generation, Entries: slices.Clone(s.Entries)}
}

// Load replaces the ring's state with the state of this or another Ring with the same schedule.
// The entries may be in any order. Load calls key for each entry that was not revoked, to get the
// key with the given ID. The key may have no ID. A public key is enough if the ring does not sign,
// or after SignUntil.
//
// Load returns an error if stored has no entries or no generation, if entries contradict each
// other, or if key returns an error or an unusable key. The error lists every fault and wraps the
// errors of key. It matches [ErrOlder] if the ring has a later generation, because an older state
// could bring a revoked key back. An equal generation is loaded. To go back on purpose, for
// example to a backup, create a new Ring.
//
// After an error the ring keeps its state, with one exception: if keys are missing or stored is
// older, and nothing else is wrong, Load still applies the stored revocations. A missing file
// must not keep a leaked key alive. The error names the missing keys, and the ring's generation
// stays.
//
// A key that this Ring knows to be revoked stays revoked, even if stored does not say so. The
// ring's generation is then one more than the stored one: store the ring's State.
func (r *Ring) Load(stored State, key func(id string) (jwtexp.Key, error)) error {
	if err := r.load(stored, key); err != nil {
		return fmt.Errorf("keyring: Load: %w", err)
	}
	return nil
}

func (r *Ring) load(stored State, key func(id string) (jwtexp.Key, error)) error {
	switch {
	case r.schedule == Schedule{}: // which New rejects
		return errZeroRing
	case key == nil:
		return errors.New("key is nil; pass a func that returns the key with a given ID")
	}
	faults := stored.check()
	keys, missing := loadKeys(stored, key)
	if len(faults) > 0 {
		return errors.Join(append(faults, missing...)...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.clone()
	err := errors.Join(missing...)
	if stored.Generation < s.Generation {
		err = errors.Join(fmt.Errorf("%w: generation %d, but the ring has %d; load the latest state, or create a new Ring to go back",
			ErrOlder, stored.Generation, s.Generation), err)
	}
	if err != nil && s.Generation == 0 {
		return err
	}
	if err != nil {
		r.revokeAll(s, stored.revocations())
		r.store(s)
		return fmt.Errorf("loaded only the revocations: %w", err)
	}
	s.State, s.keys = State{stored.Generation, slices.SortedFunc(slices.Values(stored.Entries), compareEntries)}, keys
	if r.revokeAll(s, s.revoked) { // stored lacks a revocation
		s.Generation++
	}
	r.store(s)
	return nil
}

// loadKeys returns the keys of the entries that were not revoked, and an error for each key that
// is missing or unusable.
func loadKeys(stored State, key func(id string) (jwtexp.Key, error)) (keys map[string]jwtexp.Key, missing []error) {
	keys = make(map[string]jwtexp.Key)
	for _, e := range stored.Entries {
		if e.ID == "" || !e.Revoked.IsZero() {
			continue
		}
		k, err := key(e.ID)
		switch {
		case err != nil:
		case k.Algorithm() == "":
			err = errors.New("the func returned the zero Key; return the key, or an error if it is missing")
		case k.ID() != "" && k.ID() != e.ID:
			err = fmt.Errorf("the func returned the key %q instead; return the key with the ID that it gets", k.ID())
		case !utf8.ValidString(e.ID):
			err = errNotUTF8
		}
		if err != nil {
			missing = append(missing, keyFault(e.ID, err))
		}
		keys[e.ID] = k.WithID(e.ID)
	}
	return keys, missing
}

// revokeAll revokes the given keys, and remembers those that are not in s. It reports whether an
// entry has changed.
func (r *Ring) revokeAll(s *snapshot, revoked map[string]time.Time) (changed bool) {
	for i, e := range s.Entries {
		if t, ok := revoked[e.ID]; ok && e.Revoked.IsZero() {
			r.schedule.revoke(s.Entries, i, t)
			changed = true
		}
	}
	maps.Copy(s.revoked, revoked)
	return changed
}

// revocations returns when each revoked key was revoked.
func (s State) revocations() map[string]time.Time {
	revoked := make(map[string]time.Time)
	for _, e := range s.Entries {
		if !e.Revoked.IsZero() {
			revoked[e.ID] = e.Revoked
		}
	}
	return revoked
}

// check returns the faults of a stored state.
func (s State) check() (faults []error) {
	switch {
	case len(s.Entries) == 0:
		faults = append(faults, errors.New("the state has no entries; call Rotate to add a first key"))
	case s.Generation == 0:
		faults = append(faults, errors.New("the state has no generation; store the whole State, not only its entries"))
	case s.Generation == math.MaxUint64:
		faults = append(faults, errors.New("the state has the last possible generation; restore an earlier one"))
	}
	seen := make(map[string]bool)
	signers := make([]Entry, 0, len(s.Entries))
	for i, e := range s.Entries {
		var fault string
		switch {
		case e.ID == "":
			fault = "no ID"
		case seen[e.ID]:
			fault = "duplicate ID"
		case e.Published.IsZero() || e.SignFrom.IsZero():
			fault = "published or sign_from is missing"
		case e.SignUntil.IsZero() != e.NotAfter.IsZero():
			fault = "sign_until and not_after need each other; set both or neither"
		case !e.SignUntil.IsZero() && (e.SignUntil.Before(e.SignFrom) || e.NotAfter.Before(e.SignUntil)):
			fault = "sign_from, sign_until and not_after are not in this order"
		}
		if fault != "" {
			faults = append(faults, fmt.Errorf("entry %d (%q): %s", i, e.ID, fault))
		}
		seen[e.ID] = true
		if e.Revoked.IsZero() {
			signers = append(signers, e)
		}
	}
	slices.SortFunc(signers, compareEntries)
	for i := 1; i < len(signers); i++ {
		if before := signers[i-1]; before.signUntil().After(signers[i].SignFrom) {
			faults = append(faults, fmt.Errorf("keys %q and %q sign at the same time", before.ID, signers[i].ID))
		}
	}
	return faults
}

// compareEntries orders entries by when they sign, independent of their stored order. Of entries
// with the same SignFrom, only the last one signs: the others were replaced before they could.
func compareEntries(a, b Entry) int {
	return cmp.Or(
		a.SignFrom.Compare(b.SignFrom),
		a.signUntil().Compare(b.signUntil()),
		a.Published.Compare(b.Published),
		cmp.Compare(a.ID, b.ID),
	)
}
