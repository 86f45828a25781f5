package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A watchedWorld is a world whose Manager has a Watcher, with a Verifier that asks it.
type watchedWorld struct {
	*world
	watcher  *session.Watcher
	verifier *jwtexp.Verifier
	blocked  bool // WithClaims returns ErrEnd
}

func newWatchedWorld(t *testing.T) *watchedWorld {
	t.Helper()
	w := &watchedWorld{world: newWorld()}
	w.watcher = watch(t, w.store, session.WithClock(w.clock))
	if err := w.watcher.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Manager = w.manager(policy, session.WithWatcher(w.watcher), session.WithClaims(func(context.Context, session.Info) (any, error) {
		if w.blocked {
			return nil, session.ErrEnd
		}
		return nil, nil
	}))
	w.verifier = must(jwtexp.NewVerifier(w.key, jwtexp.WithClock(w.clock), jwtexp.WithRevoked(w.watcher.Revoked)))
	return w
}

// wantVerdict verifies an access token.
func (w *watchedWorld) wantVerdict(t *testing.T, access *jwtexp.Token, want string) {
	t.Helper()
	_, err := w.verifier.Verify(t.Context(), access.Raw())
	wantOutcome(t, err, want)
}

// With WithWatcher, this process rejects the access tokens at once, whatever ends the session. Time
// stands still in the bubble, so no poll comes by itself.
func TestEndsCountAtOnce(t *testing.T) {
	tests := []struct {
		name string
		end  func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error
		want string
	}{
		{"End", func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error {
			return w.End(t.Context(), tokens.Refresh())
		}, "ok"},
		{"End of a caller who hangs up", func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error {
			ctx, hangUp := context.WithCancel(t.Context())
			w.store.hook = func(_ string, call func() error) error { defer hangUp(); return call() }
			return w.End(ctx, tokens.Refresh())
		}, "ok"},
		{"EndSession", func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error {
			_, err := w.EndSession(t.Context(), "alice", tokens.Session().ID)
			return err
		}, "ok"},
		{"EndAll", func(t *testing.T, w *watchedWorld, _ *session.Tokens) error {
			_, err := w.EndAll(t.Context(), "alice")
			return err
		}, "ok"},
		{"RevokeToken", func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error {
			return w.RevokeToken(t.Context(), tokens.Access())
		}, "ok"},
		{"reuse", func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error {
			next := tokens.Refresh()
			for range 2 {
				w.clock.Advance(2 * grace)
				next = w.refresh(t, next)
			}
			_, err := w.Refresh(t.Context(), tokens.Refresh())
			return err
		}, "invalid: reused"},
		{"ErrEnd", func(t *testing.T, w *watchedWorld, tokens *session.Tokens) error {
			w.blocked = true
			_, err := w.Refresh(t.Context(), tokens.Refresh())
			return err
		}, "invalid: ended"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatchedWorld(t)
				tokens := must(w.Start(t.Context(), "alice", nil))
				other := must(w.Start(t.Context(), "bob", nil))
				wantOutcome(t, test.end(t, w, tokens), test.want)
				w.wantVerdict(t, tokens.Access(), "invalid: revoked")
				w.wantVerdict(t, other.Access(), "ok")
			})
		})
	}
}

// A Watcher that cannot read its feed does not fail an End. The observer gets the reason, and the end
// waits for 5 seconds at most.
func TestEndWithoutWatcher(t *testing.T) {
	for _, test := range []struct {
		name string
		feed session.Feed
	}{
		{"error", &feed{err: errStore}},
		{"hangs", feedFunc(func(ctx context.Context, _ string) ([]session.Ended, string, error) {
			<-ctx.Done()
			return nil, "", ctx.Err()
		})},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatchedWorld(t)
				tokens := must(w.Start(t.Context(), "alice", nil))
				w.kinds()
				w.Manager = w.manager(policy, session.WithWatcher(watch(t, test.feed)))
				begun := time.Now()
				if err := w.End(t.Context(), tokens.Refresh()); err != nil {
					t.Errorf("got %v, want nil", err)
				}
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("got an End that waits for %v, want 5 s at most", took)
				}
				if err := w.events[0].Err; !errors.Is(err, jwtexp.ErrUnavailable) {
					t.Errorf("got %v, want ErrUnavailable", err)
				}
				if got, want := w.events[0].Session.ID, tokens.Session().ID; got != want {
					t.Errorf("got an event of session %q, want %q", got, want)
				}
				w.wantEvents(t, session.EventFailed, session.EventEnded)
				_, err := w.Refresh(t.Context(), tokens.Refresh())
				wantOutcome(t, err, "invalid: ended")
			})
		})
	}
}
