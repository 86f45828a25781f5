package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// A feed is the Feed of a world: the list of its store, in short pages, with outages. It answers
// only while the world calls a Watcher, so that the timer of a Watcher changes nothing.
type feed struct {
	w        *world
	open     atomic.Bool
	until    time.Duration // the end of the last outage
	lastDown time.Duration // when an outage was seen last, or its end
	served   int           // calls in an outage
	broken   faults
}

// fail makes the feed fail from now on.
func (f *feed) fail(d time.Duration) {
	f.until = max(f.until, f.w.now+d)
	f.lastDown = f.until
	f.served = 0
}

func (f *feed) isDown() bool { return f.w.now < f.until }

// pageSize is how many entries a page has at most.
const pageSize = 2

var errClosed = errors.New("the world runs no Watcher")

// watched is the Feed of one instance.
type watched struct {
	*feed
	in *instance
}

// Ended returns a page. In an outage, some polls get a page before they fail. A cursor from before a
// failover is unknown.
func (f watched) Ended(ctx context.Context, after string) (ended []session.Ended, next string, err error) {
	if !f.open.Load() {
		return nil, "", errClosed
	}
	failovers, from := 0, 0
	fmt.Sscanf(after, "%d.%d", &failovers, &from)
	if failovers != f.w.count.failovers {
		from = 0
	}
	list, err := listOf(ctx, f.w.store.memory)
	if err != nil {
		return nil, "", err
	}
	if f.broken.list != nil {
		list = f.broken.list(f.w, list)
	}
	from = min(from, len(list))
	page := list[from:min(from+pageSize, len(list))]
	next = fmt.Sprintf("%d.%d", f.w.count.failovers, from+len(page))
	switch {
	case f.isDown() && f.broken.silent:
		return nil, after, nil
	case f.isDown():
		if f.served++; f.served%3 != 1 || len(page) == 0 {
			return nil, "", errOutage
		}
	case len(page) == 0:
		f.in.polled = f.w.now
	}
	return page, next, nil
}

// listOf returns all that a feed lists.
func listOf(ctx context.Context, f session.Feed) (all []session.Ended, err error) {
	for cursor := ""; ; {
		page, next, err := f.Ended(ctx, cursor)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all, cursor = append(all, page...), next
	}
}
