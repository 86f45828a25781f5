package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// This test fails when the sources have changed: update faults.txt then.
func TestFaultsApply(t *testing.T) {
	faults, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(faults), 20; got < want {
		t.Errorf("got %d faults, want at least %d", got, want)
	}
	seen := make(map[string]bool)
	for _, f := range faults {
		source, err := os.ReadFile(filepath.Join("../../../..", f.file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.apply(string(source)); err != nil {
			t.Error(err)
		}
		if seen[f.title] {
			t.Errorf("got title %q twice, want unique titles", f.title)
		}
		seen[f.title] = true
	}
}

func TestParse(t *testing.T) {
	got, err := parse("= one\na.go\n \tx\n-\ty\n+\tz\n\n= two\nb.go\n-\tgone\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []fault{
		{"one", "a.go", "\tx\n\ty\n", "\tx\n\tz\n"},
		{"two", "b.go", "\tgone\n", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(fault{})); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for name, text := range map[string]string{
		"no title":  "a.go\n-\ty\n",
		"no file":   "= one\n-\ty\n",
		"no change": "= one\na.go\n \ty\n",
	} {
		if got, err := parse(text); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestApply(t *testing.T) {
	f := fault{"one", "a.go", "\ty\n", "\tz\n"}
	if got, err := f.apply("x\n\ty\n\tyy\n"); got != "x\n\tz\n\tyy\n" || err != nil {
		t.Errorf("got %q, %v, want only the whole line changed", got, err)
	}
	for _, source := range []string{"", "\tyy\n", "\t\ty\n", "\ty\n\ty\n"} {
		if got, err := f.apply(source); err == nil {
			t.Errorf("%q: got %q, want an error", source, got)
		}
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, output string
		want         finding
	}{
		{"no violation", "PASS\n", finding{}},
		{"lowest seed", "seed 12: invariant 3: …\nseed 7: invariant 1: …\nseed 7: invariant 4: …\n", finding{7, "1"}},
		{"panic", "seed 7: invariant 1: …\npanic: boom\n", finding{}},
		{"deadlock", "--- FAIL\nfatal error: all goroutines are asleep\n", finding{}},
	} {
		if got := read(c.output); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
