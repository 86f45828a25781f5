package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

type readingKey struct{}

// noting is a key set that notes the reading that it is handed, for the caller
// whose context it is: there is one reading a decision.
type noting struct{ jwtexp.KeySet }

func (n noting) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	*ctx.Value(readingKey{}).(*time.Time) = now
	return n.KeySet.VerificationKeys(ctx, id, now)
}

// While the clock is thrown about, by a nanosecond and by years, and a hundred
// goroutines verify, each decision is right for the reading that it went by.
func TestClockThatJumps(t *testing.T) {
	const verifications, goroutines = 300, 100
	nbf, exp := epoch, epoch.Add(time.Hour)
	s := newHS256("hs")
	token := s.token(s.header(), fmt.Sprintf(`{"nbf":%d,"exp":%d}`, nbf.Unix(), exp.Unix()))
	const year = 365 * 24 * time.Hour

	for _, leeway := range []time.Duration{0, time.Nanosecond, time.Minute} {
		t.Run(fmt.Sprint("leeway ", leeway), func(t *testing.T) {
			clock := jwtexptest.NewClock(exp.Add(-1))
			v := must(jwtexp.NewVerifier(noting{s.key}, jwtexp.WithClock(clock), jwtexp.WithLeeway(leeway)))
			jump := func(r *rand.Rand) {
				edges := []time.Time{exp, exp.Add(leeway), nbf, nbf.Add(-leeway)}
				offsets := []time.Duration{-1, 0, 1, -time.Hour, time.Hour, -10 * year, 10 * year}
				clock.Set(edges[r.IntN(len(edges))].Add(offsets[r.IntN(len(offsets))]))
			}

			var mu sync.Mutex
			seen := map[string]int{}
			var wg sync.WaitGroup
			for i := range goroutines {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(i), uint64(leeway)))
					for range verifications {
						jump(r)
						var reading time.Time
						_, err := v.Verify(context.WithValue(t.Context(), readingKey{}, &reading), token)

						got, want := word(err), phase(reading, nbf, exp, leeway)
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
			for _, want := range []string{"early", "good", "expired"} {
				if seen[want] < goroutines*verifications/20 {
					t.Errorf("got %v, want each many times", seen)
				}
			}
		})
	}
}

// phase is the oracle: integer arithmetic on nanoseconds.
func phase(now, nbf, exp time.Time, leeway time.Duration) string {
	ns, early := now.UnixNano(), int64(leeway)
	switch {
	case ns < nbf.UnixNano()-early:
		return "early"
	case ns >= exp.UnixNano()+early:
		return "expired"
	}
	return "good"
}

func word(err error) string {
	invalid, _ := errors.AsType[*jwtexp.InvalidError](err)
	switch {
	case err == nil:
		return "good"
	case errors.Is(err, jwtexp.ErrExpired):
		return "expired"
	case errors.Is(err, jwtexp.ErrInvalid) && invalid.Reason == jwtexp.ReasonNotYetValid:
		return "early"
	}
	return err.Error()
}
