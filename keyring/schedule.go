package keyring

import (
	"fmt"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// A Schedule sets the times of a [Ring]. Only Lifetime is required.
type Schedule struct {
	// Lifetime is the longest lifetime of a token that the ring's keys sign: whole seconds, at
	// least one. NewIssuer returns an error for a longer one. Before you lengthen an issuer's
	// lifetime, lengthen this one wherever the ring is loaded. Shorten this one only after the
	// longer tokens have expired.
	Lifetime time.Duration

	// Leeway is the longest leeway of a verifier, plus the clock skew between verifiers and
	// publishers. If verifiers fetch a JWK Set, add the time of a fetch, which may start in a
	// token's last moment.
	Leeway time.Duration

	// Propagation is how long every issuer and verifier may take to learn of a new key. Add up:
	//   - the longest time between two loads of the State, such as a Rotator's Poll. If verifiers
	//     fetch a JWK Set, the time they keep a copy: half of Propagation, or their own minimum
	//     if it is longer, such as the 5 minutes of a jwks.Remote;
	//   - the time of a fetch;
	//   - the clock skew.
	// Zero suits a single process: a new key signs at once.
	Propagation time.Duration

	// Grace is how long the tokens of a key that no longer verifies are reported as expired, not
	// as invalid: the longest absence after which a client should still learn that its token has
	// expired.
	Grace time.Duration
}

func (s Schedule) check() error {
	c := setup.New("keyring: New")
	c.Fault("Lifetime", setup.CheckLifetime(s.Lifetime))
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Leeway", s.Leeway}, {"Propagation", s.Propagation}, {"Grace", s.Grace}} {
		if d.value < 0 {
			c.Fault(d.name, fmt.Errorf("%v is negative: want 0 or more", d.value))
		}
	}
	return c.Err()
}

// maxExpiry is the latest exp that a token can have.
var maxExpiry = time.Unix(claimset.MaxNumericDate, 0).UTC()

// signUntil returns SignUntil, or maxExpiry if there is no next key.
func (e *Entry) signUntil() time.Time {
	if e.SignUntil.IsZero() {
		return maxExpiry
	}
	return e.SignUntil
}

// signsAt reports whether e signs at t.
func (e *Entry) signsAt(t time.Time) bool {
	return e.Revoked.IsZero() && !t.Before(e.SignFrom) && t.Before(e.signUntil())
}

// retire makes t the time at which e stops signing.
func (s Schedule) retire(e *Entry, t time.Time) {
	e.SignUntil, e.NotAfter = t, t.Add(s.Lifetime)
}

// notAfter returns the latest exp of a token that e signs. If Lifetime has grown since the entry
// was written, the new Lifetime counts: an issuer may use it already.
func (s Schedule) notAfter(e *Entry) time.Time {
	if e.SignUntil.IsZero() {
		return maxExpiry
	}
	if grown := e.SignUntil.Add(s.Lifetime); grown.After(e.NotAfter) {
		return grown
	}
	return e.NotAfter
}

// publishedUntil returns when the last token of e has expired.
func (s Schedule) publishedUntil(e *Entry) time.Time { return s.notAfter(e).Add(s.Leeway) }

// recognizedUntil returns when the ring forgets e.
func (s Schedule) recognizedUntil(e *Entry) time.Time { return s.publishedUntil(e).Add(s.Grace) }

// signerAt returns the entry that signs at now. If there is none, it returns the next one that
// will sign: this clock may be behind the clock that the first key was rotated in with, and a
// key that is already published is better than none.
func signerAt(entries []Entry, now time.Time) *Entry {
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

// rotate returns the entries with a new one, and without those that are forgotten at now.
func (s Schedule) rotate(entries []Entry, id string, now time.Time) []Entry {
	from := now
	if signerAt(entries, now) != nil {
		from = now.Add(s.Propagation)
	}
	for _, e := range entries {
		if e.Revoked.IsZero() { // later than from only if the clock was put back
			from = slices.MaxFunc([]time.Time{from, e.SignFrom, e.SignUntil}, time.Time.Compare)
		}
	}
	for i := range entries {
		if e := &entries[i]; e.SignUntil.IsZero() { // SignFrom may be after from if Revoked was set by hand
			s.retire(e, slices.MaxFunc([]time.Time{from, e.SignFrom}, time.Time.Compare))
		}
	}
	return append(s.forget(entries, now), Entry{ID: id, Published: now, SignFrom: from})
}

// forget removes the entries that are forgotten at now.
func (s Schedule) forget(entries []Entry, now time.Time) []Entry {
	return slices.DeleteFunc(entries, func(e Entry) bool { return !now.Before(s.recognizedUntil(&e)) })
}

// revoke marks the entry at i as revoked, and gives its time of signing to another entry.
func (s Schedule) revoke(entries []Entry, i int, now time.Time) {
	e := &entries[i]
	e.Revoked = now
	if e.SignFrom.After(now) { // the previous entry goes on
		var before *Entry
		for j := range entries[:i] {
			if entries[j].Revoked.IsZero() && entries[j].SignUntil.Equal(e.SignFrom) {
				before = &entries[j]
			}
		}
		if before != nil {
			before.SignUntil, before.NotAfter = e.SignUntil, e.NotAfter
		}
		s.retire(e, e.SignFrom)
		return
	}
	if now.Before(e.signUntil()) { // the next entry starts at once
		if next := signerAt(entries, now); next != nil {
			next.SignFrom = now
		}
		s.retire(e, now)
	}
}
