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

// isKnown reports whether h returns the header from memory.
func isKnown(t *testing.T, h *Headers, header string) bool {
	t.Helper()
	first, second := parse(t, h, header), parse(t, h, header)
	return first.Header == second.Header
}

func TestLearn(t *testing.T) {
	var h Headers
	const header = `{"alg":"HS256","kid":"k1","typ":"JWT"}`
	first := parse(t, &h, header)
	if second := parse(t, &h, header); second.Header == first.Header {
		t.Error("before Learn: got a known header, want it parsed again")
	}
	h.Learn(first)
	again := parse(t, &h, header)
	if again.Header != first.Header {
		t.Error("after Learn: got the header parsed again, want the known one")
	}
	for _, other := range []string{header + " ", strings.ToLower(header), `{"alg":"HS256","kid":"k2","typ":"JWT"}`} {
		if isKnown(t, &h, other) {
			t.Errorf("%s: got a known header, want it parsed, because only %s is known", other, header)
		}
	}
	var another Headers
	if isKnown(t, &another, header) {
		t.Error("other Headers: got a known header, want it parsed")
	}
}

func TestHeadersAreBounded(t *testing.T) {
	var h Headers
	numbered := func(i int) string { return fmt.Sprintf(`{"alg":"HS256","kid":"key %d"}`, i) }
	for i := range 3 * maxHeaders {
		h.Learn(parse(t, &h, numbered(i)))
		h.Learn(parse(t, &h, numbered(i))) // the second time has no effect
		n := 0
		h.known.Range(func(any, any) bool { n++; return true })
		if n > maxHeaders || n != h.length {
			t.Fatalf("after %d: got %d headers and length %d, want at most %d", i+1, n, h.length, maxHeaders)
		}
	}
	long := `{"alg":"HS256","kid":"` + strings.Repeat("k", maxHeaderSize) + `"}`
	h.Learn(parse(t, &h, long))
	if isKnown(t, &h, long) {
		t.Errorf("got a known header of %d bytes, want it parsed", len(long))
	}
}

// A segment is part of the token, so Learn must copy it. Otherwise it would keep the token in memory.
func TestLearnCopiesTheHeader(t *testing.T) {
	var h Headers
	c := parse(t, &h, `{"alg":"HS256"}`)
	h.Learn(c)
	h.known.Range(func(key, _ any) bool {
		if unsafe.StringData(key.(string)) == unsafe.StringData(c.header) {
			t.Error("got the bytes of the token, want a copy of the header")
		}
		return true
	})
}

// The kid is passed to the key set before the header is verified. The key set may keep it, so it
// must not keep the whole header in memory.
func TestHeaderStringsAreCopies(t *testing.T) {
	var h Headers
	const text = `{"alg":"HS256","kid":"k1","typ":"JWT"}`
	header := parse(t, &h, text).Header
	at := func(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
	if at(header.Type)-at(header.KeyID) == uintptr(strings.Index(text, header.Type)-strings.Index(text, header.KeyID)) {
		t.Error("got substrings of one text, want copies")
	}
}
