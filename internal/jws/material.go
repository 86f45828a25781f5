package jws

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// A Material is key material for one algorithm. It cannot be changed: it holds a copy of what it
// was made from.
type Material struct {
	algorithm algorithm
	verifyKey any       // for the algorithm's method
	signKey   any       // for the algorithm's method; nil if the key only verifies
	remote    bool      // signKey calls other code, such as a KMS or an HSM
	identity  *Identity // an object of its own, so that keeping it does not keep the key
}

// An Identity tells keys apart and holds none: it is a hash made from the key.
type Identity [sha256.Size]byte

// A SignerError holds the error of a crypto.Signer that could not sign.
type SignerError struct{ Cause error }

func (e *SignerError) Error() string { return "the key's signer failed" }

// NewSecret returns the material of an HMAC secret.
func NewSecret(name string, secret []byte) (*Material, error) {
	a, err := lookup(name, hmacKey)
	if err != nil {
		return nil, err
	}
	if err := checkSecret(a, secret); err != nil {
		return nil, err
	}
	// HMAC pads short secrets with zeros and hashes long ones, so two secrets can be the same key.
	key := newKeyedHMAC(a.hash, secret)
	identity := key.sum([]byte("identity"))
	return newMaterial(a, key, key, identity[:]), nil
}

// NewPublic returns the material of a public key, which verifies.
func NewPublic(name string, public crypto.PublicKey) (*Material, error) {
	a, err := lookup(name, "")
	if err != nil {
		return nil, err
	}
	public, err = clonePublic(a, public)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return newMaterial(a, public, nil, encoded), nil
}

// NewSigner returns the material of a private key, which signs and verifies: one in memory, or any
// crypto.Signer, whose public key is read once.
func NewSigner(name string, private crypto.Signer) (*Material, error) {
	private, remote, err := clonePrivate(private)
	if err != nil {
		return nil, err
	}
	m, err := NewPublic(name, private.Public())
	if err != nil {
		return nil, err
	}
	m.signKey, m.remote = private, remote
	return m, nil
}

func newMaterial(a algorithm, verifyKey, signKey any, encoded []byte) *Material {
	identity := Identity(sha256.Sum256(encoded))
	return &Material{algorithm: a, verifyKey: verifyKey, signKey: signKey, identity: &identity}
}

// lookup returns the algorithm of that name. It works with keys of the given family or, if the
// family is empty, with public keys.
func lookup(name string, want family) (algorithm, error) {
	a, ok := algorithms[name]
	switch {
	case !ok:
		return a, fmt.Errorf("algorithm %.32q is %s", name, describeAlgorithm(name))
	case want == hmacKey && a.family != hmacKey:
		return a, fmt.Errorf("%s takes an %s; a secret is for HS256, HS384 and HS512", name, a.family)
	case want != hmacKey && a.family == hmacKey:
		return a, fmt.Errorf("%s takes a secret of random bytes (NewSecretKey) and not a public or private key", name)
	}
	return a, nil
}

// Algorithm returns the algorithm's name, as in alg.
func (m *Material) Algorithm() string { return m.algorithm.name }

// CanSign reports whether the material holds a secret or a private key.
func (m *Material) CanSign() bool { return m.signKey != nil }

// Remote reports whether signing calls code of the application, such as a client of a KMS.
func (m *Material) Remote() bool { return m.remote }

// Identity returns the identity of the key.
func (m *Material) Identity() *Identity { return m.identity }

// Is reports whether the key has that identity.
func (m *Material) Is(identity *Identity) bool { return *m.identity == *identity }

// Public returns a copy of the public key, or nil for a secret.
func (m *Material) Public() crypto.PublicKey {
	if m.algorithm.family == hmacKey {
		return nil
	}
	switch key := m.verifyKey.(type) {
	case *rsa.PublicKey: // clonePublic would check the key again
		return copyRSA(key)
	case ed25519.PublicKey:
		return slices.Clone(key)
	}
	public, err := clonePublic(m.algorithm, m.verifyKey)
	if err != nil {
		panic("jwtexp: a public key stopped being valid: " + err.Error())
	}
	return public
}

// Verify reports whether m signed c. It does not look at c's header, by which the caller chose m.
func (m *Material) Verify(c *Compact) bool {
	// What is passed to a method of an interface cannot stay on the stack: see signature.
	if method, ok := m.algorithm.method.(hmacMethod); ok {
		return method.Verify(c.signed, c.signature.bytes(), m.verifyKey) == nil
	}
	return m.algorithm.method.Verify(c.signed, bytes.Clone(c.signature.bytes()), m.verifyKey) == nil
}

// appendSignature appends a dot and the signature of the token so far.
func (m *Material) appendSignature(token []byte) ([]byte, error) {
	// HMAC needs no string of the token. Through the interface, Issue takes 13 % longer (BenchmarkIssue).
	if method, ok := m.algorithm.method.(hmacMethod); ok {
		mac := method.sign(token, m.signKey)
		return base64url.AppendEncode(append(token, '.'), mac), nil
	}
	signature, err := m.sign(string(token))
	if err != nil {
		return nil, err
	}
	return base64url.AppendEncode(append(token, '.'), signature), nil
}

func (m *Material) sign(signed string) ([]byte, error) {
	signature, err := m.algorithm.method.Sign(signed, m.signKey)
	switch {
	case err == errAnswer: // not errors.Is, which an error of the signer could match
		return nil, err
	case err != nil:
		return nil, &SignerError{err}
	}
	// A remote signer may hold another key than it says. Its answer is verified, so that no token
	// is issued that every verifier rejects.
	if m.remote && m.algorithm.method.Verify(signed, signature, m.verifyKey) != nil {
		return nil, errors.New("the signer's signature does not verify with its public key")
	}
	return signature, nil
}

// clonePrivate copies a private key that is in memory. Any other Signer is remote and is returned
// as it is.
func clonePrivate(private crypto.Signer) (clone crypto.Signer, remote bool, err error) {
	switch key := private.(type) {
	case *rsa.PrivateKey:
		clone, err = cloneRSA(key)
	case *ecdsa.PrivateKey:
		clone, err = cloneECDSA(key)
	case ed25519.PrivateKey:
		clone, err = cloneEd25519(key)
	case *ed25519.PrivateKey:
		clone, err = cloneEd25519(*key)
	default:
		return private, true, nil
	}
	return clone, false, err
}

var errPrivate = errors.New("the private key is invalid: its parts are missing or do not fit together")

func cloneRSA(key *rsa.PrivateKey) (crypto.Signer, error) {
	if key == nil || key.N == nil || key.D == nil {
		return nil, errPrivate
	}
	own := *key // Validate and Marshal fill in precomputed values, which must not change the caller's key
	if own.Validate() != nil {
		return nil, errPrivate
	}
	clone, err := x509.ParsePKCS1PrivateKey(x509.MarshalPKCS1PrivateKey(&own))
	if err != nil {
		return nil, errPrivate
	}
	return clone, nil
}

func cloneECDSA(key *ecdsa.PrivateKey) (crypto.Signer, error) {
	//lint:ignore SA1019 only compared with nil: Bytes panics on a nil number
	if key == nil || key.Curve == nil || key.X == nil || key.Y == nil || key.D == nil {
		return nil, errPrivate
	}
	scalar, err := key.Bytes()
	if err != nil {
		return nil, errPrivate
	}
	clone, err := ecdsa.ParseRawPrivateKey(key.Curve, scalar)
	if err != nil || !clone.PublicKey.Equal(&key.PublicKey) {
		return nil, errPrivate
	}
	return clone, nil
}

func cloneEd25519(key ed25519.PrivateKey) (crypto.Signer, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errPrivate
	}
	clone := ed25519.NewKeyFromSeed(key.Seed())
	if !clone.Equal(key) {
		return nil, errPrivate
	}
	return clone, nil
}
