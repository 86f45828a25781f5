package jwks_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// The cases come from the root package's test of public keys, and from Wycheproof's vectors for JWKs
// (ecdh_*_webcrypto, json_web_key).
func TestInvalidPublicKeysAreIgnored(t *testing.T) {
	bad := map[string]string{
		"Ed25519: not a point":            ed25519JWK(append([]byte{2}, make([]byte, 31)...)),
		"Ed25519: y beyond the field":     ed25519JWK(append([]byte{0xf0}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...)),
		"Ed25519: all ones":               ed25519JWK(bytes.Repeat([]byte{0xff}, 32)),
		"Ed25519: empty":                  ed25519JWK(nil),
		"Ed25519: 33 bytes":               ed25519JWK(make([]byte, 33)),
		"Ed25519: an EC key's members":    `"crv":"Ed25519",` + p256[len(`"kty":"EC",`):] + `,"kty":"OKP"`,
		"RSA: modulus 0":                  `"kty":"RSA","e":"AQAB","n":"AA"`,
		"RSA: no modulus":                 `"kty":"RSA","e":"AQAB"`,
		"RSA: exponent 0":                 `"kty":"RSA","e":"AA",` + rsa2048[len(`"kty":"RSA","e":"AQAB",`):],
		"RSA: exponent 2":                 `"kty":"RSA","e":"Ag",` + rsa2048[len(`"kty":"RSA","e":"AQAB",`):],
		"RSA: an exponent of 32 bits":     `"kty":"RSA","e":"gAAAAQ",` + rsa2048[len(`"kty":"RSA","e":"AQAB",`):],
		"RSA: an exponent of 2^64 + 3":    `"kty":"RSA","e":"AQAAAAAAAAAD",` + rsa2048[len(`"kty":"RSA","e":"AQAB",`):],
		"RSA: 8200 bits":                  rsaJWK(8200),
		"EC: no curve":                    ecJWK("", make([]byte, 32), make([]byte, 32)),
		"EC: curve Ed25519":               ecJWK("Ed25519", make([]byte, 32), make([]byte, 32)),
		"EC: secp256k1's generator":       ecJWK("P-256", unhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"), unhex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")),
		"EC: brainpoolP256r1's generator": ecJWK("P-256", unhex("8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262"), unhex("547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997")),
	}
	for _, y := range []string{"00", "01", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "ec", "ed", "ee"} {
		point := unhex(y)
		if len(point) == 1 && point[0] < 2 {
			point = append(point, make([]byte, 31)...)
		} else if len(point) == 1 {
			point = append(append(point, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)
		}
		bad["Ed25519: small order "+y] = ed25519JWK(point)
		signed := bytes.Clone(point)
		signed[31] |= 0x80
		bad["Ed25519: small order with sign bit "+y] = ed25519JWK(signed)
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		params := curve.Params()
		size := (params.BitSize + 7) / 8
		fill := func(n *big.Int) []byte { return n.FillBytes(make([]byte, size)) }
		x, y := fill(params.Gx), fill(params.Gy)
		name := params.Name
		bad[name+": (0, 0)"] = ecJWK(name, make([]byte, size), make([]byte, size))
		bad[name+": (0, 1)"] = ecJWK(name, make([]byte, size), fill(big.NewInt(1)))
		bad[name+": another y"] = ecJWK(name, x, fill(new(big.Int).Add(params.Gy, big.NewInt(1))))
		bad[name+": x and y swapped"] = ecJWK(name, y, x)
		bad[name+": x = p"] = ecJWK(name, fill(params.P), y)
		bad[name+": zero byte before x"] = ecJWK(name, append([]byte{0}, x...), y)
		bad[name+": zero byte before x and y"] = ecJWK(name, append([]byte{0}, x...), append([]byte{0}, y...))
		bad[name+": x and y of different lengths"] = ecJWK(name, x[:size-1], slices.Concat(x[size-1:], y))
		bad[name+": x too short"] = ecJWK(name, x[1:], y)
		bad[name+": no y"] = ecJWK(name, x, nil)
		bad[name+": compressed point as x"] = ecJWK(name, append([]byte{2}, x...), nil)
		bad[name+": uncompressed point as x"] = ecJWK(name, append(append([]byte{4}, x...), y...), nil)
		bad[name+": ES256K"] = ecJWK(name, x, y) + `,"alg":"ES256K"`
	}
	for name, jwk := range bad {
		keys, err := keysIn(t, `{"keys":[{`+p256+`,"kid":"other"},{`+jwk+`}]}`)
		if got := names(keys); err != nil || got != "ES256:other" {
			t.Errorf("%s: got keys %q, %v, want ES256:other alone", name, got, err)
		}
	}
}

func unhex(text string) []byte { return must(hex.DecodeString(text)) }

// Any package in the process can change these variables.
func TestGlobalVariablesHaveNoEffect(t *testing.T) {
	forged := startServer(body(setOf("a")), func(s *httptest.Server) {
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the failed handshakes
		s.StartTLS()
	})
	defer forged.Close()

	t.Run("http.DefaultTransport without TLS checks", func(t *testing.T) {
		transport := http.DefaultTransport.(*http.Transport)
		before := transport.TLSClientConfig
		defer func() { transport.TLSClientConfig = before }()
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		if _, err := newRemote(t, forged.URL).VerificationKeys(t.Context(), "a", day); err == nil {
			t.Error("got keys from a server with an untrusted certificate, want an error")
		}
	})
	t.Run("http.DefaultTransport replaced", func(t *testing.T) {
		defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
		http.DefaultTransport = &origin{reply: set("a")}
		if _, err := newRemote(t, forged.URL).VerificationKeys(t.Context(), "a", day); err == nil {
			t.Error("got keys from the replaced transport, want an error")
		}
	})
	for _, limit := range []int{0, 1 << 20} {
		t.Run(fmt.Sprintf("jose.MaxRSAModulusBits = %d", limit), func(t *testing.T) {
			defer func(before int) { jose.MaxRSAModulusBits = before }(jose.MaxRSAModulusBits)
			jose.MaxRSAModulusBits = limit
			keys, err := keysIn(t, `{"keys":[{`+rsa2048+`,"kid":"1"},{`+rsaJWK(8200)+`,"kid":"2"},{`+rsaJWK(16384)+`,"kid":"3"}]}`)
			if got := names(keys); err != nil || got != "RS256:1" {
				t.Errorf("got %q, %v, want RS256:1 alone", got, err)
			}
		})
	}
}
