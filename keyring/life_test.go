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

// The life of key a, from Rotate until the ring forgets it. Key b is rotated in after a day and
// signs an hour later.
func TestLifeOfAKey(t *testing.T) {
	ring := newRing(t, schedule)
	if diff := cmp.Diff(view{}, viewAt(ring, epoch)); diff != "" {
		t.Errorf("no keys (-want +got):\n%s", diff)
	}
	rotate(t, ring, "a", epoch)
	const day = 24 * time.Hour
	before := view{"a", []string{"a"}, []string{"a"}, propagation / 2}
	for _, d := range []time.Duration{0, nanosecond, day, 1000 * day} {
		if diff := cmp.Diff(before, viewAt(ring, epochPlus(d))); diff != "" {
			t.Errorf("only a, at +%v (-want +got):\n%s", d, diff)
		}
	}

	rotate(t, ring, "b", epochPlus(day))
	const (
		takeover    = day + propagation
		unpublished = takeover + lifetime + leeway
		forgotten   = unpublished + grace
	)
	both, onlyB := []string{"b", "a"}, []string{"b"}
	for _, tt := range []struct {
		name string
		now  time.Duration // after epoch
		want view
	}{
		{"b is published", day, view{"a", both, both, propagation / 2}},
		{"last moment in which a signs", takeover - nanosecond, view{"a", both, both, lifetime + leeway + nanosecond}},
		{"b signs", takeover, view{"b", both, both, lifetime + leeway}},
		{"last moment in which a is published", unpublished - nanosecond, view{"b", both, both, nanosecond}},
		{"a is no longer published", unpublished, view{"b", both, onlyB, propagation / 2}},
		{"last moment in which a is recognized", forgotten - nanosecond, view{"b", both, onlyB, propagation / 2}},
		{"a is forgotten", forgotten, view{"b", onlyB, onlyB, propagation / 2}},
		{"long after", 1000 * day, view{"b", onlyB, onlyB, propagation / 2}},
	} {
		if diff := cmp.Diff(tt.want, viewAt(ring, epochPlus(tt.now))); diff != "" {
			t.Errorf("%s, at +%v (-want +got):\n%s", tt.name, tt.now, diff)
		}
		known, err := ring.VerificationKeys(t.Context(), "a", epochPlus(tt.now))
		if want := len(tt.want.Trusted) == 2; err != nil || want != (len(known) == 1) {
			t.Errorf("%s: VerificationKeys of a: got %v, %v; want a key: %t", tt.name, known, err, want)
		}
	}
	if known, err := ring.VerificationKeys(t.Context(), "c", epochPlus(day)); known != nil || err != nil {
		t.Errorf("unknown ID: got %v, %v; want nil, nil", known, err)
	}
}

// A rotation rejects no valid token, and reports an expired one as expired until Grace is over.
func TestTokensDuringRotation(t *testing.T) {
	for name, opts := range withAndWithoutCache {
		t.Run(name, func(t *testing.T) {
			ring := newRing(t, schedule, "a")
			s := newService(t, ring, opts...)
			rotate(t, ring, "b", epoch)

			takeover := epochPlus(propagation)
			lastOfA := s.issueAt(takeover.Add(-nanosecond))
			firstOfB := s.issueAt(takeover)
			if lastOfA.KeyID() != "a" || firstOfB.KeyID() != "b" {
				t.Fatalf("got tokens signed by %q and %q, want a and b", lastOfA.KeyID(), firstOfB.KeyID())
			}
			expiry := lastOfA.ExpiresAt().Add(leeway)
			forgotten := takeover.Add(lifetime + leeway + grace)
			for _, tt := range []struct {
				name  string
				token *jwtexp.Token
				now   time.Time
				want  string
			}{
				{"last token of a, at once", lastOfA, takeover.Add(-nanosecond), "good"},
				{"last token of a, when b signs", lastOfA, takeover, "good"},
				{"last token of a, before its expiry", lastOfA, expiry.Add(-nanosecond), "good"},
				{"last token of a, at its expiry", lastOfA, expiry, "expired"},
				{"last token of a, before the end of grace", lastOfA, forgotten.Add(-nanosecond), "expired"},
				{"last token of a, after grace", lastOfA, forgotten, unknownKey},
				{"first token of b, at once", firstOfB, takeover, "good"},
				{"first token of b, by a clock that is behind", firstOfB, takeover.Add(-propagation), "good"},
				{"first token of b, at its expiry", firstOfB, firstOfB.ExpiresAt().Add(leeway), "expired"},
			} {
				for range 2 { // the second time from the cache
					if got := s.verdictAt(tt.token, tt.now); got != tt.want {
						t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
					}
				}
			}
		})
	}
}

// Around every switch, a new token is good at once, for the ring itself and for one that has
// loaded its state.
func TestNewTokensAreGood(t *testing.T) {
	ring := newRing(t, schedule, "a")
	for i, id := range []string{"b", "c", "d"} {
		rotate(t, ring, id, epochPlus(time.Duration(i)*10*time.Minute))
	}
	other := loadRing(t, schedule, ring.State())
	s, elsewhere := newService(t, ring), newService(t, other)
	for _, e := range ring.State().Entries {
		for _, d := range []time.Duration{-time.Second, -nanosecond, 0, nanosecond, time.Second} {
			now := e.SignFrom.Add(d)
			token := s.issueAt(now)
			for name, verifier := range map[string]*service{"the same ring": s, "another ring": elsewhere} {
				if got := verifier.verdictAt(token, now); got != "good" {
					t.Errorf("%s, issued %v after %s starts to sign, verified by %s: got %s, want good", token, d, e.ID, name, got)
				}
			}
		}
	}
}

func TestIssuerLifetimeIsLimitedBySchedule(t *testing.T) {
	ring := newRing(t, schedule, "a")
	clock := jwtexptest.NewClock(epoch.Add(999_999_999)) // iat is rounded down to the second
	for issuerLifetime, want := range map[time.Duration]bool{
		lifetime - time.Second: true, lifetime: true, lifetime + time.Second: false,
	} {
		_, err := jwtexp.NewIssuer(ring, issuerLifetime)
		if got := err == nil; got != want {
			t.Errorf("lifetime %v: NewIssuer: got %v, want an Issuer: %t", issuerLifetime, err, want)
		}
		// A KeySource without the method MaxLifetime hides the limit from NewIssuer.
		hidden := struct{ jwtexp.KeySource }{ring}
		issuer := must(jwtexp.NewIssuer(hidden, issuerLifetime, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
		if _, err := issuer.Issue(t.Context(), "alice", nil); (err == nil) != want {
			t.Errorf("lifetime %v: got error %v, want a token: %t", issuerLifetime, err, want)
		} else if errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("lifetime %v: got %v, want an error that is not ErrUnavailable", issuerLifetime, err)
		}
	}
	issuer := must(jwtexp.NewIssuer(ring, lifetime, jwtexp.WithClock(clock)))
	if _, err := issuer.Issue(t.Context(), "alice", nil); err != nil {
		t.Errorf("got %v, want a token", err)
	}
}

func TestMaxLifetime(t *testing.T) {
	for name, tt := range map[string]struct {
		ring *keyring.Ring
		want time.Duration
	}{
		"with keys": {newRing(t, schedule, "a"), lifetime}, "without keys": {newRing(t, schedule), lifetime},
		"zero": {new(keyring.Ring), 0}, "nil": {nil, 0},
	} {
		if got := tt.ring.MaxLifetime(); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

// A thief of a key that no longer signs cannot make tokens that expire later than the last one
// that the key signed.
func TestRetiredKeyCannotMint(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	s := newService(t, ring)
	thief := must(jwtexp.NewIssuer(newKey("a"), time.Hour, jwtexp.WithClock(s.clock)))
	takeover := epochPlus(propagation)
	for _, tt := range []struct {
		name     string
		now      time.Time
		lifetime time.Duration
		want     string
	}{
		{"latest exp", takeover, lifetime, "good"},
		{"a second later", takeover, lifetime + time.Second, "lifetime"},
		{"issued a second after b signs", takeover.Add(time.Second), lifetime, "lifetime"},
		{"during grace", takeover.Add(lifetime + leeway), time.Minute, "lifetime"},
		{"when a is forgotten", takeover.Add(lifetime + leeway + grace), time.Minute, unknownKey},
	} {
		s.clock.Set(tt.now)
		token, err := thief.Issue(t.Context(), "mallory", nil, jwtexp.WithLifetime(tt.lifetime))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.verdictAt(token, tt.now); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Clock skew that the schedule allows for rejects no token.
func TestClockSkew(t *testing.T) {
	const skew = leeway
	ring := newRing(t, schedule, "a", "b")
	s := newService(t, ring)
	takeover := epochPlus(propagation)
	for _, d := range []time.Duration{-skew, -skew + nanosecond, -nanosecond, 0, skew - nanosecond} {
		token := s.issueAt(takeover.Add(d)) // by the issuer's clock
		for _, off := range []time.Duration{-skew, 0, skew} {
			for _, age := range []time.Duration{0, lifetime - time.Second - skew} {
				if got := s.verdictAt(token, takeover.Add(d+off+age)); got != "good" {
					t.Errorf("issued %v after the switch, %v old, verifier's clock off by %v: got %s, want good", d, age, off, got)
				}
			}
		}
	}
	// By a clock that is behind, the first key signs before its time: no other key can.
	early := newRing(t, schedule, "a")
	if got, want := viewAt(early, epochPlus(-skew)).Signs, "a"; got != want {
		t.Errorf("signer by a clock that is behind: got %q, want %q", got, want)
	}
}

func TestZeroPropagationSwitchesAtOnce(t *testing.T) {
	ring := newRing(t, keyring.Schedule{Lifetime: lifetime})
	for _, id := range []string{"a", "b", "c"} {
		rotate(t, ring, id, epoch)
		if got := viewAt(ring, epoch).Signs; got != id {
			t.Errorf("signer: got %q, want %q", got, id)
		}
	}
	want := view{"c", []string{"c"}, []string{"c"}, 0}
	if diff := cmp.Diff(want, viewAt(ring, epochPlus(lifetime))); diff != "" {
		t.Errorf("a lifetime later (-want +got):\n%s", diff)
	}
}
