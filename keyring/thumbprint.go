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

	"github.com/jwtexp/jwtexp"
)

// Thumbprint returns the JWK thumbprint (RFC 7638) of a public key, with SHA-256 and in base64url.
// Equal keys have equal thumbprints, so it can serve as a key ID. It returns an error if
// [jwtexp.NewPublicKey] rejects the key for every algorithm.
func Thumbprint(public crypto.PublicKey) (string, error) {
	for _, alg := range []jwtexp.Algorithm{jwtexp.RS256, jwtexp.ES256, jwtexp.ES384, jwtexp.ES512, jwtexp.Ed25519} {
		if key, err := jwtexp.NewPublicKey(alg, public); err == nil {
			return thumbprint(key.PublicKey()), nil
		}
	}
	return "", fmt.Errorf("keyring: Thumbprint: unsupported key %T; want a valid *rsa.PublicKey of 2048 to 8192 bits, "+
		"*ecdsa.PublicKey on P-256, P-384 or P-521, or ed25519.PublicKey", public)
}

// thumbprint returns the Thumbprint of a key that jwtexp.NewPublicKey accepts.
func thumbprint(public crypto.PublicKey) string {
	sum := sha256.Sum256([]byte(members(public)))
	return encode(sum[:])
}

// members returns a JWK with only its required members, sorted by name and without spaces
// (RFC 7638 §3). No value needs escaping.
func members(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *rsa.PublicKey: // RFC 7518 §6.3.1
		return fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, encode(big.NewInt(int64(k.E)).Bytes()), encode(k.N.Bytes()))
	case *ecdsa.PublicKey: // RFC 7518 §6.2.1
		point, _ := k.Bytes() // the byte 4, x, y; no error: NewPublicKey has checked the point
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return fmt.Sprintf(`{"crv":%q,"kty":"EC","x":%q,"y":%q}`, k.Params().Name, encode(x), encode(y))
	default: // RFC 8037 §2
		return fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, encode(k.(ed25519.PublicKey)))
	}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
