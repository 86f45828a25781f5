package jws_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/jws"
)

// decoders decode a segment as a payload and as a signature. They return false for an error.
var decoders = map[string]func(segment string) (string, bool){
	"payload": func(segment string) (string, bool) {
		var c jws.Compact
		if err := new(jws.Headers).Parse(header+"."+segment+".", &c); err != nil {
			return "", false
		}
		text, err := c.Payload()
		return text, err == nil
	},
	"signature": func(segment string) (string, bool) {
		var c jws.Compact
		if err := new(jws.Headers).Parse(header+".."+segment, &c); err != nil {
			return "", false
		}
		return string(jws.Signature(&c)), true
	},
}

var header = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`))

// strict decodes a segment with encoding/base64. It rejects CR and LF itself, because encoding/base64
// skips them even in strict mode.
func strict(segment string) (string, bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil || strings.ContainsAny(segment, "\r\n") {
		return "", false
	}
	return string(text), true
}

func compareWithStrict(t *testing.T, segment string) {
	t.Helper()
	want, wantOK := strict(segment)
	for as, decode := range decoders {
		if got, ok := decode(segment); got != want || ok != wantOK {
			t.Errorf("%q as a %s: got %q, %t, want %q, %t", segment, as, got, ok, want, wantOK)
		}
	}
}

func TestEveryByteAtEveryPositionOfASegment(t *testing.T) {
	const size = 40 // enough for several groups of characters, with each length of the last one
	text := make([]byte, size)
	for i := range text {
		text[i] = byte(i*i*7 + 13*i)
	}
	for n := range size + 1 {
		good := base64.RawURLEncoding.EncodeToString(text[:n])
		compareWithStrict(t, good)
		compareWithStrict(t, good+"A")
		for i := range good {
			for c := range 256 {
				compareWithStrict(t, good[:i]+string([]byte{byte(c)})+good[i+1:])
			}
		}
	}
}

// Short segments are decoded into a buffer on the stack, and long ones into a new buffer of their
// exact size.
func TestSegmentsOfEverySize(t *testing.T) {
	long := strings.Repeat("0-_aZ", 300)
	for n := range len(long) {
		compareWithStrict(t, long[:n])
		compareWithStrict(t, long[:n]+"A")
		compareWithStrict(t, long[:n]+"=")
	}
}

func FuzzDecode(f *testing.F) {
	for _, segment := range []string{
		"", "A", "AA", "AB", "AAA", "AAB", "AAAA", "AA==", "AAA=", "AA\n", "\rAAAA", "-_09azAZ", "+/+/", "AAAAAAA\x80", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		header, strings.Repeat("Zm9v", 300) + "A",
	} {
		f.Add(segment)
	}
	f.Fuzz(func(t *testing.T, segment string) {
		if strings.Contains(segment, ".") {
			return // more than one segment
		}
		compareWithStrict(t, segment)
	})
}
