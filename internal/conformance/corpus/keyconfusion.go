package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
)

// keyConfusionCases are tokens with a MAC whose secret is the public key that the verifier trusts
// (RFC 8725 §2.1), and other mixtures of kinds of keys.
func keyConfusionCases() []Case {
	ec, ed := es256.private.Public(), edDSA.private.Public()
	ecPoint := decodeMember(es256.jwk, "x")
	var cases []Case
	for _, c := range []struct {
		name   string
		key    key
		secret []byte
	}{
		{"RSA key in PEM", rs256, publicPEM(mainRSA.public())},
		{"RSA key in PEM without the last line break", rs256, []byte(strings.TrimSpace(string(publicPEM(mainRSA.public()))))},
		{"RSA key in PEM with CRLF", rs256, []byte(strings.ReplaceAll(string(publicPEM(mainRSA.public())), "\n", "\r\n"))},
		{"RSA key in PEM of PKCS 1", rs256, pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(mainRSA.public())})},
		{"RSA key in DER", rs256, publicDER(mainRSA.public())},
		{"RSA key in DER of PKCS 1", rs256, x509.MarshalPKCS1PublicKey(mainRSA.public())},
		{"RSA key as a JWK", rs256, rs256.jwk},
		{"RSA modulus", rs256, mainRSA.n.Bytes()},
		{"RSA modulus in base64url", rs256, []byte(base64url(mainRSA.n.Bytes()))},
		{"RSA key of PS256 in PEM", ps256, publicPEM(mainRSA.public())},
		{"EC key in PEM", es256, publicPEM(ec)},
		{"EC key in PEM without the last line break", es256, []byte(strings.TrimSpace(string(publicPEM(ec))))},
		{"EC key in DER", es256, publicDER(ec)},
		{"EC key as a JWK", es256, es256.jwk},
		{"EC x coordinate", es256, ecPoint},
		{"Ed25519 key in PEM", edDSA, publicPEM(ed)},
		{"Ed25519 key in DER", edDSA, publicDER(ed)},
		{"Ed25519 key as a JWK", edDSA, edDSA.jwk},
		{"Ed25519 key as 32 bytes", edDSA, ed.(ed25519.PublicKey)},
	} {
		forged := secretKey("HS256", c.secret).jwt(goodClaims)
		cases = append(cases,
			Case{Name: c.name + " as HMAC secret", Key: c.key.jwk, Algs: []string{c.key.alg}, Token: forged, Want: invalid,
				Reason: "Everyone has the public key. The verifier does not allow HS256, and must not do what the header says."},
			Case{Name: c.name + " as HMAC secret, HS256 allowed", Key: c.key.jwk, Algs: []string{c.key.alg, "HS256"}, Token: forged, Want: invalid,
				Reason: "Everyone has the public key. A verifier that allows HS256 must not use a public key with it."})
	}
	cases = append(cases,
		Case{Name: "HS512 with an RSA key in PEM", Key: rs256.jwk, Algs: []string{"RS256", "HS256", "HS384", "HS512"}, Want: invalid,
			Token:  secretKey("HS512", publicPEM(mainRSA.public())).jwt(goodClaims),
			Reason: "Everyone has the public key. A verifier that allows HS512 must not use a public key with it."},
		Case{Name: "HMAC with the public key, and expired", Key: rs256.jwk, Algs: []string{"RS256", "HS256"}, Want: invalid,
			Token:  secretKey("HS256", publicPEM(mainRSA.public())).jwt(expiredClaims),
			Reason: "The token is forged, so it is invalid and not expired."},
		Case{Name: "header RS256, MAC with the secret", Token: hs256.jws(usual("RS256"), goodClaims), Algs: []string{"HS256", "RS256"}, Want: invalid,
			Reason: "A secret is not a key for RS256."},
		Case{Name: "header HS256, signature of RSA", Key: rs256.jwk, Algs: []string{"RS256"}, Token: rs256.jws(usual("HS256"), goodClaims), Want: invalid,
			Reason: "The verifier does not allow HS256."},
		Case{Name: "header ES256, signature of RSA", Key: rs256.jwk, Algs: []string{"RS256", "ES256"},
			Token: rs256.jws(usual("ES256"), goodClaims), Want: invalid,
			Reason: "An RSA key is not a key for ES256."},
		Case{Name: "header RS256, signature of ECDSA", Key: es256.jwk, Algs: []string{"RS256", "ES256"},
			Token: es256.jws(usual("RS256"), goodClaims), Want: invalid,
			Reason: "An EC key is not a key for RS256."},
		Case{Name: "header EdDSA, signature of ECDSA", Key: es256.jwk, Algs: []string{"EdDSA", "ES256"},
			Token: es256.jws(usual("EdDSA"), goodClaims), Want: invalid,
			Reason: "An EC key is not a key for EdDSA."},
		Case{Name: "set of a secret and an RSA key, MAC with the RSA key", Algs: []string{"HS256", "RS256"}, Want: invalid,
			Key:    jwkSet(hs256.with(`"kid":"secret"`), rs256.with(`"kid":"rsa"`)),
			Token:  secretKey("HS256", publicPEM(mainRSA.public())).jws(`{"alg":"HS256","kid":"rsa"}`, goodClaims),
			Reason: "kid chooses a public key, which must not be used with HS256."},
		Case{Name: "set of a secret and an RSA key, RS256 with the kid of the secret", Algs: []string{"HS256", "RS256"}, Want: invalid,
			Key:    jwkSet(hs256.with(`"kid":"secret"`), rs256.with(`"kid":"rsa"`)),
			Token:  rs256.jws(`{"alg":"RS256","kid":"secret"}`, goodClaims),
			Reason: "kid chooses the secret, which is not a key for RS256."},
	)
	for i := range cases {
		cases[i].Ref = "RFC 8725 §2.1, §3.1"
	}
	return cases
}

func (k *rsaKey) public() *rsa.PublicKey { return &rsa.PublicKey{N: k.n, E: rsaExponent} }

func publicDER(public crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	return der
}

func publicPEM(public crypto.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER(public)})
}

// decodeMember returns the bytes that a member of a JWK encodes.
func decodeMember(jwk json.RawMessage, name string) []byte {
	var members map[string]string
	if err := json.Unmarshal(jwk, &members); err != nil {
		panic(err)
	}
	return decode(members[name])
}
