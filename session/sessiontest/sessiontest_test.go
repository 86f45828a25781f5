package sessiontest_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/session"
	"github.com/jwtexp/jwtexp/session/sessiontest"
)

func TestGoodStorePasses(t *testing.T) {
	stores := map[string]func(*testing.T) session.Store{
		"plain":            func(*testing.T) session.Store { return newStore(none) },
		string(anotherUTC): func(*testing.T) session.Store { return newStore(anotherUTC) },
		"two handles": func(*testing.T) session.Store {
			s := newStore(none)
			return &inTurn{handles: [2]session.Store{s, s}}
		},
	}
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) { sessiontest.TestStore(t, newStore) })
	}
}

// All rules may run on one store.
func TestSharedStorePasses(t *testing.T) {
	shared := session.NewMemory()
	sessiontest.TestStore(t, func(*testing.T) session.Store { return shared })
}

func TestFaultIsFound(t *testing.T) {
	for _, tt := range faults {
		for _, rule := range tt.rules {
			t.Run(string(tt.fault)+": "+rule, func(t *testing.T) {
				got := sessiontest.Check(t.Context(), rule, func() session.Store { return newStore(tt.fault) })
				if got == "" {
					t.Errorf("got no failure of the rule, want one")
				}
				t.Log(got)
			})
		}
	}
}

// A rule that was never seen to fail proves nothing.
func TestEachRuleFindsAFault(t *testing.T) {
	var proven []string
	for _, tt := range faults {
		proven = append(proven, tt.rules...)
	}
	for _, rule := range sessiontest.RuleNames() {
		if !slices.Contains(proven, rule) {
			t.Errorf("rule %q: got no fault that it finds, want one", rule)
		}
	}
}

// TestStore fails the subtest of a broken rule, and says what to do. A process of its own runs it,
// so that this test does not fail.
func TestFailureSaysWhatToDo(t *testing.T) {
	const variable = "SESSIONTEST_FAIL"
	stores := map[string]func(t *testing.T) session.Store{
		"broken":          func(*testing.T) session.Store { return newStore(advanceEquals) },
		"nil newStore":    nil,
		"newStore of nil": func(*testing.T) session.Store { return nil },
	}
	if name := os.Getenv(variable); name != "" {
		sessiontest.TestStore(t, stores[name])
		return
	}
	tests := []struct {
		store string
		want  []string
	}{
		{"broken", []string{
			"--- FAIL: TestFailureSaysWhatToDo/Advance_moves_a_record_whose_generation_is_at_most_From",
			`rule "Advance moves a record whose generation is at most From" is broken:`,
			"Advance, generation 5, From 6: got moved=false, found=true, want true, true",
			"What to do: write if Generation <= From, in one atomic step",
		}},
		{"nil newStore", []string{"newStore is nil; pass a function"}},
		{"newStore of nil", []string{"newStore returned nil; return an empty store"}},
	}
	for _, tt := range tests {
		t.Run(tt.store, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFailureSaysWhatToDo$", "-test.short")
			command.Env = append(os.Environ(), variable+"="+tt.store)
			out, err := command.CombinedOutput()
			if err == nil {
				t.Errorf("got no failure, want one")
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("got the output\n%s\nwant %q in it", out, want)
				}
			}
		})
	}
}
