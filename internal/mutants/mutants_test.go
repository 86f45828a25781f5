package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

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

// Each module that a file of a mutant may be in has stages of tests.
func TestModule(t *testing.T) {
	for file, want := range map[string]string{"verifier.go": ".", "keyring/ring.go": ".", "jwks/remote.go": "jwks"} {
		got := mutant{file: file}.module()
		if got != want || len(stages[got]) == 0 {
			t.Errorf("%s: got module %s with %d stages, want %s with stages", file, got, len(stages[got]), want)
		}
	}
}

// The tests of the folder of a mutant run first.
func TestFolder(t *testing.T) {
	for file, want := range map[string]string{"verifier.go": "./", "keyring/ring.go": "./keyring", "jwks/remote.go": "./", "jwks/internal/a/a.go": "./internal/a"} {
		if got := (mutant{file: file}).folder(); got != want {
			t.Errorf("%s: got %s, want %s", file, got, want)
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
			t.Errorf("%q: got %q, want an error unless the lines occur exactly once", source, got)
		}
	}
}

// Only a failed assertion kills a mutant.
func TestRead(t *testing.T) {
	const failed = `{"Action":"output","Package":"p","Test":"T/sub","Output":"    x_test.go:1: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"T/sub"}
{"Action":"fail","Package":"p","Test":"T"}
`
	const panicking = `{"Action":"output","Package":"p","Test":"U","Output":"panic: boom [recovered]\n"}
{"Action":"fail","Package":"p","Test":"U"}
{"Action":"fail","Package":"p"}
`
	for _, c := range []struct {
		name, output string
		want         result
	}{
		{"all tests pass", `{"Action":"pass","Package":"p"}`, result{outcome: survived}},
		{"no output", ``, result{outcome: survived}},
		{"an assertion", failed, result{killed, "p.T/sub"}},
		{"a panic", panicking, result{panicked, "p.U"}},
		{"a panic after an assertion", failed + panicking, result{killed, "p.T/sub"}},
		{"an assertion after a panic", panicking + failed, result{panicked, "p.U"}},
		{"a time-out", `{"Action":"output","Package":"p","Test":"T","Output":"panic: test timed out after 2m0s\n"}
{"Action":"fail","Package":"p","Test":"T"}`, result{panicked, "p.T"}},
		{"a deadlock", `{"Action":"output","Package":"p","Output":"fatal error: all goroutines are asleep - deadlock!\n"}
{"Action":"fail","Package":"p"}`, result{panicked, "p."}},
		{"the package fails without a failed test", `{"Action":"fail","Package":"p"}`, result{panicked, "p."}},
		{"a build error", `{"ImportPath":"p","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p"}`, result{broken, "p"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read([]byte(c.output))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got, err := read([]byte("FAIL\n")); err == nil {
		t.Errorf("text: got %v, want an error", got)
	}
}
