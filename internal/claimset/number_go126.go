//go:build !goexperiment.jsonv2

package claimset

import (
	"strings"

	stdjson "encoding/json"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// numberOptions make the JSON package write and read [stdjson.Number] as encoding/json does. In Go
// 1.27 the package is part of encoding/json and does so by itself.
var numberOptions = json.JoinOptions(json.WithMarshalers(numberMarshalers), json.WithUnmarshalers(numberUnmarshalers))

var (
	numberMarshalers = json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
		switch {
		case n == "":
			n = "0" // as encoding/json does
		case !isNumber(string(n)):
			return errNotNumber
		}
		return writeNumber(enc, string(n))
	})
	numberUnmarshalers = json.UnmarshalFromFunc(func(dec *jsontext.Decoder, n *stdjson.Number) error {
		quoted, _ := json.GetOption(dec.Options(), json.StringifyNumbers)
		switch kind := dec.PeekKind(); {
		case quoted && kind == jsontext.KindNumber:
			return errNotString
		case kind != jsontext.KindNumber && kind != jsontext.KindString:
			return errSkip // the default for json.Number then applies
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
	})
)

func isNumber(s string) bool {
	return s == strings.TrimSpace(s) && jsontext.Value(s).Kind() == jsontext.KindNumber && jsontext.Value(s).IsValid()
}
