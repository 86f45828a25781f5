package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
)

// Thumbprint returns the JWK thumbprint of a public key (RFC 7638), with SHA-256 and in
// base64url, as it is used for a key ID: the same for the same key, wherever it is
// computed. It is an error for what is no *rsa.PublicKey, *ecdsa.PublicKey or
// ed25519.PublicKey.
func Thumbprint(public crypto.PublicKey) (string, error) {
	// The required members alone, in the order of their names, without spaces (§3.2). None
	// of the values needs an escape.
	var jwk string
	switch k := public.(type) {
	case *rsa.PublicKey:
		jwk = fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, encode(big.NewInt(int64(k.E)).Bytes()), encode(k.N.Bytes()))
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4, x, y
		if err != nil {
			return "", fmt.Errorf("keyring: Thumbprint: %w", err)
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		jwk = fmt.Sprintf(`{"crv":%q,"kty":"EC","x":%q,"y":%q}`, k.Params().Name, encode(x), encode(y))
	case ed25519.PublicKey: // RFC 8037 §2
		jwk = fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, encode(k))
	default:
		return "", fmt.Errorf("keyring: Thumbprint: %T is no RSA, ECDSA or Ed25519 public key", public)
	}
	sum := sha256.Sum256([]byte(jwk))
	return encode(sum[:]), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
