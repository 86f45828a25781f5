package main

import (
	"bytes"
	"crypto"
	"math/big"
	"slices"
)

// pkcs1Cases are RS256 tokens whose signature hides a malformed message (RFC 8017 §9.2). The
// private key has been applied to each, so that only a look at every byte finds the fault.
func pkcs1Cases() []Case {
	signed, _ := cut(rs256.jwt(goodClaims))
	sum := digest(crypto.SHA256, signed)
	size := mainRSA.size()
	good := pkcs1(digestInfo(crypto.SHA256, sum), size)

	// with returns a token whose signature is the private key applied to a message.
	with := func(message []byte) string { return signed + "." + base64url(mainRSA.raw(message)) }
	// edited returns a token of the good message with changes to it.
	edited := func(edit func(message []byte)) string {
		message := bytes.Clone(good)
		edit(message)
		return with(message)
	}
	// info returns a token of a message that ends with the given DigestInfo.
	info := func(info ...[]byte) string { return with(pkcs1(slices.Concat(info...), size)) }
	value := func(v *big.Int) string { return signed + "." + base64url(v.FillBytes(make([]byte, size))) }

	cases := []Case{
		{Name: "well formed", Token: with(good), Want: ok,
			Reason: "The control for the cases beside it: the same key, the same claims, a well-formed message."},
		{Name: "block type 0", Token: edited(func(m []byte) { m[1] = 0 }), Want: invalid, Reason: "The second byte must be 1."},
		{Name: "block type 2", Token: edited(func(m []byte) { m[1] = 2 }), Want: invalid,
			Reason: "The second byte must be 1; 2 is for encryption."},
		{Name: "first byte not zero", Token: edited(func(m []byte) { m[0] = 1 }), Want: invalid, Reason: "The first byte must be 0."},
		{Name: "first byte of the padding is zero", Token: edited(func(m []byte) { m[2] = 0 }), Want: invalid,
			Reason: "The padding must be bytes of FF."},
		{Name: "zero inside the padding", Token: edited(func(m []byte) { m[100] = 0 }), Want: invalid,
			Reason: "The padding must be bytes of FF up to the zero before the DigestInfo."},
		{Name: "last byte of the padding is FE", Token: edited(func(m []byte) { m[size-53] = 0xfe }), Want: invalid,
			Reason: "The padding must be bytes of FF."},
		{Name: "no zero after the padding", Token: edited(func(m []byte) { m[size-52] = 0xff }), Want: invalid,
			Reason: "A zero must separate the padding from the DigestInfo."},
		{Name: "digest changed", Token: edited(func(m []byte) { m[size-1] ^= 1 }), Want: invalid,
			Reason: "The digest in the message is not the digest of the token."},
		{Name: "bytes after the digest", Token: with(slices.Concat(pkcs1(digestInfo(crypto.SHA256, sum), 70), expand("garbage", size-70))), Want: invalid,
			Reason: "Bytes after the digest allow signatures to be forged for small exponents.", Ref: "CVE-2006-4339"},
		{Name: "bytes inside the DigestInfo", Want: invalid,
			Token:  info(unhex("3081a0"+"307c"+"0609608648016503040201"+"046f"), expand("parameters", 0x6f), unhex("0420"), sum),
			Reason: "Bytes in place of the parameters NULL allow signatures to be forged for small exponents.", Ref: "CVE-2006-4790"},
		{Name: "digest without DigestInfo", Token: info(sum), Want: invalid, Reason: "The message must say which hash was used."},
		{Name: "DigestInfo of SHA-384 with a SHA-256 digest", Token: info(unhex("3031300d060960864801650304020205000420"), sum), Want: invalid,
			Reason: "The message names another hash than the one of RS256."},
		{Name: "DigestInfo and digest of SHA-512", Token: info(digestInfo(crypto.SHA512, digest(crypto.SHA512, signed))), Want: invalid,
			Reason: "The message is one of RS512; the header says RS256.", Ref: "RFC 7518 §3.3"},
		{Name: "parameters absent", Token: info(unhex("302f300b0609608648016503040201"+"0420"), sum), Want: invalid, Or: []string{ok},
			Reason: "The parameters must be NULL. Some verifiers tolerate their absence.", Ref: "RFC 8017 §A.2.4"},
		{Name: "length in long form", Token: info(unhex("308131300d060960864801650304020105000420"), sum), Want: invalid,
			Reason: "DER writes a short length in one byte."},
		{Name: "NULL with a length in long form",
			Token: info(unhex("3032300e060960864801650304020105"+"8100"+"0420"), sum), Want: invalid,
			Reason: "DER writes a short length in one byte."},
		{Name: "indefinite length", Token: info(unhex("3080300d060960864801650304020105000420"), sum, []byte{0, 0}), Want: invalid,
			Reason: "DER has no indefinite lengths."},
		{Name: "digest as a BIT STRING", Token: info(unhex("3031300d060960864801650304020105000320"), sum), Want: invalid,
			Reason: "The digest must be an OCTET STRING."},
		{Name: "another object identifier", Token: info(unhex("3031300d060960864801650304020005000420"), sum), Want: invalid,
			Reason: "The object identifier is not one of SHA-256."},
		{Name: "digest one byte shorter", Token: info(unhex("3030300d06096086480165030402010500041f"), sum[:31]), Want: invalid,
			Reason: "A digest of SHA-256 has 32 bytes."},
		{Name: "message of a shorter key", Token: with(slices.Concat(make([]byte, 128), pkcs1(digestInfo(crypto.SHA256, sum), 128))), Want: invalid,
			Reason: "The message must fill the key's size, not the size of a shorter key."},
		{Name: "signature 0", Token: value(new(big.Int)), Want: invalid, Reason: "0 is the signature of the message 0, under every key."},
		{Name: "signature 1", Token: value(big.NewInt(1)), Want: invalid, Reason: "1 is the signature of the message 1, under every key."},
		{Name: "signature n - 1", Token: value(new(big.Int).Sub(mainRSA.n, big.NewInt(1))), Want: invalid,
			Reason: "n - 1 is the signature of the message n - 1, under every key."},
		{Name: "signature n", Token: value(mainRSA.n), Want: invalid,
			Reason: "A signature must be smaller than the modulus.", Ref: "RFC 8017 §5.2.2"},
		{Name: "message instead of the signature", Token: value(new(big.Int).SetBytes(good)), Want: invalid,
			Reason: "The message is well formed, but the private key was not applied to it."},
		{Name: "signature of the complement", Token: value(new(big.Int).Sub(mainRSA.n, new(big.Int).SetBytes(mainRSA.raw(good)))), Want: invalid,
			Reason: "n - s is the signature of n - m, which is not well formed."},
		{Name: "zero byte before the signature", Token: resign(with(good), prependZero), Want: invalid,
			Reason: "A signature has as many bytes as the modulus.", Ref: "RFC 8017 §8.2.2"},
		shortPKCS1Case(),
		cubeRootCase(),
	}
	for i := range cases {
		c := &cases[i]
		if c.Key == nil {
			c.Key = mainRSA.jwk
		}
		c.Algs = []string{"RS256"}
		if c.Ref == "" {
			c.Ref = "RFC 8017 §9.2"
		}
	}
	return cases
}

// shortPKCS1Case has a signature whose first byte is 0 and was left out.
func shortPKCS1Case() Case {
	const jti = 192 // the first number that leads to such a signature
	return Case{
		Name: "zero byte of the signature left out", Want: invalid,
		Token:  resign(rs256.jwt(numbered(jti)), dropFirstZero),
		Reason: "A signature has as many bytes as the modulus, leading zeros included.", Ref: "RFC 8017 §8.2.2",
	}
}

// cubeRootCase is the forgery of Bleichenbacher (2006): with the exponent 3 and a verifier that
// ignores what follows the digest, a cube root is a signature.
func cubeRootCase() Case {
	signed, _ := cut(rs256.jwt(goodClaims))
	start := pkcs1(digestInfo(crypto.SHA256, digest(crypto.SHA256, signed)), 3+8+51)
	message := new(big.Int).SetBytes(append(start, bytes.Repeat([]byte{0xff}, mainRSA.size()-len(start))...))
	return Case{
		Name: "cube root forgery", Want: invalid,
		Key:    jwk("kty", "RSA", "n", base64url(mainRSA.n.Bytes()), "e", base64url([]byte{3})),
		Token:  signed + "." + base64url(cubeRoot(message).FillBytes(make([]byte, mainRSA.size()))),
		Reason: "The cube of the signature begins like a good message, with eight bytes of padding. The rest is garbage.", Ref: "CVE-2006-4339",
	}
}

// cubeRoot returns the largest number whose cube is not larger than n.
func cubeRoot(n *big.Int) *big.Int {
	root := new(big.Int)
	for bit := n.BitLen() / 3; bit >= 0; bit-- {
		root.SetBit(root, bit, 1)
		if new(big.Int).Exp(root, big.NewInt(3), nil).Cmp(n) > 0 {
			root.SetBit(root, bit, 0)
		}
	}
	return root
}
