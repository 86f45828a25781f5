package jws

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// RFC 7518 §3.3 and §3.5 set the minimum. The maximum limits the work that a forged token causes.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// clonePublic copies a public key. It returns an error if the key is invalid or does not fit the
// algorithm.
func clonePublic(a algorithm, public crypto.PublicKey) (crypto.PublicKey, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if a.family == rsaKey {
			return clonePublicRSA(key)
		}
	case *ecdsa.PublicKey:
		if a.family == ecdsaKey {
			return clonePublicECDSA(a, key)
		}
	case ed25519.PublicKey:
		if a.family == ed25519Key {
			if err := checkEd25519(key); err != nil {
				return nil, err
			}
			return slices.Clone(key), nil
		}
	}
	return nil, fmt.Errorf("%s, not a %T%s", a.takes(), public, hintFor(public))
}

// takes says which keys an algorithm takes.
func (a algorithm) takes() string {
	if a.family == ecdsaKey {
		return a.name + " takes an ECDSA key on " + a.curve.Params().Name
	}
	return a.name + " takes an " + string(a.family)
}

// hintFor says what to do with a key of a Go type that clonePublic does not take.
func hintFor(public crypto.PublicKey) string {
	switch public.(type) {
	case rsa.PublicKey, ecdsa.PublicKey:
		return "; pass a pointer to it"
	case *ed25519.PublicKey:
		return "; pass the value"
	case *rsa.PublicKey:
		return ", which is for RS256, RS384, RS512, PS256, PS384 or PS512"
	case *ecdsa.PublicKey:
		return ", which is for ES256, ES384 or ES512"
	case ed25519.PublicKey:
		return ", which is for Ed25519 or EdDSA"
	case *ecdh.PublicKey, *ecdh.PrivateKey:
		return ", which is for key agreement (X25519, ECDH) and does not sign"
	case *x509.Certificate:
		return "; pass its PublicKey"
	case crypto.Signer:
		return "; pass a private key to NewSigningKey"
	case []byte, string:
		return "; parse it with ParsePEM or x509.ParsePKIXPublicKey"
	}
	return ""
}

func clonePublicRSA(key *rsa.PublicKey) (crypto.PublicKey, error) {
	switch {
	case key == nil || key.N == nil || key.N.Sign() <= 0 || key.N.Bit(0) == 0:
		return nil, errors.New("the RSA modulus is invalid")
	case key.N.BitLen() < minRSABits:
		return nil, fmt.Errorf("an RSA key of %d bits is too short; want %d bits or more (RFC 7518 §3.3)", key.N.BitLen(), minRSABits)
	case key.N.BitLen() > maxRSABits:
		return nil, fmt.Errorf("an RSA key of %d bits is too long; want %d to %d bits", key.N.BitLen(), minRSABits, maxRSABits)
	}
	clone := copyRSA(key)
	// crypto/rsa does not verify with some keys, for example in FIPS 140-3 mode. Such a key would
	// make each token invalid. A usable key returns the error for a wrong signature.
	err := rsa.VerifyPKCS1v15(clone, crypto.SHA256, make([]byte, crypto.SHA256.Size()), make([]byte, clone.Size()))
	if !errors.Is(err, rsa.ErrVerification) {
		return nil, fmt.Errorf("the RSA key cannot be used: %w", err)
	}
	return clone, nil
}

func copyRSA(key *rsa.PublicKey) *rsa.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E}
}

// curveOf returns the name of the key's curve. The curve may be a type of the application.
func curveOf(key *ecdsa.PublicKey) string {
	for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if key != nil && key.Curve == curve {
			return curve.Params().Name
		}
	}
	return "another curve"
}

var errPoint = errors.New("the ECDSA public key is not a point on its curve")

func clonePublicECDSA(a algorithm, key *ecdsa.PublicKey) (crypto.PublicKey, error) {
	if key == nil || key.Curve != a.curve {
		return nil, fmt.Errorf("%s, not on %s", a.takes(), curveOf(key))
	}
	//lint:ignore SA1019 only compared with nil: Bytes panics on a nil number
	if key.X == nil || key.Y == nil {
		return nil, errPoint
	}
	point, err := key.Bytes()
	if err != nil {
		return nil, errPoint
	}
	clone, err := ecdsa.ParseUncompressedPublicKey(a.curve, point)
	if err != nil {
		return nil, errPoint
	}
	return clone, nil
}
