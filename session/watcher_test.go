package session_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
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

// A Watcher polls once an interval, and reads on from its last cursor.
func TestWatcherPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{entries: []string{oneID}}
		w := watch(t, f)
		token := tokenOf(t, twoID, "")
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		synctest.Wait()
		f.read()
		wantRevoked(t, w, token, "good")
		f.end(twoID)
		wantRevoked(t, w, token, "good") // from memory
		time.Sleep(session.DefaultInterval)
		synctest.Wait()
		wantRevoked(t, w, token, "revoked")
		if got, want := fmt.Sprint(f.read()), "[1 2]"; got != want {
			t.Errorf("got pages %s, want %s", got, want)
		}
		f.end("jti:one")
		time.Sleep(session.DefaultInterval)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, "", "one"), "revoked")
		wantRevoked(t, w, token, "revoked")
		f.read()
		time.Sleep(10 * session.DefaultInterval)
		synctest.Wait()
		if got, want := len(f.read()), 10; got != want {
			t.Errorf("got %d pages in 10 intervals, want %d", got, want)
		}
	})
}

// Sync waits for a poll that began after the call, also if one is under way.
func TestSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		w := watch(t, f)
		synctest.Wait()
		begun := time.Now()
		if err := w.Sync(t.Context()); err != nil || !time.Now().Equal(begun) {
			t.Fatalf("got %v after %v, want a poll at once", err, time.Since(begun))
		}
		blocked, goOn := make(chan bool), make(chan bool)
		f.set(func() { f.hook = func(context.Context) { blocked <- true; <-goOn } })
		go w.Sync(t.Context())
		<-blocked // this poll has begun
		var err error
		synced := make(chan bool)
		go func() { err = w.Sync(t.Context()); close(synced) }()
		synctest.Wait()
		goOn <- true
		synctest.Wait()
		select {
		case <-synced:
			t.Error("got a Sync that returned after the poll before it, want one that waits")
		default:
		}
		f.end(oneID)
		f.set(func() { f.hook = nil })
		<-blocked
		goOn <- true
		if <-synced; err != nil {
			t.Error(err)
		}
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
	})
}

// While polls fail, a Watcher answers from memory until WithOutageLimit, counted from the start of
// the last good poll. What it learned before an error counts.
func TestOutageOfTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		w := watch(t, f, session.WithInterval(time.Second), session.WithOutageLimit(10*time.Second))
		one, two := tokenOf(t, oneID, ""), tokenOf(t, twoID, "")
		wantRevoked(t, w, one, "good")
		synctest.Wait()
		f.fail(errStore)
		f.end(oneID)
		time.Sleep(10*time.Second - 1)
		synctest.Wait()
		wantRevoked(t, w, one, "good")
		time.Sleep(time.Nanosecond)
		wantRevoked(t, w, one, "unavailable")
		wantRevoked(t, w, two, "unavailable")
		if _, err := w.Revoked(t.Context(), one); !errors.Is(err, errStore) {
			t.Errorf("got %v, want the error of the feed as its cause", err)
		}
		f.fail(nil)
		wantRevoked(t, w, two, "good") // at once
		wantRevoked(t, w, one, "revoked")
	})
}

// The age of what is known counts from the start of a poll that takes long.
func TestAgeCountsFromTheStartOfAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		w := watch(t, f, session.WithOutageLimit(9*time.Second))
		token := tokenOf(t, oneID, "")
		wantRevoked(t, w, token, "good")
		synctest.Wait()
		f.set(func() { f.hook = func(context.Context) { time.Sleep(2 * time.Second) } })
		time.Sleep(3 * time.Second) // a poll has begun after one, and has ended after three
		synctest.Wait()
		f.set(func() { f.hook, f.err = nil, errStore })
		time.Sleep(7*time.Second - 1)
		wantRevoked(t, w, token, "good")
		time.Sleep(time.Nanosecond)
		wantRevoked(t, w, token, "unavailable")
	})
}

// A poll that fails after a page with entries keeps them, and does not count as a good one.
func TestPollThatFailsHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		w := watch(t, f, session.WithOutageLimit(10*time.Second))
		wantRevoked(t, w, tokenOf(t, oneID, ""), "good")
		synctest.Wait()
		f.end(oneID, twoID)
		pages := 0
		f.set(func() {
			f.hook = func(context.Context) {
				if pages++; pages > 1 {
					f.fail(errStore)
				}
			}
		})
		time.Sleep(time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		wantRevoked(t, w, tokenOf(t, twoID, ""), "good")
		time.Sleep(9 * time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, twoID, ""), "unavailable")
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked") // known, however old
		f.fail(nil)
		f.set(func() { f.hook = nil })
		wantRevoked(t, w, tokenOf(t, twoID, ""), "revoked")
	})
}

// A clock that jumps, or a process that was frozen, costs a poll and is not an outage.
func TestWatcherAndItsClock(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, session.DefaultOutageLimit, -time.Nanosecond, -time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, clock := &feed{}, jwtexptest.NewClock(epoch)
				w := watch(t, f, session.WithClock(clock))
				token := tokenOf(t, oneID, "")
				wantRevoked(t, w, token, "good")
				synctest.Wait()
				f.read()
				f.end(oneID)
				clock.Set(epoch.Add(jump))
				wantRevoked(t, w, token, "revoked")
				if got, want := len(f.read()), 2; got != want {
					t.Errorf("got %d pages, want %d, of one poll", got, want)
				}
				f.fail(errStore)
				other := tokenOf(t, twoID, "")
				wantRevoked(t, w, other, "good")
				clock.Set(epoch.Add(2 * jump))
				wantRevoked(t, w, other, "unavailable")
				wantRevoked(t, w, token, "revoked")
			})
		})
	}
}

// A jump of the clock does not drop entries that have expired by it.
func TestJumpOfTheClockRevivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, clock := newWorld(), jwtexptest.NewClock(epoch)
		watcher := watch(t, w.store, session.WithClock(clock))
		token := must(w.Start(t.Context(), "alice", nil))
		if err := w.End(t.Context(), token.Refresh()); err != nil {
			t.Fatal(err)
		}
		clock.Advance(1000 * time.Hour)
		for range 3 {
			if err := watcher.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantRevoked(t, watcher, token.Access(), "revoked")
		}
	})
}

// Every 5 minutes the whole feed is read again, and what it no longer lists is dropped.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{entries: []string{oneID, "jti:one"}}
		w := watch(t, f)
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		f.set(func() { f.entries = []string{"jti:other", twoID} })
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		wantRevoked(t, w, tokenOf(t, "", "one"), "revoked")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "good")
		wantRevoked(t, w, tokenOf(t, "", "one"), "good")
		wantRevoked(t, w, tokenOf(t, twoID, ""), "revoked")
	})
}

// A reload that finds a broken feed begins anew, and drops nothing.
func TestBrokenReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{entries: []string{oneID}}
		switched := &switchedFeed{Feed: f}
		w := watch(t, switched)
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		time.Sleep(5*time.Minute - time.Second)
		switched.use(feedFunc(func(ctx context.Context, after string) ([]session.Ended, string, error) {
			if after == "" || after == "7" { // the reload
				return []session.Ended{{ID: twoID}}, "7", nil
			}
			return f.Ended(ctx, after)
		}))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		switched.use(f)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		wantRevoked(t, w, tokenOf(t, twoID, ""), "good")
	})
}

// A reload of a long list takes many polls, and news is not delayed by it. A reload that fails goes
// on later, and nothing is dropped before it is complete.
func TestLongReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		for range 100 {
			f.end(newSessionID())
		}
		f.end(oneID)
		w := watch(t, f)
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		f.set(func() { f.entries[100] = newSessionID() }) // oneID is no longer listed
		time.Sleep(5*time.Minute + 1*time.Second)
		synctest.Wait()
		f.end(twoID)
		time.Sleep(time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, twoID, ""), "revoked")
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		f.set(func() {
			f.hook = func(context.Context) { // of the reload only
				f.set(func() {
					f.err = nil
					if n := len(f.pages); f.pages[n-1] != "102" {
						f.err = errStore
					}
				})
			}
		})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		f.set(func() { f.hook, f.err = nil, nil })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "good")
		wantRevoked(t, w, tokenOf(t, twoID, ""), "revoked")
	})
}

// The first reading of a long list may fail on the way, and goes on with the next poll.
func TestFirstReadingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{entries: []string{newSessionID(), oneID}}
		pages := 0
		f.hook = func(context.Context) {
			pages++
			f.fail(nil)
			if pages == 2 {
				f.fail(errStore)
			}
		}
		w := watch(t, f)
		synctest.Wait()
		wantRevoked(t, w, tokenOf(t, oneID, ""), "revoked")
		if got, want := fmt.Sprint(f.read()), "[ 1 1 2]"; got != want {
			t.Errorf("got pages %s, want %s", got, want)
		}
	})
}

// Feeds that hang, panic or break their contract are an outage.
func TestBrokenFeeds(t *testing.T) {
	tests := []struct {
		name   string
		broken feedFunc
	}{
		{"hangs", func(ctx context.Context, _ string) ([]session.Ended, string, error) {
			<-ctx.Done()
			return nil, "", ctx.Err()
		}},
		{"panics", func(context.Context, string) ([]session.Ended, string, error) { panic("broken") }},
		{"repeats a page", func(context.Context, string) ([]session.Ended, string, error) {
			return []session.Ended{{ID: twoID}}, "7", nil
		}},
		{"has no end", func(_ context.Context, after string) ([]session.Ended, string, error) {
			<-time.After(time.Second) // in a bubble
			return []session.Ended{{ID: twoID}}, after + "x", nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &switchedFeed{Feed: &feed{}}
				w := watch(t, f)
				token := tokenOf(t, oneID, "")
				wantRevoked(t, w, token, "good")
				synctest.Wait()
				f.use(test.broken)
				time.Sleep(session.DefaultOutageLimit)
				begun := time.Now()
				_, err := w.Revoked(t.Context(), token)
				wantOutcome(t, err, "unavailable")
				if waited := time.Since(begun); waited > 2*session.DefaultOutageLimit/3 {
					t.Errorf("got an answer after %v, want two polls at most", waited)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want an error that does not match the deadline of a caller", err)
				}
				f.use(&feed{entries: []string{oneID}})
				wantRevoked(t, w, token, "revoked")

				f.use(test.broken)
				another := watch(t, f)
				_, err = another.Revoked(t.Context(), token)
				wantOutcome(t, err, "unavailable")
				f.use(&feed{entries: []string{oneID}})
				wantRevoked(t, another, token, "revoked")
			})
		})
	}
}

type feedFunc func(context.Context, string) ([]session.Ended, string, error)

func (f feedFunc) Ended(ctx context.Context, after string) ([]session.Ended, string, error) {
	return f(ctx, after)
}

// A switchedFeed is a Feed that can be replaced.
type switchedFeed struct {
	mu sync.Mutex
	session.Feed
}

func (f *switchedFeed) use(other session.Feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Feed = other
}

func (f *switchedFeed) Ended(ctx context.Context, after string) ([]session.Ended, string, error) {
	f.mu.Lock()
	now := f.Feed
	f.mu.Unlock()
	return now.Ended(ctx, after)
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

// Many callers share one poll.
func TestCallersShareAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{err: errStore}
		w := watch(t, f)
		synctest.Wait()
		f.read()
		running, most := 0, 0
		f.set(func() {
			f.err = nil
			f.hook = func(context.Context) {
				f.set(func() { running++; most = max(most, running) })
				time.Sleep(100 * time.Millisecond)
				f.set(func() { running-- })
			}
		})
		token := tokenOf(t, oneID, "")
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { wantRevoked(t, w, token, "good") })
		}
		wg.Wait()
		if got := len(f.read()); got > 2 || most > 1 {
			t.Errorf("got %d pages, %d at once, want 2 at most, one at a time", got, most)
		}
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

// A million entries take less than 60 MB, and Revoked allocates nothing.
func TestMillionEntries(t *testing.T) {
	for _, prefix := range []string{"", "jti:"} {
		w, before := watch(t, &millionFeed{prefix: prefix}), heap()
		if err := w.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := heap() - before; got > 60e6 {
			t.Errorf("%s: got %d MB, want 60 at most", prefix, got/1e6)
		}
		ctx, token := t.Context(), tokenOf(t, oneID, "3f2504e0-4f89-41d3-9a0c-0305e82c3301")
		if got := testing.AllocsPerRun(100, func() { w.Revoked(ctx, token) }); got > 0 {
			t.Errorf("%s: got %v allocations, want none", prefix, got)
		}
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A millionFeed lists a million random entries.
type millionFeed struct{ prefix string }

func (f *millionFeed) Ended(_ context.Context, after string) ([]session.Ended, string, error) {
	n := 0
	fmt.Sscan(after, &n)
	if n == 1000 {
		return nil, after, nil
	}
	page := make([]session.Ended, 1000)
	for i := range page {
		page[i].ID = f.prefix + newSessionID()
	}
	return page, fmt.Sprint(n + 1), nil
}

func newSessionID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return base64.RawURLEncoding.EncodeToString(id)
}

// Revoked takes no lock that a poll holds. The floor is a look-up in a map of the same size.
func BenchmarkRevoked(b *testing.B) {
	for _, prefix := range []string{"", "jti:"} {
		b.Run("entries="+prefix, func(b *testing.B) {
			w := watch(b, &millionFeed{prefix: prefix})
			if err := w.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
			tokens := make([]*jwtexp.Token, 1<<12)
			for i := range tokens {
				tokens[i] = tokenOf(b, newSessionID(), newSessionID())
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w.Revoked(b.Context(), tokens[i%len(tokens)])
			}
		})
	}
}
