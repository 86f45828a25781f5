package rules_test

import (
	"slices"
	"strings"
	"testing"
)

// Imports point one way: examples, then packages beside the root, then the root,
// then internal. Tests may look the other way, as the root's do to jwtexptest.
func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t, false) {
		for _, imported := range p.Imports {
			if !under(imported, module) {
				continue
			}
			to := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
			if !mayImport(p.path(), to) {
				t.Errorf("got an import of %s by %s, want none in this direction", imported, p.path())
			}
		}
	}
}

// Whoever publishes or fetches keys needs no keyring of ours.
func TestJWKSStandsOnTheRootAlone(t *testing.T) {
	for _, p := range packagesOf(t, jwks, false) {
		for _, imported := range p.Imports {
			if under(imported, module) && imported != module && !under(imported, jwks) {
				t.Errorf("got an import of %s by %s, want none of this module but of its root", imported, p.ImportPath)
			}
		}
	}
}

// What signs anything at all is for what makes bad tokens, and for the package that
// has the keys.
func TestOnlyTestPackagesSignAnything(t *testing.T) {
	var got []string
	for _, p := range packages(t, false) {
		if slices.Contains(p.Imports, module+"/internal/testsign") {
			got = append(got, p.path())
		}
	}
	if want := []string{".", "jwtexptest"}; !slices.Equal(got, want) {
		t.Errorf("got internal/testsign imported by %v, want %v", got, want)
	}
}

// mayImport reports whether the package at one path of the module may import that
// at another: one of a lower layer, or, within internal, of its own.
func mayImport(from, to string) bool {
	return layer(to) < layer(from) || layer(to) == internal && layer(from) == internal
}

const (
	internal = iota
	root
	sibling
	example
)

func layer(path string) int {
	switch {
	case path == "" || path == ".":
		return root
	case under(path, "internal"):
		return internal
	case under(path, "examples"):
		return example
	}
	return sibling
}

func TestImportsTheWrongWayAreFound(t *testing.T) {
	tests := []struct {
		from, to string
		want     bool
	}{
		{"internal/jws", "internal/strictjson", true},
		{"internal/jws", ".", false},
		{"internal/jws", "jwtexptest", false},
		{"internal/jws", "examples/server", false},

		{".", "internal/jws", true},
		{".", "jwtexptest", false},
		{".", "examples/server", false},

		{"jwtexptest", "internal/jws", true},
		{"jwtexptest", ".", true},
		{"jwtexptest", "another", false},
		{"jwtexptest", "examples/server", false},

		{"examples/server", "internal/jws", true},
		{"examples/server", ".", true},
		{"examples/server", "jwtexptest", true},
		{"examples/server", "examples/another", false},
	}
	for _, tt := range tests {
		t.Run(tt.from+" imports "+tt.to, func(t *testing.T) {
			if got := mayImport(tt.from, tt.to); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
