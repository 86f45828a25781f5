package claimset

import "bytes"

// mayBeInexact reports whether a JSON text may have a number that a float64 does not hold: one with
// more than 15 digits, or with an exponent. If all numbers are looked at by exactUnmarshalers,
// decoding after Verify takes 24 % longer (BenchmarkVerifyAndClaims).
func mayBeInexact(text []byte) bool {
	if bytes.IndexByte(text, '\\') >= 0 { // an escaped quotation mark could hide where strings end
		return true
	}
	for {
		outside, rest, found := bytes.Cut(text, []byte{'"'})
		if hasLongNumber(outside) {
			return true
		}
		if !found {
			return false
		}
		_, text, _ = bytes.Cut(rest, []byte{'"'})
	}
}

// hasLongNumber looks at text without strings.
func hasLongNumber(text []byte) bool {
	const held = 15 // digits that a float64 always holds
	digits := 0
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case (c == 'e' || c == 'E') && digits > 0, digits > held:
			return true
		case c != '.':
			digits = 0
		}
	}
	return digits > held
}
