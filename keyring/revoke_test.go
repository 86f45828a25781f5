package keyring_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// Who signs after a key was revoked, an instant before it and for ever.
func TestRevokeHandsOn(t *testing.T) {
	const h = time.Hour
	rotations := func(t *testing.T) *keyring.Ring {
		ring := newRing(t, schedule)
		rotate(t, ring, "a", epoch)    // signs for 6 h
		rotate(t, ring, "b", at(5*h))  // then for 5
		rotate(t, ring, "c", at(10*h)) // then for 1
		rotate(t, ring, "d", at(11*h)) // then for none, for
		rotate(t, ring, "e", at(11*h)) // takes over at once
		return ring
	}
	type signer struct {
		at   time.Duration
		want string
	}
	for _, tt := range []struct {
		name   string
		revoke []string
		at     time.Duration
		want   []signer
	}{
		{"none", nil, 0, []signer{{0, "a"}, {6 * h, "b"}, {11 * h, "c"}, {12 * h, "e"}, {999 * h, "e"}}},
		{"a retired one", []string{"a"}, 7 * h, []signer{{7 * h, "b"}, {11 * h, "c"}, {12 * h, "e"}}},
		{"the one that signs", []string{"b"}, 7 * h, []signer{{7*h - 1, "c"}, {7 * h, "c"}, {11 * h, "c"}, {12 * h, "e"}}},
		{"the next", []string{"c"}, 10*h + 30*time.Minute, []signer{{10 * h, "b"}, {11 * h, "b"}, {12*h - 1, "b"}, {12 * h, "e"}}},
		{"one that was superseded", []string{"d"}, 11*h + 1, []signer{{11 * h, "c"}, {12*h - 1, "c"}, {12 * h, "e"}}},
		{"the last, which goes back to the superseded", []string{"e"}, 11*h + 1, []signer{{12*h - 1, "c"}, {12 * h, "d"}, {999 * h, "d"}}},
		{"all to come", []string{"d", "e"}, 11*h + 1, []signer{{12*h - 1, "c"}, {12 * h, "c"}, {999 * h, "c"}}},
		{"all to come, in the other order", []string{"e", "d"}, 11*h + 1, []signer{{12*h - 1, "c"}, {12 * h, "c"}, {999 * h, "c"}}},
		{"the one that signs, then its heirs", []string{"c", "d"}, 11 * h, []signer{{11 * h, "e"}, {12 * h, "e"}}},
		{"an heir, then the one that signs", []string{"d", "c"}, 11 * h, []signer{{11 * h, "e"}, {12 * h, "e"}}},
		{"the last that signs", []string{"e"}, 13 * h, []signer{{11 * h, "c"}, {13 * h, ""}, {999 * h, ""}}},
		{"all", []string{"a", "b", "c", "d", "e"}, 7 * h, []signer{{0, ""}, {7 * h, ""}, {999 * h, ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := rotations(t)
			for _, id := range tt.revoke {
				revoke(t, ring, id, at(tt.at))
			}
			loaded := newRing(t, schedule)
			if err := loaded.Load(ring.State(), keyByID); err != nil {
				t.Fatal(err)
			}
			for name, ring := range map[string]*keyring.Ring{"ring": ring, "loaded": loaded} {
				var got []signer
				for _, s := range tt.want {
					got = append(got, signer{s.at, look(ring, at(s.at)).Signs})
				}
				if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(signer{})); diff != "" {
					t.Errorf("%s: (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// The entries tell who signs.
func TestRevokeMovesTheNext(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	revoke(t, ring, "a", at(time.Minute))
	want := []keyring.Entry{
		{ID: "a", Published: epoch, SignFrom: epoch, SignUntil: at(time.Minute), NotAfter: at(time.Minute + lifetime), Revoked: at(time.Minute)},
		{ID: "b", Published: epoch, SignFrom: at(time.Minute)},
	}
	if diff := cmp.Diff(want, ring.State().Entries); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Of two keys that were revoked the one that was to come delays no other.
func TestRevokedKeyDelaysNothing(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	revoke(t, ring, "b", at(time.Minute))
	revoke(t, ring, "a", at(time.Minute))
	rotate(t, ring, "c", at(time.Minute))
	for _, e := range ring.State().Entries {
		if e.ID == "c" && e.SignFrom != at(time.Minute) {
			t.Errorf("got c to sign from %v on, want at once, at %v", e.SignFrom, at(time.Minute))
		}
	}
}

// A key that has had its time does not come back where a clock was put back: its private
// half may be gone.
func TestRetiredKeyDoesNotComeBack(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	revoke(t, ring, "b", at(2*time.Hour))
	rotate(t, ring, "c", at(2*time.Hour))
	revoke(t, ring, "c", at(90*time.Minute))
	if got := look(ring, at(3*time.Hour)).Signs; got != "" {
		t.Errorf("got %q to sign, want none", got)
	}
}

// A key that goes on in the place of the next signs tokens that live as long as ever.
func TestHeirsTokensAreGood(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	revoke(t, ring, "b", at(time.Minute))
	s := newService(t, ring)
	token := s.issueAt(at(10 * propagation))
	if got := s.verdictAt(token, token.ExpiresAt().Add(leeway-1)); got != "good" || token.KeyID() != "a" {
		t.Errorf("got %s, signed by %s, want good, by a", got, token.KeyID())
	}
	rotate(t, ring, "c", at(10*propagation))
	if got := s.verdictAt(token, token.ExpiresAt().Add(leeway-1)); got != "good" {
		t.Errorf("after the next rotation: got %s, want good", got)
	}
}

// Tokens of a revoked key are invalid at once, at any time, whatever is remembered.
func TestRevokedKeyIsDead(t *testing.T) {
	for name, opts := range map[string][]jwtexp.VerifierOption{
		"no cache": nil,
		"cache":    {jwtexp.WithCache(100)},
	} {
		t.Run(name, func(t *testing.T) {
			ring := newRing(t, schedule)
			rotate(t, ring, "a", epoch)
			rotate(t, ring, "b", epoch)
			s := newService(t, ring, opts...)
			token := s.issueAt(at(time.Minute))
			if got := s.verdictAt(token, at(time.Minute)); got != "good" {
				t.Fatalf("got %s, want good", got)
			}
			revoke(t, ring, "a", at(2*time.Minute))
			for _, d := range []time.Duration{-time.Hour, 0, time.Minute, 2 * time.Minute, 2 * time.Hour} {
				if got := s.verdictAt(token, at(d)); got != "unknown key" {
					t.Errorf("at +%v: got %s, want unknown key", d, got)
				}
			}
			if err := s.verifier.Recheck(t.Context(), token); verdict(err) != "unknown key" {
				t.Errorf("Recheck: got %v, want unknown key", err)
			}
			want := view{"b", []string{"b"}, []string{"b"}, propagation / 2}
			if diff := cmp.Diff(want, look(ring, at(2*time.Minute))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// With no key to sign with, Issue is an outage, and what the retired ones signed is good.
func TestRevokeTheOnlySigner(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	s := newService(t, ring)
	takeover := at(propagation)
	lastOfA := s.issueAt(takeover.Add(-1))
	revoke(t, ring, "b", takeover)
	s.clock.Set(takeover)
	if _, err := s.issuer.Issue(t.Context(), "alice", nil); verdict(err) != "unavailable" {
		t.Errorf("got %v, want an outage", err)
	}
	if got := s.verdictAt(lastOfA, takeover); got != "good" {
		t.Errorf("the retired key's token: got %s, want good", got)
	}
	rotate(t, ring, "c", takeover)
	if got := s.issueAt(takeover); got.KeyID() != "c" {
		t.Errorf("got a token of %s, want of c at once", got.KeyID())
	}
}

func TestRevokeTwice(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	revoke(t, ring, "a", at(1))
	before := ring.State().Entries
	revoke(t, ring, "a", at(2))
	if diff := cmp.Diff(before, ring.State().Entries); diff != "" {
		t.Errorf("(-once +twice):\n%s", diff)
	}
	if got := before[0].Revoked; got != at(1) {
		t.Errorf("got revoked at %v, want %v", got, at(1))
	}
}

func TestRevokeRefuses(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	for name, tt := range map[string]struct {
		id   string
		now  time.Time
		want string
	}{
		"no such key": {"b", epoch, `"b"`},
		"no time":     {"a", time.Time{}, "zero time"},
	} {
		if err := ring.Revoke(tt.id, tt.now); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q in an error", name, err, tt.want)
		}
	}
	if got := look(ring, epoch).Signs; got != "a" {
		t.Errorf("got %q to sign, want a", got)
	}
}

// Entries from before a key was revoked do not bring it back.
func TestRevokedStaysRevoked(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	rotate(t, ring, "c", at(10*time.Hour))
	older := ring.State()
	revoke(t, ring, "b", at(5*time.Hour))
	if err := ring.Load(older, keyByID); !errors.Is(err, keyring.ErrOlder) {
		t.Errorf("got %v for a state of before, want ErrOlder", err)
	}
	// Another instance changed the state of before, and did not look whether it was the last.
	fork := older
	fork.Generation += 2
	fork.Entries[0], fork.Entries[2] = fork.Entries[2], fork.Entries[0] // stored in any order
	if err := ring.Load(fork, keyByID); err != nil {
		t.Fatal(err)
	}
	want := view{"c", []string{"c", "a"}, []string{"c"}, propagation / 2}
	if diff := cmp.Diff(want, look(ring, at(5*time.Hour))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b := ring.State().Entries[1]; b.ID != "b" || b.Revoked != at(5*time.Hour) {
		t.Errorf("got %+v, want b, revoked when it was", b)
	}

	// A revocation that was loaded counts as well, and also when its entry is gone.
	other := newRing(t, schedule)
	if err := other.Load(ring.State(), keyByID); err != nil {
		t.Fatal(err)
	}
	rotate(t, other, "d", at(1000*time.Hour))
	if err := other.Rotate(newKey("b"), at(1000*time.Hour)); err == nil {
		t.Error("got a revoked key rotated in, want an error")
	}
	fork.Generation = other.State().Generation
	if err := other.Load(fork, keyByID); err != nil {
		t.Fatal(err)
	}
	if got, _ := other.VerificationKeys(t.Context(), "b", at(5*time.Hour)); got != nil {
		t.Errorf("got %v, want no key", got)
	}
}
