package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

const nanosecond = time.Nanosecond

// The life of the key a, from the first one to the one that is forgotten. b is rotated in
// after a day, and signs an hour later.
func TestLifeOfAKey(t *testing.T) {
	ring := newRing(t, schedule)
	if diff := cmp.Diff(view{}, look(ring, epoch)); diff != "" {
		t.Errorf("no key (-want +got):\n%s", diff)
	}
	rotate(t, ring, "a", epoch)
	const day = 24 * time.Hour
	before := view{"a", []string{"a"}, []string{"a"}, propagation / 2}
	for _, d := range []time.Duration{0, nanosecond, day, 1000 * day} {
		if diff := cmp.Diff(before, look(ring, at(d))); diff != "" {
			t.Errorf("alone, at +%v (-want +got):\n%s", d, diff)
		}
	}

	rotate(t, ring, "b", at(day))
	const (
		takeover    = day + propagation
		unpublished = takeover + lifetime + leeway
		forgotten   = unpublished + grace
	)
	both, onlyB := []string{"b", "a"}, []string{"b"}
	for _, tt := range []struct {
		name string
		at   time.Duration
		want view
	}{
		{"published", day, view{"a", both, both, propagation / 2}},
		{"last of a", takeover - nanosecond, view{"a", both, both, lifetime + leeway + nanosecond}},
		{"first of b", takeover, view{"b", both, both, lifetime + leeway}},
		{"last that a is published", unpublished - nanosecond, view{"b", both, both, nanosecond}},
		{"first that a is not", unpublished, view{"b", both, onlyB, propagation / 2}},
		{"last that a is recognised", forgotten - nanosecond, view{"b", both, onlyB, propagation / 2}},
		{"a is forgotten", forgotten, view{"b", onlyB, onlyB, propagation / 2}},
		{"long after", 1000 * day, view{"b", onlyB, onlyB, propagation / 2}},
	} {
		if diff := cmp.Diff(tt.want, look(ring, at(tt.at))); diff != "" {
			t.Errorf("%s, at +%v (-want +got):\n%s", tt.name, tt.at, diff)
		}
		known, err := ring.VerificationKeys(t.Context(), "a", at(tt.at))
		if want := len(tt.want.Trusted) == 2; err != nil || want != (len(known) == 1) {
			t.Errorf("%s: got %v, %v by ID, want a key: %t", tt.name, known, err, want)
		}
	}
	if known, err := ring.VerificationKeys(t.Context(), "c", at(day)); known != nil || err != nil {
		t.Errorf("got %v, %v for an ID of no key, want nil, nil", known, err)
	}
}

// What the clients of a service hear, with a cache and without one.
func TestTokensThroughARotation(t *testing.T) {
	for name, opts := range map[string][]jwtexp.VerifierOption{
		"no cache": nil,
		"cache":    {jwtexp.WithCache(100)},
	} {
		t.Run(name, func(t *testing.T) {
			ring := newRing(t, schedule)
			rotate(t, ring, "a", epoch)
			s := newService(t, ring, opts...)
			rotate(t, ring, "b", epoch)

			takeover := at(propagation)
			lastOfA := s.issueAt(takeover.Add(-nanosecond))
			firstOfB := s.issueAt(takeover)
			if lastOfA.KeyID() != "a" || firstOfB.KeyID() != "b" {
				t.Fatalf("got tokens of %q and %q, want of a and b", lastOfA.KeyID(), firstOfB.KeyID())
			}
			over := lastOfA.ExpiresAt().Add(leeway)
			forgotten := takeover.Add(lifetime + leeway + grace)
			for _, tt := range []struct {
				name  string
				token *jwtexp.Token
				at    time.Time
				want  string
			}{
				{"the last of a, at once", lastOfA, takeover.Add(-nanosecond), "good"},
				{"the last of a, after the switch", lastOfA, takeover, "good"},
				{"the last of a, to its last nanosecond", lastOfA, over.Add(-nanosecond), "good"},
				{"the last of a, over", lastOfA, over, "expired"},
				{"the last of a, to the end of grace", lastOfA, forgotten.Add(-nanosecond), "expired"},
				{"the last of a, after grace", lastOfA, forgotten, "unknown key"},
				{"the first of b, at once", firstOfB, takeover, "good"},
				{"the first of b, where a clock is behind", firstOfB, takeover.Add(-propagation), "good"},
				{"the first of b, over", firstOfB, firstOfB.ExpiresAt().Add(leeway), "expired"},
			} {
				for range 2 { // the second from the cache
					if got := s.verdictAt(tt.token, tt.at); got != tt.want {
						t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
					}
				}
			}
		})
	}
}

// At every instant around a switch, a token that is issued is good by the same reading, to
// the ring itself and to one that has loaded its entries.
func TestNoTokenIsBornRefused(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	for i, id := range []string{"b", "c", "d"} {
		rotate(t, ring, id, at(time.Duration(i)*10*time.Minute))
	}
	other := newRing(t, schedule)
	if err := other.Load(ring.State(), keyByID); err != nil {
		t.Fatal(err)
	}
	s, elsewhere := newService(t, ring), newService(t, other)
	for _, e := range ring.State().Entries {
		for _, d := range []time.Duration{-time.Second, -nanosecond, 0, nanosecond, time.Second} {
			now := e.SignFrom.Add(d)
			token := s.issueAt(now)
			for name, verifier := range map[string]*service{"the ring": s, "another": elsewhere} {
				if got := verifier.verdictAt(token, now); got != "good" {
					t.Errorf("%s, %v from %s's switch, by %s: got %s, want good", token, d, e.ID, name, got)
				}
			}
		}
	}
}

func TestIssuerMayNotOutliveTheSchedule(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	clock := jwtexptest.NewClock(epoch.Add(999_999_999)) // iat is cut to the second
	for lived, want := range map[time.Duration]bool{
		lifetime - time.Second: true, lifetime: true, lifetime + time.Second: false,
	} {
		issuer := must(jwtexp.NewIssuer(ring, lived, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
		if _, err := issuer.Issue(t.Context(), "alice", nil); (err == nil) != want {
			t.Errorf("lifetime %v: got error %v, want a token: %t", lived, err, want)
		} else if errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("lifetime %v: got an outage, want a mistake", lived)
		}
	}
	issuer := must(jwtexp.NewIssuer(ring, lifetime, jwtexp.WithClock(clock)))
	if _, err := issuer.Issue(t.Context(), "alice", nil); err != nil {
		t.Errorf("got %v, want a token", err)
	}
}

// A key that has signed its last cannot mint, whoever has it.
func TestRetiredKeyCannotMint(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	s := newService(t, ring)
	thief := must(jwtexp.NewIssuer(newKey("a"), time.Hour, jwtexp.WithClock(s.clock)))
	takeover := at(propagation)
	for _, tt := range []struct {
		name     string
		at       time.Time
		lifetime time.Duration
		want     string
	}{
		{"the latest exp", takeover, lifetime, "good"},
		{"a second later", takeover, lifetime + time.Second, "lifetime"},
		{"after the switch", takeover.Add(time.Second), lifetime, "lifetime"},
		{"in the time of grace", takeover.Add(lifetime + leeway), time.Minute, "lifetime"},
		{"when it is forgotten", takeover.Add(lifetime + leeway + grace), time.Minute, "unknown key"},
	} {
		s.clock.Set(tt.at)
		token, err := thief.Issue(t.Context(), "mallory", nil, jwtexp.WithLifetime(tt.lifetime))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.verdictAt(token, tt.at); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Clocks that differ by no more than the schedule allows for refuse nothing.
func TestClocksThatDiffer(t *testing.T) {
	const skew = leeway // all of it
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	s := newService(t, ring)
	takeover := at(propagation)
	for _, d := range []time.Duration{-skew, -skew + nanosecond, -nanosecond, 0, skew - nanosecond} {
		token := s.issueAt(takeover.Add(d)) // by the issuer's clock
		for _, off := range []time.Duration{-skew, 0, skew} {
			for _, age := range []time.Duration{0, lifetime - time.Second - skew} {
				if got := s.verdictAt(token, takeover.Add(d+off+age)); got != "good" {
					t.Errorf("issued %v from the switch, %v old, verifier off by %v: got %s, want good", d, age, off, got)
				}
			}
		}
	}
	// Before the first key was there by its own clock, it is better than none.
	early := newRing(t, schedule)
	rotate(t, early, "a", epoch)
	if got, want := look(early, at(-skew)).Signs, "a"; got != want {
		t.Errorf("got %q to sign by a clock that is behind, want %q", got, want)
	}
}

func TestZeroPropagationSwitchesAtOnce(t *testing.T) {
	ring := newRing(t, keyring.Schedule{Lifetime: lifetime})
	for _, id := range []string{"a", "b", "c"} {
		rotate(t, ring, id, epoch)
		if got := look(ring, epoch).Signs; got != id {
			t.Errorf("got %q to sign, want %q", got, id)
		}
	}
	want := view{"c", []string{"c"}, []string{"c"}, 0}
	if diff := cmp.Diff(want, look(ring, at(lifetime))); diff != "" {
		t.Errorf("a lifetime later (-want +got):\n%s", diff)
	}
}
