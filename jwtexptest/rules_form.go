package jwtexptest

import (
	"encoding/base64"
	"strings"
)

// formRules are about how a token is written: two readers of one token must not
// read two things.
var formRules = []rule{
	{"no JWT at all", "RFC 7519 §7.2", "expect anything where a token is due, and look before taking a segment of it", func(s *suite) []try {
		var tries []try
		for _, garbage := range []string{"garbage", ".", "..", "a.b.c", encode([]byte("null")) + ".e30.", encode([]byte("[]")) + ".e30."} {
			tries = append(tries, bearer(garbage, garbage, refused))
		}
		return tries
	}},
	{"one spelling", "RFC 4648 §3.5", "decode by base64.RawURLEncoding.Strict(): a token with many spellings slips past lists of tokens", func(s *suite) []try {
		tries := []try{bearer("padding", s.good+"=", refused)}
		if other, ok := respelled(s.good); ok {
			tries = append(tries, bearer("other bits behind the signature", other, refused))
		}
		return tries
	}},
	{"critical extension", "RFC 7515 §4.1.11", "refuse a header with crit, unless your library knows every extension that is named there", func(s *suite) []try {
		return []try{bearer("crit", s.signed(func(d draft) {
			d.header["crit"] = []string{"http://example.com/unheard-of"}
			d.header["http://example.com/unheard-of"] = true
		}), refused)}
	}},
	{"unencoded payload", "RFC 7797 §7", "refuse a header with b64, which no JWT has: readers differ in what was signed", func(s *suite) []try {
		return []try{bearer("b64", s.signed(func(d draft) { d.header["b64"] = false }), refused)}
	}},
	{"typ of another kind", "RFC 8725 §3.11", "compare typ with the one kind of token that you take: a logout token is no access token", func(s *suite) []try {
		return []try{bearer("another typ", s.signed(func(d draft) { d.header["typ"] = "not-" + s.issued.Type() }), refused)}
	}},
	{"claims that are no object", "RFC 7519 §7.2", "refuse a payload that is no JSON object; a null leaves a struct as it was", func(s *suite) []try {
		return []try{
			bearer("null", s.withClaims("null"), refused),
			bearer("an array", s.withClaims("["+string(draftOf(s.good).claims.text())+"]"), refused),
			bearer("a string", s.withClaims(`"claims"`), refused),
		}
	}},
	{"trailing data", "RFC 7519 §7.2", "see that the JSON ends with the claims set: Decoder.Decode reads the first value alone", func(s *suite) []try {
		return []try{bearer("a second claims set", s.withClaims(string(draftOf(s.good).claims.text())+`{"exp":0}`), refused)}
	}},
}

// respelled returns a token with bits set behind its signature, where there is
// room for some: a lenient decoder reads the same signature.
func respelled(token string) (string, bool) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	other := token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])^1])
	before, _ := base64.RawURLEncoding.DecodeString(signatureOf(token))
	after, err := base64.RawURLEncoding.DecodeString(signatureOf(other))
	return other, err == nil && string(before) == string(after)
}
