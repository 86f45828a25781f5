package main

import (
	"bytes"
	"crypto"

	"encoding/hex"
	"encoding/json"
	"math/big"
)

const rsaExponent = 65537

// An rsaKey signs whatever encoded message it is given, a malformed one too, which crypto/rsa
// would not do.
type rsaKey struct {
	n, p, q, d *big.Int
	jwk        json.RawMessage
	bits       int
}

// newRSAKey makes a key of two primes. The label and an offset lead to each (see prime).
func newRSAKey(label string, pBits int, pOffset int64, qBits int, qOffset int64) *rsaKey {
	p, q := prime(label+" p", pBits, pOffset), prime(label+" q", qBits, qOffset)
	n := new(big.Int).Mul(p, q)
	one, e := big.NewInt(1), big.NewInt(rsaExponent)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	return &rsaKey{
		n: n, p: p, q: q,
		d:    new(big.Int).ModInverse(e, phi),
		jwk:  jwk("kty", "RSA", "n", base64url(n.Bytes()), "e", base64url(e.Bytes())),
		bits: n.BitLen(),
	}
}

// prime returns a prime number of so many bits. The search for it began at the odd number that
// expand makes of the label. The offset is the number of odd numbers that the search skipped. With
// it, this program does not search again.
func prime(label string, bits int, offset int64) *big.Int {
	n := new(big.Int).SetBytes(expand(label, (bits+7)/8))
	n.Rsh(n, uint(-bits&7))
	n.SetBit(n, bits-1, 1).SetBit(n, bits-2, 1).SetBit(n, 0, 1)
	return n.Add(n, big.NewInt(2*offset))
}

func (k *rsaKey) size() int { return (k.bits + 7) / 8 }

// raw applies the private key to an encoded message (RFC 8017 §5.2.1). It computes m^d modulo p and
// q instead of n, which takes a quarter of the time.
func (k *rsaKey) raw(encoded []byte) []byte {
	m := new(big.Int).SetBytes(encoded)
	s, sq := k.power(m, k.p), k.power(m, k.q)
	s.Sub(s, sq).Mul(s, new(big.Int).ModInverse(k.q, k.p)).Mod(s, k.p)
	return s.Mul(s, k.q).Add(s, sq).FillBytes(make([]byte, k.size()))
}

// power returns m^d modulo a prime.
func (k *rsaKey) power(m, prime *big.Int) *big.Int {
	d := new(big.Int).Mod(k.d, new(big.Int).Sub(prime, big.NewInt(1)))
	return d.Exp(m, d, prime)
}

// bind returns the key for one algorithm.
func (k *rsaKey) bind(alg string) key {
	hash := hashes[alg]
	sign := func(text string) []byte { return k.raw(pkcs1(digestInfo(hash, digest(hash, text)), k.size())) }
	if alg[0] == 'P' {
		sign = func(text string) []byte {
			return k.raw(pss(hash, hash, digest(hash, text), expand("salt", hash.Size()), k.bits-1))
		}
	}
	return key{alg: alg, jwk: k.jwk, sign: sign}
}

// digestInfos are the DigestInfo values before the digest, in DER (RFC 8017 §9.2, note 1).
var digestInfos = map[crypto.Hash]string{
	crypto.SHA256: "3031300d060960864801650304020105000420",
	crypto.SHA384: "3041300d060960864801650304020205000430",
	crypto.SHA512: "3051300d060960864801650304020305000440",
}

func digestInfo(hash crypto.Hash, digest []byte) []byte {
	return append(unhex(digestInfos[hash]), digest...)
}

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

// pkcs1 fills a DigestInfo up to size bytes (EMSA-PKCS1-v1_5, RFC 8017 §9.2).
func pkcs1(info []byte, size int) []byte {
	filled := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-3-len(info))...)
	return append(append(filled, 0), info...)
}

// pss encodes a digest in bits bits (EMSA-PSS, RFC 8017 §9.1.1) with MGF1 over the mask's hash.
func pss(hash, maskHash crypto.Hash, digest, salt []byte, bits int) []byte {
	h := hash.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(salt)
	sum := h.Sum(nil)

	size := (bits + 7) / 8
	block := make([]byte, size-len(sum)-1)
	block[len(block)-len(salt)-1] = 1
	copy(block[len(block)-len(salt):], salt)
	for i, mask := range mgf1(maskHash, sum, len(block)) {
		block[i] ^= mask
	}
	block[0] &= 0xff >> (8*size - bits)
	return append(append(block, sum...), 0xbc)
}

// mgf1 is the mask generation function of RFC 8017 §B.2.1.
func mgf1(hash crypto.Hash, seed []byte, size int) []byte {
	var mask []byte
	for counter := byte(0); len(mask) < size; counter++ {
		h := hash.New()
		h.Write(seed)
		h.Write([]byte{0, 0, 0, counter})
		mask = h.Sum(mask)
	}
	return mask[:size]
}
