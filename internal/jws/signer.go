package jws

import (
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// golang-jwt signs RSA and ECDSA with private keys in memory only. The methods here sign with any
// crypto.Signer, so that the key can stay in a KMS or an HSM, and verify as golang-jwt does. (For
// Ed25519 golang-jwt takes a Signer.)

var errAnswer = errors.New("the signer did not return an ASN.1 ECDSA signature for the key's curve")

type rsaMethod struct {
	jwt.SigningMethod
	hash    crypto.Hash
	options crypto.SignerOpts
}

func (m rsaMethod) Sign(signed string, key any) ([]byte, error) {
	return signDigest(signed, key, m.hash, m.options)
}

type ecdsaMethod struct {
	jwt.SigningMethod
	hash crypto.Hash
	size int // of r and of s, in bytes
}

// Sign converts the ASN.1 signature of a crypto.Signer to the form of JWA (RFC 7518 §3.4): r and s side
// by side, each as long as the order of the curve.
func (m ecdsaMethod) Sign(signed string, key any) ([]byte, error) {
	der, err := signDigest(signed, key, m.hash, m.hash)
	if err != nil {
		return nil, err
	}
	var point struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &point)
	if err != nil || len(rest) > 0 || !m.fits(point.R) || !m.fits(point.S) {
		return nil, errAnswer
	}
	signature := make([]byte, 2*m.size)
	point.R.FillBytes(signature[:m.size])
	point.S.FillBytes(signature[m.size:])
	return signature, nil
}

// fits reports whether n is short enough to be written. Verification finds out whether n is right.
func (m ecdsaMethod) fits(n *big.Int) bool { return n.BitLen() <= 8*m.size }

func signDigest(signed string, key any, hash crypto.Hash, options crypto.SignerOpts) ([]byte, error) {
	digest := hash.New()
	digest.Write([]byte(signed))
	return key.(crypto.Signer).Sign(rand.Reader, digest.Sum(nil), options)
}
