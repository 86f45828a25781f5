package fleet_test

import (
	"github.com/jwtexp/jwtexp/keyring"
)

// A rotator is the only member that changes the ring. It loads a state only when it restarts.
type rotator struct {
	*member
	keysUsed int // of signingKeys
}

func (w *world) newRotator() *rotator {
	m := &member{w: w, ring: must(keyring.New(w.plan.schedule)), rnd: w.newRand(), key: privateKey}
	m.next.done = now().Add(1 << 62) // never
	m.step(w.randomSkew(), false)
	r := &rotator{member: m}
	r.rotate()
	return r
}

// rotate rotates a new key in. It returns nil if the storage is down.
func (r *rotator) rotate() *record {
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if inAny(now(), w.storeOutages) {
		return nil
	}
	if r.keysUsed > 0 && w.rnd.IntN(5) == 0 {
		r.restart()
	}
	key := signingKeys[r.keysUsed]
	r.keysUsed++
	reading := r.Now()
	if err := r.ring.Rotate(key, reading); err != nil {
		w.violation("7", "Rotate: %v", err)
		return nil
	}
	k := w.ledger.rotate(key, reading, now())
	r.store()
	w.count.rotations++
	w.note("rotate %s", key.ID())
	return k
}

// revoke revokes k. It returns false if the storage is down, or if k is nil or already revoked.
func (r *rotator) revoke(k *record) bool {
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if k == nil || !k.live() || inAny(now(), w.storeOutages) {
		return false
	}
	reading := r.Now()
	if err := r.ring.Revoke(k.id, reading); err != nil {
		w.violation("3", "Revoke: %v", err)
		return false
	}
	w.ledger.revoke(k, reading, now())
	r.store()
	w.count.revocations++
	w.note("revoke %s", k.id)
	return true
}

// keyToRevoke returns one of the last three keys that are not revoked, or nil.
func (r *rotator) keyToRevoke() *record {
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

// restart replaces the ring by one that is loaded from the storage.
func (r *rotator) restart() {
	ring := must(keyring.New(r.w.plan.schedule))
	if err := ring.Load(r.w.ledger.versions[r.version].state, r.key); err != nil {
		r.w.violation("8", "the rotator cannot load what it stored: %v", err)
	}
	r.ring = ring
}
