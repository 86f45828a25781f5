package jwtexptest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// leeways are the leeways of handlers in tests. They need not be whole seconds.
var leeways = []time.Duration{0, 1, time.Second - 1, time.Second, time.Second + 1, 5 * time.Minute, jwtexp.MaxLeeway - 1, jwtexp.MaxLeeway}

// starts are where the clock stands: between two seconds, at a whole one, and in the first minute
// of 1970, when no token can have expired.
var starts = []time.Time{start.Truncate(time.Second).Add(time.Second - 1), start.Truncate(time.Second), time.Unix(59, 1)}

// eachConfig calls f for every lifetime, leeway and start.
func eachConfig(t *testing.T, f func(t *testing.T, c jwtexptest.HandlerConfig)) {
	t.Helper()
	key := newKey(t, jwtexp.HS256)
	for _, lifetime := range lifetimes {
		for _, leeway := range leeways {
			for _, begin := range starts {
				c := jwtexptest.HandlerConfig{Key: key, Clock: jwtexptest.NewClock(begin), Lifetime: lifetime, Leeway: leeway}
				t.Run(fmt.Sprintf("%v, leeway %v, at %v", lifetime, leeway, begin.UTC()), func(t *testing.T) { f(t, c) })
			}
		}
	}
}

// short returns hello behind a Middleware that is set up as c describes, its Lifetime included.
func short(t *testing.T, c jwtexptest.HandlerConfig) http.Handler {
	t.Helper()
	guard, err := jwtexp.NewMiddleware(newVerifier(t, c.Key, jwtexp.WithClock(c.Clock), jwtexp.WithLeeway(c.Leeway), jwtexp.WithMaxLifetime(c.Lifetime)))
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(hello)
}

func TestMiddlewareWithMaxLifetimeKeepsEveryRule(t *testing.T) {
	eachConfig(t, func(t *testing.T, c jwtexptest.HandlerConfig) {
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, short(t, c), c) })
		if len(r.errors) > 0 || len(r.fatals) > 0 {
			t.Errorf("got Errorf %q and Fatalf %q, want none", r.errors, r.fatals)
		}
	})
}

// claimsOf are the claims of a handler that golang-jwt guards.
type claimsOf struct {
	jwt.RegisteredClaims
}

// golangJWT returns a handler that golang-jwt guards, with the checks of check.
func golangJWT(c jwtexptest.HandlerConfig, check func(claims jwt.RegisteredClaims, now time.Time) error) http.Handler {
	secret := []byte(strings.Repeat("secret! ", 8)) // newKey's
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithLeeway(c.Leeway), jwt.WithTimeFunc(c.Clock.Now),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var claims claimsOf
		_, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return secret, nil })
		if err != nil || check(claims.RegisteredClaims, c.Clock.Now()) != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "invalid", http.StatusUnauthorized)
		}
	})
}

// sane makes checks that other libraries make, too, none of them with leeway: the lifetime has a
// limit, a token is not from the future, and its nbf is before its exp.
func sane(limit time.Duration) func(jwt.RegisteredClaims, time.Time) error {
	return func(c jwt.RegisteredClaims, now time.Time) error {
		switch {
		case c.ExpiresAt.Sub(c.IssuedAt.Time) > limit, c.ExpiresAt.Sub(now) > limit:
			return errors.New("the lifetime is too long")
		case c.IssuedAt.After(now):
			return errors.New("from the future")
		case c.NotBefore != nil && !c.NotBefore.Before(c.ExpiresAt.Time):
			return errors.New("never valid")
		}
		return nil
	}
}

// The rules about time hold for another library, with any lifetime and leeway.
func TestOtherLibraryWithLifetime(t *testing.T) {
	eachConfig(t, func(t *testing.T, c jwtexptest.HandlerConfig) {
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, golangJWT(c, sane(c.Lifetime)), c) })
		broken := names(t, r.errors)
		for _, rule := range []string{"rejected from exp on", "accepted until exp", "rejected before nbf"} {
			if slices.Contains(broken, rule) {
				t.Errorf("got the rule %q broken, want it to hold: %q", rule, r.errors)
			}
		}
		if len(r.fatals) > 0 {
			t.Errorf("got Fatalf %q, want none", r.fatals)
		}
	})
}

// A limit on the lifetime does not hide that a handler reads EXP as exp.
func TestLifetimeHidesNoClaimNames(t *testing.T) {
	eachConfig(t, func(t *testing.T, c jwtexptest.HandlerConfig) {
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, golangJWT(c, sane(c.Lifetime)), c) })
		i := slices.Index(names(t, r.errors), "claim names in exact case")
		if i < 0 {
			t.Fatalf("got the broken rules %q, want claim names in exact case among them", names(t, r.errors))
		}
		for _, probe := range []string{"EXP in the future, after an exp in the past", "EXP without exp"} {
			if want := "\n\t" + probe + ": got 200, want 4xx"; !strings.Contains(r.errors[i], want) {
				t.Errorf("got %q, want it to contain %q", r.errors[i], want)
			}
		}
	})
}

// The suite detects another leeway than configured, also under a limit on the lifetime.
func TestOtherLeewayUnderMaxLifetime(t *testing.T) {
	for _, lifetime := range lifetimes {
		for _, leeway := range leeways[1:] {
			for _, other := range []time.Duration{leeway - 1, leeway + 1} {
				c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Lifetime: lifetime, Leeway: leeway}
				handler := golangJWT(jwtexptest.HandlerConfig{Clock: c.Clock, Leeway: other}, sane(lifetime))
				r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
				broken := names(t, r.errors)
				want := "accepted until exp"
				if other > leeway {
					want = "rejected from exp on"
				}
				if !slices.Contains(broken, want) {
					t.Errorf("%v, leeway %v instead of %v: got the broken rules %q, want %q among them", lifetime, other, leeway, broken, want)
				}
				// With a shorter lifetime, no token with nbf < exp is accepted so early.
				if lifetime >= leeway+2*time.Second && !slices.Contains(broken, "rejected before nbf") {
					t.Errorf("%v, leeway %v instead of %v: got the broken rules %q, want rejected before nbf among them", lifetime, other, leeway, broken)
				}
			}
		}
	}
}

// A handler with a shorter limit than the suite's lifetime refuses the good token, and the message
// says what to set.
func TestHandlerWithShorterMaxLifetime(t *testing.T) {
	for _, lifetime := range []time.Duration{0, 5*time.Minute + time.Second, time.Hour} {
		c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Lifetime: 5 * time.Minute}
		handler := short(t, c)
		c.Lifetime = lifetime
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
		if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], "a good token: got 401") || !strings.Contains(r.fatals[0], "Lifetime") {
			t.Errorf("%v: got Fatalf %q, want one about a good token that names Lifetime", lifetime, r.fatals)
		}
	}
}

// Without Lifetime, tokens live for jwtexptest.Lifetime.
func TestHandlerWithDefaultLifetime(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Lifetime: jwtexptest.Lifetime}
	handler := short(t, c)
	c.Lifetime = 0
	jwtexptest.TestHandler(t, handler, c)
	r := record(t, func(tb testing.TB) {
		jwtexptest.TestHandler(tb, short(t, jwtexptest.HandlerConfig{Key: c.Key, Clock: c.Clock, Lifetime: jwtexptest.Lifetime - 1}), c)
	})
	if len(r.fatals) != 1 {
		t.Errorf("with a shorter limit: got Fatalf %q, want one", r.fatals)
	}
}
