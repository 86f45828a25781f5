// Package jwtexptest helps to test code that uses jwtexp, without sleeping. It has
//
//   - [Clock], a clock that the test moves,
//   - [Tokens], which makes good and bad tokens,
//   - [Context], which returns a context with a verified token, for handlers without middleware,
//   - [TestHandler], a conformance suite for the handler that you deploy, whatever JWT library it
//     uses.
package jwtexptest

import (
	"sync"
	"time"
)

// A Clock is a [jwtexp.Clock] that stands still until the test moves it. Create it with [NewClock]:
// with the zero Clock, an Issuer and a Verifier return [jwtexp.ErrUnavailable]. It is safe for
// concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a Clock that stands at t. Choose a t between two seconds, such as 12:00:00.5: a
// whole second hides faults in rounding.
func NewClock(t time.Time) *Clock { return &Clock{now: t} }

// Now returns the time at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, which may be earlier than Now.
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
