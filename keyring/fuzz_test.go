package keyring_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// Whatever is done to a ring, in whatever order and while clocks go back and forth:
//
//   - at most one key signs at any instant, and one does unless keys were revoked;
//   - a token is good from its first nanosecond to its last, then expired for the time of
//     grace, and never good again;
//   - no revoked key is trusted;
//   - keys are forgotten in the end.
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

// The same, at random.
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

// checkHistory does what ops says, two bytes each, to a ring with the schedule that shape
// says.
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
		tokens = append(h.stillPromised(tokens), h.issue()...)
		for _, token := range tokens {
			h.checkToken(token, revoked[token.KeyID()])
		}
	}
	h.checkEnd()
}

// restart is what a process does, or another instance.
func (h *history) restart() {
	if state := h.ring.State(); state.Generation > 0 {
		h.log = append(h.log, "restart")
		h.ring = newRing(h.t, h.schedule)
		if err := h.ring.Load(state, h.keyByID); err != nil {
			h.t.Fatalf("%v\n%v", err, h)
		}
	}
}

// checkWindows holds the entries against each other.
func (h *history) checkWindows() {
	h.t.Helper()
	var before *keyring.Entry
	for _, e := range h.ring.State().Entries {
		if !e.Revoked.IsZero() {
			continue
		}
		if before != nil && (before.SignUntil.IsZero() || e.SignFrom.Before(before.SignUntil)) {
			h.t.Fatalf("got %+v and %+v, want no instant at which both sign\n%v", *before, e, h)
		}
		before = &e
	}
}

// checkSigner wants a key to sign at any time, unless one was revoked, and none that was.
func (h *history) checkSigner(revoked map[string]bool) {
	h.t.Helper()
	due := len(revoked) == 0
	for _, e := range h.ring.State().Entries {
		due = due || e.Revoked.IsZero() && e.SignUntil.IsZero()
	}
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Second, time.Hour} {
		key, err := h.ring.SigningKey(h.t.Context(), h.now.Add(d))
		if err != nil && due || err == nil && (key.ID() == "" || revoked[key.ID()]) {
			h.t.Fatalf("got %v, %v to sign %v from now, of which %v are revoked; want one: %t\n%v", key, err, d, revoked, due, h)
		}
	}
	for id := range revoked {
		if keys, _ := h.ring.VerificationKeys(h.t.Context(), id, h.now); keys != nil {
			h.t.Fatalf("got %v, which was revoked\n%v", keys, h)
		}
	}
}

// issue returns the tokens that are issued now, if any.
func (h *history) issue() []*jwtexp.Token {
	clock := jwtexptest.NewClock(h.now)
	issuer := must(jwtexp.NewIssuer(h.ring, h.schedule.Lifetime, jwtexp.WithClock(clock)))
	token, err := issuer.Issue(h.t.Context(), "alice", nil)
	if err != nil {
		return nil
	}
	return []*jwtexp.Token{token}
}

// stillPromised leaves out tokens from the future of a clock that was put back, and those
// whose key could be forgotten before it was: whoever rotates in between cannot know better.
func (h *history) stillPromised(tokens []*jwtexp.Token) []*jwtexp.Token {
	var kept []*jwtexp.Token
	for _, token := range tokens {
		forgotten := token.ExpiresAt().Add(h.schedule.Leeway + h.schedule.Grace)
		if !token.IssuedAt().After(h.now) && h.latest.Before(forgotten) {
			kept = append(kept, token)
		}
	}
	return kept
}

// checkToken holds a token that was issued at or before now against what is promised from
// now on.
func (h *history) checkToken(token *jwtexp.Token, revoked bool) {
	h.t.Helper()
	clock := jwtexptest.NewClock(h.now)
	verifier := must(jwtexp.NewVerifier(h.ring, jwtexp.WithClock(clock), jwtexp.WithLeeway(h.schedule.Leeway)))
	over := token.ExpiresAt().Add(h.schedule.Leeway)
	forgotten := over.Add(h.schedule.Grace)
	for _, at := range []time.Time{h.now, over.Add(-1), over, forgotten.Add(-1), forgotten} {
		if at.Before(h.now) {
			continue
		}
		clock.Set(at)
		_, err := verifier.Verify(h.t.Context(), token.Raw())
		got, fits := verdict(err), false
		switch {
		case revoked:
			fits = got == "unknown key"
		case at.Before(over):
			fits = got == "good"
		case at.Before(forgotten):
			fits = got == "expired"
		default:
			fits = got == "expired" || got == "unknown key"
		}
		if !fits {
			h.t.Fatalf("got %s for %v at %v, revoked: %t\n%v\nentries %+v", got, token, at, revoked, h, h.ring.State().Entries)
		}
	}
}

// checkEnd wants one key to be left of all, when the last ones rotated in have taken over.
func (h *history) checkEnd() {
	h.t.Helper()
	for range 2 {
		h.now = h.now.Add(time.Hour)
		h.step(4, 0)
	}
	h.now = h.now.Add(time.Hour)
	if got := look(h.ring, h.now); len(got.Trusted) != 1 {
		h.t.Fatalf("got %+v, want one key\n%v", got, h)
	}
	if got := h.ring.State().Entries; len(got) != 2 {
		h.t.Fatalf("got entries %+v, want two\n%v", got, h)
	}
}
