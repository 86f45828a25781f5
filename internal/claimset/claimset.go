// Package claimset reads and writes the claims set of a JWT (RFC 7519 §4) as
// strict JSON: the registered claims into a Set, the application's claims by
// way of the struct tags of encoding/json.
//
// Errors never quote the claims set.
package claimset

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// Set holds the registered claims (RFC 7519 §4.1). A claim that is absent is
// its zero value; a time that is present never is.
type Set struct {
	Issuer, Subject, ID            string
	Audience                       []string
	ExpiresAt, NotBefore, IssuedAt time.Time
}

var (
	errNoExpiry      = errors.New(`claim "exp": missing: a token without an end is never accepted`)
	errEmptyAudience = errors.New("empty")
)

// Parse reads a claims set. One without exp is refused.
func Parse(payload []byte) (Set, error) {
	var s Set
	err := strictjson.Members(payload, func(name string, dec *jsontext.Decoder) (err error) {
		switch name {
		case "iss":
			s.Issuer, err = strictjson.String(dec)
		case "sub":
			s.Subject, err = strictjson.String(dec)
		case "jti":
			s.ID, err = strictjson.String(dec)
		case "aud":
			s.Audience, err = audience(dec)
		case "exp":
			s.ExpiresAt, err = numericDate(dec, down)
		case "nbf":
			s.NotBefore, err = numericDate(dec, up)
		case "iat":
			s.IssuedAt, err = numericDate(dec, down)
		default:
			return dec.SkipValue()
		}
		if err != nil {
			return fmt.Errorf("claim %q: %w", name, strictjson.Fixed(err))
		}
		return nil
	})
	switch {
	case err != nil:
		return Set{}, err
	case s.ExpiresAt.IsZero():
		return Set{}, errNoExpiry
	}
	return s, nil
}

func numericDate(dec *jsontext.Decoder, round rounding) (time.Time, error) {
	if dec.PeekKind() != jsontext.KindNumber {
		return time.Time{}, errNotNumber
	}
	number, err := dec.ReadValue()
	if err != nil {
		return time.Time{}, err
	}
	return parseNumericDate(number, round)
}

// audience reads aud, a string or an array of strings (RFC 7519 §4.1.3). An
// empty one is refused: it can be read as "for nobody" and as "for anybody".
func audience(dec *jsontext.Decoder) ([]string, error) {
	if dec.PeekKind() != jsontext.KindBeginArray {
		one, err := audienceValue(dec)
		return []string{one}, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var all []string
	for dec.PeekKind() != jsontext.KindEndArray {
		one, err := audienceValue(dec)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errEmptyAudience
	}
	_, err := dec.ReadToken()
	return all, err
}

func audienceValue(dec *jsontext.Decoder) (string, error) {
	one, err := strictjson.String(dec)
	if err == nil && one == "" {
		err = errEmptyAudience
	}
	return one, err
}

// Encode writes the claims set that holds the registered claims of s and the
// application's own, which may not name a registered one. app is nil or
// anything that encoding/json makes a JSON object of. The times of s are whole
// seconds.
func Encode(s *Set, app any) ([]byte, error) {
	own, err := encodeApp(app)
	if err != nil {
		return nil, err
	}
	w := writer{buf: make([]byte, 0, 256+len(own))}
	w.string("iss", s.Issuer)
	w.string("sub", s.Subject)
	w.audience(s.Audience)
	w.date("exp", s.ExpiresAt)
	w.date("nbf", s.NotBefore)
	w.date("iat", s.IssuedAt)
	w.string("jti", s.ID)
	return w.finish(own)
}

// writer appends the members of one JSON object, leaving out absent claims.
type writer struct {
	buf []byte
	err error
}

func (w *writer) name(name string) {
	separator := byte(',')
	if len(w.buf) == 0 {
		separator = '{'
	}
	w.buf = append(w.buf, separator, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

func (w *writer) quote(name, value string) {
	var err error
	if w.buf, err = jsontext.AppendQuote(w.buf, value); err != nil {
		w.err = errors.Join(w.err, fmt.Errorf("claim %q: not valid UTF-8", name))
	}
}

func (w *writer) string(name, value string) {
	if value != "" {
		w.name(name)
		w.quote(name, value)
	}
}

// audience writes one audience as a string: the form that every reader takes.
func (w *writer) audience(all []string) {
	if len(all) < 2 {
		for _, one := range all {
			w.string("aud", one)
		}
		return
	}
	w.name("aud")
	separator := byte('[')
	for _, one := range all {
		w.buf = append(w.buf, separator)
		w.quote("aud", one)
		separator = ','
	}
	w.buf = append(w.buf, ']')
}

func (w *writer) date(name string, t time.Time) {
	if !t.IsZero() {
		w.name(name)
		w.buf = strconv.AppendInt(w.buf, t.Unix(), 10)
	}
}

// finish adds the members of own, a JSON object without white space.
func (w *writer) finish(own []byte) ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	if len(own) > len("{}") {
		return append(append(w.buf, ','), own[1:]...), nil
	}
	return append(w.buf, '}'), nil
}
