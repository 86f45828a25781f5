package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// One session through every way of Refresh: its events and its calls of the store.
func TestRefresh(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.kinds()
	w.store.taken()
	step := func(name string, d time.Duration, token, want string, kind session.EventKind, calls ...string) string {
		t.Helper()
		w.clock.Advance(d)
		tokens, err := w.Refresh(t.Context(), token)
		if outcome(err) != want {
			t.Fatalf("%s: got %v, want %s", name, err, want)
		}
		w.wantEvents(t, kind)
		if got := w.store.taken(); !slices.Equal(got, calls) {
			t.Errorf("%s: got calls of the store %v, want %v", name, got, calls)
		}
		if err != nil {
			return ""
		}
		if got := tokens.Access().ExpiresAt(); !got.Equal(w.clock.Now().Truncate(time.Second).Add(access)) {
			t.Errorf("%s: got exp %v, want a new access token", name, got)
		}
		return tokens.Refresh()
	}
	same := step("a young token", time.Minute-time.Millisecond, first, "ok", session.EventRepeated, "Find")
	if same != first {
		t.Error("a young token: got another one, want the same")
	}
	second := step("replaced", time.Millisecond, first, "ok", session.EventRefreshed, "Find", "Advance")
	if generation(second) != 2 {
		t.Errorf("got generation %d, want 2", generation(second))
	}
	if got := step("its successor again", grace-time.Millisecond, first, "ok", session.EventRepeated, "Find"); got != second {
		t.Error("its successor again: got another one, want the same")
	}
	if got := step("neither", time.Millisecond, first, "ok", session.EventRepeated, "Find"); got != "" {
		t.Error("from Grace on: got a refresh token, want none")
	}
	third := step("recovered", grace, first, "ok", session.EventRecovered, "Find", "Advance")
	if generation(third) != 3 {
		t.Errorf("got generation %d, want 3", generation(third))
	}
	if got := step("its successor again", 0, first, "ok", session.EventRepeated, "Find"); got != third {
		t.Error("after recovery: got another one, want the same")
	}
	step("the skipped one", time.Second, second, "invalid: reused", session.EventReused, "Find", "End")
	for _, token := range []string{first, second, third} {
		_, err := w.Refresh(t.Context(), token)
		wantOutcome(t, err, "invalid: ended")
	}
	w.wantEvents(t)
}

// Sixty-four parallel calls move the session once, and all get the same refresh token.
func TestParallelRefreshes(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.clock.Advance(2 * grace)
	var group sync.WaitGroup
	got := make([]string, 64)
	for i := range got {
		group.Go(func() {
			if tokens, err := w.Refresh(t.Context(), first); err != nil {
				t.Errorf("got %v, want tokens", err)
			} else {
				got[i] = tokens.Refresh()
			}
		})
	}
	group.Wait()
	if slices.Sort(got); got[0] != got[63] || generation(got[0]) != 2 {
		t.Errorf("got several refresh tokens, want one of generation 2")
	}
	refreshed := 0
	for _, kind := range w.kinds() {
		if kind == session.EventRefreshed {
			refreshed++
		}
	}
	if refreshed != 1 {
		t.Errorf("got %d events that a refresh token was replaced, want 1", refreshed)
	}
}

// A call that comes second decides again by the record that the first one left, with its access
// token already made.
func TestLostRace(t *testing.T) {
	for _, tt := range []struct {
		name      string
		meanwhile func(w *world, other *session.Manager, first string)
		want      string
		signed    int
		kinds     []session.EventKind
	}{
		{"refreshed", func(w *world, other *session.Manager, first string) { must(other.Refresh(context.Background(), first)) },
			"ok", 1, []session.EventKind{session.EventRefreshed, session.EventRepeated}},
		{"ended", func(w *world, other *session.Manager, first string) { other.End(context.Background(), first) },
			"invalid: ended", 1, []session.EventKind{session.EventEnded}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signed := 0
			w := newWorld()
			other := w.manager(policy)
			w.Manager = w.manager(policy, session.WithClaims(func(context.Context, session.Info) (any, error) {
				signed++
				return nil, nil
			}))
			first := w.start(t)
			w.kinds()
			signed = 0
			w.clock.Advance(2 * grace)
			w.store.hook = func(method string, call func() error) error {
				if method == "Advance" {
					w.store.hook = nil
					tt.meanwhile(w, other, first)
				}
				return call()
			}
			tokens, err := w.Refresh(t.Context(), first)
			wantOutcome(t, err, tt.want)
			if err == nil && generation(tokens.Refresh()) != 2 {
				t.Errorf("got generation %d, want 2", generation(tokens.Refresh()))
			}
			if signed != tt.signed {
				t.Errorf("got %d access tokens, want %d", signed, tt.signed)
			}
			w.wantEvents(t, tt.kinds...)
		})
	}
}

// A store that never moves is an outage, not a verdict.
func TestStoreThatDoesNotMove(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.clock.Advance(2 * grace)
	stuck := must(session.New(stuckStore{w.store}, w.issuer, secret, policy, session.WithObserver(w.observe)))
	w.kinds()
	w.store.taken()
	_, err := stuck.Refresh(t.Context(), first)
	wantOutcome(t, err, "unavailable")
	w.wantEvents(t, session.EventFailed)
	if got, want := w.store.taken(), []string{"Find", "Find", "Find"}; !slices.Equal(got, want) {
		t.Errorf("got calls of the store %v, want one Find, and two Advances that only find", got)
	}
	w.refresh(t, first)
}

// A store that mixes up records is an outage. It neither logs a client in as another subject nor
// ends the session of another client.
func TestStoreWithWrongRecords(t *testing.T) {
	w := newWorld()
	alice, bob := must(w.Start(t.Context(), "alice", nil)), must(w.Start(t.Context(), "bob", nil))
	w.clock.Advance(2 * grace)
	second := w.refresh(t, bob.Refresh())
	other := must(w.store.Memory.List(t.Context(), "bob", epoch))[0]
	own := must(w.store.Memory.List(t.Context(), "alice", epoch))[0]
	next := own
	next.Generation = 2
	for name, store := range map[string]wrongStore{
		"Find returns another record":                  {find: &other},
		"Find returns the zero record":                 {find: new(session.Record)},
		"Advance returns another record":               {advance: &other},
		"Advance returns another record and has moved": {advance: &other, moved: true},
		"Advance returns the zero record":              {advance: new(session.Record), moved: true},
		"Advance has moved no record":                  {advance: &next, moved: true, lost: true},
		"Advance returns the record before":            {advance: &own, moved: true},
	} {
		store.spy = w.store
		m := must(session.New(store, w.issuer, secret, policy))
		_, err := m.Refresh(t.Context(), alice.Refresh())
		if outcome(err) != "unavailable" {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
		if store.find != nil {
			if ended, err := m.EndSession(t.Context(), "bob", alice.Session().ID); ended || outcome(err) != "unavailable" {
				t.Errorf("%s: EndSession: got %t, %v, want ErrUnavailable", name, ended, err)
			}
		}
	}
	w.refresh(t, alice.Refresh())
	w.refresh(t, second)
}

// A wrongStore returns its own records.
type wrongStore struct {
	*spy
	find, advance *session.Record
	moved, lost   bool
}

func (s wrongStore) Find(ctx context.Context, id string) (r session.Record, found bool, err error) {
	if s.find != nil {
		return *s.find, true, nil
	}
	return s.spy.Find(ctx, id)
}

func (s wrongStore) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	if s.advance != nil {
		return *s.advance, s.moved, !s.lost, nil
	}
	return s.spy.Advance(ctx, id, step)
}

// A stuckStore finds records and moves none.
type stuckStore struct{ *spy }

func (s stuckStore) Advance(ctx context.Context, id string, _ session.Step) (r session.Record, moved, found bool, err error) {
	r, found, err = s.Find(ctx, id)
	return r, false, found, err
}

// An outage of the store, before or after the effect of a call, is never a verdict: a client that
// keeps its refresh token and tries again goes on.
func TestRefreshDuringAnOutage(t *testing.T) {
	for _, hook := range []func(string, func() error) error{failBefore("Find"), failAfter("Find"), failBefore("Advance"), failAfter("Advance")} {
		w := newWorld()
		first := w.start(t)
		w.clock.Advance(2 * grace)
		w.kinds()
		w.store.hook = hook
		_, err := w.Refresh(t.Context(), first)
		wantOutcome(t, err, "unavailable")
		if !errors.Is(err, errStore) {
			t.Errorf("got %v, want the store's error", err)
		}
		w.wantEvents(t, session.EventFailed)
		w.store.hook = nil
		w.clock.Advance(time.Second)
		if got := w.refresh(t, first); generation(got) != 2 {
			t.Errorf("got generation %d, want 2", generation(got))
		}
	}
}

// The error of an outage says what the store says, and whether the caller hung up.
func TestErrorOfAnOutage(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	ctx, hangUp := context.WithCancel(t.Context())
	w.store.hook = func(string, func() error) error {
		hangUp()
		return &jwtexp.UnavailableError{What: "database", Detail: "too many connections", Err: errStore}
	}
	_, err := w.Refresh(ctx, first)
	wantOutcome(t, err, "unavailable")
	if !errors.Is(err, context.Canceled) || !errors.Is(err, errStore) {
		t.Errorf("got %v, want an error that matches context.Canceled and the store's", err)
	}
	if want := "jwtexp: temporarily unavailable: database: too many connections; the caller's context is done"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	w.store.hook = failBefore("Find")
	_, err = w.Refresh(t.Context(), first)
	if want := "jwtexp: temporarily unavailable: session store: it returned an error; errors.Unwrap shows it"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Reuse that cannot be ended is an outage: the next call ends it.
func TestReuseDuringAnOutage(t *testing.T) {
	for _, hook := range []func(string, func() error) error{failBefore("End"), failAfter("End")} {
		w := newWorld()
		first := w.start(t)
		w.clock.Advance(2 * grace)
		second := w.refresh(t, first)
		w.clock.Advance(2 * grace)
		w.refresh(t, second)
		w.kinds()
		w.store.hook = hook
		_, err := w.Refresh(t.Context(), first)
		wantOutcome(t, err, "unavailable")
		w.wantEvents(t, session.EventFailed)
		w.store.hook = nil
		_, err = w.Refresh(t.Context(), first)
		if got := outcome(err); got != "invalid: reused" && got != "invalid: ended" {
			t.Errorf("got %s, want invalid", got)
		}
		_, err = w.Refresh(t.Context(), second)
		wantOutcome(t, err, "invalid: ended")
	}
}

// A store that hangs does not hold a call for ever: the end of a session is bounded.
func TestEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first := w.start(t)
		w.clock.Advance(2 * grace)
		second := w.refresh(t, first)
		w.clock.Advance(2 * grace)
		w.refresh(t, second)
		m := must(session.New(hangingStore{w.store}, w.issuer, secret, policy))
		for name, call := range map[string]func() error{
			"Refresh": func() error { _, err := m.Refresh(t.Context(), first); return err },
			"RevocationHandler": func() error {
				if got := post(t, m.RevocationHandler(), "token="+first).Code; got != http.StatusServiceUnavailable {
					t.Errorf("got %d, want 503", got)
				}
				return jwtexp.ErrUnavailable
			},
		} {
			began := time.Now()
			wantOutcome(t, call(), "unavailable")
			if took := time.Since(began); took != 5*time.Second {
				t.Errorf("%s: took %v, want 5s", name, took)
			}
		}
	})
}

// A hangingStore ends no session.
type hangingStore struct{ *spy }

func (s hangingStore) End(ctx context.Context, _ string, _, _ time.Time) (r session.Record, found bool, err error) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Hour):
	}
	return session.Record{}, false, errors.New("the store hangs")
}

// A client that hangs up does not stop the end of a session after reuse or ErrEnd.
func TestEndGoesOnWithoutTheCaller(t *testing.T) {
	end := false
	for name, reuse := range map[string]bool{"reuse": true, "ErrEnd": false} {
		w := newWorld(session.WithClaims(func(context.Context, session.Info) (any, error) {
			if end {
				return nil, session.ErrEnd
			}
			return nil, nil
		}))
		end = false
		first := w.start(t)
		w.clock.Advance(2 * grace)
		second := w.refresh(t, first)
		w.clock.Advance(2 * grace)
		w.refresh(t, second)
		w.kinds()

		ctx, hangUp := context.WithCancel(t.Context())
		w.store.hook = func(method string, call func() error) error {
			err := call()
			if method == "Find" {
				hangUp()
			}
			return err
		}
		want, token, kind := "invalid: reused", first, session.EventReused
		if !reuse {
			end, want, token, kind = true, "invalid: ended", second, session.EventEnded
		}
		_, err := w.Refresh(ctx, token)
		if got := outcome(err); got != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		w.wantEvents(t, kind)
		end = false
		_, err = w.Refresh(t.Context(), second)
		wantOutcome(t, err, "invalid: ended")
	}
}

// Tokens that come later than Grace are of no use to the promise: the answer is an outage. A
// refusal stays a refusal.
func TestSlowRefresh(t *testing.T) {
	for _, tt := range []struct {
		name string
		took time.Duration
		want string
	}{{"Grace", grace, "ok"}, {"longer", grace + time.Millisecond, "unavailable"}, {"a clock that steps back", -time.Hour, "ok"}} {
		w := newWorld()
		first := w.start(t)
		w.clock.Advance(2 * grace)
		w.kinds()
		w.store.hook = func(method string, call func() error) error {
			if method == "Advance" {
				w.clock.Advance(tt.took)
			}
			return call()
		}
		_, err := w.Refresh(t.Context(), first)
		if got := outcome(err); got != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
		want := session.EventRefreshed
		if tt.want != "ok" {
			want = session.EventFailed
		}
		w.wantEvents(t, want)
	}
	w := newWorld()
	first := w.start(t)
	w.store.hook = func(method string, call func() error) error {
		w.clock.Advance(time.Minute)
		return call()
	}
	w.clock.Advance(idle)
	_, err := w.Refresh(t.Context(), first)
	wantOutcome(t, err, "expired")
}

func TestExpiry(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", nil))
	w.clock.Set(tokens.Session().Expires)
	_, err := w.Refresh(t.Context(), tokens.Refresh())
	wantOutcome(t, err, "expired")
	want := &jwtexp.ExpiredError{ExpiredAt: tokens.Session().Expires, Now: tokens.Session().Expires, Subject: "alice"}
	got, _ := errors.AsType[*jwtexp.ExpiredError](err)
	if diff := cmp.Diff(want.Error(), got.Error()); diff != "" || got.Subject != want.Subject {
		t.Errorf("got %v, want %v", got, want)
	}
	w.wantEvents(t, session.EventStarted, session.EventExpired)

	// When the record has been removed, the refresh token itself says when it expired.
	other := newWorld()
	other.clock.Set(tokens.Session().Expires)
	_, err = other.Refresh(t.Context(), tokens.Refresh())
	wantOutcome(t, err, "expired")
	other.wantEvents(t)
	other.clock.Advance(-time.Millisecond)
	_, err = other.Refresh(t.Context(), tokens.Refresh())
	wantOutcome(t, err, "invalid: ended")
}
