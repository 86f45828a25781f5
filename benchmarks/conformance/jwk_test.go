package conformance_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"math/big"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// publicJWK returns a public key as a JWK with its algorithm.
func publicJWK(k conformance.Key) map[string]string {
	jwk := map[string]string{"alg": k.Algorithm, "use": "sig"}
	set := func(name string, value []byte) { jwk[name] = base64.RawURLEncoding.EncodeToString(value) }
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		jwk["kty"] = "RSA"
		set("n", public.N.Bytes())
		set("e", big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		jwk["kty"], jwk["crv"] = "EC", public.Params().Name
		if point, err := public.Bytes(); err == nil {
			set("x", point[1:1+len(point)/2])
			set("y", point[1+len(point)/2:])
		}
	case ed25519.PublicKey:
		jwk["kty"], jwk["crv"] = "OKP", "Ed25519"
		set("x", public)
	}
	return jwk
}
