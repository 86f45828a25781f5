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

// A jwk has the members of a JWK that are read (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
// go-jose could read public keys, too, but bounds RSA by jose.MaxRSAModulusBits, a variable
// that any package in the process can change.
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
	if strings.ContainsAny(encoded, "\r\n") { // which encoding/base64 skips
		return errors.New("a line break in base64url")
	}
	*b, err = base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// publicKey returns the public key of j, or nil if j has none of a known type.
// NewPublicKey checks the rest.
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
	if e.BitLen() > 31 { // more than crypto/rsa takes, or an int has
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func (j *jwk) ecdsaKey(curve elliptic.Curve) crypto.PublicKey {
	if len(j.X) != len(j.Y) { // each is as long as a coordinate (RFC 7518 §6.2.1.2)
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, j.X, j.Y))
	if err != nil {
		return nil
	}
	return key
}
