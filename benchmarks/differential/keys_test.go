package differential_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
)

// A key signs any text, unlike the libraries.
type key struct {
	alg    string
	verify any // the secret or the public key
	sign   func(signed string) []byte
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func digest(signed string) []byte {
	d := sha256.Sum256([]byte(signed))
	return d[:]
}

func newKeys() []key {
	secret := make([]byte, 32)
	rand.Read(secret)
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	public, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	rs := must(rsa.GenerateKey(rand.Reader, 2048))
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	return []key{
		{"HS256", secret, func(signed string) []byte {
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(signed))
			return mac.Sum(nil)
		}},
		{"EdDSA", public, func(signed string) []byte { return ed25519.Sign(ed, []byte(signed)) }},
		{"ES256", ec.Public(), func(signed string) []byte {
			r, s, err := ecdsa.Sign(rand.Reader, ec, digest(signed))
			if err != nil {
				panic(err)
			}
			return joinECDSA(r, s)
		}},
		{"RS256", rs.Public(), func(signed string) []byte {
			return must(rsa.SignPKCS1v15(rand.Reader, rs, crypto.SHA256, digest(signed)))
		}},
		{"PS256", rs.Public(), func(signed string) []byte {
			return must(rsa.SignPSS(rand.Reader, rs, crypto.SHA256, digest(signed), pss))
		}},
	}
}

// joinECDSA returns an ECDSA signature in the form of RFC 7518 §3.4.
func joinECDSA(r, s *big.Int) []byte {
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

// malleate returns the other valid ECDSA signature for the same message, with n-s for s.
func malleate(signature string) string {
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(raw) != 64 {
		return signature
	}
	s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(raw[32:]))
	return base64.RawURLEncoding.EncodeToString(joinECDSA(new(big.Int).SetBytes(raw[:32]), s))
}
