package claimset

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A plainStruct describes a struct that every JSON package writes alike, and that has no field for
// a registered claim. Its fields have simple tags and are strings, numbers, booleans or slices of
// these. No type in it has methods.
//
// Two short cuts give the same result as the JSON package for it: to write it field by field, and
// to read only the application's claims into it.
type plainStruct []plainField

type plainField struct {
	index  int    // in the Go struct
	name   string // as a JSON string, with a colon
	option string // of the tag
}

// newPlainStruct returns the plainStruct of t or of what t points to, or nil if that is not a plain
// struct.
func newPlainStruct(t reflect.Type) plainStruct {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || hasMethods(t) {
		return nil
	}
	plain := make(plainStruct, 0, t.NumField())
	names := make(map[string]bool)
	for i := range t.NumField() {
		field := t.Field(i)
		tag, tagged := field.Tag.Lookup("json")
		if tag == "-" || !field.IsExported() && !field.Anonymous && !tagged {
			continue // not a claim
		}
		name, option, _ := strings.Cut(tag, ",")
		if name == "" {
			name = field.Name
		}
		if names[name] || !isPlainName(name) || option != "" && option != "omitempty" && option != "omitzero" {
			return nil
		}
		names[name] = true
		if field.Anonymous || !field.IsExported() || !isPlainValue(field.Type) {
			return nil
		}
		plain = append(plain, plainField{i, `"` + name + `":`, option})
	}
	return plain
}

// append appends the members of app, with a comma after each, if app is a plain struct or points to
// one. ok is false if it is not, and if it holds a value that the JSON package must write or reject:
// a float32, NaN, invalid UTF-8.
//
// The JSON package knows less about the struct, and its output must be searched for registered
// names. With it, Issue takes 77 % longer (BenchmarkIssue).
func (plain plainStruct) append(buf []byte, app any) (_ []byte, ok bool) {
	v := reflect.Indirect(reflect.ValueOf(app))
	if plain == nil || !v.IsValid() {
		return buf, false
	}
	for _, field := range plain {
		value := v.Field(field.index)
		if field.omits(value) {
			continue
		}
		if buf, ok = appendPlainValue(append(buf, field.name...), value); !ok {
			return buf, false
		}
		buf = append(buf, ',')
	}
	return buf, true
}

func (f *plainField) omits(v reflect.Value) bool {
	switch f.option {
	case "omitzero":
		return v.IsZero()
	case "omitempty":
		return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
	}
	return false
}

func appendPlainValue(buf []byte, v reflect.Value) (_ []byte, ok bool) {
	switch {
	case v.Kind() != reflect.Slice:
		return appendScalar(buf, v)
	case v.IsNil():
		return append(buf, "null"...), true
	}
	buf = append(buf, '[')
	for i := range v.Len() {
		if i > 0 {
			buf = append(buf, ',')
		}
		if buf, ok = appendScalar(buf, v.Index(i)); !ok {
			return buf, false
		}
	}
	return append(buf, ']'), true
}

func appendScalar(buf []byte, v reflect.Value) (_ []byte, ok bool) {
	switch {
	case v.Kind() == reflect.String:
		buf, err := jsontext.AppendQuote(buf, v.String())
		return buf, err == nil
	case v.Kind() == reflect.Bool:
		return strconv.AppendBool(buf, v.Bool()), true
	case v.CanInt():
		return strconv.AppendInt(buf, v.Int(), 10), true
	case v.CanUint():
		return strconv.AppendUint(buf, v.Uint(), 10), true
	case v.Kind() == reflect.Float64 && !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0):
		return appendFloat(buf, v.Float()), true
	}
	return buf, false
}

// isPlainName reports whether a name needs no quoting in a tag and in JSON, and is neither like a
// registered claim nor cnf, which is noted when it is written.
func isPlainName(name string) bool {
	unusual := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && !('0' <= r && r <= '9') && !strings.ContainsRune("_-./:", r)
	}
	return !strings.ContainsFunc(name, unusual) && registeredLike(name) == "" && name != confirmation
}

func isPlainValue(t reflect.Type) bool {
	if t.Kind() == reflect.Slice && !hasMethods(t) && t.Elem().Kind() != reflect.Uint8 { // bytes are base64
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return !hasMethods(t)
	}
	return false
}

// hasMethods also counts the pointer's methods, because one of them may be for JSON.
func hasMethods(t reflect.Type) bool { return reflect.PointerTo(t).NumMethod() > 0 }
