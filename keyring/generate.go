package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"

	"github.com/jwtexp/jwtexp"
)

// secretSizes has the algorithms of secrets, and the sizes of their hashes in bytes.
var secretSizes = map[jwtexp.Algorithm]int{jwtexp.HS256: 32, jwtexp.HS384: 48, jwtexp.HS512: 64}

// keyPairs has the algorithms of key pairs.
var keyPairs = map[jwtexp.Algorithm]func() (crypto.Signer, error){
	jwtexp.RS256: newRSA, jwtexp.RS384: newRSA, jwtexp.RS512: newRSA,
	jwtexp.PS256: newRSA, jwtexp.PS384: newRSA, jwtexp.PS512: newRSA,
	jwtexp.ES256: func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	jwtexp.ES384: func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
	jwtexp.ES512: func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) },
	jwtexp.EdDSA: newEd25519, jwtexp.Ed25519: newEd25519,
}

// newRSA makes a key of 128 bits of security (NIST SP 800-57, part 1).
func newRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) }

func newEd25519() (crypto.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

// generate returns a new key with an ID: its thumbprint, or random text for a secret.
func generate(alg jwtexp.Algorithm) (jwtexp.Key, keyText, error) {
	if size := secretSizes[alg]; size > 0 {
		secret := make([]byte, size)
		rand.Read(secret)
		key, err := jwtexp.NewSecretKey(alg, secret)
		return key.WithID(rand.Text()), keyText{alg, base64.StdEncoding.EncodeToString(secret)}, err
	}
	private, err := keyPairs[alg]()
	if err != nil {
		return jwtexp.Key{}, keyText{}, err
	}
	key, err := jwtexp.NewSigningKey(alg, private)
	der, derErr := x509.MarshalPKCS8PrivateKey(private)
	if err := errors.Join(err, derErr); err != nil {
		return jwtexp.Key{}, keyText{}, err
	}
	return key.WithID(thumbprint(key.PublicKey())), keyText{alg, pemText("PRIVATE KEY", der)}, nil
}
