//go:build rules

package rules_test

import (
	"slices"
	"strings"
	"testing"
)

// Imports point one way: examples import the packages beside the root, these import the root,
// and the root imports internal packages. Tests may import in the other direction: tests of
// the root import jwtexptest.
func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t, false) {
		for _, imported := range p.Imports {
			if !under(imported, module) {
				continue
			}
			to := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
			if !mayImport(p.path(), to) {
				t.Errorf("%s imports %s: want no import in this direction", p.path(), imported)
			}
		}
	}
}

// A program that publishes or fetches keys does not depend on package keyring.
func TestJWKSImportsOnlyTheRoot(t *testing.T) {
	for _, p := range packagesOf(t, jwks, false) {
		for _, imported := range p.Imports {
			if under(imported, module) && imported != module && !under(imported, jwks) {
				t.Errorf("%s imports %s: want only the root package of that module", p.ImportPath, imported)
			}
		}
	}
}

// internal/testsign makes a valid signature for any bytes. Only jwtexptest, which makes invalid
// tokens, and the root, which holds the keys, import it.
func TestOnlyTwoPackagesImportTestsign(t *testing.T) {
	var got []string
	for _, p := range packages(t, false) {
		if slices.Contains(p.Imports, module+"/internal/testsign") {
			got = append(got, p.path())
		}
	}
	if want := []string{".", "jwtexptest"}; !slices.Equal(got, want) {
		t.Errorf("internal/testsign: got imports by %v, want %v", got, want)
	}
}

// mayImport reports whether the package at path from may import the package at path to. The
// imported package must be in a lower layer, or both must be internal. sessiontest may also import
// session.
func mayImport(from, to string) bool {
	return layer(to) < layer(from) || layer(to) == internal && layer(from) == internal ||
		from == "session/sessiontest" && to == "session"
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

func TestMayImport(t *testing.T) {
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

		{"session/sessiontest", "session", true},
		{"session/sessiontest", "keyring", false},
		{"session", "session/sessiontest", false},
		{"keyring", "session", false},

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
