//go:build rules

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

// ownedByCaller lists every exported function and method whose result is or contains a slice, a
// map or a pointer. The caller owns the result: a change to it has no effect on other
// callers. The value is the name of the test that proves it.
var ownedByCaller = map[string]string{
	"Issuer.Issue":                   "TestReturnedValuesAreCopies",
	"Key.PublicKey":                  "TestReturnedValuesAreCopies",
	"Key.VerificationKeys":           "TestReturnedValuesAreCopies",
	"Middleware.Check":               "TestReturnedValuesAreCopies",
	"Middleware.WithScope":           "TestReturnedValuesAreCopies",
	"Token.Audience":                 "TestReturnedValuesAreCopies",
	"Token.Scope":                    "TestReturnedValuesAreCopies",
	"Verifier.Verify":                "TestOverwrittenTokenAffectsNoOtherCaller",
	"VerifierSet.Verify":             "TestOverwrittenTokenAffectsNoOtherCaller",
	"fixedSet.VerificationKeys":      "TestReturnedValuesAreCopies",
	"keyring Ring.State":             "TestReturnedValuesAreCopies",
	"keyring Ring.Published":         "TestReturnedValuesAreCopies",
	"keyring Ring.VerificationKeys":  "TestReturnedValuesAreCopies",
	"keyring directory.Load":         "TestReturnedTextsAreCopies",
	"jwks Remote.VerificationKeys":   "TestReturnedValuesAreCopies",
	"jwks joined.VerificationKeys":   "TestJoinReturnsCopies",
	"jwtexptest Tokens.WithLifetime": "TestWithLifetimeReturnsACopy",
	"jwks Set.Skipped":               "TestSkipped",
	"jwks Set.VerificationKeys":      "TestReturnedValuesAreCopies",
	"jwks view.VerificationKeys":     "TestViewsOfOneRemote",

	"session Manager.List":   "TestReturnedValuesAreCopies",
	"session Memory.Advance": "TestReturnedValuesAreCopies",
	"session Memory.End":     "TestReturnedValuesAreCopies",
	"session Memory.EndAll":  "TestReturnedValuesAreCopies",
	"session Memory.Ended":   "TestReturnedValuesAreCopies",
	"session Memory.Find":    "TestReturnedValuesAreCopies",
	"session Memory.List":    "TestReturnedValuesAreCopies",
	"session Tokens.Session": "TestReturnedValuesAreCopies",

	// Nothing changes a Token.
	"session Tokens.Access": "",

	// These functions make their result for the call, FromContext for the request.
	"FromContext":                "",
	"NewIssuer":                  "",
	"NewMiddleware":              "",
	"NewVerifier":                "",
	"NewVerifierSet":             "",
	"NewVerifierSetFunc":         "",
	"jwks Discover":              "",
	"jwks DiscoverLater":         "",
	"jwks NewRemote":             "",
	"jwtexptest NewClock":        "",
	"jwtexptest NewRequest":      "",
	"jwtexptest NewTokens":       "",
	"keyring New":                "",
	"jwks Parse":                 "",
	"session Manager.Refresh":    "",
	"session Manager.Start":      "",
	"session New":                "",
	"session Cookies.Start":      "",
	"session NewCookies":         "",
	"session NewMemory":          "",
	"session remoteFeed.Ended":   "",
	"session NewWatcher":         "",
	"session Tokens.MarshalJSON": "",
	"keyring NewRotator":         "",
}

func TestWhatIsReturnedIsListed(t *testing.T) {
	folders := make(map[string]string) // by the function's name
	for _, p := range packagesOfBoth(t, false) {
		if under(p.path(), "internal") || p.Name == "main" {
			continue
		}
		prefix := ""
		if p.ImportPath != module {
			prefix = p.Name + " "
		}
		for _, name := range load(t, p).resolve(t, p.ImportMap).returningReferences() {
			folders[prefix+name] = p.Dir
		}
	}
	got, want := slices.Sorted(maps.Keys(folders)), slices.Sorted(maps.Keys(ownedByCaller))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("functions that return a slice, a map or a pointer (-ownedByCaller +found):\n%s", diff)
	}
	for name, test := range ownedByCaller {
		if test != "" && !hasTest(t, folders[name], test) {
			t.Errorf("%s: got no %s in %s, want one", name, test, folders[name])
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

// returningReferences returns the exported functions and methods that return a slice, a map or
// a pointer. It includes methods of unexported types, because callers can reach them
// through an interface.
func (s *source) returningReferences() []string {
	var found []string
	scope := s.types.Scope()
	for _, name := range scope.Names() {
		switch object := scope.Lookup(name).(type) {
		case *types.Func:
			if object.Exported() && returnsReference(object) {
				found = append(found, name)
			}
		case *types.TypeName:
			named, ok := object.Type().(*types.Named)
			if !ok {
				continue
			}
			for method := range named.Methods() {
				if method.Exported() && returnsReference(method) {
					found = append(found, name+"."+method.Name())
				}
			}
		}
	}
	return found
}

func returnsReference(f *types.Func) bool {
	for result := range f.Signature().Results().Variables() {
		if isReference(result.Type()) {
			return true
		}
	}
	return false
}

// isReference reports whether a copy of a value of type t shares memory with the value. It
// ignores unexported fields, because other packages cannot reach them.
func isReference(t types.Type) bool {
	if t.String() == "crypto.PublicKey" { // an interface whose values are pointers and slices
		return true
	}
	switch t := t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Pointer:
		return true
	case *types.Array:
		return isReference(t.Elem())
	case *types.Struct:
		for field := range t.Fields() {
			if field.Exported() && isReference(field.Type()) {
				return true
			}
		}
	}
	return false
}

func TestReturnedReferencesAreFound(t *testing.T) {
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
	if diff := cmp.Diff(want, s.returningReferences()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
