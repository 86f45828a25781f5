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

// decoded reads segment i of a token without the library.
func decoded(t *testing.T, token *jwtexp.Token, i int) map[string]any {
	t.Helper()
	text := must(base64.RawURLEncoding.DecodeString(strings.Split(token.Raw(), ".")[i]))
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func TestWhatAnIssuerWrites(t *testing.T) {
	clock := jwtexptest.NewClock(epoch.Add(999 * time.Millisecond))
	now := float64(epoch.Unix())
	for _, c := range []struct {
		name            string
		key             jwtexp.Key
		opts            []jwtexp.IssuerOption
		claims          any
		issue           []jwtexp.IssueOption
		header, claims_ map[string]any
	}{
		{
			name:    "bare",
			key:     testKey(),
			header:  map[string]any{"alg": "HS256", "typ": "JWT"},
			claims_: map[string]any{"sub": "alice", "iat": now, "exp": now + 3600},
		},
		{
			name:    "all",
			key:     testKey().WithID(`k"1`),
			opts:    []jwtexp.IssuerOption{jwtexp.WithIssuer("login"), jwtexp.WithAudience("a", "b"), jwtexp.WithType("at+jwt")},
			claims:  map[string]any{"role": "admin <&>"},
			issue:   []jwtexp.IssueOption{jwtexp.WithLifetime(time.Second), jwtexp.WithNotBefore(epoch.Add(-1))},
			header:  map[string]any{"alg": "HS256", "typ": "at+jwt", "kid": `k"1`},
			claims_: map[string]any{"iss": "login", "sub": "alice", "aud": []any{"a", "b"}, "iat": now, "exp": now + 1, "nbf": now, "role": "admin <&>"},
		},
		{
			name:    "one audience is a string",
			key:     testKey(),
			opts:    []jwtexp.IssuerOption{jwtexp.WithAudience("a")},
			claims:  struct{}{},
			header:  map[string]any{"alg": "HS256", "typ": "JWT"},
			claims_: map[string]any{"sub": "alice", "aud": "a", "iat": now, "exp": now + 3600},
		},
		{
			name:    "a nil map is no claims",
			key:     testKey(),
			claims:  map[string]any(nil),
			issue:   []jwtexp.IssueOption{jwtexp.WithLifetime(time.Hour)},
			header:  map[string]any{"alg": "HS256", "typ": "JWT"},
			claims_: map[string]any{"sub": "alice", "iat": now, "exp": now + 3600},
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
			if diff := cmp.Diff(c.claims_, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryTokenHasItsOwnID(t *testing.T) {
	i := newIssuer(jwtexptest.NewClock(epoch))
	seen := map[string]bool{}
	for range 1000 {
		id := must(i.Issue(t.Context(), "alice", nil)).ID()
		if seen[id] || len(id) < 26 { // 26 characters of base32 are 130 bits
			t.Fatalf("got jti %q, want a new one of 128 bits or more", id)
		}
		seen[id] = true
	}
}

// A token never lives longer than asked, wherever in a second the clock stands.
func TestLifetimeIsExact(t *testing.T) {
	for _, fraction := range []time.Duration{0, 1, 500 * time.Millisecond, time.Second - 1} {
		clock := jwtexptest.NewClock(epoch.Add(fraction))
		token := must(newIssuer(clock).Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Minute)))
		if got := token.ExpiresAt().Sub(token.IssuedAt()); got != time.Minute {
			t.Errorf("got exp - iat %v, want 1m0s", got)
		}
		if token.ExpiresAt().Sub(clock.Now()) > time.Minute || token.IssuedAt().After(clock.Now()) {
			t.Errorf("at %v: got iat %v and exp %v, want no more than a minute", clock.Now(), token.IssuedAt(), token.ExpiresAt())
		}
	}
}

type failingClaims struct{ err error }

func (c failingClaims) MarshalJSON() ([]byte, error) { return nil, c.err }

func TestIssueRefuses(t *testing.T) {
	own := errors.New("the application's")
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
		{"exp in another case, which golang-jwt takes for exp", "alice", map[string]any{"EXP": 1}, nil},
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
		{"too_large", "alice", map[string]any{"x": strings.Repeat("x", jwtexp.DefaultMaxSize)}, nil},
		{"no lifetime", "alice", nil, lifetime(0)},
		{"negative lifetime", "alice", nil, lifetime(-time.Second)},
		{"lifetime of broken seconds", "alice", nil, lifetime(1500 * time.Millisecond)},
		{"lifetime above the ceiling", "alice", nil, lifetime(time.Hour + time.Second)},
		{"lifetime twice", "alice", nil, lifetime(time.Second, time.Second)},
		{"nbf twice", "alice", nil, append(notBefore(0), notBefore(0)...)},
		{"nbf at exp", "alice", nil, notBefore(time.Hour)},
		{"nbf rounded up to exp", "alice", nil, notBefore(time.Hour - 1)},
		{"nbf before 1970", "alice", nil, []jwtexp.IssueOption{jwtexp.WithNotBefore(time.Unix(-1, 0))}},
		{"nbf of the zero time", "alice", nil, []jwtexp.IssueOption{jwtexp.WithNotBefore(time.Time{})}},
		{"nil option", "alice", nil, []jwtexp.IssueOption{nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := newIssuer(clock).Issue(t.Context(), c.subject, c.claims, c.opts...)
			if token != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", token, err)
			}
			if !strings.HasPrefix(err.Error(), "jwtexp: Issue: ") {
				t.Errorf("got %q, want it to say that Issue failed", err)
			}
			for name, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					t.Errorf("got the verdict %s, want none: %v", name, err)
				}
			}
			if _, ok := c.claims.(failingClaims); ok && !errors.Is(err, own) {
				t.Errorf("got %v, want it to match the application's error", err)
			}
		})
	}
	t.Run("nbf just before exp", func(t *testing.T) {
		must(newIssuer(clock).Issue(t.Context(), "alice", nil, notBefore(time.Hour-time.Second)...))
	})
	t.Run("an application error that is a verdict", func(t *testing.T) {
		for name, foreign := range foreignErrors() {
			_, err := newIssuer(clock).Issue(t.Context(), "alice", failingClaims{foreign})
			for verdict, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					t.Errorf("%s: got the verdict %s, want none: %v", name, verdict, err)
				}
			}
		}
	})
}

func TestIssueOutsideOfTime(t *testing.T) {
	for _, at := range []time.Time{time.Unix(-1, 0), time.Unix(253402300799-3599, 0), time.Unix(253402300799, 0), time.Unix(1<<40, 0)} {
		// A key that vouches for longer than there are dates changes nothing.
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

func TestKeySourceThatAnswersNonsense(t *testing.T) {
	for name, key := range map[string]jwtexp.Key{
		"zero key":           {},
		"public key":         must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public())),
		"ID that is no text": testKey().WithID("\xff"),
	} {
		source := keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return key, nil })
		token, err := must(jwtexp.NewIssuer(source, time.Hour)).Issue(t.Context(), "alice", nil)
		if token != nil || err == nil || errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("%s: got %v, %v, want an error that is no outage", name, token, err)
		}
	}
}

// Each token has the header of the key that signed it, whichever came before.
func TestHeaderIsThatOfTheKey(t *testing.T) {
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
				t.Errorf("header of a token by %v (-want +got):\n%s", key, diff)
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

// A token that was issued can be asked all that one that was verified can.
func TestRecheckAndClaimsOfAnIssuedToken(t *testing.T) {
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

// 128 random bits are 25 letters of base32, each of all 32, and one of eight.
func TestEveryLetterOfAJTIIsRandom(t *testing.T) {
	issuer := newIssuer(jwtexptest.NewClock(epoch))
	seen := make([]map[byte]bool, 26)
	for range 1000 {
		id := must(issuer.Issue(t.Context(), "alice", nil)).ID()
		if len(id) != len(seen) {
			t.Fatalf("got %q, want %d letters", id, len(seen))
		}
		for i := range seen {
			if seen[i] == nil {
				seen[i] = make(map[byte]bool)
			}
			seen[i][id[i]] = true
		}
	}
	for i := range seen {
		want := 32
		if i == len(seen)-1 {
			want = 8
		}
		if len(seen[i]) != want {
			t.Errorf("letter %d: got %d different ones in 1000 jti, want %d", i, len(seen[i]), want)
		}
	}
}
