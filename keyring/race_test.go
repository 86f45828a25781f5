package keyring_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// Rotate, Revoke and Load reject no good token while other goroutines issue and verify.
func TestConcurrentUse(t *testing.T) {
	ring := newRing(t, keyring.Schedule{Lifetime: lifetime, Grace: grace})
	for _, id := range []string{"0", "r", "1"} {
		if err := ring.Rotate(newSecret(id), epoch); err != nil {
			t.Fatal(err)
		}
	}
	s := newService(t, ring, jwtexp.WithCache(16))

	var done atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for issued := 0; issued < 50 || !done.Load(); issued++ {
				token, err := s.issuer.Issue(t.Context(), "alice", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.verifier.Verify(t.Context(), token.Raw()); err != nil {
					t.Errorf("token signed by %q: got %v, want nil", token.KeyID(), err)
					return
				}
				ring.Published(epoch)
				_ = fmt.Sprint(viewAt(ring, epoch), ring.State().Entries)
			}
		})
	}
	for i := 2; i < 50; i++ {
		now := epochPlus(time.Duration(i) * time.Second)
		if err := ring.Rotate(newSecret(fmt.Sprint(i)), now); err != nil {
			t.Error(err)
		}
		s.clock.Set(now)
		if err := ring.Load(ring.State(), func(id string) (jwtexp.Key, error) { return newSecret(id), nil }); err != nil {
			t.Error(err)
		}
		if err := ring.Revoke("r", now); err != nil {
			t.Error(err)
		}
	}
	done.Store(true)
	wg.Wait()
}

// No concurrent rotation is lost.
func TestConcurrentRotations(t *testing.T) {
	ring := newRing(t, schedule)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := ring.Rotate(newKey(fmt.Sprint(i)), epoch); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(ring.State().Entries); got != 20 {
		t.Errorf("got %d entries, want 20", got)
	}
}
