package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"time"
)

// certificate returns a self-signed certificate of an Ed25519 key as x5c has it. Ed25519 needs no
// random numbers, so that the bytes are the same each time.
func certificate(k key) string {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "login.example"},
		NotBefore:    time.Unix(now, 0),
		NotAfter:     time.Unix(now+86400, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.private.Public(), k.private)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// thumbprint returns the x5t#S256 of a certificate (RFC 7515 §4.1.8).
func thumbprint(certificate string) string {
	der, err := base64.StdEncoding.DecodeString(certificate)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(der)
	return base64url(sum[:])
}
