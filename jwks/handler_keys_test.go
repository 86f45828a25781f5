package jwks_test

import (
	"crypto"
	"crypto/elliptic"
	"encoding/json"
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

// privateKeys has a key for each algorithm with public keys.
var privateKeys = sync.OnceValue(func() map[jwtexp.Algorithm]crypto.Signer {
	return map[jwtexp.Algorithm]crypto.Signer{
		jwtexp.RS256: testRSA(), jwtexp.RS384: testRSA(), jwtexp.RS512: testRSA(),
		jwtexp.PS256: testRSA(), jwtexp.PS384: testRSA(), jwtexp.PS512: testRSA(),
		jwtexp.ES256: newECDSA(elliptic.P256()), jwtexp.ES384: newECDSA(elliptic.P384()), jwtexp.ES512: newECDSA(elliptic.P521()),
		jwtexp.EdDSA: newEd25519(), jwtexp.Ed25519: newEd25519(),
	}
})

// A vault is a crypto.Signer that hides the type of its private key, such as one of a KMS.
type vault struct{ crypto.Signer }

// publicMembers are the members of a published key, by its kty. They have nothing private (d, p,
// q, dp, dq, qi, oth) and no secret (k).
var publicMembers = map[string][]string{
	"RSA": {"alg", "e", "kid", "kty", "n", "use"},
	"EC":  {"alg", "crv", "kid", "kty", "use", "x", "y"},
	"OKP": {"alg", "crv", "kid", "kty", "use", "x"},
}

func TestHandlerPublishesOnlyPublicKeys(t *testing.T) {
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
				t.Errorf("got members %v in the set, want %v", got, want)
			}
			keys := document["keys"].([]any)
			for _, k := range keys {
				jwk := k.(map[string]any)
				want, ok := publicMembers[jwk["kty"].(string)]
				if got := slices.Sorted(maps.Keys(jwk)); !ok || !slices.Equal(got, want) {
					t.Errorf("got members %v in a key, want %v", got, want)
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
			for _, part := range []string{"secret", testSecret, base64url([]byte(testSecret))} {
				if strings.Contains(body, part) {
					t.Errorf("got %q in the set, want no part of a secret", part)
				}
			}
		})
	}
}

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

func TestThumbprintAgreesWithJose(t *testing.T) {
	for alg, private := range privateKeys() {
		want := base64url(must((&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)))
		if got, err := keyring.Thumbprint(private.Public()); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", alg, got, err, want)
		}
	}
}

// published returns the IDs of the keys in the set, in the same order.
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
