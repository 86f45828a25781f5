package jws

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/jwtexp/jwtexp/internal/pemtext"
)

// ParsePEM returns the material of the one key in PEM text: a private key (PKCS #8, PKCS #1 or SEC
// 1), a public key (SPKI or PKCS #1) or the public key of a certificate, whose dates are ignored.
func ParsePEM(name string, text []byte) (*Material, error) {
	a, err := lookup(name, "")
	if err != nil {
		return nil, err
	}
	key, ok := onlyKey(text)
	if !ok {
		return nil, fmt.Errorf("%s; %s", strings.Join(pemtext.Faults(text), "; also "), a.takes())
	}
	if private, ok := key.(crypto.Signer); ok {
		return NewSigner(name, private)
	}
	return NewPublic(name, key)
}

func onlyKey(text []byte) (key any, ok bool) {
	blocks, rest := pemtext.Blocks(text)
	if len(blocks) != 1 || len(rest) > 0 {
		return nil, false
	}
	return pemtext.Parse(blocks[0])
}
