//go:build rules

package rules_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	goCmp = "github.com/google/go-cmp"
	goexp = "github.com/go-json-experiment/json"
)

// A program that uses the library gets its dependencies, too.
func TestDirectDependenciesAreThree(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join(top, "go.mod")).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := direct(t, out)
	want := []string{goexp, "github.com/golang-jwt/jwt/v5", goCmp}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// direct returns the direct requirements in the output of go mod edit -json, sorted.
func direct(t *testing.T, gomod []byte) []string {
	t.Helper()
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(gomod, &mod); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, r := range mod.Require {
		if !r.Indirect {
			paths = append(paths, r.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

func TestDirect(t *testing.T) {
	got := direct(t, []byte(`{"Require":[{"Path":"b"},{"Path":"c","Indirect":true},{"Path":"a"}]}`))
	if want := []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A release sets the versions, so a module can be got. The replace is for work on several modules.
func TestModulesRequireEachOtherByOneVersion(t *testing.T) {
	version := ""
	readTree(t, "go.mod", func(name, _ string) {
		out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join(top, name)).Output()
		if err != nil {
			t.Fatal(err)
		}
		for path, got := range siblings(t, out) {
			version = cmp.Or(version, got)
			if got != version || !released.MatchString(got) {
				t.Errorf("%s: got %s %s, want the version of a release, the same in every go.mod, and a replace", name, path, got)
			}
		}
	})
}

var released = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// siblings returns the versions of the modules of this repository in the output of go mod edit
// -json. A module without a replace has the version "not replaced".
func siblings(t *testing.T, gomod []byte) map[string]string {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
		Replace []struct{ Old struct{ Path string } }
	}
	if err := json.Unmarshal(gomod, &mod); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, r := range mod.Require {
		if under(r.Path, module) {
			found[r.Path] = "not replaced"
			for _, replaced := range mod.Replace {
				if replaced.Old.Path == r.Path {
					found[r.Path] = r.Version
				}
			}
		}
	}
	return found
}

func TestSiblings(t *testing.T) {
	got := siblings(t, []byte(`{"Require":[{"Path":"x","Version":"v1.0.0"},{"Path":"`+module+`","Version":"v0.1.0"},`+
		`{"Path":"`+jwks+`","Version":"v0.2.0"}],"Replace":[{"Old":{"Path":"`+module+`"}}]}`))
	if want := map[string]string{module: "v0.1.0", jwks: "not replaced"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Dependabot updates the dependencies of every module.
func TestDependabotListsEveryModule(t *testing.T) {
	config, err := os.ReadFile(filepath.Join(top, ".github", "dependabot.yml"))
	if err != nil {
		t.Fatal(err)
	}
	readTree(t, "go.mod", func(name, _ string) {
		if folder := path.Join("/", path.Dir(name)); !strings.Contains(string(config), "- "+folder+"\n") {
			t.Errorf("%s: got no entry in .github/dependabot.yml, want one", folder)
		}
	})
}

func TestDependenciesStayWhereTheyBelong(t *testing.T) {
	for _, p := range packages(t, false) {
		got := misplaced(p.path(), p.Imports, slices.Concat(p.TestImports, p.XTestImports))
		if len(got) > 0 {
			t.Errorf("%s: got imports %v, want %s only in test files and %s only under internal", p.path(), got, goCmp, goexp)
		}
	}
}

// misplaced returns the imports that the package at path must not have, in its code or in its
// tests. Only tests may import go-cmp. Only internal packages may import go-json-experiment,
// because it becomes part of the standard library: internal packages can switch to the
// standard library without a change of the public API.
func misplaced(path string, code, tests []string) []string {
	var found []string
	for _, imported := range code {
		if under(imported, goCmp) {
			found = append(found, imported)
		}
	}
	for _, imported := range slices.Concat(code, tests) {
		if under(imported, goexp) && !under(path, "internal") {
			found = append(found, imported)
		}
	}
	return found
}

func TestMisplaced(t *testing.T) {
	const cmp, jsontext = goCmp + "/cmp", goexp + "/jsontext"
	tests := []struct {
		name, path        string
		code, tests, want []string
	}{
		{"go-cmp in the root", ".", []string{"fmt", cmp}, nil, []string{cmp}},
		{"go-cmp in internal", "internal/jws", []string{cmp}, nil, []string{cmp}},
		{"go-cmp in tests", ".", nil, []string{cmp}, nil},
		{"json in the root", ".", []string{goexp, "fmt"}, nil, []string{goexp}},
		{"json in a sibling", "jwtexptest", []string{jsontext}, nil, []string{jsontext}},
		{"json in tests", ".", nil, []string{jsontext}, []string{jsontext}},
		{"json in internal", "internal/jws", []string{goexp, jsontext}, []string{goexp}, nil},
		{"json in a folder whose name begins with internal", "internals", []string{goexp}, nil, []string{goexp}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := misplaced(tt.path, tt.code, tt.tests); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
