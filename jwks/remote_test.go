package jwks_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A step verifies one token.
type step struct {
	time    time.Duration // since day
	origin  reply         // from now on; nil: as before
	kid     string        // of the token
	want    error
	fetches int // in total, including the background fetch that the step starts
}

// TestRemote tests one rule of a Remote per row, with the defaults: a set without Cache-Control is
// fresh for 5 minutes, the interval and the timeout are 10 seconds, and the outage limit is 6
// hours.
func TestRemote(t *testing.T) {
	const (
		ns       = time.Nanosecond
		fresh    = 5 * time.Minute
		ahead    = fresh * 3 / 4 // when a background fetch starts
		interval = 10 * time.Second
		timeout  = 10 * time.Second
		limit    = 6 * time.Hour
	)
	tests := []struct {
		name  string
		steps []step
	}{
		{"a fresh set is used", []step{
			{0, set("a", "b"), "a", good, 1},
			{0, nil, "b", good, 1},
			{ahead - ns, nil, "a", good, 1},
		}},
		{"no call waits for a background fetch", []step{
			{0, set("a"), "a", good, 1},
			{ahead, set("b"), "a", good, 2}, // with the old set
			{ahead, nil, "a", invalid, 2},
			{ahead, nil, "b", good, 2},
			{2*ahead - ns, nil, "b", good, 2},
			{2 * ahead, nil, "b", good, 3},
		}},
		{"background fetch in the last nanosecond of freshness", []step{
			{0, set("a"), "a", good, 1},
			{fresh - ns, set("b"), "a", good, 2},
		}},
		{"a call with a stale set waits", []step{
			{0, set("a"), "a", good, 1},
			{fresh, set("b"), "a", invalid, 2},
			{fresh, nil, "b", good, 2},
		}},
		{"no background fetch within the interval of a try", []step{
			{0, set("a"), "a", good, 1},
			{ahead - interval + ns, down, "x", unavailable, 2},
			{ahead, nil, "a", good, 2},
			{ahead + ns, nil, "a", good, 3},
		}},
		{"in an outage the last good set is used until its limit", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval - ns, nil, "a", good, 2},
			{fresh + interval, nil, "a", good, 3},
			{limit - ns, nil, "a", good, 4},
			{limit, nil, "a", unavailable, 4},
			{limit - ns + interval, set("a"), "a", good, 5},
		}},
		{"after the limit calls wait", []step{
			{0, set("a"), "a", good, 1},
			{limit, set("b"), "b", good, 2},
			{2 * limit, down, "b", unavailable, 3},
		}},
		{"a background fetch ends an outage", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval, set("b"), "a", good, 3},
			{fresh + interval, nil, "b", good, 3},
			{fresh + interval, nil, "a", invalid, 3},
		}},
		{"after a pause in an outage a call waits", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval + timeout, set("b"), "a", invalid, 3},
			{fresh + interval + timeout, nil, "b", good, 3},
		}},
		{"after a shorter pause it does not", []step{
			{0, set("a"), "a", good, 1},
			{fresh, down, "a", good, 2},
			{fresh + interval + timeout - ns, set("b"), "a", good, 3},
			{fresh + interval + timeout - ns, nil, "a", invalid, 3},
		}},
		{"a background fetch ends an outage while the set is fresh", []step{
			{0, set("a"), "a", good, 1},
			{interval, down, "x", unavailable, 2},
			{2*interval - ns, nil, "a", good, 2},
			{2 * interval, set("a", "x"), "a", good, 3},
			{2 * interval, nil, "x", good, 3},
		}},
		{"no set", []step{
			{0, down, "a", unavailable, 1},
			{interval - ns, set("a"), "a", unavailable, 1},
			{interval, nil, "a", good, 2},
		}},
		{"an unknown key causes one fetch per interval", []step{
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
		{"an unknown key with a stale set in an outage", []step{
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
		{"a clock that steps back across the interval", []step{
			{0, set("a"), "a", good, 1},
			{time.Minute, down, "x", unavailable, 2},
			{time.Minute - interval + ns, nil, "x", unavailable, 2},
			{time.Minute - interval, set("a", "x"), "x", good, 3},
		}},
		{"a clock that steps forward and back", []step{
			{0, set("a"), "a", good, 1},
			{24 * time.Hour, set("b"), "b", good, 2},
			{0, set("c"), "b", invalid, 3},
			{0, nil, "c", good, 3},
		}},
		{"a clock that steps forward and back in an outage", []step{
			{0, set("a"), "a", good, 1},
			{24 * time.Hour, down, "a", unavailable, 2},
			{0, nil, "a", good, 3},
		}},
		{"a token without kid is tried with all keys", []step{
			{0, set("", "b"), "", good, 1},
			{0, nil, "b", good, 1},
			{0, nil, "x", invalid, 1},
		}},
		{"a token without kid causes no fetch", []step{
			{0, set("a"), "", invalid, 1},
			{interval, nil, "", invalid, 1},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := &origin{}
				clock := jwtexptest.NewClock(day)
				verifier := newVerifier(newRemote(t, keysURL, jwks.WithTransport(origin)), clock)
				for i, s := range tt.steps {
					if s.origin != nil {
						origin.replyWith(s.origin)
					}
					clock.Set(day.Add(s.time))
					_, err := verifier.Verify(context.Background(), tokenOf(s.kid))
					wantVerdict(t, fmt.Sprintf("step %d, after %v", i, s.time), err, s.want)
					synctest.Wait()
					if got := origin.count(); got != s.fetches {
						t.Errorf("step %d, after %v: got %d fetches, want %d", i, s.time, got, s.fetches)
					}
				}
			})
		})
	}
}

// The start of the background fetch shows how long a set is fresh.
func TestFreshness(t *testing.T) {
	const low, high = time.Minute, time.Hour
	tests := []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"no header", nil, low},
		{"max-age", []string{"Cache-Control", "public, max-age=600, must-revalidate"}, 10 * time.Minute},
		{"capitals and quotes", []string{"cache-control", `Max-Age="600"`}, 10 * time.Minute},
		{"no spaces", []string{"Cache-Control", "public,max-age=600"}, 10 * time.Minute},
		{"second field", []string{"Cache-Control", "public", "Cache-Control", "max-age=600"}, 10 * time.Minute},
		{"first of two", []string{"Cache-Control", "max-age=600, max-age=1200"}, 10 * time.Minute},
		{"minus Age", []string{"Cache-Control", "max-age=600", "Age", "120"}, 8 * time.Minute},
		{"Age above max-age", []string{"Cache-Control", "max-age=600", "Age", "601"}, low},
		{"negative Age", []string{"Cache-Control", "max-age=600", "Age", "-120"}, 10 * time.Minute},
		{"Age out of range", []string{"Cache-Control", "max-age=600", "Age", "99999999999999999999"}, low},
		{"below min", []string{"Cache-Control", "max-age=59"}, low},
		{"zero", []string{"Cache-Control", "max-age=0"}, low},
		{"above max", []string{"Cache-Control", "max-age=3601"}, high},
		{"out of range", []string{"Cache-Control", "max-age=99999999999999999999"}, high},
		{"out of range in nanoseconds", []string{"Cache-Control", "max-age=9223372036854775807"}, high},
		{"not a number", []string{"Cache-Control", "max-age=ten"}, low},
		{"negative", []string{"Cache-Control", "max-age=-600"}, low},
		{"s-maxage", []string{"Cache-Control", "s-maxage=600"}, low},
		{"no-store", []string{"Cache-Control", "max-age=600, no-store"}, low},
		{"no-cache", []string{"Cache-Control", "no-cache, max-age=600"}, low},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := &origin{reply: response(http.StatusOK, setOf("a"), tt.header...)}
				remote := newRemote(t, keysURL, jwks.WithTransport(origin), jwks.WithFreshness(low, high))
				for i, elapsed := range []time.Duration{0, tt.want*3/4 - 1, tt.want * 3 / 4} {
					if _, err := remote.VerificationKeys(t.Context(), "a", day.Add(elapsed)); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if got, want := origin.count(), 1+i/2; got != want {
						t.Errorf("after %v: got %d fetches, want %d", elapsed, got, want)
					}
				}
			})
		})
	}
}

func TestVerificationKeys(t *testing.T) {
	remote := remoteOf(t, setOf("a", "b", ""))
	for id, want := range map[string][]string{"": {"a", "b", ""}, "a": {"a"}, "b": {"b"}, "x": nil} {
		keys, err := remote.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, key := range keys {
			got = append(got, key.ID())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got keys %q, want %q", id, got, want)
		}
	}
}

// Only the returned slice is allocated.
func TestLookUpAllocatesOnce(t *testing.T) {
	remote := remoteOf(t, setOf("a", "b"))
	for _, id := range []string{"", "a", "b"} {
		lookUp := func() {
			if _, err := remote.VerificationKeys(context.Background(), id, day); err != nil {
				t.Fatal(err)
			}
		}
		lookUp()
		if got := testing.AllocsPerRun(100, lookUp); got != 1 {
			t.Errorf("%q: got %v allocations, want 1", id, got)
		}
	}
}

// A set past the outage limit is not used, even if the next try is not due yet.
func TestIntervalAboveOutageLimit(t *testing.T) {
	origin := &origin{reply: set("a")}
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(newRemote(t, keysURL, jwks.WithTransport(origin),
		jwks.WithFreshness(time.Minute, time.Minute), jwks.WithOutageLimit(time.Minute), jwks.WithInterval(time.Hour)), clock)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a key of the set", err, good)
	origin.replyWith(set("b"))
	clock.Advance(time.Minute)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a key that was removed", err, invalid)
}

func TestRetryAfter(t *testing.T) {
	remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: down}), jwks.WithInterval(time.Minute))
	for _, call := range []string{"call that waits", "call that does not wait"} {
		err := verify(t, remote, "a", unavailable)
		if got, want := wantUnavailable(t, err).RetryAfter, time.Minute; got != want {
			t.Errorf("%s: got RetryAfter %v, want %v", call, got, want)
		}
	}
}
