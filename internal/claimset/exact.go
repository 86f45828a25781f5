package claimset

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A whole number below 1e21 is written in full, any other number with the fewest digits that read
// back as the float. A float reads a whole number only if it holds exactly that number, and any other
// number only if the float rounded to as many digits is that number. So no number changes when it is
// read, when it is converted to an integer, or when it is written again.

// isWhole reports whether a float is written in full. encoding/json, too, writes larger numbers with
// an exponent.
func isWhole(f float64) bool { return f == math.Trunc(f) && math.Abs(f) < 1e21 }

// appendFloat appends the spelling of a finite float64.
func appendFloat(buf []byte, f float64) []byte {
	if isWhole(f) {
		return strconv.AppendFloat(buf, f, 'f', 0, 64)
	}
	return append(buf, jsontext.Float(f).String()...)
}

const numberBytes = "+-.0123456789Ee"

var (
	errInexact   = errors.New("a float cannot hold this number exactly")
	errNotNumber = errors.New("not a JSON number")
	errNotString = errors.New("not a JSON string")
)

// checkExact returns errInexact if a float of 32 or 64 bits does not read the number.
func checkExact(number string, bits int) error {
	f, err := strconv.ParseFloat(number, bits)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return nil // not a number: the JSON package says so
	case err != nil:
		return errInexact
	}
	digits, point := decimal([]byte(number))
	spelling := strconv.FormatFloat(f, 'e', max(len(digits)-1, 0), bits)
	if isWhole(f) {
		spelling = strconv.FormatFloat(f, 'f', 0, 64)
	}
	spelled, spelledPoint := decimal([]byte(spelling))
	if digits != spelled || digits != "" && point != spelledPoint { // zero has no digits and any point
		return errInexact
	}
	return nil
}

// exactUnmarshalers make inexact numbers an error. They look at the text ahead and leave the
// reading to the JSON package.
var exactUnmarshalers = json.UnmarshalFromFunc(func(dec *jsontext.Decoder, dst any) error {
	if readsItself(dst) {
		return errSkip
	}
	if bits := floatBits(reflect.TypeOf(dst).Elem()); bits > 0 {
		if err := checkExact(nextNumber(dec.UnreadBuffer()), bits); err != nil {
			return err
		}
	}
	return errSkip
})

// nextNumber returns the number, with or without quotes, at which the rest of a JSON text begins.
// It returns "" for another value.
func nextNumber(rest []byte) string {
	rest = bytes.TrimLeft(rest, " \t\r\n:,")
	if len(rest) == 0 || rest[0] != '"' {
		return string(rest[:len(rest)-len(bytes.TrimLeft(rest, numberBytes))])
	}
	value, _ := jsontext.NewDecoder(bytes.NewReader(rest)).ReadValue()
	unquoted, _ := jsontext.AppendUnquote(nil, value)
	if strings.Trim(string(unquoted), numberBytes) != "" {
		return ""
	}
	return strings.TrimPrefix(string(unquoted), "+")
}

// exactMarshalers write whole numbers in full, from the types float64 and float32.
// exactMarshalersOfAll do so from every float type of the application, too, and take much longer. So
// a float type of the application in an interface is not looked for.
var (
	exactMarshalers = json.JoinMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, f float64) error { return writeWhole(enc, f, 1<<53) }),
		json.MarshalToFunc(func(enc *jsontext.Encoder, f float32) error { return writeWhole(enc, float64(f), 1<<24) }),
	)
	exactMarshalersOfAll = json.MarshalToFunc(func(enc *jsontext.Encoder, src any) error {
		if writesItself(src) {
			return errSkip
		}
		switch v := reflect.ValueOf(src).Elem(); floatBits(v.Type()) {
		case 32:
			return writeWhole(enc, v.Float(), 1<<24)
		case 64:
			return writeWhole(enc, v.Float(), 1<<53)
		}
		return errSkip
	})
)

// writeWhole writes a whole number in full. It leaves numbers below from to the JSON package, which
// writes them in the same way, and all others.
func writeWhole(enc *jsontext.Encoder, f, from float64) error {
	if math.Abs(f) < from || !isWhole(f) {
		return errSkip
	}
	return writeNumber(enc, strconv.FormatFloat(f, 'f', 0, 64))
}

// writeNumber writes a number, in quotes if it is the name of a member or the struct tag says so.
func writeNumber(enc *jsontext.Encoder, number string) error {
	kind, written := enc.StackIndex(enc.StackDepth())
	isName := kind == jsontext.KindBeginObject && written%2 == 0
	if quoted, _ := json.GetOption(enc.Options(), json.StringifyNumbers); quoted || isName {
		return enc.WriteToken(jsontext.String(number))
	}
	return enc.WriteValue(jsontext.Value(number))
}
