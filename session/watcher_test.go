package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

// A feed is a Feed whose entries and errors a test sets.
type feed struct {
	mu      sync.Mutex
	entries []string // a page has one
	err     error
	hook    func(ctx context.Context) // called at each page, without the lock
	pages   []string                  // the cursors that were asked for
}

func (f *feed) Ended(ctx context.Context, after string) ([]session.Ended, string, error) {
	f.mu.Lock()
	hook := f.hook
	f.pages = append(f.pages, after)
	f.mu.Unlock()
	if hook != nil {
		hook(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	fmt.Sscan(after, &n)
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case f.err != nil:
		return nil, "", f.err
	case n >= len(f.entries):
		return nil, fmt.Sprint(n), nil
	}
	return []session.Ended{{ID: f.entries[n]}}, fmt.Sprint(n + 1), nil
}

func (f *feed) end(ids ...string) { f.set(func() { f.entries = append(f.entries, ids...) }) }
func (f *feed) fail(err error)    { f.set(func() { f.err = err }) }

func (f *feed) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// read returns the cursors that were asked for since the last call.
func (f *feed) read() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	pages := f.pages
	f.pages = nil
	return pages
}

// watch returns a Watcher that the test closes.
func watch(t testing.TB, f session.Feed, opts ...session.WatcherOption) *session.Watcher {
	t.Helper()
	w, err := session.NewWatcher(f, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// tokenOf returns a token with the IDs, which may be "".
func tokenOf(t testing.TB, sid, jti string) *jwtexp.Token {
	t.Helper()
	claims := map[string]any{"sub": "alice", "exp": epoch.Add(access).Unix()}
	if sid != "" {
		claims["sid"] = sid
	}
	if jti != "" {
		claims["jti"] = jti
	}
	key := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(keySecret)))
	verifier := must(jwtexp.NewVerifier(key, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
	return must(verifier.Verify(t.Context(), signClaims(claims)))
}

// wantRevoked compares the answer of Revoked with a text: "revoked", "good" or "unavailable".
func wantRevoked(t *testing.T, w *session.Watcher, token *jwtexp.Token, want string) {
	t.Helper()
	got := "good"
	revoked, err := w.Revoked(t.Context(), token)
	switch {
	case err != nil:
		got = outcome(err)
	case revoked:
		got = "revoked"
	}
	if got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

const (
	oneID = "AAAAAAAAAAAAAAAAAAAAAA" // of a session
	twoID = "AAAAAAAAAAAAAAAAAAAAAQ"
)

func TestRevoked(t *testing.T) {
	long := string(make([]byte, 251))
	f := &feed{entries: []string{oneID, "jti:one", "a session of another issuer", "jti:" + long, "jti:" + oneID}}
	w := watch(t, f)
	tests := []struct {
		name, sid, jti, want string
	}{
		{"a session that was ended", oneID, "", "revoked"},
		{"beside a jti", oneID, "x", "revoked"},
		{"another session", twoID, "x", "good"},
		{"a token that was revoked", "", "one", "revoked"},
		{"beside a session", twoID, "one", "revoked"},
		{"the longest jti", twoID, long, "revoked"},
		{"a longer jti", twoID, long + "x", "good"},
		{"a session with another form of ID", "a session of another issuer", "", "revoked"},
		{"another spelling of a session", "AAAAAAAAAAAAAAAAAAAAAB", "", "good"},
		{"line breaks in the ID", "AAAAAAAAAAAAAAAAAAAA\n\n", "", "good"},
		{"a session with the ID of a token", "one", "", "good"},
		{"a token with the ID of a session", "", twoID, "good"},
		{"a token with the ID of an ended session and of a revoked token", "", oneID, "revoked"},
		{"a session with the name of an entry", "jti:two", "", "good"},
		{"neither ID", "", "", "good"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantRevoked(t, w, tokenOf(t, test.sid, test.jti), test.want) })
	}
}

// A token without sid and jti is answered without the feed.
func TestRevokedWithoutIDs(t *testing.T) {
	w := watch(t, &feed{err: errStore})
	wantRevoked(t, w, tokenOf(t, "", ""), "good")
	wantRevoked(t, w, tokenOf(t, oneID, ""), "unavailable")
	wantRevoked(t, w, tokenOf(t, "", "one"), "unavailable")
}

// A caller stops waiting when its context is done, and the poll goes on for the others.
func TestRevokedWaitsForItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan bool)
		f := &feed{entries: []string{oneID}, hook: func(context.Context) { <-goOn }}
		w := watch(t, f)
		token := tokenOf(t, oneID, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := w.Revoked(ctx, token)
		wantOutcome(t, err, "unavailable")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want one that matches the context's error", err)
		}
		close(goOn)
		wantRevoked(t, w, token, "revoked")
	})
}

// Close ends the goroutine and the poll that runs. synctest.Test fails if a goroutine is left.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		w := must(session.NewWatcher(f))
		token := tokenOf(t, oneID, "")
		wantRevoked(t, w, token, "good")
		f.set(func() { f.hook = func(ctx context.Context) { <-ctx.Done() } })
		var err error
		go func() { err = w.Sync(t.Context()) }()
		synctest.Wait()
		for range 2 {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		wantOutcome(t, err, "unavailable")
		f.read()
		wantOutcome(t, w.Sync(t.Context()), "unavailable")
		wantRevoked(t, w, token, "good")
		time.Sleep(session.DefaultOutageLimit)
		wantRevoked(t, w, token, "unavailable")
		if got := f.read(); len(got) > 0 {
			t.Errorf("got pages %v after Close, want none", got)
		}
	})
}

func TestWatcherFaults(t *testing.T) {
	var noMemory *session.Memory
	good := session.NewMemory()
	tests := []struct {
		name string
		feed session.Feed
		opts []session.WatcherOption
		want []string
	}{
		{"nil feed", nil, nil, []string{"feed: nil"}},
		{"feed that is a nil pointer", noMemory, nil, []string{"feed: nil"}},
		{"nil option", good, []session.WatcherOption{nil}, []string{"options: a nil option"}},
		{"no clock", good, []session.WatcherOption{session.WithClock(nil)}, []string{"WithClock: nil"}},
		{"no interval", good, []session.WatcherOption{session.WithInterval(0)}, []string{"WithInterval: 0s is not positive"}},
		{"no limit", good, []session.WatcherOption{session.WithOutageLimit(-1)}, []string{"WithOutageLimit: -1ns is not positive", "WithOutageLimit: -1ns is shorter"}},
		{"limit below 3 intervals", good, []session.WatcherOption{session.WithInterval(10*time.Second + 1)}, []string{"WithOutageLimit: 30s is shorter than 3 intervals"}},
		{"two limits", good, []session.WatcherOption{session.WithOutageLimit(time.Minute), session.WithOutageLimit(time.Minute)}, []string{"WithOutageLimit: given twice"}},
		{"all", nil, []session.WatcherOption{session.WithInterval(-1), session.WithClock(nil)}, []string{"feed: nil", "WithInterval: ", "WithClock: "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, err := session.NewWatcher(test.feed, test.opts...)
			if w != nil {
				t.Errorf("got %v beside an error, want nil", w)
			}
			wantFaults(t, err, "session: NewWatcher: ", test.want)
		})
	}
	watch(t, good, session.WithInterval(10*time.Second))
}

func TestZeroWatcher(t *testing.T) {
	for name, w := range map[string]*session.Watcher{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Revoked(t.Context(), tokenOf(t, oneID, ""))
			wantOutcome(t, err, "unavailable")
			wantOutcome(t, w.Sync(t.Context()), "unavailable")
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
