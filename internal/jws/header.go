package jws

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// Header is what counts of a JOSE header (RFC 7515 §4). Parameters that carry
// or point to a key (jwk, jku, x5u, x5c) are not in it: a key comes from the
// key set and from nowhere else.
type Header struct {
	Algorithm string
	Type      string
	KeyID     string
	HasType   bool // whether typ is there: an empty one is not an absent one
	HasKeyID  bool // whether kid is there, likewise
}

var (
	errNoAlgorithm = errors.New(`header parameter "alg": missing`)
	errUnderstood  = errors.New("not supported, and a token that has it asks to be refused then")
)

func parseHeader(segment string) (Header, error) {
	text, err := decodeSegment(segment)
	if err != nil {
		return Header{}, err
	}
	var h Header
	hasAlgorithm := false
	err = strictjson.Members(text, func(name string, dec *jsontext.Decoder) (err error) {
		switch name {
		case "alg":
			hasAlgorithm = true
			h.Algorithm, err = strictjson.String(dec)
		case "typ":
			h.HasType = true
			h.Type, err = strictjson.String(dec)
		case "kid":
			h.HasKeyID = true
			h.KeyID, err = strictjson.String(dec)
		case "cty":
			_, err = strictjson.String(dec)
		case "crit", "b64":
			// No extension is implemented, so any crit is refused (RFC 7515
			// §4.1.11). b64 changes what was signed (RFC 7797) and must come with
			// crit; alone, two readers would see two payloads.
			err = errUnderstood
		default:
			return dec.SkipValue()
		}
		if err != nil {
			return fmt.Errorf("header parameter %q: %w", name, strictjson.Fixed(err))
		}
		return nil
	})
	switch {
	case err != nil:
		return Header{}, err
	case !hasAlgorithm:
		return Header{}, errNoAlgorithm
	}
	return h, nil
}

// encode returns the header of a new token: it has a type, and both texts are
// valid UTF-8, which the constructors see to.
func (h Header) encode() []byte {
	text := append(make([]byte, 0, 64), `{"alg":"`+h.Algorithm+`"`...)
	if h.HasKeyID {
		text, _ = jsontext.AppendQuote(append(text, `,"kid":`...), h.KeyID)
	}
	text, _ = jsontext.AppendQuote(append(text, `,"typ":`...), h.Type)
	return append(text, '}')
}
