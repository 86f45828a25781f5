package fleet_test

import "time"

// judge holds a verdict against the invariants of doc.go.
func (w *world) judge(s *showing, got verdict) {
	w.note("showing %d %s %v", s.id, got, s.end)
	over := !s.reading.Before(s.token.exp.Add(s.at.leeway))
	switch {
	case got == "none":
		w.broken("1", "%v: no verdict", s)
	case got == good && over:
		w.broken("2", "%v: accepted when it was over", s)
	case got == expired && !over:
		w.broken("2", "%v: expired before it was over", s)
	case s.token.key == nil:
		if got == good || got == expired || got == unavailable && s.at.member != nil {
			w.broken("6", "%v: got %s for a key that does not exist", s, got)
		}
	case s.at.member != nil:
		w.judgeRing(s, got, over)
	default:
		w.judgeRemote(s, got, over)
	}
}

func (w *world) judgeRing(s *showing, got verdict, over bool) {
	k := s.token.key
	known := w.ledger.versions[s.version].keys[k.id]
	lateClient := s.token.exp.Add(w.plan.leeway + w.plan.schedule.Grace)
	switch {
	case got == unavailable:
		w.broken("1", "%v: got %s from a ring", s, got)
	case !k.live() && k.revokedIn <= s.version:
		if got != invalid {
			w.broken("3", "%v: got %s after the ring has learned that the key is revoked", s, got)
		}
	case !known.until.IsZero() && s.token.exp.After(w.ledger.notAfter(known.until)):
		if got != invalid {
			w.broken("6", "%v: got %s for a token that the retired key cannot have signed", s, got)
		}
	case !w.counts(s):
	case !over && got != good:
		w.broken("1", "%v: got %s for a good token", s, got)
	case over && got != expired && s.reading.Before(lateClient):
		w.broken("5", "%v: got %s for a late one", s, got)
	}
}

func (w *world) judgeRemote(s *showing, got verdict, over bool) {
	k, l, p := s.token.key, s.at.line, w.plan
	last := l.before(s.start, true)
	if a := l.before(s.end, true); a != last {
		last = a // fetched while the caller waited
	}
	trusted := got == good || got == expired
	switch {
	case trusted && (last == nil || !last.kids[k.id]):
		w.broken("3", "%v: got %s for a key that is not in the last set", s, got)
	case trusted && w.stale(s, last):
		w.broken("3", "%v: got %s by a set that is too old, fetched at %v", s, got, stamp(last.reading))
	case trusted && w.dead(s, last):
		w.broken("3", "%v: got %s for a key that was revoked at %v", s, got, stamp(k.revoked))
	case over || got == good || !w.counts(s):
	case got == unavailable && s.gone:
	case got == unavailable && l.before(s.end, false) != nil && !l.before(s.end, false).good:
		switch {
		case last == nil, s.reading.Sub(last.reading).Abs() >= p.outageLimit:
		case !last.kids[k.id] && (last.start.Before(w.ledger.loaded(k.published)) || last.start.Before(k.heldBackUntil)):
		default:
			w.broken("1", "%v: got %s, though the last good set of %v has the key, or should", s, got, stamp(last.reading))
		}
	default:
		w.broken("1", "%v: got %s for a good token", s, got)
	}
}

// counts reports whether a token's refusal breaks a promise, where it is in time.
func (w *world) counts(s *showing) bool {
	k := s.token.key
	heldBack := s.start.Before(k.heldBackUntil) && s.token.exp.After(k.heldBackPast)
	return !s.token.minted && !s.token.exempt && !s.off && k.live() && !s.start.Before(k.knownFrom) && !heldBack
}

// stale reports whether a set is older than a Remote may serve it.
func (w *world) stale(s *showing, set *attempt) bool {
	age := s.reading.Sub(set.reading)
	switch {
	case set.done.After(s.start): // the caller waited for it
		return false
	case -w.plan.interval <= age && age < w.plan.fresh:
		return false
	}
	return age.Abs() >= w.plan.outageLimit || !s.at.line.fails(s, set)
}

// dead reports whether a key was revoked so long ago that no Remote may trust it any more.
func (w *world) dead(s *showing, set *attempt) bool {
	k := s.token.key
	if k.live() || s.off || s.at.wasIn.After(k.revoked) {
		return false
	}
	age := w.plan.fresh
	if s.at.line.fails(s, set) {
		age = w.plan.outageLimit
	}
	return !s.start.Before(w.ledger.loaded(k.revoked).Add(age + w.plan.differ))
}

// judgePublished holds a published set against invariant 6.
func (w *world) judgePublished(p *publisher, kids map[string]bool) {
	reading, keys := p.Now(), w.ledger.versions[p.version].keys
	for _, k := range w.ledger.all {
		known, ok := keys[k.id]
		gone := !known.until.IsZero() && !reading.Before(w.ledger.notAfter(known.until).Add(w.plan.schedule.Leeway))
		if kids[k.id] && (!ok || known.revoked || gone) {
			w.broken("6", "key %.6s is published at %v, by version %d, and should not be", k.id, stamp(reading), p.version)
		}
	}
}

// judgeFetch holds two fetches of a Remote, one after the other, against invariant 4.
func (w *world) judgeFetch(last, next *attempt) {
	switch apart := next.reading.Sub(last.reading); {
	case last.done.IsZero():
		w.broken("4", "a second fetch at %v while one is under way", stamp(next.start))
	case next.steps == last.steps && apart < min(w.plan.interval, w.plan.freshMin):
		w.broken("4", "a fetch at %v, %v after another", stamp(next.start), apart)
	}
}

// judgeFetches holds the number of all fetches of a Remote against invariant 4.
func (w *world) judgeFetches(v *verifier, lasted time.Duration) {
	l, p := v.line, w.plan
	failed := 0
	for _, a := range l.attempts {
		if !a.good {
			failed++
		}
	}
	refreshed := int(lasted / (p.freshMin - p.freshMin/4))
	asked := min(l.unknown, int(lasted/p.interval))
	if bound := 1 + refreshed + asked + failed + v.steps; len(l.attempts) > bound {
		w.broken("4", "%s fetched %d times, more than %d", v.name, len(l.attempts), bound)
	}
}

// judgeAlike holds members that loaded the same against invariant 8.
func (w *world) judgeAlike(members []*member, reading time.Time) {
	first := make(map[int]string) // of those with this version
	for _, m := range members {
		m.catchUp()
		got := answers(m.ring, reading)
		if want, ok := first[m.version]; ok && got != want {
			w.broken("8", "two rings with version %d, asked at %v: got %s and %s", m.version, stamp(reading), got, want)
		}
		first[m.version] = got
	}
}
