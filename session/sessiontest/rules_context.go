package sessiontest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// contextRules are about contexts that are done.
var contextRules = []rule{
	{"a context that is done before the call", "return ctx.Err() at once if it is not nil, and pass ctx to your database", func(p *probe) {
		canceled, cancel := context.WithCancel(p.ctx)
		cancel()
		late, cancel := context.WithDeadline(p.ctx, time.Unix(1, 0))
		defer cancel()
		for _, ctx := range []context.Context{canceled, late} {
			r, created, ended := p.stored(), newRecord(), newID()
			errs := map[string]error{"Create": p.store.Create(ctx, created)}
			_, _, errs["Find"] = p.store.Find(ctx, r.ID)
			_, _, _, errs["Advance"] = p.store.Advance(ctx, r.ID, newStep(r))
			_, _, errs["End"] = p.store.End(ctx, r.ID, start, farOff)
			_, _, errs["End of an unknown ID"] = p.store.End(ctx, ended, start, farOff)
			_, errs["EndAll"] = p.store.EndAll(ctx, r.Subject, start, farOff)
			_, errs["List"] = p.store.List(ctx, r.Subject, start)
			_, _, errs["Ended"] = p.store.Ended(ctx, "")
			for method, err := range errs {
				if err == nil {
					p.faultf("%s with a context that is done (%v): got no error, want one", method, ctx.Err())
				}
			}
			p.wantFound(r)
			p.wantRemoved(created)
			listed := p.listed()
			if count(listed, r.ID)+count(listed, ended) > 0 {
				p.faultf("End or EndAll with a context that is done (%v): Ended lists the ID, want no change", ctx.Err())
			}
		}
	}},
	{"a context that is done during the call", "make each method one transaction or script, so that it is done or not done, and its repetition ends as one call", func(p *probe) {
		for i := range 8 {
			for _, during := range []func(f func(ctx context.Context)){
				func(f func(ctx context.Context)) { p.lookedAt(i+1, f) },
				p.fromAnother,
			} {
				p.interrupted(during)
			}
		}
	}},
}

// interrupted makes each call with a context that is done during the call, and then repeats it.
// What was interrupted may still be done later, for example by a database that has received it.
func (p *probe) interrupted(during func(f func(ctx context.Context))) {
	r := newRecord()
	var err error
	during(func(ctx context.Context) { err = p.store.Create(ctx, r) })
	if got, found := p.find(r.ID); found {
		p.wantRecord("Create, interrupted: Find", got, r)
	} else if err == nil {
		p.faultf("Create, interrupted, without an error: got no record, want one")
	}
	p.create(r)
	p.wantFound(r)

	var got session.Record
	var found bool
	during(func(ctx context.Context) { got, found, err = p.store.Find(ctx, r.ID) })
	if err == nil && !found {
		p.faultf("Find, interrupted, without an error: got found=false, want true")
	}
	var all []session.Record
	during(func(ctx context.Context) { all, err = p.store.List(ctx, r.Subject, start) })
	if err == nil && len(all) != 1 {
		p.faultf("List, interrupted, without an error: got %d sessions, want 1", len(all))
	}

	s := newStep(r)
	var moved bool
	during(func(ctx context.Context) { got, moved, _, err = p.store.Advance(ctx, r.ID, s) })
	if err == nil && !moved {
		p.faultf("Advance, interrupted, without an error: got moved=false, want true")
	}
	if got, _ = p.find(r.ID); differences(got, r) != "" {
		p.wantRecord("Advance, interrupted: Find", got, advanced(r, s))
	}
	p.advance(r.ID, s)
	r = advanced(r, s)
	p.wantFound(r)

	during(func(ctx context.Context) { _, _, err = p.store.End(ctx, r.ID, start, farOff) })
	if err == nil || !p.found(r.ID) {
		p.wantListed("End, interrupted, without an error or without a record", p.listed(), r.ID)
	}
	p.end(r.ID, start, farOff)
	p.wantRemoved(r)
	p.wantListed("End, repeated", p.listed(), r.ID)

	a := p.stored()
	b, c := p.storedFor(a.Subject), p.storedFor(a.Subject)
	during(func(ctx context.Context) { _, err = p.store.EndAll(ctx, a.Subject, start, farOff) })
	if n := len(p.list(a.Subject, start)); n != 0 && n != 3 {
		p.faultf("EndAll, interrupted: got %d of 3 sessions left, want all or none", n)
	}
	p.endAll(a.Subject, start, farOff)
	p.wantList(a.Subject, start)
	p.wantListed("EndAll, repeated", p.listed(), a.ID, b.ID, c.ID)

	var page []session.Ended
	during(func(ctx context.Context) { page, _, err = p.store.Ended(ctx, "") })
	if err == nil && len(page) == 0 {
		p.faultf("Ended, interrupted, without an error: got an empty page, want entries")
	}
}

// lookedAt calls f with a context that is done when the store has looked at it n times.
func (p *probe) lookedAt(n int, f func(ctx context.Context)) {
	ctx, cancel := p.context()
	defer cancel()
	c := &countdown{Context: ctx, cancel: cancel}
	c.left.Store(int64(n))
	f(c)
}

// fromAnother calls f with a context that another goroutine cancels.
func (p *probe) fromAnother(f func(ctx context.Context)) {
	ctx, cancel := p.context()
	together(cancel, func() { f(ctx) })
}

// A countdown is a context that is done when it has been looked at a number of times.
type countdown struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func (c *countdown) Err() error {
	c.look()
	return c.Context.Err()
}

func (c *countdown) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

func (c *countdown) look() {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
}
