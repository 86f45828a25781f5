package jwks

import (
	"context"

	"github.com/jwtexp/jwtexp"
)

// Ready returns nil if a set of keys may be used now, fresh or within [WithOutageLimit]. If there is
// none, Ready fetches one and waits for it, at most until ctx is done. It is for readiness probes:
// give ctx less time than the probe has. The error is a [*jwtexp.UnavailableError] whose Detail says
// why, and may be logged.
//
// While the set may be used, Ready never waits. It starts a fetch in the background if one is due, so
// that probes keep the set fresh. Ready reads the clock of [WithClock]: use the Verifier's.
func (r *Remote) Ready(ctx context.Context) error {
	inner := r.inner.Load()
	if inner == nil {
		return outage(errZeroRemote)
	}
	now := inner.config.clock.Now().Round(0) // without the monotonic part, as a Verifier's reading
	if now.IsZero() {
		return &jwtexp.UnavailableError{What: "clock", Detail: "it returned the zero time; set it"}
	}
	s := inner.state.Load()
	if inner.usable(s, now) {
		if inner.need(s, "", now) != noFetch {
			inner.startFetch(s, now)
		}
		return nil
	}
	_, err := inner.keys(ctx, "", now)
	return err
}
