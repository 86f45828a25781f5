// Package claimset reads and writes the claims set of a JWT (RFC 7519 §4) as strict JSON: the
// registered claims into a Set, and the application's claims with the struct tags of encoding/json.
//
// Errors never quote the claims set.
package claimset

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// A Set has the registered claims (RFC 7519 §4.1). A missing claim is the zero value. A time that
// is present is never zero.
type Set struct {
	Issuer, Subject, ID            string
	Audience                       []string
	ExpiresAt, NotBefore, IssuedAt time.Time
	Confirmation                   bool   // cnf (RFC 7800) is present
	SessionID                      string // sid, which is an application claim, too; "" if it is not a string

	// Room for an audience. A token has one most often. Without it, Verify takes 1 % longer
	// (BenchmarkVerify/HS256).
	one [1]string

	// The range of the application's claims in the payload, from the end of the member before the
	// first to the end of the last. 0, 0 if there is none.
	appStart, appEnd int
}

var errNoExpiry = errors.New(`claim "exp": missing; a token without an end is never accepted`)

// Parse reads a claims set into s, which must be zero and must not be copied afterwards. A claims
// set without exp is an error. The error names every fault.
func Parse(payload string, s *Set) error {
	err := s.parse(payload)
	if err == nil && s.ExpiresAt.IsZero() {
		err = errNoExpiry
	}
	if err == nil {
		return nil
	}
	rules := strictjson.Rules{
		Noun:     "claim",
		Check:    func(object string) error { return new(Set).parse(object) },
		Required: "exp",
		Missing:  errNoExpiry,
	}
	return rules.Faults(payload, err)
}

// Salvage returns the registered claims that are good by themselves, of a claims set that Parse
// rejects.
func Salvage(payload string) (s Set) {
	for _, object := range strictjson.Alone(payload) {
		if new(Set).parse(object) == nil {
			_ = s.parse(object)
		}
	}
	return s
}

// parse reads the claims that are there.
func (s *Set) parse(payload string) error {
	before := 0
	return strictjson.Members(payload, func(name string, value *strictjson.Reader) (err error) {
		switch name {
		case "iss":
			s.Issuer, err = value.String()
		case "sub":
			s.Subject, err = value.String()
		case "jti":
			s.ID, err = value.String()
		case "aud":
			s.Audience, err = audience(value, s.one[:0])
		case "exp":
			s.ExpiresAt, err = numericDate(value, down)
		case "nbf":
			s.NotBefore, err = numericDate(value, up)
		case "iat":
			s.IssuedAt, err = numericDate(value, down)
		default:
			s.Confirmation = s.Confirmation || name == confirmation
			if s.appEnd == 0 {
				s.appStart = before
			}
			if name == sessionID && value.PeekKind() == jsontext.KindString {
				s.SessionID, err = value.String()
			} else {
				err = value.Skip()
			}
			s.appEnd = int(value.InputOffset())
			if err != nil {
				return fmt.Errorf("%s: %w", claimNamed(name), value.Fixed(err))
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("claim %q: %w (RFC 7519 §4.1.%d)", name, value.Fixed(err), 1+slices.Index(registered, name))
		}
		before = int(value.InputOffset())
		return nil
	})
}

// registered has the claims of RFC 7519 in the order of its sections: §4.1.1 is iss.
var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

func numericDate(value *strictjson.Reader, round rounding) (time.Time, error) {
	number, err := value.ReadValue()
	switch {
	case err != nil:
		return time.Time{}, err
	case number.Kind() != jsontext.KindNumber:
		return time.Time{}, strictjson.NotA("a number", number.Kind())
	}
	return parseNumericDate(number, round)
}

var (
	errEmptyAudience = errors.New("an empty string")
	errEmptyArray    = errors.New("an empty array")
)

// audience reads aud, a string or an array of strings (RFC 7519 §4.1.3), and appends it to all. An
// empty aud is an error, because it can be read as "for no service" and as "for any".
func audience(value *strictjson.Reader, all []string) ([]string, error) {
	switch kind := value.PeekKind(); kind {
	case jsontext.KindBeginArray:
	case jsontext.KindString, jsontext.KindInvalid:
		one, err := audienceValue(value)
		return append(all, one), err
	default:
		return nil, strictjson.NotA("a string or an array of strings", kind)
	}
	if _, err := value.ReadToken(); err != nil {
		return nil, err
	}
	for kind := value.PeekKind(); kind != jsontext.KindEndArray; kind = value.PeekKind() {
		one, err := audienceValue(value)
		if err == errEmptyAudience || err != nil && kind != jsontext.KindString && kind != jsontext.KindInvalid {
			err = fmt.Errorf("an element is %w", err)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errEmptyArray
	}
	_, err := value.ReadToken()
	return all, err
}

func audienceValue(value *strictjson.Reader) (string, error) {
	one, err := value.String()
	if err == nil && one == "" {
		err = errEmptyAudience
	}
	return one, err
}

// A Template is the beginning of all claims sets of an issuer: an opening brace, iss and aud. If
// they are quoted for each token, Issue takes 5 % longer (BenchmarkIssue).
type Template string

// NewTemplate returns the Template of an issuer and an audience, which are valid UTF-8. Empty ones
// are left out.
func NewTemplate(issuer string, audience []string) Template {
	return Template(appendAudience(appendString([]byte{'{'}, "iss", issuer), audience))
}

// Append appends a claims set: the template, the other registered claims of s, and the
// application's claims. app is nil or anything that encoding/json writes as an object; naming a
// registered claim is an error, and so is naming sid if s has a SessionID. The times of s are not
// before 1970, and its ID and SessionID are valid UTF-8. Append sets s.Confirmation if app has cnf.
// A subject that is not valid UTF-8 is an error.
func (t Template) Append(buf []byte, s *Set, app any) ([]byte, error) {
	if !utf8.ValidString(s.Subject) {
		return nil, errSubject
	}
	buf = append(buf, t...)
	buf = appendString(buf, "sub", s.Subject)
	buf = appendDate(buf, "exp", s.ExpiresAt)
	buf = appendDate(buf, "nbf", s.NotBefore)
	buf = appendDate(buf, "iat", s.IssuedAt)
	buf = appendString(buf, "jti", s.ID)
	buf = appendString(buf, sessionID, s.SessionID)
	buf, err := appendApp(buf, s, app)
	if err != nil {
		return nil, err
	}
	buf[len(buf)-1] = '}' // replaces the last comma
	return buf, nil
}

var errSubject = errors.New(`claim "sub": not valid UTF-8`)

// The functions below append a member and a comma, or nothing if the claim is missing.

func appendString(buf []byte, name, value string) []byte {
	if value == "" {
		return buf
	}
	return append(appendQuote(appendName(buf, name), value), ',')
}

// appendAudience writes one audience as a string, the form that every reader accepts.
func appendAudience(buf []byte, all []string) []byte {
	if len(all) == 0 {
		return buf
	}
	buf = appendName(buf, "aud")
	if len(all) == 1 {
		return append(appendQuote(buf, all[0]), ',')
	}
	separator := byte('[')
	for _, one := range all {
		buf = appendQuote(append(buf, separator), one)
		separator = ','
	}
	return append(buf, ']', ',')
}

// appendDate writes a time exactly, with the digits of its fraction of a second that are needed.
func appendDate(buf []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return buf
	}
	buf = strconv.AppendInt(appendName(buf, name), t.Unix(), 10)
	if nsec := t.Nanosecond(); nsec > 0 {
		digits := strconv.Itoa(1e9 + nsec)[1:] // nine of them
		buf = append(append(buf, '.'), strings.TrimRight(digits, "0")...)
	}
	return append(buf, ',')
}

func appendName(buf []byte, name string) []byte {
	return append(append(append(buf, '"'), name...), '"', ':')
}

func appendQuote(buf []byte, value string) []byte {
	buf, _ = jsontext.AppendQuote(buf, value)
	return buf
}
