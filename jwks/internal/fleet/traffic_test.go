package fleet_test

import (
	"time"
)

// plot plans what happens: what it begins with, and what leads to more.
func (w *world) plot() {
	for range w.plan.rotations {
		w.in(between(w.rnd, 0, w.lasts()), w.rotate)
	}
	for range 2 + w.rnd.IntN(3) {
		w.in(between(w.rnd, 0, w.lasts()), func() { w.revoke(w.rotator.victim()) })
	}
	gap := window{from: w.begin.Add(between(w.rnd, 0, w.lasts()))}
	gap.to = gap.from.Add(between(w.rnd, 0, w.lasts()/4))
	for range 150 {
		if t := w.begin.Add(between(w.rnd, 0, w.lasts())); !in(t, []window{gap}) {
			w.at(t, func() { w.serve(pick(w.rnd, w.issuers)) })
		}
	}
	for range 10 {
		w.in(between(w.rnd, 0, w.lasts()), w.attack)
	}
	for range 40 {
		w.in(between(w.rnd, 0, w.lasts()), w.stepWithinBounds)
	}
	for range 4 {
		w.in(between(w.rnd, 0, w.lasts()), w.stepFarOff)
	}
	for range 20 {
		w.in(between(w.rnd, 0, w.lasts()), w.compare)
	}
}

// serve issues a token, and has it shown here and there: when it is new, some time, at its
// very end, and late.
func (w *world) serve(i *issuer) {
	t := w.issue(i)
	if t == nil {
		return
	}
	w.showAt(w.busy(), t, now().Add(sometimes(w.rnd, 2, between(w.rnd, 0, 2*time.Second))))
	v := w.anyone()
	w.showAt(v, t, now().Add(between(w.rnd, 0, t.exp.Sub(now()))))
	w.showAt(v, t, now().Add(between(w.rnd, 0, t.exp.Sub(now()))))
	for _, v := range []*verifier{v, w.anyone()} {
		around := pick(w.rnd, []time.Duration{-1, 0, 1, -time.Second, -between(w.rnd, 0, w.plan.schedule.Leeway)})
		w.showAt(v, t, v.when(t.exp.Add(v.leeway+around)))
	}
	late := pick(w.rnd, w.rings)
	w.showAt(late, t, late.when(t.exp.Add(late.leeway+between(w.rnd, 0, w.plan.schedule.Grace+2*w.plan.schedule.Leeway))))
}

// busy returns one of the few nodes that are shown much, anyone one of all.
func (w *world) busy() *verifier {
	if w.rnd.IntN(2) == 0 {
		return pick(w.rnd, w.rings[:8])
	}
	return pick(w.rnd, w.remotes[:12])
}

func (w *world) anyone() *verifier {
	if w.rnd.IntN(2) == 0 {
		return pick(w.rnd, w.rings)
	}
	return pick(w.rnd, w.remotes)
}

func (w *world) showAt(v *verifier, t *token, at time.Time) {
	var patience time.Duration
	if w.rnd.IntN(20) == 0 {
		patience = between(w.rnd, 1, w.plan.network)
	}
	w.at(at, func() { w.show(t, v, patience) })
}

// rotate has issuers sign just before the switch to the next key, at it, and after it, and
// whoever has stolen the one before try what it is still good for.
func (w *world) rotate() {
	k := w.rotator.rotate()
	if k == nil {
		return
	}
	for range 12 {
		i := pick(w.rnd, w.issuers)
		around := pick(w.rnd, []time.Duration{-1, 0, 1, -between(w.rnd, 0, time.Minute), between(w.rnd, 0, time.Minute)})
		w.at(i.when(k.from.Add(around)), func() { w.serve(i) })
	}
	if w.rnd.IntN(10) == 0 { // at the last moment
		w.at(w.rotator.when(k.from.Add(-between(w.rnd, 0, 2*w.plan.reload))), func() { w.revoke(k) })
	}
	for range 3 { // before it is due
		w.in(between(w.rnd, 0, w.plan.schedule.Propagation), func() { w.serve(pick(w.rnd, w.issuers)) })
	}
	for _, old := range w.ledger.all {
		if !old.until.Equal(k.from) {
			continue
		}
		end := w.ledger.notAfter(old.until)
		for range 2 {
			t := w.mint(old, end.Add(time.Second+sometimes(w.rnd, 2, between(w.rnd, 0, 1000*time.Hour))))
			for range 3 {
				v := w.anyone()
				w.showAt(v, t, old.until.Add(between(w.rnd, 0, end.Sub(old.until)+2*w.plan.fresh+sometimes(w.rnd, 2, w.plan.schedule.Grace))))
			}
		}
	}
}

// revoke takes a key back that signs, is to sign, or has signed, and has its tokens shown
// to those who have seen them, and new ones by whoever has stolen it to others.
func (w *world) revoke(k *record) {
	if !w.rotator.revoke(k) {
		return
	}
	long := w.mint(k, now().Add(10*w.plan.outageLimit))
	known := w.plan.load + w.plan.fresh + w.plan.schedule.Leeway
	for range 20 {
		v := w.anyone()
		w.show(long, v, 0)
		w.showAt(v, long, now().Add(between(w.rnd, 0, 2*w.plan.load)))
		w.showAt(v, long, now().Add(between(w.rnd, 0, 2*known)))
	}
	for _, t := range k.tokens[max(0, len(k.tokens)-20):] {
		w.showAt(w.anyone(), t, now().Add(between(w.rnd, 0, 2*known)))
		w.showAt(w.rings[0], t, now())
	}
	for range 6 { // where it was to be the next, the one before goes on
		i := pick(w.rnd, w.issuers)
		w.at(i.when(k.from.Add(between(w.rnd, 0, w.plan.reload))), func() { w.serve(i) })
	}
	if now, _ := w.ledger.signing(w.rotator.Now()); now == nil {
		w.in(between(w.rnd, 0, w.plan.schedule.Propagation), w.rotate)
	}
}

// attack shows made up key IDs to one node.
func (w *world) attack() {
	v := w.busy()
	for range 20 {
		t := pick(w.rnd, madeUp)
		w.showAt(v, t, now().Add(between(w.rnd, 0, 3*w.plan.interval)))
	}
}

func (w *world) stepWithinBounds() {
	c := w.anyClock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !c.off {
		c.step(w.skew(), false)
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
	return w.busy().clock
}

// stepFarOff puts the clock of one verifier wrong for a while.
func (w *world) stepFarOff() {
	v := w.busy()
	w.mu.Lock()
	defer w.mu.Unlock()
	if v.off || v.clock == &w.rotator.clock {
		return
	}
	v.step(pick(w.rnd, []time.Duration{-1, 1})*between(w.rnd, time.Minute, w.plan.outageLimit*3/2), true)
	back := w.skew()
	w.in(between(w.rnd, 0, w.plan.schedule.Propagation), func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		v.step(back, false)
	})
}

func (w *world) compare() {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.plan.schedule
	far := s.Propagation + s.Lifetime + s.Leeway + s.Grace
	reading := now().Add(between(w.rnd, -far, far))
	var some []*member
	for range 8 {
		some = append(some, pick(w.rnd, w.members))
	}
	w.judgeAlike(some, reading)
}
