package jwtexptest_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A verdict is the result of Verify in a form that can be compared.
type verdict struct {
	kind   error // nil: good
	reason jwtexp.Reason
}

func verdictOf(t *testing.T, v *jwtexp.Verifier, token string) verdict {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		return verdict{jwtexp.ErrInvalid, invalid.Reason}
	}
	if errors.Is(err, jwtexp.ErrExpired) {
		return verdict{kind: jwtexp.ErrExpired}
	}
	return verdict{kind: err}
}

type plan struct {
	Plan string `json:"plan"`
	Big  int64  `json:"big"`
}

var largePlan = plan{"large <&>", 1<<62 + 1}

func newVerifier(t *testing.T, key jwtexp.Key, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	t.Helper()
	v, err := jwtexp.NewVerifier(key, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var kinds = []struct {
	name string
	make func(*jwtexptest.Tokens, string, any) string
	want verdict
}{
	{"Good", (*jwtexptest.Tokens).Good, verdict{}},
	{"Expired", (*jwtexptest.Tokens).Expired, verdict{kind: jwtexp.ErrExpired}},
	{"NotYetValid", (*jwtexptest.Tokens).NotYetValid, verdict{jwtexp.ErrInvalid, jwtexp.ReasonNotYetValid}},
	{"Forged", (*jwtexptest.Tokens).Forged, verdict{jwtexp.ErrInvalid, jwtexp.ReasonSignature}},
	{"Tampered", (*jwtexptest.Tokens).Tampered, verdict{jwtexp.ErrInvalid, jwtexp.ReasonSignature}},
	{"WrongAudience", (*jwtexptest.Tokens).WrongAudience, verdict{jwtexp.ErrInvalid, jwtexp.ReasonAudience}},
	{"AlgNone", (*jwtexptest.Tokens).AlgNone, verdict{jwtexp.ErrInvalid, jwtexp.ReasonAlgorithm}},
	{"WithoutExp", (*jwtexptest.Tokens).WithoutExp, verdict{jwtexp.ErrInvalid, jwtexp.ReasonClaims}},
	{"Oversized", (*jwtexptest.Tokens).Oversized, verdict{jwtexp.ErrInvalid, jwtexp.ReasonTooLarge}},
}

// Each bad token has its one fault for any verifier.
func TestTokens(t *testing.T) {
	names := []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api", "mobile"), jwtexp.WithType("at+jwt")}
	strict := []jwtexp.VerifierOption{
		jwtexp.WithMaxLifetime(jwtexptest.Lifetime),
		jwtexp.WithMaxSize(64 << 10),
		jwtexp.WithClaims(func(p *plan) error {
			if *p != largePlan {
				return errors.New("other claims")
			}
			return nil
		}),
	}
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	tests := []struct {
		name     string
		common   []jwtexp.CommonOption
		verifier []jwtexp.VerifierOption
	}{
		{"no options", nil, nil},
		{"issuer, audience and type", names, nil},
		{"strict", names, strict},
		{"strict, with maximal leeway", names, append([]jwtexp.VerifierOption{jwtexp.WithLeeway(jwtexp.MaxLeeway)}, strict...)},
	}
	for _, id := range []string{"", "key 1"} {
		key := newKey(t, jwtexp.HS256).WithID(id)
		for _, test := range tests {
			common := jwtexp.Options(append(test.common, clock)...)
			v := newVerifier(t, key, append(test.verifier, common)...)
			tokens := jwtexptest.NewTokens(t, key, common)
			for _, kind := range kinds {
				if got := verdictOf(t, v, kind.make(tokens, "alice", largePlan)); got != kind.want {
					t.Errorf("key %q, %s: %s: got %v, want %v", id, test.name, kind.name, got, kind.want)
				}
			}
		}
	}
}

func TestTokensOfEveryAlgorithm(t *testing.T) {
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	for _, alg := range algorithms {
		key := newKey(t, alg)
		v := newVerifier(t, key, clock)
		tokens := jwtexptest.NewTokens(t, key, clock)
		for _, kind := range kinds {
			if got := verdictOf(t, v, kind.make(tokens, "alice", nil)); got != kind.want {
				t.Errorf("%s: %s: got %v, want %v", alg, kind.name, got, kind.want)
			}
		}
	}
}

// At another time, the tokens of Expired and NotYetValid are good: they have no second fault.
func TestExpiredAndNotYetValidHaveNoOtherFault(t *testing.T) {
	clock := jwtexptest.NewClock(start)
	key := newKey(t, jwtexp.HS256)
	v := newVerifier(t, key, jwtexp.WithClock(clock), jwtexp.WithMaxLifetime(jwtexptest.Lifetime))
	tokens := jwtexptest.NewTokens(t, key, jwtexp.WithClock(clock))
	expired, early := tokens.Expired("alice", nil), tokens.NotYetValid("alice", nil)

	end := start.Truncate(time.Second).Add(-jwtexp.MaxLeeway)
	clock.Set(end)
	if got, want := verdictOf(t, v, expired), (verdict{kind: jwtexp.ErrExpired}); got != want {
		t.Errorf("expired token, at its expiry: got %v, want %v", got, want)
	}
	clock.Set(end.Add(-1))
	if got, want := verdictOf(t, v, expired), (verdict{}); got != want {
		t.Errorf("expired token, before its expiry: got %v, want %v", got, want)
	}
	clock.Set(start.Add(jwtexptest.Lifetime - time.Second))
	if got, want := verdictOf(t, v, early), (verdict{}); got != want {
		t.Errorf("not yet valid token, later: got %v, want %v", got, want)
	}
}

func TestGoodTokenLivesForLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // without WithClock both use the time of the bubble
		key := newKey(t, jwtexp.HS256)
		v := newVerifier(t, key)
		good := jwtexptest.NewTokens(t, key).Good("alice", nil)
		time.Sleep(jwtexptest.Lifetime - time.Nanosecond)
		if got, want := verdictOf(t, v, good), (verdict{}); got != want {
			t.Errorf("a nanosecond before its expiry: got %v, want %v", got, want)
		}
		time.Sleep(time.Nanosecond)
		if got, want := verdictOf(t, v, good), (verdict{kind: jwtexp.ErrExpired}); got != want {
			t.Errorf("at its expiry: got %v, want %v", got, want)
		}
	})
}

// The members of a changed claims set that are not part of the fault stay as they were.
func TestTokensKeepSubjectAndClaims(t *testing.T) {
	late := expired(t, largePlan)
	var got struct {
		plan
		IssuedAt int64 `json:"iat"`
	}
	if err := late.Claims(&got); err != nil {
		t.Fatal(err)
	}
	if got.plan != largePlan || late.Subject != "alice" {
		t.Errorf("got claims %v and subject %q, want %v and alice", got.plan, late.Subject, largePlan)
	}
	if got, want := late.ExpiredAt.Sub(time.Unix(got.IssuedAt, 0)), jwtexptest.Lifetime; got != want {
		t.Errorf("lifetime: got %v, want %v", got, want)
	}
}

// expired returns the error for an expired token with the given claims.
func expired(t *testing.T, claims any) *jwtexp.ExpiredError {
	t.Helper()
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	key := newKey(t, jwtexp.HS256)
	_, err := newVerifier(t, key, clock).Verify(t.Context(), jwtexptest.NewTokens(t, key, clock).Expired("alice", claims))
	late, ok := errors.AsType[*jwtexp.ExpiredError](err)
	if !ok {
		t.Fatalf("got %v, want an ExpiredError", err)
	}
	return late
}

// Tampered changes the subject.
func TestTamperedTokenHasAnotherSubject(t *testing.T) {
	tampered := jwtexptest.NewTokens(t, newKey(t, jwtexp.HS256)).Tampered("alice", nil)
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(tampered, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Sub string }
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Sub == "alice" || claims.Sub == "" {
		t.Errorf("got subject %q, want one that is neither alice nor empty", claims.Sub)
	}
}

func TestTokensConcurrentUse(t *testing.T) {
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	key := newKey(t, jwtexp.ES256)
	v := newVerifier(t, key, clock)
	tokens := jwtexptest.NewTokens(t, key, clock)
	var wg sync.WaitGroup
	for range 4 {
		for _, kind := range kinds {
			wg.Go(func() {
				if got := verdictOf(t, v, kind.make(tokens, "alice", nil)); got != kind.want {
					t.Errorf("%s: got %v, want %v", kind.name, got, kind.want)
				}
			})
		}
	}
	wg.Wait()
}

func TestTokensErrorFailsTheTest(t *testing.T) {
	secret := newKey(t, jwtexp.HS256)
	public, err := jwtexp.NewPublicKey(jwtexp.EdDSA, newKey(t, jwtexp.EdDSA).PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	good := func(tokens *jwtexptest.Tokens) { tokens.Good("alice", nil) }
	tests := []struct {
		name string
		key  jwtexp.Key
		opts []jwtexp.CommonOption
		make func(*jwtexptest.Tokens)
	}{
		{"public key", public, nil, good},
		{"zero Key", jwtexp.Key{}, nil, good},
		{"empty issuer", secret, []jwtexp.CommonOption{jwtexp.WithIssuer("")}, good},
		{"nil option", secret, []jwtexp.CommonOption{nil}, good},
		{"clock that was never set", secret, []jwtexp.CommonOption{jwtexp.WithClock(new(jwtexptest.Clock))}, good},
		{"key whose NotAfter has passed", secret.WithNotAfter(start), []jwtexp.CommonOption{clock}, good},
		{"empty subject", secret, nil, func(tokens *jwtexptest.Tokens) { tokens.Forged("", nil) }},
		{"registered claim", secret, nil, func(tokens *jwtexptest.Tokens) { tokens.Expired("alice", map[string]any{"exp": 1}) }},
		{"Expired in 1970", secret, []jwtexp.CommonOption{jwtexp.WithClock(jwtexptest.NewClock(time.Unix(60, 0)))},
			func(tokens *jwtexptest.Tokens) { tokens.Expired("alice", nil) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := record(t, func(tb testing.TB) { test.make(jwtexptest.NewTokens(tb, test.key, test.opts...)) })
			if len(r.fatals) != 1 || len(r.errors) > 0 {
				t.Errorf("got Fatalf %q and Errorf %q, want one Fatalf", r.fatals, r.errors)
			}
		})
	}
}
