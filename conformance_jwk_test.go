package jwtexp_test

import (
	"context"
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
	"time"

	"github.com/jwtexp/jwtexp"
)

// confJWK is a JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037 §2): a secret or a
// public key.
type confJWK struct {
	Type       string   `json:"kty"`
	Algorithm  string   `json:"alg"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	ID         string   `json:"kid"`
	Curve      string   `json:"crv"`
	K          confText `json:"k"`
	N          confText `json:"n"`
	E          confText `json:"e"`
	X          confText `json:"x"`
	Y          confText `json:"y"`
}

// confText is a member that holds base64url.
type confText []byte

func (c *confText) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	*c = decoded
	return err
}

// confKeySet makes a key set of a JWK or a JWK Set and the algorithms that a case
// allows. What cannot be used, because the JWK says so or because jwtexp refuses
// the key, is left out; where nothing is left, the faults are the error.
func confKeySet(text json.RawMessage, algs []jwtexp.Algorithm) (jwtexp.KeySet, error) {
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	if set.Keys == nil {
		_, keys, err := confBind(text, algs)
		if len(keys) > 1 {
			return confAnyID(keys), nil
		}
		return confNewKeySet(keys, err)
	}
	var all []jwtexp.Key
	var faults []error
	for i, member := range set.Keys {
		id, keys, err := confBind(member, algs)
		faults = append(faults, err)
		if id == "" {
			id = fmt.Sprintf("key %d of the set", i) // a set of several wants names
		}
		for _, k := range keys {
			all = append(all, k.WithID(id))
		}
	}
	return confNewKeySet(all, errors.Join(faults...))
}

func confNewKeySet(keys []jwtexp.Key, faults error) (jwtexp.KeySet, error) {
	if len(keys) == 0 {
		return nil, errors.Join(errors.New("no key is usable"), faults)
	}
	return jwtexp.NewKeySet(keys...)
}

// confAnyID is one JWK, trusted under several algorithms. There is no set in
// which kid could choose, so that it answers to any, as a single [jwtexp.Key]
// without an ID does.
type confAnyID []jwtexp.Key

func (keys confAnyID) VerificationKeys(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
	named := slices.Clone(keys)
	for i, k := range named {
		named[i] = k.WithID(id)
	}
	return named, nil
}

// confBind binds a JWK to each of the algorithms that it can serve.
func confBind(text json.RawMessage, algs []jwtexp.Algorithm) (id string, keys []jwtexp.Key, faults error) {
	var jwk confJWK
	if err := json.Unmarshal(text, &jwk); err != nil {
		return "", nil, err
	}
	for _, alg := range algs {
		key, err := jwk.bind(alg)
		if err != nil {
			faults = errors.Join(faults, err)
			continue
		}
		keys = append(keys, key)
	}
	return jwk.ID, keys, faults
}

func (j *confJWK) bind(alg jwtexp.Algorithm) (jwtexp.Key, error) {
	switch {
	case j.Algorithm != "" && j.Algorithm != string(alg),
		j.Use != "" && j.Use != "sig",
		j.Operations != nil && !slices.Contains(j.Operations, "verify"):
		return jwtexp.Key{}, fmt.Errorf("the JWK is not for verifying %s", alg)
	case j.Type == "oct":
		return jwtexp.NewSecretKey(alg, j.K)
	}
	public, err := j.public()
	if err != nil {
		return jwtexp.Key{}, err
	}
	return jwtexp.NewPublicKey(alg, public)
}

func (j *confJWK) public() (crypto.PublicKey, error) {
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
