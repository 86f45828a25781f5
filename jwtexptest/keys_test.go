package jwtexptest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/jwtexp/jwtexp"
)

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// newKey returns a key for alg that can sign.
func newKey(t *testing.T, alg jwtexp.Algorithm) jwtexp.Key {
	t.Helper()
	var (
		key jwtexp.Key
		err error
	)
	switch alg {
	case jwtexp.HS256, jwtexp.HS384, jwtexp.HS512:
		key, err = jwtexp.NewSecretKey(alg, bytes.Repeat([]byte("secret! "), 8))
	case jwtexp.ES256, jwtexp.ES384, jwtexp.ES512:
		curve := map[jwtexp.Algorithm]elliptic.Curve{
			jwtexp.ES256: elliptic.P256(), jwtexp.ES384: elliptic.P384(), jwtexp.ES512: elliptic.P521(),
		}[alg]
		private, failed := ecdsa.GenerateKey(curve, rand.Reader)
		if failed != nil {
			t.Fatal(failed)
		}
		key, err = jwtexp.NewSigningKey(alg, private)
	case jwtexp.EdDSA, jwtexp.Ed25519:
		key, err = jwtexp.NewSigningKey(alg, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)))
	default:
		private, failed := rsaKey()
		if failed != nil {
			t.Fatal(failed)
		}
		key, err = jwtexp.NewSigningKey(alg, private)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var algorithms = []jwtexp.Algorithm{
	jwtexp.HS256, jwtexp.HS384, jwtexp.HS512, jwtexp.RS256, jwtexp.RS384, jwtexp.RS512, jwtexp.PS256, jwtexp.PS384,
	jwtexp.PS512, jwtexp.ES256, jwtexp.ES384, jwtexp.ES512, jwtexp.EdDSA, jwtexp.Ed25519,
}
