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
// §2). go-jose can read keys, too, but it bounds RSA keys by jose.MaxRSAModulusBits, a variable that
// any package in the process can change.
type jwk struct {
	Type, KeyID, Algorithm, Use, Curve string
	Operations                         []string
	N, E, X, Y                         base64URL
	D, P, Q, DP, DQ, QI, K             base64URL // only ParseKey reads them

	Issuer *string // as Microsoft Entra publishes it; nil: none; "": none that can match

	// show returns a text that may stand for a name of the JWK in an error.
	show func(name string) string
}

// privateMembers are the members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2,
// §6.4.1).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// members are the members of a JWK. go-jose's JSON reader compares their names case-sensitively
// and rejects duplicates.
type members map[string]josejson.RawMessage

func (m members) havePrivate() bool {
	return slices.ContainsFunc(privateMembers, func(name string) bool { return m[name] != nil })
}

// A field is a member that is decoded into value.
type field struct {
	name, want string
	value      any
}

const encoded = "base64url without padding"

// publicFields are the members of every JWK.
func (j *jwk) publicFields() []field {
	return []field{
		{"kid", "a string", &j.KeyID},
		{"kty", "a string", &j.Type},
		{"alg", "a string", &j.Algorithm},
		{"use", "a string", &j.Use},
		{"key_ops", "an array of strings", &j.Operations},
		{"crv", "a string", &j.Curve},
		{"n", encoded, &j.N},
		{"e", encoded, &j.E},
		{"x", encoded, &j.X},
		{"y", encoded, &j.Y},
	}
}

// privateFields are the members of private and symmetric keys.
func (j *jwk) privateFields() []field {
	return []field{
		{"d", encoded, &j.D},
		{"p", encoded, &j.P},
		{"q", encoded, &j.Q},
		{"dp", encoded, &j.DP},
		{"dq", encoded, &j.DQ},
		{"qi", encoded, &j.QI},
		{"k", encoded, &j.K},
	}
}

// decode decodes the members. It returns a fault for each that is of another type.
func (m members) decode(fields []field) (found faults) {
	for _, f := range fields {
		if member := m[f.name]; member != nil && josejson.Unmarshal(member, f.value) != nil {
			found.addf("%s is not %s", f.name, f.want)
		}
	}
	return found
}

// read reads a JWK of a set. Its error names every member that is wrong.
func (j *jwk) read(text []byte) error {
	var m members
	if josejson.Unmarshal(text, &m) != nil {
		return errors.New("it is not a JSON object, or a member is in it twice")
	}
	found := m.decode(j.publicFields())
	if member := m["issuer"]; member != nil && josejson.Unmarshal(member, &j.Issuer) != nil {
		j.Issuer = new(string)
	}
	if m.havePrivate() {
		found.addf("it is a private key or a secret; keep only public keys in a set, and pass a private JWK to ParseKey")
	}
	return found.err()
}

// checkUse returns why the key is not for signatures, or nil. operation is verify or sign.
func (j *jwk) checkUse(operation string) (found faults) {
	if j.Use != "" && j.Use != "sig" {
		found.addf("use is %s, and not sig", j.show(j.Use))
	}
	if j.Operations != nil && !slices.Contains(j.Operations, operation) {
		found.addf("key_ops has no %s", operation)
	}
	return found
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
		return ed25519.PublicKey(j.X), missing("x", j.X)
	case j.Type == "EC", j.Type == "OKP":
		return nil, fmt.Errorf("crv is %s; want P-256, P-384 or P-521 for EC, Ed25519 for OKP", j.show(j.Curve))
	}
	return nil, fmt.Errorf("kty is %s; want RSA, EC or OKP", j.show(j.Type))
}

// missing returns an error that names the members that are missing or empty, or nil.
func missing(names string, values ...base64URL) error {
	var found faults
	for i, name := range strings.Fields(names) {
		if len(values[i]) == 0 {
			found.addf("%s is missing or empty", name)
		}
	}
	return found.err()
}

func (j *jwk) rsaKey() (publicKey, error) {
	if err := missing("n e", j.N, j.E); err != nil {
		return nil, err
	}
	n, e := new(big.Int).SetBytes(j.N), new(big.Int).SetBytes(j.E)
	if e.BitLen() > 31 { // crypto/rsa accepts no larger exponent, and an int may not hold one
		return nil, fmt.Errorf("e has %d bits; want 31 at most", e.BitLen())
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func (j *jwk) ecdsaKey(curve elliptic.Curve) (publicKey, error) {
	if err := missing("x y", j.X, j.Y); err != nil {
		return nil, err
	}
	if len(j.X) != len(j.Y) { // both have the length of a coordinate (RFC 7518 §6.2.1.2)
		return nil, fmt.Errorf("x has %d bytes and y has %d; want the size of the curve for both", len(j.X), len(j.Y))
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, j.X, j.Y))
	if err != nil {
		return nil, errors.New("x and y are not a point on the curve " + j.Curve)
	}
	return key, nil
}
