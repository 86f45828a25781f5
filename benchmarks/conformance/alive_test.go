package conformance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// TestPeersAreAlive tests the configuration of each library. With each algorithm that it offers, it
// must accept a good token, and reject a token with one fault for that fault.
func TestPeersAreAlive(t *testing.T) {
	const now = 1_800_000_000
	for _, p := range peers {
		t.Run(p.module, func(t *testing.T) {
			tried := 0
			for _, key := range newKeys() {
				for _, c := range []struct {
					name string
					want conformance.Verdict
					edit func(claims jwt.MapClaims)
				}{
					{"good", conformance.OK, func(jwt.MapClaims) {}},
					{"expired", conformance.Expired, func(claims jwt.MapClaims) { claims["exp"] = now - 1 }},
					{"early", conformance.NotYetValid, func(claims jwt.MapClaims) { claims["nbf"] = now + 1000 }},
					{"another issuer", conformance.Invalid, func(claims jwt.MapClaims) { claims["iss"] = "evil" }},
					{"another audience", conformance.Invalid, func(claims jwt.MapClaims) { claims["aud"] = "web" }},
					{"another subject", conformance.Invalid, func(claims jwt.MapClaims) { claims["sub"] = "bob" }},
					{"a claim too few", conformance.Invalid, func(claims jwt.MapClaims) { delete(claims, "role") }},
					{"another signature", conformance.Invalid, nil},
				} {
					claims := jwt.MapClaims{"iss": "login", "aud": "api", "sub": "alice", "role": "admin", "exp": now + 60}
					token := ""
					if c.edit == nil {
						parts := strings.Split(key.sign(t, claims), ".")
						claims["sub"] = "mallory"
						token = parts[0] + "." + parts[1] + "." + strings.Split(key.sign(t, claims), ".")[2]
					} else {
						c.edit(claims)
						token = key.sign(t, claims)
					}
					one := read(t, map[string]any{
						"id": c.name, "layer": "jwt", "token": token, "key": key.jwk, "algs": []string{key.alg}, "now": now,
						"leeway_s": 0, "issuer": "login", "audience": []string{"api"}, "subject": "alice",
						"required": []string{"exp", "role"}, "want": c.want,
					})
					got, err := p.check(t, one)
					if got == notTold {
						continue
					}
					tried++
					if got == invalidOrEarly && c.want != conformance.OK && c.want != conformance.Expired {
						got = c.want
					}
					if got != c.want {
						t.Errorf("%s, %s: got %s (%v), want %s", key.alg, c.name, got, err, c.want)
					}
				}
			}
			if tried < 8*3 {
				t.Errorf("got %d tokens checked, want tokens of three algorithms at least", tried)
			}
		})
	}
}

// The cases have few tokens that are expired and have another fault, and either verdict passes. This
// test shows what each library answers for a token that has expired and has the wrong issuer. A
// client that receives "expired" may refresh.
func TestExpiredAndOfAnotherIssuer(t *testing.T) {
	want := map[string]conformance.Verdict{
		golangJWT.module: conformance.Expired,
		cristalhq.module: conformance.Invalid, // the application chooses the order
		kataras.module:   conformance.Expired,
		goJOSE.module:    conformance.Invalid,
		jwx.module:       conformance.Expired,
		tinkGo.module:    conformance.Expired,
		auth0.module:     conformance.Invalid,
		jwtauth.module:   conformance.Expired,
		goOIDC.module:    conformance.Invalid,
	}
	const now = 1_800_000_000
	for _, p := range peers {
		for _, key := range newKeys() {
			token := key.sign(t, jwt.MapClaims{"iss": "evil", "aud": "api", "exp": now - 1})
			got, err := p.check(t, read(t, map[string]any{
				"id": "expired, of another issuer", "layer": "jwt", "token": token, "key": key.jwk, "algs": []string{key.alg},
				"now": now, "leeway_s": 0, "issuer": "login", "audience": []string{"api"}, "required": []string{"exp"},
			}))
			if got == invalidOrEarly {
				got = conformance.Invalid
			}
			if got != want[p.module] && got != notTold {
				t.Errorf("%s, %s: got %s (%v), want %s", p.module, key.alg, got, err, want[p.module])
			}
		}
	}
}

func read(t *testing.T, c map[string]any) *conformance.Case {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := conformance.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return cases[0]
}

type testKey struct {
	alg     string
	private any
	jwk     map[string]string
}

func (k testKey) sign(t *testing.T, claims jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.GetSigningMethod(k.alg), claims).SignedString(k.private)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newKeys() []testKey {
	secret := make([]byte, 32)
	rand.Read(secret)
	keys := []testKey{{"HS256", secret, map[string]string{"kty": "oct", "k": base64.RawURLEncoding.EncodeToString(secret)}}}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, err3 := ed25519.GenerateKey(rand.Reader)
	if err != nil || err2 != nil || err3 != nil {
		panic(fmt.Sprint(err, err2, err3))
	}
	for alg, private := range map[string]crypto.Signer{"RS256": rsaKey, "PS256": rsaKey, "ES256": ecKey, "EdDSA": edKey} {
		keys = append(keys, testKey{alg, private, publicJWK(conformance.Key{Algorithm: alg, Public: private.Public()})})
	}
	return keys
}
