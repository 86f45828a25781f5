package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// encodingCases are tokens that are not three segments of base64url (RFC 7515 §2, §7.1). If a
// payload or a header is wrong, the MAC is over the segments as they are sent.
func encodingCases() []Case {
	token := hs256.jwt(goodClaims)
	header, payload, mac := segments(token)
	var cases []Case

	// A character that is not in the alphabet, at each place.
	for _, c := range []struct{ name, text string }{
		{"line feed", "\n"}, {"CR", "\r"}, {"CRLF", "\r\n"}, {"space", " "}, {"tab", "\t"}, {"NUL", "\x00"},
		{"no-break space", "\u00a0"}, {"zero-width space", "\u200b"}, {"BOM", "\ufeff"},
	} {
		in := func(segment string) string { return segment[:8] + c.text + segment[8:] }
		for _, place := range []struct{ name, token string }{
			{"before the token", c.text + token},
			{"after the token", token + c.text},
			{"in the header", hs256.signed(in(header), payload)},
			{"in the payload", hs256.signed(header, in(payload))},
			{"in the signature", header + "." + payload + "." + in(mac)},
		} {
			cases = append(cases, Case{Name: c.name + " " + place.name, Token: place.token, Want: invalid,
				Reason: "No character outside the alphabet of base64url may be in a segment, white space included."})
		}
	}
	for _, c := range []struct{ name, character string }{
		{"percent sign", "%"}, {"plus sign", "+"}, {"slash", "/"}, {"equals sign", "="}, {"asterisk", "*"}, {"full-width A", "Ａ"},
	} {
		cases = append(cases, Case{Name: c.name + " in the payload", Token: hs256.signed(header, payload[:8]+c.character+payload[9:]), Want: invalid,
			Reason: "No character outside the alphabet of base64url may be in a segment."})
	}

	// Padding, and the alphabet of standard base64.
	mixed := `{"sub":"alice??>>~~","exp":1800000600}` // has both characters in which the alphabets differ
	for _, c := range []struct{ name, token, reason string }{
		{"payload with padding", hs256.signed(header, base64.URLEncoding.EncodeToString([]byte(goodClaims))), "Segments have no padding."},
		{"payload with padding, MAC without", header + "." + base64.URLEncoding.EncodeToString([]byte(goodClaims)) + "." + macOf(header, payload),
			"Segments have no padding."},
		{"header with padding", hs256.signed(base64.URLEncoding.EncodeToString([]byte(usual("HS256")+" ")), payload), "Segments have no padding."},
		{"signature with padding", token + "=", "Segments have no padding."},
		{"signature with too much padding", token + "====", "Segments have no padding."},
		{"signature with escaped padding", token + "%3D", "Segments have no padding, escaped or not."},
		{"padding alone as the signature", header + "." + payload + ".=", "Segments have no padding, and the signature is missing."},
		{"standard alphabet in the payload", hs256.signed(header, base64.RawStdEncoding.EncodeToString([]byte(mixed))),
			"base64url has - and _ where base64 has + and /."},
		{"standard alphabet in the signature", standardSignature(), "base64url has - and _ where base64 has + and /."},
		{"payload in hex", hs256.signed(header, hex.EncodeToString([]byte(goodClaims))),
			"A segment is base64url; decoded as such, the hex digits are not JSON."},
		{"payload not encoded", hs256.signed(header, goodClaims), "The payload must be encoded."},
		{"header not encoded", hs256.signed(usual("HS256"), payload), "The header must be encoded."},
		{"payload of 1 character", hs256.signed(header, "e"), "No number of bytes is encoded in one character."},
		{"payload of 5 characters", hs256.signed(header, "eyJ9e"), "No number of bytes is encoded in five characters."},
		{"signature of 45 characters", token + "AA", "No number of bytes is encoded in 45 characters."},
		{"signature of 1 character", header + "." + payload + ".A", "No number of bytes is encoded in one character."},
	} {
		cases = append(cases, Case{Name: c.name, Token: c.token, Want: invalid, Reason: c.reason})
	}
	cases = append(cases, Case{Name: "both alphabets' characters", Token: hs256.jwt(mixed), Want: ok,
		Reason: "The control for the cases of the standard alphabet."})

	// Bits that encode nothing.
	cases = append(cases,
		Case{Name: "spare bits in the signature", Token: withSpareBits(token, 1), Want: invalid, Or: []string{ok},
			Reason: "The last character has bits that encode nothing. If they are set, one token has several forms.", Ref: "RFC 4648 §3.5"},
		Case{Name: "both spare bits in the signature", Token: withSpareBits(token, 3), Want: invalid, Or: []string{ok},
			Reason: "The last character has bits that encode nothing. If they are set, one token has several forms.", Ref: "RFC 4648 §3.5"},
		Case{Name: "spare bits in the payload", Token: hs256.signed(header, withSpareBits(payload, 1)), Want: invalid, Or: []string{ok},
			Reason: "The last character has bits that encode nothing. They must be zero.", Ref: "RFC 4648 §3.5"},
		Case{Name: "spare bits in the header", Token: hs256.signed(withSpareBits(base64url(`{"alg":"HS256"}`+"  "), 1), payload),
			Want: invalid, Or: []string{ok},
			Reason: "The last character has bits that encode nothing. They must be zero.", Ref: "RFC 4648 §3.5"},
	)

	// The number of segments, and what stands around the token.
	for _, c := range []struct{ name, token, reason string }{
		{"empty token", "", "There is no token."},
		{"one dot", ".", "The compact serialization has three segments."},
		{"two dots", "..", "The segments are empty."},
		{"three dots", "...", "The compact serialization has three segments."},
		{"text without a dot", "token", "The compact serialization has three segments."},
		{"header alone", header, "The compact serialization has three segments."},
		{"header and payload", header + "." + payload, "The compact serialization has three segments."},
		{"four segments, the last empty", token + ".", "The compact serialization has three segments."},
		{"four segments", token + ".AAAA", "The compact serialization has three segments."},
		{"five segments", token + ".AAAA.AAAA", "Five segments are a JWE."},
		{"empty segment before the header", "." + token, "The compact serialization has three segments."},
		{"empty segment after the header", header + ".." + payload + "." + mac, "The compact serialization has three segments."},
		{"commas in place of dots", strings.ReplaceAll(token, ".", ","), "Dots separate the segments."},
		{"escaped dots", strings.ReplaceAll(token, ".", "%2E"), "Dots separate the segments."},
		{"full-width dots", strings.ReplaceAll(token, ".", "．"), "Dots separate the segments."},
		{"escaped in a URL", url.QueryEscape(token + " "), "The token must be as it was issued."},
		{"in quotes", `"` + token + `"`, "The token must be as it was issued."},
		{"in angle brackets", "<" + token + ">", "The token must be as it was issued."},
		{"with its scheme", "Bearer " + token, "The scheme of the Authorization header is not part of the token."},
		{"two tokens and a comma", token + "," + token, "There must be one token."},
		{"two tokens and a space", token + " " + token, "There must be one token."},
		{"two tokens without anything between", token + token, "There must be one token."},
		{"reversed", string(reversed([]byte(token))), "The token must be as it was issued."},
		{"lower case", strings.ToLower(token), "base64url has letters of both cases."},
		{"encoded again", base64url(token), "The token must be as it was issued."},
		{"segments swapped", payload + "." + header + "." + mac, "The header stands first."},
		{"JSON, flattened", fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, header, payload, mac), "A JWT has the compact serialization."},
		{"JSON, general", fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, payload, header, mac),
			"A JWT has the compact serialization."},
		{"JSON with a compact token inside", fmt.Sprintf(`{"%s":"","payload":%q}`, token, payload),
			"Two parsers could find two tokens in this text (CVE-2022-39227)."},
	} {
		ref := "RFC 7515 §7.1; RFC 7519 §7.2"
		cases = append(cases, Case{Name: c.name, Token: c.token, Want: invalid, Reason: c.reason, Ref: ref})
	}
	for i := range cases {
		if cases[i].Ref == "" {
			cases[i].Ref = "RFC 7515 §2; RFC 4648 §3.2, §3.3"
		}
	}
	return cases
}

func macOf(header, payload string) string { return base64url(hs256.sign(header + "." + payload)) }

// standardSignature returns a good token whose signature is in the alphabet of standard base64.
func standardSignature() string {
	const jti = 2 // the first number with which the signature has one of the characters that differ
	token := hs256.jwt(numbered(jti))
	signed, signature := cut(token)
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(signature)
	if standard == signature {
		panic("the signature is the same in both alphabets")
	}
	return signed + "." + standard
}

// withSpareBits sets bits of the last character, which must have them to spare.
func withSpareBits(text string, bits int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	changed := text[:len(text)-1] + alphabet[last|bits:last|bits+1]
	segment := changed[strings.LastIndexByte(changed, '.')+1:]
	if last&bits != 0 || base64url(decode(segment)) == segment {
		panic("the last character has no bits to spare")
	}
	return changed
}
