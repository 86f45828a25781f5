package jwks_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

var (
	good        error // no error
	invalid     = jwtexp.ErrInvalid
	unavailable = jwtexp.ErrUnavailable
)

// step is one token, verified at one time.
type step struct {
	at      time.Duration // since day
	origin  reply         // from now on; nil: as before
	kid     string        // of the token
	want    error
	fetches int // so far, when what goes on in the background has ended
}

// Each row is one rule of a Remote, with the defaults: a set without Cache-Control is
// fresh for 5 minutes, the interval and the timeout are 10 seconds, and the outage limit
// is 6 hours.
func TestRemoteByTheClock(t *testing.T) {
	const (
		ns       = time.Nanosecond
		fresh    = 5 * time.Minute
		ahead    = fresh * 3 / 4
		interval = 10 * time.Second
		timeout  = 10 * time.Second
		limit    = 6 * time.Hour
	)
	tests := []struct {
		name  string
		steps []step
	}{
		{"a fresh set serves", []step{
			{0, set("a", "b"), "a", good, 1},
			{0, nil, "b", good, 1},
			{ahead - ns, nil, "a", good, 1},
		}},
		{"refresh ahead makes nobody wait", []step{
			{0, set("a"), "a", good, 1},
			{ahead, set("b"), "a", good, 2}, // by the set of before
			{ahead, nil, "a", invalid, 2},
			{ahead, nil, "b", good, 2},
			{2*ahead - ns, nil, "b", good, 2},
			{2 * ahead, nil, "b", good, 3},
		}},
		{"refresh ahead until the last instant", []step{
			{0, set("a"), "a", good, 1},
			{fresh - ns, set("b"), "a", good, 2},
		}},
		{"a stale set waits for the next", []step{
			{0, set("a"), "a", good, 1},
			{fresh, set("b"), "a", invalid, 2},
			{fresh, nil, "b", good, 2},
		}},
		{"no refresh ahead within the interval of an attempt", []step{
			{0, set("a"), "a", good, 1},
			{ahead - interval + ns, down, "x", unavailable, 2},
			{ahead, nil, "a", good, 2},
			{ahead + ns, nil, "a", good, 3},
		}},
		{"an outage serves the last good set, until its limit", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval - ns, nil, "a", good, 2},
			{fresh + interval, nil, "a", good, 3},
			{limit - ns, nil, "a", good, 4},
			{limit, nil, "a", unavailable, 4},
			{limit - ns + interval, set("a"), "a", good, 5},
		}},
		{"after the limit callers wait", []step{
			{0, set("a"), "a", good, 1},
			{limit, set("b"), "b", good, 2},
			{2 * limit, down, "b", unavailable, 3},
		}},
		{"an outage ends in the background", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval, set("b"), "a", good, 3},
			{fresh + interval, nil, "b", good, 3},
			{fresh + interval, nil, "a", invalid, 3},
		}},
		{"an outage that nobody has asked about for long is waited for", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval + timeout, set("b"), "a", invalid, 3},
			{fresh + interval + timeout, nil, "b", good, 3},
		}},
		{"an outage that somebody has just asked about is not", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval + timeout - ns, set("b"), "a", good, 3},
			{fresh + interval + timeout - ns, nil, "a", invalid, 3},
		}},
		{"an outage while the set is fresh ends, too", []step{
			{0, set("a"), "a", good, 1},
			{interval, down, "x", unavailable, 2},
			{2*interval - ns, nil, "a", good, 2},
			{2 * interval, set("a", "x"), "a", good, 3},
			{2 * interval, nil, "x", good, 3},
		}},
		{"no set at all", []step{
			{0, down, "a", unavailable, 1},
			{interval - ns, set("a"), "a", unavailable, 1},
			{interval, nil, "a", good, 2},
		}},
		{"an unknown key asks again once in the interval", []step{
			{0, set("a"), "b", invalid, 1},
			{interval - ns, set("a", "b"), "b", invalid, 1},
			{interval, nil, "b", good, 2},
			{2*interval - ns, nil, "x", invalid, 2},
			{2 * interval, nil, "x", invalid, 3},
			{2 * interval, nil, "y", invalid, 3},
			{2 * interval, nil, "a", good, 3},
		}},
		{"an unknown key in an outage", []step{
			{0, set("a"), "a", good, 1},
			{interval, down, "b", unavailable, 2},
			{2*interval - ns, nil, "b", unavailable, 2},
			{2*interval - ns, nil, "a", good, 2},
			{2 * interval, set("a", "b"), "b", good, 3},
		}},
		{"an unknown key past the freshness in an outage", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "b", unavailable, 2},
			{fresh, nil, "a", good, 2},
		}},
		{"a clock that steps back a little", []step{
			{0, set("a"), "a", good, 1},
			{-interval, set("b"), "a", good, 1},
		}},
		{"a clock that steps back", []step{
			{0, set("a"), "a", good, 1},
			{-interval - ns, set("b"), "a", invalid, 2},
			{-interval - ns, nil, "b", good, 2},
		}},
		{"a clock that steps back in an outage", []step{
			{0, set("a"), "a", good, 1},
			{-time.Hour, down, "a", good, 2},
			{-time.Hour, nil, "a", good, 2},
			{-limit + ns, nil, "a", good, 3},
			{-limit, nil, "a", unavailable, 3},
			{-limit - interval, set("a"), "a", good, 4},
		}},
		{"the interval, of a clock that steps back", []step{
			{0, set("a"), "a", good, 1},
			{time.Minute, down, "x", unavailable, 2},
			{time.Minute - interval + ns, nil, "x", unavailable, 2},
			{time.Minute - interval, set("a", "x"), "x", good, 3},
		}},
		{"a clock that steps forward, and back", []step{
			{0, set("a"), "a", good, 1},
			{24 * time.Hour, set("b"), "b", good, 2},
			{0, set("c"), "b", invalid, 3},
			{0, nil, "c", good, 3},
		}},
		{"a clock that steps forward in an outage, and back", []step{
			{0, set("a"), "a", good, 1},
			{24 * time.Hour, down, "a", unavailable, 2},
			{0, nil, "a", good, 3},
		}},
		{"a token without kid is tried with all keys", []step{
			{0, set("", "b"), "", good, 1},
			{0, nil, "b", good, 1},
			{0, nil, "x", invalid, 1},
		}},
		{"a token without kid asks for no key", []step{
			{0, set("a"), "", invalid, 1},
			{interval, nil, "", invalid, 1},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := &origin{}
				clock := jwtexptest.NewClock(day)
				verifier := newVerifier(t, newRemote(t, "https://login.example/keys", jwks.WithTransport(origin)), clock)
				for i, s := range tt.steps {
					if s.origin != nil {
						origin.replyWith(s.origin)
					}
					clock.Set(day.Add(s.at))
					_, err := verifier.Verify(context.Background(), tokenOf(s.kid))
					wantVerdict(t, fmt.Sprintf("step %d, at %v", i, s.at), err, s.want)
					synctest.Wait()
					if got := origin.count(); got != s.fetches {
						t.Errorf("step %d, at %v: got %d fetches, want %d", i, s.at, got, s.fetches)
					}
				}
			})
		})
	}
}

// How long a set is fresh is seen by when it is refreshed ahead.
func TestFreshness(t *testing.T) {
	const low, high = time.Minute, time.Hour
	tests := []struct {
		name   string
		fields []string
		want   time.Duration
	}{
		{"nothing said", nil, low},
		{"max-age", []string{"Cache-Control", "public, max-age=600, must-revalidate"}, 10 * time.Minute},
		{"in capitals and quotes", []string{"cache-control", `Max-Age="600"`}, 10 * time.Minute},
		{"without spaces", []string{"Cache-Control", "public,max-age=600"}, 10 * time.Minute},
		{"in a second field", []string{"Cache-Control", "public", "Cache-Control", "max-age=600"}, 10 * time.Minute},
		{"of two the first", []string{"Cache-Control", "max-age=600, max-age=1200"}, 10 * time.Minute},
		{"less its age", []string{"Cache-Control", "max-age=600", "Age", "120"}, 8 * time.Minute},
		{"older than that", []string{"Cache-Control", "max-age=600", "Age", "601"}, low},
		{"an age that is none", []string{"Cache-Control", "max-age=600", "Age", "-120"}, 10 * time.Minute},
		{"an endless age", []string{"Cache-Control", "max-age=600", "Age", "99999999999999999999"}, low},
		{"short", []string{"Cache-Control", "max-age=59"}, low},
		{"zero", []string{"Cache-Control", "max-age=0"}, low},
		{"long", []string{"Cache-Control", "max-age=3601"}, high},
		{"endless", []string{"Cache-Control", "max-age=99999999999999999999"}, high},
		{"endless in nanoseconds", []string{"Cache-Control", "max-age=9223372036854775807"}, high},
		{"no number", []string{"Cache-Control", "max-age=ten"}, low},
		{"negative", []string{"Cache-Control", "max-age=-600"}, low},
		{"for others", []string{"Cache-Control", "s-maxage=600"}, low},
		{"no-store", []string{"Cache-Control", "max-age=600, no-store"}, low},
		{"no-cache", []string{"Cache-Control", "no-cache, max-age=600"}, low},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := &origin{reply: with(http.StatusOK, setOf("a"), tt.fields...)}
				remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(origin), jwks.WithFreshness(low, high))
				for i, at := range []time.Duration{0, tt.want*3/4 - 1, tt.want * 3 / 4} {
					if _, err := remote.VerificationKeys(t.Context(), "a", day.Add(at)); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if got, want := origin.count(), 1+i/2; got != want {
						t.Errorf("after %v: got %d fetches, want %d", at, got, want)
					}
				}
			})
		})
	}
}

func TestVerificationKeys(t *testing.T) {
	origin := &origin{reply: set("a", "b", "")}
	remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(origin))
	for id, want := range map[string][]string{"": {"a", "b", ""}, "a": {"a"}, "b": {"b"}, "x": nil} {
		keys, err := remote.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, key := range keys {
			got = append(got, key.ID())
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: got keys %q, want %q", id, got, want)
		}
	}
}

// The caller's slice is the one object that a look-up of a known key costs.
func TestALookUpIsOneObject(t *testing.T) {
	remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(&origin{reply: set("a", "b")}))
	for _, id := range []string{"", "a", "b"} {
		lookUp := func() {
			if _, err := remote.VerificationKeys(context.Background(), id, day); err != nil {
				t.Fatal(err)
			}
		}
		lookUp()
		if got := testing.AllocsPerRun(100, lookUp); got != 1 {
			t.Errorf("%q: got %v objects a look-up, want 1", id, got)
		}
	}
}

// What has passed its limit is not served because it is too early for another attempt.
func TestAnIntervalThatIsLongerThanTheOutageLimit(t *testing.T) {
	origin := &origin{reply: set("a")}
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(t, newRemote(t, "https://login.example/keys", jwks.WithTransport(origin),
		jwks.WithFreshness(time.Minute, time.Minute), jwks.WithOutageLimit(time.Minute), jwks.WithInterval(time.Hour)), clock)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a key", err, good)
	origin.replyWith(set("b"))
	clock.Advance(time.Minute)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a key that is gone", err, invalid)
}

func TestUnavailableTellsWhenToTryAgain(t *testing.T) {
	remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(&origin{reply: down}), jwks.WithInterval(time.Minute))
	verifier := newVerifier(t, remote, jwtexptest.NewClock(day))
	for range 2 { // the one who waited, and the one who did not
		_, err := verifier.Verify(t.Context(), tokenOf("a"))
		if got, want := wantUnavailable(t, err).RetryAfter, time.Minute; got != want {
			t.Errorf("got RetryAfter %v, want %v", got, want)
		}
	}
}
