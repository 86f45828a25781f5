package keyring_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

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
