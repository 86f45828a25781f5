package keyring_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// The errors of an Issuer and a Verifier say what is wrong with their ring.
func TestErrorsSayWhatIsWrongWithTheRing(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	ring := must(keyring.New(keyring.Schedule{Lifetime: time.Hour}))
	issuer := must(jwtexp.NewIssuer(ring, time.Hour, jwtexp.WithClock(clock)))
	verifier := must(jwtexp.NewVerifier(ring, jwtexp.WithClock(clock)))
	issueError := func() error { _, err := issuer.Issue(t.Context(), "alice", nil); return err }
	verifyError := func(raw string) error { _, err := verifier.Verify(t.Context(), raw); return err }
	wantText := func(err error, want string) {
		t.Helper()
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want it to have %s", err, want)
		}
	}

	empty := "keyring: the ring has no keys; call Rotator.Check, Rotate or Load first"
	wantText(issueError(), "temporarily unavailable: key source: "+empty)
	wantText(verifyError("eyJhbGciOiJFZDI1NTE5In0.e30.e30"), "temporarily unavailable: key set: "+empty)

	rotate(t, ring, "k1", clock.Now())
	old := must(issuer.Issue(t.Context(), "alice", nil)).Raw()
	rotate(t, ring, "k2", clock.Now())
	leaked := must(issuer.Issue(t.Context(), "alice", nil)).Raw()
	clock.Advance(2 * time.Hour)
	wantText(verifyError(old), "no key has the token's kid: it was kept until 2026-")
	if err := ring.Revoke("k2", clock.Now()); err != nil {
		t.Fatal(err)
	}
	wantText(verifyError(leaked), "no key has the token's kid: it was revoked at "+clock.Now().Format(time.RFC3339))
	wantText(issueError(), "key source: keyring: no key can sign, because the last one was revoked")
	if got := ring.WhyNot("k3") + new(keyring.Ring).WhyNot("k1"); got != "" {
		t.Errorf("got %q for a key that the ring never had, want nothing", got)
	}
}

// The errors of a Ring name the key, say what to do, and have one prefix.
func TestErrorsNameTheKey(t *testing.T) {
	ring := newRing(t, schedule, "a")
	load := func(key jwtexp.Key) error {
		return ring.Load(ring.State(), func(string) (jwtexp.Key, error) { return key, nil })
	}
	_, thumbprintErr := keyring.Thumbprint(nil)
	verifierOnly := newRing(t, schedule)
	if err := verifierOnly.Load(ring.State(), func(id string) (jwtexp.Key, error) { return publicHalf(newKey(id)), nil }); err != nil {
		t.Fatal(err)
	}
	_, issueErr := must(jwtexp.NewIssuer(verifierOnly, lifetime)).Issue(t.Context(), "alice", nil)
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"zero Key", ring.Rotate(jwtexp.Key{}.WithID("z"), epoch), `keyring: Rotate: key "z": the zero Key; make one with `},
		{"public key", ring.Rotate(publicHalf(newKey("p")), epoch), `keyring: Rotate: key "p": a public key cannot sign; pass the private key`},
		{"ID that is not UTF-8", ring.Rotate(newSecret("\xff"), epoch), `keyring: Rotate: key "\xff": the ID is not valid UTF-8; `},
		{"ID in use", ring.Rotate(newKey("a"), epoch), `keyring: Rotate: key "a": the ID is in use or was revoked; give a new key a new ID`},
		{"no time", ring.Rotate(newKey("n"), time.Time{}), "keyring: Rotate: now is the zero time; pass the current time"},
		{"zero Ring", new(keyring.Ring).Rotate(newKey("n"), epoch), "keyring: Rotate: the Ring is zero; make it with New"},
		{"Revoke of an unknown key", ring.Revoke("x", epoch), `keyring: Revoke: key "x": the ring has no such key; State lists the IDs`},
		{"Load of the zero Key", load(jwtexp.Key{}), `keyring: Load: loaded only the revocations: key "a": the func returned the zero Key; return the key, or an error if it is missing`},
		{"Load of another key", load(newKey("b")), `keyring: Load: loaded only the revocations: key "a": the func returned the key "b" instead`},
		{"Thumbprint", thumbprintErr, "keyring: Thumbprint: unsupported key"},
		{"Issue with a public key", issueErr, `jwtexp: Issue: key "a": a public key cannot sign; pass the private key`},
	} {
		if !strings.HasPrefix(fmt.Sprint(tt.err), tt.want) {
			t.Errorf("%s: got %v, want an error that begins with %q", tt.name, tt.err, tt.want)
		}
		if strings.Count(fmt.Sprint(tt.err), "keyring: ")+strings.Count(fmt.Sprint(tt.err), "jwtexp: ") != 1 {
			t.Errorf("%s: got %v, want one prefix", tt.name, tt.err)
		}
	}
}
