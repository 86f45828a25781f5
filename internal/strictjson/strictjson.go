// Package strictjson reads the two JSON objects of a JWT, the header and the
// claims set, member by member, refusing whatever two parsers could read in two
// ways: duplicate members, invalid UTF-8, trailing data.
//
// The texts of its errors are fixed. They never quote the input, which may be
// confidential, and so may be shown to anybody.
package strictjson

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errSyntax    = errors.New("not valid JSON in UTF-8")
	errDuplicate = errors.New("a JSON object has two members of one name")
	errNotObject = errors.New("not a JSON object")
	errTrailing  = errors.New("data after the JSON object")
	errNotString = errors.New("not a JSON string")
)

// Members calls visit for each member of the one JSON object that data has to
// be. visit must read exactly the member's value from the decoder.
func Members(data []byte, visit func(name string, dec *jsontext.Decoder) error) error {
	// jsontext refuses duplicate names and invalid UTF-8 at every depth by default.
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	if dec.PeekKind() != jsontext.KindBeginObject {
		return errNotObject
	}
	if _, err := dec.ReadToken(); err != nil {
		return Fixed(err)
	}
	for dec.PeekKind() != jsontext.KindEndObject {
		name, err := dec.ReadToken()
		if err != nil {
			return Fixed(err)
		}
		if err := visit(name.String(), dec); err != nil {
			return Fixed(err)
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return Fixed(err)
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// String reads the next value, which has to be a JSON string: null is none.
func String(dec *jsontext.Decoder) (string, error) {
	if dec.PeekKind() != jsontext.KindString {
		return "", errNotString
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	return tok.String(), nil
}

// Fixed replaces an error of the JSON decoder, whose text quotes the input, by
// one that does not. Other errors pass.
func Fixed(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errDuplicate
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errSyntax
	}
	return err
}
