//go:build rules

package rules_test

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// Claims match names in exact case, so a field without a tag can stay zero without an error. The
// structs that docs and examples decode claims into have a tag on each field. A comment with the
// word "trap" marks a field that shows what happens without one.
func TestClaimsInExamplesHaveTags(t *testing.T) {
	check := func(name, text string) {
		for _, field := range fixture(t, text).untaggedClaims() {
			t.Errorf("%s: got the field %s without a json tag, want a tag on each field of claims", name, field)
		}
	}
	for _, p := range pages(t) {
		for _, s := range p.snippets() {
			check(s.dir, s.code)
		}
	}
	readTree(t, ".go", func(name, text string) {
		if under(name, "examples") || strings.HasPrefix(path.Base(name), "example") {
			check(name, text)
		}
	})
}

// untaggedClaims returns the exported fields without a tag of the structs that the package passes
// to a method Claims, or to WithClaims as the parameter of a function.
func (s *source) untaggedClaims() (found []string) {
	declared := make(map[string][]ast.Node) // types, and the types of variables and functions
	var decoded []ast.Node
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				declared[n.Name.Name] = append(declared[n.Name.Name], n.Type)
			case *ast.FuncDecl:
				declared[n.Name.Name] = append(declared[n.Name.Name], n.Type)
			case *ast.ValueSpec:
				for _, name := range n.Names {
					declared[name.Name] = append(declared[name.Name], n.Type)
				}
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if ok && len(n.Args) == 1 && (f.Sel.Name == "Claims" || f.Sel.Name == "WithClaims") {
					decoded = append(decoded, n.Args[0])
				}
			}
			return true
		})
	}
	for len(decoded) > 0 {
		n := decoded[0]
		decoded = decoded[1:]
		switch n := n.(type) {
		case *ast.Ident:
			decoded = append(decoded, declared[n.Name]...)
			delete(declared, n.Name) // a type can contain itself
		case *ast.UnaryExpr:
			decoded = append(decoded, n.X)
		case *ast.StarExpr:
			decoded = append(decoded, n.X)
		case *ast.ArrayType:
			decoded = append(decoded, n.Elt)
		case *ast.FuncLit:
			decoded = append(decoded, n.Type)
		case *ast.FuncType:
			decoded = append(decoded, n.Params.List[0].Type)
		case *ast.StructType:
			for _, field := range n.Fields.List {
				decoded = append(decoded, field.Type)
				exported := func(name *ast.Ident) bool { return name.IsExported() }
				if field.Tag == nil && slices.ContainsFunc(field.Names, exported) && !strings.Contains(field.Comment.Text(), "trap") {
					found = append(found, field.Names[0].Name)
				}
			}
		}
	}
	return found
}

func TestUntaggedClaimsAreFound(t *testing.T) {
	const claims, check = "func f(token Token) { var c claims; token.Claims(&c) }\n", "var _ = jwtexp.WithClaims(check)\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"type", claims + "type claims struct { Role string; Tenant string `json:\"tenant\"` }", []string{"Role"}},
		{"struct of a variable", "func f() { var c struct{ Role string }; if expired.Claims(&c) != nil { return } }", []string{"Role"}},
		{"nested", claims + "type claims struct { A []struct{ Roles []string } `json:\"a\"` }", []string{"Roles"}},
		{"recursive", claims + "type claims struct { Parent *claims }", []string{"Parent"}},
		{"function literal", "var _ = jwtexp.WithClaims(func(c *struct{ Role string }) error { return nil })", []string{"Role"}},
		{"function", check + "func check(c *claims) error { return nil }\ntype claims struct{ Role string }", []string{"Role"}},
		{"tags", claims + "type claims struct { A, b string `json:\"a\"`; c string; jwt.RegisteredClaims }", nil},
		{"shown", claims + "type claims struct {\n\tRole string // the trap\n}", nil},
		{"other types", claims + "type claims map[string]any\ntype config struct{ Role string }", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fixture(t, "package fixture\n"+tt.text).untaggedClaims(); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
