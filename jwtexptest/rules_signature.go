package jwtexptest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"hash"
	"strings"

	"github.com/jwtexp/jwtexp"
)

// signatureRules are about the key and the algorithm of the signature.
var signatureRules = []rule{
	{"signed by another key", "RFC 7515 §4.1.3", "verify with a key that you chose, never with one from the token", func(s *suite) []probe {
		d := draftOf(s.good)
		d.header["jwk"] = s.tokens.forge().jwk
		return []probe{
			bearer("another key of the same kind", s.forged(), rejected),
			bearer("another key, with its jwk in the header", s.tokens.sign(d, s.tokens.forge().key), rejected),
		}
	}},
	{"unknown kid", "RFC 7515 §4.1.4", "reject a kid that you have no key for: a lookup in a map or a file may return an empty key", func(s *suite) []probe {
		d := draftOf(s.good)
		d.header["kid"] = "../../../../../../dev/null"
		alg := jwtexp.HS256
		if s.Key.PublicKey() == nil {
			alg = s.Key.Algorithm()
		}
		return []probe{
			bearer("signed by another key", s.tokens.sign(d, s.tokens.forge().key), rejected),
			// HMAC pads a secret with zeros, so 16 zeros equal an empty secret. FIPS 140 rejects
			// shorter secrets.
			bearer("signed with an empty secret", d.signHMAC(alg, make([]byte, 16)), rejected),
		}
	}},
	{"changed after signing", "RFC 7515 §5.2", "require three segments, and verify the signature over the first two as received", func(s *suite) []probe {
		signature := signatureOf(s.good)
		signed := strings.TrimSuffix(s.good, signature) // with the dot
		header := draftOf(s.good)
		header.header["cty"] = "text"
		return []probe{
			bearer("another payload", s.tokens.Tampered(s.Subject, s.Claims), rejected),
			bearer("another header", header.withSignature(signature), rejected),
			bearer("another signature", signed+signatureOf(s.forged()), rejected),
			bearer("no signature", signed, rejected),
			bearer("no third segment", strings.TrimSuffix(signed, "."), rejected),
			bearer("a fourth segment", s.good+"."+signature, rejected),
		}
	}},
	{"alg none", "RFC 8725 §3.2", "list the algorithms that you accept, and reject all others", func(s *suite) []probe {
		var probes []probe
		for _, alg := range []string{"none", "None", "NONE", "nOnE", ""} {
			d := draftOf(s.good)
			d.header["alg"] = alg
			probes = append(probes, bearer(`"`+alg+`", and no signature`, d.withSignature(""), rejected))
		}
		return probes
	}},
	{"wrong alg", "RFC 8725 §3.1", "compare alg with the algorithm of the key: a token with another alg is for another service", func(s *suite) []probe {
		var probes []probe
		for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.HS384, jwtexp.RS256, jwtexp.ES256, "unknown"} {
			if alg == s.Key.Algorithm() {
				continue
			}
			token := s.signed(func(d draft) { d.header["alg"] = alg })
			probes = append(probes, bearer(string(alg)+", signed with "+string(s.Key.Algorithm()), token, rejected))
		}
		return probes
	}},
	{"public key as HMAC secret", "RFC 8725 §2.1", "bind each key to one algorithm: a public key is not a secret", func(s *suite) []probe {
		if s.Key.PublicKey() == nil {
			return nil
		}
		der, err := x509.MarshalPKIXPublicKey(s.Key.PublicKey())
		if err != nil {
			s.tb.Fatalf("jwtexptest.TestHandler: %v", err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		d := draftOf(s.good)
		return []probe{
			bearer("PEM", d.signHMAC(jwtexp.HS256, text), rejected),
			bearer("PEM without its last line break", d.signHMAC(jwtexp.HS256, text[:len(text)-1]), rejected),
			bearer("DER", d.signHMAC(jwtexp.HS256, der), rejected),
		}
	}},
}

// forged returns the good token, signed by another key.
func (s *suite) forged() string {
	s.tb.Helper()
	return s.tokens.sign(draftOf(s.good), s.tokens.forge().key)
}

// signHMAC signs with a secret that NewSecretKey would reject.
func (d draft) signHMAC(alg jwtexp.Algorithm, secret []byte) string {
	d.header["alg"] = alg
	mac := hmac.New(hashes[alg], secret)
	mac.Write([]byte(strings.TrimSuffix(d.withSignature(""), ".")))
	return d.withSignature(encode(mac.Sum(nil)))
}

var hashes = map[jwtexp.Algorithm]func() hash.Hash{
	jwtexp.HS256: sha256.New,
	jwtexp.HS384: sha512.New384,
	jwtexp.HS512: sha512.New,
}
