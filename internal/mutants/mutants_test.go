package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whoever changes a line that a mutant changes has to bring the list up to date.
func TestEveryMutantFitsTheSources(t *testing.T) {
	mutants, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, m := range mutants {
		source, err := os.ReadFile(filepath.Join("../..", m.file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.apply(string(source)); err != nil {
			t.Error(err)
		}
		if seen[m.String()] {
			t.Errorf("got %q twice, want each title once in its group", m)
		}
		seen[m.String()] = true
	}
	for _, group := range []string{"order of Verify", "rule of time", "key binding", "strict decoding", "middleware",
		"contract 1:", "contract 2:", "contract 3:", "contract 4:", "contract 5:", "contract 6:",
		"contract 7:", "contract 8:", "contract 9:", "contract 10:", "contract 11:"} {
		if !strings.Contains(list, "\n# "+group) && !strings.HasPrefix(list, "# "+group) {
			t.Errorf("got no group %q, want one", group)
		}
	}
}

func TestParse(t *testing.T) {
	got, err := parse("# g\n= one\na.go\n \tx\n-\ty\n+\tz\n\n= two\nb.go\n-\tgone\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []mutant{
		{"g", "one", "a.go", "\tx\n\ty\n", "\tx\n\tz\n"},
		{"g", "two", "b.go", "\tgone\n", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mutant{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, text := range map[string]string{
		"no group":  "= one\na.go\n-\ty\n",
		"no title":  "# g\na.go\n-\ty\n",
		"no file":   "# g\n= one\n-\ty\n",
		"no change": "# g\n= one\na.go\n \ty\n",
	} {
		if got, err := parse(text); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestApply(t *testing.T) {
	m := mutant{"g", "one", "a.go", "\ty\n", "\tz\n"}
	if got, err := m.apply("x\n\ty\n\tyy\n"); got != "x\n\tz\n\tyy\n" || err != nil {
		t.Errorf("got %q, %v, want whole lines changed", got, err)
	}
	for _, source := range []string{"", "\tyy\n", "\t\ty\n", "\ty\n\ty\n"} {
		if got, err := m.apply(source); err == nil {
			t.Errorf("%q: got %q, want an error where the lines are not there once", source, got)
		}
	}
}

// Only an assertion that failed has killed a mutant.
func TestRead(t *testing.T) {
	const failed = `{"Action":"output","Package":"p","Test":"T/sub","Output":"    x_test.go:1: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"T/sub"}
{"Action":"fail","Package":"p","Test":"T"}
`
	const broken = `{"Action":"output","Package":"p","Test":"U","Output":"panic: boom [recovered]\n"}
{"Action":"fail","Package":"p","Test":"U"}
{"Action":"fail","Package":"p"}
`
	for _, c := range []struct {
		name, output string
		want         fate
	}{
		{"all is well", `{"Action":"pass","Package":"p"}`, fate{how: survived}},
		{"nothing", ``, fate{how: survived}},
		{"an assertion", failed, fate{killed, "p.T/sub"}},
		{"a panic", broken, fate{panicked, "p.U"}},
		{"a panic after an assertion", failed + broken, fate{killed, "p.T/sub"}},
		{"an assertion after a panic", broken + failed, fate{panicked, "p.U"}},
		{"a time-out", `{"Action":"output","Package":"p","Test":"T","Output":"panic: test timed out after 2m0s\n"}
{"Action":"fail","Package":"p","Test":"T"}`, fate{panicked, "p.T"}},
		{"a deadlock", `{"Action":"output","Package":"p","Output":"fatal error: all goroutines are asleep - deadlock!\n"}
{"Action":"fail","Package":"p"}`, fate{panicked, "p."}},
		{"no test failed, and yet the package did", `{"Action":"fail","Package":"p"}`, fate{panicked, "p."}},
		{"it does not compile", `{"ImportPath":"p","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p"}`, fate{unborn, "p"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read([]byte(c.output))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(fate{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got, err := read([]byte("FAIL\n")); err == nil {
		t.Errorf("text: got %v, want an error", got)
	}
}
