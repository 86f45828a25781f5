package rules_test

import (
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// isTheCallersAlone names every exported function and method whose result is, or has in it,
// a slice, a map or a pointer. A result belongs to its caller alone, so that nothing that
// the caller does to it changes what others get. The test that is named shows it.
var isTheCallersAlone = map[string]string{
	"Issuer.Issue":                  "TestWhatIsReturnedIsTheCallersAlone",
	"Key.PublicKey":                 "TestWhatIsReturnedIsTheCallersAlone",
	"Key.VerificationKeys":          "TestWhatIsReturnedIsTheCallersAlone",
	"Middleware.Check":              "TestWhatIsReturnedIsTheCallersAlone",
	"Middleware.WithScope":          "TestWhatIsReturnedIsTheCallersAlone",
	"Token.Audience":                "TestWhatIsReturnedIsTheCallersAlone",
	"Token.Scope":                   "TestWhatIsReturnedIsTheCallersAlone",
	"Verifier.Verify":               "TestOverwrittenTokenIsItsCallersAlone",
	"VerifierSet.Verify":            "TestOverwrittenTokenIsItsCallersAlone",
	"fixedSet.VerificationKeys":     "TestWhatIsReturnedIsTheCallersAlone",
	"keyring Ring.State":            "TestWhatIsReturnedIsTheCallersAlone",
	"keyring Ring.Published":        "TestWhatIsReturnedIsTheCallersAlone",
	"keyring Ring.VerificationKeys": "TestWhatIsReturnedIsTheCallersAlone",
	"jwks Remote.VerificationKeys":  "TestWhatIsReturnedIsTheCallersAlone",

	// What these return was made for the call, or, in FromContext, for the request.
	"FromContext":           "",
	"NewIssuer":             "",
	"NewMiddleware":         "",
	"NewVerifier":           "",
	"NewVerifierSet":        "",
	"jwks Discover":         "",
	"jwks NewRemote":        "",
	"jwtexptest NewClock":   "",
	"jwtexptest NewRequest": "",
	"jwtexptest NewTokens":  "",
	"keyring New":           "",
}

func TestWhatIsReturnedIsListed(t *testing.T) {
	found := make(map[string]string) // to the folder
	for _, p := range packagesOfBoth(t, false) {
		if under(p.path(), "internal") || p.Name == "main" {
			continue
		}
		prefix := ""
		if p.ImportPath != module {
			prefix = p.Name + " "
		}
		for _, name := range load(t, p).resolve(t, p.ImportMap).returning() {
			found[prefix+name] = p.Dir
		}
	}
	got, want := slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(isTheCallersAlone))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("functions that return a slice, a map or a pointer (-isTheCallersAlone +found):\n%s", diff)
	}
	for name, test := range isTheCallersAlone {
		if test != "" && !hasTest(t, found[name], test) {
			t.Errorf("%s: got no %s in %s", name, test, found[name])
		}
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), "\nfunc "+name+"(")
	})
}

// returning returns the exported functions and methods that return a slice, a map or a
// pointer. Methods of unexported types count, since an interface can lead to them.
func (s *source) returning() []string {
	var found []string
	scope := s.types.Scope()
	for _, name := range scope.Names() {
		switch object := scope.Lookup(name).(type) {
		case *types.Func:
			if object.Exported() && returns(object) {
				found = append(found, name)
			}
		case *types.TypeName:
			named, ok := object.Type().(*types.Named)
			if !ok {
				continue
			}
			for method := range named.Methods() {
				if method.Exported() && returns(method) {
					found = append(found, name+"."+method.Name())
				}
			}
		}
	}
	return found
}

func returns(f *types.Func) bool {
	for result := range f.Signature().Results().Variables() {
		if leadsOn(result.Type()) {
			return true
		}
	}
	return false
}

// leadsOn reports whether a value of type t leads to memory that it does not hold itself, by
// what an importer can name.
func leadsOn(t types.Type) bool {
	if t.String() == "crypto.PublicKey" { // an interface of pointers and slices
		return true
	}
	switch t := t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Pointer:
		return true
	case *types.Array:
		return leadsOn(t.Elem())
	case *types.Struct:
		for field := range t.Fields() {
			if field.Exported() && leadsOn(field.Type()) {
				return true
			}
		}
	}
	return false
}

func TestReturnedPointersAreFound(t *testing.T) {
	s := fixture(t, `package fixture
		import "context"
		type (
			T struct{ Exported []int }
			U struct{ unexported []int }
			hidden struct{}
			Interface interface{ InInterface() []int }
		)
		func Slice() []int { return nil }
		func Map() (int, map[int]int) { return 0, nil }
		func Pointer() *int { return nil }
		func Struct() T { return T{} }
		func Array() [2][]int { return [2][]int{} }
		func unexported() []int { return nil }
		func Opaque() U { return U{} }
		func String() (string, error) { return "", nil }
		func Context() context.Context { return nil }
		func Func() func() []int { return nil }
		func (T) Method() []int { return nil }
		func (*T) method() []int { return nil }
		func (*hidden) Method() []int { return nil }
	`).resolve(t, nil)
	want := []string{"Array", "Map", "Pointer", "Slice", "Struct", "T.Method", "hidden.Method"}
	if diff := cmp.Diff(want, s.returning()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
