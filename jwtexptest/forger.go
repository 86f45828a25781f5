package jwtexptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"

	"github.com/jwtexp/jwtexp"
)

// A forger has another key of the same algorithm and size as the trusted one.
type forger struct {
	key jwtexp.Key
	jwk members // the key's JWK, for a header (RFC 7515 §4.1.3)
}

func newForger(trusted jwtexp.Key) (forger, error) {
	var (
		private crypto.Signer
		jwk     members
		err     error
	)
	switch public := trusted.PublicKey().(type) {
	case nil:
		secret := make([]byte, 64) // enough for every HMAC algorithm
		rand.Read(secret)
		key, err := jwtexp.NewSecretKey(trusted.Algorithm(), secret)
		return forger{key, members{"kty": "oct", "k": encode(secret)}}, err
	case *rsa.PublicKey:
		private, jwk, err = newRSA(public.N.BitLen())
	case *ecdsa.PublicKey:
		private, jwk, err = newECDSA(public.Curve)
	case ed25519.PublicKey:
		private, jwk, err = newEd25519()
	default:
		err = fmt.Errorf("unsupported key type %T", public)
	}
	if err != nil {
		return forger{}, err
	}
	key, err := jwtexp.NewSigningKey(trusted.Algorithm(), private)
	return forger{key, jwk}, err
}

func newRSA(bits int) (crypto.Signer, members, error) {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, nil, err
	}
	exponent := big.NewInt(int64(private.E)).Bytes()
	return private, members{"kty": "RSA", "n": encode(private.N.Bytes()), "e": encode(exponent)}, nil
}

func newECDSA(curve elliptic.Curve) (crypto.Signer, members, error) {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	point, err := private.PublicKey.Bytes() // the byte 4, x, y
	if err != nil {
		return nil, nil, err
	}
	x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
	return private, members{"kty": "EC", "crv": curve.Params().Name, "x": encode(x), "y": encode(y)}, nil
}

func newEd25519() (crypto.Signer, members, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	return private, members{"kty": "OKP", "crv": "Ed25519", "x": encode(public)}, nil
}
