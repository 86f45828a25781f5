package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// running starts Run in a bubble of synctest, by the clock of the bubble.
func running(t *testing.T, store keyring.Store, c keyring.RotatorConfig) (ring *keyring.Ring, stop func()) {
	t.Helper()
	ring = newRing(t, schedule)
	rotator, err := keyring.NewRotator(ring, store, c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := rotator.Run(ctx); err != nil {
			t.Errorf("Run: got %v, want nil when the context is done", err)
		}
	}()
	synctest.Wait()
	return ring, func() {
		cancel()
		<-done
	}
}

// Run checks at once and then at each poll, until its context is done.
func TestRunRotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(memory)
		config := nightly
		config.Poll = 20 * time.Minute
		config.Logger = slog.New(slog.DiscardHandler)
		first, stopFirst := running(t, store, config)
		second, stopSecond := running(t, store, config)
		for days := range 4 {
			if got := store.made(); got != days+1 {
				t.Errorf("after %d days: got %d keys, want %d", days, got, days+1)
			}
			now := jwtexp.SystemClock().Now()
			if a, b := viewAt(first, now), viewAt(second, now); a.Signs == "" || a.Signs != b.Signs {
				t.Errorf("after %d days: got signers %q and %q, want one key", days, a.Signs, b.Signs)
			}
			time.Sleep(day + config.Poll)
		}
		stopFirst()
		stopSecond()
		made := store.made()
		time.Sleep(10 * day)
		if got := store.made(); got != made {
			t.Errorf("after the end of Run: got %d keys, want %d", got, made)
		}
	})
}

// By default Run polls four times in Propagation, and once a minute at least.
func TestRunPolls(t *testing.T) {
	for _, tt := range []struct {
		propagation, poll, want time.Duration
	}{
		{time.Hour, 0, time.Minute}, {0, 0, time.Minute}, {2 * time.Minute, 0, 30 * time.Second},
		{time.Hour, 20 * time.Minute, 20 * time.Minute}, {0, time.Hour, time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			loads := 0
			store := &memory{fail: func(point string) error {
				if point == "Load" {
					loads++
				}
				return nil
			}}
			ring := newRing(t, keyring.Schedule{Lifetime: lifetime, Propagation: tt.propagation})
			config := keyring.RotatorConfig{Algorithm: jwtexp.HS256, Every: 1000 * day, Poll: tt.poll, Logger: slog.New(slog.DiscardHandler)}
			rotator := must(keyring.NewRotator(ring, store, config))
			ctx, cancel := context.WithTimeout(t.Context(), 10*tt.want+1)
			defer cancel()
			noError(t, rotator.Run(ctx))
			if want := 11; loads != want {
				t.Errorf("Propagation %v, Poll %v: got %d polls in 10 times %v, want %d", tt.propagation, tt.poll, loads, tt.want, want)
			}
		})
	}
}

// Run logs each failed Check and tries again. The ring keeps its keys.
func TestRunGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var down atomic.Bool
		store := &memory{fail: func(string) error {
			if down.Load() {
				return errors.New("out of reach")
			}
			return nil
		}}
		config := nightly
		config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		ring, stop := running(t, store, config)
		defer stop()
		down.Store(true)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		const want = `msg="keyring: cannot update the keys; the ring keeps the keys that it has" error="keyring: Check: cannot load from the store: out of reach"`
		if got := strings.Count(log.String(), want); got != 10 {
			t.Errorf("got %d errors in the log, want 10:\n%s", got, &log)
		}
		if got := viewAt(ring, jwtexp.SystemClock().Now()).Signs; got == "" {
			t.Error("got no signer, want the ring to keep its keys")
		}
		down.Store(false)
		time.Sleep(day)
		if got := store.made(); got != 2 {
			t.Errorf("after the outage: got %d keys, want 2", got)
		}
	})
}

// A Store that hangs until its context is done delays one poll, and not all that follow.
func TestRunBoundsACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := &hanging{memory: new(memory)}
		config := nightly
		config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		ring, stop := running(t, store, config)
		store.hang.Store(true)
		time.Sleep(5 * time.Minute)
		store.hang.Store(false)
		time.Sleep(day)
		synctest.Wait()
		if got := strings.Count(log.String(), "deadline exceeded"); got < 2 {
			t.Errorf("got %d checks that ran out of time, want some:\n%s", got, &log)
		}
		if got := len(ring.State().Entries); got != 2 {
			t.Errorf("got %d keys, want 2", got)
		}
		store.hang.Store(true)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		before := log.Len()
		stop() // while Check hangs
		if got := log.String()[before:]; got != "" {
			t.Errorf("got %q in the log at the end, want nothing", got)
		}
	})
}

// A hanging Store returns when its context is done.
type hanging struct {
	*memory
	hang atomic.Bool
}

func (h *hanging) Load(ctx context.Context) ([]byte, error) {
	if h.hang.Load() {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return h.memory.Load(ctx)
}
