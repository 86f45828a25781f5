package main

import (
	"crypto"
	"slices"
)

// pssCases are PS256 tokens whose signature hides an unusual message (RFC 8017 §9.1).
func pssCases() []Case {
	signed, _ := cut(ps256.jwt(goodClaims))
	bits := mainRSA.bits - 1
	encode := func(hash, maskHash crypto.Hash, salt []byte) []byte {
		return pss(hash, maskHash, digest(hash, signed), salt, bits)
	}
	with := func(message []byte) string { return signed + "." + base64url(mainRSA.raw(message)) }
	salt := func(salt []byte) string { return with(encode(crypto.SHA256, crypto.SHA256, salt)) }
	// edited changes the message, which is the masked block of 223 bytes, the hash and BC.
	edited := func(at int, bits byte) string {
		message := encode(crypto.SHA256, crypto.SHA256, expand("salt", 32))
		message[at] ^= bits
		return with(message)
	}
	const unmaskedSalt = 223 - 32 // where the salt begins in the block
	cases := []Case{
		{Name: "salt of the hash's length", Token: salt(expand("salt", 32)), Want: ok,
			Reason: "The control for the cases beside it: the same key and the same claims."},
		{Name: "salt of zeros", Token: salt(make([]byte, 32)), Want: ok, Reason: "A salt may have any value."},
		{Name: "salt of ones", Token: salt(slices.Repeat([]byte{0xff}, 32)), Want: ok, Reason: "A salt may have any value."},
		{Name: "no salt", Token: salt(nil), Want: invalid, Reason: "The salt must be as long as the hash."},
		{Name: "salt of 1 byte", Token: salt(expand("salt", 1)), Want: invalid, Reason: "The salt must be as long as the hash."},
		{Name: "salt of 20 bytes", Token: salt(expand("salt", 20)), Want: invalid,
			Reason: "The salt must be as long as the hash; 20 bytes are the default of RFC 8017."},
		{Name: "salt of 31 bytes", Token: salt(expand("salt", 31)), Want: invalid, Reason: "The salt must be as long as the hash."},
		{Name: "salt of 33 bytes", Token: salt(expand("salt", 33)), Want: invalid, Reason: "The salt must be as long as the hash."},
		{Name: "salt of 64 bytes", Token: salt(expand("salt", 64)), Want: invalid,
			Reason: "The salt must be as long as the hash of PS256, not the one of PS512."},
		{Name: "salt of the greatest length", Token: salt(expand("salt", 222)), Want: invalid,
			Reason: "The salt must be as long as the hash. Some libraries sign with the longest salt by default."},
		{Name: "last byte CC", Token: edited(255, 0xbc^0xcc), Want: invalid, Reason: "The message must end with BC.", Ref: "RFC 8017 §9.1.2"},
		{Name: "last byte 00", Token: edited(255, 0xbc), Want: invalid, Reason: "The message must end with BC.", Ref: "RFC 8017 §9.1.2"},
		{Name: "hash changed", Token: edited(223, 1), Want: invalid,
			Reason: "The hash in the message is not the one of the token and the salt.", Ref: "RFC 8017 §9.1.2"},
		{Name: "salt changed", Token: edited(unmaskedSalt, 1), Want: invalid,
			Reason: "The hash in the message is of another salt.", Ref: "RFC 8017 §9.1.2"},
		{Name: "bit in the padding", Token: edited(10, 4), Want: invalid,
			Reason: "The bytes before the salt must be zeros and a 1.", Ref: "RFC 8017 §9.1.2"},
		{Name: "separator is 3", Token: edited(unmaskedSalt-1, 2), Want: invalid,
			Reason: "The bytes before the salt must be zeros and a 1.", Ref: "RFC 8017 §9.1.2"},
		{Name: "separator is 0", Token: edited(unmaskedSalt-1, 1), Want: invalid,
			Reason: "The bytes before the salt must be zeros and a 1.", Ref: "RFC 8017 §9.1.2"},
		{Name: "mask of SHA-512", Token: with(encode(crypto.SHA256, crypto.SHA512, expand("salt", 32))), Want: invalid,
			Reason: "MGF1 must use the hash of the algorithm."},
		{Name: "hash of SHA-384", Token: with(encode(crypto.SHA384, crypto.SHA384, expand("salt", 48))), Want: invalid,
			Reason: "The message is one of PS384; the header says PS256."},
		{Name: "PKCS1 signature under PS256", Token: rs256.jws(usual("PS256"), goodClaims), Want: invalid,
			Reason: "The signature is one of RS256; the header says PS256."},
		{Name: "PSS signature under RS256", Token: ps256.jws(usual("RS256"), goodClaims), Algs: []string{"RS256"}, Want: invalid, Ref: "RFC 7518 §3.3",
			Reason: "The signature is one of PS256; the header says RS256."},
		{Name: "PSS signature under RS256 with both allowed", Token: ps256.jws(usual("RS256"), goodClaims), Algs: []string{"RS256", "PS256"},
			Want: invalid, Ref: "RFC 7518 §3.3",
			Reason: "A verifier must check the signature by the algorithm that the header names."},
		{Name: "zero byte before the signature", Token: resign(ps256.jwt(goodClaims), prependZero), Want: invalid,
			Reason: "A signature has as many bytes as the modulus.", Ref: "RFC 8017 §8.1.2"},
		{Name: "only zeros", Token: resign(ps256.jwt(goodClaims), onlyZeros), Want: invalid,
			Reason: "0 is the signature of the message 0, under every key.", Ref: "RFC 8017 §8.1.2"},
		{Name: "PS384 with a salt of 32 bytes", Algs: []string{"PS384"}, Want: invalid, Token: otherSalt(ps384, 32),
			Reason: "The salt must be as long as the hash."},
		{Name: "PS512 with a salt of 32 bytes", Algs: []string{"PS512"}, Want: invalid, Token: otherSalt(ps512, 32),
			Reason: "The salt must be as long as the hash."},
	}
	for i := range cases {
		c := &cases[i]
		c.Key = mainRSA.jwk
		if c.Algs == nil {
			c.Algs = []string{"PS256"}
		}
		if c.Ref == "" {
			c.Ref = "RFC 7518 §3.5"
		}
	}
	return cases
}

// otherSalt returns a token with a salt of another size than the hash.
func otherSalt(k key, size int) string {
	signed, _ := cut(k.jwt(goodClaims))
	hash := hashes[k.alg]
	return signed + "." + base64url(mainRSA.raw(pss(hash, hash, digest(hash, signed), expand("salt", size), mainRSA.bits-1)))
}
