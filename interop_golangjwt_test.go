package jwtexp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
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

// gjAlgorithms pairs each algorithm with golang-jwt's method for it, and two
// keys.
var gjAlgorithms = []struct {
	alg    jwtexp.Algorithm
	method jwt.SigningMethod
	keys   func() (one, other gjKey)
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
	// golang-jwt has the algorithm, but does not know this name for it.
	{jwtexp.Ed25519, jwt.SigningMethodEdDSA, gjEd25519},
}

// TestGolangJWT holds both libraries against each other, in both directions.
func TestGolangJWT(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	const lifetime = time.Minute

	for _, a := range gjAlgorithms {
		t.Run(string(a.alg), func(t *testing.T) {
			key, other := a.keys()
			clock := jwtexptest.NewClock(start)
			issuer, err := jwtexp.NewIssuer(key.jwtexp(t, a.alg), lifetime, jwtexp.WithClock(clock))
			if err != nil {
				t.Fatal(err)
			}
			ours, err := issuer.Issue(t.Context(), "alice", nil)
			if err != nil {
				t.Fatal(err)
			}
			theirs := gjSign(t, string(a.alg), a.method, key.private, jwt.RegisteredClaims{
				Subject:   "alice",
				IssuedAt:  jwt.NewNumericDate(start),
				ExpiresAt: jwt.NewNumericDate(start.Add(lifetime)),
			})

			verifier := gjVerifier(t, key.jwtexp(t, a.alg), clock)
			for name, raw := range map[string]string{"ours": ours.Raw(), "theirs": theirs} {
				clock.Set(start)
				got, err := verifier.Verify(t.Context(), raw)
				if err != nil {
					t.Fatalf("%s: jwtexp: %v", name, err)
				}
				claims, err := gjRead(a.alg, a.method, raw, key.public, clock)
				if err != nil {
					t.Fatalf("%s: golang-jwt: %v", name, err)
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

				_, err = gjVerifier(t, other.jwtexp(t, a.alg), clock).Verify(t.Context(), raw)
				gjWantReason(t, err, jwtexp.ReasonSignature)
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

// gjNow is when the tokens of the tests below are judged.
var gjNow = time.Unix(1700000000, 0)

// TestGolangJWTAccepts shows tokens that golang-jwt, in its common use,
// accepts and this library does not. Each is signed with the trusted key. The
// claims are read into RegisteredClaims; MapClaims would accept them too, save
// for the claim in another case and the exp that is a string.
func TestGolangJWTAccepts(t *testing.T) {
	secret, _ := gjSecrets(32)()
	rsaKey, _ := gjRSA()
	hs256 := func(header, payload string) string {
		return gjSignText(t, jwt.SigningMethodHS256, secret.private, header, payload)
	}
	anySalt := &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: 20},
	}
	// An int64 of Unix seconds, whose count from the year 1, as time.Time has it, is none.
	const wrapping = "9223372036000000000"

	tests := []struct {
		name   string
		alg    jwtexp.Algorithm
		key    gjKey
		raw    string
		parser []jwt.ParserOption
		want   jwtexp.Reason // "" for ErrExpired
	}{
		{
			name: "a claim in another case replaces exp",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1,"EXP":1700000060}`),
		},
		{
			name: "of two exp the last counts",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1,"exp":1700000060}`),
			want: jwtexp.ReasonClaims,
		},
		{
			name: "exp is a string",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":"1700000060"}`),
			want: jwtexp.ReasonClaims,
		},
		{
			name: "no exp",
			raw:  hs256(`{"alg":"HS256"}`, `{"sub":"alice"}`),
			want: jwtexp.ReasonClaims,
		},
		{
			name: "nbf is cut to the second",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1700000060,"nbf":1700000000.9}`),
			want: jwtexp.ReasonNotYetValid,
		},
		{
			name: "nbf wraps into the past",
			raw:  hs256(`{"alg":"HS256"}`, `{"exp":1700000060,"nbf":`+wrapping+`}`),
			want: jwtexp.ReasonClaims,
		},
		{
			name: "an extension that must be understood is not",
			raw:  hs256(`{"alg":"HS256","crit":["x"],"x":1}`, `{"exp":1700000060}`),
			want: jwtexp.ReasonMalformed,
		},
		{
			name:   "a line break inside the signature, which is none of strict base64url",
			raw:    gjBreakLine(hs256(`{"alg":"HS256"}`, `{"exp":1700000060}`)),
			parser: []jwt.ParserOption{jwt.WithStrictDecoding()},
			want:   jwtexp.ReasonMalformed,
		},
		{
			name: "a PSS salt that is not as long as the hash",
			alg:  jwtexp.PS256,
			key:  rsaKey,
			raw:  gjSignText(t, anySalt, rsaKey.private, `{"alg":"PS256"}`, `{"exp":1700000060}`),
			want: jwtexp.ReasonSignature,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.alg == "" {
				test.alg, test.key = jwtexp.HS256, secret
			}
			clock := jwtexptest.NewClock(gjNow)
			parser := gjParser(test.alg, clock, test.parser...)
			if _, err := parser.ParseWithClaims(test.raw, &jwt.RegisteredClaims{}, test.key.keyfunc); err != nil {
				t.Errorf("golang-jwt: got %v, want that it accepts the token", err)
			}
			_, err := gjVerifier(t, test.key.jwtexp(t, test.alg), clock).Verify(t.Context(), test.raw)
			if test.want != "" {
				gjWantReason(t, err, test.want)
			} else if !errors.Is(err, jwtexp.ErrExpired) {
				t.Errorf("got %v, want %v", err, jwtexp.ErrExpired)
			}
		})
	}
}

// TestGolangJWTTwoVerdicts shows why exp is judged last: golang-jwt's error for a
// token that is expired and for somebody else matches both.
func TestGolangJWTTwoVerdicts(t *testing.T) {
	key, _ := gjSecrets(32)()
	clock := jwtexptest.NewClock(gjNow)
	raw := gjSignText(t, jwt.SigningMethodHS256, key.private, `{"alg":"HS256"}`, `{"exp":1,"aud":"them"}`)

	_, err := gjParser(jwtexp.HS256, clock, jwt.WithAudience("us")).Parse(raw, key.keyfunc)
	if !errors.Is(err, jwt.ErrTokenExpired) || !errors.Is(err, jwt.ErrTokenInvalidAudience) {
		t.Errorf("golang-jwt: got %v, want %v and %v", err, jwt.ErrTokenExpired, jwt.ErrTokenInvalidAudience)
	}
	_, err = gjVerifier(t, key.jwtexp(t, jwtexp.HS256), clock, jwtexp.WithAudience("us")).Verify(t.Context(), raw)
	gjWantReason(t, err, jwtexp.ReasonAudience)
	if errors.Is(err, jwtexp.ErrExpired) {
		t.Errorf("got %v, want one verdict", err)
	}
}

func gjWantReason(t *testing.T, err error, want jwtexp.Reason) {
	t.Helper()
	invalid, ok := errors.AsType[*jwtexp.InvalidError](err)
	if !errors.Is(err, jwtexp.ErrInvalid) || !ok || invalid.Reason != want {
		t.Errorf("got %v, want %v: %s", err, jwtexp.ErrInvalid, want)
	}
}

// gjKey is a key as golang-jwt takes it: for a secret both halves are the same.
type gjKey struct{ private, public any }

func (k gjKey) keyfunc(*jwt.Token) (any, error) { return k.public, nil }

func (k gjKey) jwtexp(t *testing.T, alg jwtexp.Algorithm) jwtexp.Key {
	t.Helper()
	var key jwtexp.Key
	var err error
	switch private := k.private.(type) {
	case []byte:
		key, err = jwtexp.NewSecretKey(alg, private)
	case crypto.Signer:
		key, err = jwtexp.NewSigningKey(alg, private)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func gjSecrets(size int) func() (one, other gjKey) {
	return func() (gjKey, gjKey) {
		one, other := make([]byte, size), make([]byte, size)
		rand.Read(one)
		rand.Read(other)
		return gjKey{one, one}, gjKey{other, other}
	}
}

// gjRSA makes its keys once, which takes long enough.
var gjRSA = sync.OnceValues(func() (one, other gjKey) {
	return gjPair(rsa.GenerateKey(rand.Reader, 2048)), gjPair(rsa.GenerateKey(rand.Reader, 2048))
})

func gjECDSA(curve elliptic.Curve) func() (one, other gjKey) {
	return func() (gjKey, gjKey) {
		return gjPair(ecdsa.GenerateKey(curve, rand.Reader)), gjPair(ecdsa.GenerateKey(curve, rand.Reader))
	}
}

func gjEd25519() (one, other gjKey) {
	newKey := func() gjKey {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return gjPair(private, err)
	}
	return newKey(), newKey()
}

func gjPair(private crypto.Signer, err error) gjKey {
	if err != nil {
		panic(err)
	}
	return gjKey{private, private.Public()}
}

func gjVerifier(t *testing.T, key jwtexp.Key, clock jwtexp.Clock, opts ...jwtexp.VerifierOption) pair {
	t.Helper()
	return newPair(key, append(opts, jwtexp.WithClock(clock))...)
}

func gjParser(alg jwtexp.Algorithm, clock jwtexp.Clock, opts ...jwt.ParserOption) *jwt.Parser {
	return jwt.NewParser(append(opts, jwt.WithValidMethods([]string{string(alg)}), jwt.WithTimeFunc(clock.Now))...)
}

// gjRead reads a token with golang-jwt. Where its parser does not know the
// algorithm's name, the parts of the parser do the same one by one.
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

func gjSign(t *testing.T, alg string, method jwt.SigningMethod, private any, claims jwt.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["alg"] = alg
	raw, err := token.SignedString(private)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// gjSignText signs a header and a payload as they are written.
func gjSignText(t *testing.T, method jwt.SigningMethod, private any, header, payload string) string {
	t.Helper()
	base64url := base64.RawURLEncoding.EncodeToString
	signed := base64url([]byte(header)) + "." + base64url([]byte(payload))
	signature, err := method.Sign(signed, private)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64url(signature)
}

// gjBreakLine puts a line break into the signature, which anybody can do.
func gjBreakLine(raw string) string { return raw[:len(raw)-4] + "\r\n" + raw[len(raw)-4:] }
