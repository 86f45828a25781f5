package fleet_test

import "time"

// planTraffic schedules the first events. Some of them schedule more.
func (w *world) planTraffic() {
	for range w.plan.rotations {
		w.scheduleIn(between(w.rnd, 0, w.duration()), w.rotate)
	}
	for range 2 + w.rnd.IntN(3) {
		w.scheduleIn(between(w.rnd, 0, w.duration()), func() { w.revoke(w.rotator.keyToRevoke()) })
	}
	gap := window{from: w.begin.Add(between(w.rnd, 0, w.duration()))}
	gap.to = gap.from.Add(between(w.rnd, 0, w.duration()/4))
	for range 150 {
		if t := w.begin.Add(between(w.rnd, 0, w.duration())); !inAny(t, []window{gap}) {
			w.scheduleAt(t, func() { w.issueAndVerify(pick(w.rnd, w.issuers)) })
		}
	}
	for range 10 {
		w.scheduleIn(between(w.rnd, 0, w.duration()), w.guessKeyIDs)
	}
	for range 40 {
		w.scheduleIn(between(w.rnd, 0, w.duration()), w.stepClock)
	}
	for range 4 {
		w.scheduleIn(between(w.rnd, 0, w.duration()), w.stepClockFar)
	}
	for range 20 {
		w.scheduleIn(between(w.rnd, 0, w.duration()), w.compareRings)
	}
}

// issueAndVerify issues a token. It schedules verifications when the token is new, during its life,
// close to its end, and after its end.
func (w *world) issueAndVerify(i *issuer) {
	t := w.issue(i)
	if t == nil {
		return
	}
	w.verifyAt(w.busyVerifier(), t, now().Add(maybeZero(w.rnd, 2, between(w.rnd, 0, 2*time.Second))))
	v := w.anyVerifier()
	w.verifyAt(v, t, now().Add(between(w.rnd, 0, t.exp.Sub(now()))))
	w.verifyAt(v, t, now().Add(between(w.rnd, 0, t.exp.Sub(now()))))
	for _, v := range []*verifier{v, w.anyVerifier()} {
		around := pick(w.rnd, []time.Duration{-1, 0, 1, -time.Second, -between(w.rnd, 0, w.plan.schedule.Leeway)})
		w.verifyAt(v, t, v.trueTime(t.exp.Add(v.leeway+around)))
	}
	late := pick(w.rnd, w.rings)
	w.verifyAt(late, t, late.trueTime(t.exp.Add(late.leeway+between(w.rnd, 0, w.plan.schedule.Grace+2*w.plan.schedule.Leeway))))
}

// busyVerifier returns one of the few nodes that verify more tokens than the others.
func (w *world) busyVerifier() *verifier {
	if w.rnd.IntN(2) == 0 {
		return pick(w.rnd, w.rings[:8])
	}
	return pick(w.rnd, w.remotes[:12])
}

// anyVerifier returns any node that verifies.
func (w *world) anyVerifier() *verifier {
	if w.rnd.IntN(2) == 0 {
		return pick(w.rnd, w.rings)
	}
	return pick(w.rnd, w.remotes)
}

// verifyAt schedules a verification for a true time. One in 20 callers gives up early.
func (w *world) verifyAt(v *verifier, t *token, at time.Time) {
	var patience time.Duration
	if w.rnd.IntN(20) == 0 {
		patience = between(w.rnd, 1, w.plan.network)
	}
	w.scheduleAt(at, func() { w.verify(t, v, patience) })
}

// rotate rotates a key in. It schedules issuers around the time at which the key begins to sign,
// and tokens that a thief makes with the previous key.
func (w *world) rotate() {
	k := w.rotator.rotate()
	if k == nil {
		return
	}
	for range 12 {
		i := pick(w.rnd, w.issuers)
		around := pick(w.rnd, []time.Duration{-1, 0, 1, -between(w.rnd, 0, time.Minute), between(w.rnd, 0, time.Minute)})
		w.scheduleAt(i.trueTime(k.from.Add(around)), func() { w.issueAndVerify(i) })
	}
	if w.rnd.IntN(10) == 0 { // revoke it just before it signs
		w.scheduleAt(w.rotator.trueTime(k.from.Add(-between(w.rnd, 0, 2*w.plan.reload))), func() { w.revoke(k) })
	}
	for range 3 { // before it signs
		w.scheduleIn(between(w.rnd, 0, w.plan.schedule.Propagation), func() { w.issueAndVerify(pick(w.rnd, w.issuers)) })
	}
	for _, old := range w.ledger.all {
		if !old.until.Equal(k.from) {
			continue
		}
		end := w.ledger.notAfter(old.until)
		for range 2 {
			t := w.forgeToken(old, end.Add(time.Second+maybeZero(w.rnd, 2, between(w.rnd, 0, 1000*time.Hour))))
			for range 3 {
				v := w.anyVerifier()
				w.verifyAt(v, t, old.until.Add(between(w.rnd, 0, end.Sub(old.until)+2*w.plan.fresh+maybeZero(w.rnd, 2, w.plan.schedule.Grace))))
			}
		}
	}
}

// revoke revokes a key that signs, will sign, or has signed. It schedules verifications of its old
// tokens, which nodes may have in their caches, and of a token that a thief makes.
func (w *world) revoke(k *record) {
	if !w.rotator.revoke(k) {
		return
	}
	long := w.forgeToken(k, now().Add(10*w.plan.outageLimit))
	dropped := w.plan.load + w.plan.fresh + w.plan.schedule.Leeway // by then, all nodes have dropped k
	for range 20 {
		v := w.anyVerifier()
		w.verify(long, v, 0)
		w.verifyAt(v, long, now().Add(between(w.rnd, 0, 2*w.plan.load)))
		w.verifyAt(v, long, now().Add(between(w.rnd, 0, 2*dropped)))
	}
	for _, t := range k.tokens[max(0, len(k.tokens)-20):] {
		w.verifyAt(w.anyVerifier(), t, now().Add(between(w.rnd, 0, 2*dropped)))
		w.verifyAt(w.rings[0], t, now())
	}
	for range 6 { // if k was the next key, the previous one goes on signing
		i := pick(w.rnd, w.issuers)
		w.scheduleAt(i.trueTime(k.from.Add(between(w.rnd, 0, w.plan.reload))), func() { w.issueAndVerify(i) })
	}
	if now, _ := w.ledger.signing(w.rotator.Now()); now == nil {
		w.scheduleIn(between(w.rnd, 0, w.plan.schedule.Propagation), w.rotate)
	}
}

// guessKeyIDs schedules verifications of tokens with unknown key IDs on one node.
func (w *world) guessKeyIDs() {
	v := w.busyVerifier()
	for range 20 {
		t := pick(w.rnd, unknownKeyTokens)
		w.verifyAt(v, t, now().Add(between(w.rnd, 0, 3*w.plan.interval)))
	}
}

// stepClock steps a clock within the promised bounds.
func (w *world) stepClock() {
	c := w.anyClock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !c.farOff {
		c.step(w.randomSkew(), false)
	}
}

func (w *world) anyClock() *clock {
	switch w.rnd.IntN(4) {
	case 0:
		return &w.rotator.clock
	case 1:
		return &pick(w.rnd, w.issuers).clock
	case 2:
		return &pick(w.rnd, w.host.publishers).clock
	}
	return w.busyVerifier().clock
}

// stepClockFar sets the clock of one verifier far off for a while.
func (w *world) stepClockFar() {
	v := w.busyVerifier()
	w.mu.Lock()
	defer w.mu.Unlock()
	if v.farOff || v.clock == &w.rotator.clock {
		return
	}
	v.step(pick(w.rnd, []time.Duration{-1, 1})*between(w.rnd, time.Minute, w.plan.outageLimit*3/2), true)
	back := w.randomSkew()
	w.scheduleIn(between(w.rnd, 0, w.plan.schedule.Propagation), func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		v.step(back, false)
	})
}

// compareRings compares some rings at a random reading.
func (w *world) compareRings() {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.plan.schedule
	far := s.Propagation + s.Lifetime + s.Leeway + s.Grace
	reading := now().Add(between(w.rnd, -far, far))
	var some []*member
	for range 8 {
		some = append(some, pick(w.rnd, w.members))
	}
	w.checkSameAnswers(some, reading)
}
