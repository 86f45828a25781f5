package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
)

// A jwk holds the members of a JWK that this package reads (RFC 7517 §4, RFC 7518 §6, RFC 8037
// §2). go-jose can read public keys, too, but it bounds RSA keys by jose.MaxRSAModulusBits, a
// variable that any package in the process can change.
type jwk struct {
	Type, KeyID, Algorithm, Use, Curve string
	Operations                         []string
	N, E, X, Y                         base64URL
}

// privateMembers are the members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2,
// §6.4.1).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// read reads the members. Its error names every member that is wrong.
func (j *jwk) read(text []byte) error {
	var members map[string]josejson.RawMessage
	if josejson.Unmarshal(text, &members) != nil {
		return errors.New("it is not a JSON object, or a member is in it twice")
	}
	var found faults
	for _, field := range []struct {
		name, want string
		value      any
	}{
		{"kid", "a string", &j.KeyID},
		{"kty", "a string", &j.Type},
		{"alg", "a string", &j.Algorithm},
		{"use", "a string", &j.Use},
		{"key_ops", "an array of strings", &j.Operations},
		{"crv", "a string", &j.Curve},
		{"n", "base64url without padding", &j.N},
		{"e", "base64url without padding", &j.E},
		{"x", "base64url without padding", &j.X},
		{"y", "base64url without padding", &j.Y},
	} {
		if member := members[field.name]; member != nil && josejson.Unmarshal(member, field.value) != nil {
			found.addf("%s is not %s", field.name, field.want)
		}
	}
	if slices.ContainsFunc(privateMembers, func(name string) bool { return members[name] != nil }) {
		found.addf("it is a private key or a secret; keep only public keys in a set, and pass a private JWK to ParseKey")
	}
	return found.err()
}

// checkUse returns why the key is not for signatures, or nil.
func (j *jwk) checkUse() error {
	var found faults
	if j.Use != "" && j.Use != "sig" {
		found.addf("use is %s, and not sig", shown(j.Use))
	}
	if j.Operations != nil && !slices.Contains(j.Operations, "verify") {
		found.addf("key_ops has no verify")
	}
	return found.err()
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

// A publicKey is an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey.
type publicKey interface{ Equal(crypto.PublicKey) bool }

// publicKey returns the public key of j, or why it cannot decode one. NewPublicKey checks what
// publicKey does not.
func (j *jwk) publicKey() (publicKey, error) {
	curve := curves[j.Curve]
	switch {
	case j.Type == "RSA":
		return j.rsaKey()
	case j.Type == "EC" && curve != nil:
		return j.ecdsaKey(curve)
	case j.Type == "OKP" && j.Curve == "Ed25519":
		return ed25519.PublicKey(j.X), nil
	case j.Type == "EC", j.Type == "OKP":
		return nil, fmt.Errorf("crv is %s; want P-256, P-384 or P-521 for EC, Ed25519 for OKP", shown(j.Curve))
	}
	return nil, fmt.Errorf("kty is %s; want RSA, EC or OKP", shown(j.Type))
}

func (j *jwk) rsaKey() (publicKey, error) {
	n, e := new(big.Int).SetBytes(j.N), new(big.Int).SetBytes(j.E)
	if e.BitLen() > 31 { // crypto/rsa accepts no larger exponent, and an int may not hold one
		return nil, fmt.Errorf("e has %d bits; want 31 at most", e.BitLen())
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func (j *jwk) ecdsaKey(curve elliptic.Curve) (publicKey, error) {
	if len(j.X) != len(j.Y) { // both have the length of a coordinate (RFC 7518 §6.2.1.2)
		return nil, fmt.Errorf("x has %d bytes and y has %d; want the size of the curve for both", len(j.X), len(j.Y))
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, j.X, j.Y))
	if err != nil {
		return nil, errors.New("x and y are not a point on the curve " + j.Curve)
	}
	return key, nil
}
