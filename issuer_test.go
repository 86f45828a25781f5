package jwtexp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// decoded decodes segment i of a token without the library.
func decoded(t *testing.T, token *jwtexp.Token, i int) map[string]any {
	t.Helper()
	text := must(base64.RawURLEncoding.DecodeString(strings.Split(token.Raw(), ".")[i]))
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func TestIssuedHeaderAndClaims(t *testing.T) {
	clock := jwtexptest.NewClock(epoch.Add(999 * time.Millisecond))
	now := float64(epoch.Unix())
	for _, c := range []struct {
		name            string
		key             jwtexp.Key
		opts            []jwtexp.IssuerOption
		claims          any
		issue           []jwtexp.IssueOption
		header, payload map[string]any
	}{
		{
			name:    "no options",
			key:     testKey(),
			header:  map[string]any{"alg": "HS256", "typ": "JWT"},
			payload: map[string]any{"sub": "alice", "iat": now, "exp": now + 3600},
		},
		{
			name:    "all options",
			key:     testKey().WithID(`k"1`),
			opts:    []jwtexp.IssuerOption{jwtexp.WithIssuer("login"), jwtexp.WithAudience("a", "b"), jwtexp.WithType("at+jwt")},
			claims:  map[string]any{"role": "admin <&>"},
			issue:   []jwtexp.IssueOption{jwtexp.WithLifetime(time.Second), jwtexp.WithNotBefore(epoch.Add(-time.Second / 2))},
			header:  map[string]any{"alg": "HS256", "typ": "at+jwt", "kid": `k"1`},
			payload: map[string]any{"iss": "login", "sub": "alice", "aud": []any{"a", "b"}, "iat": now, "exp": now + 1, "nbf": now - 0.5, "role": "admin <&>"},
		},
		{
			name:    "one audience is a string",
			key:     testKey(),
			opts:    []jwtexp.IssuerOption{jwtexp.WithAudience("a")},
			claims:  struct{}{},
			header:  map[string]any{"alg": "HS256", "typ": "JWT"},
			payload: map[string]any{"sub": "alice", "aud": "a", "iat": now, "exp": now + 3600},
		},
		{
			name:    "a nil map adds no claims",
			key:     testKey(),
			claims:  map[string]any(nil),
			issue:   []jwtexp.IssueOption{jwtexp.WithLifetime(time.Hour)},
			header:  map[string]any{"alg": "HS256", "typ": "JWT"},
			payload: map[string]any{"sub": "alice", "iat": now, "exp": now + 3600},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := must(jwtexp.NewIssuer(c.key, time.Hour, append(c.opts, jwtexp.WithClock(clock))...))
			token := must(i.Issue(t.Context(), "alice", c.claims, c.issue...))
			if diff := cmp.Diff(c.header, decoded(t, token, 0)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			claims := decoded(t, token, 1)
			delete(claims, "jti")
			if diff := cmp.Diff(c.payload, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIDsAreUnique(t *testing.T) {
	i := newIssuer(jwtexptest.NewClock(epoch))
	seen := map[string]bool{}
	for range 1000 {
		id := must(i.Issue(t.Context(), "alice", nil)).ID()
		if seen[id] || len(id) < 26 { // 26 characters of base32 are 130 bits
			t.Fatalf("got jti %q, want a new jti of 26 characters or more", id)
		}
		seen[id] = true
	}
}

// exp is exactly the lifetime after iat, and a token lives no longer than its lifetime, whatever
// the fraction of a second in the clock's reading.
func TestLifetimeIsExact(t *testing.T) {
	for _, fraction := range []time.Duration{0, 1, 500 * time.Millisecond, time.Second - 1} {
		clock := jwtexptest.NewClock(epoch.Add(fraction))
		token := must(newIssuer(clock).Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Minute)))
		if got := token.ExpiresAt().Sub(token.IssuedAt()); got != time.Minute {
			t.Errorf("got exp - iat %v, want 1m0s", got)
		}
		if token.ExpiresAt().Sub(clock.Now()) > time.Minute || token.IssuedAt().After(clock.Now()) {
			t.Errorf("at %v: got iat %v and exp %v, want at most a minute left", clock.Now(), token.IssuedAt(), token.ExpiresAt())
		}
	}
}

// failingClaims are claims whose MarshalJSON fails.
type failingClaims struct{ err error }

func (c failingClaims) MarshalJSON() ([]byte, error) { return nil, c.err }

func TestIssueRejectsBadArguments(t *testing.T) {
	own := errors.New("from MarshalJSON")
	clock := jwtexptest.NewClock(epoch)
	notBefore := func(d time.Duration) []jwtexp.IssueOption {
		return []jwtexp.IssueOption{jwtexp.WithNotBefore(epoch.Add(d))}
	}
	lifetime := func(ds ...time.Duration) (opts []jwtexp.IssueOption) {
		for _, d := range ds {
			opts = append(opts, jwtexp.WithLifetime(d))
		}
		return opts
	}
	for _, c := range []struct {
		name    string
		subject string
		claims  any
		opts    []jwtexp.IssueOption
	}{
		{"no subject", "", nil, nil},
		{"subject that is not UTF-8", "\xff", nil, nil},
		{"iss", "alice", map[string]any{"iss": "x"}, nil},
		{"sub", "alice", map[string]any{"sub": "alice"}, nil},
		{"aud", "alice", map[string]any{"aud": "x"}, nil},
		{"exp", "alice", map[string]any{"exp": 1}, nil},
		{"nbf", "alice", map[string]any{"nbf": 1}, nil},
		{"iat", "alice", map[string]any{"iat": 1}, nil},
		{"jti", "alice", struct {
			ID string `json:"jti"`
		}{"x"}, nil},
		{"exp in another case, which golang-jwt reads as exp", "alice", map[string]any{"EXP": 1}, nil},
		{"a field without a tag", "alice", struct{ Exp int64 }{1}, nil},
		{"iss with a long s", "alice", map[string]any{"i\u017fs": "x"}, nil},
		{"NaN", "alice", map[string]any{"x": math.NaN()}, nil},
		{"exp, escaped", "alice", json.RawMessage(`{"\u0065xp":1}`), nil},
		{"array", "alice", []string{"x"}, nil},
		{"string", "alice", "x", nil},
		{"number", "alice", 1, nil},
		{"func", "alice", func() {}, nil},
		{"struct with a channel", "alice", struct{ C chan int }{make(chan int)}, nil},
		{"duplicate members", "alice", json.RawMessage(`{"a":1,"a":2}`), nil},
		{"duplicate members deeper", "alice", map[string]any{"x": json.RawMessage(`{"a":1,"a":2}`)}, nil},
		{"not JSON", "alice", json.RawMessage(`{"a":`), nil},
		{"not UTF-8", "alice", map[string]any{"x": "\xff"}, nil},
		{"name that is not UTF-8", "alice", map[string]any{"\xff": 1}, nil},
		{"failing MarshalJSON", "alice", failingClaims{own}, nil},
		{"too large", "alice", map[string]any{"x": strings.Repeat("x", jwtexp.DefaultMaxSize)}, nil},
		{"lifetime 0", "alice", nil, lifetime(0)},
		{"negative lifetime", "alice", nil, lifetime(-time.Second)},
		{"lifetime with a fraction of a second", "alice", nil, lifetime(1500 * time.Millisecond)},
		{"lifetime above the Issuer's", "alice", nil, lifetime(time.Hour + time.Second)},
		{"lifetime twice", "alice", nil, lifetime(time.Second, time.Second)},
		{"nbf twice", "alice", nil, append(notBefore(0), notBefore(0)...)},
		{"nbf at exp", "alice", nil, notBefore(time.Hour)},
		{"nbf before 1970", "alice", nil, []jwtexp.IssueOption{jwtexp.WithNotBefore(time.Unix(-1, 0))}},
		{"nbf is the zero time", "alice", nil, []jwtexp.IssueOption{jwtexp.WithNotBefore(time.Time{})}},
		{"nil option", "alice", nil, []jwtexp.IssueOption{nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := newIssuer(clock).Issue(t.Context(), c.subject, c.claims, c.opts...)
			if token != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", token, err)
			}
			if !strings.HasPrefix(err.Error(), "jwtexp: Issue: ") {
				t.Errorf("got %q, want it to begin with jwtexp: Issue", err)
			}
			if got := verdicts(err); got != nil {
				t.Errorf("got an error that matches %q, want no verdict: %v", got, err)
			}
			if _, ok := c.claims.(failingClaims); ok && !errors.Is(err, own) {
				t.Errorf("got %v, want it to match the error of MarshalJSON", err)
			}
		})
	}
	t.Run("nbf a nanosecond before exp is accepted", func(t *testing.T) {
		must(newIssuer(clock).Issue(t.Context(), "alice", nil, notBefore(time.Hour-1)...))
	})
	t.Run("MarshalJSON returns a verdict", func(t *testing.T) {
		for name, foreign := range foreignErrors() {
			_, err := newIssuer(clock).Issue(t.Context(), "alice", failingClaims{foreign})
			if got := verdicts(err); got != nil {
				t.Errorf("%s: got an error that matches %q, want no verdict: %v", name, got, err)
			}
		}
	})
}

// Issue returns an error if iat or exp would be outside of the range of dates.
func TestIssueOutsideTheRangeOfDates(t *testing.T) {
	for _, at := range []time.Time{time.Unix(-1, 0), time.Unix(253402300799-3599, 0), time.Unix(253402300799, 0), time.Unix(1<<40, 0)} {
		// The limit of the key is after the range, too.
		key := testKey().WithNotAfter(time.Unix(1<<41, 0))
		issuer := must(jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(jwtexptest.NewClock(at))))
		if token, err := issuer.Issue(t.Context(), "alice", nil); err == nil {
			t.Errorf("at %v: got %v, want an error", at, token)
		}
	}
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(253402300799-3600, 0)} {
		clock := jwtexptest.NewClock(at)
		token := must(newIssuer(clock).Issue(t.Context(), "alice", nil))
		_, err := newVerifier(clock).Verify(t.Context(), token.Raw())
		wantOutcome(t, err, "ok")
	}
}

func TestKeySourceWithUnusableKey(t *testing.T) {
	for name, key := range map[string]jwtexp.Key{
		"zero key":             {},
		"public key":           must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public())),
		"ID that is not UTF-8": testKey().WithID("\xff"),
	} {
		source := keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return key, nil })
		token, err := must(jwtexp.NewIssuer(source, time.Hour)).Issue(t.Context(), "alice", nil)
		if token != nil || err == nil || errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("%s: got %v, %v, want an error other than ErrUnavailable", name, token, err)
		}
	}
}

// Each token has the alg and the kid of the key that signed it. An Issuer keeps nothing from the
// token before.
func TestHeaderMatchesTheKey(t *testing.T) {
	long := []byte(testSecret + testSecret)
	keys := []jwtexp.Key{
		must(jwtexp.NewSecretKey(jwtexp.HS256, long)).WithID("k1"),
		must(jwtexp.NewSecretKey(jwtexp.HS384, long)).WithID("k1"),
		must(jwtexp.NewSecretKey(jwtexp.HS384, long)).WithID("k2"),
		must(jwtexp.NewSecretKey(jwtexp.HS384, long)),
	}
	var key jwtexp.Key
	i := must(jwtexp.NewIssuer(keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return key, nil }), time.Hour))
	for round := range 2 {
		for n := range keys {
			key = keys[n]
			if round == 1 {
				key = keys[len(keys)-1-n]
			}
			want := map[string]any{"alg": string(key.Algorithm()), "typ": "JWT"}
			if key.ID() != "" {
				want["kid"] = key.ID()
			}
			token := must(i.Issue(t.Context(), "alice", nil))
			if diff := cmp.Diff(want, decoded(t, token, 0)); diff != "" {
				t.Errorf("header of a token signed with %v (-want +got):\n%s", key, diff)
			}
			if token.KeyID() != key.ID() {
				t.Errorf("got kid %q, want %q", token.KeyID(), key.ID())
			}
			if err := must(jwtexp.NewVerifier(key)).Recheck(t.Context(), token); err != nil {
				t.Errorf("Recheck: got %v, want nil", err)
			}
		}
	}
}

// Recheck checks the claims of an issued Token.
func TestRecheckOfAnIssuedToken(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	type claims struct {
		Sub  string `json:"sub"`
		Role string `json:"role"`
	}
	v := newVerifier(clock, jwtexp.WithClaims(func(c *claims) error {
		if c.Sub != "alice" || c.Role != "admin" {
			return fmt.Errorf("got %+v", *c)
		}
		return nil
	}))
	token := must(newIssuer(clock).Issue(t.Context(), "alice", map[string]any{"role": "admin"}))
	wantOutcome(t, v.Recheck(t.Context(), token), "ok")
}

// A jti is 26 characters of base32, each random.
func TestEveryCharacterOfAnIDIsRandom(t *testing.T) {
	issuer := newIssuer(jwtexptest.NewClock(epoch))
	seen := make([]map[byte]bool, 26)
	for range 1000 {
		id := must(issuer.Issue(t.Context(), "alice", nil)).ID()
		if len(id) != len(seen) {
			t.Fatalf("got %q, want %d characters", id, len(seen))
		}
		for i := range seen {
			if seen[i] == nil {
				seen[i] = make(map[byte]bool)
			}
			seen[i][id[i]] = true
		}
	}
	for i := range seen {
		if len(seen[i]) != 32 {
			t.Errorf("character %d: got %d different ones in 1000 jti, want 32", i, len(seen[i]))
		}
	}
}
