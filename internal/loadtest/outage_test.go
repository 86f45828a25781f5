package loadtest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// probes returns requests of every kind, with their answers while the key set is up. While it is
// down, requests that need a key get 503, and the others get the same answer as before.
func probes(s signer) []probe {
	expiredClaims := fmt.Sprintf(`{"sub":"alice","exp":%d}`, epoch.Unix())
	return []probe{
		{"good", s.good(), served("alice"), true},
		{"expired", bearer(s.token(s.header(), expiredClaims)), expired(epoch), true},
		{"forged", bearer(newHS256(s.kid).token(s.header(), goodClaims)), invalidToken, true},
		{"of an unknown key", bearer(s.token(strings.Replace(s.header(), s.kid, "unknown", 1), goodClaims)), invalidToken, true},
		{"that is not a claims set", bearer(s.token(s.header(), "x")), invalidToken, true},
		{"malformed", bearer("a.b.c"), invalidToken, false},
		{"of algorithm none", bearer(segment(`{"alg":"none"}`) + "." + segment(goodClaims) + "."), invalidToken, false},
		{"of another type", bearer(s.token(strings.Replace(s.header(), "JWT", "at+jwt", 1), goodClaims)), invalidToken, false},
		{"that is missing", nil, missingToken, false},
		{"twice", append(s.good(), s.good()...), invalidRequest, false},
	}
}

type probe struct {
	name          string
	authorization []string
	want          answer
	needsKey      bool
}

func (p probe) wantDuring(outage answer) answer {
	if p.needsKey {
		return outage
	}
	return p.want
}

func TestKeySetThatIsDown(t *testing.T) {
	s := newHS256("hs")
	var down atomic.Pointer[error]
	srv := startServer(t, guard(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
		if err := down.Load(); err != nil {
			return nil, *err
		}
		return s.key.VerificationKeys(ctx, id, now)
	}), jwtexp.WithClock(frozen)).Handler)

	later := unavailable
	later.retryAfter = "90"
	var knows error = &jwtexp.UnavailableError{Err: errDown, RetryAfter: 89*time.Second + 1}
	for _, c := range []struct {
		name   string
		err    *error
		outage answer
	}{
		{"up", nil, answer{}},
		{"down", &errDown, unavailable},
		{"up again", nil, answer{}}, // the outage leaves no trace
		{"down, with RetryAfter", &knows, later},
		{"up at last", nil, answer{}},
	} {
		down.Store(c.err)
		for _, p := range probes(s) {
			want := p.want
			if c.err != nil {
				want = p.wantDuring(c.outage)
			}
			if got, err := srv.get(p.authorization...); got != want || err != nil {
				t.Errorf("%s, a token %s: got %+v, %v, want %+v", c.name, p.name, got, err, want)
			}
		}
	}
	if got := srv.served.Load(); got != 3 {
		t.Errorf("next ran %d times, want once for each time that the key set was up", got)
	}
}

// The key set fails every other time. Each answer is either the outage or the right answer, and
// once the key set is up, only the right answer.
func TestKeySetThatFlaps(t *testing.T) {
	s := newHS256("hs")
	var calls atomic.Int64
	var steady atomic.Bool
	srv := startServer(t, guard(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
		if calls.Add(1)%2 == 0 && !steady.Load() {
			return nil, errDown
		}
		return s.key.VerificationKeys(ctx, id, now)
	}), jwtexp.WithClock(frozen)).Handler)

	var outages, others, accepted atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range 20 {
				for _, p := range probes(s) {
					switch got, err := srv.get(p.authorization...); {
					case err == nil && p.needsKey && got == unavailable:
						outages.Add(1)
					case err == nil && got == p.want:
						others.Add(1)
						if p.name == "good" {
							accepted.Add(1)
						}
					default:
						t.Errorf("a token %s: got %+v, %v, want %+v or an outage", p.name, got, err, p.want)
					}
				}
			}
		})
	}
	wg.Wait()
	if outages.Load() < 100 || others.Load() < 100 {
		t.Errorf("got %d outages and %d other answers, want many of both", outages.Load(), others.Load())
	}
	if got, want := srv.served.Load(), accepted.Load(); got != want {
		t.Errorf("next ran %d times, want once for each of %d answers", got, want)
	}

	steady.Store(true)
	for _, p := range probes(s) {
		srv.want(t, p.want, p.authorization...)
	}
}

// While the key set is slow, requests that need no key get their answers. The others get theirs
// when the key set answers.
func TestKeySetThatIsSlow(t *testing.T) {
	s := newHS256("hs")
	arrived, release := make(chan struct{}), make(chan struct{})
	srv := startServer(t, guard(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
		arrived <- struct{}{}
		<-release
		return s.key.VerificationKeys(ctx, id, now)
	}), jwtexp.WithClock(frozen)).Handler)

	var waiting sync.WaitGroup
	for _, p := range probes(s) {
		if p.needsKey {
			waiting.Go(func() { srv.want(t, p.want, p.authorization...) })
			<-arrived
		}
	}
	for _, p := range probes(s) {
		if !p.needsKey {
			srv.want(t, p.want, p.authorization...)
		}
	}
	if got := srv.served.Load(); got != 0 {
		t.Errorf("next ran %d times before the key set answered, want never", got)
	}
	close(release)
	waiting.Wait()
	if got := srv.served.Load(); got != 1 {
		t.Errorf("next ran %d times, want once", got)
	}
}
