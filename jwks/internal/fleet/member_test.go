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

// A member is an instance with a ring, that it loads from storage again and again. As a
// Ring is told no time when it is loaded, that is done late: when the instance is asked.
type member struct {
	clock
	w       *world
	ring    *keyring.Ring
	rnd     *rand.Rand
	key     func(id string) (jwtexp.Key, error)
	version int // that it loaded last
	tick    time.Time
	next    load
}

// VerificationKeys implements jwtexp.KeySet by the ring that the member has now.
func (m *member) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	return m.ring.VerificationKeys(ctx, id, now)
}

// A load is one attempt: what was read is as old as it was in a replica of the storage.
type load struct {
	of, done time.Time
	ok       bool
}

func (w *world) newMember(key func(string) (jwtexp.Key, error)) *member {
	ring, err := keyring.New(w.plan.schedule)
	if err != nil {
		panic(err)
	}
	m := &member{w: w, ring: ring, rnd: w.fork(), key: key, version: -1}
	m.step(w.skew(), false)
	m.load(0)
	m.tick = now().Add(between(m.rnd, 0, w.plan.reload))
	m.next = m.read()
	return m
}

func (m *member) read() load {
	p := m.w.plan
	return load{
		of:   m.tick.Add(-between(m.rnd, 0, p.lag)),
		done: m.tick.Add(between(m.rnd, 0, min(p.lag, p.reload))),
		ok:   !in(m.tick, m.w.storeOutages),
	}
}

// catchUp does the loads that have been due.
func (m *member) catchUp() {
	for t := now(); !m.next.done.After(t); m.next = m.read() {
		if m.next.ok {
			m.load(m.w.ledger.at(m.next.of))
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
		return // a replica that lags behind the one that was read before
	case err != nil || version < m.version:
		m.w.broken("8", "version %d after %d: got %v from Load", version, m.version, err)
	}
	m.version = version
}

// private and public are the two halves of storage for keys.
func (w *world) private(id string) (jwtexp.Key, error) { return w.find(id, signingKeys) }
func (w *world) public(id string) (jwtexp.Key, error)  { return w.find(id, publicKeys) }

func (w *world) find(id string, keys []jwtexp.Key) (jwtexp.Key, error) {
	for _, k := range keys {
		if k.ID() == id {
			return k, nil
		}
	}
	return jwtexp.Key{}, fmt.Errorf("no key %q", id)
}
