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
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errSyntax    = errors.New("not valid JSON in UTF-8")
	errDuplicate = errors.New("a JSON object has two members of one name")
	errNotObject = errors.New("not a JSON object")
	errTrailing  = errors.New("data after the JSON object")
	errNotString = errors.New("not a JSON string")
	errTooDeep   = fmt.Errorf("more than %d levels of JSON objects and arrays", maxDepth)
)

// maxDepth is how many objects and arrays may be in one another, the outermost counted. The
// header, and to a VerifierSet the payload too, come from anybody, and each level costs the
// decoder memory.
const maxDepth = 64

// A Reader reads the value of one member.
type Reader struct {
	jsontext.Decoder
	text    string       // what is read; strings are cut from it
	escapes bool         // whether there is any in it
	data    []byte       // a copy of text, which the decoder wants
	src     bytes.Buffer // data as an io.Reader whose bytes the decoder does not copy
	simple  bool         // no object in it, no escapes, few members: names, and not the decoder, looks for duplicates
	names   nameSet
}

// readers keeps decoders: a new one for each token would add a third to a Verify with
// HS256.
var readers = sync.Pool{New: func() any { return new(Reader) }}

var duplicatesAllowed = jsontext.AllowDuplicateNames(true)

// maxKept bounds the copy that a Reader in the pool holds on to.
const maxKept = 16 << 10

// Members calls visit for each member of the one JSON object that text has to
// be. visit must read exactly the member's value, and keep no Reader.
func Members(text string, visit func(name string, value *Reader) error) error {
	objects := strings.Count(text, "{")
	if objects+strings.Count(text, "[") > maxDepth && isTooDeep(text) {
		return errTooDeep
	}
	r := readers.Get().(*Reader)
	r.open(text, objects)
	err := r.members(visit)
	r.close()
	if cap(r.data) <= maxKept {
		readers.Put(r)
	}
	return err
}

// isTooDeep reports whether text has more than maxDepth objects and arrays in one another. It
// counts brackets outside strings, which is right for all that is valid JSON.
func isTooDeep(text string) bool {
	depth, inString := 0, false
	for i := 0; i < len(text) && depth <= maxDepth; i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++ // past what is escaped
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		}
	}
	return depth > maxDepth
}

// open takes the number of objects that are in text at the most.
func (r *Reader) open(text string, objects int) {
	r.text, r.escapes = text, strings.IndexByte(text, '\\') >= 0
	r.data = append(r.data[:0], text...)
	r.src = *bytes.NewBuffer(r.data)
	// jsontext refuses duplicate names and invalid UTF-8 at every depth by default.
	// For a simple object, whose few names are pieces of the text, a nameSet finds
	// duplicates faster: to leave them to jsontext would add a twelfth to a Verify with HS256.
	r.simple = !r.escapes && objects == 1 && strings.Count(text, ":") < fewNames
	if r.simple {
		r.names.reset()
		r.Reset(&r.src, duplicatesAllowed)
	} else {
		r.Reset(&r.src)
	}
}

// close leaves nothing of the text in the pool, save that the decoder may still
// hold names of members, to which there is no way.
func (r *Reader) close() {
	r.text = ""
	clear(r.data)
}

func (r *Reader) members(visit func(name string, value *Reader) error) error {
	if token, err := r.ReadToken(); err != nil || token.Kind() != jsontext.KindBeginObject {
		return errNotObject
	}
	for r.PeekKind() != jsontext.KindEndObject {
		name, err := r.name()
		if err != nil {
			return Fixed(err)
		}
		if err := visit(name, r); err != nil {
			return Fixed(err)
		}
	}
	if _, err := r.ReadToken(); err != nil {
		return Fixed(err)
	}
	if strings.Trim(r.text[r.InputOffset():], " \t\r\n") != "" {
		return errTrailing
	}
	return nil
}

// Where the text has no escapes, its names and strings are pieces of it: an object for
// each would add an eighth to a Verify with HS256.

// name reads the name of a member.
func (r *Reader) name() (string, error) {
	quoted, err := r.ReadValue()
	switch {
	case err != nil:
		return "", err
	case r.escapes:
		return unescape(quoted)
	}
	s := r.verbatim(quoted)
	name := s.of(r.text)
	if r.simple && !r.names.add(r.text, name, s) {
		return "", errDuplicate
	}
	return name, nil
}

// String reads the next value, which has to be a JSON string: null is none.
func (r *Reader) String() (string, error) {
	quoted, err := r.ReadValue()
	switch {
	case err != nil:
		return "", err
	case quoted.Kind() != jsontext.KindString:
		return "", errNotString
	case r.escapes:
		return unescape(quoted)
	}
	return r.verbatim(quoted).of(r.text), nil
}

func unescape(quoted jsontext.Value) (string, error) {
	unquoted, err := jsontext.AppendUnquote(nil, quoted)
	return string(unquoted), err
}

// verbatim tells where between its quotes the value stands that was just read.
func (r *Reader) verbatim(quoted jsontext.Value) span {
	end := int(r.InputOffset())
	return span{end - len(quoted) + len(`"`), end - len(`"`)}
}

// Skip reads the next value, whatever it is.
func (r *Reader) Skip() error {
	_, err := r.ReadValue()
	return err
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
