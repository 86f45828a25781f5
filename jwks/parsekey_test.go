package jwks_test

import (
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The JWKs of RFC 7517, appendix A, and RFC 8037, appendix A. The EC key of RFC 7517 is for
// encryption.
func TestParseKeyReadsTheSamplesOfTheRFCs(t *testing.T) {
	private, secrets := jwksIn(t, "rfc7517-a2.json"), jwksIn(t, "rfc7517-a3.json")
	for name, tt := range map[string]struct {
		text string
		alg  jwtexp.Algorithm // of WithAlgorithms
		want string
		fail string
	}{
		"RFC 7517 A.1, RSA":             {text: jwksIn(t, "rfc7517-a1.json")[1], want: "public RS256:2011-04-29"},
		"RFC 7517 A.1, EC":              {text: jwksIn(t, "rfc7517-a1.json")[0], fail: `use is "enc", and not sig`},
		"RFC 7517 A.2, RSA":             {text: private[1], want: "signing RS256:2011-04-29"},
		"RFC 7517 A.2, EC":              {text: private[0], fail: `use is "enc", and not sig`},
		"RFC 7517 A.2, EC without use":  {text: strings.Replace(private[0], `"use": "enc",`, "", 1), want: "signing ES256:1"},
		"RFC 7517 A.3, for key wrap":    {text: secrets[0], fail: `alg is "A128KW"; want HS256, HS384 or HS512`},
		"RFC 7517 A.3, HMAC":            {text: secrets[1], alg: jwtexp.HS512, want: "signing HS512:HMAC key used in JWS spec Appendix A.1 example"},
		"RFC 7517 A.3, HMAC of no alg":  {text: secrets[1], fail: `alg is missing; add "alg"`},
		"RFC 8037 A.1":                  {text: fileOf(t, "rfc8037-a1.json"), alg: jwtexp.Ed25519, want: "signing Ed25519:"},
		"RFC 8037 A.2":                  {text: fileOf(t, "rfc8037-a2.json"), alg: jwtexp.EdDSA, want: "public EdDSA:"},
		"RFC 8037 A.2, of no algorithm": {text: fileOf(t, "rfc8037-a2.json"), fail: `alg is missing; add "alg"`},
	} {
		var opts []jwks.ParseOption
		if tt.alg != "" {
			opts = append(opts, jwks.WithAlgorithms(tt.alg))
		}
		key, err := jwks.ParseKey([]byte(tt.text), opts...)
		switch {
		case tt.fail != "" && !strings.Contains(fmt.Sprint(err), tt.fail):
			t.Errorf("%s: got %v, %v, want an error with %s", name, key, err, tt.fail)
		case tt.fail == "" && err != nil:
			t.Errorf("%s: got %v, want a key", name, err)
		case tt.fail == "":
			wantKey(t, name, key, tt.want)
		}
	}
	set := must(jwks.Parse([]byte(fileOf(t, "rfc7517-a1.json"))))
	keys, err := set.VerificationKeys(t.Context(), "", day)
	if got, want := names(keys), "RS256:2011-04-29"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := jwks.Parse([]byte(fileOf(t, "rfc7517-a2.json"))); err == nil {
		t.Error("got a Set of private keys, want an error")
	}
}

func fileOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// jwksIn returns the JWKs of a set in testdata.
func jwksIn(t *testing.T, name string) []string {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(fileOf(t, name)), &set); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, jwk := range set.Keys {
		all = append(all, string(jwk))
	}
	return all
}

// wantKey checks the algorithm and the ID of a key, and that it signs and verifies, or verifies
// alone.
func wantKey(t *testing.T, what string, key jwtexp.Key, want string) {
	t.Helper()
	kind := "signing"
	issuer, err := jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(jwtexptest.NewClock(day)))
	if err != nil {
		kind = "public"
	} else {
		token, err := issuer.Issue(t.Context(), "alice", nil)
		if err != nil {
			t.Errorf("%s: got %v, want a token", what, err)
			return
		}
		_, err = newVerifier(key, jwtexptest.NewClock(day)).Verify(t.Context(), token.Raw())
		wantVerdict(t, what, err, good)
	}
	if got := kind + " " + names([]jwtexp.Key{key}); got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// jwkText returns the JWK that go-jose writes.
func jwkText(t *testing.T, key any, id, alg string) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: id, Algorithm: alg})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ParseKey reads the private and the public keys that go-jose writes, and they belong together.
func TestParseKeyOfEveryKind(t *testing.T) {
	tests := []struct {
		name            string
		private, public any
		alg             string // in the JWK
		opts            []jwks.ParseOption
		want            string
	}{
		{"RSA", testRSA(), testRSA().Public(), "", nil, "RS256:1"},
		{"RSA for PS384", testRSA(), testRSA().Public(), "PS384", nil, "PS384:1"},
		{"RSA, alg and option", testRSA(), testRSA().Public(), "RS512", options(jwks.WithAlgorithms(jwtexp.PS256)), "RS512:1"},
		{"RSA, option", testRSA(), testRSA().Public(), "", options(jwks.WithAlgorithms(jwtexp.PS256)), "PS256:1"},
		{"RSA, one of the options fits", testRSA(), testRSA().Public(), "", options(jwks.WithAlgorithms(jwtexp.ES256, jwtexp.HS256, jwtexp.PS512)), "PS512:1"},
		{"RSA, no option fits", testRSA(), testRSA().Public(), "", options(jwks.WithAlgorithms(jwtexp.ES256)), "RS256:1"},
		{"P-256", p256Key, p256Key.Public(), "", nil, "ES256:1"},
		{"P-256 for ES256", p256Key, p256Key.Public(), "ES256", nil, "ES256:1"},
		{"P-384", p384Key, p384Key.Public(), "", options(jwks.WithAlgorithms(jwtexp.ES256, jwtexp.ES512)), "ES384:1"},
		{"P-521", p521Key, p521Key.Public(), "", nil, "ES512:1"},
		{"Ed25519 for Ed25519", edKey, edKey.Public(), "Ed25519", nil, "Ed25519:1"},
		{"Ed25519 for EdDSA", edKey, edKey.Public(), "EdDSA", nil, "EdDSA:1"},
		{"Ed25519, option", edKey, edKey.Public(), "", options(jwks.WithAlgorithms(jwtexp.EdDSA, jwtexp.RS256)), "EdDSA:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			private, err := jwks.ParseKey([]byte(jwkText(t, tt.private, "1", tt.alg)), tt.opts...)
			if err != nil {
				t.Fatal(err)
			}
			wantKey(t, "private", private, "signing "+tt.want)
			public, err := jwks.ParseKey([]byte(jwkText(t, tt.public, "1", tt.alg)), tt.opts...)
			if err != nil {
				t.Fatal(err)
			}
			wantKey(t, "public", public, "public "+tt.want)
			_, err = newVerifier(public, jwtexptest.NewClock(day)).Verify(t.Context(), tokenBy(private))
			wantVerdict(t, "a token of the private key", err, good)
		})
	}
	for alg, size := range map[jwtexp.Algorithm]int{jwtexp.HS256: 32, jwtexp.HS384: 48, jwtexp.HS512: 64} {
		secret := []byte(testSecret)[:size]
		fromAlg, err := jwks.ParseKey([]byte(jwkText(t, secret, "1", string(alg))))
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, "secret", fromAlg, "signing "+string(alg)+":1")
		fromOption, err := jwks.ParseKey([]byte(jwkText(t, secret, "1", "")), jwks.WithAlgorithms(alg))
		if err != nil {
			t.Fatal(err)
		}
		_, err = newVerifier(fromOption, jwtexptest.NewClock(day)).Verify(t.Context(), tokenBy(fromAlg))
		wantVerdict(t, "a token of the secret", err, good)
		_, err = newVerifier(must(jwtexp.NewSecretKey(alg, secret)).WithID("1"), jwtexptest.NewClock(day)).Verify(t.Context(), tokenBy(fromAlg))
		wantVerdict(t, "a token of the secret, for NewSecretKey", err, good)
	}
}

func options(opts ...jwks.ParseOption) []jwks.ParseOption { return opts }

var (
	p256Key, p384Key, p521Key = newECDSA(elliptic.P256()), newECDSA(elliptic.P384()), newECDSA(elliptic.P521())
	edKey                     = newEd25519()
)

// A private RSA key may have any size from 2048 to 8192 bits, whatever the variables of go-jose
// say, and its primes may have any order.
func TestParseKeyOfLargeRSAKeys(t *testing.T) {
	large := fileOf(t, "rsa-4608.json") // more than go-jose's default limit
	defer func(before int) { jose.MaxRSAModulusBits = before }(jose.MaxRSAModulusBits)
	for _, limit := range []int{0, 1 << 20} {
		jose.MaxRSAModulusBits = limit
		key, err := jwks.ParseKey([]byte(large))
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, "4608 bits", key, "signing RS256:")
	}
	swapped := &rsa.PrivateKey{PublicKey: testRSA().PublicKey, D: testRSA().D, Primes: []*big.Int{testRSA().Primes[1], testRSA().Primes[0]}}
	swapped.Precompute()
	for name, private := range map[string]*rsa.PrivateKey{"p and q": testRSA(), "q and p": swapped} {
		key, err := jwks.ParseKey([]byte(rsaPrivateJWK(private)))
		if err != nil {
			t.Errorf("%s: got %v, want a key", name, err)
			continue
		}
		wantKey(t, name, key, "signing RS256:")
	}
}

// rsaMembers are the members of a private RSA key, as numbers.
func rsaMembers(key *rsa.PrivateKey) map[string]*big.Int {
	return map[string]*big.Int{"n": key.N, "e": big.NewInt(int64(key.E)), "d": key.D, "p": key.Primes[0], "q": key.Primes[1],
		"dp": key.Precomputed.Dp, "dq": key.Precomputed.Dq, "qi": key.Precomputed.Qinv}
}

func rsaPrivateJWK(key *rsa.PrivateKey) string { return rsaJWKOf(rsaMembers(key)) }

func rsaJWKOf(members map[string]*big.Int) string {
	text := `{"kty":"RSA"`
	for _, name := range []string{"n", "e", "d", "p", "q", "dp", "dq", "qi"} {
		if n := members[name]; n != nil {
			text += fmt.Sprintf(`,%q:%q`, name, base64url(n.Bytes()))
		}
	}
	return text + `}`
}

// Every member of a private RSA key must be there, and belong to the others.
func TestParseKeyChecksEveryMemberOfAnRSAKey(t *testing.T) {
	for _, name := range []string{"n", "e", "d", "p", "q", "dp", "dq", "qi"} {
		members := rsaMembers(testRSA())
		right := members[name]
		delete(members, name)
		wantKeyFault(t, "without "+name, rsaJWKOf(members), name+" is missing or empty")
		for _, wrong := range []*big.Int{new(big.Int).Add(right, big.NewInt(2)), new(big.Int).Sub(right, big.NewInt(2)), big.NewInt(1)} {
			members[name] = wrong
			wantKeyFault(t, "a wrong "+name, rsaJWKOf(members), "")
		}
	}
	other := jwksIn(t, "rfc7517-a2.json")[1]
	n := `"n": "` + base64url(testRSA().N.Bytes()) + `"`
	wantKeyFault(t, "another key's private members", regexp.MustCompile(`"n": "[^"]+"`).ReplaceAllString(other, n), "its parts are missing or do not fit together")
	wantKeyFault(t, "no private members but p", rsaJWKOf(map[string]*big.Int{"n": testRSA().N, "e": big.NewInt(65537), "p": testRSA().Primes[0]}),
		"d is missing or empty; q is missing or empty; dp is missing or empty; dq is missing or empty; qi is missing or empty")
}

// wantKeyFault checks that ParseKey returns an error with a text, no key, and nothing of the JWK.
func wantKeyFault(t *testing.T, what, text, want string, opts ...jwks.ParseOption) {
	t.Helper()
	key, err := jwks.ParseKey([]byte(text), opts...)
	if err == nil || !strings.HasPrefix(err.Error(), "jwks: ParseKey: ") || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, %v, want an error with %s", what, key, err, want)
	}
	if err != nil && key != (jwtexp.Key{}) {
		t.Errorf("%s: got %v beside the error, want the zero Key", what, key)
	}
	for _, verdict := range []error{jwtexp.ErrExpired, jwtexp.ErrInvalid, jwtexp.ErrUnavailable} {
		if errors.Is(err, verdict) {
			t.Errorf("%s: got %v, want it to match no verdict", what, err)
		}
	}
	wantNoMemberIn(t, what, text, err)
}

// wantNoMemberIn checks that an error shows no long member of a JWK but these.
func wantNoMemberIn(t *testing.T, what, text string, err error, but ...string) {
	t.Helper()
	var members map[string]any
	if err == nil || json.Unmarshal([]byte(text), &members) != nil {
		return
	}
	shown := strings.ToLower(fmt.Sprintf("%v %+v %#v", err, err, err))
	for name, value := range members {
		member, isText := value.(string)
		if isText && len(member) >= 20 && !slices.Contains(but, name) && strings.Contains(shown, strings.ToLower(member)) {
			t.Errorf("%s: got %v, want nothing of %s in it", what, err, name)
		}
	}
}

func TestParseKeyErrors(t *testing.T) {
	ecD := base64url(must(p256Key.Bytes()))
	ecPublic := strings.TrimSuffix(jwkText(t, p256Key.Public(), "", ""), "}")
	edPublic := strings.TrimSuffix(jwkText(t, edKey.Public(), "", "EdDSA"), "}")
	noAlg := strings.TrimSuffix(jwkText(t, edKey.Public(), "", ""), "}")
	seed := base64url(edKey.Seed())
	k := base64url([]byte(testSecret))
	oct := `{"kty":"oct","alg":"HS256","k":"` + k + `"`
	tests := []struct{ name, text, want string }{
		{"EC, d of another key", ecPublic + `,"d":"` + base64url(must(newECDSA(elliptic.P256()).Bytes())) + `"}`, "d does not belong to x and y"},
		{"EC, d of 31 bytes", ecPublic + `,"d":"` + base64url(make([]byte, 31)) + `"}`, "d has 31 bytes; want 32"},
		{"EC, d of 33 bytes", ecPublic + `,"d":"` + base64url(append([]byte{0}, must(p256Key.Bytes())...)) + `"}`, "d has 33 bytes; want 32"},
		{"EC, d of 0", ecPublic + `,"d":"` + base64url(make([]byte, 32)) + `"}`, "d is not a private key for P-256"},
		{"EC, d above the order", ecPublic + `,"d":"` + strings.Repeat("_", 42) + `8"}`, "d is not a private key for P-256"},
		{"EC, empty d", ecPublic + `,"d":""}`, "d is missing or empty"},
		{"EC, null d", ecPublic + `,"d":null}`, "d is missing or empty"},
		{"EC, d is a number", ecPublic + `,"d":1}`, "d is not base64url without padding"},
		{"EC, d in base64", ecPublic + `,"d":"` + strings.Repeat("+", 43) + `"}`, "d is not base64url without padding"},
		{"EC, d with padding", ecPublic + `,"d":"` + ecD + `="}`, "d is not base64url without padding"},
		{"EC, d with a line break", ecPublic + `,"d":"` + ecD + `\n"}`, "d is not base64url without padding"},
		{"EC, d twice", ecPublic + `,"d":"` + ecD + `","d":"` + ecD + `"}`, "text has a member twice"},
		{"EC, D", ecPublic + `,"D":"` + ecD + `"}`, `a member is spelled like "d" in another case; write "d"`},
		{"EC, K with the Kelvin sign", ecPublic + `,"K":"` + ecD + `"}`, `a member is spelled like "k" in another case; write "k"`},
		{"EC, KID", ecPublic + `,"KID":"1","d":"` + ecD + `"}`, `a member is spelled like "kid" in another case; write "kid"`},
		{"EC, d alone", `{"kty":"EC","crv":"P-256","d":"` + ecD + `"}`, "x is missing or empty; y is missing or empty"},
		{"EC, and a secret", ecPublic + `,"k":"` + k + `"}`, "k is not a member of this type of key"},
		{"EC, and primes", ecPublic + `,"d":"` + ecD + `","p":"AQAB"}`, "p is not a member of this type of key"},
		{"EC, secp256k1", strings.Replace(ecPublic, "P-256", "secp256k1", 1) + `,"d":"` + ecD + `"}`, `crv is "secp256k1"; want P-256, P-384 or P-521`},
		{"EC, not a point", strings.Replace(ecPublic, `"y":"`, `"y":"AAAA`, 1) + `}`, "x has 32 bytes and y has 35"},
		{"EC for RS256", ecPublic + `,"alg":"RS256","d":"` + ecD + `"}`, `alg is "RS256"; want ES256`},
		{"EC for ECDH-ES", ecPublic + `,"alg":"ECDH-ES","d":"` + ecD + `"}`, `alg is "ECDH-ES"; want ES256`},
		{"EC in lower case", ecPublic + `,"alg":"es256"}`, `alg is "ES256" in another case; want ES256`},
		{"EC, alg of another name", ecPublic + `,"alg":"` + ecD + `"}`, `alg is not a registered name; want ES256`},
		{"EC, alg is a list", ecPublic + `,"alg":["ES256"]}`, `alg is not a string`},

		{"Ed25519, d of another key", edPublic + `,"d":"` + base64url(newEd25519().Seed()) + `"}`, "d does not belong to x"},
		{"Ed25519, d of 64 bytes", edPublic + `,"d":"` + base64url(edKey) + `"}`, "d has 64 bytes; want 32"},
		{"Ed25519, no x", `{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","d":"` + seed + `"}`, "x is missing or empty"},
		{"Ed25519, no alg", noAlg + `}`, `alg is missing; add "alg", or pass WithAlgorithms with one of EdDSA and Ed25519`},
		{"Ed25519, private, no alg", noAlg + `,"d":"` + seed + `"}`, `alg is missing; add "alg", or pass WithAlgorithms with one of EdDSA and Ed25519`},
		{"Ed25519 for ES256", strings.Replace(edPublic, "EdDSA", "ES256", 1) + `}`, `alg is "ES256"; want EdDSA or Ed25519`},
		{"X25519", `{"kty":"OKP","crv":"X25519","x":"` + seed + `"}`, `crv is "X25519"; want P-256, P-384 or P-521 for EC, Ed25519 for OKP`},

		{"oth", strings.Replace(rsaPrivateJWK(testRSA()), `{`, `{"oth":[{"r":"AQAB","d":"AQAB","t":"AQAB"}],`, 1), "oth: a key of more than two primes is not supported"},
		{"empty oth", strings.Replace(rsaPrivateJWK(testRSA()), `{`, `{"oth":[],`, 1), "oth: a key of more than two primes is not supported"},
		{"RSA of 1024 bits", `{` + rsa1024 + `}`, "RSA key of 1024 bits is too short"},
		{"RSA for RSA-OAEP", `{"alg":"RSA-OAEP",` + rsa2048 + `}`, `alg is "RSA-OAEP"; want RS256, RS384, RS512, PS256, PS384 or PS512`},
		{"RSA for HS256", `{"alg":"HS256",` + rsa2048 + `}`, `alg is "HS256"; want RS256, `},

		{"oct, no alg", `{"kty":"oct","k":"` + k + `"}`, `alg is missing; add "alg", or pass WithAlgorithms with one of HS256, HS384 and HS512`},
		{"oct, no k", `{"kty":"oct","alg":"HS256"}`, "k is missing or empty"},
		{"oct, short", `{"kty":"oct","alg":"HS256","k":"` + base64url([]byte(testSecret[:31])) + `"}`, "a secret of 31 bytes is too short"},
		{"oct for RS256", strings.Replace(oct, "HS256", "RS256", 1) + `}`, `alg is "RS256"; want HS256, HS384 or HS512`},
		{"oct for none", strings.Replace(oct, "HS256", "none", 1) + `}`, `alg is "none"; want HS256`},
		{"oct, with d", oct + `,"d":"AQAB"}`, "d is not a member of this type of key"},

		{"use enc", oct + `,"use":"enc"}`, `use is "enc", and not sig`},
		{"use of another name", oct + `,"use":"` + k + `"}`, `use is not a registered name, and not sig`},
		{"private, key_ops verify", ecPublic + `,"key_ops":["verify"],"d":"` + ecD + `"}`, "key_ops has no sign"},
		{"public, key_ops sign", ecPublic + `,"key_ops":["sign"]}`, "key_ops has no verify"},
		{"oct, key_ops verify", oct + `,"key_ops":["verify"]}`, "key_ops has no sign"},
		{"empty key_ops", oct + `,"key_ops":[]}`, "key_ops has no sign"},
		{"key_ops is a string", oct + `,"key_ops":"sign"}`, "key_ops is not an array of strings"},
		{"AKP", `{"kty":"AKP","alg":"ML-DSA-44","pub":"AQAB","priv":"` + seed + `"}`, `kty is "AKP"; want RSA, EC, OKP or oct`},
		{"kty of another name", `{"kty":"` + seed + `"}`, `kty is not a registered name; want RSA, EC, OKP or oct`},
		{"kty in another case", `{"kty":"OCT","k":"` + k + `"}`, `kty is "oct" in another case; want RSA, EC, OKP or oct`},
		{"kty is a number", `{"kty":1}`, `text has a "kty" of another type`},
		{"KTY", strings.Replace(oct, "kty", "KTY", 1) + `}`, `text has no "kty"; want a JWK, a JSON object with the string "kty" (RFC 7517 §4)`},
		{"kid is a number", oct + `,"kid":1}`, "kid is not a string"},
		{"a set", setOf("a"), "text is a JWK Set; use Parse for its public keys, or pass one JWK of it"},
		{"a set of a private key", `{"keys":[` + oct + `}]}`, "text is a JWK Set; use Parse for its public keys, or pass one JWK of it"},
		{"an empty set", `{"keys":[]}`, "text is a JWK Set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantKeyFault(t, tt.name, tt.text, tt.want) })
	}
	wantKeyFault(t, "several faults", `{"kty":"EC","crv":"P-256","use":"enc","key_ops":[],"d":"AQ"}`,
		`use is "enc", and not sig; key_ops has no sign; x is missing or empty; y is missing or empty`)
	wantKeyFault(t, "several options fit", noAlg+`}`, `WithAlgorithms with one of Ed25519 and EdDSA`, jwks.WithAlgorithms(jwtexp.Ed25519, jwtexp.EdDSA))
	wantKeyFault(t, "several options fit RSA", rsaPrivateJWK(testRSA()), `WithAlgorithms with one of RS256 and PS256`, jwks.WithAlgorithms(jwtexp.RS256, jwtexp.PS256))
	wantKeyFault(t, "no option fits Ed25519", noAlg+`}`, `WithAlgorithms with one of EdDSA and Ed25519`, jwks.WithAlgorithms(jwtexp.RS256))
	wantKeyFault(t, "no option fits a secret", `{"kty":"oct","k":"`+k+`"}`, `WithAlgorithms with one of HS256, HS384 and HS512`, jwks.WithAlgorithms(jwtexp.RS256))
	wantKeyFault(t, "unknown option", oct+`}`, `algorithm "no" is unknown; want HS256, `, jwks.WithAlgorithms("no"))
}

func TestParseKeySaysWhatTheTextIs(t *testing.T) {
	for _, tt := range texts {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text
			key, err := jwks.ParseKey([]byte(text))
			want := "jwks: ParseKey: " + tt.want
			if strings.Contains(text, `"keys"`) && strings.HasPrefix(tt.want, "text has no") {
				want = "jwks: ParseKey: text is a JWK Set"
			}
			if key != (jwtexp.Key{}) || !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("got %v, %v, want an error that begins with %s", key, err, want)
			}
			if want := `; want a JWK, a JSON object with the string "kty" (RFC 7517 §4)`; !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("got %v, want it to have %s", err, want)
			}
			if strings.Contains(fmt.Sprintf("%+v %#v", err, err), secret) {
				t.Errorf("got %v, want nothing of the text in it", err)
			}
		})
	}
}

func TestParseKeyAccepts(t *testing.T) {
	private := jwkText(t, p256Key, "1", "ES256")
	rest := func(members string) string { return strings.TrimSuffix(private, "}") + "," + members + "}" }
	for name, text := range map[string]string{
		"a BOM and a line break":  "\ufeff" + private + "\r\n",
		"use sig":                 rest(`"use":"sig"`),
		"empty use":               rest(`"use":""`),
		"key_ops sign":            rest(`"key_ops":["sign"]`),
		"key_ops sign and verify": rest(`"key_ops":["sign","verify"]`),
		"null key_ops":            rest(`"key_ops":null`),
		"other members":           rest(`"ext":true,"iat":1,"x5c":["no"],"x5u":":","x5t":1`),
	} {
		key, err := jwks.ParseKey([]byte(text))
		if err != nil {
			t.Errorf("%s: got %v, want a key", name, err)
			continue
		}
		wantKey(t, name, key, "signing ES256:1")
	}
}

// A Key shows no more than its algorithm and ID, and does not depend on the text.
func TestParsedKeyIsACopyAndShowsNothing(t *testing.T) {
	text := []byte(jwkText(t, []byte(testSecret), "1", "HS256"))
	key, err := jwks.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	wantKey(t, "after the text was cleared", key, "signing HS256:1")
	if got := fmt.Sprintf("%v", key); got != `jwtexp.Key(alg=HS256 id="1")` {
		t.Errorf("got %s, want the algorithm and the ID", got)
	}
	for _, shown := range append(stringsIn(key), fmt.Sprintf("%+v %#v", key, key)) {
		if strings.Contains(shown, testSecret) {
			t.Errorf("got %s, want no secret in it", shown)
		}
	}
}
