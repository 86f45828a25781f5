package jwtexptest

import (
	"encoding/base64"
	"strings"
)

// formRules are about the encoding of a token: two parsers must not read it in two ways.
var formRules = []rule{
	{"not a JWT", "RFC 7519 §7.2", "expect any text as a token, and count its segments before you use one", func(s *suite) []probe {
		var probes []probe
		for _, garbage := range []string{"garbage", ".", "..", "a.b.c", encode([]byte("null")) + ".e30.", encode([]byte("[]")) + ".e30."} {
			probes = append(probes, bearer(garbage, garbage, rejected))
		}
		return probes
	}},
	{"strict base64url", "RFC 4648 §3.5", "decode with base64.RawURLEncoding.Strict(): a token that can be spelled in several ways evades a list of revoked tokens", func(s *suite) []probe {
		probes := []probe{bearer("padding", s.good+"=", rejected)}
		if other, ok := respelled(s.good); ok {
			probes = append(probes, bearer("other bits after the signature", other, rejected))
		}
		return probes
	}},
	{"critical extension", "RFC 7515 §4.1.11", "reject a header with crit, unless your library supports every extension in it", func(s *suite) []probe {
		return []probe{bearer("crit", s.signed(func(d draft) {
			d.header["crit"] = []string{"http://example.com/unheard-of"}
			d.header["http://example.com/unheard-of"] = true
		}), rejected)}
	}},
	{"unencoded payload", "RFC 7797 §7", "reject a header with b64: it is not for JWTs, and parsers differ in what was signed", func(s *suite) []probe {
		return []probe{bearer("b64", s.signed(func(d draft) { d.header["b64"] = false }), rejected)}
	}},
	{"wrong typ", "RFC 8725 §3.11", "accept only one typ: a logout token is not an access token", func(s *suite) []probe {
		return []probe{bearer("another typ", s.signed(func(d draft) { d.header["typ"] = "not-" + s.issued.Type() }), rejected)}
	}},
	{"claims are an object", "RFC 7519 §7.2", "reject a payload that is not a JSON object: null leaves a struct unchanged", func(s *suite) []probe {
		return []probe{
			bearer("null", s.withClaims("null"), rejected),
			bearer("an array", s.withClaims("["+string(draftOf(s.good).claims.text())+"]"), rejected),
			bearer("a string", s.withClaims(`"claims"`), rejected),
		}
	}},
	{"trailing data", "RFC 7519 §7.2", "reject text after the claims set: Decoder.Decode reads only the first value", func(s *suite) []probe {
		return []probe{bearer("a second claims set", s.withClaims(string(draftOf(s.good).claims.text())+`{"exp":0}`), rejected)}
	}},
}

// respelled returns the token with a changed last character, and whether a lenient decoder still
// reads the same signature: base64url may leave unused bits there.
func respelled(token string) (string, bool) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	other := token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])^1])
	before, _ := base64.RawURLEncoding.DecodeString(signatureOf(token))
	after, err := base64.RawURLEncoding.DecodeString(signatureOf(other))
	return other, err == nil && string(before) == string(after)
}
