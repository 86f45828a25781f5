package main

import (
	"encoding/base64"
	"strings"
)

// algorithms are a key for each algorithm, and an algorithm that the same key could be used with
// by mistake.
var algorithms = []struct {
	key
	sibling string
}{
	{hs256, "HS384"}, {hs384, "HS512"}, {hs512, "HS256"},
	{rs256, "RS384"}, {rs384, "RS512"}, {rs512, "PS512"},
	{ps256, "RS256"}, {ps384, "PS256"}, {ps512, "PS384"},
	{es256, "ES384"}, {es384, "ES512"}, {es512, "ES256"},
	{edDSA, "Ed25519"}, {ed25519Key, "EdDSA"},
}

// jwsCases are what a verifier does with each algorithm, whatever the payload is.
func jwsCases() []Case {
	var all []Case
	for _, a := range algorithms {
		for _, c := range jwsCasesOf(a.key, a.sibling) {
			c.Name = a.alg + " " + c.Name
			c.Key = a.jwk
			if c.Algs == nil {
				c.Algs = []string{a.alg}
			}
			all = append(all, c)
		}
	}
	return all
}

func jwsCasesOf(k key, sibling string) []Case {
	const text = "A JWS signs any bytes."
	good := k.jws(usual(k.alg), text)
	header, payload, signature := segments(good)
	moved, _ := cut(k.jws(usual(k.alg), text+" And more."))
	return []Case{
		{
			Name: "text", Layer: "jws", Token: good, Want: ok,
			Reason: "The signature is the key's, over the header and the payload as sent.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "empty payload", Layer: "jws", Token: k.jws(usual(k.alg), ""), Want: ok,
			Reason: "The payload of a JWS may be empty; the signature covers the header and the dot.", Ref: "RFC 7515 §3",
		}, {
			Name: "first bit of the signature flipped", Layer: "jws", Token: resign(good, flipFirstBit), Want: invalid,
			Reason: "One wrong bit makes the signature wrong.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "last bit of the signature flipped", Layer: "jws", Token: resign(good, flipLastBit), Want: invalid,
			Reason: "A verifier must compare the whole signature, up to the last bit.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "signature truncated", Layer: "jws", Token: resign(good, dropLast), Want: invalid,
			Reason: "A signature that lacks its last byte has the wrong length.", Ref: "RFC 7518 §3",
		}, {
			Name: "signature with a byte more", Layer: "jws", Token: resign(good, appendZero), Want: invalid,
			Reason: "A signature with a byte appended has the wrong length.", Ref: "RFC 7518 §3",
		}, {
			Name: "signature missing", Layer: "jws", Token: header + "." + payload + ".", Want: invalid,
			Reason: "An empty signature is acceptable for alg none alone, which no verifier of signed tokens accepts.", Ref: "RFC 8725 §3.2",
		}, {
			Name: "signature and its dot missing", Layer: "jws", Token: header + "." + payload, Want: invalid,
			Reason: "The compact serialization has three segments.", Ref: "RFC 7515 §7.1",
		}, {
			Name: "payload missing", Layer: "jws", Token: header + ".." + signature, Want: invalid,
			Reason: "The signature is over another payload than the empty one.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "header missing", Layer: "jws", Token: "." + payload + "." + signature, Want: invalid,
			Reason: "An empty header is not a JSON object.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "signature of another payload", Layer: "jws", Token: moved + "." + signature, Want: invalid,
			Reason: "A signature vouches for the payload that was signed and for no other.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "header changed after signing", Layer: "jws",
			Token: base64url(`{"alg":"`+k.alg+`"}`) + "." + payload + "." + signature, Want: invalid,
			Reason: "The signature covers the header as it was sent, not only alg.", Ref: "RFC 7515 §5.1",
		}, {
			Name: "another key", Layer: "jws", Token: others[k.alg].jws(usual(k.alg), text), Want: invalid,
			Reason: "The signature is good under a key that is not trusted.", Ref: "RFC 7515 §5.2",
		}, {
			Name: "header names " + sibling, Layer: "jws", Token: k.jws(usual(sibling), text), Want: invalid,
			Reason: "The header names an algorithm that the verifier does not allow.", Ref: "RFC 8725 §3.1",
		}, {
			Name: "only " + sibling + " allowed", Layer: "jws", Token: good, Algs: []string{sibling}, Want: invalid,
			Reason: "The signature is good, but the verifier does not allow its algorithm.", Ref: "RFC 8725 §3.1",
		}, {
			Name: "signature in padded standard base64", Layer: "jws",
			Token: header + "." + payload + "." + base64.StdEncoding.EncodeToString(decode(signature)) + "=", Want: invalid,
			Reason: "A segment is base64url without padding.", Ref: "RFC 7515 §2",
		}, {
			Name: "bad character in the signature", Layer: "jws",
			Token: header + "." + payload + "." + signature[:7] + "!" + signature[8:], Want: invalid,
			Reason: "An exclamation mark is not in the alphabet of base64url.", Ref: "RFC 4648 §3.3",
		}, {
			Name: "good claims", Token: k.jwt(goodClaims), Want: ok,
			Reason: "Signature and claims are good.", Ref: "RFC 7519 §7.2",
		}, {
			Name: "expired claims", Token: k.jwt(expiredClaims), Want: expired,
			Reason: "The token has expired, and all else is good.", Ref: "RFC 7519 §4.1.4",
		}, {
			Name: "expired and forged", Token: others[k.alg].jwt(expiredClaims), Want: invalid,
			Reason: "A forged token is invalid, whatever its exp says.", Ref: "RFC 7519 §7.2",
		},
	}
}

// segments returns the three segments of a token, encoded.
func segments(token string) (header, payload, signature string) {
	all := strings.Split(token, ".")
	return all[0], all[1], all[2]
}
