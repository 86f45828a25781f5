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

// TestRotationOverHTTP rotates keys while tokens are issued and verified, by verifiers that
// fetch the set from a server, and by one that has the ring itself. No good token may be
// refused, and none accepted of a key that has left: neither one from its time, nor one that
// whoever stole it makes now.
func TestRotationOverHTTP(t *testing.T) {
	const (
		rotations = 30
		steps     = 11              // of the clock, from one rotation to the next: fetches fall anywhere between
		step      = 5 * time.Minute // a Remote takes a set for fresh for as long, whatever the server says
	)
	s := newService(t, keyring.Schedule{
		Lifetime:    15 * time.Minute,
		Leeway:      time.Minute,
		Propagation: 30 * time.Minute,
		Grace:       48 * time.Hour,
	})
	keys := []*rotated{s.rotate(t, 0)}
	s.start(t)
	for i := range rotations {
		keys = append(keys, s.rotate(t, i+1))
		for range steps {
			s.clock.Advance(step)
			s.await()
			for _, k := range keys {
				if !k.gone && s.hasLeft(k) {
					k.gone = true
					s.wantRefused(t, k)
				}
			}
		}
	}

	for i, k := range keys {
		if want := i < len(keys)-1; k.gone != want { // the last one signs
			t.Errorf("key %d: got gone %t, want %t", i, k.gone, want)
		}
		if k.gone {
			s.wantRefused(t, k) // for good
		}
	}
	if got := s.signers(); got != len(keys) {
		t.Errorf("got good tokens of %d keys, want of %d", got, len(keys))
	}
}

// A service issues tokens with the keys of a ring, which it publishes. Several verifiers
// are there to judge them.
type service struct {
	clock     *jwtexptest.Clock
	schedule  keyring.Schedule
	ring      *keyring.Ring
	verifiers []verifier

	mu     sync.Mutex
	turned sync.Cond
	rounds [2]int          // of each worker
	signed map[string]bool // the keys with good tokens, by their IDs
}

type verifier struct {
	*jwtexp.Verifier
	name string
	late error // what it says to an expired token of a key that has left
}

func newService(t *testing.T, schedule keyring.Schedule) *service {
	s := &service{
		clock:    jwtexptest.NewClock(day),
		schedule: schedule,
		ring:     must(keyring.New(schedule)),
		signed:   make(map[string]bool),
	}
	s.turned.L = &s.mu
	server := httptest.NewServer(jwks.Handler(s.ring, jwks.WithClock(s.clock)))
	t.Cleanup(server.Close)
	remote := func(opts ...jwks.RemoteOption) *jwks.Remote {
		r := must(jwks.NewRemote(server.URL, append(opts, jwks.WithLoopbackHTTP())...))
		t.Cleanup(func() { r.Close() })
		return r
	}
	cache := jwtexp.WithCache(64) // spares most of the signatures, and asks for the key all the same
	s.verifiers = []verifier{
		{s.newVerifier(s.ring, cache), "with the ring", jwtexp.ErrExpired},
		{s.newVerifier(remote(), cache), "over HTTP", jwtexp.ErrInvalid},
		// Nothing but the set's own freshness tells it of a new key.
		{s.newVerifier(remote(jwks.WithInterval(time.Hour)), cache), "over HTTP, never in between", jwtexp.ErrInvalid},
	}
	return s
}

func (s *service) newVerifier(keys jwtexp.KeySet, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keys, append(opts, jwtexp.WithIssuer("https://login.example"), jwtexp.WithClock(s.clock))...))
}

func (s *service) newIssuer(keys jwtexp.KeySource) *jwtexp.Issuer {
	return must(jwtexp.NewIssuer(keys, s.schedule.Lifetime, jwtexp.WithIssuer("https://login.example"), jwtexp.WithClock(s.clock)))
}

// A rotated is a key that was rotated in, as it is known to whoever stole it, with a token
// of its.
type rotated struct {
	jwtexp.Key
	token string
	gone  bool
}

func (s *service) rotate(t *testing.T, i int) *rotated {
	t.Helper()
	k := newEd25519Key(fmt.Sprint(i))
	if i%2 == 1 {
		k = newECDSAKey(fmt.Sprint(i))
	}
	if err := s.ring.Rotate(k, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	return &rotated{Key: k, token: must(s.newIssuer(k).Issue(t.Context(), "alice", nil)).Raw()}
}

// hasLeft reports whether no token that the key has signed can be good any more.
func (s *service) hasLeft(k *rotated) bool {
	return slices.ContainsFunc(s.ring.State().Entries, func(e keyring.Entry) bool {
		last := e.SignUntil.Add(s.schedule.Lifetime + s.schedule.Leeway)
		return e.ID == k.ID() && !e.SignUntil.IsZero() && !s.clock.Now().Before(last)
	})
}

func (s *service) wantRefused(t *testing.T, k *rotated) {
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

// start has workers issue tokens, and verify each until it expires, until the test ends.
func (s *service) start(t *testing.T) {
	issuer := s.newIssuer(s.ring)
	ctx := context.WithoutCancel(t.Context()) // which ends before the workers do
	var workers sync.WaitGroup
	for i := range s.rounds {
		workers.Go(func() {
			var good []*jwtexp.Token
			for t.Context().Err() == nil {
				if len(good) == 0 || !good[len(good)-1].IssuedAt().Equal(s.clock.Now()) { // one each time
					good = append(good, must(issuer.Issue(ctx, "alice", nil)))
				}
				good = slices.DeleteFunc(good, func(token *jwtexp.Token) bool { return !s.verify(ctx, t, token) })
				s.turn(i, good)
				runtime.Gosched() // to whoever moves the clock
			}
		})
	}
	t.Cleanup(workers.Wait)
}

// verify wants all verifiers to accept the token. It returns false when it has expired.
func (s *service) verify(ctx context.Context, t *testing.T, token *jwtexp.Token) bool {
	for _, v := range s.verifiers {
		_, err := v.Verify(ctx, token.Raw())
		if !s.clock.Now().Before(token.ExpiresAt()) {
			return false // meanwhile, maybe
		}
		if err != nil {
			t.Errorf("%s, key %s: got %v for a good token, want nil", v.name, token.KeyID(), err)
		}
	}
	return true
}

func (s *service) turn(i int, good []*jwtexp.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range good {
		s.signed[token.KeyID()] = true
	}
	s.rounds[i]++
	s.turned.Broadcast()
}

// await returns when each worker has issued and verified by the time of now.
func (s *service) await() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, round := range s.rounds {
		for s.rounds[i] < round+2 { // the one under way may have begun before
			s.turned.Wait()
		}
	}
}

// signers counts the keys that have signed good tokens.
func (s *service) signers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.signed)
}
