package keyring_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// Each change is one generation, and what changes nothing is none.
func TestGenerationGrowsWithEachChange(t *testing.T) {
	ring := newRing(t, schedule)
	wantGeneration := func(what string, want uint64) {
		t.Helper()
		if got := ring.State().Generation; got != want {
			t.Errorf("%s: got generation %d, want %d", what, got, want)
		}
	}
	if diff := cmp.Diff(keyring.State{}, ring.State()); diff != "" {
		t.Errorf("no keys (-want +got):\n%s", diff)
	}
	rotate(t, ring, "a", epoch)
	wantGeneration("Rotate", 1)
	rotate(t, ring, "b", epoch)
	wantGeneration("Rotate again", 2)
	revoke(t, ring, "a", epoch)
	wantGeneration("Revoke", 3)
	revoke(t, ring, "a", at(1))
	wantGeneration("Revoke again", 3)
	if err := ring.Revoke("x", epoch); err == nil {
		t.Error("got no error for a key that is not there, want one")
	}
	if err := ring.Rotate(newKey("a"), epoch); err == nil {
		t.Error("got a revoked key rotated in, want an error")
	}
	wantGeneration("errors", 3)
	if err := ring.Load(ring.State(), keyByID); err != nil {
		t.Fatal(err)
	}
	wantGeneration("Load of its own", 3)
	later := ring.State()
	later.Generation = 10
	if err := ring.Load(later, keyByID); err != nil {
		t.Fatal(err)
	}
	wantGeneration("Load of a later one", 10)
}

// A Ring does not go back, and says how to do so on purpose.
func TestLoadDoesNotGoBack(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	older := ring.State()
	rotate(t, ring, "b", epoch)
	want := ring.State()
	err := ring.Load(older, keyByID)
	if !errors.Is(err, keyring.ErrOlder) || !strings.Contains(err.Error(), "generation 1") || !strings.Contains(err.Error(), "2") {
		t.Errorf("got %v, want ErrOlder and both generations", err)
	}
	if diff := cmp.Diff(want, ring.State()); diff != "" {
		t.Errorf("the state changed (-want +got):\n%s", diff)
	}
	if err := newRing(t, schedule).Load(older, keyByID); err != nil {
		t.Errorf("a new Ring: got %v, want the older state loaded", err)
	}
}

// Two instances change one state. With a condition on the generation one of them is told,
// and does it again: nothing is lost.
func TestTwoInstancesChangeOneState(t *testing.T) {
	store := newRing(t, schedule)
	rotate(t, store, "a", epoch)
	rotate(t, store, "b", epoch)
	stored := store.State()
	save := func(s keyring.State, before uint64) bool {
		if stored.Generation != before {
			return false
		}
		stored = s
		return true
	}
	load := func() *keyring.Ring {
		ring := newRing(t, schedule)
		if err := ring.Load(stored, keyByID); err != nil {
			t.Fatal(err)
		}
		return ring
	}

	rotating, revoking := load(), load()
	before := stored.Generation
	rotate(t, rotating, "c", epoch)
	revoke(t, revoking, "a", epoch)
	if !save(rotating.State(), before) {
		t.Error("the first: got it refused, want it stored")
	}
	if save(revoking.State(), before) {
		t.Error("the second: got it stored over the first, want it refused")
	}
	// The ring that was refused knows of its revocation still. Its State is another
	// generation, or the next instance would not notice that it is another State.
	if err := revoking.Load(stored, keyByID); err != nil {
		t.Fatal(err)
	}
	before = stored.Generation
	late := load()
	if !save(revoking.State(), before) {
		t.Error("again: got it refused, want it stored")
	}
	rotate(t, late, "d", epoch)
	if save(late.State(), before) {
		t.Error("a third: got the revocation overwritten, want it refused")
	}
	want := view{"b", []string{"c", "b"}, []string{"c", "b"}, propagation / 2}
	if diff := cmp.Diff(want, look(load(), epoch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A ring with changes that were not stored loads no state that is older, and learns of the
// revocations in it all the same.
func TestRevocationsOfAnOlderState(t *testing.T) {
	store := newRing(t, schedule)
	rotate(t, store, "a", epoch)
	rotate(t, store, "b", epoch)
	ahead := newRing(t, schedule)
	if err := ahead.Load(store.State(), keyByID); err != nil {
		t.Fatal(err)
	}
	rotate(t, ahead, "c", epoch)
	rotate(t, ahead, "d", epoch)
	revoke(t, store, "a", epoch)
	if err := ahead.Load(store.State(), keyByID); !errors.Is(err, keyring.ErrOlder) {
		t.Errorf("got %v, want ErrOlder", err)
	}
	if got, _ := ahead.VerificationKeys(t.Context(), "a", epoch); got != nil {
		t.Errorf("got %v, want the revoked key gone", got)
	}
}

// If keys of a state are missing, its revocations count all the same.
func TestRevocationsOfAStateWithMissingKeys(t *testing.T) {
	errMissing := errors.New("no such file")
	without := func(missing ...string) func(string) (jwtexp.Key, error) {
		return func(id string) (jwtexp.Key, error) {
			if slices.Contains(missing, id) {
				return jwtexp.Key{}, errMissing
			}
			return newKey(id), nil
		}
	}
	build := func() (instance, store *keyring.Ring) {
		store = newRing(t, schedule)
		for _, id := range []string{"a", "b", "c"} {
			rotate(t, store, id, epoch)
		}
		instance = newRing(t, schedule)
		if err := instance.Load(store.State(), keyByID); err != nil {
			t.Fatal(err)
		}
		return instance, store
	}
	for _, tt := range []struct {
		name   string
		change func(*keyring.Ring)
		broken func(*keyring.State)
		want   view
	}{
		{"the signing key revoked", func(store *keyring.Ring) {
			revoke(t, store, "a", at(time.Minute))
			rotate(t, store, "new", at(time.Minute))
		}, nil,
			view{"b", []string{"c", "b"}, []string{"c", "b"}, propagation / 2}},
		{"a later key revoked", func(store *keyring.Ring) {
			rotate(t, store, "new", at(time.Minute))
			revoke(t, store, "c", at(time.Minute))
		}, nil,
			view{"a", []string{"b", "a"}, []string{"b", "a"}, propagation / 2}},
		{"all revoked", func(store *keyring.Ring) {
			for _, id := range []string{"a", "b", "c"} {
				revoke(t, store, id, at(time.Minute))
			}
			rotate(t, store, "new", at(time.Minute))
		}, nil, view{"", nil, nil, propagation / 2}},
		{"nothing revoked", func(store *keyring.Ring) { rotate(t, store, "new", at(time.Minute)) }, nil,
			view{"a", []string{"c", "b", "a"}, []string{"c", "b", "a"}, propagation / 2}},
		{"entries that contradict each other, too", func(store *keyring.Ring) {
			revoke(t, store, "a", at(time.Minute))
			rotate(t, store, "new", at(time.Minute))
		},
			func(s *keyring.State) { s.Entries = append(s.Entries, s.Entries[1]) },
			view{"a", []string{"c", "b", "a"}, []string{"c", "b", "a"}, propagation / 2}},
		{"an older generation", func(store *keyring.Ring) {
			revoke(t, store, "a", at(time.Minute))
			rotate(t, store, "new", at(time.Minute))
		},
			func(s *keyring.State) { s.Generation = 1 },
			view{"b", []string{"c", "b"}, []string{"c", "b"}, propagation / 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			instance, store := build()
			generation := instance.State().Generation
			tt.change(store)
			stored := store.State()
			if tt.broken != nil {
				tt.broken(&stored)
			}
			err := instance.Load(stored, without("new"))
			if !errors.Is(err, errMissing) || !strings.Contains(err.Error(), `"new"`) {
				t.Errorf("got %v, want an error that names the key", err)
			}
			if got, want := errors.Is(err, keyring.ErrOlder), stored.Generation < generation; got != want {
				t.Errorf("got %v, which is ErrOlder: %t, want %t", err, got, want)
			}
			if diff := cmp.Diff(tt.want, look(instance, at(time.Minute))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := instance.State().Generation; got != generation {
				t.Errorf("got generation %d after a partial load, want %d still", got, generation)
			}
			// When the key is there, all of it is loaded.
			if tt.broken == nil {
				if err := instance.Load(stored, keyByID); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(store.State(), instance.State()); diff != "" {
					t.Errorf("after a whole load (-want +got):\n%s", diff)
				}
			}
		})
	}
	t.Run("a ring without keys stays without", func(t *testing.T) {
		_, store := build()
		revoke(t, store, "a", at(time.Minute))
		ring := newRing(t, schedule)
		if err := ring.Load(store.State(), without("b")); !errors.Is(err, errMissing) {
			t.Errorf("got %v, want the error of the func", err)
		}
		if _, err := ring.VerificationKeys(t.Context(), "a", epoch); err == nil {
			t.Error("got no error of a ring without keys, want an outage")
		}
	})
	t.Run("a key that comes later is revoked already", func(t *testing.T) {
		instance, store := build()
		rotate(t, store, "d", epoch)
		revoke(t, store, "d", epoch)
		rotate(t, store, "new", epoch)
		if err := instance.Load(store.State(), without("new")); err == nil {
			t.Fatal("got no error, want one")
		}
		if err := instance.Rotate(newKey("d"), epoch); err == nil {
			t.Error("got a key rotated in that was revoked elsewhere, want an error")
		}
	})
}
