package jwks_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var testRSA = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

func newECDSA(curve elliptic.Curve) *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(curve, rand.Reader))
}

func newEd25519() ed25519.PrivateKey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return must(private, err)
}

func newEd25519Key(id string) jwtexp.Key {
	return must(jwtexp.NewSigningKey(jwtexp.Ed25519, newEd25519())).WithID(id)
}

func newECDSAKey(id string) jwtexp.Key {
	return must(jwtexp.NewSigningKey(jwtexp.ES256, newECDSA(elliptic.P256()))).WithID(id)
}

func newRSAKey(id string) jwtexp.Key {
	return must(jwtexp.NewSigningKey(jwtexp.RS256, testRSA())).WithID(id)
}

const testSecret = "a secret of the tests that has as many bytes as HS512 asks for.."

func newSecretKey(id string) jwtexp.Key {
	return must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(testSecret))).WithID(id)
}

// privateKeys has one for every algorithm that has a public key.
var privateKeys = sync.OnceValue(func() map[jwtexp.Algorithm]crypto.Signer {
	return map[jwtexp.Algorithm]crypto.Signer{
		jwtexp.RS256: testRSA(), jwtexp.RS384: testRSA(), jwtexp.RS512: testRSA(),
		jwtexp.PS256: testRSA(), jwtexp.PS384: testRSA(), jwtexp.PS512: testRSA(),
		jwtexp.ES256: newECDSA(elliptic.P256()), jwtexp.ES384: newECDSA(elliptic.P384()), jwtexp.ES512: newECDSA(elliptic.P521()),
		jwtexp.EdDSA: newEd25519(), jwtexp.Ed25519: newEd25519(),
	}
})

// A vault is a crypto.Signer of no concrete key type, as that of a KMS is.
type vault struct{ key crypto.Signer }

func (v vault) Public() crypto.PublicKey { return v.key.Public() }

func (v vault) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return v.key.Sign(rand, digest, opts)
}

// members are the only ones that a key in a published set has, by its kty: nothing that is
// private (d, p, q, dp, dq, qi, oth) or a secret (k).
var members = map[string][]string{
	"RSA": {"alg", "e", "kid", "kty", "n", "use"},
	"EC":  {"alg", "crv", "kid", "kty", "use", "x", "y"},
	"OKP": {"alg", "crv", "kid", "kty", "use", "x"},
}

func TestHandlerPublishesThePublicHalfAlone(t *testing.T) {
	rings := make(map[string]*keyring.Ring)
	everything := newRing(t)
	add := func(name string, k jwtexp.Key) {
		rings[name] = newRing(t, k.WithID(name))
		if err := everything.Rotate(k.WithID(name), day); err != nil {
			t.Fatal(err)
		}
	}
	for alg, private := range privateKeys() {
		add("private "+string(alg), must(jwtexp.NewSigningKey(alg, private)))
		add("vault "+string(alg), must(jwtexp.NewSigningKey(alg, vault{private})))
		name := "public " + string(alg)
		rings[name] = newRing(t, must(jwtexp.NewSigningKey(alg, private)).WithID(name))
		err := rings[name].Load(rings[name].State(), func(string) (jwtexp.Key, error) {
			return jwtexp.NewPublicKey(alg, private.Public())
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.HS384, jwtexp.HS512} {
		add("secret "+string(alg), must(jwtexp.NewSecretKey(alg, []byte(testSecret))))
	}
	rings["everything"] = everything

	for name, ring := range rings {
		t.Run(name, func(t *testing.T) {
			body := serve(handlerAt(ring, day), "GET").Body.String()
			var document map[string]any
			if err := json.Unmarshal([]byte(body), &document); err != nil {
				t.Fatal(err)
			}
			if got, want := slices.Collect(maps.Keys(document)), []string{"keys"}; !cmp.Equal(got, want) {
				t.Errorf("got members %v of the set, want %v", got, want)
			}
			keys := document["keys"].([]any)
			for _, k := range keys {
				jwk := k.(map[string]any)
				want, ok := members[jwk["kty"].(string)]
				if got := slices.Sorted(maps.Keys(jwk)); !ok || !slices.Equal(got, want) {
					t.Errorf("got members %v of a key, want %v", got, want)
				}
				if jwk["use"] != "sig" || name != "everything" && jwk["kid"] != name {
					t.Errorf("got use %v and kid %v, want sig and %s", jwk["use"], jwk["kid"], name)
				}
			}
			want := 1
			switch {
			case name == "everything":
				want = 2 * len(privateKeys())
			case strings.HasPrefix(name, "secret"):
				want = 0
			}
			if len(keys) != want {
				t.Errorf("got %d keys, want %d", len(keys), want)
			}
			for _, part := range []string{"secret", testSecret, base64.RawURLEncoding.EncodeToString([]byte(testSecret))} {
				if strings.Contains(body, part) {
					t.Errorf("got %q in the set, want nothing of a secret", part)
				}
			}
		})
	}
}

// Whoever reads the set gets the keys that the ring has, each with its algorithm.
func TestHandlerPublishesEveryAlgorithm(t *testing.T) {
	for alg, private := range privateKeys() {
		t.Run(string(alg), func(t *testing.T) {
			h := handlerAt(newRing(t, must(jwtexp.NewSigningKey(alg, private))), day)
			id := must(keyring.Thumbprint(private.Public()))
			want := jose.JSONWebKey{Key: private.Public(), KeyID: id, Algorithm: string(alg), Use: "sig"}
			got := readSet(t, h).Keys
			if len(got) != 1 || got[0].KeyID != want.KeyID || got[0].Algorithm != want.Algorithm || got[0].Use != want.Use ||
				!got[0].Key.(interface{ Equal(crypto.PublicKey) bool }).Equal(want.Key) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestThumbprintIsThatOfAnotherLibrary(t *testing.T) {
	for alg, private := range privateKeys() {
		sum, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		want := base64.RawURLEncoding.EncodeToString(sum)
		if got, err := keyring.Thumbprint(private.Public()); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", alg, got, err, want)
		}
	}
}

// published returns the IDs of the keys in the set, in their order.
func published(t *testing.T, h http.Handler) (ids []string) {
	t.Helper()
	for _, k := range readSet(t, h).Keys {
		ids = append(ids, k.KeyID)
	}
	return ids
}

func readSet(t *testing.T, h http.Handler) (set jose.JSONWebKeySet) {
	t.Helper()
	w := serve(h, "GET")
	if err := json.Unmarshal(w.Body.Bytes(), &set); w.Code != 200 || err != nil {
		t.Fatalf("got %d, %v, want a set", w.Code, err)
	}
	return set
}
