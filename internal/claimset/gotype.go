package claimset

import (
	"encoding"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// A goType is what is known about a Go type of the application.
type goType struct {
	plain  plainStruct // nil for other types
	floats floats
}

var goTypes sync.Map // of reflect.Type to *goType: a cache of goTypeOf

// goTypeOf returns what is known about t, which may be nil.
func goTypeOf(t reflect.Type) *goType {
	if t == nil {
		return new(goType)
	}
	if known, ok := goTypes.Load(t); ok {
		return known.(*goType)
	}
	known := &goType{newPlainStruct(t), floatsIn(t, make(map[reflect.Type]bool))}
	goTypes.Store(t, known)
	return known
}

// floats says which floats values of a type can hold.
type floats int

const (
	noFloats    floats = iota
	onlyFloat64        // float64, which interfaces can hold, too
	allFloats          // also float32, a float type of the application, or a float in a string
)

// floatsIn returns the floats in t. Structs and other types with parts that have been seen are left
// out.
func floatsIn(t reflect.Type, seen map[reflect.Type]bool) floats {
	switch {
	case t.Kind() == reflect.Interface, t == reflect.TypeFor[float64]():
		return onlyFloat64
	case floatBits(t) > 0:
		return allFloats
	case seen[t]:
		return noFloats
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Map:
		if floatsIn(t.Key(), seen) != noFloats {
			return allFloats
		}
		return floatsIn(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return floatsIn(t.Elem(), seen)
	case reflect.Struct:
		found := noFloats
		for i := range t.NumField() {
			f := t.Field(i)
			in := floatsIn(f.Type, seen)
			if in != noFloats && strings.Contains(f.Tag.Get("json"), ",string") {
				in = allFloats
			}
			found = max(found, in)
		}
		return found
	}
	return noFloats
}

// floatBits returns the size of a float type, or 0 for another type.
func floatBits(t reflect.Type) int {
	if t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64 {
		return t.Bits()
	}
	return 0
}

// readsItself reports whether a method of the application reads the JSON value that p points to.
func readsItself(p any) bool {
	switch p.(type) {
	case json.Unmarshaler, json.UnmarshalerFrom, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// writesItself reports whether a method of the application writes the value that p points to.
func writesItself(p any) bool {
	switch p.(type) {
	case json.Marshaler, json.MarshalerTo, encoding.TextMarshaler, encoding.TextAppender:
		return true
	}
	return false
}
