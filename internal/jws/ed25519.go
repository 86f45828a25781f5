package jws

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

var (
	errSmallOrder   = errors.New("the Ed25519 public key is a point of small order, under which anyone can forge signatures; use a key that crypto/ed25519 generated")
	errEdwardsPoint = errors.New("the Ed25519 public key is not a valid point encoding (RFC 8032 §5.1.3); pass the 32 bytes of an Ed25519 public key")
)

// The curve is -x² + y² = 1 + dx²y² over the integers modulo p (RFC 8032 §5.1).
var (
	edwardsP, _ = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
	edwardsD, _ = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
)

// smallOrder are the y coordinates of the points whose order divides the cofactor, 8, encoded as in
// a key: in little-endian order, but without the sign bit of x. With either sign bit there are 14
// encodings.
var smallOrder = map[string]bool{
	"0000000000000000000000000000000000000000000000000000000000000000": true, // order 4
	"0100000000000000000000000000000000000000000000000000000000000000": true, // order 1
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05": true, // order 8
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a": true, // order 8
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true, // order 2
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true, // p, which is 0
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true, // p + 1, which is 1
}

// checkEd25519 returns an error unless key encodes a point that can be a public key. crypto/ed25519
// checks a key only when it verifies, where a bad key looks like a bad signature, and it accepts
// points of small order. Points of mixed order, which have a component of small order, are
// accepted, as in RFC 8032 and crypto/ed25519: forging under them needs the private key.
func checkEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("an Ed25519 public key has %d bytes, not %d", ed25519.PublicKeySize, len(key))
	}
	encoded := slices.Clone(key)
	encoded[31] &^= 1 << 7 // the sign of x
	if smallOrder[hex.EncodeToString(encoded)] {
		return errSmallOrder
	}
	slices.Reverse(encoded)
	y := new(big.Int).SetBytes(encoded)
	if y.Cmp(edwardsP) >= 0 || !hasX(y) {
		return errEdwardsPoint
	}
	return nil
}

// hasX reports whether the curve has a point with the given y: whether
// x² = (y² - 1) / (dy² + 1) is a square modulo p.
func hasX(y *big.Int) bool {
	one := big.NewInt(1)
	square := new(big.Int).Mul(y, y)
	numerator := new(big.Int).Sub(square, one)
	denominator := new(big.Int).Mul(edwardsD, square)
	denominator.Add(denominator, one)
	// The quotient is a square if and only if the product is, and the product needs no inverse.
	product := numerator.Mul(numerator, denominator)
	return big.Jacobi(product.Mod(product, edwardsP), edwardsP) == 1
}
