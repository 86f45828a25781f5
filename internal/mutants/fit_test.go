//go:build rules

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A change of a line that occurs in a mutant must change the mutant, too.
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
			t.Errorf("got %q twice, want each title once in a group", m)
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
