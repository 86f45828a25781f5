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

// signatureRules are about who signed a token, and by which algorithm.
var signatureRules = []rule{
	{"signed by another key", "RFC 7515 §4.1.3", "verify by a key that you chose, never by one that the token brings along", func(s *suite) []try {
		d := draftOf(s.good)
		d.header["jwk"] = s.tokens.forge().jwk
		return []try{
			bearer("another key of the same shape", s.forged(), refused),
			bearer("another key, which is in the header as jwk", s.tokens.sign(d, s.tokens.forge().key), refused),
		}
	}},
	{"unknown kid", "RFC 7515 §4.1.4", "refuse a kid that you have no key for: what a map or a file has for it may be an empty key", func(s *suite) []try {
		d := draftOf(s.good)
		d.header["kid"] = "../../../../../../dev/null"
		alg := jwtexp.HS256
		if s.Key.PublicKey() == nil {
			alg = s.Key.Algorithm()
		}
		return []try{
			bearer("signed by another key", s.tokens.sign(d, s.tokens.forge().key), refused),
			// HMAC fills an empty secret up with zeros, and these are long enough for FIPS 140.
			bearer("signed with an empty secret", d.signHMAC(alg, make([]byte, 16)), refused),
		}
	}},
	{"changed after signing", "RFC 7515 §5.2", "take three segments, and verify the signature over the first two as they came", func(s *suite) []try {
		signature := signatureOf(s.good)
		signed := strings.TrimSuffix(s.good, signature) // and a dot
		header := draftOf(s.good)
		header.header["cty"] = "text"
		return []try{
			bearer("another payload", s.tokens.Tampered(s.Subject, s.Claims), refused),
			bearer("another header", header.with(signature), refused),
			bearer("another signature", signed+signatureOf(s.forged()), refused),
			bearer("no signature", signed, refused),
			bearer("no third segment", strings.TrimSuffix(signed, "."), refused),
			bearer("a fourth segment", s.good+"."+signature, refused),
		}
	}},
	{"alg none", "RFC 8725 §3.2", "name the algorithms that you take, and refuse every other", func(s *suite) []try {
		var tries []try
		for _, alg := range []string{"none", "None", "NONE", "nOnE", ""} {
			d := draftOf(s.good)
			d.header["alg"] = alg
			tries = append(tries, bearer(`"`+alg+`", and no signature`, d.with(""), refused))
		}
		return tries
	}},
	{"alg of another algorithm", "RFC 8725 §3.1", "compare alg with the algorithm of the key, and do not ignore it: a token that says another was made for another reader", func(s *suite) []try {
		var tries []try
		for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.HS384, jwtexp.RS256, jwtexp.ES256, "unheard of"} {
			if alg == s.Key.Algorithm() {
				continue
			}
			token := s.signed(func(d draft) { d.header["alg"] = alg })
			tries = append(tries, bearer(string(alg)+", signed with "+string(s.Key.Algorithm()), token, refused))
		}
		return tries
	}},
	{"public key as HMAC secret", "RFC 8725 §2.1", "bind each key to one algorithm: what everybody knows is no secret", func(s *suite) []try {
		if s.Key.PublicKey() == nil {
			return nil
		}
		der, err := x509.MarshalPKIXPublicKey(s.Key.PublicKey())
		if err != nil {
			s.tb.Fatalf("jwtexptest.TestHandler: %v", err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		d := draftOf(s.good)
		return []try{
			bearer("PEM", d.signHMAC(jwtexp.HS256, text), refused),
			bearer("PEM without its last line break", d.signHMAC(jwtexp.HS256, text[:len(text)-1]), refused),
			bearer("DER", d.signHMAC(jwtexp.HS256, der), refused),
		}
	}},
}

// forged returns the good token as another key would have signed it.
func (s *suite) forged() string {
	s.tb.Helper()
	return s.tokens.sign(draftOf(s.good), s.tokens.forge().key)
}

// signHMAC signs with secrets that no Key takes.
func (d draft) signHMAC(alg jwtexp.Algorithm, secret []byte) string {
	d.header["alg"] = alg
	mac := hmac.New(hashes[alg], secret)
	mac.Write([]byte(strings.TrimSuffix(d.with(""), ".")))
	return d.with(encode(mac.Sum(nil)))
}

var hashes = map[jwtexp.Algorithm]func() hash.Hash{
	jwtexp.HS256: sha256.New,
	jwtexp.HS384: sha512.New384,
	jwtexp.HS512: sha512.New,
}
