package session

import (
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp/internal/setup"
)

const (
	// DefaultGrace is the Grace of a [Policy] that sets none, if the access tokens live for 4 minutes
	// or longer.
	DefaultGrace = 30 * time.Second

	// DefaultRecovery is the Recovery of a [Policy] that sets none.
	DefaultRecovery = 24 * time.Hour

	// NoRecovery is a Recovery that never lets a client go on with a replaced refresh token.
	NoRecovery time.Duration = -1

	// graceShare is the largest Grace, as a share of the lifetime of access tokens: an eighth.
	graceShare = 8
)

// A Policy says how long a session lasts, and how long a replaced refresh token is of use. Only
// Lifetime is required. The ends of sessions are cut to whole seconds, so a session may end up to a
// second early.
type Policy struct {
	// Lifetime is how long after Start a session ends, whatever happens: whole seconds, and at
	// least the lifetime of access tokens. A person then logs in again.
	Lifetime time.Duration

	// Idle is how long after its refresh token was last replaced a session ends: whole seconds, and
	// at least the lifetime of access tokens plus twice Grace. 0 means that only Lifetime counts.
	Idle time.Duration

	// Grace is how long a replaced refresh token still yields its successor. A refresh token is
	// replaced at most once in twice this time. Whole milliseconds, and at most an eighth of the
	// lifetime of access tokens. 0 means [DefaultGrace] or that eighth, whichever is less.
	//
	// No honest client is logged out as long as three times add up to Grace at most: the latency of
	// an answer with the time in the server, the latency of the client's next request until the
	// store has answered it, and the clock skew between instances.
	Grace time.Duration

	// Recovery is how long after its replacement a refresh token still works, as long as its
	// successor was not replaced, too: whole milliseconds, and at least twice Grace. It is for a
	// client that never got the successor. A thief with a copy can use it as well, and is noticed
	// when the owner refreshes next. 0 means [DefaultRecovery]. With [NoRecovery], a replaced
	// refresh token is reuse from Grace on, and a lost answer logs the client out.
	Recovery time.Duration
}

// withDefaults returns p with the defaults filled in, for access tokens that live for access.
func (p Policy) withDefaults(access time.Duration) Policy {
	if p.Grace == 0 {
		p.Grace = min(DefaultGrace, access/graceShare)
	}
	if p.Recovery == 0 {
		p.Recovery = DefaultRecovery
	}
	return p
}

// check adds the faults of a Policy with defaults.
func (p Policy) check(s *setup.Setup, access time.Duration) {
	s.Fault("Policy.Lifetime", checkSpan(p.Lifetime, access))
	switch {
	case p.Grace < time.Millisecond || p.Grace%time.Millisecond != 0:
		s.Fault("Policy.Grace", fmt.Errorf("%v is not a positive number of whole milliseconds; 0 means the default", p.Grace))
	case p.Grace > access/graceShare:
		s.Fault("Policy.Grace", fmt.Errorf("%v is longer than an eighth of the access tokens' lifetime, %v; shorten it, or lengthen the Issuer's lifetime", p.Grace, access))
	}
	if p.Idle != 0 {
		if err := checkSpan(p.Idle, access+2*p.Grace); err != nil {
			s.Fault("Policy.Idle", fmt.Errorf("%w; the access tokens' lifetime plus twice Grace is the least", err))
		}
	}
	switch {
	case p.Recovery == NoRecovery:
	case p.Recovery%time.Millisecond != 0:
		s.Fault("Policy.Recovery", fmt.Errorf("%v is not whole milliseconds", p.Recovery))
	case p.Recovery < 2*p.Grace:
		s.Fault("Policy.Recovery", fmt.Errorf("%v is shorter than twice Grace, %v; lengthen it, or turn recovery off with NoRecovery", p.Recovery, 2*p.Grace))
	}
}

// longestSpan is the longest Lifetime, Idle and lifetime of access tokens: 100 years.
const longestSpan = 100 * 365 * 24 * time.Hour

// checkSpan returns an error unless d is whole seconds from the shortest to the longest.
func checkSpan(d, shortest time.Duration) error {
	switch {
	case d < shortest || d%time.Second != 0:
		return fmt.Errorf("invalid time %v: want whole seconds, at least %v", d, shortest)
	case d > longestSpan:
		return fmt.Errorf("invalid time %v: want %v at most, which is 100 years", d, longestSpan)
	}
	return nil
}

// expires returns when a session that ends at end expires, if its refresh token was replaced at
// now.
func (p Policy) expires(now, end time.Time) time.Time {
	if p.Idle == 0 {
		return end
	}
	return earlier(now.Add(p.Idle).Truncate(time.Second), end)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
