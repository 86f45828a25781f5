package fleet_test

import (
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// A ledger is what was done to the ring, and what follows for the promises. It is kept by
// hand, and not read off the ring that is tried.
type ledger struct {
	plan     *plan
	all      []*record
	versions []version // as they were stored; the first when the fleet begins
	lapses   []window  // outages of the storage that are longer than promised
}

// A record is one key. Instants of the bubble are true time; readings are those of the
// rotator's clock.
type record struct {
	id        string
	key       jwtexp.Key
	published time.Time // true
	from      time.Time // reading: it signs from then on
	until     time.Time // reading: and before then; zero: open
	revoked   time.Time // true; zero: not
	revokedIn int       // the version
	// A key that signs before Propagation has passed, since the one before was revoked,
	// need not be known before this; nor one that was published when the storage failed.
	knownFrom time.Time // true
	// A key that goes on, since the next was revoked: until this instant there may be
	// rings that take no token of it that expires later than they knew.
	heldBackUntil time.Time // true
	heldBackPast  time.Time // reading
	tokens        []*token
}

// A version is what storage holds from an instant on.
type version struct {
	at    time.Time
	state keyring.State
	keys  map[string]span
}

type span struct {
	until   time.Time
	revoked bool
}

func (k *record) live() bool { return k.revoked.IsZero() }

func (k *record) signsAt(reading time.Time) bool {
	return k.live() && !reading.Before(k.from) && (k.until.IsZero() || reading.Before(k.until))
}

// signing returns the key that signs, and the one to come, or nil.
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

func (l *ledger) rotate(id string, key jwtexp.Key, reading, at time.Time) *record {
	now, next := l.signing(reading)
	k := &record{id: id, key: key, published: at, from: reading}
	switch {
	case now != nil || next != nil:
		k.from = reading.Add(l.plan.schedule.Propagation)
		if l.lapsed(at) {
			k.knownFrom = l.settled(at)
		}
	case len(l.all) > 0:
		k.knownFrom = l.settled(at)
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

func (l *ledger) revoke(k *record, reading, at time.Time) {
	_, next := l.signing(reading)
	switch {
	case k.from.After(reading):
		for _, before := range l.all {
			if before.until.Equal(k.from) && before.from.Before(k.from) {
				before.holdBack(l.notAfter(before.until), at, l.settled(at))
				before.until = k.until
			}
		}
		k.until = k.from
	case k.signsAt(reading):
		k.until = reading
		if next != nil {
			next.from = reading
			next.knownFrom = l.settled(next.published)
		}
	}
	k.revoked, k.revokedIn = at, len(l.versions)
}

func (k *record) holdBack(past, at, until time.Time) {
	if !at.Before(k.heldBackUntil) || past.Before(k.heldBackPast) {
		k.heldBackPast = past
	}
	k.heldBackUntil = until
}

// store ends a change.
func (l *ledger) store(state keyring.State, at time.Time) {
	v := version{at: at, state: state, keys: make(map[string]span)}
	for _, k := range l.all {
		v.keys[k.id] = span{k.until, !k.live()}
	}
	l.versions = append(l.versions, v)
}

// notAfter is the latest exp of a token of a key that signs until then.
func (l *ledger) notAfter(until time.Time) time.Time { return until.Add(l.plan.schedule.Lifetime) }

// loaded is when every ring has a change.
func (l *ledger) loaded(change time.Time) time.Time { return l.within(change, l.plan.load) }

// settled is when everybody has a change.
func (l *ledger) settled(change time.Time) time.Time {
	return l.within(change, l.plan.schedule.Propagation)
}

func (l *ledger) lapsed(change time.Time) bool {
	return !l.settled(change).Equal(change.Add(l.plan.schedule.Propagation))
}

// within counts d from a change or, where storage fails for longer than promised before it
// is over, from the end of that.
func (l *ledger) within(change time.Time, d time.Duration) time.Time {
	end := change.Add(d)
	for _, lapse := range l.lapses {
		if lapse.from.Before(end) && change.Before(lapse.to) {
			end = lapse.to.Add(d)
		}
	}
	return end
}

// at returns the number of the version that was stored at an instant.
func (l *ledger) at(t time.Time) int {
	n := len(l.versions) - 1
	for n > 0 && l.versions[n].at.After(t) {
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

// hasSigner reports whether those who loaded a version have a key to sign with.
func (l *ledger) hasSigner(version int) bool {
	for id, known := range l.versions[version].keys {
		k := l.find(id)
		if known.until.IsZero() && (k.live() || k.revokedIn > version) {
			return true
		}
	}
	return false
}
