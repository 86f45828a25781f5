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

// The generation grows by one with each change, and not otherwise.
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
	revoke(t, ring, "a", epochPlus(1))
	wantGeneration("Revoke again", 3)
	if err := ring.Revoke("x", epoch); err == nil {
		t.Error("Revoke of an unknown key: got no error, want one")
	}
	if err := ring.Rotate(newKey("a"), epoch); err == nil {
		t.Error("Rotate with a revoked key: got no error, want one")
	}
	wantGeneration("errors", 3)
	if err := ring.Load(ring.State(), keyByID); err != nil {
		t.Fatal(err)
	}
	wantGeneration("Load of the ring's own state", 3)
	later := ring.State()
	later.Generation = 10
	if err := ring.Load(later, keyByID); err != nil {
		t.Fatal(err)
	}
	wantGeneration("Load of a later state", 10)
}

// Load rejects an older state. A new Ring loads it.
func TestLoadDoesNotGoBack(t *testing.T) {
	ring := newRing(t, schedule, "a")
	older := ring.State()
	rotate(t, ring, "b", epoch)
	want := ring.State()
	err := ring.Load(older, keyByID)
	if !errors.Is(err, keyring.ErrOlder) || !strings.Contains(err.Error(), "generation 1") || !strings.Contains(err.Error(), "2") {
		t.Errorf("got %v, want ErrOlder with both generations", err)
	}
	if diff := cmp.Diff(want, ring.State()); diff != "" {
		t.Errorf("the state changed (-want +got):\n%s", diff)
	}
	if err := newRing(t, schedule).Load(older, keyByID); err != nil {
		t.Errorf("Load of the older state into a new Ring: got %v, want nil", err)
	}
}

// Two instances change the same state at the same time. Comparing the generation makes one of
// them start again, so that no change is lost.
func TestTwoInstancesChangeOneState(t *testing.T) {
	store := newRing(t, schedule, "a", "b")
	stored := store.State()
	save := func(s keyring.State, before uint64) bool {
		if stored.Generation != before {
			return false
		}
		stored = s
		return true
	}
	load := func() *keyring.Ring {
		ring := loadRing(t, schedule, stored)
		return ring
	}

	rotating, revoking := load(), load()
	before := stored.Generation
	rotate(t, rotating, "c", epoch)
	revoke(t, revoking, "a", epoch)
	if !save(rotating.State(), before) {
		t.Error("first instance: got its state rejected, want it stored")
	}
	if save(revoking.State(), before) {
		t.Error("second instance: got its state stored over the first one's, want it rejected")
	}
	// After Load, the second ring still has its revocation. Its State is a new generation, so
	// that other instances notice the change.
	if err := revoking.Load(stored, keyByID); err != nil {
		t.Fatal(err)
	}
	before = stored.Generation
	late := load()
	if !save(revoking.State(), before) {
		t.Error("second instance, second attempt: got its state rejected, want it stored")
	}
	rotate(t, late, "d", epoch)
	if save(late.State(), before) {
		t.Error("third instance: got the revocation overwritten, want its state rejected")
	}
	want := view{"b", []string{"c", "b"}, []string{"c", "b"}, propagation / 2}
	if diff := cmp.Diff(want, viewAt(load(), epoch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A ring with changes that were not stored rejects an older state but applies its revocations.
func TestRevocationsOfAnOlderState(t *testing.T) {
	store := newRing(t, schedule, "a", "b")
	ahead := loadRing(t, schedule, store.State())
	rotate(t, ahead, "c", epoch)
	rotate(t, ahead, "d", epoch)
	revoke(t, store, "a", epoch)
	if err := ahead.Load(store.State(), keyByID); !errors.Is(err, keyring.ErrOlder) {
		t.Errorf("got %v, want ErrOlder", err)
	}
	if got, _ := ahead.VerificationKeys(t.Context(), "a", epoch); got != nil {
		t.Errorf("got the revoked key %v, want none", got)
	}
}

// Load applies the revocations of a state even if some of its keys are missing.
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
		store = newRing(t, schedule, "a", "b", "c")
		return loadRing(t, schedule, store.State()), store
	}
	for _, tt := range []struct {
		name   string
		change func(*keyring.Ring)
		damage func(*keyring.State) // of the stored state
		want   view
	}{
		{"signing key revoked", func(store *keyring.Ring) {
			revoke(t, store, "a", epochPlus(time.Minute))
			rotate(t, store, "new", epochPlus(time.Minute))
		}, nil,
			view{"b", []string{"c", "b"}, []string{"c", "b"}, propagation / 2}},
		{"later key revoked", func(store *keyring.Ring) {
			rotate(t, store, "new", epochPlus(time.Minute))
			revoke(t, store, "c", epochPlus(time.Minute))
		}, nil,
			view{"a", []string{"b", "a"}, []string{"b", "a"}, propagation / 2}},
		{"all keys revoked", func(store *keyring.Ring) {
			for _, id := range []string{"a", "b", "c"} {
				revoke(t, store, id, epochPlus(time.Minute))
			}
			rotate(t, store, "new", epochPlus(time.Minute))
		}, nil, view{"", nil, nil, propagation / 2}},
		{"no key revoked", func(store *keyring.Ring) { rotate(t, store, "new", epochPlus(time.Minute)) }, nil,
			view{"a", []string{"c", "b", "a"}, []string{"c", "b", "a"}, propagation / 2}},
		{"contradicting entries too", func(store *keyring.Ring) {
			revoke(t, store, "a", epochPlus(time.Minute))
			rotate(t, store, "new", epochPlus(time.Minute))
		},
			func(s *keyring.State) { s.Entries = append(s.Entries, s.Entries[1]) },
			view{"a", []string{"c", "b", "a"}, []string{"c", "b", "a"}, propagation / 2}},
		{"older generation too", func(store *keyring.Ring) {
			revoke(t, store, "a", epochPlus(time.Minute))
			rotate(t, store, "new", epochPlus(time.Minute))
		},
			func(s *keyring.State) { s.Generation = 1 },
			view{"b", []string{"c", "b"}, []string{"c", "b"}, propagation / 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			instance, store := build()
			generation := instance.State().Generation
			tt.change(store)
			stored := store.State()
			if tt.damage != nil {
				tt.damage(&stored)
			}
			err := instance.Load(stored, without("new"))
			if !errors.Is(err, errMissing) || !strings.Contains(err.Error(), `"new"`) {
				t.Errorf("got %v, want an error that names the key", err)
			}
			if got, want := errors.Is(err, keyring.ErrOlder), stored.Generation < generation; got != want {
				t.Errorf("got %v, which matches ErrOlder: %t, want %t", err, got, want)
			}
			if diff := cmp.Diff(tt.want, viewAt(instance, epochPlus(time.Minute))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := instance.State().Generation; got != generation {
				t.Errorf("after a partial load: got generation %d, want %d", got, generation)
			}
			// With the missing key, the whole state is loaded.
			if tt.damage == nil {
				if err := instance.Load(stored, keyByID); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(store.State(), instance.State()); diff != "" {
					t.Errorf("after a full load (-want +got):\n%s", diff)
				}
			}
		})
	}
	t.Run("ring without keys", func(t *testing.T) {
		_, store := build()
		revoke(t, store, "a", epochPlus(time.Minute))
		ring := newRing(t, schedule)
		if err := ring.Load(store.State(), without("b")); !errors.Is(err, errMissing) {
			t.Errorf("got %v, want %v", err, errMissing)
		}
		if _, err := ring.VerificationKeys(t.Context(), "a", epoch); err == nil {
			t.Error("VerificationKeys: got no error, want one")
		}
	})
	t.Run("revocation of a key that the ring does not have", func(t *testing.T) {
		instance, store := build()
		rotate(t, store, "d", epoch)
		revoke(t, store, "d", epoch)
		rotate(t, store, "new", epoch)
		if err := instance.Load(store.State(), without("new")); err == nil {
			t.Fatal("got no error, want one")
		}
		if err := instance.Rotate(newKey("d"), epoch); err == nil {
			t.Error("Rotate with the revoked key: got no error, want one")
		}
	})
}
