package sessiontest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// A probe checks one rule on one store, and collects what is wrong. It is safe for concurrent use.
type probe struct {
	ctx      context.Context
	newStore func() session.Store
	store    session.Store

	mu     sync.Mutex
	faults []string
}

const (
	patience  = 30 * time.Second // how long a call may take
	maxFaults = 5                // that a report shows
	maxPages  = 50_000           // that Ended may have
	atOnce    = 8                // rounds that run in parallel
)

func newProbe(ctx context.Context, newStore func() session.Store) *probe {
	return &probe{ctx: ctx, newStore: newStore, store: newStore()}
}

// scaled returns how often a rule repeats something: n times, or a tenth with go test -short.
func scaled(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func (p *probe) faultf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

// failed reports whether a fault was found.
func (p *probe) failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.faults) > 0
}

// report returns the text of a failure, or "" if the rule holds.
func (p *probe) report(r rule) string {
	if len(p.faults) == 0 {
		return ""
	}
	shown := p.faults[:min(len(p.faults), maxFaults)]
	text := fmt.Sprintf("rule %q is broken:\n\t%s", r.name, strings.Join(shown, "\n\t"))
	if more := len(p.faults) - len(shown); more > 0 {
		text += fmt.Sprintf("\n\tand %d more faults", more)
	}
	return fmt.Sprintf("%s\n\tWhat to do: %s.", text, r.advice)
}

// context returns the context of a call.
func (p *probe) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.ctx, patience)
}

// call calls a method of the store. An error is a fault. It reports whether there was none.
func (p *probe) call(method string, f func(ctx context.Context) error) bool {
	ctx, cancel := p.context()
	defer cancel()
	err := f(ctx)
	if err != nil {
		p.faultf("%s: got the error %q, want none; repeat conflicts, such as serialization failures, inside the store", method, err)
	}
	return err == nil
}

func (p *probe) create(r session.Record) {
	p.call("Create", func(ctx context.Context) error { return p.store.Create(ctx, r) })
}

func (p *probe) find(id string) (r session.Record, found bool) {
	p.call("Find", func(ctx context.Context) (err error) {
		r, found, err = p.store.Find(ctx, id)
		return err
	})
	return r, found
}

func (p *probe) advance(id string, s session.Step) (r session.Record, moved, found bool) {
	p.call("Advance", func(ctx context.Context) (err error) {
		r, moved, found, err = p.store.Advance(ctx, id, s)
		return err
	})
	return r, moved, found
}

func (p *probe) end(id string, now, until time.Time) (r session.Record, found bool) {
	p.call("End", func(ctx context.Context) (err error) {
		r, found, err = p.store.End(ctx, id, now, until)
		return err
	})
	return r, found
}

func (p *probe) endAll(subject string, now, until time.Time, except ...string) (ids []string) {
	p.call("EndAll", func(ctx context.Context) (err error) {
		ids, err = p.store.EndAll(ctx, subject, now, until, except...)
		return err
	})
	return ids
}

func (p *probe) list(subject string, now time.Time) (all []session.Record) {
	p.call("List", func(ctx context.Context) (err error) {
		all, err = p.store.List(ctx, subject, now)
		return err
	})
	return all
}

// page returns a page of Ended. ok is false after an error.
func (p *probe) page(after string) (page []session.Ended, next string, ok bool) {
	ok = p.call("Ended", func(ctx context.Context) (err error) {
		page, next, err = p.store.Ended(ctx, after)
		return err
	})
	return page, next, ok
}

// read reads the pages of Ended from a cursor to the end. It returns the entries, and the last
// cursor.
func (p *probe) read(after string) (all []session.Ended, next string) {
	for range maxPages {
		page, next, ok := p.page(after)
		if !ok || len(page) == 0 {
			return all, next
		}
		all = append(all, page...)
		after = next
	}
	p.faultf("Ended: got %d pages and %d entries without an empty page, want an empty page after the last entry", maxPages, len(all))
	return all, after
}

// listed returns all entries of Ended.
func (p *probe) listed() []session.Ended {
	all, _ := p.read("")
	return all
}

// rounds runs f n times, some at once. It stops after the first fault.
func (p *probe) rounds(n int, f func()) {
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for left.Add(-1) >= 0 && !p.failed() {
				f()
			}
		})
	}
	wg.Wait()
}

// together runs functions at the same time, in a random order, and returns when all have.
func together(functions ...func()) {
	// The scheduler prefers the goroutine that was started last.
	rand.Shuffle(len(functions), func(i, j int) { functions[i], functions[j] = functions[j], functions[i] })
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for _, f := range functions {
		wg.Go(func() {
			<-begin
			f()
		})
	}
	close(begin)
	wg.Wait()
}
