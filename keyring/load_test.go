package keyring_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// Load reports every fault and leaves the ring as it was.
func TestLoadReportsEveryFault(t *testing.T) {
	good := keyring.Entry{ID: "x", Published: epoch, SignFrom: epoch}
	ended := keyring.Entry{ID: "w", Published: epoch, SignFrom: epochPlus(-2), SignUntil: epochPlus(-1), NotAfter: epoch}
	with := func(e keyring.Entry, change func(*keyring.Entry)) []keyring.Entry {
		change(&e)
		return []keyring.Entry{e}
	}
	for _, tt := range []struct {
		name    string
		entries []keyring.Entry
		want    []string
	}{
		{"no entries", nil, []string{"no entries"}},
		{"no ID", with(good, func(e *keyring.Entry) { e.ID = "" }), []string{"no ID"}},
		{"no published", with(good, func(e *keyring.Entry) { e.Published = time.Time{} }), []string{"published or sign_from is missing"}},
		{"no sign_from", with(good, func(e *keyring.Entry) { e.SignFrom = time.Time{} }), []string{"published or sign_from is missing"}},
		{"sign_until alone", with(good, func(e *keyring.Entry) { e.SignUntil = epochPlus(1) }), []string{"not_after"}},
		{"not_after alone", with(good, func(e *keyring.Entry) { e.NotAfter = epochPlus(1) }), []string{"not_after"}},
		{"sign_until before sign_from", with(ended, func(e *keyring.Entry) { e.SignUntil = epochPlus(-3) }), []string{"order"}},
		{"not_after before sign_until", with(ended, func(e *keyring.Entry) { e.NotAfter = epochPlus(-2) }), []string{"order"}},
		{"duplicate ID", []keyring.Entry{ended, ended}, []string{"duplicate ID"}},
		{"two entries without sign_until", append(with(good, func(e *keyring.Entry) { e.ID = "y"; e.SignFrom = epochPlus(5) }), good), []string{`"x" and "y" sign at the same time`}},
		{"both sign for a nanosecond", append(with(ended, func(e *keyring.Entry) { e.SignUntil = epochPlus(1); e.NotAfter = epochPlus(1) }), good), []string{`"w" and "x" sign at the same time`}},
		{"several", append(with(good, func(e *keyring.Entry) { e.SignFrom = time.Time{} }), keyring.Entry{ID: "missing", Published: epoch, SignFrom: epochPlus(1)}, keyring.Entry{}),
			[]string{`entry 0 ("x"): published or sign_from is missing`, `entry 2 (""): no ID`, `key "missing": out of reach`, "same time"}},
		{"key func fails", with(good, func(e *keyring.Entry) { e.ID = "missing" }), []string{`key "missing": out of reach`}},
		{"zero Key", with(good, func(e *keyring.Entry) { e.ID = "zero" }), []string{`key "zero": `, "zero Key"}},
		{"another key", with(good, func(e *keyring.Entry) { e.ID = "wrong" }), []string{`key "wrong": the func returned the key "other" instead`}},
		{"not UTF-8", with(good, func(e *keyring.Entry) { e.ID = "\xff" }), []string{"UTF-8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, schedule, "a")
			outOfReach := errors.New("out of reach")
			err := ring.Load(keyring.State{Generation: 7, Entries: tt.entries}, func(id string) (jwtexp.Key, error) {
				switch id {
				case "":
					t.Error("key was called for the entry without an ID, want no call")
				case "missing":
					return jwtexp.Key{}, outOfReach
				case "zero":
					return jwtexp.Key{}, nil
				case "wrong":
					return newKey("other"), nil
				}
				return newKey(id).WithID(""), nil
			})
			if err == nil {
				t.Fatal("got no error, want one")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want an error that contains %q", err, want)
				}
			}
			if tt.name == "key func fails" && !errors.Is(err, outOfReach) {
				t.Errorf("got %v, want an error that matches %v", err, outOfReach)
			}
			want := view{"a", []string{"a"}, []string{"a"}, propagation / 2}
			if diff := cmp.Diff(want, viewAt(ring, epoch)); diff != "" {
				t.Errorf("the ring changed (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("nil func", func(t *testing.T) {
		if err := newRing(t, schedule).Load(keyring.State{Generation: 7, Entries: []keyring.Entry{good}}, nil); err == nil {
			t.Error("got no error, want one")
		}
	})
	for generation, want := range map[uint64]string{
		0:              "no generation; store the whole State",
		math.MaxUint64: "last possible generation; restore an earlier one",
	} {
		err := newRing(t, schedule).Load(keyring.State{Generation: generation, Entries: []keyring.Entry{good}}, keyByID)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("generation %d: got %v, want an error that contains %q", generation, err, want)
		}
	}
}

// A ring that only verifies loads public keys. Load does not ask for revoked ones.
func TestLoadPublicKeys(t *testing.T) {
	ring := newRing(t, schedule, "a", "r", "b")
	revoke(t, ring, "r", epoch)
	verifier := newRing(t, schedule)
	err := verifier.Load(ring.State(), func(id string) (jwtexp.Key, error) {
		if id == "r" {
			t.Error("key was called for the revoked key, want no call")
		}
		return publicHalf(newKey(id)).WithID(""), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	token := newService(t, ring).issueAt(epoch)
	s := newService(t, verifier)
	if got := s.verdictAt(token, epoch); got != "good" {
		t.Errorf("got %s, want good", got)
	}
	if _, err := s.issuer.Issue(t.Context(), "alice", nil); err == nil {
		t.Error("got a token signed with a public key, want an error")
	}
}

// A ring that loads another ring's state from JSON, with the entries in any order, behaves like
// that ring at any time.
func TestLoadedRingBehavesLikeTheOriginal(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 0))
		h := newHistory(t, newKey, keyring.Schedule{
			Lifetime:    time.Duration(1+r.IntN(3)) * time.Second,
			Leeway:      time.Duration(r.IntN(2)) * time.Second,
			Propagation: time.Duration(r.IntN(3)) * time.Second,
			Grace:       time.Duration(r.IntN(4)) * time.Second,
		})
		for range 12 {
			h.step(byte(r.Uint32()), byte(r.Uint32()))
			state := h.ring.State()
			entries := state.Entries
			if entries == nil {
				continue
			}
			r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
			var stored keyring.State
			if err := json.Unmarshal(must(json.Marshal(state)), &stored); err != nil {
				t.Fatal(err)
			}
			other := newRing(t, h.schedule)
			if err := other.Load(stored, keyByID); err != nil {
				t.Fatalf("seed %d: Load: got %v, want nil\n%v", seed, err, h)
			}
			if diff := cmp.Diff(h.ring.State(), other.State()); diff != "" {
				t.Fatalf("seed %d: state (-ring +loaded):\n%s%v", seed, diff, h)
			}
			for range 20 {
				now := epochPlus(h.now.Sub(epoch) + time.Duration(r.IntN(20)-10)*time.Second/2 + time.Duration(r.IntN(3)-1))
				if diff := cmp.Diff(viewAt(h.ring, now), viewAt(other, now)); diff != "" {
					t.Fatalf("seed %d: at %v (-ring +loaded):\n%s%v", seed, now, diff, h)
				}
			}
		}
	}
}

// An operator may set only Revoked in the stored entries, without the other times that Revoke
// sets.
func TestEntriesRevokedByHand(t *testing.T) {
	ring := newRing(t, schedule, "a", "b")
	byHand := ring.State()
	for i := range byHand.Entries {
		byHand.Entries[i].Revoked = epochPlus(time.Minute)
	}
	if err := ring.Load(byHand, keyByID); err != nil {
		t.Fatal(err)
	}
	rotate(t, ring, "c", epochPlus(2*time.Minute))
	other := loadRing(t, schedule, ring.State())
	want := view{"c", []string{"c"}, []string{"c"}, propagation / 2}
	if diff := cmp.Diff(want, viewAt(other, epochPlus(2*time.Minute))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	rotate(t, other, "d", epochPlus(1000*time.Hour))
	if got := other.State().Entries; len(got) != 2 {
		t.Errorf("got entries %+v, want only c and d", got)
	}
}
