package rules_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// A test makes time pass with an injected clock, or inside a bubble of
// testing/synctest, where sleeping takes no time.
//
// The bubble has to be seen around the sleep: a helper that sleeps and is called
// from a bubble is refused, although it would be right. Other ways to wait, such
// as a time.After that guards against hanging, are not looked at.
func TestTestsSleepOnlyInABubble(t *testing.T) {
	for _, p := range packagesOfBoth(t, true) {
		for _, u := range load(t, p).resolve(t, p.ImportMap).sleepsOutsideBubbles() {
			if strings.HasSuffix(u.file, "_test.go") {
				t.Errorf("got %v, want none outside testing/synctest", u)
			}
		}
	}
}

// sleepsOutsideBubbles returns the uses of time.Sleep that are not within a
// function literal passed to synctest.Test.
func (s *source) sleepsOutsideBubbles() []use {
	sleeps := s.usesOf("time.Sleep")
	for _, bubble := range s.bubbles() {
		sleeps = slices.DeleteFunc(sleeps, func(u use) bool {
			return bubble.Pos() < u.at.Pos() && u.at.Pos() < bubble.End()
		})
	}
	return sleeps
}

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
			// With or without the package's name, the function's own comes last.
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
