package jws

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

func tokenWith(header string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + ".e30.AAAA"
}

func parse(t *testing.T, h *Headers, header string) *Compact {
	t.Helper()
	c := new(Compact)
	if err := h.Parse(tokenWith(header), c); err != nil {
		t.Fatalf("%s: got %v, want nil", header, err)
	}
	return c
}

func TestHeadersAreLearnedFromWhatLearnIsGiven(t *testing.T) {
	var h Headers
	const header = `{"alg":"HS256","kid":"k1","typ":"JWT"}`
	first := parse(t, &h, header)
	if second := parse(t, &h, header); second.known || second.Header == first.Header {
		t.Error("got a header remembered that nobody has learned")
	}
	h.Learn(first)
	again := parse(t, &h, header)
	if !again.known || again.Header != first.Header {
		t.Error("got the header read again, want the one that was learned")
	}
	for _, other := range []string{header + " ", strings.ToLower(header), `{"alg":"HS256","kid":"k2","typ":"JWT"}`} {
		if c := parse(t, &h, other); c.known {
			t.Errorf("%s: got it taken for %s", other, header)
		}
	}
	var another Headers
	if parse(t, &another, header).known {
		t.Error("got a header that other Headers have learned")
	}
}

func TestHeadersAreBounded(t *testing.T) {
	var h Headers
	numbered := func(i int) string { return fmt.Sprintf(`{"alg":"HS256","kid":"key %d"}`, i) }
	for i := range 3 * maxHeaders {
		h.Learn(parse(t, &h, numbered(i)))
		h.Learn(parse(t, &h, numbered(i))) // twice is once
		n := 0
		h.known.Range(func(any, any) bool { n++; return true })
		if n > maxHeaders || n != h.length {
			t.Fatalf("after %d: got %d headers, counted as %d, want at most %d", i+1, n, h.length, maxHeaders)
		}
	}
	long := `{"alg":"HS256","kid":"` + strings.Repeat("k", maxHeaderSize) + `"}`
	h.Learn(parse(t, &h, long))
	if parse(t, &h, long).known {
		t.Errorf("got a header of %d bytes remembered", len(long))
	}
}

// A segment is a piece of the token, which must not be kept alive by it.
func TestHeadersKeepNoToken(t *testing.T) {
	var h Headers
	c := parse(t, &h, `{"alg":"HS256"}`)
	h.Learn(c)
	h.known.Range(func(key, _ any) bool {
		if unsafe.StringData(key.(string)) == unsafe.StringData(c.header) {
			t.Error("got the token's own bytes kept, want a copy of the header")
		}
		return true
	})
}

// Nobody has verified a header by the time that its kid is handed out.
func TestHeaderStringsAreNoPiecesOfTheHeader(t *testing.T) {
	var h Headers
	const text = `{"alg":"HS256","kid":"k1","typ":"JWT"}`
	header := parse(t, &h, text).Header
	at := func(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
	if at(header.Type)-at(header.KeyID) == uintptr(strings.Index(text, header.Type)-strings.Index(text, header.KeyID)) {
		t.Error("got pieces of one text, want copies")
	}
}
