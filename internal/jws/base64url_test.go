package jws_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/jws"
)

// decoders are the two ways in which a segment is decoded: as text and as a signature.
// An error is false.
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

// strict is what a segment has to be decoded to: what encoding/base64 makes of it,
// which when strict still skips CR and LF.
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

func TestEveryByteAtEveryPlaceOfASegment(t *testing.T) {
	const size = 40 // of the text: some groups of letters, and each way to end
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

// What has no room on the stack is decoded into memory that is made for it, without a
// byte to spare.
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
			return // that is more than one
		}
		compareWithStrict(t, segment)
	})
}
