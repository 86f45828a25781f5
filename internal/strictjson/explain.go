package strictjson

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const whiteSpace = " \t\r\n"

var (
	errForm      = errors.New("not valid JSON in UTF-8")
	errEmpty     = errors.New("empty, not a JSON object")
	errMark      = errors.New("a byte order mark in front of the JSON; leave it out")
	errUTF16     = errors.New("UTF-16 or UTF-32; JSON is UTF-8")
	errCutOff    = errors.New("not valid JSON: cut off at the end")
	errUTF8      = errors.New("bytes in a string that are not UTF-8")
	errSurrogate = errors.New(`half of a surrogate pair in a string (an escape from \ud800 to \udfff)`)
)

// lenient accepts everything that the JSON grammar allows.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// explain says why a text is not a strict JSON object. It never returns nil. It reads the text again,
// so that reading good texts costs nothing more.
func explain(text string) error {
	switch {
	case strings.Trim(text, whiteSpace) == "":
		return errEmpty
	case hasPrefix(text, "\ufeff"):
		return errMark
	case hasPrefix(text, "\xff\xfe", "\xfe\xff", "{\x00", "\x00{", "\x00\x00"):
		return errUTF16
	}
	kind, rest, err := readValue(text, lenient)
	syntax, isSyntax := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errCutOff
	case isSyntax:
		return fmt.Errorf("not valid JSON at byte %d", syntax.ByteOffset)
	case kind != jsontext.KindBeginObject:
		return fmt.Errorf("%s, not a JSON object", Kind(kind))
	case strings.Trim(rest, whiteSpace) != "":
		return errTrailing
	}
	if _, _, err = readValue(text, jsontext.AllowDuplicateNames(true)); err == nil {
		return cmp.Or(duplicateIn(text), errForm)
	}
	if utf8.ValidString(text) {
		return errSurrogate
	}
	return errUTF8
}

// readValue reads the first value of a text, and returns what follows it.
func readValue(text string, opts jsontext.Options) (kind jsontext.Kind, rest string, err error) {
	dec := jsontext.NewDecoder(strings.NewReader(text), opts)
	value, err := dec.ReadValue()
	return value.Kind(), text[dec.InputOffset():], err
}

// duplicateIn returns the error for the first duplicate name in a text, or nil.
func duplicateIn(text string) error {
	_, _, err := readValue(text, jsontext.AllowDuplicateNames(false))
	switch e, ok := errors.AsType[*jsontext.SyntacticError](err); {
	case !ok:
		return nil
	case e.JSONPointer.Parent() == "":
		return duplicate("member", e.JSONPointer.LastToken())
	}
	return errDuplicate
}

// duplicate returns the error for the name of two members.
func duplicate(noun, name string) error {
	if IsRegistered(name) {
		return fmt.Errorf("%s %q appears twice", noun, name)
	}
	return fmt.Errorf("a %s appears twice", noun)
}

func hasPrefix(text string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
