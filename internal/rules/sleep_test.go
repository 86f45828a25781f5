//go:build rules

package rules_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// A test advances an injected clock, or sleeps in a bubble of testing/synctest, in which
// sleeping takes no real time.
//
// The call of synctest.Test must enclose the sleep in the source. So the rule rejects a helper
// that sleeps, even if only bubbles call it. The rule ignores other ways to wait, such as a
// time.After that ends a test that hangs.
func TestTestsSleepOnlyInABubble(t *testing.T) {
	for _, p := range packagesOfBoth(t, true) {
		for _, u := range load(t, p).resolve(t, p.ImportMap).sleepsOutsideBubbles() {
			if strings.HasSuffix(u.file, "_test.go") {
				t.Errorf("got %v, want no sleep outside testing/synctest", u)
			}
		}
	}
}

// sleepsOutsideBubbles returns the uses of time.Sleep outside the function literals that are
// passed to synctest.Test.
func (s *source) sleepsOutsideBubbles() []use {
	sleeps := s.usesOf("time.Sleep")
	for _, bubble := range s.bubbles() {
		sleeps = slices.DeleteFunc(sleeps, func(u use) bool {
			return bubble.Pos() < u.at.Pos() && u.at.Pos() < bubble.End()
		})
	}
	return sleeps
}

// bubbles returns the function literals that are passed to synctest.Test.
func (s *source) bubbles() []*ast.FuncLit {
	var found []*ast.FuncLit
	starts := s.usesOf("testing/synctest.Test")
	for _, file := range s.files {
		for node := range ast.Preorder(file) {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				continue
			}
			body, ok := call.Args[len(call.Args)-1].(*ast.FuncLit)
			// The function's name comes last, with a package name in front of it or without one.
			if ok && slices.ContainsFunc(starts, func(u use) bool { return u.at.End() == call.Fun.End() }) {
				found = append(found, body)
			}
		}
	}
	return found
}

func TestSleepIsFoundOutsideABubble(t *testing.T) {
	const head = `package fixture
		import ("testing"; "testing/synctest"; . "time")
		var unused = Second
		func bubble(t *testing.T, f func(*testing.T)) { synctest.Test(t, f) }
		func TestX(t *testing.T) {`
	tests := []struct {
		name, body string
		want       int
	}{
		{"no sleep", ``, 0},
		{"no bubble", `Sleep(1)`, 1},
		{"as a value", `nap := Sleep; nap(1)`, 1},
		{"in a literal of another function", `t.Run("", func(*testing.T) { Sleep(1) })`, 1},
		{"in a literal of a helper", `bubble(t, func(*testing.T) { Sleep(1) })`, 1},
		{"before and after a bubble", `Sleep(1); synctest.Test(t, func(*testing.T) {}); Sleep(1)`, 2},
		{"in a bubble", `synctest.Test(t, func(*testing.T) { Sleep(1) })`, 0},
		{"in a goroutine in a bubble", `synctest.Test(t, func(*testing.T) { go func() { Sleep(1) }(); synctest.Wait() })`, 0},
		{"in a bubble in a subtest", `t.Run("", func(t *testing.T) { synctest.Test(t, func(*testing.T) { Sleep(1) }) })`, 0},
		{"in one of two bubbles", `synctest.Test(t, func(*testing.T) { Sleep(1) }); synctest.Test(t, func(*testing.T) {}); Sleep(1)`, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fixture(t, head+tt.body+"}").resolve(t, nil).sleepsOutsideBubbles()
			if len(got) != tt.want {
				t.Errorf("got %v, want %d", got, tt.want)
			}
		})
	}
}
