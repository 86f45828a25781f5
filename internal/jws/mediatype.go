package jws

import "strings"

// IsType reports whether typ is want, with or without "application/" in front and in any letter case
// (RFC 7515 §4.1.9).
func (h *Header) IsType(want string) bool {
	// With mediaType alone, Verify takes 17 % longer (BenchmarkVerify/HS256).
	return h.Type == want || mediaType(h.Type) == mediaType(want)
}

// mediaType returns a typ in the form in which two are compared. It folds ASCII only: Unicode
// folding equates U+017F with s.
func mediaType(typ string) string {
	if !strings.Contains(typ, "/") {
		typ = "application/" + typ
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, typ)
}
