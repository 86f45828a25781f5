package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// The tests below are about what goes wrong with refresh tokens elsewhere.

// The answer to a refresh is lost, and the client comes back with the refresh token that it has: at
// once, in the grace, or hours later.
func TestLostAnswer(t *testing.T) {
	for _, tt := range []struct {
		silence time.Duration
		want    string
	}{
		{0, "ok"}, {grace - time.Millisecond, "ok"}, {grace, "ok"}, {2*grace - time.Millisecond, "ok"}, {2 * grace, "ok"}, {recovery - time.Millisecond, "ok"},
		{recovery, "invalid: reused"},
	} {
		w := newWorld()
		first := w.start(t)
		w.clock.Advance(2 * grace)
		w.refresh(t, first) // lost
		w.clock.Advance(tt.silence)
		tokens, err := w.Refresh(t.Context(), first)
		if got := outcome(err); got != tt.want {
			t.Errorf("after %v: got %v, want %s", tt.silence, err, tt.want)
		}
		// The client goes on for hours.
		held := first
		for range 20 {
			if err != nil {
				break
			}
			if tokens.Refresh() != "" {
				held = tokens.Refresh()
			}
			w.clock.Advance(access * 85 / 100)
			tokens, err = w.Refresh(t.Context(), held)
		}
		if got := outcome(err); got != tt.want {
			t.Errorf("after %v and some hours: got %v, want %s", tt.silence, err, tt.want)
		}
	}
}

// Every answer for an hour is lost, and the client tries again and again with what it has.
func TestManyLostAnswers(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.clock.Advance(2 * grace)
	for at := time.Duration(0); at < recovery; at += 7 * time.Second {
		if _, err := w.Refresh(t.Context(), first); err != nil {
			t.Fatalf("after %v: got %v, want tokens", at, err)
		}
		w.clock.Advance(7 * time.Second)
	}
	w.refresh(t, first)
}

// A slow request arrives after newer ones, which were answered.
func TestLateRequests(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.clock.Advance(2 * grace)
	second := w.refresh(t, first)
	for range 3 {
		w.clock.Advance(grace / 4)
		if got := w.refresh(t, second); got != second {
			t.Error("got another refresh token for the new one, want the same")
		}
		if got := w.refresh(t, first); got != second {
			t.Error("got another refresh token for the late request, want the successor")
		}
	}
}

// A refresh that began before a logout does not go through after it.
func TestLogoutDuringARefresh(t *testing.T) {
	w := newWorld()
	other := w.manager(policy)
	first := w.start(t)
	w.clock.Advance(2 * grace)
	w.store.hook = func(method string, call func() error) error {
		if method == "Advance" {
			w.store.hook = nil
			if err := other.End(t.Context(), first); err != nil {
				t.Error(err)
			}
		}
		return call()
	}
	_, err := w.Refresh(t.Context(), first)
	wantOutcome(t, err, "invalid: ended")
	if all := must(w.List(t.Context(), "alice")); len(all) > 0 {
		t.Errorf("got sessions %v, want none", all)
	}
}

// A session has one record, however often it is refreshed, and is written once in twice Grace.
func TestOneRecord(t *testing.T) {
	w := newWorld()
	held := w.start(t)
	w.store.taken()
	for range 3600 {
		w.clock.Advance(time.Second)
		held = w.refresh(t, held)
	}
	writes := 0
	for _, call := range w.store.taken() {
		if call == "Advance" {
			writes++
		}
	}
	if want := int(time.Hour / (2 * grace)); writes != want {
		t.Errorf("got %d writes in an hour, want %d", writes, want)
	}
	if all := must(w.List(t.Context(), "alice")); len(all) != 1 {
		t.Errorf("got %d records, want 1", len(all))
	}
}

// A thief who copies a refresh token shows: when thief and owner take turns, more than twice Grace
// apart, the session ends at the fourth turn at the latest, and two turns later for each answer
// that the owner loses.
func TestTheftShows(t *testing.T) {
	gaps := []time.Duration{2*grace + time.Millisecond, 20 * time.Minute, recovery - time.Millisecond, recovery}
	for _, age := range []time.Duration{0, 2 * grace} { // of the refresh token at the theft
		for lost := range 3 {
			turns := 4 + 2*lost
			for pattern := range 1 << 8 { // two bits for each of the first four gaps, and so on
				for _, first := range []string{"owner", "thief"} {
					if got, history := turnsUntilTheEnd(t, first, age, gaps, pattern, lost, turns); got > turns {
						t.Fatalf("the session outlives %d turns:\n%s", turns, history)
					}
				}
			}
		}
	}
}

// turnsUntilTheEnd lets owner and thief take turns, and returns the turn at which one is refused.
// The owner loses the first answers.
func turnsUntilTheEnd(t *testing.T, first string, age time.Duration, gaps []time.Duration, pattern, lost, limit int) (turn int, history string) {
	w := newWorldWith(session.Policy{Lifetime: 100 * time.Hour, Recovery: recovery})
	token := w.start(t)
	w.clock.Advance(age)
	held := map[string]string{"owner": token, "thief": token}
	who := first
	for turn = 1; turn <= limit; turn++ {
		history += fmt.Sprintf("%v %s presents %d: ", w.clock.Now().Sub(epoch), who, generation(held[who]))
		tokens, err := w.Refresh(t.Context(), held[who])
		history += outcome(err) + "\n"
		if err != nil {
			return turn, history
		}
		switch {
		case who == "owner" && lost > 0:
			lost--
		case tokens.Refresh() != "":
			held[who] = tokens.Refresh()
		}
		who = map[string]string{"owner": "thief", "thief": "owner"}[who]
		w.clock.Advance(gaps[pattern>>(2*(turn-1)%8)&3])
	}
	return turn, history
}

// A clock that was ahead for a moment does not hide a thief: the next refresh heals the record.
func TestTheftShowsAfterTheClockJumps(t *testing.T) {
	w := newWorldWith(session.Policy{Lifetime: 90 * 24 * time.Hour, Recovery: recovery})
	thief := w.start(t)
	w.clock.Advance(10 * 24 * time.Hour)
	owner := w.refresh(t, thief)
	w.clock.Advance(-10 * 24 * time.Hour)
	for turn := 1; ; turn++ {
		w.clock.Advance(3 * grace)
		held := &owner
		if turn%2 == 0 {
			held = &thief
		}
		tokens, err := w.Refresh(t.Context(), *held)
		if err != nil {
			wantOutcome(t, err, "invalid: reused")
			break
		}
		if turn == 4 {
			t.Fatal("the session outlives four turns")
		}
		if tokens.Refresh() != "" {
			*held = tokens.Refresh()
		}
	}
}

// A thief who refreshes within Grace of the owner each time is not noticed, as the
// documentation says, and one whose victim never comes back is bounded by Lifetime.
func TestTheftsThatDoNotShow(t *testing.T) {
	w := newWorld()
	held := w.start(t)
	thief := held
	for range 20 {
		w.clock.Advance(access * 85 / 100)
		held = w.refresh(t, held)
		w.clock.Advance(grace - time.Millisecond)
		thief = w.refresh(t, thief)
	}
	if thief != held {
		t.Error("got two chains, want one")
	}
	for last := time.Duration(0); ; last = w.clock.Now().Sub(epoch) {
		w.clock.Advance(access * 85 / 100)
		tokens, err := w.Refresh(t.Context(), thief)
		if err != nil {
			wantOutcome(t, err, "expired")
			if last > lifetime || last < lifetime-access {
				t.Errorf("the thief lasted %v, want %v", last, lifetime)
			}
			break
		}
		thief = tokens.Refresh()
	}
}

// The three tests below show what a failover does that loses the last writes.

// setBack replaces the store by one with the given records, and nothing ended.
func (w *world) setBack(t *testing.T, records ...session.Record) {
	t.Helper()
	w.store.Memory = session.NewMemory()
	for _, r := range records {
		if err := w.store.Memory.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// Lost Advances log no client out: a refresh token that is ahead of its record proves that it was
// issued.
func TestFailoverThatLosesAdvances(t *testing.T) {
	for lost := 1; lost <= 3; lost++ {
		for _, behind := range []int{0, 1} { // the client has the last refresh token, or the one before
			w := newWorld()
			held := []string{w.start(t)}
			var backups []session.Record
			for range 5 {
				w.clock.Advance(2 * grace)
				backups = append(backups, must(w.store.Memory.List(t.Context(), "alice", epoch))[0])
				held = append(held, w.refresh(t, held[len(held)-1]))
			}
			w.setBack(t, backups[len(backups)-lost])
			w.clock.Advance(time.Second)
			token := held[len(held)-1-behind]
			for range 10 {
				got := w.refresh(t, token)
				if got != "" {
					token = got
				}
				w.clock.Advance(grace)
			}
			if got := must(w.List(t.Context(), "alice")); len(got) != 1 {
				t.Errorf("got sessions %v, want one", got)
			}
		}
	}
}

// A lost Create logs the session out.
func TestFailoverThatLosesACreate(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.setBack(t)
	_, err := w.Refresh(t.Context(), first)
	wantOutcome(t, err, "invalid: ended")
}

// A lost End revives the session.
func TestFailoverThatLosesAnEnd(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	backup := must(w.store.Memory.List(t.Context(), "alice", epoch))
	if err := w.End(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.setBack(t, backup...)
	w.refresh(t, first)
}

// Of all refresh tokens of a session there is one that is current, whatever the clients do.
func TestOneChain(t *testing.T) {
	w := newWorld()
	texts := map[uint32]string{} // by generation
	current := w.start(t)
	previous := current
	for i := range 500 {
		w.clock.Advance(time.Duration(i%7) * grace / 3)
		presented := current
		if i%2 == 1 {
			presented = previous
		}
		got := w.refresh(t, presented)
		if got == "" || got == current {
			continue
		}
		g := generation(got)
		if g != generation(current)+1 {
			t.Fatalf("got generation %d after %d, want the next", g, generation(current))
		}
		if texts[g] != "" {
			t.Fatalf("generation %d: got two refresh tokens, want one", g)
		}
		texts[g], previous, current = got, presented, got
	}
	if len(texts) < 50 {
		t.Errorf("got %d refresh tokens, want more", len(texts))
	}
}
