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

// visitors are requests of every kind, by what they get while the keys are there.
// Those that need a key get a 503 while they are not, and the others what they
// always get.
func visitors(s signer) []visitor {
	expiredClaims := fmt.Sprintf(`{"sub":"alice","exp":%d}`, epoch.Unix())
	return []visitor{
		{"good", s.good(), served("alice"), true},
		{"expired", bearer(s.token(s.header(), expiredClaims)), expired(epoch), true},
		{"forged", bearer(newHS256(s.kid).token(s.header(), live)), invalidToken, true},
		{"of an unknown key", bearer(s.token(strings.Replace(s.header(), s.kid, "nobody", 1), live)), invalidToken, true},
		{"that is no claims set", bearer(s.token(s.header(), "x")), invalidToken, true},
		{"malformed", bearer("a.b.c"), invalidToken, false},
		{"of algorithm none", bearer(segment(`{"alg":"none"}`) + "." + segment(live) + "."), invalidToken, false},
		{"of another type", bearer(s.token(strings.Replace(s.header(), "JWT", "at+jwt", 1), live)), invalidToken, false},
		{"that is missing", nil, missingToken, false},
		{"twice", append(s.good(), s.good()...), invalidRequest, false},
	}
}

type visitor struct {
	name          string
	authorization []string
	want          answer
	needsKey      bool
}

func (v visitor) wantDuring(outage answer) answer {
	if v.needsKey {
		return outage
	}
	return v.want
}

func TestKeySetThatIsDown(t *testing.T) {
	s := newHS256("hs")
	var down atomic.Pointer[error]
	d := open(t, guard(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
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
		{"up again", nil, answer{}}, // and nothing is remembered
		{"down, and knows for how long", &knows, later},
		{"up at last", nil, answer{}},
	} {
		down.Store(c.err)
		for _, v := range visitors(s) {
			want := v.want
			if c.err != nil {
				want = v.wantDuring(c.outage)
			}
			if got, err := d.ask(v.authorization...); got != want || err != nil {
				t.Errorf("%s, a token %s: got %+v, %v, want %+v", c.name, v.name, got, err, want)
			}
		}
	}
	if got := d.served.Load(); got != 3 {
		t.Errorf("next was served %d times, want once for each time that the key set was up", got)
	}
}

// Where the key set fails every other time, each answer is the outage or the
// truth, and the truth is there as soon as the key set is.
func TestKeySetThatFlaps(t *testing.T) {
	s := newHS256("hs")
	var calls atomic.Int64
	var steady atomic.Bool
	d := open(t, guard(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
		if calls.Add(1)%2 == 0 && !steady.Load() {
			return nil, errDown
		}
		return s.key.VerificationKeys(ctx, id, now)
	}), jwtexp.WithClock(frozen)).Handler)

	var outages, truths, accepted atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range 20 {
				for _, v := range visitors(s) {
					switch got, err := d.ask(v.authorization...); {
					case err == nil && v.needsKey && got == unavailable:
						outages.Add(1)
					case err == nil && got == v.want:
						truths.Add(1)
						if v.name == "good" {
							accepted.Add(1)
						}
					default:
						t.Errorf("a token %s: got %+v, %v, want %+v or an outage", v.name, got, err, v.want)
					}
				}
			}
		})
	}
	wg.Wait()
	if outages.Load() < 100 || truths.Load() < 100 {
		t.Errorf("got %d outages and %d others, want many of both", outages.Load(), truths.Load())
	}
	if got, want := d.served.Load(), accepted.Load(); got != want {
		t.Errorf("next was served %d times, want once for each of %d answers", got, want)
	}

	steady.Store(true)
	for _, v := range visitors(s) {
		d.want(t, v.want, v.authorization...)
	}
}

// While the key set is slow, those who need no key have their answers, and the
// others have theirs when it comes.
func TestKeySetThatIsSlow(t *testing.T) {
	s := newHS256("hs")
	arrived, release := make(chan struct{}), make(chan struct{})
	d := open(t, guard(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
		arrived <- struct{}{}
		<-release
		return s.key.VerificationKeys(ctx, id, now)
	}), jwtexp.WithClock(frozen)).Handler)

	var waiting sync.WaitGroup
	for _, v := range visitors(s) {
		if v.needsKey {
			waiting.Go(func() { d.want(t, v.want, v.authorization...) })
			<-arrived
		}
	}
	for _, v := range visitors(s) {
		if !v.needsKey {
			d.want(t, v.want, v.authorization...)
		}
	}
	if got := d.served.Load(); got != 0 {
		t.Errorf("next was served %d times before there was a key, want never", got)
	}
	close(release)
	waiting.Wait()
	if got := d.served.Load(); got != 1 {
		t.Errorf("next was served %d times, want once", got)
	}
}
