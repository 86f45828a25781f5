// Package strictjson reads the two JSON objects of a JWT, the header and the claims set, member by
// member. It rejects what two parsers could read differently: duplicate names, invalid UTF-8 and
// trailing data.
//
// The texts of its errors are fixed and never quote the input.
package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errDuplicate = errors.New("a JSON object has duplicate names")
	errTrailing  = errors.New("data after the JSON object")
	errTooDeep   = fmt.Errorf("more than %d levels of JSON objects and arrays", maxDepth)
)

// maxDepth limits how deep objects and arrays may be nested, including the outermost. The header,
// and in a VerifierSet the payload too, is read before the signature is verified, and each level
// costs memory.
const maxDepth = 64

// maxSimpleNames limits the names of a simple object, which are compared with each other.
const maxSimpleNames = 31

// A Reader reads the value of a member.
type Reader struct {
	jsontext.Decoder
	text    string       // the input; strings are cut from it
	escapes bool         // text has a backslash
	data    []byte       // a copy of text for the decoder
	src     bytes.Buffer // data as an io.Reader; the decoder does not copy from a Buffer
	simple  bool         // one object, no escapes, few members: name finds duplicates
	names   []string     // of the members so far, if the object is simple
}

// readers keeps Readers. With a new one for each token, Verify takes 26 % longer
// (BenchmarkVerify/HS256).
var readers = sync.Pool{New: func() any { return new(Reader) }}

var duplicatesAllowed = jsontext.AllowDuplicateNames(true)

// maxKept limits the copy that a Reader in the pool keeps, in bytes.
const maxKept = 16 << 10

// Members calls visit for each member of the JSON object in text. visit must read the value of the
// member and nothing else, and must not keep the Reader.
func Members(text string, visit func(name string, value *Reader) error) error {
	// Counting all brackets first is fast: without it, Verify takes 15 % longer (BenchmarkVerify/HS256).
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

// isTooDeep reports whether objects and arrays in text are nested deeper than maxDepth. It counts
// brackets outside strings, which is right for all valid JSON.
func isTooDeep(text string) bool {
	depth, inString := 0, false
	for i := 0; i < len(text) && depth <= maxDepth; i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++ // skips the escaped character
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

// open prepares r for text, which has that many objects at most.
func (r *Reader) open(text string, objects int) {
	r.text, r.escapes = text, strings.IndexByte(text, '\\') >= 0
	r.data = append(r.data[:0], text...)
	r.src = *bytes.NewBuffer(r.data)
	// By default jsontext rejects duplicate names at every depth. In a simple object r.name finds them
	// faster: without it, Verify takes 4 % longer (BenchmarkVerify/HS256).
	r.simple = !r.escapes && objects == 1 && strings.Count(text, ":") <= maxSimpleNames
	if r.simple {
		r.Reset(&r.src, duplicatesAllowed)
	} else {
		r.Reset(&r.src)
	}
}

// close clears the copy of the text before the Reader goes back to the pool.
func (r *Reader) close() {
	r.text = ""
	clear(r.data)
	clear(r.names)
	r.names = r.names[:0]
}

func (r *Reader) members(visit func(name string, value *Reader) error) error {
	if token, err := r.ReadToken(); err != nil || token.Kind() != jsontext.KindBeginObject {
		return explain(r.text)
	}
	for r.PeekKind() != jsontext.KindEndObject {
		name, err := r.name()
		if err != nil {
			return r.Fixed(err)
		}
		if err := visit(name, r); err != nil {
			return r.Fixed(err)
		}
	}
	if _, err := r.ReadToken(); err != nil {
		return r.Fixed(err)
	}
	if strings.Trim(r.text[r.InputOffset():], whiteSpace) != "" {
		return errTrailing
	}
	return nil
}

// Names and strings of a text without escapes are cut from it. If each were unquoted by jsontext,
// Verify would take 46 % longer (BenchmarkVerify/HS256).

// name reads the name of a member.
func (r *Reader) name() (string, error) {
	quoted, err := r.ReadValue()
	switch {
	case err != nil:
		return "", err
	case r.escapes:
		return unescape(quoted)
	}
	name := r.verbatim(quoted)
	if r.simple {
		if slices.Contains(r.names, name) {
			return "", duplicate("member", name)
		}
		r.names = append(r.names, name)
	}
	return name, nil
}

// String reads the next value, which must be a JSON string and not null.
func (r *Reader) String() (string, error) {
	quoted, err := r.ReadValue()
	switch {
	case err != nil:
		return "", err
	case quoted.Kind() != jsontext.KindString:
		return "", NotA("a string", quoted.Kind())
	case r.escapes:
		return unescape(quoted)
	}
	return r.verbatim(quoted), nil
}

func unescape(quoted jsontext.Value) (string, error) {
	unquoted, err := jsontext.AppendUnquote(nil, quoted)
	return string(unquoted), err
}

// verbatim returns the piece of the text between the quotes of the value that was just read.
func (r *Reader) verbatim(quoted jsontext.Value) string {
	end := int(r.InputOffset())
	return r.text[end-len(quoted)+len(`"`) : end-len(`"`)]
}

// Skip reads the next value of any kind.
func (r *Reader) Skip() error {
	_, err := r.ReadValue()
	return err
}

// Fixed replaces an error of the JSON decoder, which quotes the input, with one that says what is
// wrong with the text. It returns other errors unchanged.
func (r *Reader) Fixed(err error) error {
	_, isSyntax := errors.AsType[*jsontext.SyntacticError](err)
	if isSyntax || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return explain(r.text)
	}
	return err
}
