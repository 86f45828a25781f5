package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

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
