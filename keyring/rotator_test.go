package keyring_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
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
