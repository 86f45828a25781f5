package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// ecdsaCases are unusual ECDSA signatures (RFC 7518 §3.4).
func ecdsaCases() []Case {
	var all []Case
	for _, k := range []key{es256, es384, es512} {
		for _, c := range ecdsaCasesOf(k) {
			c.Name = k.alg + " " + c.Name
			c.Key, c.Algs = k.jwk, []string{k.alg}
			if c.Ref == "" {
				c.Ref = "RFC 7518 §3.4"
			}
			all = append(all, c)
		}
	}
	return append(all, otherCurveCases()...)
}

func ecdsaCasesOf(k key) []Case {
	token := k.jwt(goodClaims)
	signed, encoded := cut(token)
	signature := decode(encoded)
	size := len(signature) / 2
	r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
	zero, one := new(big.Int), big.NewInt(1)
	n := k.private.(*ecdsa.PrivateKey).Params().N

	pair := func(r, s *big.Int) string {
		return signed + "." + base64url(ecdsaSignature{r, s, size}.bytes())
	}
	der := func(r, s *big.Int) string {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			panic(err)
		}
		return signed + "." + base64url(b)
	}
	const outOfRange = "r and s must be in 1..n-1."
	return []Case{
		{Name: "s replaced by n minus s", Token: pair(r, new(big.Int).Sub(n, s)), Want: ok, Or: []string{invalid},
			Reason: "Each ECDSA signature has a twin that verifies, too. RFC 7518 does not forbid it; a verifier may."},
		{Name: "r and s zero", Token: pair(zero, zero), Want: invalid, Reason: outOfRange, Ref: "CVE-2022-21449"},
		{Name: "r zero", Token: pair(zero, s), Want: invalid, Reason: outOfRange, Ref: "CVE-2022-21449"},
		{Name: "s zero", Token: pair(r, zero), Want: invalid, Reason: outOfRange, Ref: "CVE-2022-21449"},
		{Name: "r and s one", Token: pair(one, one), Want: invalid, Reason: "A signature that can be written without the key."},
		{Name: "r is n", Token: pair(n, s), Want: invalid, Reason: outOfRange},
		{Name: "s is n", Token: pair(r, n), Want: invalid, Reason: outOfRange},
		{Name: "r and s are n", Token: pair(n, n), Want: invalid, Reason: outOfRange, Ref: "CVE-2022-21449"},
		{Name: "r is one and s is n minus one", Token: pair(one, new(big.Int).Sub(n, one)), Want: invalid,
			Reason: "A signature that can be written without the key."},
		{Name: "all bits set", Token: signed + "." + base64url(bytes.Repeat([]byte{0xff}, 2*size)), Want: invalid, Reason: outOfRange},
		{Name: "r and s swapped", Token: pair(s, r), Want: invalid, Reason: "r stands before s."},
		{Name: "DER", Token: der(r, s), Want: invalid, Reason: "A JWS has r and s with fixed lengths, not in DER."},
		{Name: "DER of zeros", Token: der(zero, zero), Want: invalid,
			Reason: "A JWS has r and s with fixed lengths, not in DER.", Ref: "CVE-2022-21449"},
		{Name: "r alone", Token: signed + "." + base64url(signature[:size]),
			Want: invalid, Reason: fmt.Sprintf("The signature must have %d bytes.", 2*size)},
		{Name: "zero byte before r and before s", Want: invalid,
			Token:  signed + "." + base64url(append(prependZero(signature[:size]), prependZero(signature[size:])...)),
			Reason: fmt.Sprintf("The signature must have %d bytes.", 2*size)},
		{Name: "only zeros, one byte too few", Token: signed + "." + base64url(make([]byte, 2*size-1)), Want: invalid,
			Reason: fmt.Sprintf("The signature must have %d bytes.", 2*size), Ref: "CVE-2022-21449"},
	}
}

// otherCurveCases are signatures and keys of a curve that the algorithm does not have.
func otherCurveCases() []Case {
	const jti = 599 // the first number that leads to a signature that begins with 0
	signed, _ := cut(es256.jwt(goodClaims))
	private := es256.private.(*ecdsa.PrivateKey)
	return []Case{
		{Name: "ES256 with the zero at the start of r left out", Key: es256.jwk, Algs: []string{"ES256"}, Want: invalid,
			Token:  resign(es256.jwt(numbered(jti)), dropFirstZero),
			Reason: "r is written with 32 bytes, leading zeros included.", Ref: "RFC 7518 §3.4"},
		{Name: "ES256 with the zero at the start of r", Key: es256.jwk, Algs: []string{"ES256"}, Want: ok,
			Token:  es256.jwt(numbered(jti)),
			Reason: "r is written with 32 bytes, leading zeros included.", Ref: "RFC 7518 §3.4"},
		{Name: "ES384 header with a P-256 key", Key: es256.jwk, Algs: []string{"ES384"}, Want: invalid,
			Token:  es256.jws(usual("ES384"), goodClaims),
			Reason: "ES384 is for keys on P-384.", Ref: "RFC 7518 §3.4"},
		{Name: "ES256 header with a P-384 key", Key: es384.jwk, Algs: []string{"ES256"}, Want: invalid,
			Token:  es384.jws(usual("ES256"), goodClaims),
			Reason: "ES256 is for keys on P-256.", Ref: "RFC 7518 §3.4"},
		{Name: "ES512 header with a P-256 key", Key: es256.jwk, Algs: []string{"ES512"}, Want: invalid,
			Token:  es256.jws(usual("ES512"), goodClaims),
			Reason: "ES512 is for keys on P-521.", Ref: "RFC 7518 §3.4"},
		{Name: "ES512 with r and s of 64 bytes", Key: es512.jwk, Algs: []string{"ES512"}, Want: invalid,
			Token:  resign(es512.jwt(goodClaims), func(b []byte) []byte { return append(b[2:66], b[68:]...) }),
			Reason: "P-521 has 521 bits, so that r and s are 66 bytes each.", Ref: "RFC 7518 §3.4"},
		{Name: "ES256 over a digest of SHA-384", Key: es256.jwk, Algs: []string{"ES256"}, Want: invalid,
			Token:  signed + "." + base64url(signECDSA(private, crypto.SHA384, signed).bytes()),
			Reason: "ES256 signs the SHA-256 digest.", Ref: "RFC 7518 §3.4"},
		{Name: "ES256K", Key: es256.jwk, Algs: []string{"ES256"}, Want: invalid,
			Token:  es256.jws(usual("ES256K"), goodClaims),
			Reason: "ES256K is another algorithm, on secp256k1, and is not allowed here.", Ref: "RFC 8812 §3.2"},
		{Name: "point that is not on the curve", Algs: []string{"ES256"}, Want: invalid,
			Key:    jwk("kty", "EC", "crv", "P-256", "x", base64url(expand("x", 32)), "y", base64url(expand("y", 32))),
			Token:  es256.jwt(goodClaims),
			Reason: "x and y must be a point on the curve.", Ref: "RFC 8725 §3.4"},
		{Name: "point at infinity", Algs: []string{"ES256"}, Want: invalid,
			Key:    jwk("kty", "EC", "crv", "P-256", "x", base64url(make([]byte, 32)), "y", base64url(make([]byte, 32))),
			Token:  es256.jwt(goodClaims),
			Reason: "0, 0 is not a point on the curve.", Ref: "RFC 8725 §3.4"},
	}
}
