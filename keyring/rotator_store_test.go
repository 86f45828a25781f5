package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

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
