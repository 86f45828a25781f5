package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// TestRotationOverHTTP rotates keys while workers issue and verify tokens. One verifier has the
// ring, the others fetch the set from a server. No good token may be rejected. After a key has
// left, its tokens must be rejected, the old ones and those that a thief of the key makes.
func TestRotationOverHTTP(t *testing.T) {
	const (
		rotations = 30
		steps     = 11              // of the clock between two rotations, so that fetches fall anywhere between them
		step      = 5 * time.Minute // the shortest time for which a Remote keeps a set
	)
	s := newService(t, keyring.Schedule{
		Lifetime:    15 * time.Minute,
		Leeway:      time.Minute,
		Propagation: 30 * time.Minute,
		Grace:       48 * time.Hour,
	})
	keys := []*rotatedKey{s.rotate(t, 0)}
	s.startWorkers(t)
	for i := range rotations {
		keys = append(keys, s.rotate(t, i+1))
		for range steps {
			s.clock.Advance(step)
			s.waitForWorkers()
			for _, k := range keys {
				if !k.left && s.hasLeft(k) {
					k.left = true
					s.wantRejected(t, k)
				}
			}
		}
	}

	for i, k := range keys {
		if want := i < len(keys)-1; k.left != want { // the last key signs
			t.Errorf("key %d: got left %t, want %t", i, k.left, want)
		}
		if k.left {
			s.wantRejected(t, k)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := len(s.signed); got != len(keys) {
		t.Errorf("got good tokens from %d keys, want %d", got, len(keys))
	}
}

// A service issues tokens with the keys of a ring, which it publishes, and has several verifiers.
type service struct {
	clock     *jwtexptest.Clock
	schedule  keyring.Schedule
	ring      *keyring.Ring
	verifiers []verifier

	mu        sync.Mutex
	roundDone sync.Cond
	rounds    [2]int          // per worker
	signed    map[string]bool // the IDs of the keys that signed good tokens
}

type verifier struct {
	*jwtexp.Verifier
	name string
	late error // for an expired token of a key that has left
}

func newService(t *testing.T, schedule keyring.Schedule) *service {
	s := &service{
		clock:    jwtexptest.NewClock(day),
		schedule: schedule,
		ring:     must(keyring.New(schedule)),
		signed:   make(map[string]bool),
	}
	s.roundDone.L = &s.mu
	server := httptest.NewServer(jwks.Handler(s.ring, jwks.WithClock(s.clock)))
	t.Cleanup(server.Close)
	s.verifiers = []verifier{
		{s.newVerifier(s.ring), "with the ring", jwtexp.ErrExpired},
		{s.newVerifier(newRemote(t, server.URL, jwks.WithLoopbackHTTP())), "over HTTP", jwtexp.ErrInvalid},
		// This one finds new keys only because its set gets stale.
		{s.newVerifier(newRemote(t, server.URL, jwks.WithLoopbackHTTP(), jwks.WithInterval(time.Hour))), "over HTTP, with a long interval", jwtexp.ErrInvalid},
	}
	return s
}

// newVerifier returns a Verifier with a cache, which saves signature checks and still looks up the
// key each time.
func (s *service) newVerifier(keys jwtexp.KeySet) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keys, jwtexp.WithCache(64), jwtexp.WithIssuer("https://login.example"), jwtexp.WithClock(s.clock)))
}

func (s *service) newIssuer(keys jwtexp.KeySource) *jwtexp.Issuer {
	return must(jwtexp.NewIssuer(keys, s.schedule.Lifetime, jwtexp.WithIssuer("https://login.example"), jwtexp.WithClock(s.clock)))
}

// A rotatedKey is a key that was rotated in, and a token from that time.
type rotatedKey struct {
	jwtexp.Key
	token string
	left  bool
}

func (s *service) rotate(t *testing.T, i int) *rotatedKey {
	t.Helper()
	k := keyOf(fmt.Sprint(i))
	if i%2 == 1 {
		k = newECDSAKey(fmt.Sprint(i))
	}
	if err := s.ring.Rotate(k, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	return &rotatedKey{Key: k, token: must(s.newIssuer(k).Issue(t.Context(), "alice", nil)).Raw()}
}

// hasLeft reports whether all tokens that the key has signed have expired.
func (s *service) hasLeft(k *rotatedKey) bool {
	return slices.ContainsFunc(s.ring.State().Entries, func(e keyring.Entry) bool {
		last := e.SignUntil.Add(s.schedule.Lifetime + s.schedule.Leeway)
		return e.ID == k.ID() && !e.SignUntil.IsZero() && !s.clock.Now().Before(last)
	})
}

func (s *service) wantRejected(t *testing.T, k *rotatedKey) {
	t.Helper()
	forged := must(s.newIssuer(k).Issue(t.Context(), "mallory", nil)).Raw()
	for _, v := range s.verifiers {
		if _, err := v.Verify(t.Context(), forged); !errors.Is(err, jwtexp.ErrInvalid) {
			t.Errorf("%s, key %s: got %v for a forged token, want %v", v.name, k.ID(), err, jwtexp.ErrInvalid)
		}
		if _, err := v.Verify(t.Context(), k.token); !errors.Is(err, v.late) {
			t.Errorf("%s, key %s: got %v for an old token, want %v", v.name, k.ID(), err, v.late)
		}
	}
}

// startWorkers starts workers that issue tokens and verify each until it expires. They end with
// the test.
func (s *service) startWorkers(t *testing.T) {
	issuer := s.newIssuer(s.ring)
	ctx := context.WithoutCancel(t.Context()) // t's context ends before the workers do
	var workers sync.WaitGroup
	for i := range s.rounds {
		workers.Go(func() {
			var good []*jwtexp.Token
			for t.Context().Err() == nil {
				if len(good) == 0 || !good[len(good)-1].IssuedAt().Equal(s.clock.Now()) { // one per step of the clock
					good = append(good, must(issuer.Issue(ctx, "alice", nil)))
				}
				good = slices.DeleteFunc(good, func(token *jwtexp.Token) bool { return !s.verify(ctx, t, token) })
				s.endRound(i, good)
				runtime.Gosched() // lets the test move the clock
			}
		})
	}
	t.Cleanup(workers.Wait)
}

// verify checks that all verifiers accept the token. It returns false when the token has expired.
func (s *service) verify(ctx context.Context, t *testing.T, token *jwtexp.Token) bool {
	for _, v := range s.verifiers {
		_, err := v.Verify(ctx, token.Raw())
		if !s.clock.Now().Before(token.ExpiresAt()) {
			return false // it may have expired during Verify
		}
		if err != nil {
			t.Errorf("%s, key %s: got %v for a good token, want nil", v.name, token.KeyID(), err)
		}
	}
	return true
}

func (s *service) endRound(worker int, good []*jwtexp.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range good {
		s.signed[token.KeyID()] = true
	}
	s.rounds[worker]++
	s.roundDone.Broadcast()
}

// waitForWorkers waits until each worker has issued and verified at the current time.
func (s *service) waitForWorkers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, round := range s.rounds {
		for s.rounds[i] < round+2 { // the current round may have begun before
			s.roundDone.Wait()
		}
	}
}
