package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestExpiredMeansOnlyExpired(t *testing.T) {
	const (
		iat = 1_000_000_000
		exp = iat + 3600
	)
	key := testKey().WithID("k1").WithNotAfter(time.Unix(exp, 0))
	clock := jwtexptest.NewClock(time.Unix(exp, 0))
	type tenant struct {
		Tenant string `json:"tenant"`
	}
	verifier := newPair(key,
		jwtexp.WithClock(clock),
		jwtexp.WithType("at+jwt"),
		jwtexp.WithIssuer("login"),
		jwtexp.WithAudience("api"),
		jwtexp.WithMaxLifetime(time.Hour),
		jwtexp.WithClaims(func(c *tenant) error {
			if c.Tenant != "t" {
				return errors.New("no tenant")
			}
			return nil
		}),
		jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			t.Error("got a revocation check of an expired token, want none")
			return true, nil
		}),
	)
	const header = `{"alg":"HS256","kid":"k1","typ":"at+jwt"}`
	claims := fmt.Sprintf
	good := claims(`{"iss":"login","aud":"api","sub":"alice","jti":"id","tenant":"t","iat":%d,"exp":%d}`, iat, exp)

	_, err := verifier.Verify(t.Context(), sign(testSecret, header, good))
	wantOutcome(t, err, "expired")
	expired, _ := errors.AsType[*jwtexp.ExpiredError](err)
	if expired == nil {
		t.Fatalf("got %v, want an ExpiredError", err)
	}
	if !expired.ExpiredAt.Equal(time.Unix(exp, 0)) || !expired.Now.Equal(clock.Now()) || expired.Leeway != 0 ||
		expired.Subject != "alice" || expired.ID != "id" || expired.Ago() != 0 {
		t.Errorf("got %+v, subject %q, ID %q, want the values of the token and of the clock", expired, expired.Subject, expired.ID)
	}
	var got tenant
	if err := expired.Claims(&got); err != nil || got.Tenant != "t" {
		t.Errorf("Claims: got %+v, %v, want tenant t", got, err)
	}
	if err := new(jwtexp.ExpiredError).Claims(&got); err == nil {
		t.Error("Claims of an ExpiredError made by hand: got nil, want an error")
	}

	// With any other fault, the token is invalid and not expired.
	for _, c := range []struct{ name, secret, header, payload, want string }{
		{"size", testSecret, header, claims(`{"pad":"%8192d","exp":%d}`, 1, exp), "invalid: too_large"},
		{"form", testSecret, header + " x", good, "invalid: malformed"},
		{"typ", testSecret, `{"alg":"HS256","kid":"k1","typ":"JWT"}`, good, "invalid: type"},
		{"alg", testSecret, `{"alg":"HS384","kid":"k1","typ":"at+jwt"}`, good, "invalid: algorithm"},
		{"kid", testSecret, `{"alg":"HS256","kid":"k2","typ":"at+jwt"}`, good, "invalid: unknown_key"},
		{"signature", otherSecret, header, good, "invalid: signature"},
		{"payload", testSecret, header, good + "x", "invalid: claims"},
		{"iss", testSecret, header, claims(`{"iss":"evil","aud":"api","tenant":"t","iat":%d,"exp":%d}`, iat, exp), "invalid: issuer"},
		{"aud", testSecret, header, claims(`{"iss":"login","aud":"evil","tenant":"t","iat":%d,"exp":%d}`, iat, exp), "invalid: audience"},
		{"claims", testSecret, header, claims(`{"iss":"login","aud":"api","iat":%d,"exp":%d}`, iat, exp), "invalid: claims"},
		{"claim type", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":1,"iat":%d,"exp":%d}`, iat, exp), "invalid: claims"},
		{"lifetime", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":"t","iat":%d,"exp":%d}`, iat-1, exp), "invalid: lifetime"},
		{"no iat", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":"t","exp":%d}`, exp), "invalid: lifetime"},
		{"key's limit", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":"t","iat":%d,"exp":%d.5}`, exp, exp), "invalid: lifetime"},
		{"nbf", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":"t","iat":%d,"exp":%d,"nbf":%d}`, iat, exp, exp+1), "invalid: not_yet_valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verifier.Verify(t.Context(), sign(c.secret, c.header, c.payload))
			wantOutcome(t, err, c.want)
		})
	}
}

// The first check that fails decides. The token has every fault at first. Each step corrects one,
// after which the next check fails.
func TestOrderOfChecks(t *testing.T) {
	const exp = 1_000_000_000
	size, revoked := 10, true
	notAfter := time.Unix(exp-1, 0)
	clock := jwtexptest.NewClock(time.Unix(exp, 0))
	kid, alg, typ, secret, junk := "k0", "none", "no", otherSecret, "x"
	payload := map[string]string{"exp": "1000000000", "nbf": "1000000001"}
	wantTenant := errors.New("no tenant")

	build := func() (pair, string) {
		type claims struct {
			Tenant string `json:"tenant"`
		}
		v := newPair(testKey().WithID("k1").WithNotAfter(notAfter),
			jwtexp.WithClock(clock), jwtexp.WithMaxSize(size), jwtexp.WithIssuer("login"), jwtexp.WithAudience("api"),
			jwtexp.WithMaxLifetime(time.Hour),
			jwtexp.WithClaims(func(c *claims) error {
				if c.Tenant == "" {
					return wantTenant
				}
				return nil
			}),
			jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) { return revoked, nil }))
		text := "{"
		for _, name := range slices.Sorted(maps.Keys(payload)) {
			if len(text) > 1 {
				text += ","
			}
			text += fmt.Sprintf("%q:%s", name, payload[name])
		}
		return v, sign(secret, fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}%s`, alg, kid, typ, junk), text+"}"+junk)
	}

	steps := []struct {
		want string
		fix  func()
	}{
		{"invalid: too_large", func() { size = 8192 }},
		{"invalid: malformed", func() { junk = "" }},
		{"invalid: type", func() { typ = "JWT" }},
		{"invalid: algorithm", func() { alg = "HS512" }},
		{"invalid: unknown_key", func() { kid = "k1" }},
		{"invalid: algorithm", func() { alg = "HS256" }},
		{"invalid: signature", func() { secret = testSecret; payload["sub"] = "1" }},
		{"invalid: claims", func() { delete(payload, "sub") }},
		{"invalid: issuer", func() { payload["iss"] = `"login"` }},
		{"invalid: audience", func() { payload["aud"] = `["api"]` }},
		{"invalid: claims", func() { payload["tenant"] = `"t"` }},
		{"invalid: not_yet_valid", func() { payload["nbf"] = "999999999" }},
		{"invalid: lifetime", func() { payload["iat"] = "1000000000" }},
		{"invalid: lifetime", func() { notAfter = time.Unix(exp, 0) }},
		{"expired", func() { clock.Advance(-time.Nanosecond) }},
		{"invalid: revoked", func() { revoked = false }},
		{"ok", nil},
	}
	for i, step := range steps {
		v, token := build()
		_, err := v.Verify(t.Context(), token)
		if got := outcome(err); got != step.want {
			t.Fatalf("step %d: got %s (%v), want %s", i, got, err, step.want)
		}
		if step.fix != nil {
			step.fix()
		}
	}
}

// Verify does not decode the payload before it has verified the signature.
func TestSignatureBeforePayload(t *testing.T) {
	for name, payload := range map[string]string{
		"not base64url": "!",
		"not JSON":      segment("{"),
		"no exp":        segment("{}"),
		"expired":       segment(`{"exp":1}`),
	} {
		_, err := verify(t, signSegments(otherSecret, segment(joseHeader), payload))
		if got := outcome(err); got != "invalid: signature" {
			t.Errorf("%s: got %s, want invalid: signature", name, got)
		}
	}
}

func TestRecheckNeedsTheSigningKey(t *testing.T) {
	keys := stubKeys(nil, testKey().WithID("k1"))
	v := newPair(keySetFunc(func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
		return keys(ctx, id, now)
	}), jwtexp.WithClock(jwtexptest.NewClock(epoch)))
	token := accept(t, v, sign(testSecret, `{"alg":"HS256","kid":"k1"}`, live(``)))
	for _, c := range []struct {
		name string
		keys keySetFunc
		want string
	}{
		{"same secret", stubKeys(nil, testKey().WithID("k1")), "ok"},
		{"retired", stubKeys(nil, testKey().WithID("k1").WithNotAfter(epoch)), "invalid: lifetime"},
		{"other secret, same ID", stubKeys(nil, hs256Key(otherSecret).WithID("k1")), "invalid: unknown_key"},
		{"same secret, other ID", stubKeys(nil, testKey().WithID("k2")), "invalid: unknown_key"},
		{"zero key", stubKeys(nil, jwtexp.Key{}), "invalid: unknown_key"},
		{"outage", stubKeys(errors.New("down"), jwtexp.Key{}), "unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys = c.keys
			wantOutcome(t, v.Recheck(t.Context(), token), c.want)
		})
	}
}

// Recheck makes all checks of its Verifier except the signature's.
func TestRecheckMakesAllChecks(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	token := must(newVerifier(clock, jwtexp.WithAudience("api")).Verify(t.Context(),
		sign(testSecret, joseHeader, live(`,"iss":"login","aud":"api"`))))
	for _, c := range []struct {
		name string
		opts []jwtexp.VerifierOption
		want string
	}{
		{"good", []jwtexp.VerifierOption{jwtexp.WithAudience("api")}, "ok"},
		{"typ", []jwtexp.VerifierOption{jwtexp.WithAudience("api"), jwtexp.WithType("at+jwt")}, "invalid: type"},
		{"iss", []jwtexp.VerifierOption{jwtexp.WithAudience("api"), jwtexp.WithIssuer("other")}, "invalid: issuer"},
		{"aud", nil, "invalid: audience"},
		{"lifetime", []jwtexp.VerifierOption{jwtexp.WithAudience("api"), jwtexp.WithMaxLifetime(time.Hour)}, "invalid: lifetime"},
		{"claims", []jwtexp.VerifierOption{jwtexp.WithAudience("api"), jwtexp.WithClaims(func(*struct{}) error {
			return errors.New("no")
		})}, "invalid: claims"},
		{"revoked", []jwtexp.VerifierOption{jwtexp.WithAudience("api"), stubRevoked(true, nil)}, "invalid: revoked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantOutcome(t, newVerifier(clock, c.opts...).Recheck(t.Context(), token), c.want)
		})
	}
	clock.Advance(time.Hour)
	wantOutcome(t, newVerifier(clock, jwtexp.WithAudience("api")).Recheck(t.Context(), token), "expired")
}
