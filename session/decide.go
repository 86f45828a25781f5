package session

import (
	"math"
	"time"
)

// An outcome is what Refresh does with a refresh token that has a good tag.
type outcome int

const (
	ended     outcome = iota // reject: the session was ended
	expired                  // reject: the session has expired
	reused                   // reject, and end the session
	repeat                   // answer with the refresh token of the record, and write nothing
	keep                     // answer without a refresh token, and write nothing
	replace                  // Advance, and answer with the next refresh token
	restore                  // Advance, because the store has lost writes
	recovered                // Advance, because the answer with the successor was probably lost
)

// refuses reports whether Refresh returns an error.
func (o outcome) refuses() bool { return o <= reused }

// advances reports whether Refresh calls Store.Advance.
func (o outcome) advances() bool { return o >= replace }

// event returns the kind of the Event of an answer.
func (o outcome) event() EventKind {
	switch o {
	case repeat, keep:
		return EventRepeated
	case recovered:
		return EventRecovered
	}
	return EventRefreshed
}

// decide decides on the refresh token t at now, by the record of its session. The Step is for
// Store.Advance. It is the only place that holds the rules of the scheme, and it reads nothing but
// its arguments.
func (p Policy) decide(r Record, found bool, t refreshToken, now time.Time) (outcome, Step) {
	if !found {
		if t.expired(now) {
			return expired, Step{}
		}
		return ended, Step{}
	}
	if !now.Before(r.Expires) && (t.generation <= r.Generation || t.expired(now)) {
		return expired, Step{}
	}
	o, step := p.byGeneration(r, t.generation, now.Sub(r.Refreshed))
	switch {
	case o == reused:
		return reused, Step{}
	case r.End.Sub(now) < time.Second: // too short for an access token
		return expired, Step{}
	case !o.advances():
		return o, Step{}
	case step.From == math.MaxUint32: // the next generation would be 0
		return ended, Step{}
	}
	step.Now, step.Until = now, p.expires(now, r.End)
	return o, step
}

// byGeneration decides by the generation g of a refresh token, and by the time since the record's
// last Advance. age is negative if the clock that wrote the record was ahead. If it was ahead by
// more than Grace, which is more than the clocks may differ, the refresh token would be young for
// as long: it is replaced, so that the record has a time of this clock.
func (p Policy) byGeneration(r Record, g uint32, age time.Duration) (outcome, Step) {
	switch {
	case g > r.Generation: // its good tag proves that it was issued
		return restore, Step{From: g - 1, Presented: g - 1}
	case g == r.Generation && (age >= 2*p.Grace || age < -p.Grace):
		return replace, Step{From: g, Presented: g}
	case g == r.Generation:
		return repeat, Step{}
	case g != r.Previous:
		return reused, Step{}
	case age < p.Grace: // a parallel call, a retry or a slow request
		return repeat, Step{}
	case p.Recovery == NoRecovery:
		return reused, Step{}
	case age < 2*p.Grace:
		return keep, Step{}
	case age < p.Recovery: // the successor is skipped, and reuse from now on
		return recovered, Step{From: r.Generation, Presented: g}
	}
	return reused, Step{}
}
