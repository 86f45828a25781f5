package keyring_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

const (
	lifetime    = 15 * time.Minute
	leeway      = time.Minute
	propagation = time.Hour
	grace       = 24 * time.Hour
)

var (
	schedule = keyring.Schedule{Lifetime: lifetime, Leeway: leeway, Propagation: propagation, Grace: grace}
	epoch    = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

func epochPlus(d time.Duration) time.Time { return epoch.Add(d) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// newKey returns a key pair derived from its ID.
func newKey(id string) jwtexp.Key {
	seed := sha256.Sum256([]byte(id))
	return must(jwtexp.NewSigningKey(jwtexp.Ed25519, ed25519.NewKeyFromSeed(seed[:]))).WithID(id)
}

// newSecret returns a secret derived from its ID.
func newSecret(id string) jwtexp.Key {
	secret := sha256.Sum256([]byte("secret " + id))
	return must(jwtexp.NewSecretKey(jwtexp.HS256, secret[:])).WithID(id)
}

func publicHalf(key jwtexp.Key) jwtexp.Key {
	return must(jwtexp.NewPublicKey(key.Algorithm(), key.PublicKey())).WithID(key.ID())
}

// keyByID is an argument for Load.
func keyByID(id string) (jwtexp.Key, error) { return newKey(id), nil }

// newRing returns a ring with new keys of the given IDs, all rotated in at epoch.
func newRing(t testing.TB, s keyring.Schedule, ids ...string) *keyring.Ring {
	t.Helper()
	ring, err := keyring.New(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		rotate(t, ring, id, epoch)
	}
	return ring
}

func loadRing(t testing.TB, s keyring.Schedule, state keyring.State) *keyring.Ring {
	t.Helper()
	ring := newRing(t, s)
	if err := ring.Load(state, keyByID); err != nil {
		t.Fatal(err)
	}
	return ring
}

func rotate(t testing.TB, ring *keyring.Ring, id string, now time.Time) {
	t.Helper()
	if err := ring.Rotate(newKey(id), now); err != nil {
		t.Fatal(err)
	}
}

func revoke(t testing.TB, ring *keyring.Ring, id string, now time.Time) {
	t.Helper()
	if err := ring.Revoke(id, now); err != nil {
		t.Fatal(err)
	}
}

// A view lists the IDs of the keys that a ring uses at one time.
type view struct {
	Signs     string // "" if no key does
	Trusted   []string
	Published []string
	Fresh     time.Duration
}

func viewAt(ring *keyring.Ring, now time.Time) view {
	var v view
	if key, err := ring.SigningKey(context.Background(), now); err == nil {
		v.Signs = key.ID()
	}
	all, _ := ring.VerificationKeys(context.Background(), "", now)
	v.Trusted = ids(all)
	published, fresh, _ := ring.Published(now)
	v.Published, v.Fresh = ids(published), fresh
	return v
}

func ids(keys []jwtexp.Key) []string {
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID())
	}
	return ids
}

var withAndWithoutCache = map[string][]jwtexp.VerifierOption{
	"no cache": nil,
	"cache":    {jwtexp.WithCache(100)},
}

// A service issues and verifies tokens with one ring and one clock.
type service struct {
	t        testing.TB
	clock    *jwtexptest.Clock
	issuer   *jwtexp.Issuer
	verifier *jwtexp.Verifier
}

func newService(t testing.TB, ring *keyring.Ring, opts ...jwtexp.VerifierOption) *service {
	t.Helper()
	s := &service{t: t, clock: jwtexptest.NewClock(epoch)}
	s.issuer = must(jwtexp.NewIssuer(ring, lifetime, jwtexp.WithClock(s.clock)))
	opts = append(opts, jwtexp.WithClock(s.clock), jwtexp.WithLeeway(leeway))
	s.verifier = must(jwtexp.NewVerifier(ring, opts...))
	return s
}

func (s *service) issueAt(now time.Time) *jwtexp.Token {
	s.t.Helper()
	s.clock.Set(now)
	token, err := s.issuer.Issue(s.t.Context(), "alice", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// verdictAt returns "good", "expired", "unavailable", or the reason why the token is invalid.
func (s *service) verdictAt(token *jwtexp.Token, now time.Time) string {
	s.clock.Set(now)
	_, err := s.verifier.Verify(s.t.Context(), token.Raw())
	return verdict(err)
}

const unknownKey = string(jwtexp.ReasonUnknownKey)

func verdict(err error) string {
	invalid, ok := errors.AsType[*jwtexp.InvalidError](err)
	switch {
	case err == nil:
		return "good"
	case ok:
		return string(invalid.Reason)
	case errors.Is(err, jwtexp.ErrExpired):
		return "expired"
	case errors.Is(err, jwtexp.ErrUnavailable):
		return "unavailable"
	}
	return err.Error()
}
