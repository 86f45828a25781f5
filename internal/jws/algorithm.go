package jws

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that golang-jwt looks up by name
	_ "crypto/sha512"

	"github.com/golang-jwt/jwt/v5"
)

// family is a kind of key.
type family string

const (
	hmacKey    family = "HMAC secret"
	rsaKey     family = "RSA key"
	ecdsaKey   family = "ECDSA key"
	ed25519Key family = "Ed25519 key"
)

// algorithm is one row of RFC 7518 §3.1, RFC 8037 §3.1 or RFC 9864 §2.2.
type algorithm struct {
	name   string
	family family
	hash   crypto.Hash    // none for ed25519Key
	curve  elliptic.Curve // ecdsaKey only
	method jwt.SigningMethod
}

// algorithms are all algorithms. "none" is not one of them.
//
// The methods are values of this package. golang-jwt's registry and package variables can be
// replaced by any code in the process.
var algorithms = map[string]algorithm{
	"HS256":   hmacAlgorithm("HS256", crypto.SHA256),
	"HS384":   hmacAlgorithm("HS384", crypto.SHA384),
	"HS512":   hmacAlgorithm("HS512", crypto.SHA512),
	"RS256":   rsaAlgorithm("RS256", crypto.SHA256),
	"RS384":   rsaAlgorithm("RS384", crypto.SHA384),
	"RS512":   rsaAlgorithm("RS512", crypto.SHA512),
	"PS256":   pssAlgorithm("PS256", crypto.SHA256),
	"PS384":   pssAlgorithm("PS384", crypto.SHA384),
	"PS512":   pssAlgorithm("PS512", crypto.SHA512),
	"ES256":   ecdsaAlgorithm("ES256", crypto.SHA256, elliptic.P256()),
	"ES384":   ecdsaAlgorithm("ES384", crypto.SHA384, elliptic.P384()),
	"ES512":   ecdsaAlgorithm("ES512", crypto.SHA512, elliptic.P521()),
	"EdDSA":   ed25519Algorithm("EdDSA"),
	"Ed25519": ed25519Algorithm("Ed25519"),
}

func hmacAlgorithm(name string, hash crypto.Hash) algorithm {
	return algorithm{name: name, family: hmacKey, hash: hash, method: hmacMethod{name, hash.Size()}}
}

func rsaAlgorithm(name string, hash crypto.Hash) algorithm {
	verifier := &jwt.SigningMethodRSA{Name: name, Hash: hash}
	return algorithm{name: name, family: rsaKey, hash: hash, method: rsaMethod{verifier, hash, hash}}
}

func pssAlgorithm(name string, hash crypto.Hash) algorithm {
	// The salt is as long as the hash (RFC 7518 §3.5). golang-jwt's own values have VerifyOptions
	// that accept any salt. Without VerifyOptions it uses Options.
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	verifier := &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          options,
	}
	return algorithm{name: name, family: rsaKey, hash: hash, method: rsaMethod{verifier, hash, options}}
}

func ecdsaAlgorithm(name string, hash crypto.Hash, curve elliptic.Curve) algorithm {
	bits := curve.Params().BitSize
	size := (bits + 7) / 8
	verifier := &jwt.SigningMethodECDSA{Name: name, Hash: hash, KeySize: size, CurveBits: bits}
	return algorithm{name: name, family: ecdsaKey, hash: hash, curve: curve, method: ecdsaMethod{verifier, hash, size}}
}

func ed25519Algorithm(name string) algorithm {
	return algorithm{name: name, family: ed25519Key, method: &jwt.SigningMethodEd25519{}}
}
