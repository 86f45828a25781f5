package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"math/big"
	"slices"
)

// ed25519Order is the order of the base point (RFC 8032 §5.1).
var ed25519Order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

// eddsaCases are unusual Ed25519 keys and signatures (RFC 8032, RFC 8037, RFC 9864).
func eddsaCases() []Case {
	token := edDSA.jwt(goodClaims)
	signed, encoded := cut(token)
	signature := decode(encoded)
	public := edDSA.private.Public().(ed25519.PublicKey)
	with := func(parts ...[]byte) string { return signed + "." + base64url(slices.Concat(parts...)) }
	okp := func(curve string, x []byte) []byte { return jwk("kty", "OKP", "crv", curve, "x", base64url(x)) }
	identity := append([]byte{1}, make([]byte, 31)...)

	cases := []Case{
		{Name: "genuine", Token: token, Want: ok, Reason: "The control for the cases beside it."},
		{Name: "S plus the order", Token: with(signature[:32], addOrder(signature[32:])), Want: invalid,
			Reason: "S must be smaller than the order, or each signature would have another form.", Ref: "RFC 8032 §5.1.7, §8.4"},
		{Name: "S is zero", Token: with(signature[:32], make([]byte, 32)), Want: invalid,
			Reason: "A signature with another S does not verify.", Ref: "RFC 8032 §5.1.7"},
		{Name: "S is the order", Token: with(signature[:32], addOrder(make([]byte, 32))), Want: invalid,
			Reason: "S must be smaller than the order.", Ref: "RFC 8032 §5.1.7"},
		{Name: "R is the identity and S is zero", Token: with(identity, make([]byte, 32)), Want: invalid,
			Reason: "This verifies under a public key of small order only.", Ref: "RFC 8032 §5.1.7"},
		{Name: "R is not canonical", Token: with(bytes.Repeat([]byte{0xff}, 32), signature[32:]), Want: invalid,
			Reason: "R is compared by its encoding, of which a point has one.", Ref: "RFC 8032 §5.1.3"},
		{Name: "R is the public key", Token: with(public, signature[32:]), Want: invalid, Reason: "R is another point.", Ref: "RFC 8032 §5.1.7"},
		{Name: "sign bit of R flipped", Token: resign(token, func(b []byte) []byte { b[31] ^= 0x80; return b }), Want: invalid,
			Reason: "R is another point.", Ref: "RFC 8032 §5.1.7"},
		{Name: "R and S swapped", Token: with(signature[32:], signature[:32]), Want: invalid,
			Reason: "R stands before S.", Ref: "RFC 8032 §5.1.6"},
		{Name: "S in big-endian order", Token: with(signature[:32], reversed(signature[32:])), Want: invalid,
			Reason: "S is written in little-endian order.", Ref: "RFC 8032 §5.1.6"},
		{Name: "all zeros", Token: resign(token, onlyZeros), Want: invalid,
			Reason: "A signature that can be written without the key.", Ref: "RFC 8032 §5.1.7"},
		{Name: "all bits set", Token: with(bytes.Repeat([]byte{0xff}, 64)), Want: invalid,
			Reason: "S must be smaller than the order.", Ref: "RFC 8032 §5.1.7"},
		{Name: "zero byte before the signature", Token: resign(token, prependZero), Want: invalid,
			Reason: "The signature must have 64 bytes.", Ref: "RFC 8032 §5.1.7"},
		{Name: "public key appended", Token: with(signature, public), Want: invalid,
			Reason: "The signature must have 64 bytes.", Ref: "RFC 8032 §5.1.7"},
		{Name: "Ed25519ph", Token: with(prehashed(signed)), Want: invalid,
			Reason: "EdDSA in a JWS is Ed25519, which does not hash the message first.", Ref: "RFC 8037 §3.1"},
		{Name: "signature over the SHA-512 digest", Token: with(edDSA.sign(string(digest(crypto.SHA512, signed)))), Want: invalid,
			Reason: "Ed25519 signs the message, not a digest of it.", Ref: "RFC 8037 §3.1"},

		{Name: "key of small order", Key: okp("Ed25519", identity), Token: with(identity, make([]byte, 32)), Want: invalid,
			Reason: "Everyone can sign under the identity: this signature verifies for every message.", Ref: "RFC 8032 §5.1.7; RFC 8725 §3.4"},
		{Name: "key of zeros", Key: okp("Ed25519", make([]byte, 32)), Token: with(identity, make([]byte, 32)), Want: invalid,
			Reason: "32 zeros encode a point of order 4, under which everyone can sign.", Ref: "RFC 8725 §3.4"},
		{Name: "key of 31 bytes", Key: okp("Ed25519", public[:31]), Token: token, Want: invalid,
			Reason: "The public key must have 32 bytes.", Ref: "RFC 8037 §2"},
		{Name: "key of 33 bytes", Key: okp("Ed25519", append(bytes.Clone(public), 0)), Token: token, Want: invalid,
			Reason: "The public key must have 32 bytes.", Ref: "RFC 8037 §2"},
		{Name: "key that is not a point", Key: okp("Ed25519", append([]byte{2}, make([]byte, 31)...)), Token: token, Want: invalid,
			Reason: "No point has the y coordinate 2.", Ref: "RFC 8032 §5.1.3"},
		{Name: "key for X25519", Key: okp("X25519", public), Token: token, Want: invalid,
			Reason: "X25519 is for key agreement.", Ref: "RFC 8037 §3.2"},
		{Name: "key named Ed448", Key: okp("Ed448", public), Token: token, Want: invalid,
			Reason: "A key of Ed448 has 57 bytes.", Ref: "RFC 8037 §2"},

		{Name: "header EdDSA, allowed EdDSA and Ed25519", Token: token, Algs: []string{"EdDSA", "Ed25519"}, Want: ok,
			Reason: "A key may be allowed under both names of its algorithm.", Ref: "RFC 9864 §2.2"},
		{Name: "header Ed25519, allowed EdDSA and Ed25519",
			Token: ed25519KeyJWS("Ed25519"), Algs: []string{"EdDSA", "Ed25519"}, Want: ok,
			Reason: "A key may be allowed under both names of its algorithm.", Ref: "RFC 9864 §2.2"},
		{Name: "header Ed25519, allowed EdDSA", Token: ed25519KeyJWS("Ed25519"), Want: invalid, Or: []string{ok},
			Reason: "The names differ, and only one is allowed.", Ref: "RFC 9864 §2.2"},
		{Name: "header eddsa", Token: ed25519KeyJWS("eddsa"), Want: invalid,
			Reason: "Names of algorithms are case-sensitive.", Ref: "RFC 7515 §4.1.1"},
		{Name: "header Ed448", Token: ed25519KeyJWS("Ed448"), Want: invalid, Reason: "The key is not one of Ed448.", Ref: "RFC 9864 §2.2"},
		{Name: "header ES256", Token: ed25519KeyJWS("ES256"), Algs: []string{"EdDSA", "ES256"}, Want: invalid,
			Reason: "An Ed25519 key does not verify ES256.", Ref: "RFC 8725 §3.1"},
	}
	for i := range cases {
		c := &cases[i]
		if c.Key == nil {
			c.Key = edDSA.jwk
		}
		if c.Algs == nil {
			c.Algs = []string{"EdDSA"}
		}
		if c.Ref == "" {
			c.Ref = "RFC 8037 §3.1"
		}
	}
	return cases
}

// ed25519KeyJWS returns a token that the Ed25519 key signed, with any alg.
func ed25519KeyJWS(alg string) string { return edDSA.jws(usual(alg), goodClaims) }

// addOrder adds the order to a little-endian number of 32 bytes.
func addOrder(s []byte) []byte {
	sum := new(big.Int).SetBytes(reversed(s))
	sum.Add(sum, ed25519Order)
	return reversed(sum.FillBytes(make([]byte, 32)))
}

func reversed(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

// prehashed returns a signature by Ed25519ph (RFC 8032 §5.1).
func prehashed(text string) []byte {
	signature, err := edDSA.private.Sign(nil, digest(crypto.SHA512, text), crypto.SHA512)
	if err != nil {
		panic(err)
	}
	return signature
}
