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

// A source is a package that has been parsed and, by resolve, type-checked, so
// that a rule can ask what an identifier means, whatever it is called there.
type source struct {
	fset  *token.FileSet
	files []*ast.File
	uses  map[*ast.Ident]types.Object
	types *types.Package
}

// load parses the files of a package of the module.
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

// fixture parses a package of one file, which is text.
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

// resolve type-checks s and returns it. Imports are read as the compiler left
// them where go list says; importMap is the package's, nil for a fixture.
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
			return nil, fmt.Errorf("go list did not name %s", path)
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

// A use is one place that names a function, called or not.
type use struct {
	function string // as in "time.Now"
	at       *ast.Ident
	file     string
	line     int
}

func (u use) String() string { return fmt.Sprintf("%s:%d: %s", u.file, u.line, u.function) }

// usesOf returns the places that name one of the functions, in their order.
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
