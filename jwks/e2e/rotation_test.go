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

// TestRotation has the provider change its keys, as providers do, while tokens are verified:
// the next key is published, then it signs, then the one before goes. Between two steps the
// set is fetched again.
func TestRotation(t *testing.T) {
	p := startProvider(t)
	clock := newClock()
	const alg = "ES256"
	verifier := newVerifier(p.discover(t), clock, forAPI(p, audience(alg))...)
	good := startTraffic(t, verifier)

	old := p.accessToken(t, audience(alg))
	good.add(old)
	before := "first"
	for i := range 4 {
		next := fmt.Sprint("next", i)
		p.setKeys(t, before, next)
		fetchAgain(clock, good)

		p.setKeys(t, next, before)
		token := p.accessToken(t, audience(alg))
		good.add(token) // though the set was not fetched again
		fetchAgain(clock, good)

		good.remove(old)
		p.setKeys(t, next)
		fetchAgain(clock, good)
		if _, err := verifier.Verify(t.Context(), old); !isUnknownKey(err) {
			t.Errorf("rotation %d: got %v for a token of the key that went, want one of an unknown key", i, err)
		}
		before, old = next, token
	}

	// A key that signs as soon as it is published: its tokens are what makes the set be
	// fetched again.
	p.setKeys(t, "surprise", before)
	clock.Advance(10 * time.Second)
	good.add(p.accessToken(t, audience(alg)))
	good.await()
}

func isUnknownKey(err error) bool {
	invalid, ok := errors.AsType[*jwtexp.InvalidError](err)
	return ok && invalid.Reason == jwtexp.ReasonUnknownKey
}

// fetchAgain lets the set's freshness pass, which is 5 minutes for one that does not say.
func fetchAgain(clock *jwtexptest.Clock, good *traffic) {
	good.await()
	clock.Advance(5 * time.Minute)
	good.await()
}

// A traffic is good tokens that are verified over and over, by several at once.
type traffic struct {
	mu     sync.Mutex
	turned sync.Cond
	tokens []string
	rounds [2]int // of each worker
}

// startTraffic starts it, until the test ends. A token that is refused fails the test.
func startTraffic(t *testing.T, verifier *jwtexp.Verifier) *traffic {
	g := new(traffic)
	g.turned.L = &g.mu
	var group sync.WaitGroup
	for i := range g.rounds {
		group.Go(func() {
			for t.Context().Err() == nil {
				for _, raw := range g.now() {
					// The test's context ends before its last tokens are verified.
					if _, err := verifier.Verify(context.WithoutCancel(t.Context()), raw); err != nil {
						t.Errorf("got %v for a good token, want nil", err)
					}
				}
				g.turn(i)
				runtime.Gosched() // to whoever moves the clock
			}
		})
	}
	t.Cleanup(group.Wait)
	return g
}

func (g *traffic) now() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.tokens)
}

func (g *traffic) turn(i int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rounds[i]++
	g.turned.Broadcast()
}

func (g *traffic) add(raw string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = append(g.tokens, raw)
}

// remove returns when nobody verifies the token any more.
func (g *traffic) remove(raw string) {
	g.mu.Lock()
	g.tokens = slices.DeleteFunc(g.tokens, func(other string) bool { return other == raw })
	g.mu.Unlock()
	g.await()
}

// await returns when each has verified all the tokens of now, from the first to the last.
func (g *traffic) await() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, round := range g.rounds {
		for g.rounds[i] < round+2 { // the one under way may have begun with others
			g.turned.Wait()
		}
	}
}
