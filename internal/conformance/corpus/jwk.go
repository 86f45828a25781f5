package main

import (
	"crypto/ecdsa"
	"encoding/json"
	"math/big"
)

// jwkCases are the members of a JWK that say what the key is for (RFC 7517 §4), and keys that are
// not usable (RFC 7518 §6).
func jwkCases() []Case {
	metadata := []string{"jwk_metadata"}
	var cases []Case
	for _, c := range []struct {
		name, members, want string
		or                  []string
		reason, ref         string
	}{
		{"use is sig", `"use":"sig"`, ok, nil, "The key is for signatures.", "RFC 7517 §4.2"},
		{"use is enc", `"use":"enc"`, invalid, nil, "The key is for encryption.", "RFC 7517 §4.2"},
		{"use is unknown", `"use":"example"`, invalid, []string{ok}, "The key is for something else than signatures.", "RFC 7517 §4.2"},
		{"use is SIG in capitals", `"use":"SIG"`, invalid, []string{ok}, "The values of use are case-sensitive.", "RFC 7517 §4.2"},
		{"key_ops is verify", `"key_ops":["verify"]`, ok, nil, "The key is for verifying.", "RFC 7517 §4.3"},
		{"key_ops is sign and verify", `"key_ops":["sign","verify"]`, ok, nil, "The key is for verifying, too.", "RFC 7517 §4.3"},
		{"key_ops is sign", `"key_ops":["sign"]`, invalid, []string{ok}, "The key is for signing alone.", "RFC 7517 §4.3"},
		{"key_ops is encrypt", `"key_ops":["encrypt","decrypt"]`, invalid, nil, "The key is for encryption.", "RFC 7517 §4.3"},
		{"key_ops is wrapKey", `"key_ops":["wrapKey"]`, invalid, nil, "The key is for encryption of keys.", "RFC 7517 §4.3"},
		{"key_ops is deriveBits", `"key_ops":["deriveBits"]`, invalid, nil, "The key is for key agreement.", "RFC 7517 §4.3"},
		{"key_ops is VERIFY in capitals", `"key_ops":["VERIFY"]`, invalid, []string{ok},
			"The values of key_ops are case-sensitive.", "RFC 7517 §4.3"},
		{"key_ops is empty", `"key_ops":[]`, invalid, []string{ok}, "The key is for no operation.", "RFC 7517 §4.3"},
		{"use is sig and key_ops is verify", `"use":"sig","key_ops":["verify"]`, ok, nil, "Both say that the key is for verifying.", "RFC 7517 §4.2, §4.3"},
		{"use is enc and key_ops is verify", `"use":"enc","key_ops":["verify"]`, invalid, nil, "The two contradict each other.", "RFC 7517 §4.3"},
		{"use is sig and key_ops is decrypt", `"use":"sig","key_ops":["decrypt"]`, invalid, nil, "The two contradict each other.", "RFC 7517 §4.3"},
		{"alg is the token's", `"alg":"RS256"`, ok, nil, "The key is for this algorithm.", "RFC 7517 §4.4"},
		{"alg is another", `"alg":"RS512"`, invalid, nil, "The key is for another algorithm.", "RFC 7517 §4.4; RFC 8725 §3.1"},
		{"alg is an algorithm of encryption", `"alg":"RSA-OAEP-256"`, invalid, nil, "The key is for encryption.", "RFC 7517 §4.4"},
		{"alg is none", `"alg":"none"`, invalid, nil, "The key is for no algorithm that is allowed.", "RFC 7517 §4.4"},
		{"unknown member", `"example":{"any":"thing"}`, ok, nil, "Unknown members must be ignored.", "RFC 7517 §4"},
		{"kid", `"kid":"main"`, ok, nil, "A kid does not matter if there is one key, and the token names none.", "RFC 7517 §4.5"},
	} {
		cases = append(cases, Case{Name: c.name, Key: rs256.with(c.members), Algs: []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: c.want, Or: c.or, Needs: metadata, Reason: c.reason, Ref: c.ref})
	}
	return append(cases, badJWKs()...)
}

// badJWKs are keys that are too short, of another kind, or not keys at all.
func badJWKs() []Case {
	x, y := decodeMember(es256.jwk, "x"), decodeMember(es256.jwk, "y")
	short := newRSAKey("short RSA", 512, 46, 512, 105).bind("RS256")
	almost := newRSAKey("almost RSA", 1024, 1390, 1023, 207).bind("RS256")
	long := newRSAKey("long RSA", 2048, 317, 2048, 245).bind("RS256")
	n := base64url(mainRSA.n.Bytes())
	ec := func(curve string, x, y []byte) json.RawMessage {
		return jwk("kty", "EC", "crv", curve, "x", base64url(x), "y", base64url(y))
	}
	cases := []Case{
		{Name: "RSA of 1024 bits", Key: short.jwk, Algs: []string{"RS256"}, Token: short.jwt(goodClaims), Want: invalid,
			Reason: "RSA keys must have 2048 bits or more.", Ref: "RFC 7518 §3.3"},
		{Name: "RSA of 2047 bits", Key: almost.jwk, Algs: []string{"RS256"}, Token: almost.jwt(goodClaims), Want: invalid,
			Reason: "RSA keys must have 2048 bits or more.", Ref: "RFC 7518 §3.3"},
		{Name: "RSA of 4096 bits", Key: long.jwk, Algs: []string{"RS256"}, Token: long.jwt(goodClaims), Want: ok,
			Reason: "RSA keys may have more than 2048 bits.", Ref: "RFC 7518 §3.3"},
		{Name: "RSA with the exponent 1", Key: jwk("kty", "RSA", "n", n, "e", "AQ"), Algs: []string{"RS256"}, Want: invalid,
			Token: exponentOne(), Reason: "With the exponent 1 the message itself is its signature.", Ref: "RFC 8017 §3.1"},
		{Name: "RSA with the exponent 0", Key: jwk("kty", "RSA", "n", n, "e", "AA"), Algs: []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: invalid,
			Reason: "The exponent must be 3 or more.", Ref: "RFC 8017 §3.1"},
		{Name: "RSA with an even exponent", Key: jwk("kty", "RSA", "n", n, "e", "AQAA"), Algs: []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: invalid,
			Reason: "The exponent must be odd.", Ref: "RFC 8017 §3.1"},
		{Name: "RSA without an exponent", Key: jwk("kty", "RSA", "n", n), Algs: []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: invalid,
			Reason: "e is missing.", Ref: "RFC 7518 §6.3.1.2"},
		{Name: "RSA without a modulus", Key: jwk("kty", "RSA", "e", "AQAB"), Algs: []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: invalid,
			Reason: "n is missing.", Ref: "RFC 7518 §6.3.1.1"},
		{Name: "RSA with an exponent beyond the modulus", Key: jwk("kty", "RSA", "n", n, "e", base64url(expand("exponent", 257))), Algs: []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: invalid,
			Reason: "The exponent must be smaller than the modulus.", Ref: "RFC 8017 §3.1"},
		{Name: "RSA with an even modulus", Key: jwk("kty", "RSA", "n", base64url(append(mainRSA.n.Bytes()[:255:255], 0)), "e", "AQAB"),
			Algs:  []string{"RS256"},
			Token: rs256.jwt(goodClaims), Want: invalid,
			Reason: "A product of two odd primes is odd.", Ref: "RFC 8017 §3.1"},
		{Name: "EC with x and y swapped", Key: ec("P-256", y, x), Algs: []string{"ES256"}, Token: es256.jwt(goodClaims), Want: invalid,
			Reason: "The point is not on the curve.", Ref: "RFC 8725 §3.4"},
		{Name: "EC with another curve's name", Key: ec("P-384", x, y), Algs: []string{"ES384"},
			Token: es256.jws(usual("ES384"), goodClaims), Want: invalid,
			Reason: "The point is not on the curve that crv names.", Ref: "RFC 7518 §6.2.1"},
		{Name: "EC with an unknown curve", Key: ec("P-257", x, y), Algs: []string{"ES256"}, Token: es256.jwt(goodClaims), Want: invalid,
			Reason: "There is no such curve.", Ref: "RFC 7518 §6.2.1.1"},
		{Name: "EC without a curve", Key: jwk("kty", "EC", "x", base64url(x), "y", base64url(y)), Algs: []string{"ES256"},
			Token: es256.jwt(goodClaims), Want: invalid,
			Reason: "crv is missing.", Ref: "RFC 7518 §6.2.1.1"},
		{Name: "EC without y", Key: jwk("kty", "EC", "crv", "P-256", "x", base64url(x)), Algs: []string{"ES256"},
			Token: es256.jwt(goodClaims), Want: invalid,
			Reason: "y is missing.", Ref: "RFC 7518 §6.2.1.3"},
		{Name: "EC with coordinates beyond the field", Key: ec("P-256", plusField(x), plusField(y)), Algs: []string{"ES256"},
			Token: es256.jwt(goodClaims), Want: invalid,
			Reason: "Coordinates must be smaller than the field's prime.", Ref: "RFC 7518 §6.2.1.2"},
		{Name: "EC with a coordinate one byte longer", Key: ec("P-256", prependZero(x), y), Algs: []string{"ES256"},
			Token: es256.jwt(goodClaims), Want: invalid, Or: []string{ok},
			Reason: "Coordinates must be as long as the field's prime.", Ref: "RFC 7518 §6.2.1.2"},
		{Name: "EC on secp256k1", Key: ec("secp256k1", x, y), Algs: []string{"ES256"}, Token: es256.jwt(goodClaims), Want: invalid,
			Reason: "ES256 is for keys on P-256.", Ref: "RFC 8812 §3.1"},
		{Name: "key type missing", Key: json.RawMessage(`{"k":"` + base64url(hs256.secret) + `"}`),
			Token: hs256.jwt(goodClaims), Want: invalid,
			Reason: "kty is missing.", Ref: "RFC 7517 §4.1"},
		{Name: "key type in capitals", Key: jwk("kty", "OCT", "k", base64url(hs256.secret)),
			Token: hs256.jwt(goodClaims), Want: invalid, Or: []string{ok},
			Reason: "The values of kty are case-sensitive.", Ref: "RFC 7517 §4.1"},
		{Name: "key type unknown", Key: jwk("kty", "XYZ", "k", base64url(hs256.secret)), Token: hs256.jwt(goodClaims), Want: invalid,
			Reason: "There is no such type.", Ref: "RFC 7517 §4.1"},
		{Name: "secret missing", Key: jwk("kty", "oct"), Token: secretKey("HS256", nil).jwt(goodClaims), Want: invalid,
			Reason: "k is missing. The MAC is made with an empty secret.", Ref: "RFC 7518 §6.4.1"},
		{Name: "kid of the only key is another", Key: hs256.with(`"kid":"main"`),
			Token: hs256.jws(`{"alg":"HS256","kid":"other"}`, goodClaims), Want: ok, Or: []string{invalid},
			Reason: "A kid is a hint. With one key there is nothing to choose, and a verifier may insist on the hint.", Ref: "RFC 7515 §4.1.4"},
	}
	return cases
}

// exponentOne returns a token whose signature is the message that RSA would sign.
func exponentOne() string {
	signed, _ := cut(rs256.jwt(goodClaims))
	hash := hashes["RS256"]
	return signed + "." + base64url(pkcs1(digestInfo(hash, digest(hash, signed)), mainRSA.size()))
}

// plusField adds the prime of P-256's field, which leads to 33 bytes.
func plusField(coordinate []byte) []byte {
	p := es256.private.(*ecdsa.PrivateKey).Params().P
	sum := new(big.Int).SetBytes(coordinate)
	return sum.Add(sum, p).FillBytes(make([]byte, 33))
}
