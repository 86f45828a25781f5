package claimset

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// strictV1 makes struct tags mean what they mean in encoding/json, and closes
// the gaps through which two readers of one token see two things: names match
// in exact case, none appears twice, and invalid UTF-8 is an error.
var strictV1 = json.JoinOptions(
	jsonv1.DefaultOptionsV1(),
	json.MatchCaseInsensitiveNames(false),
	jsontext.AllowDuplicateNames(false),
	jsontext.AllowInvalidUTF8(false),
	// Escapes for HTML and JavaScript say the same in more bytes; a token is put in neither.
	jsontext.EscapeForHTML(false),
	jsontext.EscapeForJS(false),
	numberOptions,
)

// An Error says why application claims could not be read or written. Its text
// names Go types and nothing of the claims. Cause is what a method of the
// application's types returned, or nil, and may quote them.
type Error struct {
	text  string
	Cause error
}

func (e *Error) Error() string { return e.text }

// Decode reads the claims set of s into dst, which is what json.Unmarshal takes. Where
// Parse has read the payload, a plain dst is spared the registered claims, which would add
// two fifths to Verify and Claims with HS256.
func (s *Set) Decode(payload string, dst any) error {
	text := make([]byte, 0, len(payload))
	if s.ownEnd > 0 && plainOf(reflect.TypeOf(dst)) != nil {
		own := payload[s.ownStart:s.ownEnd]
		own = own[strings.IndexByte(own, '"'):] // of the first name
		text = append(append(append(text, '{'), own...), '}')
	} else {
		text = append(text, payload...)
	}
	return readError(json.Unmarshal(text, dst, strictV1))
}

// confirmation is the name of the claim that binds a token to a key (RFC 7800 §3.1).
const confirmation = "cnf"

// appendApp appends the members of the application's claims, with a comma behind each.
func appendApp(buf []byte, s *Set, app any) ([]byte, error) {
	if app == nil {
		return buf, nil
	}
	if plain, ok := appendPlain(buf, app); ok {
		return plain, nil
	}
	own, err := encodeApp(s, app)
	if err != nil || len(own) <= len("{}") {
		return buf, err
	}
	return append(append(buf, own[1:len(own)-1]...), ','), nil
}

// encodeApp returns the application's claims as a JSON object without white space, or
// nothing. They are read again as strictly as a Verifier reads them: a MarshalJSONTo method
// can write what the options of the encoder forbid, such as a name twice.
func encodeApp(s *Set, app any) ([]byte, error) {
	own, err := json.Marshal(app, strictV1)
	if err != nil {
		return nil, writeError(err)
	}
	if string(own) == "null" { // a nil map or pointer: no claims, as with nil itself
		return nil, nil
	}
	err = strictjson.Members(string(own), func(name string, value *strictjson.Reader) error {
		s.Confirmation = s.Confirmation || name == confirmation
		if taken := registeredLike(name); taken != "" {
			return fmt.Errorf("claim %q is set by the issuer alone: leave it out, in any case, of the application claims", taken)
		}
		return value.Skip()
	})
	if err != nil {
		return nil, fmt.Errorf("application claims of type %T: %w", app, err)
	}
	return own, nil
}

// registeredLike returns the registered claim that name is, or that a reader who
// does not mind case takes it for: golang-jwt reads "EXP" into exp.
func registeredLike(name string) string {
	for _, taken := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} {
		if strings.EqualFold(name, taken) {
			return taken
		}
	}
	return ""
}

// An error of the JSON package quotes its input, and is replaced by one that
// names the Go type at most.

func readError(err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *jsonv1.UnmarshalTypeError:
		return newError("read into", e.Type, "", nil)
	case *jsonv1.InvalidUnmarshalError:
		return newError("read into", e.Type, "", nil)
	}
	return newError("read into", nil, "", err) // the claims set is valid JSON: a method said so
}

func writeError(err error) error {
	var named reflect.Type
	if e, ok := err.(*jsonv1.MarshalerError); ok {
		named, err = e.Type, e.Err
	}
	switch e := err.(type) {
	case *jsonv1.UnsupportedTypeError:
		return newError("written from", e.Type, "", nil)
	case *jsonv1.UnsupportedValueError:
		return newError("written from", named, ": a value that JSON cannot say, such as NaN or a cycle", nil)
	case *jsonv1.SyntaxError:
		return newError("written from", named, ": not valid JSON in UTF-8, or a name twice in an object", nil)
	}
	return newError("written from", named, "", err)
}

func newError(how string, named reflect.Type, why string, cause error) *Error {
	text := "claims cannot be " + how + " the application's Go type"
	if named != nil {
		text += " " + named.String()
	}
	return &Error{text: text + why, Cause: cause}
}
