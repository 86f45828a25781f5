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

// A bubble is what a test in a synctest bubble needs: a Remote, its origin, and a verifier.
type bubble struct {
	origin   *origin
	clock    *jwtexptest.Clock
	remote   *jwks.Remote
	verifier *jwtexp.Verifier
}

func newBubble(t *testing.T, r reply) *bubble {
	b := &bubble{origin: &origin{reply: r}, clock: jwtexptest.NewClock(day)}
	b.remote = newRemote(t, keysURL, jwks.WithTransport(b.origin))
	b.verifier = newVerifier(b.remote, b.clock)
	return b
}

// verify verifies the token of key kid in the background.
func (b *bubble) verify(ctx context.Context, kid string) <-chan error {
	return startVerify(ctx, b.verifier, tokenOf(kid))
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

// wantCanceled checks that err is unavailable because the caller's context was canceled.
func wantCanceled(t *testing.T, what string, err error) {
	t.Helper()
	wantVerdict(t, what, err, unavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s: got %v, want it to match context.Canceled", what, err)
	}
}

func TestCallersShareOneFetch(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply reply
		want  error
	}{{"good", set("a"), good}, {"failed", down, unavailable}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				b := newBubble(t, after(release, tt.reply))
				b.wantSharedFetch(t, 1000, release, tt.want)
			})
		})
	}
}

// wantSharedFetch starts callers, closes release, and checks that all callers get the same
// verdict from one fetch.
func (b *bubble) wantSharedFetch(t *testing.T, callers int, release chan<- struct{}, want error) {
	t.Helper()
	var verdicts []<-chan error
	for range callers {
		verdicts = append(verdicts, b.verify(t.Context(), "a"))
	}
	wantWaiting(t, "a caller", verdicts[0])
	close(release)
	for _, verdict := range verdicts {
		wantVerdict(t, "a caller", <-verdict, want)
	}
	b.wantFetches(t, 1)
}

func TestFetchGoesOnWhenItsFirstCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBubble(t, after(release, set("a")))
		ctx, cancel := context.WithCancel(t.Context())
		first := b.verify(ctx, "a")
		wantWaiting(t, "the first caller", first)
		second := b.verify(t.Context(), "a")
		cancel()
		wantCanceled(t, "the first caller", <-first)
		wantWaiting(t, "the second caller", second)
		close(release)
		wantVerdict(t, "the second caller", <-second, good)
		b.wantFetches(t, 1)
	})
}

func TestFetchGoesOnWithoutCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBubble(t, after(release, set("a")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.remote.VerificationKeys(ctx, "a", day)
		wantCanceled(t, "the first caller", err)
		close(release)
		synctest.Wait()
		wantVerdict(t, "a later caller", <-b.verify(t.Context(), "a"), good)
		b.wantFetches(t, 1)
	})
}

// TestWaiting shows which calls wait while a fetch is running.
func TestWaiting(t *testing.T) {
	tests := []struct {
		name  string
		first reply // to an earlier call; nil: there was none
		after time.Duration
		kid   string
		waits bool
	}{
		{"no set", nil, 0, "a", true},
		{"after a failure", down, 10 * time.Second, "a", true},
		{"fresh set", set("a"), 4 * time.Minute, "a", false},
		{"stale set", set("a"), 5 * time.Minute, "a", true},
		{"unknown key", set("a"), 10 * time.Second, "x", true},
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
				b.origin.replyWith(after(release, set("a", "x")))
				b.clock.Advance(tt.after)
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

func TestWaitingInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, set("a"))
		<-b.verify(t.Context(), "a")
		b.origin.replyWith(down)
		b.clock.Advance(5 * time.Minute)
		<-b.verify(t.Context(), "a")

		release := make(chan struct{})
		b.origin.replyWith(after(release, set("a", "b")))
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

// A caller with a different clock waits for the running fetch and uses its set, which is new.
func TestCallersWithDifferentClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBubble(t, after(release, set("a")))
		first := b.verify(t.Context(), "a")
		wantWaiting(t, "the first caller", first)
		b.clock.Advance(24 * time.Hour)
		second := b.verify(t.Context(), "a")
		wantWaiting(t, "the second caller", second)
		close(release)
		wantVerdict(t, "the first caller", <-first, good)
		wantVerdict(t, "the second caller", <-second, good)
		b.wantFetches(t, 1)
		wantVerdict(t, "a later caller", <-b.verify(t.Context(), "a"), good)
		b.wantFetches(t, 2) // the age of the first set is counted from the first caller's time
	})
}

func TestTimeoutRunsOnTheSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, after(nil, nil))
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

func TestCloseCancelsTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		b := newBubble(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			if got, want := r.Context().Err(), context.Canceled; got != want {
				t.Errorf("got %v from the request's context, want %v", got, want)
			}
			time.Sleep(time.Second)
			ended.Store(true)
			return set("a")(r) // too late
		})
		verdict := b.verify(t.Context(), "a")
		wantWaiting(t, "a caller", verdict)
		for range 2 {
			if err := b.remote.Close(); err != nil {
				t.Errorf("got %v from Close, want nil", err)
			}
			if !ended.Load() {
				t.Error("got a running fetch after Close, want it ended")
			}
		}
		wantVerdict(t, "a waiting caller", <-verdict, unavailable)
		wantVerdict(t, "a later caller", <-b.verify(t.Context(), "a"), unavailable)
		b.wantFetches(t, 1)
	})
}

func TestCloseDropsTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, set("a"))
		wantVerdict(t, "before Close", <-b.verify(t.Context(), "a"), good)
		b.remote.Close()
		wantVerdict(t, "after Close", <-b.verify(t.Context(), "a"), unavailable)
		b.clock.Advance(24 * time.Hour)
		wantVerdict(t, "a day after Close", <-b.verify(t.Context(), "a"), unavailable)
		b.wantFetches(t, 1)
	})
}

func TestZeroRemote(t *testing.T) {
	remote := new(jwks.Remote)
	verify(t, remote, "a", unavailable)
	if err := remote.Close(); err != nil {
		t.Errorf("got %v from Close, want nil", err)
	}
}
