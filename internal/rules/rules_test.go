// Package rules_test holds the rules that the whole module keeps, as tests: who
// may read the clock, who may import whom, which files and dependencies there
// are, what needs a comment. Each file states one of them, and shows with a
// fixture what it catches. Some are kept by the module jwks too.
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
	top    = "../.." // its folder, seen from that of these tests
	jwks   = module + "/jwks"
)

// A listing is what go list tells of a package, as far as the rules ask.
type listing struct {
	ImportPath, Name, Dir, Export      string
	ForTest                            string // of test files: the package under test
	Module                             *struct{ Path, Dir string }
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
	ImportMap                          map[string]string
}

// listed is all that the packages and tests of the module, and of jwks, are made
// of. Other modules in the tree, which have a go.mod of their own, are not in it.
var listed = sync.OnceValues(func() ([]*listing, error) {
	if err := visitTree(); err != nil {
		return nil, err
	}
	var packages []*listing
	for _, folder := range []string{top, filepath.Join(top, "jwks")} {
		cmd := exec.Command("go", "list", "-test", "-export", "-deps", "-json", "-buildvcs=false",
			"-tags=pyjwt",      // of the tests that need PyJWT
			"./...",            // this module
			"testing/synctest") // which a fixture imports
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

// visitTree opens every folder. go test remembers a result until something that
// the test opened has changed, and it does not see what go list opens.
func visitTree() error {
	return filepath.WalkDir(top, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
}

// packages returns those of the module as users see them or, if tests is set,
// those that test files make.
func packages(t *testing.T, tests bool) []*listing {
	t.Helper()
	return packagesOf(t, module, tests)
}

// packagesOfBoth returns those of jwks, too.
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

// path is the package's folder in the module, "." for the root.
func (p *listing) path() string {
	rel, err := filepath.Rel(p.Module.Dir, p.Dir)
	if err != nil {
		panic(err) // go list names both in full
	}
	return filepath.ToSlash(rel)
}

// under reports whether path is folder or lies in it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
