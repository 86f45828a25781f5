package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// TestReady shows when a Remote is ready. A set is fresh for 5 minutes, the interval is 10 seconds
// and the outage limit is 6 hours.
func TestReady(t *testing.T) {
	type step struct {
		time    time.Duration // since day
		origin  reply         // from now on; nil: as before
		want    error
		fetches int // in total, with one in the background that the step starts
	}
	const (
		fresh    = 5 * time.Minute
		interval = 10 * time.Second
		limit    = 6 * time.Hour
	)
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"up", []step{{0, set("a"), good, 1}, {0, nil, good, 1}, {time.Minute, nil, good, 1}}},
		{"down, then up", []step{{0, down, unavailable, 1}, {interval - 1, set("a"), unavailable, 1}, {interval, nil, good, 2}}},
		{"fetched ahead in the background", []step{{0, set("a"), good, 1}, {fresh - 1, set("b"), good, 2}, {fresh, nil, good, 2}}},
		{"stale and up", []step{{0, set("a"), good, 1}, {fresh, nil, good, 2}}},
		{"stale and down", []step{{0, set("a"), good, 1}, {fresh, down, good, 2}, {fresh + interval, nil, good, 3}, {limit - 1, nil, good, 4},
			{limit, nil, unavailable, 4}, {limit - 1 + interval, nil, unavailable, 5}, {limit + 2*interval, set("a"), good, 6}}},
		{"no usable key", []step{{0, response(http.StatusOK, `{"keys":[]}`), unavailable, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := &origin{}
				clock := jwtexptest.NewClock(day)
				remote := newRemote(t, keysURL, jwks.WithTransport(origin), jwks.WithClock(clock))
				for i, s := range tt.steps {
					if s.origin != nil {
						origin.replyWith(s.origin)
					}
					clock.Set(day.Add(s.time))
					wantVerdict(t, fmt.Sprintf("step %d, after %v", i, s.time), remote.Ready(t.Context()), s.want)
					synctest.Wait()
					if got := origin.count(); got != s.fetches {
						t.Errorf("step %d, after %v: got %d fetches, want %d", i, s.time, got, s.fetches)
					}
				}
			})
		})
	}
}

// A set that may be used is ready at once, whatever the server does.
func TestReadyDoesNotWaitWithAUsableSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		origin := &origin{reply: set("a")}
		clock := jwtexptest.NewClock(day)
		remote := newRemote(t, keysURL, jwks.WithTransport(origin), jwks.WithClock(clock))
		wantVerdict(t, "Ready", remote.Ready(t.Context()), good)
		clock.Advance(time.Hour)
		origin.replyWith(after(release, set("a")))
		ready := make(chan error, 1)
		go func() { ready <- remote.Ready(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-ready:
			wantVerdict(t, "Ready with a stale set", err, good)
		default:
			t.Error("got a waiting Ready, want an answer at once: the stale set may be used")
		}
		close(release)
	})
}

// Without a set, Ready waits for the fetch until its context is done.
func TestReadyContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: after(nil, nil)}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := remote.Ready(ctx)
		wantVerdict(t, "Ready", err, unavailable)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(wantUnavailable(t, err).Detail, "fetch has not ended") {
			t.Errorf("got %v, want it to match context.DeadlineExceeded and say that the fetch has not ended", err)
		}
	})
}

// A Verifier with the same clock uses what Ready has fetched.
func TestReadyWarmsTheVerifier(t *testing.T) {
	web := goodWeb()
	clock := jwtexptest.NewClock(day)
	remote := discoverLater(t, web, issuerURL, jwks.WithClock(clock))
	wantVerdict(t, "Ready", remote.Ready(t.Context()), good)
	web.wantAsked(t, configurationURL, keysURL)
	wantKeys(t, remote, "a", day.Add(time.Minute), good)
	web.wantAsked(t)
}

// Without WithClock, Ready uses the system clock, as a Verifier does.
func TestReadyWithTheSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := &origin{reply: set("a")}
		remote := newRemote(t, keysURL, jwks.WithTransport(origin))
		wantVerdict(t, "Ready", remote.Ready(t.Context()), good)
		wantKeys(t, remote, "a", time.Now().Add(time.Minute), good)
		synctest.Wait()
		if got := origin.count(); got != 1 {
			t.Errorf("got %d fetches, want 1", got)
		}
		time.Sleep(7 * time.Hour)
		origin.replyWith(down)
		wantVerdict(t, "Ready after the limit", remote.Ready(t.Context()), unavailable)
	})
}

func TestReadyErrors(t *testing.T) {
	closed := remoteOf(t, setOf("a"))
	wantVerdict(t, "Ready", closed.Ready(t.Context()), good)
	closed.Close()
	for name, remote := range map[string]*jwks.Remote{
		"zero Remote":   new(jwks.Remote),
		"closed Remote": closed,
		"zero time":     newRemote(t, keysURL, jwks.WithTransport(&origin{reply: set("a")}), jwks.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Time{} }))),
	} {
		err := remote.Ready(t.Context())
		wantVerdict(t, name, err, unavailable)
		if got := wantUnavailable(t, err).Detail; got == "" {
			t.Errorf("%s: got no Detail, want the reason", name)
		}
	}
}

func TestClockOfARemote(t *testing.T) {
	clock := jwtexptest.NewClock(day)
	for name, opts := range map[string][]jwks.RemoteOption{
		"nil":         {jwks.WithClock(nil)},
		"nil *Clock":  {jwks.WithClock((*jwtexptest.Clock)(nil))},
		"given twice": {jwks.WithClock(clock), jwks.WithClock(clock)},
	} {
		remote, err := jwks.NewRemote(keysURL, opts...)
		wantFaults(t, remote, err, 1)
		if !strings.Contains(fmt.Sprint(err), "WithClock") {
			t.Errorf("%s: got %v, want an error that names WithClock", name, err)
		}
	}
}
