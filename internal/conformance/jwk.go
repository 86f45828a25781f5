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

// A Key is one JWK (RFC 7517) bound to one of the algorithms that its case
// allows: a secret or a public key.
type Key struct {
	Algorithm string
	ID        string // of the JWK, "" where it has none
	Member    int    // of the JWK Set, counted from 0; a JWK by itself is 0
	Secret    []byte // nil where there is a public key
	Public    crypto.PublicKey
}

// Keys returns each JWK of the case under each algorithm that the case allows and
// the JWK can serve, and whether it is a JWK Set. What a JWK's own use, key_ops or
// alg (RFC 7517 §4) rules out, and what is no key, is left out; faults says why.
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

// base64url is a member that holds bytes.
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
		return Key{}, fmt.Errorf("the JWK is not for verifying %s", alg)
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
		if len(j.X) != len(j.Y) { // RFC 7518 §6.2.1.2: each is as long as the curve's field
			return nil, errors.New("x and y are not of one length")
		}
		return ecdsa.ParseUncompressedPublicKey(curves[j.Curve], slices.Concat([]byte{4}, j.X, j.Y))
	case j.Type == "OKP" && j.Curve == "Ed25519":
		return ed25519.PublicKey(j.X), nil
	}
	return nil, fmt.Errorf("no key of type %q, curve %q", j.Type, j.Curve)
}
