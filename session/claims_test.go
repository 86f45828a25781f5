package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

func claimsOf(t *testing.T, tokens *session.Tokens) map[string]any {
	t.Helper()
	var all map[string]any
	if err := tokens.Access().Claims(&all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sub", "exp", "iat", "jti", "sid"} {
		if all[name] == nil {
			t.Errorf("got no claim %s, want it", name)
		}
		delete(all, name)
	}
	return all
}

// Without WithClaims, every access token has the claims of Start, to the digit.
func TestClaimsOfStart(t *testing.T) {
	w := newWorld()
	for _, tt := range []struct {
		claims any
		want   map[string]any
	}{
		{nil, map[string]any{}},
		{map[string]any{}, map[string]any{}},
		{struct {
			ID    int64    `json:"id"`
			Roles []string `json:"roles"`
		}{281674916028284931, []string{"a"}}, map[string]any{"id": json.Number("281674916028284931"), "roles": []any{"a"}}},
		{json.RawMessage(`{"n": 1e2, "html": "<&>"}`), map[string]any{"n": json.Number("1e2"), "html": "<&>"}},
	} {
		tokens, err := w.Start(t.Context(), "alice", tt.claims)
		if err != nil {
			t.Errorf("%v: got %v, want nil", tt.claims, err)
			continue
		}
		first := tokens.Refresh()
		for range 3 {
			var got map[string]json.RawMessage
			if err := tokens.Access().Claims(&got); err != nil || len(got) != len(tt.want)+5 {
				t.Errorf("%v: got %d claims, %v, want %d", tt.claims, len(got), err, len(tt.want)+5)
			}
			for name, want := range tt.want {
				if n, ok := want.(json.Number); ok && string(got[name]) != string(n) {
					t.Errorf("claim %s: got %s, want %s", name, got[name], n)
				}
			}
			w.clock.Advance(2 * grace)
			tokens = must(w.Refresh(t.Context(), first))
			first = tokens.Refresh()
		}
	}
}

// WithClaims is asked at each Start and Refresh, so that a changed role counts at once. It gets the
// session with the claims of Start.
func TestWithClaims(t *testing.T) {
	role := "editor"
	var asked []session.Info
	w := newWorld(session.WithClaims(func(_ context.Context, s session.Info) (any, error) {
		asked = append(asked, s)
		if role == "" {
			return nil, nil
		}
		return map[string]any{"role": role}, nil
	}))
	tokens := must(w.Start(t.Context(), "alice", map[string]any{"version": 7}))
	if diff := cmp.Diff(map[string]any{"role": "editor"}, claimsOf(t, tokens)); diff != "" {
		t.Errorf("at Start (-want +got):\n%s", diff)
	}
	role = "admin"
	tokens = must(w.Refresh(t.Context(), tokens.Refresh()))
	if diff := cmp.Diff(map[string]any{"role": "admin"}, claimsOf(t, tokens)); diff != "" {
		t.Errorf("at Refresh (-want +got):\n%s", diff)
	}
	role = ""
	tokens = must(w.Refresh(t.Context(), tokens.Refresh()))
	if diff := cmp.Diff(map[string]any{}, claimsOf(t, tokens)); diff != "" {
		t.Errorf("without claims (-want +got):\n%s", diff)
	}
	for i, s := range asked {
		if diff := cmp.Diff(tokens.Session(), s); diff != "" || string(s.Claims) != `{"version":7}` {
			t.Errorf("call %d: got another session (-want +got):\n%s", i, diff)
		}
	}
}

// An error of WithClaims that is not ErrEnd is an outage: nothing has changed.
func TestWithClaimsFails(t *testing.T) {
	down := errors.New("the user database is down")
	for name, fails := range map[string]error{
		"an error":           down,
		"a verdict":          fmt.Errorf("%w: %w", jwtexp.ErrInvalid, down),
		"an expired token":   fmt.Errorf("%w: %w", &jwtexp.ExpiredError{}, down),
		"an outage":          &jwtexp.UnavailableError{What: "user database", Err: down},
		"a canceled context": fmt.Errorf("%w: %w", context.Canceled, down),
	} {
		var result error
		w := newWorld(session.WithClaims(func(context.Context, session.Info) (any, error) { return nil, result }))
		first := w.start(t)
		w.clock.Advance(2 * grace)
		w.kinds()
		w.store.taken()
		result = fails
		_, err := w.Refresh(t.Context(), first)
		if outcome(err) != "unavailable" {
			t.Errorf("%s: Refresh: got %v, want ErrUnavailable", name, err)
		}
		_, err = w.Start(t.Context(), "alice", nil)
		if outcome(err) != "unavailable" {
			t.Errorf("%s: Start: got %v, want ErrUnavailable", name, err)
		}
		if diff := cmp.Diff([]string{"Find"}, w.store.taken()); diff != "" {
			t.Errorf("%s: calls of the store (-want +got):\n%s", name, diff)
		}
		w.wantEvents(t, session.EventFailed, session.EventFailed)
		result = nil
		w.refresh(t, first)
	}
}

// Claims that no access token can have are an outage of the function, not the client's fault.
func TestWithClaimsReturnsGarbage(t *testing.T) {
	for _, garbage := range []any{7, map[string]any{"exp": 1}, map[string]any{"sid": "x"}, func() {}} {
		result := any(nil)
		w := newWorld(session.WithClaims(func(context.Context, session.Info) (any, error) { return result, nil }))
		first := w.start(t)
		result = garbage
		_, err := w.Refresh(t.Context(), first)
		wantOutcome(t, err, "unavailable")
		_, err = w.Start(t.Context(), "alice", nil)
		wantOutcome(t, err, "unavailable")
		result = nil
		w.refresh(t, first)
	}
}

// ErrEnd ends the session. At Start there is none, and nothing is stored.
func TestErrEnd(t *testing.T) {
	for name, result := range map[string]error{"ErrEnd": session.ErrEnd, "wrapped": fmt.Errorf("user is locked: %w", session.ErrEnd)} {
		var end error
		w := newWorld(session.WithClaims(func(context.Context, session.Info) (any, error) { return nil, end }))
		first := w.start(t)
		w.kinds()
		w.store.taken()
		end = result
		_, err := w.Start(t.Context(), "alice", nil)
		if outcome(err) != "invalid: ended" {
			t.Errorf("%s: Start: got %v, want ended", name, err)
		}
		_, err = w.Refresh(t.Context(), first)
		if outcome(err) != "invalid: ended" {
			t.Errorf("%s: Refresh: got %v, want ended", name, err)
		}
		if diff := cmp.Diff([]string{"Find", "End"}, w.store.taken()); diff != "" {
			t.Errorf("%s: calls of the store (-want +got):\n%s", name, diff)
		}
		w.wantEvents(t, session.EventEnded)
		end = nil
		_, err = w.Refresh(t.Context(), first)
		wantOutcome(t, err, "invalid: ended")
	}

	// A session that was ended meanwhile is not reported twice.
	w := newWorld(session.WithClaims(func(context.Context, session.Info) (any, error) { return nil, session.ErrEnd }))
	first := must(w.manager(policy).Start(t.Context(), "alice", nil)).Refresh()
	w.kinds()
	w.store.hook = func(method string, call func() error) error {
		if method == "End" {
			return errors.Join(call(), call())
		}
		return call()
	}
	_, err := w.Refresh(t.Context(), first)
	wantOutcome(t, err, "invalid: ended")
	w.wantEvents(t)

	// If the session cannot be ended, the answer is an outage, and the next call ends it.
	end := error(nil)
	w = newWorld(session.WithClaims(func(context.Context, session.Info) (any, error) { return nil, end }))
	first = w.start(t)
	end = session.ErrEnd
	w.store.hook = failBefore("End")
	_, err = w.Refresh(t.Context(), first)
	wantOutcome(t, err, "unavailable")
	w.store.hook = nil
	_, err = w.Refresh(t.Context(), first)
	wantOutcome(t, err, "invalid: ended")
}

// Only WithClaims ends a session with ErrEnd. From a key source or a method of the claims it is an
// outage.
func TestErrEndOfOthers(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	issuer := must(jwtexp.NewIssuer(keySource{session.ErrEnd}, access, jwtexp.WithClock(w.clock)))
	for name, m := range map[string]*session.Manager{
		"key source": must(session.New(w.store, issuer, secret, policy)),
		"claims":     w.manager(policy, session.WithClaims(func(context.Context, session.Info) (any, error) { return endingClaims{}, nil })),
	} {
		_, err := m.Refresh(t.Context(), first)
		if outcome(err) != "unavailable" {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
	}
	w.refresh(t, first)
}

type endingClaims struct{}

func (endingClaims) MarshalJSON() ([]byte, error) { return nil, session.ErrEnd }

// A login that was checked before a password change, and started after it, does not outlive it: the
// version of the credentials is compared at each refresh.
func TestCredentialVersion(t *testing.T) {
	type login struct {
		Version int `json:"version"`
	}
	version := 1
	w := newWorld(session.WithClaims(func(_ context.Context, s session.Info) (any, error) {
		var at login
		if err := json.Unmarshal(s.Claims, &at); err != nil {
			return nil, err
		}
		if at.Version != version {
			return nil, session.ErrEnd
		}
		return nil, nil
	}))
	checked := version // the password is good
	version++          // and is changed now, with EndAll
	if n, err := w.EndAll(t.Context(), "alice"); n != 0 || err != nil {
		t.Errorf("got %d, %v, want 0", n, err)
	}
	_, err := w.Start(t.Context(), "alice", login{checked})
	wantOutcome(t, err, "invalid: ended")

	tokens := must(w.Start(t.Context(), "alice", login{version}))
	w.refresh(t, tokens.Refresh())
	version++
	w.clock.Advance(time.Minute)
	_, err = w.Refresh(t.Context(), tokens.Refresh())
	wantOutcome(t, err, "invalid: ended")
}
