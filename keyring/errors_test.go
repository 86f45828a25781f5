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

	empty := "keyring: the ring has no keys; call Rotate or Load first"
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
