// Package jwtexptest helps to test code that uses jwtexp, without sleeping: a
// [Clock] that is moved by hand, [Tokens] good and bad, a [Context] with a verified
// token for handlers without their middleware, and [TestHandler], a conformance
// suite for the handler that you deploy, with whatever library it verifies tokens.
package jwtexptest

import (
	"sync"
	"time"
)

// A Clock is a [jwtexp.Clock] that stands still until it is
// moved. It is safe for concurrent use. The zero Clock has not been set, and is
// an outage to a Verifier: make one with [NewClock].
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a Clock that stands at t.
func NewClock(t time.Time) *Clock { return &Clock{now: t} }

// Now returns the time at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, which may be in its past.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock by d; a negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
