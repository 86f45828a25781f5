package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// A Key is one JWK (RFC 7517) for one of the algorithms that its case allows.
type Key struct {
	Algorithm string
	ID        string // the JWK's kid, "" if it has none
	Member    int    // its place in the JWK Set, from 0; 0 without a set
	Secret    []byte // nil if there is a public key
	Public    crypto.PublicKey
}

// Keys returns the keys of the case: one for each JWK and each algorithm that the case allows and
// the JWK can be used with. isSet reports whether the case has a JWK Set. Keys leaves out what a
// JWK's own use, key_ops or alg excludes (RFC 7517 §4), and JWKs that are not valid. faults says why.
func (c *Case) Keys() (keys []Key, isSet bool, faults error) {
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(c.JWK, &set); err != nil {
		return nil, false, err
	}
	members := set.Keys
	if members == nil {
		members = []json.RawMessage{c.JWK}
	}
	for i, text := range members {
		var member jwk
		if err := json.Unmarshal(text, &member); err != nil {
			faults = errors.Join(faults, err)
			continue
		}
		for _, alg := range c.Algorithms {
			key, err := member.bind(alg)
			if err != nil {
				faults = errors.Join(faults, err)
				continue
			}
			key.Member = i
			keys = append(keys, key)
		}
	}
	return keys, set.Keys != nil, faults
}

// jwk is a JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037 §2).
type jwk struct {
	Type       string   `json:"kty"`
	Algorithm  string   `json:"alg"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	ID         string   `json:"kid"`
	Curve      string   `json:"crv"`
	K          base64url
	N, E       base64url
	X, Y       base64url
}

// base64url is a member that encodes bytes.
type base64url []byte

func (b *base64url) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	*b = decoded
	return err
}

func (j *jwk) bind(alg string) (Key, error) {
	if j.Algorithm != "" && j.Algorithm != alg ||
		j.Use != "" && j.Use != "sig" ||
		j.Operations != nil && !slices.Contains(j.Operations, "verify") {
		return Key{}, fmt.Errorf("the JWK cannot be used to verify %s", alg)
	}
	key := Key{Algorithm: alg, ID: j.ID}
	if j.Type == "oct" {
		key.Secret = j.K
		return key, nil
	}
	var err error
	key.Public, err = j.public()
	return key, err
}

func (j *jwk) public() (crypto.PublicKey, error) {
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	switch {
	case j.Type == "RSA":
		e := new(big.Int).SetBytes(j.E)
		if e.Cmp(big.NewInt(math.MaxInt32)) > 0 {
			return nil, errors.New("the RSA exponent is too large")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(j.N), E: int(e.Int64())}, nil
	case j.Type == "EC" && curves[j.Curve] != nil:
		if len(j.X) != len(j.Y) { // RFC 7518 §6.2.1.2: both have the length of the curve's field
			return nil, errors.New("x and y differ in length")
		}
		return ecdsa.ParseUncompressedPublicKey(curves[j.Curve], slices.Concat([]byte{4}, j.X, j.Y))
	case j.Type == "OKP" && j.Curve == "Ed25519":
		return ed25519.PublicKey(j.X), nil
	}
	return nil, fmt.Errorf("unsupported key type %q with curve %q", j.Type, j.Curve)
}
