package jwtexp_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// gjAlgorithms has golang-jwt's method for each algorithm, and a function that returns two keys.
var gjAlgorithms = []struct {
	alg    jwtexp.Algorithm
	method jwt.SigningMethod
	keys   func() (key, other gjKey)
}{
	{jwtexp.HS256, jwt.SigningMethodHS256, gjSecrets(32)},
	{jwtexp.HS384, jwt.SigningMethodHS384, gjSecrets(48)},
	{jwtexp.HS512, jwt.SigningMethodHS512, gjSecrets(64)},
	{jwtexp.RS256, jwt.SigningMethodRS256, gjRSA},
	{jwtexp.RS384, jwt.SigningMethodRS384, gjRSA},
	{jwtexp.RS512, jwt.SigningMethodRS512, gjRSA},
	{jwtexp.PS256, jwt.SigningMethodPS256, gjRSA},
	{jwtexp.PS384, jwt.SigningMethodPS384, gjRSA},
	{jwtexp.PS512, jwt.SigningMethodPS512, gjRSA},
	{jwtexp.ES256, jwt.SigningMethodES256, gjECDSA(elliptic.P256())},
	{jwtexp.ES384, jwt.SigningMethodES384, gjECDSA(elliptic.P384())},
	{jwtexp.ES512, jwt.SigningMethodES512, gjECDSA(elliptic.P521())},
	{jwtexp.EdDSA, jwt.SigningMethodEdDSA, gjEd25519},
	// golang-jwt has the algorithm, but not under this name.
	{jwtexp.Ed25519, jwt.SigningMethodEdDSA, gjEd25519},
}

// Each library accepts the tokens of the other, rejects them with another key, and calls them
// expired at exp.
func TestGolangJWT(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	const lifetime = time.Minute

	for _, a := range gjAlgorithms {
		t.Run(string(a.alg), func(t *testing.T) {
			key, other := a.keys()
			clock := jwtexptest.NewClock(start)
			issuer := must(jwtexp.NewIssuer(key.jwtexp(a.alg), lifetime, jwtexp.WithClock(clock)))
			issued := must(issuer.Issue(t.Context(), "alice", nil))
			unsigned := jwt.NewWithClaims(a.method, jwt.RegisteredClaims{
				Subject:   "alice",
				IssuedAt:  jwt.NewNumericDate(start),
				ExpiresAt: jwt.NewNumericDate(start.Add(lifetime)),
			})
			unsigned.Header["alg"] = string(a.alg)
			signed := must(unsigned.SignedString(key.private))

			verifier := newPair(key.jwtexp(a.alg), jwtexp.WithClock(clock))
			for name, raw := range map[string]string{"token of jwtexp": issued.Raw(), "token of golang-jwt": signed} {
				clock.Set(start)
				got, err := verifier.Verify(t.Context(), raw)
				if err != nil {
					t.Fatalf("%s: jwtexp: got %v, want nil", name, err)
				}
				claims, err := gjRead(a.alg, a.method, raw, key.public, clock)
				if err != nil {
					t.Fatalf("%s: golang-jwt: got %v, want nil", name, err)
				}
				if got.Subject() != "alice" || claims.Subject != "alice" {
					t.Errorf("%s: got sub %q, golang-jwt %q, want alice", name, got.Subject(), claims.Subject)
				}
				if !got.IssuedAt().Equal(start) || !claims.IssuedAt.Equal(start) {
					t.Errorf("%s: got iat %v, golang-jwt %v, want %v", name, got.IssuedAt(), claims.IssuedAt, start)
				}
				if end := start.Add(lifetime); !got.ExpiresAt().Equal(end) || !claims.ExpiresAt.Equal(end) {
					t.Errorf("%s: got exp %v, golang-jwt %v, want %v", name, got.ExpiresAt(), claims.ExpiresAt, end)
				}

				_, err = newPair(other.jwtexp(a.alg), jwtexp.WithClock(clock)).Verify(t.Context(), raw)
				wantOutcome(t, err, "invalid: signature")
				if _, err := gjRead(a.alg, a.method, raw, other.public, clock); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
					t.Errorf("%s, another key: golang-jwt: got %v, want %v", name, err, jwt.ErrTokenSignatureInvalid)
				}

				clock.Set(start.Add(lifetime))
				if _, err := verifier.Verify(t.Context(), raw); !errors.Is(err, jwtexp.ErrExpired) {
					t.Errorf("%s, at exp: got %v, want %v", name, err, jwtexp.ErrExpired)
				}
				if _, err := gjRead(a.alg, a.method, raw, key.public, clock); !errors.Is(err, jwt.ErrTokenExpired) {
					t.Errorf("%s, at exp: golang-jwt: got %v, want %v", name, err, jwt.ErrTokenExpired)
				}
			}
		})
	}
}

// gjNow is the time at which the tests below verify their tokens.
var gjNow = time.Unix(1700000000, 0)

// golang-jwt, as it is commonly used, accepts these tokens, and jwtexp rejects them. The trusted key
// signed each of them. The claims are decoded into RegisteredClaims. With MapClaims, golang-jwt
// rejects two of the tokens: the one with a claim in another case and the one whose exp is a string.
func TestGolangJWTAccepts(t *testing.T) {
	secret, _ := gjSecrets(32)()
	rsaKey, _ := gjRSA()
	hs256 := func(header, payload string) string {
		return gjSignText(jwt.SigningMethodHS256, secret.private, header, payload)
	}
	anySalt := &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: 20},
	}
	// These Unix seconds fit in an int64. Counted from year 1, as in time.Time, they overflow.
	const overflowing = "9223372036000000000"
	withLineBreak := hs256(`{"alg":"HS256"}`, `{"exp":1700000060}`)
	withLineBreak = withLineBreak[:len(withLineBreak)-4] + "\r\n" + withLineBreak[len(withLineBreak)-4:]

	for _, c := range []struct {
		name   string
		alg    jwtexp.Algorithm
		key    gjKey
		raw    string
		parser []jwt.ParserOption
		want   string
	}{
		{
			name: "a claim in another case replaces exp",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1,"EXP":1700000060}`),
			want: "expired",
		},
		{
			name: "the last of two exp counts",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1,"exp":1700000060}`),
			want: "invalid: claims",
		},
		{
			name: "exp is a string",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":"1700000060"}`),
			want: "invalid: claims",
		},
		{
			name: "no exp",
			raw:  hs256(`{"alg":"HS256"}`, `{"sub":"alice"}`),
			want: "invalid: claims",
		},
		{
			name: "nbf is cut to the second",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1700000060,"nbf":1700000000.9}`),
			want: "invalid: not_yet_valid",
		},
		{
			name: "nbf overflows into the past",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1700000060,"nbf":`+overflowing+`}`),
			want: "invalid: claims",
		},
		{
			name: "an unknown critical extension is ignored",
			raw:  hs256(`{"alg":"HS256","crit":["x"],"x":1}`, `{"exp":1700000060}`),
			want: "invalid: malformed",
		},
		{
			name:   "a line break in the signature is ignored even with strict decoding",
			raw:    withLineBreak,
			parser: []jwt.ParserOption{jwt.WithStrictDecoding()},
			want:   "invalid: malformed",
		},
		{
			name: "the PSS salt is not as long as the hash",
			alg:  jwtexp.PS256,
			key:  rsaKey,
			raw:  gjSignText(anySalt, rsaKey.private, `{"alg":"PS256"}`, `{"exp":1700000060}`),
			want: "invalid: signature",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.alg == "" {
				c.alg, c.key = jwtexp.HS256, secret
			}
			clock := jwtexptest.NewClock(gjNow)
			parser := gjParser(c.alg, clock, c.parser...)
			if _, err := parser.ParseWithClaims(c.raw, &jwt.RegisteredClaims{}, c.key.keyfunc); err != nil {
				t.Errorf("golang-jwt: got %v, want nil", err)
			}
			_, err := newPair(c.key.jwtexp(c.alg), jwtexp.WithClock(clock)).Verify(t.Context(), c.raw)
			wantOutcome(t, err, c.want)
		})
	}
}

// For a token that is expired and for another audience, golang-jwt's error matches both. The error
// of jwtexp is not ErrExpired, because exp is checked last.
func TestGolangJWTTwoVerdicts(t *testing.T) {
	key, _ := gjSecrets(32)()
	clock := jwtexptest.NewClock(gjNow)
	raw := gjSignText(jwt.SigningMethodHS256, key.private, `{"alg":"HS256"}`, `{"exp":1,"aud":"other"}`)

	_, err := gjParser(jwtexp.HS256, clock, jwt.WithAudience("api")).Parse(raw, key.keyfunc)
	if !errors.Is(err, jwt.ErrTokenExpired) || !errors.Is(err, jwt.ErrTokenInvalidAudience) {
		t.Errorf("golang-jwt: got %v, want %v and %v", err, jwt.ErrTokenExpired, jwt.ErrTokenInvalidAudience)
	}
	_, err = newPair(key.jwtexp(jwtexp.HS256), jwtexp.WithClock(clock), jwtexp.WithAudience("api")).Verify(t.Context(), raw)
	wantOutcome(t, err, "invalid: audience")
}

// gjKey is a key for golang-jwt. A secret is both the private and the public key.
type gjKey struct{ private, public any }

func (k gjKey) keyfunc(*jwt.Token) (any, error) { return k.public, nil }

func (k gjKey) jwtexp(alg jwtexp.Algorithm) jwtexp.Key {
	if secret, ok := k.private.([]byte); ok {
		return must(jwtexp.NewSecretKey(alg, secret))
	}
	return must(jwtexp.NewSigningKey(alg, k.private.(crypto.Signer)))
}

func gjSecrets(size int) func() (key, other gjKey) {
	newSecret := func() gjKey {
		secret := make([]byte, size)
		rand.Read(secret)
		return gjKey{secret, secret}
	}
	return func() (gjKey, gjKey) { return newSecret(), newSecret() }
}

// gjRSA returns the same two keys each time, because generating them is slow.
var gjRSA = sync.OnceValues(func() (key, other gjKey) {
	return gjPair(testRSA()), gjPair(must(rsa.GenerateKey(rand.Reader, 2048)))
})

func gjECDSA(curve elliptic.Curve) func() (key, other gjKey) {
	return func() (gjKey, gjKey) { return gjPair(newECDSA(curve)), gjPair(newECDSA(curve)) }
}

func gjEd25519() (key, other gjKey) { return gjPair(newEd25519()), gjPair(newEd25519()) }

func gjPair(private crypto.Signer) gjKey { return gjKey{private, private.Public()} }

func gjParser(alg jwtexp.Algorithm, clock jwtexp.Clock, opts ...jwt.ParserOption) *jwt.Parser {
	return jwt.NewParser(append(opts, jwt.WithValidMethods([]string{string(alg)}), jwt.WithTimeFunc(clock.Now))...)
}

// gjRead verifies a token with golang-jwt. If its parser does not know the name of the algorithm,
// gjRead makes the same checks with parts of the parser.
func gjRead(alg jwtexp.Algorithm, method jwt.SigningMethod, raw string, public any, clock jwtexp.Clock) (*jwt.RegisteredClaims, error) {
	var claims jwt.RegisteredClaims
	if method.Alg() == string(alg) {
		_, err := gjParser(alg, clock).ParseWithClaims(raw, &claims, gjKey{public: public}.keyfunc)
		return &claims, err
	}
	parser := gjParser(alg, clock)
	dot := strings.LastIndex(raw, ".")
	signature, err := parser.DecodeSegment(raw[dot+1:])
	if err != nil {
		return nil, err
	}
	if err := method.Verify(raw[:dot], signature, public); err != nil {
		return nil, errors.Join(jwt.ErrTokenSignatureInvalid, err)
	}
	payload, err := parser.DecodeSegment(strings.Split(raw, ".")[1])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	return &claims, jwt.NewValidator(jwt.WithTimeFunc(clock.Now)).Validate(claims)
}

// gjSignText returns a token with the given header and payload, signed with golang-jwt.
func gjSignText(method jwt.SigningMethod, private any, header, payload string) string {
	signed := segment(header) + "." + segment(payload)
	return signed + "." + segment(string(must(method.Sign(signed, private))))
}
