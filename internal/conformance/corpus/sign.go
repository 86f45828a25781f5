package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
)

// now is the clock of most cases: 2027-01-15T08:00:00Z.
const now = 1_800_000_000

// The claims sets of cases that are about something else.
const (
	goodClaims    = `{"sub":"alice","exp":1800000600}`
	expiredClaims = `{"sub":"alice","exp":1799999999}`
	earlyClaims   = `{"sub":"alice","nbf":1800000300,"exp":1800000600}`
)

var hashes = map[string]crypto.Hash{
	"HS256": crypto.SHA256, "HS384": crypto.SHA384, "HS512": crypto.SHA512,
	"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
	"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512,
	"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
}

func base64url[T ~string | ~[]byte](b T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(b))
}

func digest(hash crypto.Hash, text string) []byte {
	h := hash.New()
	h.Write([]byte(text))
	return h.Sum(nil)
}

// mac computes an HMAC. FIPS 140-3 mode refuses a short key, so the key is filled up with zeros
// to the hash's block size, as HMAC itself does.
func mac(hash crypto.Hash, secret []byte, text string) []byte {
	if size := hash.New().BlockSize(); len(secret) < size {
		secret = append(secret[:len(secret):len(secret)], make([]byte, size-len(secret))...)
	}
	h := hmac.New(hash.New, secret)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// An ecdsaSignature is a pair of numbers, of which a JWS writes each with as many bytes as the
// curve's order has (RFC 7518 §3.4).
type ecdsaSignature struct {
	r, s *big.Int
	size int
}

// signECDSA signs with the number k that RFC 6979 derives from the key and the digest.
func signECDSA(private *ecdsa.PrivateKey, hash crypto.Hash, text string) ecdsaSignature {
	der, err := private.Sign(nil, digest(hash, text), hash)
	if err != nil {
		panic(err)
	}
	var numbers struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &numbers); err != nil {
		panic(err)
	}
	return ecdsaSignature{numbers.R, numbers.S, (private.Curve.Params().BitSize + 7) / 8}
}

func (s ecdsaSignature) bytes() []byte {
	both := make([]byte, 2*s.size)
	s.r.FillBytes(both[:s.size])
	s.s.FillBytes(both[s.size:])
	return both
}

// usual is the header of most tokens.
func usual(alg string) string { return fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, alg) }

// jwt returns a token with the usual header.
func (k key) jwt(payload string) string { return k.jws(usual(k.alg), payload) }

// jws returns a token with any header, a wrong one too.
func (k key) jws(header, payload string) string {
	return k.signed(base64url(header), base64url(payload))
}

// signed returns a token of segments that are encoded already, well or not.
func (k key) signed(header, payload string) string {
	text := header + "." + payload
	return text + "." + base64url(k.sign(text))
}

// cut splits a token into what is signed and the encoded signature.
func cut(token string) (signed, signature string) {
	dot := strings.LastIndexByte(token, '.')
	return token[:dot], token[dot+1:]
}

// resign replaces the signature of a token by what edit returns for it.
func resign(token string, edit func(signature []byte) []byte) string {
	signed, signature := cut(token)
	return signed + "." + base64url(edit(decode(signature)))
}

func decode(segment string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		panic(err)
	}
	return b
}

// The edits of a signature that several families use.

func flipFirstBit(b []byte) []byte { b[0] ^= 0x80; return b }
func flipLastBit(b []byte) []byte  { b[len(b)-1] ^= 1; return b }
func dropLast(b []byte) []byte     { return b[:len(b)-1] }
func appendZero(b []byte) []byte   { return append(b, 0) }
func prependZero(b []byte) []byte  { return append([]byte{0}, b...) }
func onlyZeros(b []byte) []byte    { return make([]byte, len(b)) }

// dropFirstZero fails unless the signature begins with a zero.
func dropFirstZero(b []byte) []byte {
	if b[0] != 0 {
		panic("the signature does not begin with 0")
	}
	return b[1:]
}

// numbered returns good claims with a number, which changes the signature.
func numbered(jti int) string {
	return fmt.Sprintf(`{"sub":"alice","exp":1800000600,"jti":"%d"}`, jti)
}
