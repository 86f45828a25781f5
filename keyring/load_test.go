package keyring_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// A fault is told with all others, and changes nothing.
func TestLoadTellsEveryFault(t *testing.T) {
	good := keyring.Entry{ID: "x", Published: epoch, SignFrom: epoch}
	ended := keyring.Entry{ID: "w", Published: epoch, SignFrom: at(-2), SignUntil: at(-1), NotAfter: epoch}
	with := func(e keyring.Entry, change func(*keyring.Entry)) []keyring.Entry {
		change(&e)
		return []keyring.Entry{e}
	}
	for _, tt := range []struct {
		name    string
		entries []keyring.Entry // of generation 7
		want    []string
	}{
		{"none", nil, []string{"no entries"}},
		{"no ID", with(good, func(e *keyring.Entry) { e.ID = "" }), []string{"no ID"}},
		{"no published", with(good, func(e *keyring.Entry) { e.Published = time.Time{} }), []string{"no time"}},
		{"no sign_from", with(good, func(e *keyring.Entry) { e.SignFrom = time.Time{} }), []string{"no time"}},
		{"sign_until alone", with(good, func(e *keyring.Entry) { e.SignUntil = at(1) }), []string{"not_after"}},
		{"not_after alone", with(good, func(e *keyring.Entry) { e.NotAfter = at(1) }), []string{"not_after"}},
		{"ends before it begins", with(ended, func(e *keyring.Entry) { e.SignUntil = at(-3) }), []string{"order"}},
		{"tokens over before it ends", with(ended, func(e *keyring.Entry) { e.NotAfter = at(-2) }), []string{"order"}},
		{"twice", []keyring.Entry{ended, ended}, []string{"a second one"}},
		{"two without an end", append(with(good, func(e *keyring.Entry) { e.ID = "y"; e.SignFrom = at(5) }), good), []string{`"x" and "y" sign at the same time`}},
		{"a nanosecond together", append(with(ended, func(e *keyring.Entry) { e.SignUntil = at(1); e.NotAfter = at(1) }), good), []string{`"w" and "x" sign at the same time`}},
		{"several", append(with(good, func(e *keyring.Entry) { e.SignFrom = time.Time{} }), keyring.Entry{ID: "missing", Published: epoch, SignFrom: at(1)}, keyring.Entry{}),
			[]string{`entry 0 ("x"): no time`, `entry 2 (""): no ID`, `the key "missing": out of reach`, "same time"}},
		{"key func fails", with(good, func(e *keyring.Entry) { e.ID = "missing" }), []string{`the key "missing": out of reach`}},
		{"zero Key", with(good, func(e *keyring.Entry) { e.ID = "zero" }), []string{`the key "zero": `, "the zero Key"}},
		{"another key", with(good, func(e *keyring.Entry) { e.ID = "wrong" }), []string{`the key "wrong": got one with the ID "other"`}},
		{"not UTF-8", with(good, func(e *keyring.Entry) { e.ID = "\xff" }), []string{"UTF-8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, schedule)
			rotate(t, ring, "a", epoch)
			outOfReach := errors.New("out of reach")
			err := ring.Load(keyring.State{Generation: 7, Entries: tt.entries}, func(id string) (jwtexp.Key, error) {
				switch id {
				case "":
					t.Error("got asked for the key without an ID, want not")
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
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if missing := strings.Contains(tt.name, "key func"); missing && !errors.Is(err, outOfReach) {
				t.Errorf("got %v, want it to match the error of the func", err)
			}
			want := view{"a", []string{"a"}, []string{"a"}, propagation / 2}
			if diff := cmp.Diff(want, look(ring, epoch)); diff != "" {
				t.Errorf("the ring changed (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("nil func", func(t *testing.T) {
		if err := newRing(t, schedule).Load(keyring.State{Generation: 7, Entries: []keyring.Entry{good}}, nil); err == nil {
			t.Error("got no error, want one")
		}
	})
	t.Run("last generation", func(t *testing.T) {
		err := newRing(t, schedule).Load(keyring.State{Generation: math.MaxUint64, Entries: []keyring.Entry{good}}, keyByID)
		if err == nil || !strings.Contains(err.Error(), "no successor") {
			t.Errorf("got %v, want an error", err)
		}
	})
	t.Run("no generation", func(t *testing.T) {
		err := newRing(t, schedule).Load(keyring.State{Entries: []keyring.Entry{good}}, keyByID)
		if err == nil || !strings.Contains(err.Error(), "no generation: store all of what State returns") {
			t.Errorf("got %v, want to be told what to store", err)
		}
	})
}

// What verifiers only need is enough for them; a revoked key is not asked for.
func TestLoadPublicKeys(t *testing.T) {
	ring := newRing(t, schedule)
	for _, id := range []string{"a", "r", "b"} {
		rotate(t, ring, id, epoch)
	}
	revoke(t, ring, "r", epoch)
	verifier := newRing(t, schedule)
	err := verifier.Load(ring.State(), func(id string) (jwtexp.Key, error) {
		if id == "r" {
			t.Error("got asked for the revoked key, want not")
		}
		return publicHalf(newKey(id)).WithID(""), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	there, here := newService(t, ring), newService(t, verifier)
	if got := here.verdictAt(there.issueAt(epoch), epoch); got != "good" {
		t.Errorf("got %s, want good", got)
	}
	if _, err := here.issuer.Issue(t.Context(), "alice", nil); err == nil {
		t.Error("got a token of a public key, want an error")
	}
}

// Whatever happened to a ring, one that loads its entries from JSON, stored in any order,
// behaves as it does, at any instant.
func TestLoadedRingBehavesAsTheOther(t *testing.T) {
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
				t.Fatalf("seed %d: got %v from Load, want the entries of a ring taken\n%v", seed, err, h)
			}
			if diff := cmp.Diff(h.ring.State(), other.State()); diff != "" {
				t.Fatalf("seed %d: state (-ring +loaded):\n%s%v", seed, diff, h)
			}
			for range 20 {
				now := at(h.now.Sub(epoch) + time.Duration(r.IntN(20)-10)*time.Second/2 + time.Duration(r.IntN(3)-1))
				if diff := cmp.Diff(look(h.ring, now), look(other, now)); diff != "" {
					t.Fatalf("seed %d: at %v (-ring +loaded):\n%s%v", seed, now, diff, h)
				}
			}
		}
	}
}

// A history is what happened to a ring, in seconds and at random.
type history struct {
	t        testing.TB
	newKey   func(id string) jwtexp.Key
	schedule keyring.Schedule
	ring     *keyring.Ring
	now      time.Time
	latest   time.Time // that now ever was
	rotated  int
	stored   []keyring.State
	log      []string
}

func newHistory(t testing.TB, newKey func(string) jwtexp.Key, s keyring.Schedule) *history {
	return &history{t: t, newKey: newKey, schedule: s, ring: newRing(t, s), now: epoch}
}

func (h *history) keyByID(id string) (jwtexp.Key, error) { return h.newKey(id), nil }

func (h *history) String() string { return strings.Join(h.log, "\n") }

// step does what op says, with what arg names.
func (h *history) step(op, arg byte) {
	entries := h.ring.State().Entries
	switch op % 8 {
	case 0, 1, 2: // time passes, mostly
		h.now = h.now.Add(time.Duration(arg%8) * time.Second / 2)
		h.latest = slices.MaxFunc([]time.Time{h.latest, h.now}, time.Time.Compare)
	case 3: // or a clock is put back
		h.now = h.now.Add(-time.Duration(arg%8) * time.Second / 2)
		h.log = append(h.log, fmt.Sprintf("clock put back to %v", h.now.Sub(epoch)))
	case 4, 5:
		h.rotated++
		id := fmt.Sprint(h.rotated)
		h.log = append(h.log, fmt.Sprintf("%v: rotate %s", h.now.Sub(epoch), id))
		if err := h.ring.Rotate(h.newKey(id), h.now); err != nil {
			h.t.Fatal(err)
		}
		h.stored = append(h.stored, h.ring.State())
	case 6:
		if len(entries) > 0 {
			id := entries[int(arg)%len(entries)].ID
			h.log = append(h.log, fmt.Sprintf("%v: revoke %s", h.now.Sub(epoch), id))
			revoke(h.t, h.ring, id, h.now)
		}
	case 7: // an instance loads what was stored some time ago, and then stored again
		if len(h.stored) > 0 {
			n := int(arg) % len(h.stored)
			h.log = append(h.log, fmt.Sprintf("%v: load state %d", h.now.Sub(epoch), n))
			again, present := h.stored[n], h.ring.State().Generation
			if err := h.ring.Load(again, h.keyByID); errors.Is(err, keyring.ErrOlder) != (again.Generation < present) {
				h.t.Fatalf("got %v for generation %d of %d", err, again.Generation, present)
			}
			again.Generation = present
			if err := h.ring.Load(again, h.keyByID); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// Whoever marks entries as revoked where they are stored, in a hurry, need not know the
// other times that Revoke would have set.
func TestEntriesRevokedByHand(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", epoch)
	byHand := ring.State()
	for i := range byHand.Entries {
		byHand.Entries[i].Revoked = at(time.Minute)
	}
	if err := ring.Load(byHand, keyByID); err != nil {
		t.Fatal(err)
	}
	rotate(t, ring, "c", at(2*time.Minute))
	other := newRing(t, schedule)
	if err := other.Load(ring.State(), keyByID); err != nil {
		t.Fatal(err)
	}
	want := view{"c", []string{"c"}, []string{"c"}, propagation / 2}
	if diff := cmp.Diff(want, look(other, at(2*time.Minute))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	rotate(t, other, "d", at(1000*time.Hour))
	if got := other.State().Entries; len(got) != 2 {
		t.Errorf("got entries %+v, want those of c and d", got)
	}
}
