package fleet_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

var (
	seeds   = flag.Int("seeds", 300, "number of seeds to simulate, from 1 on")
	thefts  = flag.Int("thefts", 100, "number of thefts to simulate of each kind")
	oneSeed = flag.Uint64("seed", 0, "simulate only this seed")
)

// TestFleet checks the invariants of the package comment with random worlds, one for each seed.
func TestFleet(t *testing.T) {
	first, last := uint64(1), uint64(*seeds)
	if *oneSeed > 0 {
		first, last = *oneSeed, *oneSeed
	}
	began := time.Now()
	sum := simulateAll(t, first, last)
	took := time.Since(began)
	t.Logf("%d seeds in %v, %.0f a second: %v", last-first+1, took.Round(time.Second/10), float64(last-first+1)/took.Seconds(), sum)
}

// maxFailures is how many failing seeds a run prints.
const maxFailures = 10

func simulateAll(t *testing.T, first, last uint64) (sum count) {
	sum = count{causes: make(map[string]int), events: make(map[session.EventKind]int)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var next atomic.Uint64
	next.Store(first)
	failures := 0
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := next.Add(1) - 1; seed <= last; seed = next.Add(1) - 1 {
				w := simulate(seed, faults{})
				mu.Lock()
				sum.add(w.count)
				if len(w.violations) > 0 {
					if failures++; failures <= maxFailures {
						report(t, w)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if failures > maxFailures {
		t.Errorf("and %d more seeds", failures-maxFailures)
	}
	return sum
}

func simulate(seed uint64, broken faults) *world {
	r := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(seed, newPlan(r), r, broken)
	for range w.plan.clients {
		w.newClient(r.IntN(2) == 0)
	}
	if w.plan.blocked {
		w.after(spread(r, time.Hour, 5*day), func() { w.blocked["user 0"] = true })
		w.after(15*day, func() { w.blocked["user 0"] = false })
	}
	w.run()
	return w
}

func report(t *testing.T, w *world) {
	for i, v := range w.violations {
		if i == 2 {
			t.Errorf("seed %d: and %d more", w.seed, len(w.violations)-i)
			break
		}
		t.Errorf("seed %d: %s\n\tgo test ./session/internal/fleet -run TestFleet -seed %d", w.seed, v.text, w.seed)
	}
}

// The same seed yields the same world and the same events.
func TestSimulationIsDeterministic(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		got, want := hash(simulate(seed, faults{})), hash(simulate(seed, faults{}))
		if got != want {
			t.Errorf("seed %d: got history %s, want %s as in the second run", seed, got, want)
		}
	}
}

func hash(w *world) string {
	h := sha256.New()
	for _, l := range w.ledgers {
		fmt.Fprintln(h, l.history)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// A count is the summary of a run.
type count struct {
	clients, sessions, refreshes, writes, lost, thefts, failovers, logouts, refused, expired int

	uses, revoked, unavailable int // of access tokens, and their answers
	late                       int // accepted after the end, within the bounds

	causes map[string]int // why sessions ended
	events map[session.EventKind]int
}

func (c *count) add(d count) {
	c.clients += d.clients
	c.sessions += d.sessions
	c.refreshes += d.refreshes
	c.writes += d.writes
	c.lost += d.lost
	c.thefts += d.thefts
	c.failovers += d.failovers
	c.logouts += d.logouts
	c.refused += d.refused
	c.expired += d.expired
	c.uses += d.uses
	c.revoked += d.revoked
	c.unavailable += d.unavailable
	c.late += d.late
	for k, n := range d.causes {
		c.causes[k] += n
	}
	for k, n := range d.events {
		c.events[k] += n
	}
}

func (c count) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "clients %d, sessions %d, refreshes %d, writes %d, lost answers %d, thefts %d, failovers %d, logouts %d, refusals %d (expired %d)",
		c.clients, c.sessions, c.refreshes, c.writes, c.lost, c.thefts, c.failovers, c.logouts, c.refused, c.expired)
	fmt.Fprintf(&b, "\naccess tokens: used %d, revoked %d, unavailable %d, accepted after the end %d", c.uses, c.revoked, c.unavailable, c.late)
	b.WriteString("\nends:")
	for _, k := range slices.Sorted(maps.Keys(c.causes)) {
		fmt.Fprintf(&b, " %s %d;", k, c.causes[k])
	}
	b.WriteString("\nevents:")
	for _, k := range slices.Sorted(maps.Keys(c.events)) {
		fmt.Fprintf(&b, " %s %d;", k, c.events[k])
	}
	return b.String()
}
