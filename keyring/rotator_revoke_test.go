package keyring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

func TestRotatorRevoke(t *testing.T) {
	for _, every := range []time.Duration{0, day} {
		store := new(memory)
		config := keyring.RotatorConfig{Algorithm: jwtexp.Ed25519, Every: every}
		a, b := newInstance(t, store, config), newInstance(t, store, config)
		first := a.rotate()
		a.clock.Advance(time.Minute)
		second := a.rotate()
		b.checkAt(a.clock.Now())
		token := a.issueAt(a.clock.Now())
		revoke := func(id string) {
			t.Helper()
			if err := a.rotator.Revoke(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		revoke(first)
		if got := a.verdictAt(token, a.clock.Now()); got != unknownKey {
			t.Errorf("got %s, want %s", got, unknownKey)
		}
		if got := viewAt(a.ring, a.clock.Now()).Signs; got != second {
			t.Errorf("got signer %q, want %q", got, second)
		}
		if got := b.verdictAt(token, a.clock.Now()); got != "good" {
			t.Errorf("another instance, before its Check: got %s, want good", got)
		}
		// The same Revoke in another instance loads the revocation.
		if err := b.rotator.Revoke(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if got := b.verdictAt(token, a.clock.Now()); got != unknownKey {
			t.Errorf("another instance: got %s, want %s", got, unknownKey)
		}
		if _, keys := stored(t, store); keys[0].ID != first || keys[0].kind() != "none" || keys[0].Alg != "" || keys[0].Revoked.IsZero() {
			t.Errorf("got %q, %s, revoked at %v, want the revoked key without its text", keys[0].ID, keys[0].kind(), keys[0].Revoked)
		}
		// Without another key, there is a new one at once if the Rotator makes keys.
		revoke(second)
		if got := viewAt(a.ring, a.clock.Now()).Signs; (got != "") != (every > 0) {
			t.Errorf("Every %v, no key left: got signer %q, want one: %t", every, got, every > 0)
		}
		third := a.rotate()
		if got := viewAt(a.ring, a.clock.Now()); !slices.Contains(got.Trusted, third) {
			t.Errorf("got %+v, want %q in it", got, third)
		}
		err := a.rotator.Revoke(t.Context(), "unknown")
		if err == nil || !strings.Contains(err.Error(), `keyring: Revoke: key "unknown": `) {
			t.Errorf("got %v, want an error that names the key", err)
		}
	}
}

// If the newest key is revoked, Check replaces it as soon as the key before it is due.
func TestRevokedKeysDoNotDelayTheNext(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, nightly)
	i.checkAt(epoch)
	i.checkAt(epochPlus(day))
	newest := i.ring.State().Entries[1].ID
	if err := i.rotator.Revoke(t.Context(), newest); err != nil {
		t.Fatal(err)
	}
	entries := i.ring.State().Entries
	if len(entries) != 3 || entries[2].Published != epochPlus(day) && entries[1].Published != epochPlus(day) {
		t.Errorf("got %+v, want a key instead of the revoked one", entries)
	}
	if got := viewAt(i.ring, epochPlus(day+propagation)).Signs; got == newest || got == "" {
		t.Errorf("got signer %q, want the new key", got)
	}
}

// If no key can sign, a new one is due, although another key that verifies was published lately.
func TestRevokedSignerIsReplaced(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, nightly)
	i.checkAt(epoch)
	second := i.rotate()
	now := epochPlus(propagation + time.Minute)
	i.clock.Set(now)
	noError(t, i.rotator.Revoke(t.Context(), second))
	if got := viewAt(i.ring, now); got.Signs == "" || got.Signs == second || len(got.Trusted) != 2 {
		t.Errorf("got %+v, want a new key to sign at once", got)
	}
}
