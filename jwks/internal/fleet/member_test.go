package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// A member is an instance with a ring that it reloads from the storage regularly. Loading needs no
// time, so the member catches up with all due loads when it is used.
type member struct {
	clock
	w       *world
	ring    *keyring.Ring
	rnd     *rand.Rand
	key     keySource
	version int       // the last one that it loaded
	tick    time.Time // when the next load begins
	next    load
}

// VerificationKeys implements jwtexp.KeySet. The rotator replaces its ring when it restarts.
func (m *member) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	return m.ring.VerificationKeys(ctx, id, now)
}

// A load is one read of the storage. A replica of the storage may lag behind.
type load struct {
	asOf time.Time // the state that is read
	done time.Time
	ok   bool
}

func (w *world) newMember(key keySource) *member {
	m := &member{w: w, ring: must(keyring.New(w.plan.schedule)), rnd: w.newRand(), key: key, version: -1}
	m.step(w.randomSkew(), false)
	m.load(0)
	m.tick = now().Add(between(m.rnd, 0, w.plan.reload))
	m.next = m.nextLoad()
	return m
}

func (m *member) nextLoad() load {
	p := m.w.plan
	return load{
		asOf: m.tick.Add(-between(m.rnd, 0, p.lag)),
		done: m.tick.Add(between(m.rnd, 0, min(p.lag, p.reload))),
		ok:   !inAny(m.tick, m.w.storeOutages),
	}
}

// catchUp does all loads that are due.
func (m *member) catchUp() {
	for t := now(); !m.next.done.After(t); m.next = m.nextLoad() {
		if m.next.ok {
			m.load(m.w.ledger.versionAt(m.next.asOf))
		}
		m.tick = m.tick.Add(m.w.plan.reload)
	}
}

func (m *member) load(version int) {
	if version == m.version {
		return
	}
	err := m.ring.Load(m.w.ledger.versions[version].state, m.key)
	switch {
	case version < m.version && errors.Is(err, keyring.ErrOlder):
		return // this replica lags behind the one before
	case err != nil || version < m.version:
		m.w.violation("8", "version %d after %d: got %v from Load", version, m.version, err)
	}
	m.version = version
}

// A keySource returns the key with the given ID.
type keySource = func(id string) (jwtexp.Key, error)

func privateKey(id string) (jwtexp.Key, error) { return findKey(id, signingKeys) }
func publicKey(id string) (jwtexp.Key, error)  { return findKey(id, publicKeys) }

func findKey(id string, keys []jwtexp.Key) (jwtexp.Key, error) {
	for _, k := range keys {
		if k.ID() == id {
			return k, nil
		}
	}
	return jwtexp.Key{}, fmt.Errorf("no key %q", id)
}
