package claimset

import (
	"encoding/json"
	"fmt"
	"go/token"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// plain has a field of each type that a plain struct can have, except float32.
type plain struct {
	Untagged string
	Name     string    `json:"name"`
	Age      int       `json:"age,omitempty"`
	Since    uint64    `json:"since,omitzero"`
	Small    int8      `json:"https://example.com/small"`
	Admin    bool      `json:"admin,omitempty"`
	Kind     kind      `json:"kind,omitzero"`
	Roles    []string  `json:"roles"`
	More     []string  `json:"more,omitempty"`
	Empty    []uint16  `json:"empty,omitzero"`
	Weights  []int32   `json:"weights,omitempty"`
	Kinds    []kind    `json:"kinds"`
	Flags    []bool    `json:"flags,omitempty"`
	Share    float64   `json:"share"`
	Part     float64   `json:"part,omitempty"`
	Rest     float64   `json:"rest,omitzero"`
	Shares   []float64 `json:"shares,omitempty"`
	Private  string    `json:"-"`
	hidden   string
}

type kind string

type named struct{ Name string }

type method struct{ Name string }

func (method) IsAdmin() bool { return false }

type pointerMethod string

func (*pointerMethod) UnmarshalText([]byte) error { return nil }

// structOf returns a struct that go vet would report in source code.
func structOf(fields ...reflect.StructField) any {
	return reflect.New(reflect.StructOf(fields)).Interface()
}

func tagged(field, tag string) reflect.StructField {
	f := reflect.StructField{Name: field, Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`json:"` + tag + `"`)}
	if !token.IsExported(field) {
		f.PkgPath = "example"
	}
	return f
}

func TestPlainStructs(t *testing.T) {
	for want, types := range map[bool][]any{
		true: {plain{}, new(plain), struct{ Small float32 }{}, struct{}{}, struct {
			Kind kind
			Kin  []kind
		}{}},
		false: {
			nil, 1, "", []string(nil), map[string]any(nil), new(*plain), new(int), func() {}, time.Time{},
			method{}, new(method),
			struct{ Inner plain }{}, struct{ Inner *string }{}, struct{ Inner any }{}, struct{ Inner [2]int }{},
			struct{ Inner []byte }{}, struct{ Inner [][]int }{}, struct{ Inner map[string]int }{},
			struct{ Inner json.Number }{}, struct{ Inner []json.Number }{}, struct{ Inner json.RawMessage }{},
			struct{ Inner time.Duration }{}, struct{ Inner method }{}, struct{ Inner pointerMethod }{},
			struct{ named }{}, struct{ kind }{}, struct{ *named }{}, struct {
				named `json:"x"`
			}{},
			struct {
				A string `json:"exp"`
			}{},
			struct{ Exp string }{}, // a registered name in another case, which the JSON package's way rejects
			struct {
				A string `json:"a,string"`
			}{},
			struct {
				A string `json:"a,case:ignore"`
			}{},
			struct {
				A string `json:"a,omitempty,string"`
			}{},
			struct {
				A string `json:"ä"`
			}{},
			struct {
				A string `json:"a b"`
			}{},
			struct {
				A string `json:"'a'"`
			}{},
			struct {
				A string `json:"<a>"`
			}{},
			structOf(tagged("A", "b"), tagged("B", "b")),
			structOf(tagged("A", "b"), tagged("b", "b")),
			structOf(tagged("a", "a")),
			structOf(tagged("A", "-,"), tagged("B", "-,")),
		},
	} {
		for _, v := range types {
			for _, when := range []string{"first call", "second call"} {
				if got := goTypeOf(reflect.TypeOf(v)).plain != nil; got != want {
					t.Errorf("%T, %s: got %v, want %v", v, when, got, want)
				}
			}
		}
	}
}

// appendPlain writes the bytes that the JSON package writes, or nothing.
func FuzzAppendPlain(f *testing.F) {
	f.Add("Alice", int64(-1), 1.5, true, "editor")
	f.Add("", int64(0), 0.0, false, "")
	f.Add("\xff", int64(1), math.Copysign(0, -1), false, "")
	f.Add("<a&b>", int64(math.MaxInt64), 1e21, true, "\xff")
	f.Add("Zoë\u2028\u00ad", int64(math.MinInt64), math.Inf(1), true, "\"\\\n")
	f.Add("\x7f\ufffd", int64(7), 1e-7, true, "\u2029")
	f.Add("a", int64(7), math.NaN(), true, "b")
	f.Add("a", int64(7), math.Copysign(0, -1), true, "b")
	f.Add("a", int64(7), 123456789.0, true, "b")
	f.Fuzz(func(t *testing.T, name string, age int64, share float64, admin bool, role string) {
		v := plain{Untagged: role, Name: name, Age: int(age), Since: uint64(age), Share: share, Part: share, Rest: share, Admin: admin, Small: int8(age), Kind: kind(name), hidden: "h"}
		if role != "" {
			v.Roles, v.More, v.Weights, v.Kinds = []string{role, name}, []string{}, []int32{int32(age), 0}, []kind{kind(role)}
			v.Flags, v.Empty, v.Shares = []bool{admin, true}, []uint16{}, []float64{share, 0}
		}
		want, err := jsonv2.Marshal(v, writeExactly[allFloats])
		for _, app := range []any{v, &v} {
			const before = `{"sub":"s",`
			got, ok := goTypeOf(reflect.TypeOf(app)).plain.append([]byte(before), app)
			if ok != (err == nil) {
				t.Errorf("%+v: got ok %t, want %s, %v", v, ok, want, err)
			}
			if object := "{" + strings.TrimPrefix(string(got), before); ok && object != strings.TrimSuffix(string(want), "}")+"," {
				t.Errorf("%+v: got %s, want %s", v, got, want)
			}
		}
	})
}

func TestAppendPlainSkipsOtherTypes(t *testing.T) {
	for name, app := range map[string]any{
		"nil": nil, "a nil pointer": (*plain)(nil), "a map": map[string]any{"a": 1}, "a number": 1,
		"a float32": struct{ Small float32 }{1}, "invalid UTF-8 in a slice": plain{Roles: []string{"a", "\xff"}},
		"several": struct{ Weights []float32 }{[]float32{1}}, "NaN": plain{Share: math.NaN()}, "infinity": plain{Shares: []float64{math.Inf(-1)}},
	} {
		if got, ok := goTypeOf(reflect.TypeOf(app)).plain.append(nil, app); ok {
			t.Errorf("%s: got %s, want ok false", name, got)
		}
	}
	if got, ok := goTypeOf(reflect.TypeFor[struct{}]()).plain.append([]byte("{"), struct{}{}); !ok || string(got) != "{" {
		t.Errorf("empty struct: got %s, %t, want {, true", got, ok)
	}
}

// Decoding only the application's claims into a plain struct gives the same as decoding all claims.
func FuzzDecodePlain(f *testing.F) {
	for _, payload := range []string{
		`{"exp":1,"name":"Alice","age":7,"admin":true}`,
		`{"name":"Alice","roles":["a","b"],"exp":1}`,
		"{ \"iss\" : \"i\" ,\t\"name\"\n: \"Alice\" , \"exp\" : 1 , \"role\" : \"x\" , \"iat\" : 1 }",
		`{"aud":["a"],"exp":1,"x":{"exp":2,"name":"inner"},"jti":"j","name":"Ali\u0063e","sub":"s"}`,
		`{"\"":1,"n\u0061me":"Alice","exp":1}`,
		`{"exp":1}`,
		`{"exp":1,"":"","name":null}`,
		`{"exp":1,"name":1,"age":2}`,
		`{"EXP":0,"exp":1,"age":1.5,"name":"later"}`,
	} {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		var set Set
		if Parse(payload, &set) != nil {
			return
		}
		got, want := plain{Name: "before", Roles: []string{"before"}}, plain{Name: "before", Roles: []string{"before"}}
		gotErr, wantErr := set.Decode(payload, &got), new(Set).Decode(payload, &want)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s: got %v, want %v", payload, gotErr, wantErr)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(plain{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", payload, diff)
		}
	})
}

// Registered claims are decoded into a struct with fields for them, and into a map.
func TestDecodeRegisteredClaims(t *testing.T) {
	const payload = `{"exp":17,"name":"Alice"}`
	var set Set
	if err := Parse(payload, &set); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Expiry int64  `json:"exp"`
		Name   string `json:"name"`
	}
	if err := set.Decode(payload, &got); err != nil || got.Expiry != 17 || got.Name != "Alice" {
		t.Errorf("got %+v, %v, want 17 and Alice", got, err)
	}
	all := make(map[string]any)
	if err := set.Decode(payload, &all); err != nil || len(all) != 2 {
		t.Errorf("got %v, %v, want both claims", all, err)
	}
}
