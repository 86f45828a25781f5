package jwks_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// bubble is a Remote whose origin answers when it is released.
type bubble struct {
	origin   *origin
	clock    *jwtexptest.Clock
	remote   *jwks.Remote
	verifier *jwtexp.Verifier
}

func newBubble(t *testing.T, r reply) *bubble {
	b := &bubble{origin: &origin{reply: r}, clock: jwtexptest.NewClock(day)}
	b.remote = newRemote(t, "https://login.example/keys", jwks.WithTransport(b.origin))
	b.verifier = newVerifier(t, b.remote, b.clock)
	return b
}

// verify starts a caller. Its verdict arrives when it does not wait any more.
func (b *bubble) verify(ctx context.Context, kid string) <-chan error {
	verdict := make(chan error, 1)
	go func() {
		_, err := b.verifier.Verify(ctx, tokenOf(kid))
		verdict <- err
	}()
	return verdict
}

func wantWaiting(t *testing.T, what string, verdict <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-verdict:
		t.Fatalf("%s: got %v, want it to wait", what, err)
	default:
	}
}

func (b *bubble) wantFetches(t *testing.T, want int) {
	t.Helper()
	synctest.Wait()
	if got := b.origin.count(); got != want {
		t.Errorf("got %d fetches, want %d", got, want)
	}
}

func TestCallersShareOneFetch(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply reply
		want  error
	}{{"that succeeds", set("a"), good}, {"that fails", down, unavailable}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				b := newBubble(t, held(release, tt.reply))
				var verdicts []<-chan error
				for range 1000 {
					verdicts = append(verdicts, b.verify(t.Context(), "a"))
				}
				wantWaiting(t, "a caller", verdicts[0])
				close(release)
				for _, verdict := range verdicts {
					wantVerdict(t, "a caller", <-verdict, tt.want)
				}
				b.wantFetches(t, 1)
			})
		})
	}
}

func TestACallerWhoGivesUpEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBubble(t, held(release, set("a")))
		ctx, cancel := context.WithCancel(t.Context())
		leader := b.verify(ctx, "a")
		wantWaiting(t, "the leader", leader)
		other := b.verify(t.Context(), "a")
		cancel()
		err := <-leader
		wantVerdict(t, "the leader", err, unavailable)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want it to match context.Canceled", err)
		}
		wantWaiting(t, "the other", other)
		close(release)
		wantVerdict(t, "the other", <-other, good)
		b.wantFetches(t, 1)
	})
}

func TestAFetchThatNobodyWaitsForIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBubble(t, held(release, set("a")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.remote.VerificationKeys(ctx, "a", day)
		wantVerdict(t, "the leader", err, unavailable)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want it to match context.Canceled", err)
		}
		close(release)
		synctest.Wait()
		wantVerdict(t, "who comes later", <-b.verify(t.Context(), "a"), good)
		b.wantFetches(t, 1)
	})
}

// Who waits while a fetch is under way, and who does not.
func TestWhoWaits(t *testing.T) {
	tests := []struct {
		name  string
		first reply // what the origin says at first; nil: nothing was asked
		at    time.Duration
		kid   string
		waits bool
	}{
		{"no set", nil, 0, "a", true},
		{"after a failure", down, 10 * time.Second, "a", true},
		{"ahead of the end", set("a"), 4 * time.Minute, "a", false},
		{"past the end", set("a"), 5 * time.Minute, "a", true},
		{"an unknown key", set("a"), 10 * time.Second, "x", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, tt.first)
				fetches := 1
				if tt.first != nil {
					<-b.verify(t.Context(), "a")
					fetches++
				}
				release := make(chan struct{})
				b.origin.replyWith(held(release, set("a", "x")))
				b.clock.Set(day.Add(tt.at))
				for range 2 {
					verdict := b.verify(t.Context(), tt.kid)
					if tt.waits {
						wantWaiting(t, "a caller", verdict)
						defer func() { wantVerdict(t, "a caller", <-verdict, good) }()
					} else {
						wantVerdict(t, "a caller", <-verdict, good)
					}
					b.wantFetches(t, fetches)
				}
				close(release)
			})
		})
	}
}

func TestNobodyWaitsInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, set("a"))
		<-b.verify(t.Context(), "a")
		b.origin.replyWith(down)
		b.clock.Advance(5 * time.Minute)
		<-b.verify(t.Context(), "a")

		release := make(chan struct{})
		b.origin.replyWith(held(release, set("a", "b")))
		b.clock.Advance(10 * time.Second)
		for range 2 {
			wantVerdict(t, "a known key", <-b.verify(t.Context(), "a"), good)
			b.wantFetches(t, 3)
		}
		unknown := b.verify(t.Context(), "b")
		wantWaiting(t, "an unknown key", unknown)
		close(release)
		wantVerdict(t, "an unknown key", <-unknown, good)
		b.wantFetches(t, 3)
	})
}

// A caller whose clock is another waits for the fetch that is under way, and is served by
// it: it has just been made.
func TestCallersOfTwoTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBubble(t, held(release, set("a")))
		first := b.verify(t.Context(), "a")
		wantWaiting(t, "the first", first)
		b.clock.Advance(24 * time.Hour)
		second := b.verify(t.Context(), "a")
		wantWaiting(t, "the second", second)
		close(release)
		wantVerdict(t, "the first", <-first, good)
		wantVerdict(t, "the second", <-second, good)
		b.wantFetches(t, 1)
		wantVerdict(t, "who comes later", <-b.verify(t.Context(), "a"), good)
		b.wantFetches(t, 2) // since the set was stamped with the first one's time
	})
}

func TestAFetchIsTimedByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, held(nil, nil))
		verdict := b.verify(t.Context(), "a")
		time.Sleep(10*time.Second - 1)
		wantWaiting(t, "before the timeout", verdict)
		time.Sleep(time.Nanosecond)
		err := <-verdict
		wantVerdict(t, "at the timeout", err, unavailable)
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want no match of context.DeadlineExceeded: the caller's context is not done", err)
		}
	})
}

func TestCloseEndsAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		b := newBubble(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			if got, want := r.Context().Err(), context.Canceled; got != want {
				t.Errorf("got a fetch that ended by %v, want %v", got, want)
			}
			time.Sleep(time.Second)
			ended.Store(true)
			return set("a")(r) // which comes too late
		})
		verdict := b.verify(t.Context(), "a")
		wantWaiting(t, "a caller", verdict)
		for range 2 {
			if err := b.remote.Close(); err != nil {
				t.Errorf("got %v, want nil", err)
			}
			if !ended.Load() {
				t.Error("got back from Close during a fetch, want it to wait")
			}
		}
		wantVerdict(t, "who waited", <-verdict, unavailable)
		wantVerdict(t, "who comes later", <-b.verify(t.Context(), "a"), unavailable)
		b.wantFetches(t, 1)
	})
}

func TestCloseEndsTheTrustInWhatWasFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, set("a"))
		wantVerdict(t, "before", <-b.verify(t.Context(), "a"), good)
		b.remote.Close()
		wantVerdict(t, "after", <-b.verify(t.Context(), "a"), unavailable)
		b.clock.Advance(24 * time.Hour)
		wantVerdict(t, "a day after", <-b.verify(t.Context(), "a"), unavailable)
		b.wantFetches(t, 1)
	})
}

func TestZeroRemoteIsAnOutage(t *testing.T) {
	remote := new(jwks.Remote)
	_, err := newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, unavailable)
	if err := remote.Close(); err != nil {
		t.Errorf("Close: got %v, want nil", err)
	}
}
