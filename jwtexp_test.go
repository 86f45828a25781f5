package jwtexp_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// This file has what the tests of the package share: secrets, one instant, tokens made without
// the library, and the outcome of a verification as text.

const (
	testSecret  = "a secret of the tests, 32 bytes."
	otherSecret = "another secret, as long as that."
	joseHeader  = `{"alg":"HS256","typ":"JWT"}`
)

// With GODEBUG=fips140=only, the source of the first random bytes measures time. Time stands
// still in a bubble of testing/synctest, so the first bytes are read outside of one.
func init() { rand.Read(make([]byte, 1)) }

// epoch is the reading of the tests' fake clocks.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// overwriteToken does what *dst = *src does. It uses reflection because go vet reports the
// assignment.
func overwriteToken(dst, src *jwtexp.Token) {
	reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func testKey() jwtexp.Key { return hs256Key(testSecret) }

func hs256Key(secret string) jwtexp.Key {
	return must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(secret)))
}

func newIssuer(clock jwtexp.Clock, opts ...jwtexp.IssuerOption) *jwtexp.Issuer {
	return must(jwtexp.NewIssuer(testKey(), time.Hour, append(opts, jwtexp.WithClock(clock))...))
}

func newVerifier(clock jwtexp.Clock, opts ...jwtexp.VerifierOption) pair {
	return newPair(testKey(), append(opts, jwtexp.WithClock(clock))...)
}

// A pair is two Verifiers that differ in WithCache only. It verifies each token with both, twice
// with the second. If the Verifiers require an issuer, it also verifies the token with a
// VerifierSet of the first. So it calls a callback up to four times. If the results differ, it
// returns an error that matches no verdict, so no test accepts it.
type pair struct {
	plain, cached *jwtexp.Verifier
	set           *jwtexp.VerifierSet // nil if the Verifiers accept any issuer
}

func newPair(keys jwtexp.KeySet, opts ...jwtexp.VerifierOption) pair {
	p := pair{
		plain:  must(jwtexp.NewVerifier(keys, opts...)),
		cached: must(jwtexp.NewVerifier(keys, append(opts, jwtexp.WithCache(64))...)),
	}
	p.set, _ = jwtexp.NewVerifierSet(p.plain) // an error without WithIssuer
	return p
}

func (p pair) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	token, err := p.plain.Verify(ctx, raw)
	for range 2 {
		cached, cachedErr := p.cached.Verify(ctx, raw)
		if !cached.Equal(token) || outcome(cachedErr) != outcome(err) || fmt.Sprint(cachedErr) != fmt.Sprint(err) {
			return nil, fmt.Errorf("with a cache: got %v, %v, want %v, %v", cached, cachedErr, token, err)
		}
	}
	if p.set != nil {
		chosen, chosenErr := p.set.Verify(ctx, raw)
		if !chosen.Equal(token) || !agrees(chosenErr, err) {
			return nil, fmt.Errorf("in a set: got %v, %v, want %v, %v", chosen, chosenErr, token, err)
		}
	}
	return token, err
}

func (p pair) Recheck(ctx context.Context, t *jwtexp.Token) error {
	err, cachedErr := p.plain.Recheck(ctx, t), p.cached.Recheck(ctx, t)
	if outcome(cachedErr) != outcome(err) {
		return fmt.Errorf("with a cache: got %v, want %v", cachedErr, err)
	}
	if p.set != nil {
		if chosenErr := p.set.Recheck(ctx, t); !agrees(chosenErr, err) {
			return fmt.Errorf("in a set: got %v, want %v", chosenErr, err)
		}
	}
	return err
}

// agrees reports whether the error of a VerifierSet is the error of its Verifier. If the token
// has several faults, the set may also report the first fault that it sees itself: form, claims
// or issuer.
func agrees(inSet, alone error) bool {
	switch outcome(inSet) {
	case "invalid: malformed", "invalid: claims", "invalid: issuer":
		return alone != nil && !errors.Is(alone, jwtexp.ErrExpired)
	}
	return outcome(inSet) == outcome(alone) && fmt.Sprint(inSet) == fmt.Sprint(alone)
}

// sign returns a token with the given header and payload, and an HS256 signature that it makes
// without the library.
func sign(secret, header, payload string) string {
	return signSegments(secret, segment(header), segment(payload))
}

func signSegments(secret, header, payload string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(header + "." + payload))
	return header + "." + payload + "." + segment(string(mac.Sum(nil)))
}

func segment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// live returns a claims set that is valid at epoch and for an hour, with additional members.
func live(members string) string {
	return fmt.Sprintf(`{"exp":%d%s}`, epoch.Unix()+3600, members)
}

var sentinels = map[string]error{
	"expired":     jwtexp.ErrExpired,
	"invalid":     jwtexp.ErrInvalid,
	"unavailable": jwtexp.ErrUnavailable,
	"missing":     jwtexp.ErrMissing,
	"scope":       jwtexp.ErrInsufficientScope,
}

// verdicts returns the names of the verdicts that err matches under errors.Is.
func verdicts(err error) []string {
	var matched []string
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			matched = append(matched, name)
		}
	}
	slices.Sort(matched)
	return matched
}

// outcome describes what errors.Is and errors.As report about err: "ok" for nil, a verdict, or
// "invalid: " and the reason. If errors.Is and errors.As do not agree on exactly one verdict, the
// outcome is a text that no test wants.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	matched := verdicts(err)
	if len(matched) != 1 {
		return fmt.Sprintf("%d verdicts: %q", len(matched), matched)
	}
	expired, isExpired := errors.AsType[*jwtexp.ExpiredError](err)
	invalid, isInvalid := errors.AsType[*jwtexp.InvalidError](err)
	unavailable, isUnavailable := errors.AsType[*jwtexp.UnavailableError](err)
	_, isScope := errors.AsType[*jwtexp.ScopeError](err)
	types := map[string]bool{"expired": isExpired, "invalid": isInvalid, "unavailable": isUnavailable, "scope": isScope}
	for name, is := range types {
		if is != (name == matched[0]) {
			return fmt.Sprintf("%s, but as types: %v %v %v", matched[0], expired, invalid, unavailable)
		}
	}
	if isInvalid {
		return "invalid: " + string(invalid.Reason)
	}
	return matched[0]
}

func wantOutcome(t *testing.T, err error, want string) {
	t.Helper()
	if got := outcome(err); got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

// verify verifies raw at epoch.
func verify(t *testing.T, raw string, opts ...jwtexp.VerifierOption) (*jwtexp.Token, error) {
	t.Helper()
	return newVerifier(jwtexptest.NewClock(epoch), opts...).Verify(t.Context(), raw)
}

// accept verifies raw and fails the test if the token is rejected.
func accept(t *testing.T, v jwtexp.TokenVerifier, raw string) *jwtexp.Token {
	t.Helper()
	token, err := v.Verify(t.Context(), raw)
	if err != nil {
		t.Fatalf("got %v, want the token accepted", err)
	}
	return token
}

// requestWith returns a request with a bearer token.
func requestWith(raw string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+raw)
	return r
}

// wantPanic fails the test if f does not panic.
func wantPanic(t *testing.T, name string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: got no panic, want one", name)
		}
	}()
	f()
}

// keySetFunc, keySourceFunc and verifierFunc implement interfaces with functions.
type keySetFunc func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error)

func (f keySetFunc) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	return f(ctx, id, now)
}

// stubKeys returns a KeySet that returns err and keys for every ID.
func stubKeys(err error, keys ...jwtexp.Key) keySetFunc {
	return func(context.Context, string, time.Time) ([]jwtexp.Key, error) { return keys, err }
}

// stubRevoked returns a WithRevoked whose check returns the same for every token.
func stubRevoked(revoked bool, err error) jwtexp.VerifierOption {
	return jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) { return revoked, err })
}

type keySourceFunc func(ctx context.Context, now time.Time) (jwtexp.Key, error)

func (f keySourceFunc) SigningKey(ctx context.Context, now time.Time) (jwtexp.Key, error) {
	return f(ctx, now)
}

type verifierFunc func(ctx context.Context, raw string) (*jwtexp.Token, error)

func (f verifierFunc) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	return f(ctx, raw)
}

// stubVerifier returns a TokenVerifier that returns token and err for every token.
func stubVerifier(token *jwtexp.Token, err error) verifierFunc {
	return func(context.Context, string) (*jwtexp.Token, error) { return token, err }
}

func TestIssueThenVerify(t *testing.T) {
	clock := jwtexptest.NewClock(epoch.Add(123456789 * time.Nanosecond))
	names := jwtexp.Options(
		jwtexp.WithIssuer("https://login.example"),
		jwtexp.WithAudience("api", "admin"),
		jwtexp.WithType("at+jwt"),
		jwtexp.WithClock(clock),
	)
	key := testKey().WithID("k1")
	issuer := must(jwtexp.NewIssuer(key, time.Hour, names))
	verifier := must(jwtexp.NewVerifier(key, names))

	issued := must(issuer.Issue(t.Context(), "alice", map[string]any{"role": "admin"},
		jwtexp.WithLifetime(30*time.Minute), jwtexp.WithNotBefore(epoch.Add(-time.Nanosecond))))
	verified := must(verifier.Verify(t.Context(), issued.Raw()))

	for name, token := range map[string]*jwtexp.Token{"issued": issued, "verified": verified} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ name, got, want string }{
				{"Issuer", token.Issuer(), "https://login.example"},
				{"Subject", token.Subject(), "alice"},
				{"Audience", strings.Join(token.Audience(), " "), "api admin"},
				{"Type", token.Type(), "at+jwt"},
				{"KeyID", token.KeyID(), "k1"},
				{"IssuedAt", token.IssuedAt().Format(time.RFC3339Nano), "2026-01-02T03:04:05Z"},
				{"NotBefore", token.NotBefore().Format(time.RFC3339Nano), "2026-01-02T03:04:04.999999999Z"},
				{"ExpiresAt", token.ExpiresAt().Format(time.RFC3339Nano), "2026-01-02T03:34:05Z"},
			} {
				if c.got != c.want {
					t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
				}
			}
			var claims struct {
				Role string `json:"role"`
				ID   string `json:"jti"`
			}
			if err := token.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if claims.Role != "admin" || claims.ID != token.ID() || len(claims.ID) < 22 {
				t.Errorf("got claims %+v, want role admin and the jti %q of 22 characters or more", claims, token.ID())
			}
		})
	}
	if !issued.Equal(verified) {
		t.Error("Equal of the issued and the verified token: got false, want true")
	}
	if err := verifier.Recheck(t.Context(), issued); err != nil {
		t.Errorf("Recheck of an issued token: got %v, want nil", err)
	}
}

// accessors has what the accessors of a token return.
type accessors struct {
	Issuer, Subject, ID, Type, KeyID string
	Audience                         []string
	HasIssuedAt, HasNotBefore        bool
}

func TestTokenAccessors(t *testing.T) {
	for name, c := range map[string]struct {
		header, members string
		want            accessors
	}{
		"nothing": {`{"alg":"HS256"}`, ``, accessors{}},
		"empty strings": {`{"alg":"HS256","kid":"","typ":"JWT"}`, `,"iss":"","sub":"","jti":""`,
			accessors{Type: "JWT"}},
		"all, with other claims between": {`{"alg":"HS256","kid":"k","typ":"JWT"}`, `,"jti":"id","x":"y","aud":"api","sub":"alice","n":{"iss":"inner"},"iss":"login","iat":1,"nbf":2`,
			accessors{"login", "alice", "id", "JWT", "k", []string{"api"}, true, true}},
		"several audiences": {`{"alg":"HS256"}`, `,"iss":"i","aud":["a","api","c"],"sub":"s"`,
			accessors{Issuer: "i", Subject: "s", Audience: []string{"a", "api", "c"}}},
		"escapes": {`{"alg":"HS256","kid":"\u006b"}`, `,"\u0073ub":"\u00e9\n","aud":["\u0061pi","é"],"iss":"\"\\"`,
			accessors{Issuer: `"\`, Subject: "é\n", KeyID: "k", Audience: []string{"api", "é"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var opts []jwtexp.VerifierOption
			if c.want.Audience != nil {
				opts = append(opts, jwtexp.WithAudience("api"))
			}
			token := accept(t, newVerifier(jwtexptest.NewClock(epoch), opts...), sign(testSecret, c.header, live(c.members)))
			got := accessors{token.Issuer(), token.Subject(), token.ID(), token.Type(), token.KeyID(),
				token.Audience(), !token.IssuedAt().IsZero(), !token.NotBefore().IsZero()}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
