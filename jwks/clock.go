package jwks

import (
	"errors"

	"github.com/jwtexp/jwtexp"
)

// WithClock sets the clock of [Handler] and of [Remote.Ready]. Use the clock that the ring is
// rotated with, or the Verifier's. The default is [jwtexp.SystemClock]. If c is nil, Handler panics,
// and NewRemote, Discover and DiscoverLater return an error.
func WithClock(c jwtexp.Clock) ClockOption { return clockOption{c} }

// A ClockOption is a [HandlerOption] and a [RemoteOption].
type ClockOption interface {
	HandlerOption
	RemoteOption
}

type clockOption struct{ clock jwtexp.Clock }

func (o clockOption) forHandler(h *handler) {
	switch {
	case h.clock != nil:
		panic("jwks: Handler: WithClock: given twice; pass it once")
	case isNil(o.clock):
		panic("jwks: Handler: WithClock: " + errNilClock.Error())
	}
	h.clock = o.clock
}

func (o clockOption) forRemote(c *config) {
	remoteOption{"WithClock", func(c *config) error {
		c.clock = o.clock
		if isNil(o.clock) {
			return errNilClock
		}
		return nil
	}}.forRemote(c)
}

var errNilClock = errors.New("clock is nil; leave the option out for the system clock")
