//go:build rules

package rules_test

import (
	"go/ast"
	"slices"
	"testing"
)

// Every name that users of the library can refer to has a doc comment.
func TestExportedNamesHaveComments(t *testing.T) {
	for _, p := range packagesOfBoth(t, false) {
		if under(p.path(), "internal") || p.Name == "main" {
			continue // other modules cannot import it
		}
		if got := load(t, p).withoutComment(); len(got) > 0 {
			t.Errorf("%s: got no comment on %v, want a comment on each", p.path(), got)
		}
	}
}

// withoutComment returns the exported names without a comment, in the order of the source. The
// methods of an interface and the embedded fields of a struct need no comment, because the
// interface and the embedded type have one.
func (s *source) withoutComment() []string {
	var found []string
	for _, file := range s.files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				found = append(found, uncommentedFunc(decl)...)
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					found = append(found, uncommentedSpec(decl, spec)...)
				}
			}
		}
	}
	return found
}

func uncommentedFunc(decl *ast.FuncDecl) []string {
	if decl.Recv == nil {
		return uncommented("", []*ast.Ident{decl.Name}, decl.Doc)
	}
	of := receiver(decl.Recv.List[0].Type)
	if !of.IsExported() {
		return nil
	}
	return uncommented(of.Name+".", []*ast.Ident{decl.Name}, decl.Doc)
}

// receiver returns the name of a receiver type: T for T, *T, T[P] and *T[P, Q].
func receiver(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		default:
			return e.(*ast.Ident)
		}
	}
}

// uncommentedSpec returns the exported names without a comment in a type, or in one line of a
// var or const declaration. A comment on a group in parentheses counts for variables and
// constants, not for types.
func uncommentedSpec(decl *ast.GenDecl, spec ast.Spec) []string {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		return uncommented("", spec.Names, decl.Doc, spec.Doc, spec.Comment)
	case *ast.TypeSpec:
		doc := spec.Doc
		if !decl.Lparen.IsValid() {
			doc = decl.Doc
		}
		found := uncommented("", []*ast.Ident{spec.Name}, doc)
		if fields, ok := spec.Type.(*ast.StructType); ok && spec.Name.IsExported() {
			for _, field := range fields.Fields.List {
				found = append(found, uncommented(spec.Name.Name+".", field.Names, field.Doc, field.Comment)...)
			}
		}
		return found
	}
	return nil
}

// uncommented returns the exported names if all comments are empty. A directive, such as
// //go:generate, does not count as a comment.
func uncommented(prefix string, names []*ast.Ident, comments ...*ast.CommentGroup) []string {
	if slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c.Text() != "" }) {
		return nil
	}
	var found []string
	for _, name := range names {
		if name.IsExported() {
			found = append(found, prefix+name.Name)
		}
	}
	return found
}

func TestMissingCommentIsFound(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"function", "func F() {}", []string{"F"}},
		{"function with a comment", "// F does.\nfunc F() {}", nil},
		{"function with only a directive", "//go:noinline\nfunc F() {}", []string{"F"}},
		{"comment before a blank line", "// F does.\n\nfunc F() {}", []string{"F"}},
		{"unexported function", "func f() {}", nil},
		{"methods", "// T is.\ntype T struct{}\nfunc (T) M() {}\nfunc (*T) N() {}\nfunc (T) m() {}", []string{"T.M", "T.N"}},
		{"methods of generic types", "// T is.\ntype T[P, Q any] struct{}\nfunc (*T[P, Q]) M() {}\n// U is.\ntype U[P any] int\nfunc (U[_]) M() {}",
			[]string{"T.M", "U.M"}},
		{"method with a comment", "// T is.\ntype T struct{}\n// M does.\nfunc (T) M() {}", nil},
		{"method of an unexported type", "type t struct{}\nfunc (t) M() {}", nil},
		{"type", "type T int", []string{"T"}},
		{"alias", "type T = int", []string{"T"}},
		{"types in a group", "// Types.\ntype (\n\tT int\n\t// U is.\n\tU int\n)", []string{"T"}},
		{"interface", "// I is.\ntype I interface{ M() }", nil},
		{"fields", "// T is.\ntype T struct {\n\tA, B int\n\tC int // line\n\t// Above.\n\tD int\n\te int\n}", []string{"T.A", "T.B"}},
		{"embedded field", "// T is.\ntype T struct{ U }\n// U is.\ntype U int", nil},
		{"fields of an unexported type", "type t struct{ A int }", nil},
		{"constants", "const (\n\tA = 1\n\tB = 2 // line\n\t// Above.\n\tC = 3\n\td = 4\n)", []string{"A"}},
		{"constants in a commented group", "// Numbers.\nconst (\n\tA = 1\n\tB = 2\n)", nil},
		{"variables", "var A, b, C int", []string{"A", "C"}},
		{"variable with a comment", "// A is.\nvar A int", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fixture(t, "package fixture\n"+tt.text).withoutComment(); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
