package fleet_test

import (
	"context"
	"errors"
	"time"

	"github.com/jwtexp/jwtexp"
)

const (
	// pollInterval is how old the last poll of a Watcher is at most while its feed is up. Polls come
	// only where an access token is used soon after, because a poll a second would take too long.
	pollInterval = time.Second

	outageLimit = 30 * time.Second
)

// uses makes the holders of an access token use it now and then, in a time that its lifetime is
// shorter than.
func (w *world) uses(l *ledger, access *jwtexp.Token, times int) {
	for range times {
		w.after(spread(w.rnd, 10*time.Millisecond, accessLifetime*5/4), func() { w.use(l, access) })
	}
}

// use uses an access token on an instance whose Watcher has polled before, unless the feed is down.
func (w *world) use(l *ledger, access *jwtexp.Token) {
	in := pick(w.rnd, w.instances...)
	if chance(w.rnd, w.plan.feedOutages/10) {
		w.feed.fail(spread(w.rnd, time.Second, 5*time.Minute))
	}
	w.poll(in)
	w.after(between(w.rnd, 0, pollInterval), func() { w.verify(in, l, access) })
}

// poll makes the Watcher of an instance poll. It fails if the feed is down.
func (w *world) poll(in *instance) {
	w.feed.open.Store(true)
	defer w.feed.open.Store(false)
	_ = in.watcher.Sync(context.Background())
}

// failFeed is called before a user logs out. The Watchers have just polled, and then the feed may
// fail before they learn of the logout.
func (w *world) failFeed() {
	if !chance(w.rnd, w.plan.feedOutages) {
		return
	}
	for _, in := range w.instances {
		w.poll(in)
	}
	w.feed.fail(spread(w.rnd, time.Second, 5*time.Minute))
}

// verify checks the answer of an instance to an access token.
func (w *world) verify(in *instance, l *ledger, access *jwtexp.Token) {
	w.feed.open.Store(true)
	_, err := in.verifier.Verify(context.Background(), access.Raw())
	w.feed.open.Store(false)
	w.count.uses++
	age := w.now - in.polled
	tooOld := w.feed.isDown() && age >= outageLimit
	invalid, _ := errors.AsType[*jwtexp.InvalidError](err)
	switch {
	case !w.read(in).Before(access.ExpiresAt()):
		if !errors.Is(err, jwtexp.ErrExpired) {
			w.violation(l, 7, "got %v for an access token that has expired, want ErrExpired", err)
		}
	case errors.Is(err, jwtexp.ErrUnavailable):
		w.count.unavailable++
		if !tooOld {
			w.violation(l, 8, "got %v with a poll that began %v before, want an answer", err, age)
		}
	case tooOld && err == nil:
		w.violation(l, 7, "got %v with a poll that began %v before, want an outage", err, age)
	case err == nil:
		if late := w.now - l.ended; l.hasEnded() && (l.ended < in.polled || late > pollInterval && w.feed.lastDown < l.ended-pollInterval) {
			w.violation(l, 7, "got an access token accepted %v after the end, with a poll that began %v before, want it revoked", late, age)
		} else if l.hasEnded() {
			w.count.late++
		}
	case invalid != nil && invalid.Reason == jwtexp.ReasonRevoked:
		w.count.revoked++
		if !l.hasEnded() {
			w.violation(l, 8, "got an access token revoked, want it accepted, because the session goes on")
		}
	default:
		w.violation(l, 8, "got %v for an access token, want it accepted or revoked", err)
	}
}

// checkWatcher checks, when a call has ended a session, that its instance knows of it.
func (w *world) checkWatcher(l *ledger, c *call) {
	if l.endedBy == c && !w.feed.isDown() && c.in.polled < l.ended {
		w.violation(l, 7, "got an End whose instance polled before, want a poll after the end")
	}
}
