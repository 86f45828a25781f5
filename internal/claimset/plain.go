package claimset

import (
	"reflect"
	"strings"
	"sync"
)

// plainTypes remembers what isPlain has found out.
var plainTypes sync.Map // of reflect.Type to bool

// isPlain tells whether t, or what it points to, is a struct about which every JSON
// package agrees, and which has no place for a registered claim: its fields have simple
// tags and are strings, numbers, booleans or slices of those; nothing has a method.
//
// Two short cuts can then not be told from the long way: to write such a struct with
// encoding/json, and to read nothing but the application's claims into it.
func isPlain(t reflect.Type) bool {
	if t == nil {
		return false
	}
	if known, ok := plainTypes.Load(t); ok {
		return known.(bool)
	}
	plain := isPlainStruct(t)
	plainTypes.Store(t, plain)
	return plain
}

func isPlainStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || hasMethods(t) {
		return false
	}
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
			return false
		}
		names[name] = true
		if field.Anonymous || !field.IsExported() || !isPlainValue(field.Type) {
			return false
		}
	}
	return true
}

// isPlainName tells whether a name needs no quoting in a tag and in JSON, and is like
// no registered one.
func isPlainName(name string) bool {
	unusual := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && !('0' <= r && r <= '9') && !strings.ContainsRune("_-./:", r)
	}
	return !strings.ContainsFunc(name, unusual) && registeredLike(name) == ""
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

// hasMethods counts those of the pointer, too: one of them may be for JSON.
func hasMethods(t reflect.Type) bool { return reflect.PointerTo(t).NumMethod() > 0 }
