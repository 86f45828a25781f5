package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
)

// The keys of the cases. Everyone can compute the private ones: they come from labels in this
// file, and must never be used for anything but these cases.
var (
	hs256 = newSecret("HS256", "HS256", 32)
	hs384 = newSecret("HS384", "HS384", 48)
	hs512 = newSecret("HS512", "HS512", 64)

	mainRSA  = newRSAKey("RSA", 1024, 100, 1024, 480)
	otherRSA = newRSAKey("other RSA", 1024, 120, 1024, 730)

	rs256 = mainRSA.bind("RS256")
	rs384 = mainRSA.bind("RS384")
	rs512 = mainRSA.bind("RS512")
	ps256 = mainRSA.bind("PS256")
	ps384 = mainRSA.bind("PS384")
	ps512 = mainRSA.bind("PS512")

	es256 = newECDSAKey("ES256", "ES256", elliptic.P256())
	es384 = newECDSAKey("ES384", "ES384", elliptic.P384())
	es512 = newECDSAKey("ES512", "ES512", elliptic.P521())

	edDSA      = newEd25519Key("EdDSA", "Ed25519")
	ed25519Key = newEd25519Key("Ed25519", "Ed25519")
)

// others has a second key for each algorithm, which no case trusts unless it says so.
var others = map[string]key{
	"HS256":   newSecret("HS256", "other HS256", 32),
	"HS384":   newSecret("HS384", "other HS384", 48),
	"HS512":   newSecret("HS512", "other HS512", 64),
	"RS256":   otherRSA.bind("RS256"),
	"RS384":   otherRSA.bind("RS384"),
	"RS512":   otherRSA.bind("RS512"),
	"PS256":   otherRSA.bind("PS256"),
	"PS384":   otherRSA.bind("PS384"),
	"PS512":   otherRSA.bind("PS512"),
	"ES256":   newECDSAKey("ES256", "other ES256", elliptic.P256()),
	"ES384":   newECDSAKey("ES384", "other ES384", elliptic.P384()),
	"ES512":   newECDSAKey("ES512", "other ES512", elliptic.P521()),
	"EdDSA":   newEd25519Key("EdDSA", "other Ed25519"),
	"Ed25519": newEd25519Key("Ed25519", "other Ed25519"),
}

// A key signs with one algorithm.
type key struct {
	alg     string
	jwk     json.RawMessage // what verifies: the secret or the public key, without alg, use and kid
	secret  []byte          // of HMAC
	private crypto.Signer   // of ECDSA and Ed25519
	sign    func(text string) []byte
}

// expand returns bytes that look random and depend on the label alone.
func expand(label string, size int) []byte {
	var all []byte
	for block := uint32(0); len(all) < size; block++ {
		sum := sha512.Sum512(binary.BigEndian.AppendUint32([]byte("jwtexp conformance corpus: "+label), block))
		all = append(all, sum[:]...)
	}
	return all[:size]
}

func newSecret(alg, label string, size int) key { return secretKey(alg, expand(label, size)) }

// secretKey makes a key of any bytes, a weak or a public one too.
func secretKey(alg string, secret []byte) key {
	return key{
		alg:    alg,
		jwk:    jwk("kty", "oct", "k", base64url(secret)),
		secret: secret,
		sign:   func(text string) []byte { return mac(hashes[alg], secret, text) },
	}
}

func newECDSAKey(alg, label string, curve elliptic.Curve) key {
	order := curve.Params().N
	size := (order.BitLen() + 7) / 8
	d := new(big.Int).SetBytes(expand(label, size+8))
	d.Mod(d, new(big.Int).Sub(order, big.NewInt(1))).Add(d, big.NewInt(1))
	private, err := ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, size)))
	if err != nil {
		panic(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	x, y := point[1:1+size], point[1+size:]
	return key{
		alg:     alg,
		jwk:     jwk("kty", "EC", "crv", curve.Params().Name, "x", base64url(x), "y", base64url(y)),
		private: private,
		sign:    func(text string) []byte { return signECDSA(private, hashes[alg], text).bytes() },
	}
}

func newEd25519Key(alg, label string) key {
	private := ed25519.NewKeyFromSeed(expand(label, ed25519.SeedSize))
	public := private.Public().(ed25519.PublicKey)
	return key{
		alg:     alg,
		jwk:     jwk("kty", "OKP", "crv", "Ed25519", "x", base64url(public)),
		private: private,
		sign:    func(text string) []byte { return ed25519.Sign(private, []byte(text)) },
	}
}

// jwk returns a JSON object of names and values that are strings.
func jwk(members ...string) json.RawMessage {
	text := "{"
	for i := 0; i < len(members); i += 2 {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf("%q:%q", members[i], members[i+1])
	}
	return json.RawMessage(text + "}")
}

// with returns the JWK with more members, which are JSON text such as `"kid":"a"`.
func (k key) with(members string) json.RawMessage { return add(k.jwk, members) }

func add(jwk json.RawMessage, members string) json.RawMessage {
	return json.RawMessage(string(jwk[:len(jwk)-1]) + "," + members + "}")
}

// jwkSet returns a JWK Set.
func jwkSet(jwks ...json.RawMessage) json.RawMessage {
	text := `{"keys":[`
	for i, one := range jwks {
		if i > 0 {
			text += ","
		}
		text += string(one)
	}
	return json.RawMessage(text + "]}")
}
