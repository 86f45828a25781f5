package jwtexptest_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// lifetimes are the maximal lifetimes of verifiers in tests: the shortest, shorter and longer than
// the default, and around MaxLeeway.
var lifetimes = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Minute, jwtexp.MaxLeeway - time.Second, jwtexp.MaxLeeway,
	jwtexp.MaxLeeway + time.Second, jwtexptest.Lifetime, 24 * time.Hour,
}

// dates are the dates in a token, in Unix seconds.
type dates struct {
	IssuedAt  int64 `json:"iat"`
	NotBefore int64 `json:"nbf"`
	ExpiresAt int64 `json:"exp"`
}

func datesOf(t *testing.T, token string) dates {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var d dates
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every token has the lifetime, and no other fault than its own for a verifier with that limit.
func TestTokensWithLifetime(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	for _, lifetime := range lifetimes {
		for _, leeway := range []time.Duration{0, jwtexp.MaxLeeway} {
			clock := jwtexp.WithClock(jwtexptest.NewClock(start))
			v := newVerifier(t, key, clock, jwtexp.WithMaxLifetime(lifetime), jwtexp.WithLeeway(leeway))
			tokens := jwtexptest.NewTokens(t, key, clock).WithLifetime(lifetime)
			for _, kind := range kinds {
				token := kind.make(tokens, "alice", nil)
				if got := verdictOf(t, v, token); got != kind.want {
					t.Errorf("%v, leeway %v: %s: got %v, want %v", lifetime, leeway, kind.name, got, kind.want)
				}
				d := datesOf(t, token)
				if got := time.Duration(d.ExpiresAt-d.IssuedAt) * time.Second; got != lifetime && kind.name != "WithoutExp" {
					t.Errorf("%v: %s: got a lifetime of %v", lifetime, kind.name, got)
				}
			}
		}
	}
}

// At another time, the tokens of Expired and NotYetValid are good: they have no second fault.
func TestExpiredAndNotYetValidWithLifetime(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	early, late := verdict{jwtexp.ErrInvalid, jwtexp.ReasonNotYetValid}, verdict{kind: jwtexp.ErrExpired}
	for _, lifetime := range lifetimes {
		clock := jwtexptest.NewClock(start)
		v := newVerifier(t, key, jwtexp.WithClock(clock), jwtexp.WithMaxLifetime(lifetime))
		tokens := jwtexptest.NewTokens(t, key, jwtexp.WithClock(clock)).WithLifetime(lifetime)
		ended := start.Truncate(time.Second).Add(-jwtexp.MaxLeeway)
		begins := start.Truncate(time.Second).Add(jwtexp.MaxLeeway + time.Minute)
		expired, notYet := tokens.Expired("alice", nil), tokens.NotYetValid("alice", nil)
		for _, test := range []struct {
			name  string
			token string
			now   time.Time
			want  verdict
		}{
			{"Expired, when it was issued", expired, ended.Add(-lifetime), verdict{}},
			{"Expired, before exp", expired, ended.Add(-1), verdict{}},
			{"Expired, at exp", expired, ended, late},
			{"NotYetValid, before nbf", notYet, begins.Add(-1), early},
			{"NotYetValid, at nbf", notYet, begins, verdict{}},
			{"NotYetValid, before exp", notYet, begins.Add(lifetime - 1), verdict{}},
			{"NotYetValid, at exp", notYet, begins.Add(lifetime), late},
		} {
			clock.Set(test.now)
			if got := verdictOf(t, v, test.token); got != test.want {
				t.Errorf("%v: %s: got %v, want %v", lifetime, test.name, got, test.want)
			}
		}
		// An issuer writes iat, too, by the clock that is ahead.
		want := dates{begins.Unix(), begins.Unix(), begins.Add(lifetime).Unix()}
		if got := datesOf(t, notYet); got != want {
			t.Errorf("%v: NotYetValid: got the dates %v, want %v", lifetime, got, want)
		}
	}
}

// WithLifetime returns a copy with the same key and options.
func TestWithLifetimeReturnsACopy(t *testing.T) {
	key := newKey(t, jwtexp.ES256).WithID("key 1")
	common := jwtexp.Options(jwtexp.WithClock(jwtexptest.NewClock(start)), jwtexp.WithIssuer("https://login.example"),
		jwtexp.WithAudience("api"), jwtexp.WithType("at+jwt"))
	tokens := jwtexptest.NewTokens(t, key, common)
	short := tokens.WithLifetime(time.Minute)
	shorter := short.WithLifetime(time.Second)
	for _, test := range []struct {
		tokens *jwtexptest.Tokens
		want   time.Duration
	}{{tokens, jwtexptest.Lifetime}, {short, time.Minute}, {shorter, time.Second}} {
		issued, err := newVerifier(t, key, common, jwtexp.WithKeyIDRequired()).Verify(t.Context(), test.tokens.Good("alice", nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := issued.ExpiresAt().Sub(issued.IssuedAt()); got != test.want {
			t.Errorf("got a lifetime of %v, want %v", got, test.want)
		}
	}
}

// Every wrong lifetime ends the test with a text that says what is right.
func TestBadLifetimeFailsTheTest(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	clock := jwtexptest.NewClock(start)
	for _, lifetime := range []time.Duration{-1, 1, -time.Second, time.Second - 1, time.Second + 1, 1500 * time.Millisecond, -5 * time.Minute} {
		want := "invalid lifetime " + lifetime.String() + ": want a positive number of whole seconds"
		for name, use := range map[string]func(testing.TB){
			"jwtexptest.Tokens.WithLifetime: ": func(tb testing.TB) { jwtexptest.NewTokens(tb, key).WithLifetime(lifetime) },
			"jwtexptest.TestHandler: Lifetime: ": func(tb testing.TB) {
				jwtexptest.TestHandler(tb, hello, jwtexptest.HandlerConfig{Key: key, Clock: clock, Lifetime: lifetime})
			},
		} {
			r := record(t, use)
			if len(r.fatals) != 1 || !strings.HasPrefix(r.fatals[0], name+want) || len(r.errors) > 0 {
				t.Errorf("got Fatalf %q and Errorf %q, want one Fatalf that begins with %q", r.fatals, r.errors, name+want)
			}
		}
	}
	r := record(t, func(tb testing.TB) { jwtexptest.NewTokens(tb, key).WithLifetime(0) })
	if len(r.fatals) != 1 {
		t.Errorf("lifetime 0: got Fatalf %q, want one", r.fatals)
	}
}

// The dates of a changed token stay in the range of a date, or the test ends.
func TestMovedTokenOutOfRangeFailsTheTest(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	ago, ahead := jwtexp.MaxLeeway, jwtexp.MaxLeeway+time.Minute
	for _, lifetime := range lifetimes {
		for _, test := range []struct {
			name string
			now  time.Time
			make func(*jwtexptest.Tokens, string, any) string
			good bool
		}{
			{"Expired, iat in 1970", time.Unix(0, 0).Add(lifetime + ago), (*jwtexptest.Tokens).Expired, true},
			{"Expired, iat in 1969", time.Unix(0, 0).Add(lifetime + ago - 1), (*jwtexptest.Tokens).Expired, false},
			{"NotYetValid, exp in 9999", last.Add(-lifetime - ahead), (*jwtexptest.Tokens).NotYetValid, true},
			{"NotYetValid, exp in 10000", last.Add(-lifetime - ahead + time.Second), (*jwtexptest.Tokens).NotYetValid, false},
		} {
			r := record(t, func(tb testing.TB) {
				test.make(jwtexptest.NewTokens(tb, key, jwtexp.WithClock(jwtexptest.NewClock(test.now))).WithLifetime(lifetime), "alice", nil)
			})
			if got := len(r.fatals) == 0; got != test.good {
				t.Errorf("%v: %s: got Fatalf %q, want one: %t", lifetime, test.name, r.fatals, !test.good)
			}
		}
	}
}
