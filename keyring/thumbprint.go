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

// Thumbprint returns the JWK thumbprint of a public key (RFC 7638), with SHA-256 and in
// base64url, as it is used for a key ID: the same for the same key, wherever it is
// computed. It is an error for what [jwtexp.NewPublicKey] refuses with every algorithm.
func Thumbprint(public crypto.PublicKey) (string, error) {
	for _, alg := range []jwtexp.Algorithm{jwtexp.RS256, jwtexp.ES256, jwtexp.ES384, jwtexp.ES512, jwtexp.Ed25519} {
		if key, err := jwtexp.NewPublicKey(alg, public); err == nil {
			sum := sha256.Sum256([]byte(members(key.PublicKey())))
			return encode(sum[:]), nil
		}
	}
	return "", fmt.Errorf("keyring: Thumbprint: %T, where a valid *rsa.PublicKey of at least 2048 bits, "+
		"*ecdsa.PublicKey on P-256, P-384 or P-521, or ed25519.PublicKey is due", public)
}

// members returns the required members of a JWK and no others, in the order of their
// names, without spaces (RFC 7638 §3). None of the values needs an escape.
func members(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *rsa.PublicKey: // RFC 7518 §6.3.1
		return fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, encode(big.NewInt(int64(k.E)).Bytes()), encode(k.N.Bytes()))
	case *ecdsa.PublicKey: // RFC 7518 §6.2.1
		point, _ := k.Bytes() // 4, x, y: a Key's point is on its curve
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return fmt.Sprintf(`{"crv":%q,"kty":"EC","x":%q,"y":%q}`, k.Params().Name, encode(x), encode(y))
	default: // RFC 8037 §2
		return fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, encode(k.(ed25519.PublicKey)))
	}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
