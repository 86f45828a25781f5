package fleet_test

import (
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// A ledger records what was done to the ring, and computes what the promises require. It computes
// everything itself, because the ring is what the simulation tests.
type ledger struct {
	plan        *plan
	all         []*record
	versions    []version // in the order in which they were stored
	longOutages []window  // outages of the storage that are longer than promised
}

// A record is the record of one key. Its times are true times, or readings of the rotator's clock.
type record struct {
	id        string
	key       jwtexp.Key
	published time.Time // true time
	from      time.Time // reading: the key signs from then on
	until     time.Time // reading: the key signs before then; zero: no end yet
	revoked   time.Time // true time; zero: not revoked
	revokedIn int       // the version with the revocation
	// Nodes need not know the key before knownFrom (true time), if it signs before Propagation
	// has passed because the previous key was revoked, or if it was published while the storage
	// was down.
	knownFrom time.Time
	// The key signs for longer because the next key was revoked. Before heldBackUntil (true
	// time), some rings may still reject its tokens that expire after heldBackPast (reading).
	heldBackUntil time.Time
	heldBackPast  time.Time
	tokens        []*token
}

// A version is what the storage holds from stored on.
type version struct {
	stored time.Time // true time
	state  keyring.State
	keys   map[string]keyState // by ID
}

// A keyState is what a version says about one key.
type keyState struct {
	until   time.Time
	revoked bool
}

func (k *record) live() bool { return k.revoked.IsZero() }

func (k *record) signsAt(reading time.Time) bool {
	return k.live() && !reading.Before(k.from) && (k.until.IsZero() || reading.Before(k.until))
}

// signing returns the key that signs at reading, and the next one. Either may be nil.
func (l *ledger) signing(reading time.Time) (now, next *record) {
	for _, k := range l.all {
		switch {
		case k.signsAt(reading):
			now = k
		case k.live() && k.from.After(reading) && next == nil:
			next = k
		}
	}
	return now, next
}

// rotate records that key was rotated in.
func (l *ledger) rotate(key jwtexp.Key, reading, trueTime time.Time) *record {
	now, next := l.signing(reading)
	k := &record{id: key.ID(), key: key, published: trueTime, from: reading}
	switch {
	case now != nil || next != nil:
		k.from = reading.Add(l.plan.schedule.Propagation)
		if known := l.knownBy(trueTime); !known.Equal(trueTime.Add(l.plan.schedule.Propagation)) { // the storage was down
			k.knownFrom = known
		}
	case len(l.all) > 0:
		k.knownFrom = l.knownBy(trueTime)
	}
	for _, other := range l.all {
		if other.live() && other.from.After(k.from) {
			k.from = other.from
		}
	}
	for _, other := range l.all {
		if other.until.IsZero() {
			other.until = k.from
		}
	}
	l.all = append(l.all, k)
	return k
}

// revoke records that k was revoked.
func (l *ledger) revoke(k *record, reading, trueTime time.Time) {
	_, next := l.signing(reading)
	switch {
	case k.from.After(reading):
		for _, previous := range l.all {
			if previous.until.Equal(k.from) && previous.from.Before(k.from) {
				previous.holdBack(l.notAfter(previous.until), trueTime, l.knownBy(trueTime))
				previous.until = k.until
			}
		}
		k.until = k.from
	case k.signsAt(reading):
		k.until = reading
		if next != nil {
			next.from = reading
			next.knownFrom = l.knownBy(next.published)
		}
	}
	k.revoked, k.revokedIn = trueTime, len(l.versions)
}

func (k *record) holdBack(past, from, until time.Time) {
	if !from.Before(k.heldBackUntil) || past.Before(k.heldBackPast) {
		k.heldBackPast = past
	}
	k.heldBackUntil = until
}

// store records that a change was stored.
func (l *ledger) store(state keyring.State, trueTime time.Time) {
	v := version{stored: trueTime, state: state, keys: make(map[string]keyState)}
	for _, k := range l.all {
		v.keys[k.id] = keyState{k.until, !k.live()}
	}
	l.versions = append(l.versions, v)
}

// notAfter returns the latest exp of the tokens of a key that signs until then.
func (l *ledger) notAfter(until time.Time) time.Time { return until.Add(l.plan.schedule.Lifetime) }

// loadedBy returns when every ring has loaded a change.
func (l *ledger) loadedBy(change time.Time) time.Time { return l.deadline(change, l.plan.load) }

// knownBy returns when every node knows of a change.
func (l *ledger) knownBy(change time.Time) time.Time {
	return l.deadline(change, l.plan.schedule.Propagation)
}

// deadline returns the time d after a change. If a long outage of the storage overlaps that span,
// it counts d from the end of the outage.
func (l *ledger) deadline(change time.Time, d time.Duration) time.Time {
	end := change.Add(d)
	for _, outage := range l.longOutages {
		if outage.from.Before(end) && change.Before(outage.to) {
			end = outage.to.Add(d)
		}
	}
	return end
}

// versionAt returns the number of the version that the storage held at t.
func (l *ledger) versionAt(t time.Time) int {
	n := len(l.versions) - 1
	for n > 0 && l.versions[n].stored.After(t) {
		n--
	}
	return n
}

func (l *ledger) find(id string) *record {
	for _, k := range l.all {
		if k.id == id {
			return k
		}
	}
	return nil
}

// hasSigner reports whether a ring that has loaded the version has a key to sign with.
func (l *ledger) hasSigner(version int) bool {
	for id, known := range l.versions[version].keys {
		k := l.find(id)
		if known.until.IsZero() && (k.live() || k.revokedIn > version) {
			return true
		}
	}
	return false
}
