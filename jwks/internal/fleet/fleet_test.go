package fleet_test

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

var (
	seeds   = flag.Int("seeds", 8, "simulate the fleets of so many seeds, from 1 on")
	oneSeed = flag.Uint64("seed", 0, "simulate the fleet of this seed alone")
)

// TestFleet holds the invariants of the package's comment against fleets that are drawn at
// random, each from its seed.
func TestFleet(t *testing.T) {
	first, last := uint64(1), uint64(*seeds)
	if *oneSeed > 0 {
		first, last = *oneSeed, *oneSeed
	}
	var mu sync.Mutex
	var sum count
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed <= last; seed++ {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				w := simulate(t, seed)
				mu.Lock()
				defer mu.Unlock()
				sum.add(w.count)
			})
		}
	})
	t.Logf("seeds: %d, rotations: %d, revocations: %d, tokens: %d, verifications: %d, fetches: %d, outages: %d",
		last-first+1, sum.rotations, sum.revocations, sum.tokens, sum.verifications, sum.fetches, sum.outages)
}

func simulate(t *testing.T, seed uint64) (w *world) {
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(seed)
		w.run()
	})
	for i, fault := range w.faults {
		if i == 3 {
			t.Errorf("seed %d: and %d more", seed, len(w.faults)-i)
			break
		}
		t.Errorf("seed %d: %s\n\tgo test ./internal/fleet -run TestFleet -seed %d", seed, fault, seed)
	}
	return w
}

// The same seed is the same fleet, and the same happens to it.
func TestSeedDecides(t *testing.T) {
	got, want := simulate(t, 1).log(), simulate(t, 1).log()
	if got != want {
		t.Errorf("got the log %s, and then %s, want one", got, want)
	}
}

func (c *count) add(d count) {
	c.rotations += d.rotations
	c.revocations += d.revocations
	c.tokens += d.tokens
	c.verifications += d.verifications
	c.fetches += d.fetches
	c.outages += d.outages
}
