package sessiontest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
	"github.com/jwtexp/jwtexp/session/sessiontest"
)

// An inTurn passes its calls in turn to two handles of one database, as two processes have them.
type inTurn struct {
	handles [2]session.Store
	calls   atomic.Uint64
}

func (s *inTurn) next() session.Store { return s.handles[s.calls.Add(1)%2] }

func (s *inTurn) Create(ctx context.Context, r session.Record) error { return s.next().Create(ctx, r) }

func (s *inTurn) Find(ctx context.Context, id string) (session.Record, bool, error) {
	return s.next().Find(ctx, id)
}

func (s *inTurn) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	return s.next().Advance(ctx, id, step)
}

func (s *inTurn) End(ctx context.Context, id string, now, until time.Time) (session.Record, bool, error) {
	return s.next().End(ctx, id, now, until)
}

func (s *inTurn) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) ([]string, error) {
	return s.next().EndAll(ctx, subject, now, until, except...)
}

func (s *inTurn) List(ctx context.Context, subject string, now time.Time) ([]session.Record, error) {
	return s.next().List(ctx, subject, now)
}

func (s *inTurn) Ended(ctx context.Context, after string) ([]session.Ended, string, error) {
	return s.next().Ended(ctx, after)
}

// A caching is a handle that keeps in the process what Find returns, until it writes.
type caching struct {
	session.Store
	mu    sync.Mutex
	cache map[string]session.Record
}

func (s *caching) Find(ctx context.Context, id string) (r session.Record, found bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, found = s.cache[id]; found {
		return r, true, ctx.Err()
	}
	r, found, err = s.Store.Find(ctx, id)
	if found {
		s.cache[id] = r
	}
	return r, found, err
}

func (s *caching) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cache)
}

func (s *caching) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	defer s.forget()
	return s.Store.Advance(ctx, id, step)
}

func (s *caching) End(ctx context.Context, id string, now, until time.Time) (session.Record, bool, error) {
	defer s.forget()
	return s.Store.End(ctx, id, now, until)
}

func (s *caching) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) ([]string, error) {
	defer s.forget()
	return s.Store.EndAll(ctx, subject, now, until, except...)
}

// A locking is a handle whose Advance locks a mutex of the process, and no row of the database.
type locking struct {
	session.Store
	mu sync.Mutex
}

func (s *locking) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Advance(ctx, id, step)
}

// What a store keeps in the process is a fault that one handle hides and two handles show.
func TestTwoHandlesFindWhatIsInTheProcess(t *testing.T) {
	const parallel = "one of 64 parallel Advances moves"
	tests := []struct {
		fault, rule string
		database    fault
		open        func(database session.Store) session.Store
	}{
		{"caches records in Find", "many callers use the store at once", none, func(database session.Store) session.Store {
			return &caching{Store: database, cache: make(map[string]session.Record)}
		}},
		{"locks Advance in the process", parallel, advanceReadsFirst, func(database session.Store) session.Store {
			return &locking{Store: database}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			one := func() session.Store { return tt.open(newStore(tt.database)) }
			if got := sessiontest.Check(t.Context(), tt.rule, one); got != "" {
				t.Errorf("one handle: got %s, want no failure", got)
			}
			two := func() session.Store {
				database := newStore(tt.database)
				return &inTurn{handles: [2]session.Store{tt.open(database), tt.open(database)}}
			}
			got := sessiontest.Check(t.Context(), tt.rule, two)
			if got == "" {
				t.Errorf("two handles: got no failure of the rule %q, want one", tt.rule)
			}
			t.Log(got)
		})
	}
}
