package fleet_test

import (
	"math/rand/v2"
	"time"

	"github.com/jwtexp/jwtexp/keyring"
)

// A plan is what a seed draws before anything happens: the promises that operators make,
// and the schedule that follows from them. It has no slack, so that a ring that takes more
// than it was promised fails.
type plan struct {
	differ time.Duration // by which two clocks may differ, at most
	leeway time.Duration // of a verifier, at most

	reload      time.Duration // from one load of the entries to the next
	lag         time.Duration // by which what is read may be old, and how long reading takes, at most
	storeOutage time.Duration // of the storage, at most
	load        time.Duration // from a change until every ring has it, which follows

	freshMin, freshMax time.Duration // of a Remote
	fresh              time.Duration // how old a Remote's set gets while fetching it works, which follows
	interval           time.Duration
	outageLimit        time.Duration
	network            time.Duration // for which a fetch takes, at most
	timeout            time.Duration
	hostOutage         time.Duration // of the host of the JWK Set, at most

	schedule  keyring.Schedule
	rotations int
	every     time.Duration // between two rotations, about

	longHost, longStore bool // an outage is longer than promised, and what is promised is less
}

func draw(r *rand.Rand) *plan {
	p := &plan{
		differ:      sometimes(r, 3, between(r, 0, 30*time.Second)),
		leeway:      sometimes(r, 3, between(r, 0, time.Minute)),
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
	// A read just before the change, then one in an outage, then one after it.
	p.load = 2*p.reload + p.storeOutage + 2*p.lag
	p.timeout = p.network + between(r, time.Second, 10*time.Second)

	propagation := p.load + p.network + p.hostOutage + 2*p.differ + p.interval
	if r.IntN(2) == 0 { // Remotes that bound the freshness themselves
		p.freshMax = p.freshMin + between(r, 0, 20*time.Minute)
		p.fresh = p.freshMax
		propagation += p.fresh
	} else { // and those that go by what is published, which is half of Propagation
		propagation = max(2*propagation, 2*p.freshMin)
		p.fresh = propagation / 2
		p.freshMax = propagation
	}
	p.outageLimit = p.freshMax + between(r, 0, 2*time.Hour)
	p.schedule = keyring.Schedule{
		Lifetime:    time.Duration(30+r.IntN(1800)) * time.Second,
		Leeway:      p.leeway + p.differ + p.network,
		Propagation: propagation,
		Grace:       sometimes(r, 4, between(r, 0, 12*time.Hour)),
	}
	p.every = between(r, propagation/2, 2*propagation+p.schedule.Lifetime)
	return p
}

// sometimes returns 0 once in so many times, and else d.
func sometimes(r *rand.Rand, times int, d time.Duration) time.Duration {
	if r.IntN(times) == 0 {
		return 0
	}
	return d
}

// between returns a duration from low on, to the nanosecond, so that no two things happen
// at the same instant by chance.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(max(high-low, 1))))
}

// about returns what is on average d.
func about(r *rand.Rand, d time.Duration) time.Duration { return between(r, d/4, d+3*d/4) }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
