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

// noting is a key set that notes the reading that it is handed, for the caller
// whose context it is. Then it moves the clock, while the decision is under way.
type noting struct {
	jwtexp.Key
	jump func()
}

func (n noting) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	*ctx.Value(readingKey{}).(*time.Time) = now
	n.jump()
	return n.Key.VerificationKeys(ctx, id, now)
}

// counting is a clock that counts how often it is read.
type counting struct {
	*jwtexptest.Clock
	readings atomic.Int64
}

func (c *counting) Now() time.Time {
	c.readings.Add(1)
	return c.Clock.Now()
}

// While the clock is thrown about, by a nanosecond and by years, and a hundred
// goroutines verify, there is one reading a decision, and each decision is right
// for its own.
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
			t.Run(fmt.Sprint(name, " with leeway ", leeway), func(t *testing.T) { throwAbout(t, s.key, nbf, exp, leeway, decide) })
		}
	}
}

func throwAbout(t *testing.T, key jwtexp.Key, nbf, exp time.Time, leeway time.Duration, decide func(context.Context, *jwtexp.Verifier) error) {
	const goroutines, decisions, year = 100, 200, 365 * 24 * time.Hour
	clock := &counting{Clock: jwtexptest.NewClock(exp.Add(-1))}
	jump := func() {
		edges := []time.Time{exp, exp.Add(leeway), nbf, nbf.Add(-leeway)}
		offsets := []time.Duration{-1, 0, 1, -time.Hour, time.Hour, -10 * year, 10 * year}
		clock.Set(edges[rand.IntN(len(edges))].Add(offsets[rand.IntN(len(offsets))]))
	}
	v := must(jwtexp.NewVerifier(noting{key, jump}, jwtexp.WithClock(clock), jwtexp.WithLeeway(leeway)))

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
					t.Errorf("got an ExpiredError of %v, want the reading of the decision, %v", e.Now, reading)
				}
				mu.Lock()
				seen[want]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := clock.readings.Load(); got != goroutines*decisions {
		t.Errorf("the clock was read %d times, want once for each of %d decisions", got, goroutines*decisions)
	}
	for _, phase := range phases {
		if seen[phase] < goroutines*decisions/20 {
			t.Errorf("got %v, want each many times", seen)
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
