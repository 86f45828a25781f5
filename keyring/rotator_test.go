package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

func TestNewRotatorReportsEveryFault(t *testing.T) {
	ring, store := newRing(t, schedule), new(memory)
	single := newRing(t, keyring.Schedule{Lifetime: lifetime})
	for _, tt := range []struct {
		name   string
		ring   *keyring.Ring
		store  keyring.Store
		config keyring.RotatorConfig
		want   []string
	}{
		{"only an algorithm", ring, store, keyring.RotatorConfig{Algorithm: jwtexp.HS256}, nil},
		{"everything wrong", nil, nil, keyring.RotatorConfig{Algorithm: "none", Every: -1, Poll: -2, Clock: (*jwtexptest.Clock)(nil)},
			[]string{"ring: nil or zero", "store: nil", `Algorithm: unsupported algorithm "none"`, "Every: -1ns", "Poll: -2ns", "Clock: a nil pointer"}},
		{"zero Ring", new(keyring.Ring), store, nightly, []string{"ring: nil or zero; make it with New"}},
		{"nil *memory", ring, (*memory)(nil), nightly, []string{"store: nil"}},
		{"empty path", ring, keyring.Directory(""), nightly, []string{"store: nil; pass a Store, such as Directory with a path that is not empty"}},
		{"no algorithm", ring, store, keyring.RotatorConfig{}, []string{`Algorithm: unsupported algorithm ""`}},
		{"Poll as long as Propagation", ring, store, keyring.RotatorConfig{Algorithm: jwtexp.ES256, Poll: propagation}, []string{"Poll: 1h0m0s is not shorter"}},
		{"Poll shorter than Propagation", ring, store, keyring.RotatorConfig{Algorithm: jwtexp.ES256, Poll: propagation - 1}, nil},
		{"Every shorter than Propagation", ring, store, keyring.RotatorConfig{Algorithm: jwtexp.ES256, Every: propagation - 1}, []string{"Every: 59m59.999999999s is shorter than the schedule's Propagation"}},
		{"Every as long as Propagation", ring, store, keyring.RotatorConfig{Algorithm: jwtexp.ES256, Every: propagation}, nil},
		{"any Poll without Propagation", single, store, keyring.RotatorConfig{Algorithm: jwtexp.ES256, Poll: time.Hour}, nil},
		{"Propagation of a nanosecond", newRing(t, keyring.Schedule{Lifetime: lifetime, Propagation: 1}), store, nightly, []string{"Poll: 1ns is not shorter"}},
		{"Propagation of two nanoseconds", newRing(t, keyring.Schedule{Lifetime: lifetime, Propagation: 2}), store, nightly, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rotator, err := keyring.NewRotator(tt.ring, tt.store, tt.config)
			if (rotator == nil) != (tt.want != nil) || (err != nil) != (tt.want != nil) {
				t.Fatalf("got %v, %v; want %d faults", rotator, err, len(tt.want))
			}
			if got := strings.Count(fmt.Sprint(err), "keyring: NewRotator: "); got != len(tt.want) {
				t.Errorf("got %v, want %d faults", err, len(tt.want))
			}
			for _, want := range tt.want {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("got %v, want an error that contains %q", err, want)
				}
			}
		})
	}
	if store.text != nil {
		t.Errorf("got %q in the store, want NewRotator not to use it", store.text)
	}
}

// NewRotator accepts every algorithm of package jwtexp.
func TestRotatorOfEveryAlgorithm(t *testing.T) {
	for _, alg := range []jwtexp.Algorithm{
		jwtexp.HS256, jwtexp.HS384, jwtexp.HS512, jwtexp.RS256, jwtexp.RS384, jwtexp.RS512, jwtexp.PS256, jwtexp.PS384, jwtexp.PS512,
		jwtexp.ES256, jwtexp.ES384, jwtexp.ES512, jwtexp.EdDSA, jwtexp.Ed25519,
	} {
		if _, err := keyring.NewRotator(newRing(t, schedule), new(memory), keyring.RotatorConfig{Algorithm: alg}); err != nil {
			t.Errorf("%s: got %v, want nil", alg, err)
		}
	}
}

func TestZeroRotator(t *testing.T) {
	for name, rotator := range map[string]*keyring.Rotator{"nil": nil, "zero": new(keyring.Rotator)} {
		_, rotateErr := rotator.Rotate(t.Context())
		for method, err := range map[string]error{
			"Check": rotator.Check(t.Context()), "Rotate": rotateErr, "Revoke": rotator.Revoke(t.Context(), "a"),
			"Run": rotator.Run(t.Context()),
		} {
			if want := "keyring: " + method + ": the Rotator is nil or zero; make it with NewRotator"; fmt.Sprint(err) != want {
				t.Errorf("%s: %s: got %v, want %s", name, method, err, want)
			}
		}
	}
}

// Check makes the first key, which signs at once, and then a key a day.
func TestCheckRotatesOnTime(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, nightly)
	for _, tt := range []struct {
		now   time.Duration // after epoch
		keys  int           // made so far
		signs int           // the key that signs, counted from 1
	}{
		{0, 1, 1}, {0, 1, 1}, {time.Minute, 1, 1}, {day - 1, 1, 1},
		{day, 2, 1}, {day, 2, 1}, {day + propagation - 1, 2, 1}, {day + propagation, 2, 2}, {2*day - 1, 2, 2},
		{2*day + time.Minute, 3, 2}, // a poll comes late
		{3 * day, 3, 3}, {3*day + time.Minute - 1, 3, 3}, {3*day + time.Minute, 4, 3},
		{30 * day, 5, 4}, {30*day + propagation, 5, 5},
	} {
		i.checkAt(epochPlus(tt.now))
		if got := store.made(); got != tt.keys {
			t.Errorf("at +%v: got %d keys, want %d", tt.now, got, tt.keys)
		}
		entries := i.ring.State().Entries
		signer := slices.IndexFunc(entries, func(e keyring.Entry) bool {
			return e.ID == viewAt(i.ring, epochPlus(tt.now)).Signs
		})
		if got := tt.keys - len(entries) + signer + 1; got != tt.signs {
			t.Errorf("at +%v: got key %d to sign, want key %d", tt.now, got, tt.signs)
		}
	}
}

// New keys have the texts that the documentation promises, and other instances load them.
func TestKeysOfEveryAlgorithm(t *testing.T) {
	for _, tt := range []struct {
		alg  jwtexp.Algorithm
		kind string
	}{
		{jwtexp.HS256, "secret"}, {jwtexp.HS384, "secret"}, {jwtexp.HS512, "secret"},
		{jwtexp.RS256, "private"}, {jwtexp.PS512, "private"}, // the other four take seconds more
		{jwtexp.ES256, "private"}, {jwtexp.ES384, "private"}, {jwtexp.ES512, "private"},
		{jwtexp.EdDSA, "private"}, {jwtexp.Ed25519, "private"},
	} {
		t.Run(string(tt.alg), func(t *testing.T) {
			store := new(memory)
			config := keyring.RotatorConfig{Algorithm: tt.alg, Every: day}
			a, b := newInstance(t, store, config), newInstance(t, store, config)
			a.checkAt(epoch)
			b.checkAt(epoch)
			token := a.issueAt(epoch)
			if got := b.verdictAt(token, epoch); got != "good" {
				t.Errorf("got %s, want good", got)
			}
			_, keys := stored(t, store)
			if len(keys) != 1 || keys[0].Alg != string(tt.alg) || keys[0].kind() != tt.kind {
				t.Fatalf("got %d keys, of which the first is for %s and %s, want one for %s, %s", len(keys), keys[0].Alg, keys[0].kind(), tt.alg, tt.kind)
			}
			key := must(a.ring.SigningKey(t.Context(), epoch))
			if tt.kind == "private" {
				if want := must(keyring.Thumbprint(key.PublicKey())); key.ID() != want {
					t.Errorf("got ID %q, want the thumbprint %q", key.ID(), want)
				}
			} else if len(key.ID()) < 20 {
				t.Errorf("got ID %q, want a random one", key.ID())
			}
			sizes := map[jwtexp.Algorithm]int{jwtexp.HS256: 44, jwtexp.HS384: 64, jwtexp.HS512: 88} // in base64
			if want, secret := sizes[tt.alg]; secret && len(keys[0].Key) != want {
				t.Errorf("got a secret of %d characters, want %d", len(keys[0].Key), want)
			}
			if public, ok := key.PublicKey().(interface{ Size() int }); ok && public.Size() != 3072/8 {
				t.Errorf("got an RSA key of %d bits, want 3072", 8*public.Size())
			}
		})
	}
}

// After a change of the configured algorithm, the stored keys keep theirs.
func TestAlgorithmChanges(t *testing.T) {
	store := new(memory)
	var tokens []*jwtexp.Token
	now := epoch
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.ES256, jwtexp.Ed25519, jwtexp.HS512} {
		i := newInstance(t, store, keyring.RotatorConfig{Algorithm: alg, Every: 2 * propagation})
		i.checkAt(now)
		now = now.Add(propagation)
		token := i.issueAt(now)
		if got := must(i.ring.SigningKey(t.Context(), now)).Algorithm(); got != alg {
			t.Errorf("got a key for %s, want %s", got, alg)
		}
		tokens = append(tokens, token)
		for n, token := range tokens {
			if got := i.verdictAt(token, now); got != "good" && n == len(tokens)-1 || got != "good" && got != "expired" {
				t.Errorf("with %s: token %d: got %s, want good or expired", alg, n, got)
			}
		}
		now = now.Add(propagation)
	}
}

// The store keeps no text that is no longer needed.
func TestStoredKeysArePruned(t *testing.T) {
	const (
		takeover  = day + propagation
		ended     = takeover + lifetime         // NotAfter of the first key
		forgotten = ended + leeway + grace      // of the first key
		replaced  = 2*day + propagation         // the second key stops signing
		weak      = jwtexp.Algorithm("Ed25519") // any key pair
	)
	type step struct {
		now  time.Duration // after epoch
		want []string      // kinds, oldest first
	}
	for alg, steps := range map[jwtexp.Algorithm][]step{
		weak: {
			{0, []string{"private"}},
			{day, []string{"private", "private"}},
			{ended - 1, []string{"private", "private"}},
			{ended, []string{"private", "private"}},
			{2 * day, []string{"public", "private", "private"}},
			{replaced + lifetime, []string{"public", "private", "private"}},
			{forgotten - 1, []string{"public", "private", "private"}},
			{forgotten, []string{"private", "private"}},
		},
		jwtexp.HS256: {
			{0, []string{"secret"}},
			{day, []string{"secret", "secret"}},
			{ended, []string{"secret", "secret"}},
			{2 * day, []string{"secret", "secret", "secret"}},
			{forgotten - 1, []string{"secret", "secret", "secret"}},
			{forgotten, []string{"secret", "secret"}},
		},
	} {
		store := new(memory)
		i := newInstance(t, store, keyring.RotatorConfig{Algorithm: alg, Every: day})
		for _, s := range steps {
			i.checkAt(epochPlus(s.now))
			var got []string
			_, keys := stored(t, store)
			for _, k := range keys {
				got = append(got, k.kind())
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("%s, at +%v (-want +got):\n%s", alg, s.now, diff)
			}
			if restarted := newInstance(t, store, nightly); true {
				restarted.checkAt(epochPlus(s.now))
				if diff := cmp.Diff(viewAt(i.ring, epochPlus(s.now)), viewAt(restarted.ring, epochPlus(s.now))); diff != "" {
					t.Errorf("%s, at +%v, after a restart (-before +after):\n%s", alg, s.now, diff)
				}
			}
		}
		saves := store.saves
		i.checkAt(i.clock.Now())
		if store.saves != saves {
			t.Errorf("%s: got another save, want none if nothing changes", alg)
		}
	}
}

// Without Every, Check writes nothing, and makes no key.
func TestCheckWithoutEveryOnlyReads(t *testing.T) {
	store := new(memory)
	reader := newInstance(t, store, keyring.RotatorConfig{Algorithm: jwtexp.Ed25519})
	err := reader.rotator.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "nothing is stored yet, and Every is 0; make the first key with Rotate") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
	writer := newInstance(t, store, nightly)
	writer.checkAt(epoch)
	writer.checkAt(epochPlus(day))
	saves := store.saves
	for _, d := range []time.Duration{day, 2 * day, 100 * day} {
		reader.checkAt(epochPlus(d))
		if diff := cmp.Diff(viewAt(writer.ring, epochPlus(d)), viewAt(reader.ring, epochPlus(d))); diff != "" {
			t.Errorf("at +%v (-writer +reader):\n%s", d, diff)
		}
	}
	if store.saves != saves {
		t.Errorf("got %d saves, want none", store.saves-saves)
	}
	id := reader.rotate()
	if got := viewAt(reader.ring, reader.clock.Now().Add(propagation)).Signs; got != id {
		t.Errorf("after Rotate: got signer %q, want %q", got, id)
	}
}

func TestRotatorRotate(t *testing.T) {
	store := new(memory)
	a, b := newInstance(t, store, nightly), newInstance(t, store, nightly)
	first := a.rotate()
	if got := viewAt(a.ring, epoch).Signs; got != first {
		t.Errorf("got signer %q, want the first key %q at once", got, first)
	}
	b.clock.Set(epochPlus(time.Minute))
	second := b.rotate() // loads first
	if got := viewAt(b.ring, epochPlus(time.Minute)); got.Signs != first || !slices.Equal(got.Published, []string{second, first}) {
		t.Errorf("got %+v, want %q to sign and %q published", got, first, second)
	}
	a.checkAt(epochPlus(2 * time.Minute))
	if got := viewAt(a.ring, epochPlus(time.Minute+propagation)).Signs; got != second {
		t.Errorf("got signer %q, want %q", got, second)
	}
	// Every counts from the newest key.
	a.checkAt(epochPlus(day + time.Minute - 1))
	if got := len(a.ring.State().Entries); got != 2 {
		t.Errorf("got %d keys, want 2", got)
	}
	a.checkAt(epochPlus(day + time.Minute))
	if got := len(a.ring.State().Entries); got != 3 {
		t.Errorf("got %d keys, want 3", got)
	}
}

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

// damages are ways to damage a stored text.
var damages = map[string]struct {
	damage func(text string) string
	want   string
}{
	"empty":          {func(string) string { return "" }, "not JSON"},
	"truncated":      {func(text string) string { return text[:len(text)/2] }, "not JSON"},
	"two documents":  {func(text string) string { return text + text }, "not JSON"},
	"null":           {func(string) string { return "null" }, "has no entries"},
	"no entries":     {func(string) string { return "{}" }, "has no entries"},
	"a list":         {func(text string) string { return "[" + text + "]" }, "wrong type"},
	"unknown member": {func(text string) string { return strings.Replace(text, `"alg"`, `"algo"`, 1) }, "does not know"},
	"no generation":  {func(text string) string { return strings.Replace(text, `"generation": 1`, `"generation": 0`, 1) }, "no generation"},
	"a time that is a key": {func(text string) string {
		return strings.Replace(text, `"published": "2026`, `"published": "-----BEGIN PRIVATE KEY-----`, 1)
	}, "wrong type"},
	"no alg":       {func(text string) string { return strings.Replace(text, `"Ed25519"`, `""`, 1) }, "alg is missing or unknown"},
	"another alg":  {func(text string) string { return strings.Replace(text, `"Ed25519"`, `"RS256"`, 1) }, "restore it from a backup, or revoke the key"},
	"secret's alg": {func(text string) string { return strings.Replace(text, `"Ed25519"`, `"HS256"`, 1) }, "the secret is not in base64"},
	"damaged PEM":  {func(text string) string { return strings.Replace(text, `KEY-----\nM`, `KEY-----\n`, 1) }, "its stored text is damaged"},
	"a key as alg": {func(text string) string { return strings.Replace(text, `"key"`, `"alg"`, 1) }, "alg is missing or unknown"},
	"no key": {func(text string) string {
		return regexp.MustCompile(`"key": "[^"]*"`).ReplaceAllString(text, `"key": ""`)
	}, "its stored text is damaged"},
	"no sign_from": {func(text string) string { return strings.Replace(text, `"sign_from": "2`, `"sign_until": "2`, 1) }, "sign_from is missing"},
}

// With a damaged text, the ring keeps its keys, nothing is written, and a restart fails.
func TestDamagedTextTakesNoKeyAway(t *testing.T) {
	for name, tt := range damages {
		t.Run(name, func(t *testing.T) {
			store := new(memory)
			i := newInstance(t, store, nightly)
			i.checkAt(epoch)
			_, keys := stored(t, store)
			good := store.text
			store.text = []byte(tt.damage(string(good)))
			if bytes.Equal(store.text, good) {
				t.Fatal("the text is not damaged")
			}
			damaged := bytes.Clone(store.text)

			i.clock.Set(epochPlus(day))
			restarted := newInstance(t, store, nightly)
			_, rotateErr := i.rotator.Rotate(t.Context())
			for what, err := range map[string]error{
				"Check": i.rotator.Check(t.Context()), "Check after a restart": restarted.rotator.Check(t.Context()), "Rotate": rotateErr,
			} {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: got %v, want an error with %q", what, err, tt.want)
				}
				if text := fmt.Sprint(err); strings.Contains(text, keys[0].Key[28:32]) || strings.Contains(text, keys[0].Key[40:60]) || strings.Contains(text, "jwtexp: ") {
					t.Errorf("%s: got %q, want no text of the store and one prefix", what, text)
				}
			}
			if !bytes.Equal(store.text, damaged) {
				t.Error("got the damaged text overwritten, want no change")
			}
			if got := i.verdictAt(i.issueAt(epochPlus(day)), epochPlus(day)); got != "good" {
				t.Errorf("got %s, want good", got)
			}
			store.text = good
			i.checkAt(epochPlus(day))
			if got := len(i.ring.State().Entries); got != 2 {
				t.Errorf("after the text was restored: got %d keys, want 2", got)
			}
		})
	}
}

// Revoke works although the texts of keys are damaged, even with a Rotator that has never loaded.
func TestRevokeWithDamagedKeys(t *testing.T) {
	for _, name := range []string{"no alg", "another alg", "secret's alg", "damaged PEM", "no key"} {
		t.Run(name, func(t *testing.T) {
			store := new(memory)
			serving := newInstance(t, store, nightly)
			serving.rotate()
			serving.checkAt(epoch)
			if got := serving.rotate(); got == "" {
				t.Fatal("got no second key")
			}
			leaked := serving.ring.State().Entries[1].ID
			token := serving.issueAt(epochPlus(propagation))
			store.text = []byte(damages[name].damage(string(store.text)))
			if err := newInstance(t, store, nightly).rotator.Revoke(t.Context(), leaked); err != nil {
				t.Fatalf("Revoke in a new process: got %v, want nil", err)
			}
			if err := serving.rotator.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("Check: got %v, want an error on the damaged key", err)
			}
			if got := serving.verdictAt(token, epochPlus(propagation)); got != unknownKey {
				t.Errorf("got %s, want %s", got, unknownKey)
			}
			if got := viewAt(serving.ring, epochPlus(propagation)).Signs; got == "" || got == leaked {
				t.Errorf("got signer %q, want the other key", got)
			}
		})
	}
}

// An empty store does not make the instances start again with new keys.
func TestEmptiedStore(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, nightly)
	i.checkAt(epoch)
	text := store.text
	store.text = nil
	i.clock.Set(epochPlus(2 * day))
	_, rotateErr := i.rotator.Rotate(t.Context())
	for what, err := range map[string]error{
		"Check": i.rotator.Check(t.Context()), "Rotate": rotateErr, "Revoke": i.rotator.Revoke(t.Context(), viewAt(i.ring, epoch).Signs),
	} {
		if err == nil || !strings.Contains(err.Error(), "the store is empty, but the ring has keys, which it keeps; restore the text from a backup, or") {
			t.Errorf("%s: got %v, want an error that says what to do", what, err)
		}
	}
	if store.text != nil {
		t.Error("got a new text in the store, want none")
	}
	if got := i.verdictAt(i.issueAt(epochPlus(2*day)), epochPlus(2*day)); got != "good" {
		t.Errorf("got %s, want good", got)
	}
	store.text = text
	i.checkAt(epochPlus(2 * day))
}

// A backup does not bring a revoked key back.
func TestRestoredBackup(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, nightly)
	i.rotate()
	leaked := i.rotate()
	backup := store.text
	token := i.issueAt(epochPlus(propagation))
	if err := i.rotator.Revoke(t.Context(), leaked); err != nil {
		t.Fatal(err)
	}
	store.text = backup
	if err := i.rotator.Check(t.Context()); !errors.Is(err, keyring.ErrOlder) || !strings.Contains(err.Error(), "restore the latest stored text") {
		t.Errorf("got %v, want ErrOlder with what to do", err)
	}
	if got := i.verdictAt(token, epochPlus(propagation)); got != unknownKey {
		t.Errorf("got %s, want %s", got, unknownKey)
	}
	// Another instance changes the backup. The first one stores its revocation again.
	other := newInstance(t, store, nightly)
	other.clock.Set(epochPlus(propagation))
	other.rotate()
	other.rotate()
	i.checkAt(epochPlus(propagation))
	other.checkAt(epochPlus(propagation))
	for name, instance := range map[string]*instance{"first": i, "other": other} {
		if got := instance.verdictAt(token, epochPlus(propagation)); got != unknownKey {
			t.Errorf("%s: got %s, want %s", name, got, unknownKey)
		}
	}
}

// A clock that is put back, or is behind or ahead, causes no second rotation.
func TestClocksThatDiffer(t *testing.T) {
	store := new(memory)
	a, b := newInstance(t, store, nightly), newInstance(t, store, nightly)
	wantKeys := func(want int, what string) {
		t.Helper()
		if got := store.made(); got != want {
			t.Errorf("%s: got %d keys made, want %d", what, got, want)
		}
	}
	a.checkAt(epoch)
	a.checkAt(epochPlus(day))
	wantKeys(2, "after a day")
	for _, back := range []time.Duration{time.Second, time.Hour, day, 30 * day} {
		a.checkAt(epochPlus(day - back))
		wantKeys(2, "clock put back")
	}
	const skew = 10 * time.Minute
	for n := range 200 { // polls of both, every 15 minutes
		now := epochPlus(day + time.Duration(n)*15*time.Minute)
		a.checkAt(now)
		b.checkAt(now.Add(-skew))
		b.checkAt(now.Add(skew))
	}
	wantKeys(4, "two more days") // b's clock was ahead
	// A clock that is days ahead makes one key, once. The key waits, and the log says so.
	var log bytes.Buffer
	config := nightly
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	late := newInstance(t, store, config)
	ahead := newInstance(t, store, nightly)
	for range 3 {
		ahead.checkAt(epochPlus(300 * day))
	}
	late.checkAt(epochPlus(4 * day))
	wantKeys(5, "a clock that is ahead")
	_, keys := stored(t, store)
	future := keys[len(keys)-1]
	if !future.Published.Equal(epochPlus(300*day)) || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), future.ID) {
		t.Errorf("got %+v and the log %q, want a key from the future and a warning on it", future.Entry, &log)
	}
	// Without that key, rotation goes on.
	if err := late.rotator.Revoke(t.Context(), future.ID); err != nil {
		t.Fatal(err)
	}
	late.checkAt(epochPlus(4 * day))
	wantKeys(6, "without the key from the future")
	if got := viewAt(late.ring, epochPlus(4*day+propagation)).Signs; got == future.ID || got == "" {
		t.Errorf("got signer %q, want a new key", got)
	}
}

func TestUnusableClock(t *testing.T) {
	for _, now := range []time.Time{{}, time.Unix(-1, 0), time.Unix(253402300800, 0), time.Unix(1<<62, 0)} {
		store := new(memory)
		i := newInstance(t, store, nightly)
		i.clock.Set(now)
		if err := i.rotator.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "the clock reads ") {
			t.Errorf("%v: got %v, want an error on the clock", now, err)
		}
		if store.text != nil {
			t.Errorf("%v: got a text in the store, want none", now)
		}
	}
}

// A Store that always reports a conflict does not keep Check busy for ever.
func TestEndlessConflicts(t *testing.T) {
	i := newInstance(t, &memory{fail: func(point string) error {
		if point == "before Save" {
			return fmt.Errorf("wrapped: %w", keyring.ErrConflict)
		}
		return nil
	}}, nightly)
	err := i.rotator.Check(t.Context())
	if !errors.Is(err, keyring.ErrConflict) || !strings.Contains(err.Error(), "does Load return what Save stored") {
		t.Errorf("got %v, want ErrConflict and what to check", err)
	}
}

// A driver that repeats a Save whose answer was lost reports a conflict with its own text. It
// causes no other key.
func TestRepeatedSave(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, nightly)
	store.fail = func(point string) error {
		if point == "after Save" {
			return keyring.ErrConflict
		}
		return nil
	}
	id := i.rotate()
	if got, keys := stored(t, store); got != 1 || len(keys) != 1 || keys[0].ID != id {
		t.Errorf("got %d keys in generation %d, want only the key that Rotate returned", len(keys), got)
	}
	if got := viewAt(i.ring, epoch).Signs; got != id {
		t.Errorf("got signer %q, want %q", got, id)
	}
}

// The errors of a Store are wrapped, and no error matches a verdict.
func TestErrorsOfTheStore(t *testing.T) {
	down := errors.New("out of reach")
	for point, want := range map[string]string{
		"Load": "cannot load from the store: out of reach", "before Save": "cannot save to the store: out of reach",
	} {
		i := newInstance(t, &memory{fail: func(p string) error {
			if p == point {
				return down
			}
			return nil
		}}, nightly)
		id, rotateErr := i.rotator.Rotate(t.Context())
		if id != "" {
			t.Errorf("%s: got ID %q beside an error, want none", point, id)
		}
		for method, err := range map[string]error{"Check": i.rotator.Check(t.Context()), "Rotate": rotateErr} {
			if !errors.Is(err, down) || err.Error() != "keyring: "+method+": "+want {
				t.Errorf("%s: %s: got %v, want %s", point, method, err, want)
			}
			if errors.Is(err, jwtexp.ErrUnavailable) {
				t.Errorf("%s: %s: got a verdict, want none", point, method)
			}
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(down)
	if err := newInstance(t, new(memory), nightly).rotator.Check(ctx); !errors.Is(err, down) {
		t.Errorf("done context: got %v, want its cause", err)
	}
}

// No log line, error or rendering of a Rotator has a key in it.
func TestRotatorKeepsSecrets(t *testing.T) {
	var log bytes.Buffer
	store := new(memory)
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.Ed25519} {
		config := keyring.RotatorConfig{Algorithm: alg, Every: day, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		store.text = nil
		i := newInstance(t, store, config)
		i.checkAt(epoch)
		id := viewAt(i.ring, epoch).Signs
		if !strings.Contains(log.String(), "made a new key") || !strings.Contains(log.String(), id) {
			t.Errorf("got the log %q, want the new key %q", &log, id)
		}
		_, keys := stored(t, store)
		texts := []string{log.String(), fmt.Sprintf("%+v %#v", i.ring, i.ring)}
		store.text = nil
		texts = append(texts, fmt.Sprintf("%+v %#v", i.rotator, i.rotator))
		for _, text := range texts {
			for _, line := range strings.Split(keys[0].Key, "\n") {
				if line != "" && strings.Contains(text, line) {
					t.Errorf("%s: got %q, which has the key in it", alg, text)
				}
			}
		}
	}
}

// The log says which keys were made and revoked. A first key is a warning, because the store may have
// lost its keys.
func TestRotatorLogs(t *testing.T) {
	var log bytes.Buffer
	config := nightly
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	i := newInstance(t, new(memory), config)
	wantLine := func(level, message, id string) {
		t.Helper()
		line := log.String()
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, "level="+level) || !strings.Contains(line, message) || !strings.Contains(line, "id="+id) {
			t.Errorf("got the log %q, want one line of level %s with %q and the ID %s", line, level, message, id)
		}
		log.Reset()
	}
	i.checkAt(epoch)
	first := viewAt(i.ring, epoch).Signs
	wantLine("WARN", "the store was empty", first)
	i.checkAt(epochPlus(day))
	wantLine("INFO", "made a new key", viewAt(i.ring, epochPlus(day+propagation)).Signs)
	i.checkAt(epochPlus(day))
	if log.Len() > 0 {
		t.Errorf("got the log %q, want no line if nothing changes", &log)
	}
	if err := i.rotator.Revoke(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	wantLine("WARN", "revoked a key", first)
}

// An instance whose clock is ahead keeps the others from nothing. Their tokens are good, and so are its
// own as soon as the others know its keys.
func TestClockAhead(t *testing.T) {
	for _, ahead := range []time.Duration{2 * leeway, 2 * lifetime, propagation, 9 * time.Hour, 25 * time.Hour} {
		store := new(memory)
		right, fast := newInstance(t, store, nightly), newInstance(t, store, nightly)
		for now := time.Duration(0); now < 3*day; now += propagation / 6 {
			fast.checkAt(epochPlus(now + ahead))
			right.checkAt(epochPlus(now))
			if now == day { // a new instance, which has no private halves but those in the store
				right = newInstance(t, store, nightly)
				right.checkAt(epochPlus(now))
			}
			if got := right.verdictAt(right.issueAt(epochPlus(now)), epochPlus(now)); got != "good" {
				t.Fatalf("%v ahead, at +%v: got %s, want good", ahead, now, got)
			}
		}
	}
}

// A call does not wait longer than its context for another call that hangs.
func TestCallsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(t, stuckStore{}, nightly)
		hang, end := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { first <- i.rotator.Check(hang) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ended := make(chan error, 3)
		go func() { ended <- i.rotator.Check(ctx) }()
		go func() {
			_, err := i.rotator.Rotate(ctx)
			ended <- err
		}()
		go func() { ended <- i.rotator.Revoke(ctx, "a") }()
		<-ctx.Done()
		synctest.Wait()
		if len(ended) != cap(ended) {
			t.Errorf("got %d calls that ended with their context, want %d", len(ended), cap(ended))
		}
		for range len(ended) {
			if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another call has not ended") {
				t.Errorf("got %v, want the end of its context", err)
			}
		}
		end()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the call that hung: got %v, want %v", err, context.Canceled)
		}
	})
}

// A stuckStore answers when the context ends.
type stuckStore struct{}

func (stuckStore) Load(ctx context.Context) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (stuckStore) Save(context.Context, []byte, []byte) error { return nil }
