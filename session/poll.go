package session

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

const (
	// pollsPerLimit is how many polls fit into an outage limit, so that one that hangs is not yet an
	// outage.
	pollsPerLimit = 3

	// reloadInterval is the time between two readings of the whole feed.
	reloadInterval = 5 * time.Minute

	// reloadPages is how many pages of a reload a poll reads, so that a long list does not delay news.
	reloadPages = 20
)

// A watcher reads a feed in a goroutine of its own.
type watcher struct {
	feed     Feed
	clock    jwtexp.Clock
	interval time.Duration
	limit    time.Duration
	known    atomic.Pointer[snapshot] // nil until a poll has read the whole feed
	reload   *reading                 // of the whole feed, or nil; only the goroutine uses it

	stop    context.CancelFunc
	stopped chan struct{} // closed when the goroutine has ended
	asked   chan struct{} // has an element if a caller waits for the next poll

	mu   sync.Mutex
	next *poll // has not begun
}

// A poll is one reading of news.
type poll struct {
	done chan struct{}
	err  error // once done is closed
}

func newPoll() *poll { return &poll{done: make(chan struct{})} }

func (w *watcher) start() {
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	w.stopped, w.asked, w.next = make(chan struct{}), make(chan struct{}, 1), newPoll()
	w.reload = newReading(maxEnded)
	go w.run(ctx)
}

// run polls until ctx is done. The timers only start polls: whether a snapshot is too old is decided
// by the clock.
func (w *watcher) run(ctx context.Context) {
	defer close(w.stopped)
	polls, reloads := time.NewTicker(w.interval), time.NewTicker(reloadInterval)
	defer polls.Stop()
	defer reloads.Stop()
	for ctx.Err() == nil {
		p := w.begin()
		p.err = w.poll(ctx)
		close(p.done)
		select {
		case <-ctx.Done():
		case <-polls.C:
		case <-w.asked:
		case <-reloads.C:
			if w.reload == nil {
				w.reload = newReading(maxEnded)
			}
		}
	}
}

// begin returns the poll that begins now. Callers from now on wait for the one after it.
func (w *watcher) begin() *poll {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.asked: // for this poll
	default:
	}
	p := w.next
	w.next = newPoll()
	return p
}

// ask returns the next poll, which begins soon.
func (w *watcher) ask() *poll {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.asked <- struct{}{}:
	default: // another caller has asked
	}
	return w.next
}

// poll reads what is new, and a part of the reload. Both start at one reading of the clock: what was
// ended before it is known afterwards.
func (w *watcher) poll(ctx context.Context) (err error) {
	longest := w.limit / pollsPerLimit
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer func() {
		v := recover()
		switch {
		case v != nil:
			err = &jwtexp.UnavailableError{What: "session feed", Detail: "it panicked", Err: fmt.Errorf("%v\n%s", v, debug.Stack())}
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil: // not the deadline of a caller
			err = &jwtexp.UnavailableError{What: "session feed", Detail: fmt.Sprintf("a poll took more than %v, a third of WithOutageLimit", longest)}
		}
		cancel()
	}()
	start := w.now()
	s := w.known.Load()
	if s == nil {
		return w.load(ctx, start)
	}
	if err := w.readNews(ctx, s, start); err != nil {
		return err
	}
	w.continueReload(ctx, start)
	return nil
}

// load reads the whole feed for the first time. After an error, the next poll goes on.
func (w *watcher) load(ctx context.Context, start time.Time) error {
	if err := w.reload.readAll(ctx, w.feed); err != nil {
		if errors.Is(err, errBrokenFeed) {
			w.reload = newReading(maxEnded)
		}
		return err
	}
	w.finishReload(start)
	return nil
}

// readNews adds to s what was ended since. What it has read before an error counts, too, but then
// the snapshot is as old as before.
func (w *watcher) readNews(ctx context.Context, s *snapshot, start time.Time) error {
	news := newReading(maxEnded - s.base.len() - s.recent.len())
	news.cursor = s.cursor
	err := news.readAll(ctx, w.feed)
	if err != nil {
		start = s.start
	}
	if errors.Is(err, errBrokenFeed) {
		news.cursor = "" // the next poll reads all
	}
	w.known.Store(s.with(news, start))
	return err
}

// continueReload reads a part of the whole feed. An error is not one of the poll, which has read the
// news: the next poll goes on, or the next reload begins anew.
func (w *watcher) continueReload(ctx context.Context, start time.Time) {
	if w.reload == nil {
		return
	}
	for range reloadPages {
		more, err := w.reload.read(ctx, w.feed)
		switch {
		case errors.Is(err, errBrokenFeed):
			w.reload = nil
			return
		case err != nil:
			return
		case !more:
			w.finishReload(start)
			return
		}
	}
}

// finishReload drops what the feed no longer lists.
func (w *watcher) finishReload(start time.Time) {
	w.known.Store(&snapshot{base: w.reload.set, cursor: w.reload.cursor, start: start})
	w.reload = nil
}

// now returns the wall time. The monotonic time stands still while the system sleeps.
func (w *watcher) now() time.Time { return w.clock.Now().Round(0) }

func (w *watcher) revoked(ctx context.Context, t *jwtexp.Token) (bool, error) {
	sid, jti := t.SessionID(), t.ID()
	if sid == "" && jti == "" {
		return false, nil
	}
	s := w.known.Load()
	switch {
	case s != nil && s.hasToken(sid, jti): // also if the snapshot is old
		return true, nil
	case s != nil && w.isFresh(s):
		return false, nil
	}
	if err := w.sync(ctx); err != nil {
		return false, err
	}
	return w.known.Load().hasToken(sid, jti), nil
}

// isFresh reports whether a snapshot may be used. If the clock has stepped back to before its start,
// its age is unknown.
func (w *watcher) isFresh(s *snapshot) bool {
	age := w.now().Sub(s.start)
	return 0 <= age && age < w.limit
}

var errClosed = &jwtexp.UnavailableError{What: "session.Watcher", Detail: "it is closed; close it after the server has shut down"}

// sync waits for a poll that begins after the call.
func (w *watcher) sync(ctx context.Context) error {
	p := w.ask()
	select {
	case <-p.done:
		if p.err != nil {
			return outage(ctx, "session feed", "reading it failed; errors.Unwrap shows the error", p.err)
		}
		return nil
	case <-w.stopped:
		return errClosed
	case <-ctx.Done():
		return outage(ctx, "session feed", "no poll has succeeded meanwhile", nil)
	}
}
