//go:build rules

package rules_test

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// A panic in a goroutine ends the process unless the goroutine recovers, and a goroutine that
// never returns blocks its waiters. So the library starts a goroutine in two places only: to
// fetch a key set, and to poll for a session.Watcher. Tests in jwks and session prove that these
// goroutines recover. The rule does not apply to sessiontest, which runs in tests.
func TestGoroutinesAreStartedInTwoPlaces(t *testing.T) {
	var got []string
	for _, p := range packagesOfBoth(t, false) {
		if !under(p.path(), "internal") && p.path() != "session/sessiontest" && p.Name != "main" {
			got = append(got, load(t, p).resolve(t, p.ImportMap).goroutines()...)
		}
	}
	if want := []string{"session/poll.go: go", "remote.go: (*sync.WaitGroup).Go"}; !slices.Equal(got, want) {
		t.Errorf("got goroutines started in %v, want %v", got, want)
	}
}

// goroutines returns the places that start a goroutine: go statements, and uses of functions
// that start one.
func (s *source) goroutines() []string {
	var found []string
	for _, file := range s.files {
		for node := range ast.Preorder(file) {
			if statement, ok := node.(*ast.GoStmt); ok {
				found = append(found, s.fset.Position(statement.Pos()).Filename+": go")
			}
		}
	}
	for _, u := range s.usesOf("(*sync.WaitGroup).Go", "context.AfterFunc", "time.AfterFunc") {
		found = append(found, fmt.Sprintf("%s: %s", u.file, u.function))
	}
	return found
}

func TestGoroutinesAreFound(t *testing.T) {
	s := fixture(t, `package fixture
		import ("context"; "sync"; "time")
		func f() { go f() }
		func g(w *sync.WaitGroup) { w.Go(f) }
		var a, b = context.AfterFunc, time.AfterFunc
		func h() { f() }
	`).resolve(t, nil)
	want := []string{"fixture.go: go", "fixture.go: (*sync.WaitGroup).Go", "fixture.go: context.AfterFunc", "fixture.go: time.AfterFunc"}
	if got := s.goroutines(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
