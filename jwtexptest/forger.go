package jwtexptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"

	"github.com/jwtexp/jwtexp"
)

// A forger has a key of the same shape as a trusted one: of the same algorithm
// and size.
type forger struct {
	key jwtexp.Key
	jwk members // the key as a header can carry it (RFC 7515 §4.1.3)
}

func newForger(trusted jwtexp.Key) (forger, error) {
	var (
		key jwtexp.Key
		jwk members
		err error
	)
	switch public := trusted.PublicKey().(type) {
	case nil:
		key, jwk, err = otherSecret(trusted.Algorithm())
	case *rsa.PublicKey:
		key, jwk, err = otherRSA(trusted.Algorithm(), public)
	case *ecdsa.PublicKey:
		key, jwk, err = otherECDSA(trusted.Algorithm(), public)
	case ed25519.PublicKey:
		key, jwk, err = otherEd25519(trusted.Algorithm())
	default:
		err = fmt.Errorf("no way to make another %T", public)
	}
	return forger{key, jwk}, err
}

func otherSecret(alg jwtexp.Algorithm) (jwtexp.Key, members, error) {
	secret := make([]byte, 64) // the length of the longest hash
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(alg, secret)
	return key, members{"kty": "oct", "k": encode(secret)}, err
}

func otherRSA(alg jwtexp.Algorithm, trusted *rsa.PublicKey) (jwtexp.Key, members, error) {
	private, err := rsa.GenerateKey(rand.Reader, trusted.N.BitLen())
	if err != nil {
		return jwtexp.Key{}, nil, err
	}
	exponent := big.NewInt(int64(private.E)).Bytes()
	return signing(alg, private, members{"kty": "RSA", "n": encode(private.N.Bytes()), "e": encode(exponent)})
}

func otherECDSA(alg jwtexp.Algorithm, trusted *ecdsa.PublicKey) (jwtexp.Key, members, error) {
	private, err := ecdsa.GenerateKey(trusted.Curve, rand.Reader)
	if err != nil {
		return jwtexp.Key{}, nil, err
	}
	point, err := private.PublicKey.Bytes() // 4, x and y
	if err != nil {
		return jwtexp.Key{}, nil, err
	}
	x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
	return signing(alg, private, members{"kty": "EC", "crv": trusted.Params().Name, "x": encode(x), "y": encode(y)})
}

func otherEd25519(alg jwtexp.Algorithm) (jwtexp.Key, members, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return jwtexp.Key{}, nil, err
	}
	return signing(alg, private, members{"kty": "OKP", "crv": "Ed25519", "x": encode(public)})
}

func signing(alg jwtexp.Algorithm, private crypto.Signer, jwk members) (jwtexp.Key, members, error) {
	key, err := jwtexp.NewSigningKey(alg, private)
	return key, jwk, err
}
