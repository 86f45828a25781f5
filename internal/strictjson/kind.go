package strictjson

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Kind names a kind of JSON value with its article, such as "a string".
func Kind(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginArray:
		return "an array"
	}
	return "an object"
}

var errNull = errors.New("null; leave it out instead")

// NotA returns the error for a member whose value has another kind than want, such as "a string".
func NotA(want string, kind jsontext.Kind) error {
	if kind == jsontext.KindNull {
		return errNull
	}
	return fmt.Errorf("%s, not %s", Kind(kind), want)
}
