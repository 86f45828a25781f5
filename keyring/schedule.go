package keyring

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Schedule is what a [Ring] computes its times from. All but Lifetime may be zero.
type Schedule struct {
	// Lifetime is the longest lifetime of a token that an issuer signs with the ring's
	// keys: whole seconds, at least one. An issuer with a longer one gets errors from
	// Issue. Before an issuer's lifetime grows, let this one grow wherever the ring is
	// loaded; let it shrink only when the longer tokens are gone.
	Lifetime time.Duration

	// Leeway is the longest leeway of a verifier, plus the time by which the clocks of
	// those who verify and of those who publish keys may differ, plus, where verifiers
	// fetch a JWK Set, the time that fetching takes: one that fetches it for a token in
	// its last moment must still find the key.
	Leeway time.Duration

	// Propagation is how long it takes until every issuer and every verifier has learned
	// of a new key: the longest time between two loads of the State or, where verifiers
	// fetch a JWK Set, for which they keep a copy (half of Propagation, or longer where
	// they have a minimum of their own, such as the 5 minutes of a jwks.Remote), plus the
	// time that fetching takes, plus that by which the clocks differ. Zero is right for a
	// single process: there a new key signs at once.
	Propagation time.Duration

	// Grace is for how long a key that verifies nothing any more is kept to recognise its
	// expired tokens, which are then told to be expired and not invalid: as long as a
	// client may stay away and shall still hear so.
	Grace time.Duration
}

func (s Schedule) check() error {
	var faults []error
	if s.Lifetime < time.Second || s.Lifetime%time.Second != 0 {
		faults = append(faults, fmt.Errorf("keyring: New: Lifetime: %v is no lifetime: whole seconds, at least one, such as 15*time.Minute", s.Lifetime))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Leeway", s.Leeway}, {"Propagation", s.Propagation}, {"Grace", s.Grace}} {
		if d.value < 0 {
			faults = append(faults, fmt.Errorf("keyring: New: %s: %v is negative", d.name, d.value))
		}
	}
	return errors.Join(faults...)
}

// An Entry is what is known of one key but its material: its ID, and its times, in UTC.
type Entry struct {
	ID        string    `json:"id"`                  // kid
	Published time.Time `json:"published"`           // when it was rotated in, and verifiers could begin to learn of it
	SignFrom  time.Time `json:"sign_from"`           // it signs from then on
	SignUntil time.Time `json:"sign_until,omitzero"` // and before then; zero while no other has been named to take its place
	NotAfter  time.Time `json:"not_after,omitzero"`  // no token that it signed expires later; zero with SignUntil
	Revoked   time.Time `json:"revoked,omitzero"`    // when it was revoked, zero if it was not; it is trusted for nothing
}

// A State is a Ring's state without key material. Store it as JSON, for example. The zero
// State has no entries.
type State struct {
	Generation uint64  `json:"generation"` // grows by one with each Rotate and Revoke; 0 if and only if Entries is empty
	Entries    []Entry `json:"entries"`    // in the order in which they sign
}

// revocations returns the time of revocation of each revoked key.
func (s State) revocations() map[string]time.Time {
	revoked := make(map[string]time.Time)
	for _, e := range s.Entries {
		if !e.Revoked.IsZero() {
			revoked[e.ID] = e.Revoked
		}
	}
	return revoked
}

// check returns what is wrong with a state that comes from outside.
func (s State) check() (faults []error) {
	switch {
	case len(s.Entries) == 0:
		faults = append(faults, errors.New("no entries"))
	case s.Generation == 0:
		faults = append(faults, errors.New("no generation: store all of what State returns, and not the entries alone"))
	case s.Generation == math.MaxUint64:
		faults = append(faults, errors.New("the generation has no successor: restore the state that was stored before it"))
	}
	seen := make(map[string]bool)
	signers := make([]Entry, 0, len(s.Entries))
	for i, e := range s.Entries {
		var fault string
		switch {
		case e.ID == "":
			fault = "no ID"
		case seen[e.ID]:
			fault = "a second one with this ID"
		case e.Published.IsZero() || e.SignFrom.IsZero():
			fault = "no time from which it is published, or signs"
		case e.SignUntil.IsZero() != e.NotAfter.IsZero():
			fault = "sign_until without not_after, or the other way round"
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
	slices.SortFunc(signers, inOrder)
	for i := 1; i < len(signers); i++ {
		if before := signers[i-1]; before.signUntil().After(signers[i].SignFrom) {
			faults = append(faults, fmt.Errorf("the keys %q and %q sign at the same time", before.ID, signers[i].ID))
		}
	}
	return faults
}

// inOrder is the order in which entries sign, the same however they were stored. Of those
// that begin together, all but the last were superseded before they signed.
func inOrder(a, b Entry) int {
	return cmp.Or(
		a.SignFrom.Compare(b.SignFrom),
		a.signUntil().Compare(b.signUntil()),
		a.Published.Compare(b.Published),
		cmp.Compare(a.ID, b.ID),
	)
}

// endOfTime is the latest exp that there is.
var endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// signUntil is SignUntil, or what no token can outlive.
func (e *Entry) signUntil() time.Time {
	if e.SignUntil.IsZero() {
		return endOfTime
	}
	return e.SignUntil
}

// signsAt reports whether t is within the time in which e signs.
func (e *Entry) signsAt(t time.Time) bool {
	return e.Revoked.IsZero() && !t.Before(e.SignFrom) && t.Before(e.signUntil())
}

// end says when e ceases to sign.
func (s Schedule) end(e *Entry, at time.Time) {
	e.SignUntil, e.NotAfter = at, at.Add(s.Lifetime)
}

// notAfter is the latest exp of a token that e signed, or signs. A lifetime that has grown
// since the entry was made counts as well: an issuer may go by it already.
func (s Schedule) notAfter(e *Entry) time.Time {
	if e.SignUntil.IsZero() {
		return endOfTime
	}
	if grown := e.SignUntil.Add(s.Lifetime); grown.After(e.NotAfter) {
		return grown
	}
	return e.NotAfter
}

// publishedUntil is the instant at which no token of e can be good any more.
func (s Schedule) publishedUntil(e *Entry) time.Time { return s.notAfter(e).Add(s.Leeway) }

// keptUntil is the instant from which on e recognises nothing any more.
func (s Schedule) keptUntil(e *Entry) time.Time { return s.publishedUntil(e).Add(s.Grace) }

// signing returns the entry that signs at now. Where none does, it is the next that
// will: this clock may be behind the one with which the first key was rotated in, and a key that is
// published already is better than none.
func signing(entries []Entry, now time.Time) *Entry {
	for i := range entries {
		if entries[i].signsAt(now) {
			return &entries[i]
		}
	}
	for i := range entries {
		if entries[i].Revoked.IsZero() && entries[i].SignFrom.After(now) {
			return &entries[i]
		}
	}
	return nil
}

// rotate returns the entries with one more, without those that are good for nothing now.
func (s Schedule) rotate(entries []Entry, id string, now time.Time) []Entry {
	from := now
	if signing(entries, now) != nil {
		from = now.Add(s.Propagation)
	}
	for _, e := range entries {
		if e.Revoked.IsZero() { // later than now by more only where the clock was put back
			from = slices.MaxFunc([]time.Time{from, e.SignFrom, e.SignUntil}, time.Time.Compare)
		}
	}
	for i := range entries {
		if e := &entries[i]; e.SignUntil.IsZero() { // one revoked by hand may be to begin later
			s.end(e, slices.MaxFunc([]time.Time{from, e.SignFrom}, time.Time.Compare))
		}
	}
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return !now.Before(s.keptUntil(&e)) })
	return append(entries, Entry{ID: id, Published: now, SignFrom: from})
}

// revoke marks the entry at i as revoked, and hands on the time in which it would have
// signed.
func (s Schedule) revoke(entries []Entry, i int, now time.Time) {
	e := &entries[i]
	e.Revoked = now
	if e.SignFrom.After(now) { // to the one before, which goes on
		var before *Entry
		for j := range entries[:i] {
			if entries[j].Revoked.IsZero() && entries[j].SignUntil.Equal(e.SignFrom) {
				before = &entries[j]
			}
		}
		if before != nil {
			before.SignUntil, before.NotAfter = e.SignUntil, e.NotAfter
		}
		s.end(e, e.SignFrom)
		return
	}
	if now.Before(e.signUntil()) { // to the next, which begins at once
		if next := signing(entries, now); next != nil {
			next.SignFrom = now
		}
		s.end(e, now)
	}
}
