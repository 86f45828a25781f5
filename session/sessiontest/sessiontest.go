// Package sessiontest tests implementations of [session.Store].
//
// Call [TestStore] in a test of your store:
//
//	func TestMyStore(t *testing.T) {
//		db := openTestDatabase(t)
//		sessiontest.TestStore(t, func(t *testing.T) session.Store {
//			return mystore.New(db, newSchema(t, db))
//		})
//	}
//
// Run it with the race detector, and against the database that you deploy: most faults are in what
// happens at the same time.
//
// Run it a second time with two handles of one database, as two processes have them. Otherwise a
// store passes that caches records in the process, or that locks a [sync.Mutex] and no row. For
// this, let newStore return a type whose methods pass their calls in turn to two stores:
//
//	type inTurn struct {
//		handles [2]session.Store // opened one by one, on one database
//		calls   atomic.Uint64
//	}
//
//	func (s *inTurn) next() session.Store { return s.handles[s.calls.Add(1)%2] }
//
//	func (s *inTurn) Find(ctx context.Context, id string) (session.Record, bool, error) {
//		return s.next().Find(ctx, id) // and so on in each method
//	}
package sessiontest

import (
	"slices"
	"testing"

	"github.com/jwtexp/jwtexp/session"
)

// TestStore tests a store against the contract of [session.Store] and [session.Feed]. Each rule is
// a subtest. A broken rule is one failure, which says what the store did and what to do about it.
//
// newStore returns an empty store, and is called for each rule, twice for some. t is the subtest,
// for t.Cleanup. newStore may also return one store each time, with sessions of other tests in it,
// because each rule draws its IDs and subjects at random. It must not be a store whose content you
// need: the rules pass times from 1970 to 9999, and a store may then remove what is over.
//
// Each rule uses only what newStore returned. To find what a store keeps in the process, call
// TestStore a second time, with two handles of one database: the package comment shows how.
//
// An error that a rule does not ask for is a failure. A store repeats calls that fail because of
// conflicts itself, such as serialization failures (SQLSTATE 40001) and deadlocks.
//
// The rules make up to about 200,000 calls, 64 at once at most. go test -short makes about a tenth
// of them. No rule depends on how long a call takes, but a call that takes longer than 30 seconds
// is a failure.
func TestStore(t *testing.T, newStore func(t *testing.T) session.Store) {
	t.Helper()
	if newStore == nil {
		t.Fatal("sessiontest.TestStore: newStore is nil; pass a function that returns an empty store")
	}
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			p := newProbe(t.Context(), func() session.Store { return newStore(t) })
			if p.store == nil {
				t.Fatal("sessiontest.TestStore: newStore returned nil; return an empty store")
			}
			r.check(p)
			if text := p.report(r); text != "" {
				t.Error(text)
			}
		})
	}
}

// A rule is a requirement on a store.
type rule struct {
	name   string
	advice string // how to fix a store that breaks the rule
	check  func(*probe)
}

// rules returns all rules. The rules that make the list of Ended long are the last, because a store
// that all rules share keeps it.
func rules() []rule {
	return slices.Concat(recordRules, valueRules, advanceRules, endRules, endAllRules, contextRules, parallelRules, feedRules)
}
