package keyring_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp/keyring"
)

// Which key signs after a revocation, and how it looks for the time before.
func TestSignerAfterRevoke(t *testing.T) {
	const h = time.Hour
	rotations := func(t *testing.T) *keyring.Ring {
		ring := newRing(t, schedule, "a")     // signs from 0 h
		rotate(t, ring, "b", epochPlus(5*h))  // signs from 6 h
		rotate(t, ring, "c", epochPlus(10*h)) // signs from 11 h
		rotate(t, ring, "d", epochPlus(11*h)) // would sign from 12 h, but e replaces it
		rotate(t, ring, "e", epochPlus(11*h)) // signs from 12 h
		return ring
	}
	type signer struct {
		now time.Duration // after epoch
		id  string
	}
	for _, tt := range []struct {
		name   string
		revoke []string
		now    time.Duration
		want   []signer
	}{
		{"none", nil, 0, []signer{{0, "a"}, {6 * h, "b"}, {11 * h, "c"}, {12 * h, "e"}, {999 * h, "e"}}},
		{"a retired key", []string{"a"}, 7 * h, []signer{{7 * h, "b"}, {11 * h, "c"}, {12 * h, "e"}}},
		{"the signing key", []string{"b"}, 7 * h, []signer{{7*h - 1, "c"}, {7 * h, "c"}, {11 * h, "c"}, {12 * h, "e"}}},
		{"the next key", []string{"c"}, 10*h + 30*time.Minute, []signer{{10 * h, "b"}, {11 * h, "b"}, {12*h - 1, "b"}, {12 * h, "e"}}},
		{"a replaced key", []string{"d"}, 11*h + 1, []signer{{11 * h, "c"}, {12*h - 1, "c"}, {12 * h, "e"}}},
		{"the last key, so that the replaced one signs", []string{"e"}, 11*h + 1, []signer{{12*h - 1, "c"}, {12 * h, "d"}, {999 * h, "d"}}},
		{"all later keys", []string{"d", "e"}, 11*h + 1, []signer{{12*h - 1, "c"}, {12 * h, "c"}, {999 * h, "c"}}},
		{"all later keys, in the other order", []string{"e", "d"}, 11*h + 1, []signer{{12*h - 1, "c"}, {12 * h, "c"}, {999 * h, "c"}}},
		{"the signing key, then the next", []string{"c", "d"}, 11 * h, []signer{{11 * h, "e"}, {12 * h, "e"}}},
		{"the next key, then the signing one", []string{"d", "c"}, 11 * h, []signer{{11 * h, "e"}, {12 * h, "e"}}},
		{"the last key, which signs", []string{"e"}, 13 * h, []signer{{11 * h, "c"}, {13 * h, ""}, {999 * h, ""}}},
		{"all keys", []string{"a", "b", "c", "d", "e"}, 7 * h, []signer{{0, ""}, {7 * h, ""}, {999 * h, ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := rotations(t)
			for _, id := range tt.revoke {
				revoke(t, ring, id, epochPlus(tt.now))
			}
			loaded := loadRing(t, schedule, ring.State())
			for name, ring := range map[string]*keyring.Ring{"ring": ring, "loaded": loaded} {
				var got []signer
				for _, s := range tt.want {
					got = append(got, signer{s.now, viewAt(ring, epochPlus(s.now)).Signs})
				}
				if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(signer{})); diff != "" {
					t.Errorf("%s: (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// The entries show that the next key signs at once.
func TestRevokeStartsTheNextKey(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	revoke(t, ring, "a", epochPlus(time.Minute))
	want := []keyring.Entry{
		{ID: "a", Published: epoch, SignFrom: epoch, SignUntil: epochPlus(time.Minute), NotAfter: epochPlus(time.Minute + lifetime), Revoked: epochPlus(time.Minute)},
		{ID: "b", Published: epoch, SignFrom: epochPlus(time.Minute)},
	}
	if diff := cmp.Diff(want, ring.State().Entries); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A new key signs at once if no other key is left, even if a revoked one was to sign later.
func TestRevokedKeyDelaysNothing(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	revoke(t, ring, "b", epochPlus(time.Minute))
	revoke(t, ring, "a", epochPlus(time.Minute))
	rotate(t, ring, "c", epochPlus(time.Minute))
	for _, e := range ring.State().Entries {
		if e.ID == "c" && e.SignFrom != epochPlus(time.Minute) {
			t.Errorf("c signs from: got %v, want %v", e.SignFrom, epochPlus(time.Minute))
		}
	}
}

// A retired key does not sign again after a clock was put back: its private half may be deleted.
func TestRetiredKeyDoesNotSignAgain(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	revoke(t, ring, "b", epochPlus(2*time.Hour))
	rotate(t, ring, "c", epochPlus(2*time.Hour))
	revoke(t, ring, "c", epochPlus(90*time.Minute))
	if got := viewAt(ring, epochPlus(3*time.Hour)).Signs; got != "" {
		t.Errorf("signer: got %q, want none", got)
	}
}

// If the next key is revoked, the signing key goes on, and its tokens live as long as before.
func TestSigningKeyGoesOn(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	revoke(t, ring, "b", epochPlus(time.Minute))
	s := newService(t, ring)
	token := s.issueAt(epochPlus(10 * propagation))
	if got := s.verdictAt(token, token.ExpiresAt().Add(leeway-1)); got != "good" || token.KeyID() != "a" {
		t.Errorf("got %s, signed by %s; want good, signed by a", got, token.KeyID())
	}
	rotate(t, ring, "c", epochPlus(10*propagation))
	if got := s.verdictAt(token, token.ExpiresAt().Add(leeway-1)); got != "good" {
		t.Errorf("after the next rotation: got %s, want good", got)
	}
}

// The tokens of a revoked key are invalid by any clock, even if the verifier has cached them.
func TestTokensOfARevokedKey(t *testing.T) {
	for name, opts := range withAndWithoutCache {
		t.Run(name, func(t *testing.T) {
			ring := newRing(t, schedule, "a", "b")
			s := newService(t, ring, opts...)
			token := s.issueAt(epochPlus(time.Minute))
			if got := s.verdictAt(token, epochPlus(time.Minute)); got != "good" {
				t.Fatalf("got %s, want good", got)
			}
			revoke(t, ring, "a", epochPlus(2*time.Minute))
			for _, d := range []time.Duration{-time.Hour, 0, time.Minute, 2 * time.Minute, 2 * time.Hour} {
				if got := s.verdictAt(token, epochPlus(d)); got != unknownKey {
					t.Errorf("at +%v: got %s, want %s", d, got, unknownKey)
				}
			}
			if err := s.verifier.Recheck(t.Context(), token); verdict(err) != unknownKey {
				t.Errorf("Recheck: got %v, want %s", err, unknownKey)
			}
			want := view{"b", []string{"b"}, []string{"b"}, propagation / 2}
			if diff := cmp.Diff(want, viewAt(ring, epochPlus(2*time.Minute))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Without a signing key Issue returns ErrUnavailable, while the tokens of retired keys stay good.
func TestRevokeTheOnlySigner(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	s := newService(t, ring)
	takeover := epochPlus(propagation)
	lastOfA := s.issueAt(takeover.Add(-1))
	revoke(t, ring, "b", takeover)
	s.clock.Set(takeover)
	if _, err := s.issuer.Issue(t.Context(), "alice", nil); verdict(err) != "unavailable" {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if got := s.verdictAt(lastOfA, takeover); got != "good" {
		t.Errorf("token of a retired key: got %s, want good", got)
	}
	rotate(t, ring, "c", takeover)
	if got := s.issueAt(takeover); got.KeyID() != "c" {
		t.Errorf("signer: got %s, want c at once", got.KeyID())
	}
}

func TestRevokeTwice(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	revoke(t, ring, "a", epochPlus(1))
	before := ring.State().Entries
	revoke(t, ring, "a", epochPlus(2))
	if diff := cmp.Diff(before, ring.State().Entries); diff != "" {
		t.Errorf("(-once +twice):\n%s", diff)
	}
	if got := before[0].Revoked; got != epochPlus(1) {
		t.Errorf("revoked at: got %v, want %v", got, epochPlus(1))
	}
}

func TestRevokeErrors(t *testing.T) {
	ring := newRing(t, schedule, "a")
	for name, tt := range map[string]struct {
		id   string
		now  time.Time
		want string
	}{
		"no such key": {"b", epoch, `"b"`},
		"no time":     {"a", time.Time{}, "zero time"},
	} {
		if err := ring.Revoke(tt.id, tt.now); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error that contains %q", name, err, tt.want)
		}
	}
	if got := viewAt(ring, epoch).Signs; got != "a" {
		t.Errorf("signer: got %q, want a", got)
	}
}

// A state from before a revocation does not bring the key back.
func TestRevokedStaysRevoked(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	rotate(t, ring, "c", epochPlus(10*time.Hour))
	older := ring.State()
	revoke(t, ring, "b", epochPlus(5*time.Hour))
	if err := ring.Load(older, keyByID); !errors.Is(err, keyring.ErrOlder) {
		t.Errorf("older state: got %v, want ErrOlder", err)
	}
	// Another instance changed the older state and stored it without comparing the generation.
	fork := older
	fork.Generation += 2
	fork.Entries[0], fork.Entries[2] = fork.Entries[2], fork.Entries[0] // entries may be in any order
	if err := ring.Load(fork, keyByID); err != nil {
		t.Fatal(err)
	}
	want := view{"c", []string{"c", "a"}, []string{"c"}, propagation / 2}
	if diff := cmp.Diff(want, viewAt(ring, epochPlus(5*time.Hour))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b := ring.State().Entries[1]; b.ID != "b" || b.Revoked != epochPlus(5*time.Hour) {
		t.Errorf("got %+v, want b, with its first time of revocation", b)
	}

	// A loaded revocation counts too, even after its entry was removed.
	other := loadRing(t, schedule, ring.State())
	rotate(t, other, "d", epochPlus(1000*time.Hour))
	if err := other.Rotate(newKey("b"), epochPlus(1000*time.Hour)); err == nil {
		t.Error("Rotate with a revoked key: got no error, want one")
	}
	fork.Generation = other.State().Generation
	if err := other.Load(fork, keyByID); err != nil {
		t.Fatal(err)
	}
	if got, _ := other.VerificationKeys(t.Context(), "b", epochPlus(5*time.Hour)); got != nil {
		t.Errorf("got %v, want no key", got)
	}
}
