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

// strictV1 makes struct tags work as in encoding/json, and prevents that two readers of a token see
// different claims: names match in exact case, duplicate names are an error, and so is invalid
// UTF-8.
var strictV1 = json.JoinOptions(
	jsonv1.DefaultOptionsV1(),
	json.MatchCaseInsensitiveNames(false),
	jsontext.AllowDuplicateNames(false),
	jsontext.AllowInvalidUTF8(false),
	// Escapes for HTML and JavaScript are not needed, because the JSON is encoded in base64url.
	jsontext.EscapeForHTML(false),
	jsontext.EscapeForJS(false),
	numberOptions,
)

// An Error says why application claims could not be read or written. Its text names Go types and
// quotes no claim. Cause is the error of a method of the application's types, which may quote
// claims, or nil.
type Error struct {
	text  string
	Cause error
}

func (e *Error) Error() string { return e.text }

// Decode reads the claims set of s into dst, as json.Unmarshal does. If Parse has read the payload,
// Decode leaves the registered claims out for a plain struct. Without this short cut, decoding
// after Verify takes 34 % longer (BenchmarkVerifyAndClaims).
func (s *Set) Decode(payload string, dst any) error {
	text := make([]byte, 0, len(payload))
	if s.appEnd > 0 && plainOf(reflect.TypeOf(dst)) != nil {
		own := payload[s.appStart:s.appEnd]
		own = own[strings.IndexByte(own, '"'):] // of the first name
		text = append(append(append(text, '{'), own...), '}')
	} else {
		text = append(text, payload...)
	}
	return readError(json.Unmarshal(text, dst, strictV1))
}

// confirmation is the name of the claim that binds a token to a key (RFC 7800 §3.1).
const confirmation = "cnf"

// appendApp appends the members of the application's claims, with a comma after each.
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

// encodeApp returns the application's claims as a JSON object without white space, or nil. It reads
// them again as strictly as a Verifier does, because a MarshalJSONTo method can write what the
// encoder's options forbid, such as duplicate names.
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
			return fmt.Errorf("claim %q is set by the Issuer; leave it out of the application claims, in upper and lower case", taken)
		}
		return value.Skip()
	})
	if err != nil {
		return nil, fmt.Errorf("application claims of type %T: %w", app, err)
	}
	return own, nil
}

// registeredLike returns the registered claim that name is if case is ignored. golang-jwt, for
// example, reads "EXP" into exp.
func registeredLike(name string) string {
	for _, taken := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} {
		if strings.EqualFold(name, taken) {
			return taken
		}
	}
	return ""
}

// Errors of the JSON package quote their input. The functions below replace them with errors that
// name the Go type at most.

func readError(err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *jsonv1.UnmarshalTypeError:
		return newError("read into", e.Type, "", nil)
	case *jsonv1.InvalidUnmarshalError:
		return newError("read into", e.Type, "", nil)
	}
	return newError("read into", nil, "", err) // the claims set is valid JSON, so the error is a method's
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
		return newError("written from", named, ": JSON has no such value, for example NaN or a cycle", nil)
	case *jsonv1.SyntaxError:
		return newError("written from", named, ": not valid JSON in UTF-8, or duplicate names in an object", nil)
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
