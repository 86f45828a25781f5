package fleet_test

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

var (
	seeds   = flag.Int("seeds", 8, "number of seeds to simulate, from 1 on")
	oneSeed = flag.Uint64("seed", 0, "simulate only this seed")
)

// TestFleet checks the invariants of the package comment with random fleets, one per seed.
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
	for i, violation := range w.violations {
		if i == 3 {
			t.Errorf("seed %d: and %d more", seed, len(w.violations)-i)
			break
		}
		t.Errorf("seed %d: %s\n\tgo test ./internal/fleet -run TestFleet -seed %d", seed, violation, seed)
	}
	return w
}

// The same seed yields the same fleet and the same events.
func TestSimulationIsDeterministic(t *testing.T) {
	got, want := simulate(t, 1).logHash(), simulate(t, 1).logHash()
	if got != want {
		t.Errorf("got log %s, want %s as in the second run", got, want)
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
