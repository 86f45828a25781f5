package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

type readingKey struct{}

// recordingKeySet is a key set that records the reading of the clock for the caller, by way of
// the context. Then it moves the clock, in the middle of the decision.
type recordingKeySet struct {
	jwtexp.Key
	jump func()
}

func (n recordingKeySet) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	*ctx.Value(readingKey{}).(*time.Time) = now
	n.jump()
	return n.Key.VerificationKeys(ctx, id, now)
}

// countingClock counts its readings.
type countingClock struct {
	*jwtexptest.Clock
	readings atomic.Int64
}

func (c *countingClock) Now() time.Time {
	c.readings.Add(1)
	return c.Clock.Now()
}

// The clock jumps by a nanosecond and by years while a hundred goroutines verify. Each decision
// reads the clock once and is correct for its reading.
func TestClockThatJumps(t *testing.T) {
	nbf, exp := epoch, epoch.Add(time.Hour)
	s := newHS256("hs")
	raw := s.token(s.header(), fmt.Sprintf(`{"nbf":%d,"exp":%d}`, nbf.Unix(), exp.Unix()))
	between := jwtexptest.NewClock(nbf.Add(time.Minute))
	token := must(must(jwtexp.NewVerifier(s.key, jwtexp.WithClock(between))).Verify(t.Context(), raw))

	for name, decide := range map[string]func(context.Context, *jwtexp.Verifier) error{
		"Verify": func(ctx context.Context, v *jwtexp.Verifier) error {
			_, err := v.Verify(ctx, raw)
			return err
		},
		"Recheck": func(ctx context.Context, v *jwtexp.Verifier) error { return v.Recheck(ctx, token) },
	} {
		for _, leeway := range []time.Duration{0, 1, time.Minute} {
			t.Run(fmt.Sprint(name, " with leeway ", leeway), func(t *testing.T) { testJumps(t, s.key, nbf, exp, leeway, decide) })
		}
	}
}

func testJumps(t *testing.T, key jwtexp.Key, nbf, exp time.Time, leeway time.Duration, decide func(context.Context, *jwtexp.Verifier) error) {
	const goroutines, decisions, year = 100, 200, 365 * 24 * time.Hour
	clock := &countingClock{Clock: jwtexptest.NewClock(exp.Add(-1))}
	jump := func() {
		edges := []time.Time{exp, exp.Add(leeway), nbf, nbf.Add(-leeway)}
		offsets := []time.Duration{-1, 0, 1, -time.Hour, time.Hour, -10 * year, 10 * year}
		clock.Set(edges[rand.IntN(len(edges))].Add(offsets[rand.IntN(len(offsets))]))
	}
	v := must(jwtexp.NewVerifier(recordingKeySet{key, jump}, jwtexp.WithClock(clock), jwtexp.WithLeeway(leeway)))

	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range decisions {
				var reading time.Time
				err := decide(context.WithValue(t.Context(), readingKey{}, &reading), v)

				got, want := word(err), phase(reading, nbf.UnixNano(), exp.UnixNano(), leeway)
				if got != want {
					t.Errorf("at %v: got %s, want %s", reading, got, want)
				}
				if e, ok := errors.AsType[*jwtexp.ExpiredError](err); ok && !e.Now.Equal(reading) {
					t.Errorf("got an ExpiredError with Now %v, want the reading of the decision, %v", e.Now, reading)
				}
				mu.Lock()
				seen[want]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := clock.readings.Load(); got != goroutines*decisions {
		t.Errorf("got %d readings of the clock, want one for each of %d decisions", got, goroutines*decisions)
	}
	for _, phase := range phases {
		if seen[phase] < goroutines*decisions/20 {
			t.Errorf("got the phases %v, want each many times", seen)
		}
	}
}

func word(err error) string {
	invalid, _ := errors.AsType[*jwtexp.InvalidError](err)
	switch {
	case err == nil:
		return "in time"
	case errors.Is(err, jwtexp.ErrExpired):
		return "expired"
	case errors.Is(err, jwtexp.ErrInvalid) && invalid.Reason == jwtexp.ReasonNotYetValid:
		return "early"
	}
	return err.Error()
}
