//go:build rules

package rules_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
)

// A source is a parsed package. After resolve it is type-checked too, so that a rule sees
// which object an identifier refers to, even if an import is renamed.
type source struct {
	fset  *token.FileSet
	files []*ast.File
	uses  map[*ast.Ident]types.Object
	types *types.Package
}

// load parses the files of a package.
func load(t *testing.T, p *listing) *source {
	t.Helper()
	s := &source{fset: token.NewFileSet()}
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		s.parse(t, path.Join(p.path(), name), string(text))
	}
	return s
}

// fixture parses a package whose only file has the given text.
func fixture(t *testing.T, text string) *source {
	t.Helper()
	s := &source{fset: token.NewFileSet()}
	s.parse(t, "fixture.go", text)
	return s
}

func (s *source) parse(t *testing.T, name, text string) {
	t.Helper()
	file, err := parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	s.files = append(s.files, file)
}

// resolve type-checks s and returns it. It reads the export data of imports from the files
// that go list names. importMap is the ImportMap of the package, nil for a fixture.
func (s *source) resolve(t *testing.T, importMap map[string]string) *source {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	open := func(path string) (io.ReadCloser, error) {
		path = cmp.Or(importMap[path], path)
		i := slices.IndexFunc(all, func(p *listing) bool { return p.ImportPath == path })
		if i < 0 {
			return nil, fmt.Errorf("go list did not list %s", path)
		}
		return os.Open(all[i].Export)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(s.fset, "gc", open)}
	if s.types, err = config.Check("checked", s.fset, s.files, info); err != nil {
		t.Fatal(err)
	}
	s.uses = info.Uses
	return s
}

// A use is a place that names a function, to call it or as a value.
type use struct {
	function string // such as "time.Now"
	at       *ast.Ident
	file     string
	line     int
}

func (u use) String() string { return fmt.Sprintf("%s:%d: %s", u.file, u.line, u.function) }

// usesOf returns the uses of the functions, in the order of the source.
func (s *source) usesOf(functions ...string) []use {
	var found []use
	for id, object := range s.uses {
		function, ok := object.(*types.Func)
		if !ok || !slices.Contains(functions, function.FullName()) {
			continue
		}
		at := s.fset.Position(id.Pos())
		found = append(found, use{function.FullName(), id, at.Filename, at.Line})
	}
	slices.SortFunc(found, func(a, b use) int { return cmp.Compare(a.at.Pos(), b.at.Pos()) })
	return found
}
