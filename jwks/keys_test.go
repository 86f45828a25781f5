package jwks_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
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
)

// The members of public keys. An RSA modulus that nobody knows the factors of is as good
// here as another.
var (
	rsa1024, rsa2040, rsa2048, rsa4096 = rsaMembers(1024), rsaMembers(2040), rsaMembers(2048), rsaMembers(4096)
	p256, p384, p521                   = ecMembers(elliptic.P256()), ecMembers(elliptic.P384()), ecMembers(elliptic.P521())
	ed                                 = `"kty":"OKP","crv":"Ed25519","x":"` + base64url(keyOf("a").PublicKey().(ed25519.PublicKey)) + `"`
)

func rsaMembers(bits uint) string {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return `"kty":"RSA","e":"AQAB","n":"` + base64url(n.Add(n, big.NewInt(12345)).Bytes()) + `"`
}

func ecMembers(curve elliptic.Curve) string {
	size := (curve.Params().BitSize + 7) / 8
	private, err := ecdsa.ParseRawPrivateKey(curve, append(make([]byte, size-1), 7))
	if err != nil {
		panic(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`"kty":"EC","crv":%q,"x":%q,"y":%q`, curve.Params().Name, base64url(point[1:1+size]), base64url(point[1+size:]))
}

// beyondTheLastByte sets the lowest bit of the last character of a JWK's x, which has 32
// bytes: a sloppy reader finds the same key.
func beyondTheLastByte(members string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(members) - len(`x"`)
	return members[:last] + string(alphabet[strings.IndexByte(alphabet, members[last])|1]) + `"`
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Each JWK stands in a set with another, which comes out whatever it is.
func TestWhatIsTakenOfASet(t *testing.T) {
	tests := []struct {
		name, jwk string
		want      string // algorithms and IDs of the keys
	}{
		{"RSA", rsa2048 + `,"kid":"1"`, "RS256:1"},
		{"RSA for RS384", rsa2048 + `,"kid":"1","alg":"RS384"`, "RS384:1"},
		{"RSA for RS512", rsa2048 + `,"kid":"1","alg":"RS512"`, "RS512:1"},
		{"RSA for PS256", rsa2048 + `,"kid":"1","alg":"PS256"`, "PS256:1"},
		{"RSA for PS384", rsa2048 + `,"kid":"1","alg":"PS384"`, "PS384:1"},
		{"RSA for PS512", rsa2048 + `,"kid":"1","alg":"PS512"`, "PS512:1"},
		{"RSA of 4096 bits", rsa4096 + `,"kid":"1"`, "RS256:1"},
		{"RSA of 8192 bits", rsaMembers(8192) + `,"kid":"1"`, "RS256:1"},
		{"P-256", p256 + `,"kid":"1"`, "ES256:1"},
		{"P-384", p384 + `,"kid":"1"`, "ES384:1"},
		{"P-521", p521 + `,"kid":"1"`, "ES512:1"},
		{"P-256 for ES256", p256 + `,"kid":"1","alg":"ES256"`, "ES256:1"},
		{"Ed25519", ed + `,"kid":"1"`, "EdDSA:1 Ed25519:1"},
		{"Ed25519 for EdDSA", ed + `,"kid":"1","alg":"EdDSA"`, "EdDSA:1"},
		{"Ed25519 for Ed25519", ed + `,"kid":"1","alg":"Ed25519"`, "Ed25519:1"},
		{"without kid", p256, "ES256:"},
		{"with an empty kid", p256 + `,"kid":""`, "ES256:"},
		{"with an empty alg and use", p256 + `,"alg":"","use":""`, "ES256:"},
		{"with members that are null", p256 + `,"kid":null,"alg":null,"use":null,"key_ops":null`, "ES256:"},
		{"with unknown members", p256 + `,"kid":"1","exp":1,"revoked":{"at":1}`, "ES256:1"},
		{"with a certificate that is none", p256 + `,"kid":"1","x5c":["no"],"x5t":"no","x5u":":"`, "ES256:1"},

		{"for signatures", p256 + `,"use":"sig"`, "ES256:"},
		{"for encryption", p256 + `,"use":"enc"`, ""},
		{"for anything else", p256 + `,"use":"SIG"`, ""},
		{"to verify", p256 + `,"key_ops":["verify"]`, "ES256:"},
		{"to verify, and more", p256 + `,"key_ops":["sign","verify"]`, "ES256:"},
		{"to sign", p256 + `,"key_ops":["sign"]`, ""},
		{"for no operation", p256 + `,"key_ops":[]`, ""},
		{"for operations that are no list", p256 + `,"key_ops":"verify"`, ""},
		{"to verify, for encryption", p256 + `,"use":"enc","key_ops":["verify"]`, ""},

		{"a secret", `"kty":"oct","kid":"1","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"`, ""},
		{"a secret for HS256", `"kty":"oct","alg":"HS256","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"`, ""},
		{"a private Ed25519 key", ed + `,"d":"` + base64url(make([]byte, 32)) + `"`, ""},
		{"a private EC key", p256 + `,"d":"` + base64url(append(make([]byte, 31), 7)) + `"`, ""},
		{"a private RSA key", rsa2048 + `,"d":"AQAB","p":"AQAB","q":"AQAB"`, ""},
		{"half a private RSA key", rsa2048 + `,"q":"AQAB"`, ""},
		{"an RSA key with further primes", rsa2048 + `,"oth":[]`, ""},
		{"a private member that is null", p256 + `,"d":null`, ""},
		{"a public key and a secret", p256 + `,"k":"AQAB"`, ""},

		{"RSA of 1024 bits", rsa1024, ""},
		{"RSA of 2040 bits", rsa2040, ""},
		{"RSA of 8200 bits", rsaMembers(8200), ""},
		{"RSA without an exponent", strings.Replace(rsa2048, `"e":"AQAB",`, ``, 1), ""},
		{"RSA with an exponent of 1", strings.Replace(rsa2048, `AQAB`, `AQ`, 1), ""},
		{"RSA with an even exponent", strings.Replace(rsa2048, `AQAB`, `AQAA`, 1), ""},
		{"RSA with a huge exponent", strings.Replace(rsa2048, `AQAB`, `AQABAQABAQAB`, 1), ""},
		{"RSA with an even modulus", `"kty":"RSA","e":"AQAB","n":"` + base64url(append([]byte{0x80}, make([]byte, 255)...)) + `"`, ""},
		{"RSA for ES256", rsa2048 + `,"alg":"ES256"`, ""},
		{"RSA for HS256", rsa2048 + `,"alg":"HS256"`, ""},
		{"RSA for none", rsa2048 + `,"alg":"none"`, ""},
		{"RSA for encryption, by alg", rsa2048 + `,"alg":"RSA-OAEP"`, ""},
		{"P-256 for ES384", p256 + `,"alg":"ES384"`, ""},
		{"P-256 for RS256", p256 + `,"alg":"RS256"`, ""},
		{"a point that is on no curve", strings.Replace(p256, `"y":"`, `"y":"AAAA`, 1), ""},
		{"a point of another curve", strings.Replace(p256, `P-256`, `P-384`, 1), ""},
		{"secp256k1", `"kty":"EC","crv":"secp256k1","x":"AQAB","y":"AQAB"`, ""},
		{"Ed25519 for ES256", ed + `,"alg":"ES256"`, ""},
		{"Ed25519 for another case", ed + `,"alg":"ed25519"`, ""},
		{"Ed25519, too short", `"kty":"OKP","crv":"Ed25519","x":"AQAB"`, ""},
		{"Ed25519, 31 bytes", edWith(make([]byte, 31)), ""},
		{"X25519", strings.Replace(ed, `Ed25519`, `X25519`, 1), ""},
		{"Ed448", strings.Replace(ed, `Ed25519`, `Ed448`, 1), ""},
		{"ML-DSA", `"kty":"AKP","alg":"ML-DSA-44","pub":"` + base64url(make([]byte, 1312)) + `"`, ""},
		{"an unknown type", `"kty":"new","kid":"1"`, ""},
		{"no type", strings.Replace(p256, `"kty":"EC",`, ``, 1), ""},
		{"a type in another case", strings.Replace(p256, `"kty"`, `"KTY"`, 1), ""},
		{"a kid in another case", p256 + `,"KID":"1"`, "ES256:"},
		{"a use in another case", p256 + `,"USE":"enc"`, "ES256:"},
		{"a kid that is a number", p256 + `,"kid":1`, ""},
		{"an alg that is a list", p256 + `,"alg":["ES256"]`, ""},
		{"a use that is a number", p256 + `,"use":1`, ""},
		{"a type that comes twice", p256 + `,"kty":"EC"`, ""},
		{"an alg that comes twice", p256 + `,"alg":"ES384","alg":"ES256"`, ""},
		{"base64 with padding", strings.Replace(rsa2048, `AQAB`, `AQABAA==`, 1), ""},
		{"base64 with bits beyond the last byte", beyondTheLastByte(ed), ""},
		{"base64 with a line break", strings.Replace(ed, `"x":"`, `"x":"\n`, 1), ""},
		{"nothing", ``, ""},

		{"a second key of the same name", p256 + `,"kid":"other"`, ""},
		{"one of the same name and another algorithm", p384 + `,"kid":"other"`, "ES384:other"},
		{"a second one without a name", ed + `,"alg":"EdDSA"},{` + ed + `,"alg":"EdDSA"`, "EdDSA: EdDSA:"},
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

// keysIn returns the keys that a Remote takes of a set.
func keysIn(t *testing.T, set string) ([]jwtexp.Key, error) {
	remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(&origin{reply: with(http.StatusOK, set)}))
	return remote.VerificationKeys(t.Context(), "", day)
}

func names(keys []jwtexp.Key) string {
	var all []string
	for _, key := range keys {
		all = append(all, string(key.Algorithm())+":"+key.ID())
	}
	return strings.Join(all, " ")
}

func TestTheFirstOfTwoKeysWins(t *testing.T) {
	keys, err := keysIn(t, `{"keys":[`+jwkOf("a")+`,`+strings.Replace(jwkOf("b"), `"kid":"b"`, `"kid":"a"`, 1)+`]}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || !keyOf("a").PublicKey().(ed25519.PublicKey).Equal(keys[0].PublicKey()) {
		t.Errorf("got %v, want the first key of this name", keys)
	}
}

// The material is that of the JWK, and not only its name.
func TestKeysAreThoseOfTheSet(t *testing.T) {
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
			point, err := public.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf(`"kty":"EC","crv":"P-256","x":%q,"y":%q`, base64url(point[1:33]), base64url(point[33:])))
		case ed25519.PublicKey:
			got = append(got, fmt.Sprintf(`"kty":"OKP","crv":"Ed25519","x":%q`, base64url(public)))
		}
	}
	if diff := cmp.Diff([]string{rsa2048, p256, ed, ed}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// A provider with a single key need not name it.
func TestASoleKeyWithoutKidServesAny(t *testing.T) {
	private := keyOf("a").WithID("")
	unnamed := `{` + ed + `}`
	both := func(keys string) string { return `{"keys":[` + keys + `]}` }
	tests := []struct {
		name, set, kid string
		want           error
	}{
		{"for one algorithm", both(`{` + ed + `,"alg":"Ed25519"}`), "any", good},
		{"for two", both(unnamed), "any", good},
		{"beside one that is not used", both(unnamed + `,{"kty":"new"}`), "any", good},
		{"a token without kid", both(unnamed), "", good},
		{"beside another", both(unnamed + `,{` + p256 + `}`), "any", invalid},
		{"beside another, a token without kid", both(unnamed + `,{` + p256 + `}`), "", good},
		{"beside one with a kid", both(unnamed + `,{` + p256 + `,"kid":"1"}`), "any", invalid},
		{"with a kid", both(`{` + ed + `,"kid":"1"}`), "any", invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(&origin{reply: with(http.StatusOK, tt.set)}))
			verifier := newVerifier(t, remote, jwtexp.ClockFunc(func() time.Time { return day }))
			_, err := verifier.Verify(t.Context(), tokenBy(private.WithID(tt.kid)))
			wantVerdict(t, "a token", err, tt.want)
		})
	}
}

// Whatever a server sends, what comes out are public keys that a Verifier takes.
func FuzzJWKSet(f *testing.F) {
	for _, jwk := range []string{rsa1024, rsa2048, rsa4096, p256, p384, p521, ed, `"kty":"oct","k":"AQAB"`} {
		for _, rest := range []string{``, `,"kid":"1"`, `,"use":"enc"`, `,"key_ops":["verify"]`, `,"alg":"ES256"`, `,"d":"AQAB"`} {
			f.Add(`{"keys":[{` + jwk + rest + `},{` + jwk + `,"kid":"2"}]}`)
		}
	}
	f.Fuzz(func(t *testing.T, set string) {
		remote, err := jwks.NewRemote("https://login.example/keys", jwks.WithTransport(&origin{reply: with(http.StatusOK, set)}))
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		keys, err := remote.VerificationKeys(t.Context(), "", day)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("got %d keys and error %v, want either", len(keys), err)
		}
		if err != nil && !errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("got %v, want an outage", err)
		}
		for _, key := range keys {
			checkFetched(t, key)
			if found, err := remote.VerificationKeys(t.Context(), key.ID(), day); err != nil || len(found) == 0 {
				t.Errorf("got %v, %v by the ID of %v, want it", found, err, key)
			}
		}
	})
}

func checkFetched(t *testing.T, key jwtexp.Key) {
	t.Helper()
	if _, err := jwtexp.NewKeySet(key); err != nil {
		t.Errorf("got %v, want a key that a set takes", err)
	}
	if _, err := jwtexp.NewIssuer(key, time.Hour); err == nil {
		t.Errorf("got %v that signs, want only public keys", key)
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
		t.Errorf("got %v of a %T, want an algorithm that fits", key, key.PublicKey())
	}
}
