package strictjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// A member is a member of an object. Its Value is the text of a JSON string, or any other JSON value
// as it is written.
type member struct{ Name, Value string }

func read(text string) (all []member, err error) {
	err = strictjson.Members(text, func(name string, value *strictjson.Reader) error {
		m := member{Name: name}
		var err error
		if value.PeekKind() == jsontext.KindString {
			m.Value, err = value.String()
		} else {
			var raw jsontext.Value
			raw, err = value.ReadValue()
			m.Value = string(raw)
		}
		all = append(all, m)
		return err
	})
	return all, err
}

// reference reads the members with a new jsontext.Decoder, which is strict by default, and without
// the optimizations of Members.
func reference(text string) (all []member, ok bool) {
	dec := jsontext.NewDecoder(strings.NewReader(text))
	object, err := dec.ReadValue()
	if err != nil || object.Kind() != jsontext.KindBeginObject {
		return nil, false
	}
	object = object.Clone()
	if _, err := dec.ReadToken(); err == nil || len(strings.TrimRight(text[dec.InputOffset():], " \t\r\n")) > 0 {
		return nil, false
	}
	if depthOf(object) > 64 {
		return nil, false
	}
	dec = jsontext.NewDecoder(strings.NewReader(string(object)))
	dec.ReadToken()
	for dec.PeekKind() != jsontext.KindEndObject {
		name, _ := dec.ReadToken()
		m := member{Name: name.String()}
		value, _ := dec.ReadValue()
		if m.Value = string(value); value.Kind() == jsontext.KindString {
			unquoted, _ := jsontext.AppendUnquote(nil, value)
			m.Value = string(unquoted)
		}
		all = append(all, m)
	}
	return all, true
}

// depthOf returns the number of levels of objects and arrays.
func depthOf(value jsontext.Value) (deepest int) {
	dec := jsontext.NewDecoder(strings.NewReader(string(value)))
	for _, err := dec.ReadToken(); err == nil; _, err = dec.ReadToken() {
		deepest = max(deepest, dec.StackDepth())
	}
	return deepest
}

// check compares Members with reference.
func check(t *testing.T, text string) {
	t.Helper()
	got, err := read(text)
	want, ok := reference(text)
	if (err == nil) != ok {
		t.Errorf("%q: got %v, want success: %t", text, err, ok)
		return
	}
	if err != nil && !isFixed(err.Error()) {
		t.Errorf("%q: got %v, want a fixed text", text, err)
	}
	if diff := cmp.Diff(want, got); ok && diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}

// object returns an object with n members and the given end.
func object(n int, end string) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"name %d":%d`, i, i))
	}
	return "{" + strings.Join(members, ",") + end
}

// Members returns the members that a jsontext.Decoder returns, of small and large objects and of
// malformed ones.
func TestMembersMatchTheDecoder(t *testing.T) {
	texts := []string{
		``, ` `, `{`, `}`, `{}`, ` {} `, "\r\n\t{ }\n", `{}{}`, `{} 1`, `{}x`, `[]`, `null`, `"a"`, `1`, "\ufeff{}", "{}\x00", "{}\u00a0",
		`{"a":1}`, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{"a":}`, `{"a"}`, `{1:2}`, `{null:1}`, `{"a":1 "b":2}`, `{"a":1;"b":2}`,
		`{"a":1,"a":2}`, `{"a":1,"b":2,"a":3}`, `{"":1}`, `{"":1,"":2}`, `{"a":1,"A":2}`, `{"a":{},"a":1}`, `{"a":[{}],"b":{"c":1}}`,
		`{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, `{"a":"{","a":1}`, `{"a":"{\"","a":1}`, `{"a":"b:c:d","e":":"}`,
		`{"\u0061":1,"a":2}`, `{"\u0061":1,"b":2}`, `{"a":"\u0061\n"}`, `{"a\\":1,"a":"\\"}`, `{"é":1,"é":2}`, `{"é":"é","e":"\u00e9"}`,
		"{\"a\":\"\xff\"}", "{\"\xff\":1}", `{"a":"\ud800"}`, `{"a":"\ud83d\ude00"}`, "{\"a\":\"\x01\"}",
		`{"a":1e400,"b":-0,"c":true,"d":false,"e":null,"f":[1,[2]]}`, `{"a":01}`, `{"a":tru}`, `{"a":NaN}`, ` { "a" : 1 , "b" : "x" } `,
		`{"exp":1,"iat":2,"exp":3}`, `{"iss":1,"name":2,"iss":3}`, `{"iss":"a","name":"b","sub":"c"}`,
	}
	for n := 28; n < 36; n++ {
		for _, end := range []string{`}`, `,"name 0":1}`, `,"x"}`, `,"x":}`, `,"x`, `,`, ``, `,"x":{"y":1,"y":2}}`, `,"x":"::::::::"}`, `,"\u0078":1}`} {
			texts = append(texts, object(n, end))
		}
	}
	for _, text := range texts {
		check(t, text)
	}
}

func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1,"b":"x","c":[{}]}`, `{"a":1,"a":2}`, `{"a":"\u0061","b":{"c":1,"c":2}}`, `{"alg":"HS256","typ":"JWT"} `,
		`{"iss":"a","exp":1,"name":"b"}`, object(31, `,"x"}`), object(32, `}`), object(40, `,"name 3":1}`),
	} {
		f.Add(text)
	}
	f.Add(nested(63, `"[{\"["`))
	f.Add(nested(64, `1`))
	f.Fuzz(check)
}

// nested returns an object with a value in the given number of arrays.
func nested(levels int, value string) string {
	return `{"a":` + strings.Repeat("[", levels) + value + strings.Repeat("]", levels) + `}`
}

// Members accepts up to 64 levels of objects and arrays. Brackets in strings do not count.
func TestDepth(t *testing.T) {
	mixed := func(pairs int, value string) string {
		return strings.Repeat(`{"a":[`, pairs) + value + strings.Repeat(`]}`, pairs)
	}
	wide := `{"a":[` + strings.Repeat("[],{},", 1000) + `[]]}`
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"63 arrays in an object", nested(63, `1`), true},
		{"64 arrays in an object", nested(64, `1`), false},
		{"63 arrays and a bracket in a string", nested(63, `"[{[{"`), true},
		{"63 arrays and an escaped quote", nested(63, `"\"[","[\\"`), true},
		{"64 arrays around an escaped quote", nested(64, `"\"]]]]"`), false},
		{"32 objects and arrays", mixed(32, ``), true},
		{"33 objects and arrays", mixed(33, ``), false},
		{"wide", wide, true},
		{"brackets in a name", `{"` + strings.Repeat("[{", 100) + `":1}`, true},
		{"the deepest part last", `{"a":1,"b":[],"c":` + nested(63, `1`) + `}`, false},
		{"a million arrays that are not closed", `{"a":` + strings.Repeat("[", 1<<20), false},
	} {
		if _, err := read(tt.text); (err == nil) != tt.want {
			t.Errorf("%s: got %v, want success: %t", tt.name, err, tt.want)
		}
		check(t, tt.text)
	}
	if _, err := read(nested(64, `1`)); err == nil || !strings.Contains(err.Error(), "more than 64 levels") {
		t.Errorf("got %v, want an error that contains more than 64 levels", err)
	}
}

// A Reader that is used again does not return members of the text before.
func TestReadersAreUsedAgain(t *testing.T) {
	first := `{"secret":"` + strings.Repeat("s", 1000) + `","a":1}`
	for _, text := range []string{first, `{"a":1,"b":2}`, `{"a":1`, first, `{"a":1,"a":2}`, `{"a":{}}`, first, `{"b":"x"}`} {
		check(t, text)
	}
}
