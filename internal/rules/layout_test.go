//go:build rules

package rules_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each file of the root package holds one idea. Code that fits in none of these files belongs
// in another package.
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
	want := []string{"clock.go", "errors.go", "extract.go", "issuer.go", "jwtexp.go", "key.go", "middleware.go",
		"observer.go", "token.go", "verifier.go", "verifierset.go"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
