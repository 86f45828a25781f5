package jwtexp

import (
	"errors"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
)

// A Clock tells the time. The default is [SystemClock]; package jwtexptest has one for tests. Now
// must be safe for concurrent use. If it returns the zero [time.Time], or a time too far away to
// compare, Issue and Verify return [ErrUnavailable].
type Clock interface {
	Now() time.Time
}

// ClockFunc makes a [Clock] from a function that is safe for concurrent use.
type ClockFunc func() time.Time

// Now calls f.
func (f ClockFunc) Now() time.Time { return f() }

// systemClock is the only place in the library that reads the wall clock.
var systemClock Clock = ClockFunc(time.Now)

// SystemClock returns the default clock, the one used without [WithClock].
func SystemClock() Clock { return systemClock }

var (
	errZeroTime = errors.New("it returned the zero time; set it")
	errFarTime  = errors.New("it returned a time too far away to compare")
	epoch       = time.Unix(0, 0)
)

// readClock takes the one reading of a decision. It removes the monotonic part, because tokens
// are compared with wall time. A clock that was never set returns the zero time, which is before
// the expiry of every token. Comparisons wrap around for times 292 billion years away.
func readClock(c Clock) (time.Time, error) {
	now := c.Now()
	switch {
	case now.IsZero():
		return time.Time{}, errZeroTime
	case now.Before(epoch) != (now.Unix() < 0):
		return time.Time{}, errFarTime
	}
	return now.Round(0).UTC(), nil
}

// validity is the one rule of time: a token is valid for start <= t < end, to the nanosecond.
// At end it has expired (RFC 7519 §4.1.4: "on or after").
type validity struct {
	start time.Time // zero: no start
	end   time.Time
}

// validityOf returns nbf and exp, both moved outward by the leeway.
func validityOf(claims *claimset.Set, leeway time.Duration) validity {
	v := validity{claims.NotBefore, claims.ExpiresAt}
	if leeway == 0 {
		return v
	}
	v.end = v.end.Add(leeway)
	if !v.start.IsZero() {
		v.start = v.start.Add(-leeway)
	}
	return v
}

// notYet reports whether t is before the start.
func (v validity) notYet(t time.Time) bool { return !v.start.IsZero() && t.Before(v.start) }

// expired reports whether t is at the end or after it.
func (v validity) expired(t time.Time) bool { return !t.Before(v.end) }
