package fleet_test

import (
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A clock is that of one node: the bubble's, and what it is wrong by.
type clock struct {
	wrong atomic.Int64
	off   bool      // by more than is promised
	wasIn time.Time // until when it was off last, true
	steps int
}

// Now implements jwtexp.Clock.
func (c *clock) Now() time.Time { return now().Add(time.Duration(c.wrong.Load())) }

// when returns the instant at which the clock will read t, if it is left alone.
func (c *clock) when(t time.Time) time.Time { return t.Add(-time.Duration(c.wrong.Load())) }

func (c *clock) step(wrong time.Duration, off bool) {
	if c.off {
		c.wasIn = now()
	}
	c.wrong.Store(int64(wrong))
	c.off = off
	c.steps++
}

// now is the bubble's time.
func now() time.Time { return jwtexp.SystemClock().Now().Round(0).UTC() }

// A window is a time in which something is down.
type window struct{ from, to time.Time }

func in(t time.Time, windows []window) bool {
	for _, w := range windows {
		if !t.Before(w.from) && t.Before(w.to) {
			return true
		}
	}
	return false
}
