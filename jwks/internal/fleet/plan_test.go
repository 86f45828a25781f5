package fleet_test

import (
	"math/rand/v2"
	"time"

	"github.com/jwtexp/jwtexp/keyring"
)

// A plan holds the promises of the operators and the schedule that follows from them, which a seed
// draws at the start. The schedule has no slack, so that a ring that needs more time than promised
// fails.
type plan struct {
	maxSkew time.Duration // largest difference of two clocks
	leeway  time.Duration // largest leeway of a verifier

	reload      time.Duration // between two loads of a ring
	lag         time.Duration // largest age of what a load reads, and longest duration of a load
	storeOutage time.Duration // longest outage of the storage
	load        time.Duration // derived: from a change until every ring has loaded it

	freshMin, freshMax time.Duration // WithFreshness of the Remotes
	fresh              time.Duration // derived: largest age of a Remote's set while fetching works
	interval           time.Duration // WithInterval
	outageLimit        time.Duration // WithOutageLimit
	network            time.Duration // longest duration of a fetch
	timeout            time.Duration // WithTimeout
	hostOutage         time.Duration // longest outage of the JWK Set's host

	schedule    keyring.Schedule
	rotations   int
	rotateEvery time.Duration // average time between two rotations

	longHost, longStore bool // whether there is an outage that is longer than promised
}

func newPlan(r *rand.Rand) *plan {
	p := &plan{
		maxSkew:     maybeZero(r, 3, between(r, 0, 30*time.Second)),
		leeway:      maybeZero(r, 3, between(r, 0, time.Minute)),
		reload:      between(r, time.Second, 5*time.Minute),
		interval:    between(r, time.Second, 30*time.Second),
		freshMin:    between(r, time.Second, 3*time.Minute),
		network:     between(r, time.Millisecond, 3*time.Second),
		storeOutage: between(r, 0, 10*time.Minute),
		hostOutage:  between(r, 0, 20*time.Minute),
		rotations:   10 + r.IntN(11),
		longHost:    r.IntN(3) == 0,
		longStore:   r.IntN(6) == 0,
	}
	p.lag = between(r, 0, 2*p.reload)
	// One read just before the change, one during an outage, one after it.
	p.load = 2*p.reload + p.storeOutage + 2*p.lag
	p.timeout = p.network + between(r, time.Second, 10*time.Second)

	propagation := p.load + p.network + p.hostOutage + 2*p.maxSkew + p.interval
	if r.IntN(2) == 0 { // WithFreshness limits the age of a set
		p.freshMax = p.freshMin + between(r, 0, 20*time.Minute)
		p.fresh = p.freshMax
		propagation += p.fresh
	} else { // the published max-age does: half of Propagation
		propagation = max(2*propagation, 2*p.freshMin)
		p.fresh = propagation / 2
		p.freshMax = propagation
	}
	p.outageLimit = p.freshMax + between(r, 0, 2*time.Hour)
	p.schedule = keyring.Schedule{
		Lifetime:    time.Duration(30+r.IntN(1800)) * time.Second,
		Leeway:      p.leeway + p.maxSkew + p.network,
		Propagation: propagation,
		Grace:       maybeZero(r, 4, between(r, 0, 12*time.Hour)),
	}
	p.rotateEvery = between(r, propagation/2, 2*propagation+p.schedule.Lifetime)
	return p
}

// maybeZero returns 0 with a probability of 1/n, and else d.
func maybeZero(r *rand.Rand, n int, d time.Duration) time.Duration {
	if r.IntN(n) == 0 {
		return 0
	}
	return d
}

// between returns a random duration in [low, high), in nanoseconds, so that no two events happen at
// the same time by chance.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(max(high-low, 1))))
}

// about returns a random duration that is d on average.
func about(r *rand.Rand, d time.Duration) time.Duration { return between(r, d/4, d+3*d/4) }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
