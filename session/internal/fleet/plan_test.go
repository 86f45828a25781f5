package fleet_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

const (
	accessLifetime = 10 * time.Minute
	day            = 24 * time.Hour
	never          = time.Duration(math.MaxInt64)
)

// A plan is what a seed draws for its whole world.
type plan struct {
	policy  session.Policy // with the defaults filled in
	offsets []time.Duration
	skew    time.Duration // the largest difference between two clocks

	// An answer with the time in the server takes at most answer, and a request at most request.
	// Together with skew they add up to Grace, without slack.
	request, answer time.Duration

	clients   int
	loads     int           // page loads, or renewals, of a client
	lost      float64       // share of answers
	outages   float64       // share of calls of the store that fail
	stalls    float64       // share of calls that take longer than Grace in the server
	failovers float64       // share of Advances that a failover follows
	thieves   float64       // share of sessions
	ends      float64       // share of page loads with an End by someone
	suspends  float64       // share of renewals after which an app is suspended
	blocked   bool          // a subject is blocked at some time: ErrEnd
	agree     bool          // the clocks agree
	killed    float64       // share of lost answers after which a client is silent for up to days
	horizon   time.Duration // no request is sent later

	feedOutages float64 // share of logouts before which the feed fails
}

func newPlan(r *rand.Rand) plan {
	p := plan{
		clients:  1 + r.IntN(3),
		loads:    20 + r.IntN(60),
		lost:     pick(r, .005, .005, .05, .3),
		outages:  pick(r, 0, 0, .01, .05),
		stalls:   pick(r, 0, 0, 0, .02),
		thieves:  pick(r, 0, .5, 1),
		ends:     pick(r, 0, .02),
		blocked:  r.IntN(8) == 0,
		agree:    r.IntN(4) == 0,
		suspends: .05,
		horizon:  never,
	}
	p.failovers = pick(r, 0, 0, .1)
	p.policy = session.Policy{
		Lifetime: pick(r, 90*day, 90*day, 30*day, 2*day, time.Hour),
		Idle:     pick(r, 14*day, 14*day, 0, day, accessLifetime*5/4),
		Grace:    pick(r, session.DefaultGrace, session.DefaultGrace, 5*time.Second, accessLifetime/8),
	}
	p.policy.Recovery = pick(r, session.DefaultRecovery, session.DefaultRecovery, session.DefaultRecovery,
		session.NoRecovery, 2*p.policy.Grace, time.Hour)
	p.drawTimes(r)
	p.feedOutages = pick(r, 0, .3)
	return p
}

// drawTimes draws the clocks, and divides what is left of Grace between answers and requests.
func (p *plan) drawTimes(r *rand.Rand) {
	if !p.agree {
		p.skew = between(r, 0, min(10*time.Second, p.policy.Grace/2))
	}
	p.offsets = []time.Duration{-p.skew / 2, p.skew - p.skew/2}
	for range r.IntN(3) {
		p.offsets = append(p.offsets, between(r, -p.skew/2, p.skew/2))
	}
	rest := p.policy.Grace - p.skew
	p.request = between(r, rest/8, rest*7/8)
	p.answer = rest - p.request
}

// way returns how long a message takes that takes at most longest.
func way(r *rand.Rand, longest time.Duration) time.Duration {
	switch n := r.IntN(10); {
	case n < 6:
		return between(r, 0, min(longest, 300*time.Millisecond))
	case n < 9:
		return between(r, 0, longest)
	}
	return longest
}

// renewal returns when a client renews that renews at 80 to 90 % of an access token.
func renewal(r *rand.Rand) time.Duration {
	return between(r, accessLifetime*8/10, accessLifetime*9/10)
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func chance(r *rand.Rand, p float64) bool { return p > 0 && r.Float64() < p }

// between returns a time from a to b.
func between(r *rand.Rand, a, b time.Duration) time.Duration {
	return a + time.Duration(r.Int64N(int64(b-a)+1))
}

// spread returns a time from a to b whose logarithm is uniform: it may be short or long.
func spread(r *rand.Rand, a, b time.Duration) time.Duration {
	return time.Duration(float64(a) * math.Pow(float64(b)/float64(a), r.Float64()))
}
