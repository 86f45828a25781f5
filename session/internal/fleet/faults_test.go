package fleet_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// TestStoreFaultsAreFound shows that the invariants can fail: stores that break the contract of
// session.Store are found within a few seeds.
func TestStoreFaultsAreFound(t *testing.T) {
	tests := []struct {
		name   string
		broken func(*world, session.Store) session.Store
		want   int // the invariant
	}{
		{"Advance compares with ==", func(_ *world, s session.Store) session.Store { return equalAdvance{s} }, 6},
		{"Advance is not atomic", func(w *world, s session.Store) session.Store { return tornAdvance{s, w} }, 2},
		{"Advance moves a generation too far", func(_ *world, s session.Store) session.Store { return farAdvance{s} }, 2},
		{"Advance keeps Previous", func(_ *world, s session.Store) session.Store { return oldPrevious{s} }, 1},
		{"End forgets", func(_ *world, s session.Store) session.Store { return forgetfulEnd{s} }, 4},
		{"Find reads a replica", func(w *world, s session.Store) session.Store {
			return replica{s, w, make(map[string]copied)}
		}, 4},
		{"Create stores two records", func(_ *world, s session.Store) session.Store { return doubleCreate{s} }, 5},
		{"EndAll leaves one out", func(_ *world, s session.Store) session.Store { return someEndAll{s} }, 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, faults{store: test.broken}, test.want)
		})
	}
}

// wantFound simulates seeds until the invariant finds a fault.
func wantFound(t *testing.T, broken faults, invariant int) {
	t.Helper()
	for seed := uint64(1); seed <= 400; seed++ {
		found := slices.ContainsFunc(simulate(seed, broken).violations, func(v violation) bool { return v.invariant == invariant })
		if found {
			t.Logf("found by invariant %d, seed %d", invariant, seed)
			return
		}
	}
	t.Errorf("got no violation of invariant %d in 400 seeds, want one", invariant)
}

// TestFeedFaultsAreFound does the same for feeds.
func TestFeedFaultsAreFound(t *testing.T) {
	tests := []struct {
		name   string
		broken faults
		want   int // the invariant
	}{
		{"leaves an entry out", faults{list: func(_ *world, all []session.Ended) []session.Ended { return all[:len(all)*2/3] }}, 7},
		{"reads a replica", faults{list: func(w *world, all []session.Ended) []session.Ended {
			return slices.DeleteFunc(all, func(e session.Ended) bool { return w.now-w.byID[e.ID].ended < 10*time.Second })
		}}, 7},
		{"is silent in an outage", faults{silent: true}, 7},
		{"lists a living session", faults{list: func(w *world, all []session.Ended) []session.Ended {
			if len(w.ledgers) > 0 {
				all = append(all, session.Ended{ID: w.ledgers[0].record.ID})
			}
			return all
		}}, 8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, test.broken, test.want)
		})
	}
}

type equalAdvance struct{ session.Store }

func (s equalAdvance) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	if r, found, err := s.Find(ctx, id); err != nil || !found || r.Generation != step.From {
		return r, false, found, err
	}
	return s.Store.Advance(ctx, id, step)
}

// A tornAdvance reads, and writes later what it has decided on.
type tornAdvance struct {
	session.Store
	w *world
}

func (s tornAdvance) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	read, found, err := s.Find(ctx, id)
	if err != nil || !found || read.Generation > step.From {
		return read, false, found, err
	}
	s.w.sleep()
	r, _, found, err = s.Store.Advance(ctx, id, step)
	return r, found, found, err
}

type farAdvance struct{ session.Store }

func (s farAdvance) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	r, moved, found, err = s.Store.Advance(ctx, id, step)
	r.Generation++
	return r, moved, found, err
}

// An oldPrevious stores the generation before the one that the client had.
type oldPrevious struct{ session.Store }

func (s oldPrevious) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	step.Presented--
	return s.Store.Advance(ctx, id, step)
}

type forgetfulEnd struct{ session.Store }

func (s forgetfulEnd) End(ctx context.Context, id string, _, _ time.Time) (r session.Record, found bool, err error) {
	return s.Find(ctx, id)
}

// A replica is up to 2 seconds behind.
type replica struct {
	session.Store
	w       *world
	records map[string]copied
}

type copied struct {
	at    time.Duration
	r     session.Record
	found bool
}

func (s replica) Find(ctx context.Context, id string) (r session.Record, found bool, err error) {
	if c, ok := s.records[id]; ok && s.w.now-c.at < 2*time.Second {
		return c.r, c.found, nil
	}
	r, found, err = s.Store.Find(ctx, id)
	if err == nil {
		s.records[id] = copied{s.w.now, r, found}
	}
	return r, found, err
}

type doubleCreate struct{ session.Store }

func (s doubleCreate) Create(ctx context.Context, r session.Record) error {
	second := r
	second.ID += "2"
	if err := s.Store.Create(ctx, second); err != nil {
		return err
	}
	return s.Store.Create(ctx, r)
}

// A someEndAll never ends the last session of a subject.
type someEndAll struct{ session.Store }

func (s someEndAll) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) ([]string, error) {
	all, err := s.List(ctx, subject, now)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return s.Store.EndAll(ctx, subject, now, until, append(except, all[0].ID)...)
}
