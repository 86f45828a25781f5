package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// A key holds an HMAC secret or a private key.
type key struct {
	id      string
	secret  []byte
	private crypto.Signer
}

// header returns the header of a token that the key signs.
func (k *key) header(alg string) header {
	return header{Algorithm: alg, KeyID: k.id, Type: "JWT"}
}

// verification returns the secret or the public key.
func (k *key) verification() any {
	if k.secret != nil {
		return k.secret
	}
	return k.private.Public()
}

// newKeys returns n keys for an algorithm.
func newKeys(alg string, n int) ([]key, error) {
	keys := make([]key, n)
	for i := range keys {
		keys[i].id = fmt.Sprintf("key-2026-%04d", i)
		var err error
		switch alg {
		case "HS256":
			keys[i].secret = make([]byte, 32)
			rand.Read(keys[i].secret)
		case "RS256":
			keys[i].private, err = rsa.GenerateKey(rand.Reader, 2048)
		case "ES256":
			keys[i].private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		case "EdDSA":
			_, keys[i].private, err = ed25519.GenerateKey(rand.Reader)
		default:
			err = fmt.Errorf("no keys for %s", alg)
		}
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// sign returns the signature in the form of JWS, and in the form of Go's crypto packages. The two
// differ for ECDSA only.
func (k *key) sign(input []byte) (raw, native []byte, err error) {
	digest := sha256.Sum256(input)
	switch private := k.private.(type) {
	case nil:
		mac := hmac.New(sha256.New, k.secret)
		mac.Write(input)
		raw = mac.Sum(nil)
	case ed25519.PrivateKey:
		raw = ed25519.Sign(private, input)
	case *rsa.PrivateKey:
		raw, err = rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		return signECDSA(private, digest[:])
	}
	return raw, raw, err
}

func signECDSA(private *ecdsa.PrivateKey, digest []byte) (raw, native []byte, err error) {
	native, err = ecdsa.SignASN1(rand.Reader, private, digest)
	if err != nil {
		return nil, nil, err
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(native, &parts); err != nil {
		return nil, nil, err
	}
	raw = make([]byte, 64) // RFC 7518 §3.4
	parts.R.FillBytes(raw[:32])
	parts.S.FillBytes(raw[32:])
	return raw, native, nil
}

// jwks returns the public keys as a JWK Set.
func jwks(alg string, keys []key) ([]byte, error) {
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: alg, Use: "sig"})
	}
	return json.Marshal(set)
}
