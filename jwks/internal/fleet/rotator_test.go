package fleet_test

import (
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

type keySource = func(id string) (jwtexp.Key, error)

// A rotator is the one member that changes the ring. It has what it does from itself, and
// loads only when it is restarted.
type rotator struct {
	*member
	used int // of the keys
}

func (w *world) newRotator() *rotator {
	ring, err := keyring.New(w.plan.schedule)
	if err != nil {
		panic(err)
	}
	m := &member{w: w, ring: ring, rnd: w.fork(), key: w.private}
	m.next.done = now().Add(1 << 62) // never
	m.step(w.skew(), false)
	r := &rotator{member: m}
	r.rotate()
	return r
}

// rotate returns nil where the storage is down.
func (r *rotator) rotate() *record {
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if in(now(), w.storeOutages) {
		return nil
	}
	if r.used > 0 && w.rnd.IntN(5) == 0 {
		r.restart()
	}
	key := signingKeys[r.used]
	r.used++
	reading := r.Now()
	if err := r.ring.Rotate(key, reading); err != nil {
		w.broken("7", "Rotate: %v", err)
		return nil
	}
	k := w.ledger.rotate(key.ID(), key, reading, now())
	r.store()
	w.count.rotations++
	w.note("rotate %s", key.ID())
	return k
}

// revoke returns false where the storage is down, or there is no such key to revoke.
func (r *rotator) revoke(k *record) bool {
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if k == nil || !k.live() || in(now(), w.storeOutages) {
		return false
	}
	reading := r.Now()
	if err := r.ring.Revoke(k.id, reading); err != nil {
		w.broken("3", "Revoke: %v", err)
		return false
	}
	w.ledger.revoke(k, reading, now())
	r.store()
	w.count.revocations++
	w.note("revoke %s", k.id)
	return true
}

// victim returns one of the keys that are not revoked, of the last ones, or nil.
func (r *rotator) victim() *record {
	var live []*record
	for _, e := range r.ring.State().Entries {
		if e.Revoked.IsZero() {
			live = append(live, r.w.ledger.find(e.ID))
		}
	}
	if len(live) == 0 {
		return nil
	}
	return pick(r.w.rnd, live[max(0, len(live)-3):])
}

func (r *rotator) store() {
	r.w.ledger.store(r.ring.State(), now())
	r.version = len(r.w.ledger.versions) - 1
}

// restart makes the ring anew from what was stored.
func (r *rotator) restart() {
	ring, err := keyring.New(r.w.plan.schedule)
	if err != nil {
		panic(err)
	}
	if err := ring.Load(r.w.ledger.versions[r.version].state, r.key); err != nil {
		r.w.broken("8", "the rotator cannot load what it stored: %v", err)
	}
	r.ring = ring
}
