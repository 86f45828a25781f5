package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// hmacCases are unusual MACs and secrets (RFC 7518 §3.2).
func hmacCases() []Case {
	token := hs256.jwt(goodClaims)
	signed, encoded := cut(token)
	good := decode(encoded)
	with := func(mac []byte) string { return signed + "." + base64url(mac) }
	by := func(secret []byte) string { return with(mac(crypto.SHA256, secret, signed)) }
	header, payload, _ := segments(token)
	plain := sha256.Sum256(append(bytes.Clone(hs256.secret), signed...))

	cases := []Case{
		{Name: "genuine", Token: token, Want: ok, Reason: "The control for the cases beside it."},
		{Name: "first 16 bytes", Token: with(good[:16]), Want: invalid, Reason: "A MAC cut in half is not HS256."},
		{Name: "first byte", Token: with(good[:1]), Want: invalid,
			Reason: "A verifier that compares as many bytes as the token has would accept one forgery in 256."},
		{Name: "last 31 bytes", Token: with(good[1:]), Want: invalid, Reason: "The MAC must have 32 bytes."},
		{Name: "twice", Token: with(append(bytes.Clone(good), good...)), Want: invalid, Reason: "The MAC must have 32 bytes."},
		{Name: "zeros", Token: resign(token, onlyZeros), Want: invalid, Reason: "A MAC that can be written without the secret."},
		{Name: "in hex", Token: with([]byte(hex.EncodeToString(good))), Want: invalid,
			Reason: "The signature is the bytes of the MAC, not its hex digits."},
		{Name: "hex in place of base64url", Token: signed + "." + hex.EncodeToString(good), Want: invalid, Reason: "A segment is base64url."},
		{Name: "reversed", Token: with(reversed(good)), Want: invalid, Reason: "The bytes of the MAC stand in their order."},
		{Name: "SHA-512 cut to 32 bytes", Token: with(mac(crypto.SHA512, hs256.secret, signed)[:32]), Want: invalid,
			Reason: "HS256 uses SHA-256."},
		{Name: "HS512 under HS256", Token: with(mac(crypto.SHA512, hs256.secret, signed)), Want: invalid, Reason: "HS256 uses SHA-256."},
		{Name: "plain SHA-256", Token: with(plain[:]), Want: invalid, Reason: "A hash of secret and message is not an HMAC."},
		{Name: "over the decoded payload", Token: with(mac(crypto.SHA256, hs256.secret, usual("HS256")+"."+goodClaims)), Want: invalid,
			Reason: "The MAC covers the encoded segments.", Ref: "RFC 7515 §5.1"},
		{Name: "over the payload alone", Token: with(mac(crypto.SHA256, hs256.secret, payload)), Want: invalid,
			Reason: "The MAC covers the header, too.", Ref: "RFC 7515 §5.1"},
		{Name: "over the segments without the dot", Token: with(mac(crypto.SHA256, hs256.secret, header+payload)), Want: invalid,
			Reason: "The MAC covers the dot between header and payload.", Ref: "RFC 7515 §5.1"},
		{Name: "over the segments with a dot at the end", Token: with(mac(crypto.SHA256, hs256.secret, signed+".")), Want: invalid,
			Reason: "The MAC covers what stands before the second dot.", Ref: "RFC 7515 §5.1"},
		{Name: "secret in base64url", Token: by([]byte(base64url(hs256.secret))), Want: invalid,
			Reason: "The secret is the bytes that k encodes, not its characters.", Ref: "RFC 7518 §6.4.1"},
		{Name: "empty secret", Token: by(nil), Want: invalid, Reason: "The MAC of a verifier without a secret, which everyone can compute."},
		{Name: "secret cut at its first 16 bytes", Token: by(hs256.secret[:16]), Want: invalid, Reason: "The MAC is made with another secret."},
		{Name: "secret with a line break", Token: by(append(bytes.Clone(hs256.secret), '\n')), Want: invalid,
			Reason: "The MAC is made with another secret."},
		{Name: "secret filled up with zeros", Token: by(append(bytes.Clone(hs256.secret), make([]byte, 32)...)), Want: ok,
			Reason: "HMAC itself fills a short key up with zeros, so the secrets are the same key.", Ref: "RFC 2104 §2"},
	}
	for _, size := range []struct {
		alg    string
		secret int
	}{{"HS256", 0}, {"HS256", 2}, {"HS256", 16}, {"HS256", 31}, {"HS384", 32}, {"HS384", 47}, {"HS512", 32}, {"HS512", 63}} {
		k := newSecret(size.alg, "weak", size.secret)
		cases = append(cases, Case{
			Name: k.alg + fmt.Sprintf(" with a secret of %d bytes", size.secret), Key: k.jwk, Algs: []string{k.alg}, Token: k.jwt(goodClaims), Want: invalid,
			Reason: "The secret must be as long as the hash, or longer.",
		})
	}
	for _, c := range []struct {
		name, payload, want string
		or                  []string
	}{
		{"allowed", goodClaims, ok, []string{invalid}},
		{"allowed and expired", expiredClaims, expired, []string{invalid}},
	} {
		k := newSecret("HS256", "weak", 16)
		cases = append(cases, Case{
			Name: "short secret " + c.name, Key: k.jwk, Token: k.jwt(c.payload), Want: c.want, Or: c.or, Needs: []string{"weak_hmac_key"},
			Reason: "A verifier that can be told to use short secrets uses them as any other.",
		})
	}
	cases = append(cases, Case{
		Name: "short secret allowed and another one used", Key: newSecret("HS256", "weak", 16).jwk, Needs: []string{"weak_hmac_key"},
		Token: newSecret("HS256", "other weak", 16).jwt(goodClaims), Want: invalid, Reason: "The signature is good under a key that is not trusted.",
	})
	for i := range cases {
		if cases[i].Ref == "" {
			cases[i].Ref = "RFC 7518 §3.2"
		}
	}
	return append(cases, knownSecretCases()...)
}

// knownSecretCases are tokens under secrets that are long enough and not secret.
func knownSecretCases() []Case {
	pem := string(publicPEM(mainRSA.public()))
	var cases []Case
	for _, c := range []struct {
		name, reason string
		secret       []byte
	}{
		{"32 zeros", "32 zeros are what a buffer holds that nothing was written to.", make([]byte, 32)},
		{"one letter repeated", "One byte repeated can be guessed.", bytes.Repeat([]byte("x"), 40)},
		{"a sample of jwt io", "The secret is the sample that a well-known page shows.", []byte("a-string-secret-at-least-256-bits-long")},
		{"a public key in PEM", "A public key is not secret.", []byte(pem)},
		{"a public key in DER", "A public key is not secret.", publicDER(mainRSA.public())},
		{"a public key in base64", "A public key is not secret.", []byte(base64.StdEncoding.EncodeToString(publicDER(mainRSA.public())))},
		{"a public key as a JWK", "A public key is not secret.", es256.jwk},
		{"a JWK Set", "A JWK Set of public keys is not secret.", jwkSet(edDSA.jwk, es256.jwk)},
	} {
		k := secretKey("HS256", c.secret)
		cases = append(cases, Case{
			Name: "secret is " + c.name, Key: k.jwk, Token: k.jwt(goodClaims), Want: invalid, Or: []string{ok},
			Reason: c.reason + " A verifier should refuse to work with it.", Ref: "RFC 8725 §3.5",
		})
	}
	return cases
}
