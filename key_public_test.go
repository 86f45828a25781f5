package jwtexp_test

//lint:file-ignore SA1019 the tests set the fields of keys, as applications can

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// The kinds of bad keys below come from the key vectors of Project Wycheproof (ecdh, x25519,
// json_web_key) and from the literature on curves. The tests make the keys of each kind for each
// curve. Module jwks has the same tests for JWKs.

// spki is a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). asn1.Marshal writes it without checking the
// key.
type spki struct {
	Algorithm algorithmID
	Key       asn1.BitString
}

type algorithmID struct {
	Algorithm  asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

var (
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
	curveOIDs  = map[elliptic.Curve]asn1.ObjectIdentifier{
		elliptic.P256(): {1, 2, 840, 10045, 3, 1, 7},
		elliptic.P384(): {1, 3, 132, 0, 34},
		elliptic.P521(): {1, 3, 132, 0, 35},
	}
	curveAlgorithms = map[elliptic.Curve]jwtexp.Algorithm{
		elliptic.P256(): jwtexp.ES256, elliptic.P384(): jwtexp.ES384, elliptic.P521(): jwtexp.ES512,
	}
)

// spkiOf returns the DER of a SubjectPublicKeyInfo. If parameters is nil, it has none.
func spkiOf(algorithm asn1.ObjectIdentifier, parameters any, key []byte) []byte {
	info := spki{algorithmID{Algorithm: algorithm}, asn1.BitString{Bytes: key, BitLength: 8 * len(key)}}
	if parameters != nil {
		info.Algorithm.Parameters = asn1.RawValue{FullBytes: must(asn1.Marshal(parameters))}
	}
	return must(asn1.Marshal(info))
}

// A candidate is a public key, valid or not, as a Go value and as the DER of an SPKI. One of the
// two may be nil.
type candidate struct {
	name string
	alg  jwtexp.Algorithm
	key  crypto.PublicKey
	der  []byte
}

// errors returns the errors of the functions that take a public key.
func (c candidate) errors() map[string]error {
	all := make(map[string]error)
	if c.key != nil {
		_, all["NewPublicKey"] = jwtexp.NewPublicKey(c.alg, c.key)
		_, all["NewSigningKey"] = jwtexp.NewSigningKey(c.alg, publicOnlySigner{c.key})
		_, all["Thumbprint"] = keyring.Thumbprint(c.key)
	}
	if key, ok := c.key.(*rsa.PublicKey); ok && key.N != nil {
		_, all["ParsePEM of PKCS #1"] = jwtexp.ParsePEM(c.alg, pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(key)))
	}
	if c.der != nil {
		_, all["ParsePEM of SPKI"] = jwtexp.ParsePEM(c.alg, pemOf("PUBLIC KEY", c.der))
		_, all["ParsePEM of a certificate"] = jwtexp.ParsePEM(c.alg, pemOf("CERTIFICATE", certificateOf(c.der)))
	}
	return all
}

// certificateOf returns a certificate with the given SPKI, valid or not. Its signature is zeros,
// because ParsePEM does not verify it.
func certificateOf(info []byte) []byte {
	type validity struct{ NotBefore, NotAfter time.Time }
	type body struct {
		Version      int `asn1:"explicit,tag:0"`
		SerialNumber *big.Int
		Signature    pkix.AlgorithmIdentifier
		Issuer       pkix.RDNSequence
		Validity     validity
		Subject      pkix.RDNSequence
		Key          asn1.RawValue
	}
	type certificate struct {
		Body      body
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidEd25519}
	name := pkix.Name{CommonName: "test"}.ToRDNSequence()
	return must(asn1.Marshal(certificate{
		Body:      body{2, big.NewInt(1), algorithm, name, validity{epoch, epoch}, name, asn1.RawValue{FullBytes: info}},
		Algorithm: algorithm,
		Signature: asn1.BitString{Bytes: make([]byte, 64), BitLength: 512},
	}))
}

func TestInvalidPublicKeysAreRejected(t *testing.T) {
	for _, c := range slices.Concat(badEd25519(), badECDSA(), badRSA()) {
		errs := c.errors()
		if len(errs) == 0 {
			t.Errorf("%s: got neither a key nor its DER", c.name)
		}
		for function, err := range errs {
			if err == nil {
				t.Errorf("%s, %s: got nil, want an error", c.name, function)
			}
		}
	}
}

func TestUnusualPublicKeysAreAccepted(t *testing.T) {
	for _, c := range slices.Concat(goodEd25519(), goodECDSA(), goodRSA()) {
		for function, err := range c.errors() {
			if err != nil {
				t.Errorf("%s, %s: got %v, want nil", c.name, function, err)
			}
		}
	}
}

// The error says what is wrong with the key.
func TestErrorsOfInvalidPublicKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		alg  jwtexp.Algorithm
		want string
	}{
		"small order":   {ed25519.PublicKey(make([]byte, 32)), jwtexp.Ed25519, "small order"},
		"not a point":   {ed25519.PublicKey(notOnEdwards()), jwtexp.Ed25519, "not a valid point encoding"},
		"too short":     {ed25519.PublicKey(make([]byte, 31)), jwtexp.EdDSA, "32 bytes, not 31"},
		"RSA too long":  {&rsa.PublicKey{N: odd(8193), E: 65537}, jwtexp.RS256, "8193 bits is too long; want 2048 to 8192 bits"},
		"RSA too short": {&rsa.PublicKey{N: odd(2047), E: 65537}, jwtexp.PS256, "2047 bits is too short; want 2048 bits or more"},
		"by value":      {rsa.PublicKey{N: odd(2048), E: 3}, jwtexp.RS256, "pass a pointer"},
		"by pointer":    {new(ed25519.PublicKey), jwtexp.EdDSA, "pass the value"},
		"private":       {newEd25519(), jwtexp.EdDSA, "NewSigningKey"},
		"bytes":         {[]byte("key"), jwtexp.EdDSA, "x509.ParsePKIXPublicKey"},
		"off the curve": {&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}, jwtexp.ES256, "not a point"},
	} {
		if _, err := jwtexp.NewPublicKey(tt.alg, tt.key); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error that contains %q", name, err, tt.want)
		}
	}
}

// odd returns an odd number with the given number of bits.
func odd(bits int) *big.Int {
	n := new(big.Int).SetBit(new(big.Int), bits-1, 1)
	return n.SetBit(n, 0, 1)
}

func rsaCandidate(name string, n *big.Int, e int) candidate {
	type pkcs1 struct {
		N *big.Int
		E int
	}
	oidRSA := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	return candidate{"RSA: " + name, jwtexp.RS256, &rsa.PublicKey{N: n, E: e},
		spkiOf(oidRSA, asn1.NullRawValue, must(asn1.Marshal(pkcs1{n, e})))}
}

func badRSA() []candidate {
	good := odd(2048)
	all := []candidate{
		rsaCandidate("1024 bits", odd(1024), 65537),
		rsaCandidate("2047 bits", odd(2047), 65537),
		rsaCandidate("8193 bits", odd(8193), 65537),
		rsaCandidate("16384 bits", odd(16384), 65537),
		rsaCandidate("an even modulus", new(big.Int).Lsh(big.NewInt(1), 2048), 65537),
		rsaCandidate("a negative modulus", new(big.Int).Neg(good), 65537),
		rsaCandidate("modulus 0", new(big.Int), 65537),
		rsaCandidate("modulus 1", big.NewInt(1), 65537),
		rsaCandidate("exponent 0", good, 0),
		rsaCandidate("exponent 1", good, 1),
		rsaCandidate("exponent 2", good, 2),
		rsaCandidate("an even exponent", good, 65536),
		rsaCandidate("a negative exponent", good, -3),
		{"RSA: no modulus", jwtexp.RS256, &rsa.PublicKey{E: 65537}, nil},
	}
	if fips140.Enforced() {
		all = append(all, rsaOutsideFIPS()...)
	}
	return all
}

func goodRSA() []candidate {
	all := []candidate{
		rsaCandidate("2048 bits", odd(2048), 65537),
		rsaCandidate("8192 bits", odd(8192), 65537),
		rsaCandidate("the largest exponent that crypto/rsa accepts", odd(2048), 1<<31-1),
	}
	if !fips140.Enforced() {
		all = append(all, rsaOutsideFIPS()...)
	}
	return all
}

// rsaOutsideFIPS returns keys that FIPS 186-5 does not allow.
func rsaOutsideFIPS() []candidate {
	return []candidate{
		rsaCandidate("2049 bits", odd(2049), 65537),
		rsaCandidate("exponent 3", odd(2048), 3),
	}
}
