//go:build rules

// Package rules_test checks the sources of the module, not their behaviour: which code reads
// the clock, which package imports which, which files and dependencies exist, and what needs
// a comment. Each file holds one rule and shows with a fixture what the rule finds. Some
// rules hold for the module jwks, too.
//
// The tests need the build tag rules, so that go test ./... stays fast:
//
//	go test -tags rules ./internal/rules ./internal/mutants
package rules_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/jwtexp/jwtexp"
	top    = "../.." // the folder of the module, relative to the folder of this package
	jwks   = module + "/jwks"
)

// A listing is what go list reports about a package, as far as the rules need it.
type listing struct {
	ImportPath, Name, Dir, Export      string
	ForTest                            string // for a package of test files: the package under test
	Module                             *struct{ Path, Dir string }
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
	ImportMap                          map[string]string
}

// listed returns the packages and the test packages of the root module and of jwks, with all
// their dependencies. It leaves out the other modules.
var listed = sync.OnceValues(func() ([]*listing, error) {
	if err := visitTree(); err != nil {
		return nil, err
	}
	var packages []*listing
	for _, folder := range []string{top, filepath.Join(top, "jwks")} {
		cmd := exec.Command("go", "list", "-test", "-export", "-deps", "-json", "-buildvcs=false",
			"-tags=pyjwt,rules",
			"./...",
			"testing/synctest") // a fixture imports it
		cmd.Dir = folder
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
			p := new(listing)
			if err := dec.Decode(p); err != nil {
				return nil, err
			}
			known := func(other *listing) bool { return other.ImportPath == p.ImportPath }
			if !slices.ContainsFunc(packages, known) {
				packages = append(packages, p)
			}
		}
	}
	return packages, nil
})

// visitTree opens every folder. go test caches a result until a file or folder that the test
// opened changes, and it does not know which ones go list opens.
func visitTree() error {
	return filepath.WalkDir(top, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
}

// packages returns the packages of the root module as users see them or, if tests is set,
// the packages of its test files.
func packages(t *testing.T, tests bool) []*listing {
	t.Helper()
	return packagesOf(t, module, tests)
}

// packagesOfBoth returns the packages of the root module and of jwks.
func packagesOfBoth(t *testing.T, tests bool) []*listing {
	t.Helper()
	return slices.Concat(packages(t, tests), packagesOf(t, jwks, tests))
}

func packagesOf(t *testing.T, module string, tests bool) []*listing {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	var found []*listing
	for _, p := range all {
		generated := strings.HasSuffix(p.ImportPath, ".test")
		if p.Module != nil && p.Module.Path == module && !generated && tests == (p.ForTest != "") {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatal("got no packages, want some to check")
	}
	return found
}

// path returns the folder of the package in its module, "." for the root.
func (p *listing) path() string {
	rel, err := filepath.Rel(p.Module.Dir, p.Dir)
	if err != nil {
		panic(err) // both are absolute
	}
	return filepath.ToSlash(rel)
}

// under reports whether path is folder or is in it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
