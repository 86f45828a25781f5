package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
)

const (
	// DefaultInterval is the time between two polls of a [Watcher] without [WithInterval].
	DefaultInterval = time.Second

	// DefaultOutageLimit is how long a [Watcher] without [WithOutageLimit] answers from memory while
	// its polls fail.
	DefaultOutageLimit = 30 * time.Second
)

// A Watcher makes a logout count for access tokens that were issued before. It reads a [Feed] once
// a second and keeps what was ended in memory, for [jwtexp.WithRevoked]:
//
//	watcher, err := session.NewWatcher(store)
//	if err != nil { ... }
//	defer watcher.Close()
//	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithRevoked(watcher.Revoked))
//
// The feed is the [Store], or [NewRemoteFeed] in a service without access to the store. Make a
// Watcher with [NewWatcher]: the zero Watcher answers every token with an error. It is safe for
// concurrent use.
//
//   - One poll runs at a time. It takes a third of [WithOutageLimit] at most, and has failed then.
//   - What was ended stays in memory until the feed no longer lists it, by a reading of the whole
//     feed, which begins every 5 minutes. Expired entries stay until then, so that a clock that jumps
//     does not bring a session back.
//   - While polls fail, Revoked answers from memory until [WithOutageLimit], and then with
//     [jwtexp.ErrUnavailable]. So an outage of the feed never hides a logout for longer.
//   - A million entries take about 37 MB, and twice as much while the whole feed is read. More than
//     16,777,216 entries are an error of the feed.
type Watcher struct {
	in opaque.Field[watcher] // leads to the feed, which may hold credentials
}

// NewWatcher returns a Watcher of a feed, and starts to read it. Close it to end its goroutine. The
// error lists every fault of the arguments. An outage of the feed is not one of them.
func NewWatcher(feed Feed, opts ...WatcherOption) (*Watcher, error) {
	s := setup.New("session: NewWatcher")
	if setup.IsNil(feed) {
		s.Fault("feed", errors.New("nil; pass a Store or the result of NewRemoteFeed"))
	}
	w := &watcher{
		feed:     feed,
		clock:    jwtexp.SystemClock(),
		interval: DefaultInterval,
		limit:    DefaultOutageLimit,
	}
	setup.Apply(s, opts, func(o WatcherOption) { o.forWatcher(w, s) })
	if w.interval > w.limit/pollsPerLimit {
		s.Fault("WithOutageLimit", fmt.Errorf("%v is shorter than %d intervals of %v; lengthen it, or shorten WithInterval", w.limit, pollsPerLimit, w.interval))
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	w.start()
	outer := new(Watcher)
	outer.in.Set(w)
	return outer, nil
}

// Revoked reports whether the session of a token was ended ([jwtexp.Token.SessionID]), or the token
// itself ([jwtexp.Token.ID], [Manager.RevokeToken]). It is for [jwtexp.WithRevoked]. A token with
// neither ID cannot be revoked.
//
// It answers from memory: true if the token is known to be revoked, and false if the last good poll
// began less than [WithOutageLimit] ago. Otherwise it waits for a poll, until ctx is done. So after a
// clock has jumped, or after the process was frozen, the answer costs a poll and is not an outage. An
// error matches [jwtexp.ErrUnavailable].
func (w *Watcher) Revoked(ctx context.Context, t *jwtexp.Token) (bool, error) {
	in, err := w.config()
	if err != nil {
		return false, err
	}
	return in.revoked(ctx, t)
}

// Sync polls the feed, and returns when a poll that began after the call has succeeded. What was
// ended before the call is known then. It is for tests, and for a process that ends sessions without
// a Manager [WithWatcher]. An error matches [jwtexp.ErrUnavailable].
func (w *Watcher) Sync(ctx context.Context) error {
	in, err := w.config()
	if err != nil {
		return err
	}
	return in.sync(ctx)
}

// Close ends the polls, and waits for the one that runs. Revoked then answers from memory until
// [WithOutageLimit], and Sync returns an error. Close returns nil. It may be called more than once.
func (w *Watcher) Close() error {
	in, err := w.config()
	if err != nil {
		return nil
	}
	in.stop()
	<-in.stopped
	return nil
}

// config returns the configuration, or an error for a nil or zero Watcher.
func (w *Watcher) config() (*watcher, error) {
	if w == nil || w.in.Get() == nil {
		return nil, &jwtexp.UnavailableError{What: "session.Watcher", Detail: "nil or zero; make it with NewWatcher"}
	}
	return w.in.Get(), nil
}

// A WatcherOption configures [NewWatcher].
type WatcherOption interface {
	forWatcher(*watcher, *setup.Setup)
}

type watcherOption struct {
	name string
	set  func(*watcher) error
}

func (o watcherOption) forWatcher(w *watcher, s *setup.Setup) { s.Option(o.name, o.set(w)) }

// WithClock sets the clock that measures [WithOutageLimit]. The default is [jwtexp.SystemClock].
// The polls themselves have a timer of the system: a test that moves a clock calls [Watcher.Sync],
// or runs in a bubble of testing/synctest.
func WithClock(c jwtexp.Clock) WatcherOption {
	return watcherOption{"WithClock", func(w *watcher) error {
		w.clock = c
		if setup.IsNil(c) {
			return errors.New("nil; leave the option out for the system clock")
		}
		return nil
	}}
}

// WithInterval sets the time between two polls. The default is [DefaultInterval]. It must be
// positive.
func WithInterval(d time.Duration) WatcherOption {
	return watcherOption{"WithInterval", func(w *watcher) error {
		w.interval = d
		if d <= 0 {
			return fmt.Errorf("%v is not positive", d)
		}
		return nil
	}}
}

// WithOutageLimit sets how long a Watcher answers from memory while its polls fail, from the start
// of the last good one. The default is [DefaultOutageLimit]. It must be three intervals or more. While
// the feed is down, an access token of a session that has just ended is accepted for this long.
func WithOutageLimit(d time.Duration) WatcherOption {
	return watcherOption{"WithOutageLimit", func(w *watcher) error {
		w.limit = d
		if d <= 0 {
			return fmt.Errorf("%v is not positive", d)
		}
		return nil
	}}
}
