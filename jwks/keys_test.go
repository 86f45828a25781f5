package jwks_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The members of public keys. The RSA moduli are arbitrary numbers, which is enough here.
var (
	rsa1024, rsa2040, rsa2048, rsa4096 = rsaJWK(1024), rsaJWK(2040), rsaJWK(2048), rsaJWK(4096)
	p256, p384, p521                   = validECJWK(elliptic.P256()), validECJWK(elliptic.P384()), validECJWK(elliptic.P521())
	ed                                 = ed25519JWK(keyOf("a").PublicKey().(ed25519.PublicKey))
)

func rsaJWK(bits uint) string {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return `"kty":"RSA","e":"AQAB","n":"` + base64url(n.Add(n, big.NewInt(12345)).Bytes()) + `"`
}

func validECJWK(curve elliptic.Curve) string {
	size := (curve.Params().BitSize + 7) / 8
	private := must(ecdsa.ParseRawPrivateKey(curve, append(make([]byte, size-1), 7)))
	point := must(private.PublicKey.Bytes())
	return ecJWK(curve.Params().Name, point[1:1+size], point[1+size:])
}

func ecJWK(curve string, x, y []byte) string {
	return fmt.Sprintf(`"kty":"EC","crv":%q,"x":%q,"y":%q`, curve, base64url(x), base64url(y))
}

// withTrailingBit sets the lowest bit of the last character of a JWK's x of 32 bytes. A lenient
// base64url decoder ignores that bit.
func withTrailingBit(members string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(members) - len(`x"`)
	return members[:last] + string(alphabet[strings.IndexByte(alphabet, members[last])|1]) + `"`
}

// The set has another key, which is used whatever the JWK is.
func TestWhichJWKsAreUsed(t *testing.T) {
	tests := []struct {
		name, jwk string
		want      string // the algorithms and IDs of the JWK's keys
	}{
		{"RSA", rsa2048 + `,"kid":"1"`, "RS256:1"},
		{"RSA for RS384", rsa2048 + `,"kid":"1","alg":"RS384"`, "RS384:1"},
		{"RSA for RS512", rsa2048 + `,"kid":"1","alg":"RS512"`, "RS512:1"},
		{"RSA for PS256", rsa2048 + `,"kid":"1","alg":"PS256"`, "PS256:1"},
		{"RSA for PS384", rsa2048 + `,"kid":"1","alg":"PS384"`, "PS384:1"},
		{"RSA for PS512", rsa2048 + `,"kid":"1","alg":"PS512"`, "PS512:1"},
		{"RSA 4096 bits", rsa4096 + `,"kid":"1"`, "RS256:1"},
		{"RSA 8192 bits", rsaJWK(8192) + `,"kid":"1"`, "RS256:1"},
		{"P-256", p256 + `,"kid":"1"`, "ES256:1"},
		{"P-384", p384 + `,"kid":"1"`, "ES384:1"},
		{"P-521", p521 + `,"kid":"1"`, "ES512:1"},
		{"P-256 for ES256", p256 + `,"kid":"1","alg":"ES256"`, "ES256:1"},
		{"Ed25519", ed + `,"kid":"1"`, "EdDSA:1 Ed25519:1"},
		{"Ed25519 for EdDSA", ed + `,"kid":"1","alg":"EdDSA"`, "EdDSA:1"},
		{"Ed25519 for Ed25519", ed + `,"kid":"1","alg":"Ed25519"`, "Ed25519:1"},
		{"no kid", p256, "ES256:"},
		{"empty kid", p256 + `,"kid":""`, "ES256:"},
		{"empty alg and use", p256 + `,"alg":"","use":""`, "ES256:"},
		{"null members", p256 + `,"kid":null,"alg":null,"use":null,"key_ops":null`, "ES256:"},
		{"unknown members", p256 + `,"kid":"1","exp":1,"revoked":{"at":1}`, "ES256:1"},
		{"invalid certificate", p256 + `,"kid":"1","x5c":["no"],"x5t":"no","x5u":":"`, "ES256:1"},

		{"use sig", p256 + `,"use":"sig"`, "ES256:"},
		{"use enc", p256 + `,"use":"enc"`, ""},
		{"unknown use", p256 + `,"use":"SIG"`, ""},
		{"key_ops verify", p256 + `,"key_ops":["verify"]`, "ES256:"},
		{"key_ops sign and verify", p256 + `,"key_ops":["sign","verify"]`, "ES256:"},
		{"key_ops sign", p256 + `,"key_ops":["sign"]`, ""},
		{"empty key_ops", p256 + `,"key_ops":[]`, ""},
		{"key_ops string", p256 + `,"key_ops":"verify"`, ""},
		{"use enc and key_ops verify", p256 + `,"use":"enc","key_ops":["verify"]`, ""},

		{"secret", `"kty":"oct","kid":"1","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"`, ""},
		{"secret for HS256", `"kty":"oct","alg":"HS256","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"`, ""},
		{"private Ed25519 key", ed + `,"d":"` + base64url(make([]byte, 32)) + `"`, ""},
		{"private EC key", p256 + `,"d":"` + base64url(append(make([]byte, 31), 7)) + `"`, ""},
		{"private RSA key", rsa2048 + `,"d":"AQAB","p":"AQAB","q":"AQAB"`, ""},
		{"one private RSA member", rsa2048 + `,"q":"AQAB"`, ""},
		{"RSA other primes", rsa2048 + `,"oth":[]`, ""},
		{"private member null", p256 + `,"d":null`, ""},
		{"public key and secret", p256 + `,"k":"AQAB"`, ""},

		{"RSA 1024 bits", rsa1024, ""},
		{"RSA 2040 bits", rsa2040, ""},
		{"RSA 8200 bits", rsaJWK(8200), ""},
		{"RSA no exponent", strings.Replace(rsa2048, `"e":"AQAB",`, ``, 1), ""},
		{"RSA exponent 1", strings.Replace(rsa2048, `AQAB`, `AQ`, 1), ""},
		{"RSA even exponent", strings.Replace(rsa2048, `AQAB`, `AQAA`, 1), ""},
		{"RSA huge exponent", strings.Replace(rsa2048, `AQAB`, `AQABAQABAQAB`, 1), ""},
		{"RSA even modulus", `"kty":"RSA","e":"AQAB","n":"` + base64url(append([]byte{0x80}, make([]byte, 255)...)) + `"`, ""},
		{"RSA for ES256", rsa2048 + `,"alg":"ES256"`, ""},
		{"RSA for HS256", rsa2048 + `,"alg":"HS256"`, ""},
		{"RSA for none", rsa2048 + `,"alg":"none"`, ""},
		{"RSA for RSA-OAEP", rsa2048 + `,"alg":"RSA-OAEP"`, ""},
		{"P-256 for ES384", p256 + `,"alg":"ES384"`, ""},
		{"P-256 for RS256", p256 + `,"alg":"RS256"`, ""},
		{"point on no curve", strings.Replace(p256, `"y":"`, `"y":"AAAA`, 1), ""},
		{"point of another curve", strings.Replace(p256, `P-256`, `P-384`, 1), ""},
		{"secp256k1", `"kty":"EC","crv":"secp256k1","x":"AQAB","y":"AQAB"`, ""},
		{"Ed25519 for ES256", ed + `,"alg":"ES256"`, ""},
		{"Ed25519 for ed25519", ed + `,"alg":"ed25519"`, ""},
		{"Ed25519 3 bytes", `"kty":"OKP","crv":"Ed25519","x":"AQAB"`, ""},
		{"Ed25519 31 bytes", ed25519JWK(make([]byte, 31)), ""},
		{"X25519", strings.Replace(ed, `Ed25519`, `X25519`, 1), ""},
		{"Ed448", strings.Replace(ed, `Ed25519`, `Ed448`, 1), ""},
		{"ML-DSA", `"kty":"AKP","alg":"ML-DSA-44","pub":"` + base64url(make([]byte, 1312)) + `"`, ""},
		{"unknown kty", `"kty":"new","kid":"1"`, ""},
		{"no kty", strings.Replace(p256, `"kty":"EC",`, ``, 1), ""},
		{"KTY", strings.Replace(p256, `"kty"`, `"KTY"`, 1), ""},
		{"KID", p256 + `,"KID":"1"`, "ES256:"},
		{"USE", p256 + `,"USE":"enc"`, "ES256:"},
		{"kid number", p256 + `,"kid":1`, ""},
		{"alg list", p256 + `,"alg":["ES256"]`, ""},
		{"use number", p256 + `,"use":1`, ""},
		{"kty twice", p256 + `,"kty":"EC"`, ""},
		{"alg twice", p256 + `,"alg":"ES384","alg":"ES256"`, ""},
		{"base64url padding", strings.Replace(rsa2048, `AQAB`, `AQABAA==`, 1), ""},
		{"base64url trailing bit", withTrailingBit(ed), ""},
		{"base64url line break", strings.Replace(ed, `"x":"`, `"x":"\n`, 1), ""},
		{"empty object", ``, ""},

		{"same kid and algorithm", p256 + `,"kid":"other"`, ""},
		{"same kid, another algorithm", p384 + `,"kid":"other"`, "ES384:other"},
		{"same key twice without kid", ed + `,"alg":"EdDSA"},{` + ed + `,"alg":"EdDSA"`, "EdDSA:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := keysIn(t, `{"keys":[{`+p256+`,"kid":"other"},{`+tt.jwk+`}]}`)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSpace("ES256:other " + tt.want)
			if got := names(keys); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// keysIn returns the keys that a Remote uses of a set.
func keysIn(t *testing.T, set string) ([]jwtexp.Key, error) {
	return remoteOf(t, set).VerificationKeys(t.Context(), "", day)
}

func names(keys []jwtexp.Key) string {
	var all []string
	for _, key := range keys {
		all = append(all, string(key.Algorithm())+":"+key.ID())
	}
	return strings.Join(all, " ")
}

// A provider that replaces a key may keep the kid. Both keys verify.
func TestKeysWithOneIDAreAllTried(t *testing.T) {
	as := func(kid, jwk string) string { return strings.Replace(jwk, `"kid":"b"`, `"kid":"`+kid+`"`, 1) }
	remote := remoteOf(t, `{"keys":[`+jwkOf("a")+`,`+as("a", jwkOf("b"))+`,`+as("a", jwkOf("a"))+`]}`)
	keys, err := remote.VerificationKeys(t.Context(), "a", day)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(keys), "Ed25519:a Ed25519:a"; got != want {
		t.Fatalf("got %q, want %q: two keys, and the equal one once", got, want)
	}
	for i, id := range []string{"a", "b"} {
		if want := keyOf(id).PublicKey().(ed25519.PublicKey); !want.Equal(keys[i].PublicKey()) {
			t.Errorf("got another key %d, want the set's order", i)
		}
		_, err := newVerifier(remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenBy(keyOf(id).WithID("a")))
		wantVerdict(t, "a token of key "+id, err, good)
	}
}

// Only keys with the same ID, algorithm and material count once.
func TestEqualKeysCountOnce(t *testing.T) {
	rsaKey := func(rest string) string { return `{` + rsa2048 + rest + `}` }
	tests := []struct{ name, keys, want string }{
		{"equal", rsaKey(`,"kid":"1"`) + `,` + rsaKey(`,"kid":"1"`), "RS256:1"},
		{"equal, one with alg", rsaKey(`,"kid":"1"`) + `,` + rsaKey(`,"kid":"1","alg":"RS256"`), "RS256:1"},
		{"equal, without kid", rsaKey(``) + `,` + rsaKey(``), "RS256:"},
		{"another kid", rsaKey(`,"kid":"1"`) + `,` + rsaKey(`,"kid":"2"`), "RS256:1 RS256:2"},
		{"another algorithm", rsaKey(`,"kid":"1","alg":"RS256"`) + `,` + rsaKey(`,"kid":"1","alg":"PS256"`), "RS256:1 PS256:1"},
		{"another RSA key", rsaKey(`,"kid":"1"`) + `,{` + rsa4096 + `,"kid":"1"}`, "RS256:1 RS256:1"},
		{"another EC key", `{` + p256 + `,"kid":"1"},` + ecdsaJWK("1"), "ES256:1 ES256:1"},
		{"another type", rsaKey(`,"kid":"1"`) + `,{` + p256 + `,"kid":"1"}`, "RS256:1 ES256:1"},
	}
	for _, tt := range tests {
		keys, err := keysIn(t, `{"keys":[`+tt.keys+`]}`)
		if got := names(keys); err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// ecdsaJWK returns the JWK of a new key on P-256.
func ecdsaJWK(kid string) string {
	point := must(newECDSA(elliptic.P256()).PublicKey.Bytes())
	return `{` + ecJWK("P-256", point[1:33], point[33:]) + `,"kid":"` + kid + `"}`
}

func TestKeyMaterial(t *testing.T) {
	keys, err := keysIn(t, `{"keys":[{`+rsa2048+`},{`+p256+`},{`+ed+`}]}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, key := range keys {
		switch public := key.PublicKey().(type) {
		case *rsa.PublicKey:
			got = append(got, fmt.Sprintf(`"kty":"RSA","e":"AQAB","n":"%s"`, base64url(public.N.Bytes())))
		case *ecdsa.PublicKey:
			point := must(public.Bytes())
			got = append(got, ecJWK("P-256", point[1:33], point[33:]))
		case ed25519.PublicKey:
			got = append(got, ed25519JWK(public))
		}
	}
	if diff := cmp.Diff([]string{rsa2048, p256, ed, ed}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// A provider with a single key may leave out kid in its set.
func TestSoleKeyWithoutKidServesAnyKid(t *testing.T) {
	private := keyOf("a").WithID("")
	setOf := func(keys string) string { return `{"keys":[` + keys + `]}` }
	unnamed := `{` + ed + `}`
	tests := []struct {
		name, set, kid string
		want           error
	}{
		{"one algorithm", setOf(`{` + ed + `,"alg":"Ed25519"}`), "any", good},
		{"two algorithms", setOf(unnamed), "any", good},
		{"twice", setOf(unnamed + `,` + unnamed), "any", good},
		{"beside an unusable key", setOf(unnamed + `,{"kty":"new"}`), "any", good},
		{"token without kid", setOf(unnamed), "", good},
		{"beside another key", setOf(unnamed + `,{` + p256 + `}`), "any", invalid},
		{"beside another key, token without kid", setOf(unnamed + `,{` + p256 + `}`), "", good},
		{"beside a key with kid", setOf(unnamed + `,{` + p256 + `,"kid":"1"}`), "any", invalid},
		{"with kid", setOf(`{` + ed + `,"kid":"1"}`), "any", invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verifier := newVerifier(remoteOf(t, tt.set), jwtexptest.NewClock(day))
			_, err := verifier.Verify(t.Context(), tokenBy(private.WithID(tt.kid)))
			wantVerdict(t, "a token", err, tt.want)
		})
	}
}

// Any response yields either an outage, or public keys that a Verifier accepts.
func FuzzJWKSet(f *testing.F) {
	for _, jwk := range []string{rsa1024, rsa2048, rsa4096, p256, p384, p521, ed, `"kty":"oct","k":"AQAB"`} {
		for _, rest := range []string{``, `,"kid":"1"`, `,"use":"enc"`, `,"key_ops":["verify"]`, `,"alg":"ES256"`, `,"d":"AQAB"`} {
			f.Add(`{"keys":[{` + jwk + rest + `},{` + jwk + `,"kid":"2"}]}`)
		}
	}
	f.Fuzz(func(t *testing.T, set string) {
		remote, err := jwks.NewRemote(keysURL, jwks.WithTransport(&origin{reply: response(http.StatusOK, set)}))
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		keys, err := remote.VerificationKeys(t.Context(), "", day)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("got %d keys and error %v, want either", len(keys), err)
		}
		if err != nil && !errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("got %v, want %v", err, jwtexp.ErrUnavailable)
		}
		for _, key := range keys {
			checkPublicKey(t, key)
			if found, err := remote.VerificationKeys(t.Context(), key.ID(), day); err != nil || len(found) == 0 {
				t.Errorf("got %v, %v for the ID of %v, want that key", found, err, key)
			}
		}
	})
}

func checkPublicKey(t *testing.T, key jwtexp.Key) {
	t.Helper()
	if _, err := jwtexp.NewKeySet(key); err != nil {
		t.Errorf("got %v, want a key that NewKeySet accepts", err)
	}
	if _, err := jwtexp.NewIssuer(key, time.Hour); err == nil {
		t.Errorf("got %v, which can sign, want a public key", key)
	}
	var fits string
	switch public := key.PublicKey().(type) {
	case *rsa.PublicKey:
		if got := public.N.BitLen(); got < 2048 {
			t.Errorf("got an RSA key of %d bits, want at least 2048", got)
		}
		fits = "RS256 RS384 RS512 PS256 PS384 PS512"
	case *ecdsa.PublicKey:
		fits = map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[public.Curve.Params().Name]
	case ed25519.PublicKey:
		fits = "EdDSA Ed25519"
	}
	if !strings.Contains(" "+fits+" ", " "+string(key.Algorithm())+" ") {
		t.Errorf("got algorithm %v for a %T, want one of %s", key.Algorithm(), key.PublicKey(), fits)
	}
}
