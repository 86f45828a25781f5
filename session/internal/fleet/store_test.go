package fleet_test

import (
	"context"
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// A store is the Store of a world: a Memory behind a network. Each step takes time before and after
// its effect, fails before or after it, or is done twice by a driver that retries. The ledgers note
// each effect.
type store struct {
	w      *world
	memory *session.Memory
	broken func(*world, session.Store) session.Store
	inner  session.Store // the Memory, or what broken returned for it
	session.Feed
}

func newStore(w *world, broken func(*world, session.Store) session.Store) *store {
	s := &store{w: w, broken: broken}
	s.use(session.NewMemory())
	return s
}

func (s *store) use(m *session.Memory) {
	s.memory, s.inner, s.Feed = m, m, m
	if s.broken != nil {
		s.inner = s.broken(s.w, m)
	}
}

// do does one step of the store.
func (s *store) do(step func() error) error {
	w := s.w
	w.sleep()
	fails := chance(w.rnd, w.plan.outages)
	if fails && w.rnd.IntN(2) == 0 {
		w.running.disturbed = true
		return errOutage
	}
	err := step()
	if chance(w.rnd, w.plan.outages) {
		w.sleep()
		err = step()
	}
	w.sleep()
	if fails {
		w.running.disturbed = true
		return errOutage
	}
	return err
}

func (s *store) Create(ctx context.Context, r session.Record) error {
	return s.do(func() error {
		err := s.inner.Create(ctx, r)
		if err == nil {
			s.w.created(r)
		}
		return err
	})
}

func (s *store) Find(ctx context.Context, id string) (r session.Record, found bool, err error) {
	err = s.do(func() (err error) {
		r, found, err = s.inner.Find(ctx, id)
		return err
	})
	return r, found, err
}

func (s *store) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	err = s.do(func() (err error) {
		r, moved, found, err = s.inner.Advance(ctx, id, step)
		if err == nil && moved {
			s.w.byID[id].advanced(s.w.running, step)
			s.mayFailOver()
		}
		return err
	})
	return r, moved, found, err
}

func (s *store) End(ctx context.Context, id string, now, until time.Time) (r session.Record, found bool, err error) {
	err = s.do(func() (err error) {
		if ctx.Err() != nil && s.w.running.refresh != nil {
			s.w.violation(s.w.byID[id], 4, "got an End that a client who hangs up can stop, want one that goes on")
		}
		r, found, err = s.inner.End(ctx, id, now, until)
		if err == nil {
			s.w.byID[id].end(s.w.running)
		}
		return err
	})
	return r, found, err
}

func (s *store) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) (ids []string, err error) {
	err = s.do(func() (err error) {
		ids, err = s.inner.EndAll(ctx, subject, now, until, except...)
		if err != nil {
			return err
		}
		for _, l := range s.w.ledgers {
			if l.record.Subject == subject {
				l.end(s.w.running)
			}
		}
		return nil
	})
	return ids, err
}

func (s *store) List(ctx context.Context, subject string, now time.Time) (all []session.Record, err error) {
	err = s.do(func() (err error) {
		all, err = s.inner.List(ctx, subject, now)
		return err
	})
	return all, err
}

// mayFailOver schedules a failover soon after an Advance, so that messages are on their way when it
// comes.
func (s *store) mayFailOver() {
	w := s.w
	if !chance(w.rnd, w.plan.failovers) {
		return
	}
	in := way(w.rnd, w.plan.policy.Grace)
	lost := in + spread(w.rnd, time.Second, 5*time.Minute)
	if w.rnd.IntN(2) == 0 {
		lost = in // and the Advance of this moment
	}
	w.after(in, func() { s.failOver(w.now - lost) })
}

// failOver sets the store back: it loses each Advance since a true time. A Memory can't be set
// back, so another one takes its place.
func (s *store) failOver(since time.Duration) {
	w, ctx := s.w, context.Background()
	w.count.failovers++
	m := session.NewMemory()
	for _, l := range w.ledgers {
		if l.hasEnded() {
			if _, _, err := m.End(ctx, l.record.ID, begin, begin.Add(1000*day)); err != nil {
				panic(err)
			}
			continue
		}
		l.setBack(since)
		r, now := l.record, l.last()
		r.Generation, r.Previous, r.Refreshed, r.Expires = now.generation, now.previous, now.refreshed, now.expires
		if err := m.Create(ctx, r); err != nil {
			panic(err)
		}
	}
	s.use(m)
}

// checkRecords checks that the store has one record for each session.
func (w *world) checkRecords() {
	want := 0
	for _, l := range w.ledgers {
		if !l.hasEnded() {
			want++
		}
	}
	var got int
	if _, err := fmt.Sscanf(fmt.Sprint(w.store.memory), "session.Memory(%d records)", &got); err != nil {
		panic(err)
	}
	if got != want {
		w.violation(nil, 5, "got %d records, want %d, one for each session", got, want)
	}
}
