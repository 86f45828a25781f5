package jwtexp

import (
	"errors"
	"time"
)

// A Clock tells the time that an [Issuer] and a [Verifier] go by. The default is
// the system's clock; a test injects one that it moves by hand, such as that of
// package jwtexptest. Now must be safe for concurrent use. The zero [time.Time]
// is no reading: a clock that returns it is an outage ([ErrUnavailable]), and so
// is one that returns a time too far away to be compared. Any other reading is
// believed.
type Clock interface {
	Now() time.Time
}

// ClockFunc makes a [Clock] of a function that is safe for concurrent use. A nil
// ClockFunc is refused by every constructor.
type ClockFunc func() time.Time

// Now calls f.
func (f ClockFunc) Now() time.Time { return f() }

// systemClock is the library's only way to the wall clock.
var systemClock Clock = ClockFunc(time.Now)

// SystemClock returns the default clock, the one used without [WithClock], for code of your
// own that takes a [Clock] and needs a default.
func SystemClock() Clock { return systemClock }

var (
	errZero  = errors.New("the clock returned the zero time")
	errWraps = errors.New("the clock returned a time too far away to be compared")
	epoch    = time.Unix(0, 0)
)

// read takes the one reading of a decision, without its monotonic part: tokens
// are compared with wall time. The zero time is what a clock that was never set
// returns, and before it every token would be fresh; so it would be 292 billion
// years from now, where comparing times wraps around.
func read(c Clock) (time.Time, error) {
	now := c.Now()
	switch {
	case now.IsZero():
		return time.Time{}, errZero
	case now.Before(epoch) != (now.Unix() < 0):
		return time.Time{}, errWraps
	}
	return now.Round(0).UTC(), nil
}
