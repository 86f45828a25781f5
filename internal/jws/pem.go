package jws

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// ParsePEM returns the material of the one key in PEM text: a private key (PKCS #8, PKCS #1 or SEC
// 1), a public key (SPKI or PKCS #1) or the public key of a certificate, whose dates are ignored.
func ParsePEM(name string, text []byte) (*Material, error) {
	block, err := onlyBlock(text)
	if err != nil {
		return nil, err
	}
	key, err := parseBlock(block)
	if err != nil {
		return nil, err
	}
	if private, ok := key.(crypto.Signer); ok {
		return NewSigner(name, private)
	}
	return NewPublic(name, key)
}

// onlyBlock returns the only block of PEM text that holds a key.
func onlyBlock(text []byte) (*pem.Block, error) {
	var only *pem.Block
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		switch {
		case block == nil && len(bytes.TrimSpace(text)) > 0:
			return nil, errors.New("not PEM text; is it a file name, DER, or one line with \\n in it?")
		case block == nil && only == nil:
			return nil, errors.New("no PEM block")
		case block == nil:
			return only, nil
		case block.Type == "EC PARAMETERS": // openssl ecparam -genkey writes it before the key
			continue
		case only != nil:
			return nil, errors.New("more than one PEM block; pass the one key or certificate")
		}
		only = block
	}
}

func parseBlock(block *pem.Block) (key any, err error) {
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errEncrypted
		}
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errEncrypted
		}
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = certificate.PublicKey
		}
	case "ENCRYPTED PRIVATE KEY":
		return nil, errEncrypted
	default:
		return nil, fmt.Errorf("unsupported PEM block %q; want a private key, a public key or a certificate", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("the PEM block %q cannot be parsed", block.Type) // the cause may quote key bytes
	}
	return key, nil
}

var errEncrypted = errors.New("the private key is encrypted; decrypt it first")
