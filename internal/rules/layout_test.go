package rules_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The root package is these files, one idea each. What fits in none of them belongs to another
// package.
func TestRootHasItsFiles(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(top, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range found {
		if !strings.HasSuffix(file, "_test.go") {
			got = append(got, filepath.Base(file))
		}
	}
	want := []string{"clock.go", "errors.go", "extract.go", "issuer.go", "jwtexp.go", "middleware.go", "verifier.go"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
