package fleet_test

import (
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A clock is the clock of one node. It differs from the bubble's time, the true time, by offset.
type clock struct {
	offset      atomic.Int64 // a time.Duration
	farOff      bool         // whether offset is larger than promised
	farOffUntil time.Time    // when farOff last ended, in true time
	steps       int
}

// Now implements jwtexp.Clock.
func (c *clock) Now() time.Time { return now().Add(time.Duration(c.offset.Load())) }

// trueTime returns the true time at which the clock reads t, unless it steps before.
func (c *clock) trueTime(t time.Time) time.Time { return t.Add(-time.Duration(c.offset.Load())) }

func (c *clock) step(offset time.Duration, farOff bool) {
	if c.farOff {
		c.farOffUntil = now()
	}
	c.offset.Store(int64(offset))
	c.farOff = farOff
	c.steps++
}

// now returns the true time.
func now() time.Time { return jwtexp.SystemClock().Now().Round(0).UTC() }

// A window is a span of true time in which something is down.
type window struct{ from, to time.Time }

// inAny reports whether t is in one of the windows.
func inAny(t time.Time, windows []window) bool {
	for _, w := range windows {
		if !t.Before(w.from) && t.Before(w.to) {
			return true
		}
	}
	return false
}
