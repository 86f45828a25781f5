package keyring_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// FuzzRing applies any operations in any order, also with clocks that are put back. It checks:
//
//   - At most one key signs at any time. One does, unless keys were revoked.
//   - A token is good until its expiry, then expired during Grace, and never good again.
//   - No revoked key is trusted.
//   - The ring forgets old keys.
func FuzzRing(f *testing.F) {
	f.Add(byte(0x21), []byte("\x04\x00\x00\x07\x04\x00\x00\x07\x04\x00\x06\x02"))
	f.Add(byte(0x77), []byte("\x04\x00\x04\x00\x03\x07\x04\x00\x06\x01\x00\x07\x06\x00\x04\x00"))
	f.Add(byte(0xff), []byte("\x04\x00\x00\x05\x05\x00\x05\x00\x06\x02\x06\x01\x07\x00\x00\x07"))
	f.Add(byte(0x10), []byte("\x04\x00\x05\x00\x00\x07\x06\x01\x03\x07\x04\x00\x00\x03\x04\x00"))
	f.Fuzz(func(t *testing.T, shape byte, ops []byte) {
		if len(ops) <= 80 {
			checkHistory(t, shape, ops)
		}
	})
}

// TestRingAtRandom runs the checks of FuzzRing with random operations.
func TestRingAtRandom(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		ops := make([]byte, 2*r.IntN(30))
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		checkHistory(t, byte(r.Uint32()), ops)
	}
}

// checkHistory derives a schedule from shape, applies ops to a ring, two bytes per operation, and
// checks the ring after each.
func checkHistory(t *testing.T, shape byte, ops []byte) {
	t.Helper()
	h := newHistory(t, newSecret, keyring.Schedule{
		Lifetime:    time.Duration(1+shape%4) * time.Second,
		Leeway:      time.Duration(shape>>2%4) * time.Second / 2,
		Propagation: time.Duration(shape>>4%4) * time.Second,
		Grace:       time.Duration(shape>>6%4) * 2 * time.Second,
	})
	var tokens []*jwtexp.Token
	revoked := make(map[string]bool)
	for ; len(ops) >= 2; ops = ops[2:] {
		if op := ops[0] % 8; op == 7 {
			h.restart()
		} else {
			h.step(op, ops[1])
		}
		if h.rotated == 0 {
			continue
		}
		for _, e := range h.ring.State().Entries {
			if !e.Revoked.IsZero() {
				revoked[e.ID] = true
			}
		}
		h.checkWindows()
		h.checkSigner(revoked)
		tokens = append(h.checkable(tokens), h.issue()...)
		for _, token := range tokens {
			h.checkToken(token, revoked[token.KeyID()])
		}
	}
	h.checkEnd()
}

// A history is a ring with a log of the operations that it went through.
type history struct {
	t        testing.TB
	newKey   func(id string) jwtexp.Key
	schedule keyring.Schedule
	ring     *keyring.Ring
	now      time.Time
	latest   time.Time // the latest now so far
	rotated  int
	stored   []keyring.State
	log      []string
}

func newHistory(t testing.TB, newKey func(string) jwtexp.Key, s keyring.Schedule) *history {
	return &history{t: t, newKey: newKey, schedule: s, ring: newRing(t, s), now: epoch}
}

func (h *history) keyByID(id string) (jwtexp.Key, error) { return h.newKey(id), nil }

func (h *history) String() string { return strings.Join(h.log, "\n") }

// step applies the operation op with the argument arg.
func (h *history) step(op, arg byte) {
	entries := h.ring.State().Entries
	switch op % 8 {
	case 0, 1, 2: // time passes
		h.now = h.now.Add(time.Duration(arg%8) * time.Second / 2)
		h.latest = slices.MaxFunc([]time.Time{h.latest, h.now}, time.Time.Compare)
	case 3: // the clock is put back
		h.now = h.now.Add(-time.Duration(arg%8) * time.Second / 2)
		h.log = append(h.log, fmt.Sprintf("clock put back to %v", h.now.Sub(epoch)))
	case 4, 5:
		h.rotated++
		id := fmt.Sprint(h.rotated)
		h.log = append(h.log, fmt.Sprintf("%v: rotate %s", h.now.Sub(epoch), id))
		if err := h.ring.Rotate(h.newKey(id), h.now); err != nil {
			h.t.Fatal(err)
		}
		h.stored = append(h.stored, h.ring.State())
	case 6:
		if len(entries) > 0 {
			id := entries[int(arg)%len(entries)].ID
			h.log = append(h.log, fmt.Sprintf("%v: revoke %s", h.now.Sub(epoch), id))
			revoke(h.t, h.ring, id, h.now)
		}
	case 7: // the ring loads an earlier state, as it is and with the current generation
		if len(h.stored) > 0 {
			n := int(arg) % len(h.stored)
			h.log = append(h.log, fmt.Sprintf("%v: load state %d", h.now.Sub(epoch), n))
			state, current := h.stored[n], h.ring.State().Generation
			if err := h.ring.Load(state, h.keyByID); errors.Is(err, keyring.ErrOlder) != (state.Generation < current) {
				h.t.Fatalf("Load of generation %d: got %v, want ErrOlder only if it is before %d", state.Generation, err, current)
			}
			state.Generation = current
			if err := h.ring.Load(state, h.keyByID); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// restart continues with a new ring that loads the state, as after a restart.
func (h *history) restart() {
	if state := h.ring.State(); state.Generation > 0 {
		h.log = append(h.log, "restart")
		h.ring = newRing(h.t, h.schedule)
		if err := h.ring.Load(state, h.keyByID); err != nil {
			h.t.Fatalf("%v\n%v", err, h)
		}
	}
}

// checkWindows checks that no two entries sign at the same time.
func (h *history) checkWindows() {
	h.t.Helper()
	var before *keyring.Entry
	for _, e := range h.ring.State().Entries {
		if !e.Revoked.IsZero() {
			continue
		}
		if before != nil && (before.SignUntil.IsZero() || e.SignFrom.Before(before.SignUntil)) {
			h.t.Fatalf("got %+v and %+v, want no time at which both sign\n%v", *before, e, h)
		}
		before = &e
	}
}

// checkSigner checks that at any time a key signs, unless keys were revoked, and that no revoked
// key signs or verifies.
func (h *history) checkSigner(revoked map[string]bool) {
	h.t.Helper()
	want := len(revoked) == 0
	for _, e := range h.ring.State().Entries {
		want = want || e.Revoked.IsZero() && e.SignUntil.IsZero()
	}
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Second, time.Hour} {
		key, err := h.ring.SigningKey(h.t.Context(), h.now.Add(d))
		if err != nil && want || err == nil && (key.ID() == "" || revoked[key.ID()]) {
			h.t.Fatalf("signer %v from now: got %v, %v; want a key that is not one of %v: %t\n%v", d, key, err, revoked, want, h)
		}
	}
	for id := range revoked {
		if keys, _ := h.ring.VerificationKeys(h.t.Context(), id, h.now); keys != nil {
			h.t.Fatalf("got the revoked key %v, want none\n%v", keys, h)
		}
	}
}

// issue returns the token that is issued now, or nothing if no key signs.
func (h *history) issue() []*jwtexp.Token {
	clock := jwtexptest.NewClock(h.now)
	issuer := must(jwtexp.NewIssuer(h.ring, h.schedule.Lifetime, jwtexp.WithClock(clock)))
	token, err := issuer.Issue(h.t.Context(), "alice", nil)
	if err != nil {
		return nil
	}
	return []*jwtexp.Token{token}
}

// checkable leaves out tokens that were issued later than now, because the clock was put back, and
// tokens whose key a Rotate at the latest time may have removed.
func (h *history) checkable(tokens []*jwtexp.Token) []*jwtexp.Token {
	var kept []*jwtexp.Token
	for _, token := range tokens {
		forgotten := token.ExpiresAt().Add(h.schedule.Leeway + h.schedule.Grace)
		if !token.IssuedAt().After(h.now) && h.latest.Before(forgotten) {
			kept = append(kept, token)
		}
	}
	return kept
}

// checkToken checks the verdicts of a token, from now until its key is forgotten.
func (h *history) checkToken(token *jwtexp.Token, revoked bool) {
	h.t.Helper()
	clock := jwtexptest.NewClock(h.now)
	verifier := must(jwtexp.NewVerifier(h.ring, jwtexp.WithClock(clock), jwtexp.WithLeeway(h.schedule.Leeway)))
	expiry := token.ExpiresAt().Add(h.schedule.Leeway)
	forgotten := expiry.Add(h.schedule.Grace)
	for _, now := range []time.Time{h.now, expiry.Add(-1), expiry, forgotten.Add(-1), forgotten} {
		if now.Before(h.now) {
			continue
		}
		clock.Set(now)
		_, err := verifier.Verify(h.t.Context(), token.Raw())
		var want []string
		switch {
		case revoked:
			want = []string{unknownKey}
		case now.Before(expiry):
			want = []string{"good"}
		case now.Before(forgotten):
			want = []string{"expired"}
		default:
			want = []string{"expired", unknownKey}
		}
		if got := verdict(err); !slices.Contains(want, got) {
			h.t.Fatalf("%v at %v: got %s, want one of %q\n%v\nentries %+v", token, now, got, want, h, h.ring.State().Entries)
		}
	}
}

// checkEnd rotates two new keys in and checks that all other keys are forgotten.
func (h *history) checkEnd() {
	h.t.Helper()
	for range 2 {
		h.now = h.now.Add(time.Hour)
		h.step(4, 0)
	}
	h.now = h.now.Add(time.Hour)
	if got := viewAt(h.ring, h.now); len(got.Trusted) != 1 {
		h.t.Fatalf("got %+v, want one trusted key\n%v", got, h)
	}
	if got := h.ring.State().Entries; len(got) != 2 {
		h.t.Fatalf("got entries %+v, want two\n%v", got, h)
	}
}
