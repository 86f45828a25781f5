package fleet_test

import "time"

// check checks the verdict of a verification against the invariants in doc.go.
func (w *world) check(v *verification, got verdict) {
	w.note("verification %d %s %v", v.id, got, v.end)
	late := !v.reading.Before(v.token.exp.Add(v.verifier.leeway))
	switch {
	case got == "none":
		w.violation("1", "%v: got no verdict", v)
	case got == good && late:
		w.violation("2", "%v: got %s after exp", v, got)
	case got == expired && !late:
		w.violation("2", "%v: got %s before exp", v, got)
	case v.token.key == nil:
		if got == good || got == expired || got == unavailable && v.verifier.member != nil {
			w.violation("6", "%v: got %s for a key that does not exist", v, got)
		}
	case v.verifier.member != nil:
		w.checkRing(v, got, late)
	default:
		w.checkRemote(v, got, late)
	}
}

func (w *world) checkRing(v *verification, got verdict, late bool) {
	k := v.token.key
	known := w.ledger.versions[v.version].keys[k.id]
	graceEnds := v.token.exp.Add(w.plan.leeway + w.plan.schedule.Grace)
	switch {
	case got == unavailable:
		w.violation("1", "%v: got %s from a ring", v, got)
	case !k.live() && k.revokedIn <= v.version:
		if got != invalid {
			w.violation("3", "%v: got %s although the ring has loaded the key's revocation", v, got)
		}
	case !known.until.IsZero() && v.token.exp.After(w.ledger.notAfter(known.until)):
		if got != invalid {
			w.violation("6", "%v: got %s for a token that the retired key cannot have signed", v, got)
		}
	case !w.covered(v):
	case !late && got != good:
		w.violation("1", "%v: got %s for a good token", v, got)
	case late && got != expired && v.reading.Before(graceEnds):
		w.violation("5", "%v: got %s for an expired token", v, got)
	}
}

func (w *world) checkRemote(v *verification, got verdict, late bool) {
	k, tr, p := v.token.key, v.verifier.transport, w.plan
	set := tr.lastAttempt(v.end, true) // before the call, or while it waited
	last := tr.lastAttempt(v.end, false)
	trusted := got == good || got == expired
	switch {
	case trusted && (set == nil || !set.kids[k.id]):
		w.violation("3", "%v: got %s for a key that is not in the last set", v, got)
	case trusted && w.stale(v, set):
		w.violation("3", "%v: got %s with a set that is too old, fetched at %v", v, got, formatTime(set.reading))
	case trusted && w.distrusted(v, set):
		w.violation("3", "%v: got %s for a key that was revoked at %v", v, got, formatTime(k.revoked))
	case late || got == good || !w.covered(v):
	case got == unavailable && v.canceled:
	case got == unavailable && last != nil && !last.good:
		switch {
		case set == nil, v.reading.Sub(set.reading).Abs() >= p.outageLimit:
		case !set.kids[k.id] && (set.start.Before(w.ledger.loadedBy(k.published)) || set.start.Before(k.heldBackUntil)):
		default:
			w.violation("1", "%v: got %s, although the last good set, of %v, has the key or should have it", v, got, formatTime(set.reading))
		}
	default:
		w.violation("1", "%v: got %s for a good token", v, got)
	}
}

// covered reports whether invariants 1 and 5 cover the verification.
func (w *world) covered(v *verification) bool {
	k := v.token.key
	heldBack := v.start.Before(k.heldBackUntil) && v.token.exp.After(k.heldBackPast)
	return !v.token.forged && !v.token.exempt && !v.farOff && k.live() && !v.start.Before(k.knownFrom) && !heldBack
}

// stale reports whether a set is too old for a Remote to use.
func (w *world) stale(v *verification, set *attempt) bool {
	age := v.reading.Sub(set.reading)
	switch {
	case set.done.After(v.start): // the caller waited for it
		return false
	case -w.plan.interval <= age && age < w.plan.fresh:
		return false
	}
	return age.Abs() >= w.plan.outageLimit || !v.verifier.transport.failedSince(set, v)
}

// distrusted reports whether the key was revoked so long ago that no Remote may trust it.
func (w *world) distrusted(v *verification, set *attempt) bool {
	k := v.token.key
	if k.live() || v.farOff || v.verifier.farOffUntil.After(k.revoked) {
		return false
	}
	age := w.plan.fresh
	if v.verifier.transport.failedSince(set, v) {
		age = w.plan.outageLimit
	}
	return !v.start.Before(w.ledger.loadedBy(k.revoked).Add(age + w.plan.maxSkew))
}

// checkPublished checks a published set against invariant 6.
func (w *world) checkPublished(p *publisher, kids map[string]bool) {
	reading, keys := p.Now(), w.ledger.versions[p.version].keys
	for _, k := range w.ledger.all {
		known, ok := keys[k.id]
		left := !known.until.IsZero() && !reading.Before(w.ledger.notAfter(known.until).Add(w.plan.schedule.Leeway))
		if kids[k.id] && (!ok || known.revoked || left) {
			w.violation("6", "key %.6s is published at %v, with version %d, and should not be", k.id, formatTime(reading), p.version)
		}
	}
}

// checkFetchInterval checks two consecutive fetches of a Remote against invariant 4.
func (w *world) checkFetchInterval(last, next *attempt) {
	switch apart := next.reading.Sub(last.reading); {
	case last.done.IsZero():
		w.violation("4", "a second fetch starts at %v while another is running", formatTime(next.start))
	case next.steps == last.steps && apart < min(w.plan.interval, w.plan.freshMin):
		w.violation("4", "a fetch starts at %v, %v after another", formatTime(next.start), apart)
	}
}

// checkFetchCount checks the number of all fetches of a Remote against invariant 4.
func (w *world) checkFetchCount(v *verifier, elapsed time.Duration) {
	tr, p := v.transport, w.plan
	failed := 0
	for _, a := range tr.attempts {
		if !a.good {
			failed++
		}
	}
	refreshed := int(elapsed / (p.freshMin - p.freshMin/4))
	unknown := min(tr.unknown, int(elapsed/p.interval))
	if limit := 1 + refreshed + unknown + failed + v.steps; len(tr.attempts) > limit {
		w.violation("4", "%s fetched %d times, more than %d", v.name, len(tr.attempts), limit)
	}
}

// checkSameAnswers checks members against invariant 8.
func (w *world) checkSameAnswers(members []*member, reading time.Time) {
	first := make(map[int]string) // the answer of the first member with each version
	for _, m := range members {
		m.catchUp()
		got := answers(m.ring, reading)
		if want, ok := first[m.version]; ok && got != want {
			w.violation("8", "two rings with version %d at %v: got %s and %s", m.version, formatTime(reading), got, want)
		}
		first[m.version] = got
	}
}
