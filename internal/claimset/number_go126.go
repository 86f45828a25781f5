//go:build !goexperiment.jsonv2

package claimset

import (
	"errors"
	"strings"

	stdjson "encoding/json"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// numberOptions teaches the JSON package, which up to Go 1.26 stands beside
// encoding/json, what a [stdjson.Number] is. From Go 1.27 on it is the same
// package and knows.
var numberOptions = json.JoinOptions(
	json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
		switch {
		case n == "":
			n = "0" // as encoding/json does
		case !isNumber(string(n)):
			return errNotNumber
		}
		if quoted, _ := json.GetOption(enc.Options(), json.StringifyNumbers); quoted {
			return enc.WriteToken(jsontext.String(string(n)))
		}
		return enc.WriteValue(jsontext.Value(n))
	})),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, n *stdjson.Number) error {
		kind := dec.PeekKind()
		if kind != jsontext.KindNumber && kind != jsontext.KindString {
			return errors.ErrUnsupported // the default for json.Number then applies
		}
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		text := tok.String()
		if !isNumber(text) {
			return errNotNumber
		}
		*n = stdjson.Number(text)
		return nil
	})),
)

func isNumber(s string) bool {
	return s == strings.TrimSpace(s) && jsontext.Value(s).Kind() == jsontext.KindNumber && jsontext.Value(s).IsValid()
}
