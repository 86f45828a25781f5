package claimset

import (
	"testing"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// hasRegistered reads the names, which mayBeRegistered only guesses at.
func hasRegistered(object string) bool {
	found := false
	err := strictjson.Members(object, func(name string, value *strictjson.Reader) error {
		found = found || registeredLike(name) != ""
		return value.Skip()
	})
	return err == nil && found
}

func TestMayBeRegistered(t *testing.T) {
	for object, want := range map[string]bool{
		`{}`:                          false,
		`{"name":"Alice","role":"x"}`: false,
		`{"n":1,"e":[1,2],"x":{}}`:    false,
		`{"exp":1}`:                   true,
		`{"a":1,"EXP":1}`:             true,
		`{"a":"x","Sub":null}`:        true,
		`{"i\u0073s":1}`:              true,
		`{"iſs":1}`:                   true,
		`{"role":"aud"}`:              true, // a value, which it does not know
		`{"a":{"exp":1}}`:             true, // an inner name, likewise
		`[]`:                          true,
		`"exp"`:                       true,
	} {
		if got := mayBeRegistered([]byte(object)); got != want {
			t.Errorf("%s: got %v, want %v", object, got, want)
		}
	}
}

// What mayBeRegistered says no to has no name that is like a registered one.
func FuzzMayBeRegistered(f *testing.F) {
	for _, object := range []string{`{"exp":1}`, `{"EXP":1}`, `{"iſs":1}`, `{"s\u0075b":1}`, `{"a":"jti"}`, `{ "nbf" : 1 }`, `{"a\\":1,"iat":1}`} {
		f.Add(object)
	}
	f.Fuzz(func(t *testing.T, object string) {
		if object != "" && !mayBeRegistered([]byte(object)) && hasRegistered(object) {
			t.Errorf("%q: got no, want maybe: a name in it is like a registered one", object)
		}
	})
}
