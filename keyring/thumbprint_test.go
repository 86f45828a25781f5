package keyring_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/jwtexp/jwtexp/keyring"
)

func decode(text string) []byte { return must(base64.RawURLEncoding.DecodeString(text)) }

func TestThumbprintsOfTheRFCs(t *testing.T) {
	point := append(append([]byte{4}, decode("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4")...), decode("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")...)
	for _, tt := range []struct {
		name   string
		public crypto.PublicKey
		want   string
	}{
		{"RFC 7638 §3.1", &rsa.PublicKey{N: new(big.Int).SetBytes(decode("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")), E: 65537},
			"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 8037 A.3", ed25519.PublicKey(decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
			"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		{"the P-256 key of RFC 7517 A.1", must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)),
			"cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"},
	} {
		if got, err := keyring.Thumbprint(tt.public); got != tt.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// Coordinates have the curve's length, even if they start with zeros (RFC 7518 §6.2.1.2).
func TestThumbprintsOnEveryCurve(t *testing.T) {
	for _, tt := range []struct {
		curve elliptic.Curve
		size  int
	}{{elliptic.P256(), 32}, {elliptic.P384(), 48}, {elliptic.P521(), 66}} {
		zeroX, zeroY := false, false
		for i := 1; !zeroX || !zeroY; i++ {
			scalar := big.NewInt(int64(i)).FillBytes(make([]byte, tt.size))
			public := &must(ecdsa.ParseRawPrivateKey(tt.curve, scalar)).PublicKey
			point := must(public.Bytes())
			x, y := point[1:1+tt.size], point[1+tt.size:]
			zeroX, zeroY = zeroX || x[0] == 0, zeroY || y[0] == 0
			// encoding/json sorts the keys of a map.
			jwk := must(json.Marshal(map[string]string{
				"kty": "EC", "crv": tt.curve.Params().Name,
				"x": base64.RawURLEncoding.EncodeToString(x), "y": base64.RawURLEncoding.EncodeToString(y),
			}))
			sum := sha256.Sum256(jwk)
			want := base64.RawURLEncoding.EncodeToString(sum[:])
			if got, err := keyring.Thumbprint(public); got != want || err != nil {
				t.Errorf("%s, scalar %d: got %q, %v, want %q", tt.curve.Params().Name, i, got, err, want)
			}
		}
	}
}

func TestThumbprintErrors(t *testing.T) {
	ed := newKey("a").PublicKey().(ed25519.PublicKey)
	p256 := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), big.NewInt(1).FillBytes(make([]byte, 32))))
	for name, public := range map[string]crypto.PublicKey{
		"nil":                nil,
		"nil RSA":            (*rsa.PublicKey)(nil),
		"zero RSA":           &rsa.PublicKey{},
		"RSA by value":       rsa.PublicKey{N: big.NewInt(1), E: 3},
		"short RSA":          &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537},
		"nil ECDSA":          (*ecdsa.PublicKey)(nil),
		"zero ECDSA":         &ecdsa.PublicKey{},
		"ECDSA without x, y": &ecdsa.PublicKey{Curve: elliptic.P256()},
		"ECDSA by value":     p256.PublicKey,
		"private ECDSA":      p256,
		"P-224":              &ecdsa.PublicKey{Curve: elliptic.P224()},
		"nil Ed25519":        ed25519.PublicKey(nil),
		"short Ed25519":      ed[:31],
		"pointer to Ed25519": &ed,
		"bytes":              []byte(ed),
		"text":               "key",
	} {
		if got, err := keyring.Thumbprint(public); got != "" || err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
}
