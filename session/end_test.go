package session_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// ended returns what the store's feed lists, by ID.
func (w *world) ended(t *testing.T) map[string]time.Time {
	t.Helper()
	page, _, err := w.store.Ended(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]time.Time{}
	for _, e := range page {
		all[e.ID] = e.Until
	}
	return all
}

func TestEnd(t *testing.T) {
	const listed = access + jwtexp.MaxLeeway + 2*time.Minute
	for name, held := range map[string]func(w *world, first string) string{
		"the current refresh token": func(w *world, first string) string { return first },
		"a replaced one": func(w *world, first string) string {
			for token := first; generation(token) < 4; w.clock.Advance(2 * grace) {
				token = w.refresh(t, token)
			}
			return first
		},
		"an expired one": func(w *world, first string) string {
			w.clock.Advance(lifetime)
			return first
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			tokens := must(w.Start(t.Context(), "alice", nil))
			token := held(w, tokens.Refresh())
			w.kinds()
			for range 2 { // the second time the session is over
				if err := w.End(t.Context(), token); err != nil {
					t.Errorf("got %v, want nil", err)
				}
			}
			w.wantEvents(t, session.EventEnded)
			want := map[string]time.Time{tokens.Session().ID: w.clock.Now().Truncate(time.Millisecond).Add(listed)}
			if diff := cmp.Diff(want, w.ended(t)); diff != "" {
				t.Errorf("Ended (-want +got):\n%s", diff)
			}
			if _, err := w.Refresh(t.Context(), token); err == nil {
				t.Error("Refresh: got tokens, want an error")
			}
		})
	}
}

// After ErrUnavailable the caller repeats End.
func TestEndDuringAnOutage(t *testing.T) {
	for _, hook := range []func(string, func() error) error{failBefore("End"), failAfter("End")} {
		w := newWorld()
		first := w.start(t)
		w.store.hook = hook
		wantOutcome(t, w.End(t.Context(), first), "unavailable")
		w.store.hook = nil
		wantOutcome(t, w.End(t.Context(), first), "ok")
		_, err := w.Refresh(t.Context(), first)
		wantOutcome(t, err, "invalid: ended")
	}
}

// An entry stays as long as the longest access token lives, of any issuer on the store.
func TestLongestAccess(t *testing.T) {
	w := newWorld(session.WithLongestAccess(time.Hour))
	tokens := must(w.Start(t.Context(), "alice", nil))
	if err := w.End(t.Context(), tokens.Refresh()); err != nil {
		t.Fatal(err)
	}
	want := w.clock.Now().Truncate(time.Millisecond).Add(time.Hour + jwtexp.MaxLeeway + 2*time.Minute)
	if got := w.ended(t)[tokens.Session().ID]; !got.Equal(want) {
		t.Errorf("got until %v, want %v", got, want)
	}
}

// In the last years that a Store keeps, an entry is listed until the last moment.
func TestListedUntilTheYear9999(t *testing.T) {
	w := newWorld(session.WithLongestAccess(100 * 365 * 24 * time.Hour))
	w.clock.Set(time.Date(9990, 1, 1, 0, 0, 0, 0, time.UTC))
	tokens := must(w.Start(t.Context(), "alice", nil))
	if err := w.End(t.Context(), tokens.Refresh()); err != nil {
		t.Fatal(err)
	}
	if got, want := w.ended(t)[tokens.Session().ID], time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got until %v, want %v", got, want)
	}
}

func TestEndSession(t *testing.T) {
	w := newWorld()
	alice := must(w.Start(t.Context(), "alice", nil))
	bob := must(w.Start(t.Context(), "bob", nil))
	if err := w.RevokeToken(t.Context(), bob.Access()); err != nil {
		t.Fatal(err)
	}
	w.kinds()
	before := w.ended(t)
	for _, tt := range []struct{ subject, id string }{
		{"alice", bob.Session().ID}, {"alice", ""}, {"alice", "unknown"}, {"alice", strings.Repeat("A", 22)}, {"", alice.Session().ID}, {"Alice", alice.Session().ID},
		{"bob", "jti:" + bob.Access().ID()}, {"", "unknown"},
	} {
		if ended, err := w.EndSession(t.Context(), tt.subject, tt.id); ended || err != nil {
			t.Errorf("%s, %s: got %t, %v, want false", tt.subject, tt.id, ended, err)
		}
	}
	// Text that is not an ID, and a subject that cannot be, never reach the store.
	w.store.taken()
	w.store.hook = func(string, func() error) error { return errStore }
	for _, id := range []string{"", "\xff", "jti:x", strings.Repeat("A", 21), strings.Repeat("A", 23), strings.Repeat("A", 21) + "B", strings.Repeat("A", 22) + "\n"} {
		if ended, err := w.EndSession(t.Context(), "alice", id); ended || err != nil {
			t.Errorf("%q: got %t, %v, want false", id, ended, err)
		}
	}
	for _, subject := range []string{"", "\xff", strings.Repeat("x", 256)} {
		n, err := w.EndAll(t.Context(), subject)
		all, listErr := w.List(t.Context(), subject)
		if n != 0 || err != nil || len(all) > 0 || listErr != nil {
			t.Errorf("%q: got %d, %v and %v, %v, want none", subject, n, err, all, listErr)
		}
	}
	w.store.hook = nil
	if got := w.store.taken(); len(got) > 0 {
		t.Errorf("got calls of the store %v, want none", got)
	}
	if diff := cmp.Diff(before, w.ended(t)); diff != "" {
		t.Errorf("Ended has changed (-want +got):\n%s", diff)
	}
	w.wantEvents(t)
	w.refresh(t, alice.Refresh())
	w.refresh(t, bob.Refresh())
	w.kinds()

	for _, want := range []bool{true, false} {
		if ended, err := w.EndSession(t.Context(), "alice", alice.Session().ID); ended != want || err != nil {
			t.Errorf("got %t, %v, want %t", ended, err, want)
		}
	}
	w.wantEvents(t, session.EventEnded)
	_, err := w.Refresh(t.Context(), alice.Refresh())
	wantOutcome(t, err, "invalid: ended")
	w.refresh(t, bob.Refresh())

	// A session that has expired does not count.
	w.clock.Advance(idle)
	if ended, err := w.EndSession(t.Context(), "bob", bob.Session().ID); ended || err != nil {
		t.Errorf("an expired session: got %t, %v, want false", ended, err)
	}
	for _, method := range []string{"Find", "End"} {
		w := newWorld()
		tokens := must(w.Start(t.Context(), "alice", nil))
		w.store.hook = failBefore(method)
		ended, err := w.EndSession(t.Context(), "alice", tokens.Session().ID)
		if ended || outcome(err) != "unavailable" {
			t.Errorf("%s fails: got %t, %v, want ErrUnavailable", method, ended, err)
		}
	}
}

func TestEndAll(t *testing.T) {
	w := newWorld()
	late := must(w.Start(t.Context(), "alice", nil))
	w.clock.Advance(idle) // late has expired
	var alice []*session.Tokens
	for range 3 {
		alice = append(alice, must(w.Start(t.Context(), "alice", nil)))
	}
	bob := must(w.Start(t.Context(), "bob", nil))
	w.kinds()
	this := alice[1].Session().ID
	if n, err := w.EndAll(t.Context(), "alice", this, "unknown"); n != 2 || err != nil {
		t.Errorf("got %d, %v, want 2", n, err)
	}
	w.wantEvents(t, session.EventEnded, session.EventEnded)
	w.refresh(t, alice[1].Refresh())
	w.refresh(t, bob.Refresh())
	for _, i := range []int{0, 2} {
		_, err := w.Refresh(t.Context(), alice[i].Refresh())
		wantOutcome(t, err, "invalid: ended")
	}
	// The record of the expired session was removed, too.
	if _, found, _ := w.store.Memory.Find(t.Context(), late.Session().ID); found {
		t.Error("got the record of the expired session, want none")
	}
	// Exceptions that cannot be IDs never reach the store.
	w.store.except = nil
	if n, err := w.EndAll(t.Context(), "alice", this, "\xff", ""); n != 0 || err != nil || !slices.Equal(w.store.except, []string{this}) {
		t.Errorf("got %d, %v with exceptions %q, want 0 with one", n, err, w.store.except)
	}
	for _, want := range []int{1, 0} {
		if n, err := w.EndAll(t.Context(), "alice"); n != want || err != nil {
			t.Errorf("got %d, %v, want %d", n, err, want)
		}
	}
	w.store.hook = failAfter("EndAll")
	if n, err := w.EndAll(t.Context(), "bob"); n != 0 || outcome(err) != "unavailable" {
		t.Errorf("got %d, %v, want ErrUnavailable", n, err)
	}
}

func TestList(t *testing.T) {
	w := newWorld()
	must(w.Start(t.Context(), "bob", nil))
	var want []session.Info
	for _, label := range []string{"first", "second", "third"} {
		tokens := must(w.Start(t.Context(), "alice", map[string]any{"role": label}, session.WithLabel(label)))
		want = append([]session.Info{tokens.Session()}, want...)
		w.clock.Advance(45 * time.Minute)
	}
	// By now the first one has expired.
	got, err := w.List(t.Context(), "alice")
	if diff := cmp.Diff(want[:2], got); diff != "" || err != nil {
		t.Errorf("got %v, (-want +got):\n%s", err, diff)
	}
	if got, err := w.List(t.Context(), "carol"); len(got) > 0 || err != nil {
		t.Errorf("got %v, %v, want none", got, err)
	}
	w.store.hook = failBefore("List")
	_, err = w.List(t.Context(), "alice")
	wantOutcome(t, err, "unavailable")
}

// Sessions of one instant are in the order of their IDs: a page does not jump about.
func TestListIsStable(t *testing.T) {
	w := newWorld()
	for range 20 {
		w.start(t)
	}
	ids := func() (ids []string) {
		for _, s := range must(w.List(t.Context(), "alice")) {
			ids = append(ids, s.ID)
		}
		return ids
	}
	if got := ids(); !slices.IsSorted(got) || len(got) != 20 {
		t.Errorf("got %v, want 20 sorted IDs", got)
	}
}

func TestRevokeToken(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", nil))
	token := tokens.Access()
	for range 2 {
		if err := w.RevokeToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]time.Time{"jti:" + token.ID(): token.ExpiresAt().Add(jwtexp.MaxLeeway + 2*time.Minute)}
	if diff := cmp.Diff(want, w.ended(t)); diff != "" {
		t.Errorf("Ended (-want +got):\n%s", diff)
	}
	w.refresh(t, tokens.Refresh()) // the session goes on

	w.store.hook = failBefore("End")
	wantOutcome(t, w.RevokeToken(t.Context(), token), "unavailable")
	w.store.hook = nil

	// A token that every verifier reports as expired needs no entry.
	w.store.taken()
	w.clock.Set(want["jti:"+token.ID()])
	wantOutcome(t, w.RevokeToken(t.Context(), token), "ok")
	if got := w.store.taken(); len(got) > 0 {
		t.Errorf("got calls of the store %v, want none", got)
	}
}

func TestTokensThatCannotBeRevoked(t *testing.T) {
	w := newWorld()
	verifier := must(jwtexp.NewVerifier(w.key, jwtexp.WithClock(w.clock)))
	withID := func(id string) *jwtexp.Token { return must(verifier.Verify(t.Context(), signed(t, id))) }
	for name, token := range map[string]*jwtexp.Token{
		"nil": nil, "zero": {}, "no ID": withID(""), "a long ID": withID(strings.Repeat("x", 252)),
	} {
		if got := outcome(w.RevokeToken(t.Context(), token)); got != "no verdict" {
			t.Errorf("%s: got %s, want an error without a verdict", name, got)
		}
	}
	wantOutcome(t, w.RevokeToken(t.Context(), withID(strings.Repeat("x", 251))), "ok")
	// An ID that looks like a session's does not name the session.
	tokens := must(w.Start(t.Context(), "alice", nil))
	wantOutcome(t, w.RevokeToken(t.Context(), withID(tokens.Session().ID)), "ok")
	w.refresh(t, tokens.Refresh())
}

// The caller's context bounds End. The revocation endpoint goes on without the client.
func TestEndAfterHangingUp(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantOutcome(t, w.End(ctx, first), "unavailable")
	w.refresh(t, first)
	post(t, hungUp(w.RevocationHandler()), "token="+first)
	_, err := w.Refresh(t.Context(), first)
	wantOutcome(t, err, "invalid: ended")
}
