package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
)

// A jwk holds the members of a JWK that this package reads (RFC 7517 §4, RFC 7518 §6, RFC 8037
// §2). go-jose can read public keys, too, but it bounds RSA keys by jose.MaxRSAModulusBits, a
// variable that any package in the process can change.
type jwk struct {
	Type       string    `json:"kty"`
	KeyID      string    `json:"kid"`
	Algorithm  string    `json:"alg"`
	Use        string    `json:"use"`
	Operations []string  `json:"key_ops"`
	Curve      string    `json:"crv"`
	N          base64URL `json:"n"`
	E          base64URL `json:"e"`
	X          base64URL `json:"x"`
	Y          base64URL `json:"y"`
}

// base64URL is bytes in base64url without padding (RFC 7515 §2).
type base64URL []byte

func (b *base64URL) UnmarshalJSON(text []byte) (err error) {
	var encoded string
	if err := josejson.Unmarshal(text, &encoded); err != nil {
		return err
	}
	if strings.ContainsAny(encoded, "\r\n") { // encoding/base64 skips line breaks
		return errors.New("base64url contains a line break")
	}
	*b, err = base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// publicKey returns the public key of j, or nil if it cannot decode one. NewPublicKey checks
// what publicKey does not.
func (j *jwk) publicKey() crypto.PublicKey {
	curve := curves[j.Curve]
	switch {
	case j.Type == "RSA":
		return j.rsaKey()
	case j.Type == "EC" && curve != nil:
		return j.ecdsaKey(curve)
	case j.Type == "OKP" && j.Curve == "Ed25519":
		return ed25519.PublicKey(j.X)
	}
	return nil
}

func (j *jwk) rsaKey() crypto.PublicKey {
	n, e := new(big.Int).SetBytes(j.N), new(big.Int).SetBytes(j.E)
	if e.BitLen() > 31 { // crypto/rsa accepts no larger exponent, and an int may not hold one
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func (j *jwk) ecdsaKey(curve elliptic.Curve) crypto.PublicKey {
	if len(j.X) != len(j.Y) { // both have the length of a coordinate (RFC 7518 §6.2.1.2)
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, j.X, j.Y))
	if err != nil {
		return nil
	}
	return key
}
