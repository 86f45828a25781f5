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
	"fmt"
	"math/big"
)

// A key has the material of one algorithm: a secret, or a pair.
type key struct {
	id      string
	secret  []byte
	private crypto.Signer
}

// verification returns what most libraries verify with.
func (k *key) verification() any {
	if k.secret != nil {
		return k.secret
	}
	return k.private.Public()
}

// newKeys returns n keys of an algorithm, each with an ID.
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

// sign returns a signature as a token has it, and as Go's own packages take it.
// They differ in ECDSA alone.
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
