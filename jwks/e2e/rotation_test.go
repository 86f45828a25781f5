package e2e

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// TestRotation rotates the provider's keys while workers verify tokens: the next key is published,
// then it signs, then the previous key is removed. After each step the set is fetched again.
func TestRotation(t *testing.T) {
	p := startProvider(t)
	clock := newClock()
	const alg = "ES256"
	verifier := newVerifier(p.discover(t), clock, forAPI(p, audience(alg))...)
	good := startTraffic(t, verifier)

	old := p.accessToken(t, audience(alg))
	good.add(old)
	current := "first"
	for i := range 4 {
		next := fmt.Sprint("next", i)
		p.setKeys(t, current, next)
		fetchAgain(clock, good)

		p.setKeys(t, next, current)
		token := p.accessToken(t, audience(alg))
		good.add(token) // the set has the key already
		fetchAgain(clock, good)

		good.remove(old)
		p.setKeys(t, next)
		fetchAgain(clock, good)
		if _, err := verifier.Verify(t.Context(), old); !isUnknownKey(err) {
			t.Errorf("rotation %d: got %v for a token of the removed key, want reason %s", i, err, jwtexp.ReasonUnknownKey)
		}
		current, old = next, token
	}

	// This key signs as soon as it is published. Its first token causes a fetch.
	p.setKeys(t, "unannounced", current)
	clock.Advance(10 * time.Second)
	good.add(p.accessToken(t, audience(alg)))
	good.await()
}

func isUnknownKey(err error) bool {
	invalid, ok := errors.AsType[*jwtexp.InvalidError](err)
	return ok && invalid.Reason == jwtexp.ReasonUnknownKey
}

// fetchAgain makes the set stale and waits for a fetch. A set without Cache-Control is fresh for 5
// minutes.
func fetchAgain(clock *jwtexptest.Clock, good *traffic) {
	good.await()
	clock.Advance(5 * time.Minute)
	good.await()
}

// traffic is a set of good tokens that workers verify again and again.
type traffic struct {
	mu        sync.Mutex
	roundDone sync.Cond
	tokens    []string
	rounds    [2]int // per worker
}

// startTraffic starts the workers. They end with the test. A rejected token fails the test.
func startTraffic(t *testing.T, verifier *jwtexp.Verifier) *traffic {
	g := new(traffic)
	g.roundDone.L = &g.mu
	var workers sync.WaitGroup
	for i := range g.rounds {
		workers.Go(func() {
			for t.Context().Err() == nil {
				for _, raw := range g.current() {
					// The test's context ends before its last tokens are verified.
					if _, err := verifier.Verify(context.WithoutCancel(t.Context()), raw); err != nil {
						t.Errorf("got %v for a good token, want nil", err)
					}
				}
				g.endRound(i)
				runtime.Gosched() // lets the test move the clock
			}
		})
	}
	t.Cleanup(workers.Wait)
	return g
}

func (g *traffic) current() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.tokens)
}

func (g *traffic) endRound(worker int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rounds[worker]++
	g.roundDone.Broadcast()
}

func (g *traffic) add(raw string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = append(g.tokens, raw)
}

// remove removes a token, and waits until no worker verifies it.
func (g *traffic) remove(raw string) {
	g.mu.Lock()
	g.tokens = slices.DeleteFunc(g.tokens, func(other string) bool { return other == raw })
	g.mu.Unlock()
	g.await()
}

// await waits until each worker has verified all current tokens.
func (g *traffic) await() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, round := range g.rounds {
		for g.rounds[i] < round+2 { // the current round may have begun with other tokens
			g.roundDone.Wait()
		}
	}
}
