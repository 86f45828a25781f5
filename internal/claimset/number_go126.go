//go:build !goexperiment.jsonv2

package claimset

import (
	"errors"
	"strings"

	stdjson "encoding/json"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// numberOptions makes the JSON package read and write [stdjson.Number] as encoding/json does. In Go
// 1.27 the package is part of encoding/json and does so by itself.
var numberOptions = json.JoinOptions(
	json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
		switch {
		case n == "":
			n = "0" // as encoding/json does
		case !isNumber(string(n)):
			return errNotNumber
		}
		kind, written := enc.StackIndex(enc.StackDepth())
		isName := kind == jsontext.KindBeginObject && written%2 == 0
		if quoted, _ := json.GetOption(enc.Options(), json.StringifyNumbers); quoted || isName {
			return enc.WriteToken(jsontext.String(string(n)))
		}
		return enc.WriteValue(jsontext.Value(n))
	})),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, n *stdjson.Number) error {
		quoted, _ := json.GetOption(dec.Options(), json.StringifyNumbers)
		switch kind := dec.PeekKind(); {
		case quoted && kind == jsontext.KindNumber:
			return errNotString
		case kind != jsontext.KindNumber && kind != jsontext.KindString:
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

var errNotString = errors.New("not a JSON string")

func isNumber(s string) bool {
	return s == strings.TrimSpace(s) && jsontext.Value(s).Kind() == jsontext.KindNumber && jsontext.Value(s).IsValid()
}
