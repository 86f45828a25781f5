package session_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// mint makes a refresh token as the design describes it, independently of the package.
func mint(secret []byte, label string, family []byte, generation uint32, expires time.Time) string {
	sum := func(key, text []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(text)
		return h.Sum(nil)
	}
	body := append([]byte(nil), family...)
	body = binary.BigEndian.AppendUint32(body, generation)
	body = append(body, binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))[2:]...)
	tag := sum(sum(secret, []byte(label)), body)[:16]
	return "rt1_" + base64.RawURLEncoding.EncodeToString(append(body, tag...))
}

const label = "jwtexp session refresh 1"

func TestFormOfARefreshToken(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", nil))
	got := tokens.Refresh()
	if len(got) != 60 {
		t.Errorf("got %d characters, want 60", len(got))
	}
	family := must(base64.RawURLEncoding.DecodeString(got[4:]))[:16]
	if want := mint(secret, label, family, 1, tokens.Session().Expires); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	sum := sha256.Sum256(append([]byte("jwtexp session id 1"), family...))
	id := base64.RawURLEncoding.EncodeToString(sum[:16])
	for name, got := range map[string]string{"Session.ID": tokens.Session().ID, "sid": tokens.Access().SessionID()} {
		if got != id {
			t.Errorf("%s: got %s, want %s", name, got, id)
		}
	}
}

// Each spelling of a refresh token but the one that was issued is rejected, and the store is never
// called: an attacker cannot load it.
func TestOneSpelling(t *testing.T) {
	w := newWorld()
	good := w.start(t)
	w.store.taken()
	bad := map[string]string{"": "malformed", "a JWT": "malformed", good + "=": "malformed", good + "\n": "malformed", " " + good: "malformed",
		strings.ToUpper(good[:4]) + good[4:]: "malformed", "rt2_" + good[4:]: "malformed", good[4:]: "malformed", good + good: "malformed",
		good[:30] + "\n" + good[30:]: "malformed", good[:30] + "\r\n" + good[32:]: "malformed", good[:59] + "\n": "malformed", good[:59] + "=": "malformed",
		strings.Repeat("A", 60): "malformed", "rt1_" + strings.Repeat("A", 56): "signature", strings.Repeat("A", 1<<20): "malformed"}
	for i := range 60 * 8 {
		flipped := []byte(good)
		flipped[i/8] ^= 1 << (i % 8)
		bad[string(flipped)] = "malformed or signature"
	}
	for i := range good {
		bad[good[:i]] = "malformed"
		for _, c := range "+/=\x00é" {
			bad[good[:i]+string(c)+good[i+1:]] = "malformed"
		}
	}
	if len(bad) < 480+60 {
		t.Fatalf("got %d spellings, want more", len(bad))
	}
	for text, reason := range bad {
		_, err := w.Refresh(t.Context(), text)
		got := outcome(err)
		if got == "ok" || !strings.Contains("invalid: "+reason, strings.TrimPrefix(got, "invalid: ")) || !strings.HasPrefix(got, "invalid: ") {
			t.Errorf("%.80q: got %s, want invalid: %s", text, got, reason)
		}
		if err := w.End(t.Context(), text); err != nil {
			t.Errorf("End(%.80q): got %v, want nil", text, err)
		}
	}
	if got := w.store.taken(); len(got) > 0 {
		t.Errorf("got calls of the store %v, want none", got)
	}
	w.wantEvents(t, session.EventStarted)
	w.refresh(t, good)
}

// An attacker who knows the store or the secret, but no refresh token, cannot make one: the tag
// depends on the secret, and the session's ID on a random number that is not stored.
func TestForgeries(t *testing.T) {
	w := newWorld(session.WithName("customers"))
	tokens := must(w.Start(t.Context(), "alice", nil))
	family := must(base64.RawURLEncoding.DecodeString(tokens.Refresh()[4:]))[:16]
	id := must(base64.RawURLEncoding.DecodeString(tokens.Session().ID))
	expires := tokens.Session().Expires
	named := label + "\x00customers"

	other := make([]byte, 16)
	rand.Read(other)
	for _, tt := range []struct{ name, token, want string }{
		{"the same again", mint(secret, named, family, 1, expires), "ok"},
		{"another secret", mint(otherSecret, named, family, 1, expires), "invalid: signature"},
		{"another name", mint(secret, label, family, 1, expires), "invalid: signature"},
		{"the secret and the session's ID", mint(secret, named, id, 1, expires), "invalid: ended"},
		{"the secret and a guess", mint(secret, named, other, 1, expires), "invalid: ended"},
		{"the secret and a guess, expired", mint(secret, named, other, 1, epoch), "expired"},
	} {
		_, err := w.Refresh(t.Context(), tt.token)
		if got := outcome(err); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Managers of other names reject each other's refresh tokens, although they share all else.
func TestNames(t *testing.T) {
	w := newWorld()
	all := []*session.Manager{w.Manager, w.manager(policy, session.WithName("a")), w.manager(policy, session.WithName("b"))}
	for i, from := range all {
		tokens := must(from.Start(t.Context(), "alice", nil))
		for j, to := range all {
			_, err := to.Refresh(t.Context(), tokens.Refresh())
			want := "invalid: signature"
			if i == j {
				want = "ok"
			}
			if got := outcome(err); got != want {
				t.Errorf("a token of %d at %d: got %s, want %s", i, j, got, want)
			}
		}
	}
}

// A secret is rotated in three deploys. In each, old and new instances serve the same clients, and
// no client is logged out.
func TestRotationOfTheSecret(t *testing.T) {
	w := newWorld()
	instance := func(first []byte, others ...[]byte) *session.Manager {
		var opts []session.Option
		if len(others) > 0 {
			opts = append(opts, session.WithOtherSecrets(others...))
		}
		return must(session.New(w.store, w.issuer, first, policy, opts...))
	}
	stages := []*session.Manager{
		instance(secret), instance(secret, otherSecret), instance(otherSecret, secret), instance(otherSecret),
	}
	var held []string
	for stage := range len(stages) - 1 {
		for i := range 200 { // the two versions of a deploy take turns at random
			m := stages[stage+i*7%5%2]
			tokens := must(m.Start(t.Context(), "alice", nil))
			held = append(held, tokens.Refresh())
			k := i * 13 % len(held)
			if stage == 2 && i == 0 { // Idle later: every client has refreshed, or has expired
				for k := range held {
					held[k] = must(stages[2].Refresh(t.Context(), held[k])).Refresh()
				}
			}
			again, err := m.Refresh(t.Context(), held[k])
			if err != nil {
				t.Fatalf("stage %d, call %d: got %v, want tokens", stage, i, err)
			}
			held[k] = again.Refresh()
		}
	}
	// A token of the old secret is not valid any more, and does not end the session.
	old := must(stages[0].Start(t.Context(), "alice", nil)).Refresh()
	_, err := stages[3].Refresh(t.Context(), old)
	wantOutcome(t, err, "invalid: signature")
	w.refresh(t, old)
}

// Refresh returns the same text as long as the refresh token is not replaced: a client may compare
// it.
func TestSameTextWhileYoung(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	for _, d := range []time.Duration{0, time.Millisecond, grace, grace - 2*time.Millisecond} {
		w.clock.Advance(d)
		if got := w.refresh(t, first); got != first {
			t.Errorf("after %v: got another refresh token, want the same", d)
		}
	}
	w.clock.Advance(time.Millisecond)
	if got := w.refresh(t, first); got == first || generation(got) != 2 {
		t.Errorf("at twice Grace: got generation %d, want 2", generation(got))
	}
}

func FuzzParse(f *testing.F) {
	// The fuzzing engine runs several processes, so the good refresh token is the same in each.
	w := newWorld()
	family := []byte("sixteen letters.")
	sum := sha256.Sum256(append([]byte("jwtexp session id 1"), family...))
	end := epoch.Add(lifetime).Truncate(time.Second)
	good := mint(secret, label, family, 1, end)
	err := w.store.Create(f.Context(), session.Record{ID: base64.RawURLEncoding.EncodeToString(sum[:16]), Subject: "alice",
		Generation: 1, Started: epoch, Refreshed: epoch, Expires: end, End: end})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:59])
	f.Add("rt1_" + strings.Repeat("-", 56))
	f.Fuzz(func(t *testing.T, text string) {
		w.store.taken()
		_, err := w.Refresh(t.Context(), text)
		switch calls := w.store.taken(); {
		case text == good && err != nil:
			t.Errorf("got %v, want tokens", err)
		case text == good:
		case outcome(err) != "invalid: malformed" && outcome(err) != "invalid: signature":
			t.Errorf("%q: got %v, want invalid", text, err)
		case len(calls) > 0:
			t.Errorf("%q: got calls of the store %v, want none", text, calls)
		case text != "" && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), text) && len(text) > 10:
			t.Errorf("got an error with the text of the token")
		}
	})
}
