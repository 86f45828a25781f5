package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"testing/synctest"
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
			t.Error("the revocation store was asked about an expired token")
			return true, nil
		}),
	)
	const header = `{"alg":"HS256","kid":"k1","typ":"at+jwt"}`
	claims := func(format string, args ...any) string { return fmt.Sprintf(format, args...) }
	good := claims(`{"iss":"login","aud":"api","sub":"alice","jti":"id","tenant":"t","iat":%d,"exp":%d}`, iat, exp)

	_, err := verifier.Verify(t.Context(), sign(testSecret, header, good))
	wantOutcome(t, err, "expired")
	expired, _ := errors.AsType[*jwtexp.ExpiredError](err)
	if expired == nil {
		t.Fatal("no *ExpiredError")
	}
	if !expired.ExpiredAt.Equal(time.Unix(exp, 0)) || !expired.Now.Equal(clock.Now()) || expired.Leeway != 0 ||
		expired.Subject != "alice" || expired.ID != "id" || expired.Ago() != 0 {
		t.Errorf("got %+v %q %q, want the token's and the clock's", expired, expired.Subject, expired.ID)
	}
	var got tenant
	if err := expired.Claims(&got); err != nil || got.Tenant != "t" {
		t.Errorf("Claims: got %+v, %v, want tenant t", got, err)
	}
	if err := new(jwtexp.ExpiredError).Claims(&got); err == nil {
		t.Error("Claims of an ExpiredError made by hand: got nil, want an error")
	}

	// The same token with one more fault is not expired but invalid, whatever the fault.
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
		{"key's last moment", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":"t","iat":%d,"exp":%d.5}`, exp, exp), "invalid: lifetime"},
		{"nbf", testSecret, header, claims(`{"iss":"login","aud":"api","tenant":"t","iat":%d,"exp":%d,"nbf":%d}`, iat, exp, exp+1), "invalid: not_yet_valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verifier.Verify(t.Context(), sign(c.secret, c.header, c.payload))
			wantOutcome(t, err, c.want)
		})
	}
}

// The first check that fails decides. A token that fails every check is mended
// one fault at a time, and each time the next reason comes up.
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
		mend func()
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
		{"invalid: lifetime", func() { payload["iat"] = "1000000000" }},
		{"invalid: lifetime", func() { notAfter = time.Unix(exp, 0) }},
		{"invalid: not_yet_valid", func() { payload["nbf"] = "999999999" }},
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
		if step.mend != nil {
			step.mend()
		}
	}
}

func TestOneRuleForTime(t *testing.T) {
	const (
		nbf = 1_000_000_000
		exp = 1_000_000_060
	)
	token := sign(testSecret, joseHeader, fmt.Sprintf(`{"nbf":%d,"exp":%d}`, nbf, exp))
	proof := must(newVerifier(jwtexptest.NewClock(time.Unix(nbf+1, 0))).Verify(t.Context(), token))

	for _, leeway := range []time.Duration{0, time.Nanosecond, time.Second, jwtexp.MaxLeeway} {
		start, end := time.Unix(nbf, 0).Add(-leeway), time.Unix(exp, 0).Add(leeway)
		// Around exp itself, what leeway is left decides.
		aroundExp := func(d time.Duration) string {
			if d >= leeway {
				return "expired"
			}
			return "ok"
		}
		for _, c := range []struct {
			at   time.Time
			want string
		}{
			{time.Unix(exp, -1), aroundExp(-1)},
			{time.Unix(exp, 0), aroundExp(0)},
			{time.Unix(exp, 1), aroundExp(1)},
			{start.Add(-time.Nanosecond), "invalid: not_yet_valid"},
			{start, "ok"},
			{start.Add(time.Nanosecond), "ok"},
			{end.Add(-time.Nanosecond), "ok"},
			{end, "expired"},
			{end.Add(time.Nanosecond), "expired"},
			{time.Unix(-1, 0), "invalid: not_yet_valid"},
			{time.Unix(1<<40, 0), "expired"},
		} {
			t.Run(fmt.Sprintf("leeway %v at %v", leeway, c.at.UTC()), func(t *testing.T) {
				v := newVerifier(jwtexptest.NewClock(c.at), jwtexp.WithLeeway(leeway))
				_, err := v.Verify(t.Context(), token)
				wantOutcome(t, err, c.want)
				wantOutcome(t, v.Recheck(t.Context(), proof), c.want)
				if e, ok := errors.AsType[*jwtexp.ExpiredError](err); ok && (e.Leeway != leeway || e.Ago() < leeway) {
					t.Errorf("got leeway %v and ago %v, want %v and no less", e.Leeway, e.Ago(), leeway)
				}
			})
		}
	}
}

// A token whose nbf is not before its exp is never good, and never merely expired
// while it is not yet valid.
func TestNotBeforeAfterExpiry(t *testing.T) {
	token := sign(testSecret, joseHeader, `{"exp":1000000000,"nbf":1000000010}`)
	for at, want := range map[int64]string{
		999999999:  "invalid: not_yet_valid",
		1000000000: "invalid: not_yet_valid",
		1000000009: "invalid: not_yet_valid",
		1000000010: "expired",
	} {
		_, err := newVerifier(jwtexptest.NewClock(time.Unix(at, 0))).Verify(t.Context(), token)
		wantOutcome(t, err, want)
	}
}

func TestIssuedAtIsNoGate(t *testing.T) {
	for _, iat := range []string{"0", "99999999999", "253402300799"} {
		_, err := verify(t, sign(testSecret, joseHeader, live(`,"iat":`+iat)))
		wantOutcome(t, err, "ok")
	}
}

func TestMaxLifetime(t *testing.T) {
	limit := jwtexp.WithMaxLifetime(time.Hour)
	now := epoch.Unix()
	for _, c := range []struct{ name, payload, want string }{
		{"exactly", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now, now+3600), "ok"},
		{"longer by a nanosecond", fmt.Sprintf(`{"iat":%d,"exp":%d.000000001}`, now, now+3600), "invalid: lifetime"},
		{"younger by a nanosecond", fmt.Sprintf(`{"iat":%d.000000001,"exp":%d.000000001}`, now, now+3600), "invalid: lifetime"},
		{"from an early iat", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now-1, now+3600), "invalid: lifetime"},
		{"from an iat in the future", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now+3600, now+7200), "invalid: lifetime"},
		{"iat after exp", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now+60, now+30), "ok"},
		{"to the end of time", fmt.Sprintf(`{"iat":%d,"exp":253402300799}`, now), "invalid: lifetime"},
		{"without iat", fmt.Sprintf(`{"exp":%d}`, now+1), "invalid: lifetime"},
		{"expired", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now-3600, now), "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(t, sign(testSecret, joseHeader, c.payload), limit)
			wantOutcome(t, err, c.want)
		})
	}
	t.Run("of the longest duration", func(t *testing.T) {
		_, err := verify(t, sign(testSecret, joseHeader, `{"iat":0,"exp":253402300799}`), jwtexp.WithMaxLifetime(1<<63-1))
		wantOutcome(t, err, "invalid: lifetime") // 292 years, and more than a Duration of iat and exp can say
	})
}

// countingClock counts its readings, each a second later than the one before.
type countingClock struct {
	start    time.Time
	readings int
}

func (c *countingClock) Now() time.Time {
	c.readings++
	return c.start.Add(time.Duration(c.readings) * time.Second)
}

func TestOneReadingADecision(t *testing.T) {
	clock := &countingClock{start: epoch}
	var handed []time.Time
	keys := keySetFunc(func(_ context.Context, _ string, now time.Time) ([]jwtexp.Key, error) {
		handed = append(handed, now)
		return []jwtexp.Key{testKey()}, nil
	})
	source := keySourceFunc(func(_ context.Context, now time.Time) (jwtexp.Key, error) {
		handed = append(handed, now)
		return testKey(), nil
	})
	verifier := must(jwtexp.NewVerifier(keys, jwtexp.WithClock(clock), jwtexp.WithCache(1)))
	issuer := must(jwtexp.NewIssuer(source, time.Minute, jwtexp.WithClock(clock)))

	token := must(issuer.Issue(t.Context(), "alice", nil))
	must(verifier.Verify(t.Context(), token.Raw()))
	must(verifier.Verify(t.Context(), token.Raw())) // from the cache
	if err := verifier.Recheck(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if clock.readings != 4 || len(handed) != 4 {
		t.Errorf("got %d readings, %d of them handed on, for Issue, twice Verify, and Recheck, want 4", clock.readings, len(handed))
	}
	for i, got := range handed {
		if want := epoch.Add(time.Duration(i+1) * time.Second); !got.Equal(want) {
			t.Errorf("call %d was handed %v, want the decision's own reading %v", i, got, want)
		}
	}
	if want := epoch.Add(time.Second); !token.IssuedAt().Equal(want) {
		t.Errorf("got iat %v, want the reading that chose the key, %v", token.IssuedAt(), want)
	}
}

// A reading is judged, and reported, as an instant: whatever zone it is in.
func TestClockInAnotherZone(t *testing.T) {
	clock := jwtexptest.NewClock(epoch.In(time.FixedZone("elsewhere", 9*3600)))
	_, err := newVerifier(clock).Verify(t.Context(), sign(testSecret, joseHeader, fmt.Sprintf(`{"exp":%d}`, epoch.Unix())))
	wantOutcome(t, err, "expired")
	if e, _ := errors.AsType[*jwtexp.ExpiredError](err); e.Now != epoch || e.ExpiredAt != epoch {
		t.Errorf("got Now %v and ExpiredAt %v, want both %v", e.Now, e.ExpiredAt, epoch)
	}
	if token := must(newIssuer(clock).Issue(t.Context(), "alice", nil)); token.IssuedAt() != epoch {
		t.Errorf("got iat %v, want %v", token.IssuedAt(), epoch)
	}
}

// A clock that was never set, and one of so late a time that comparing it wraps
// around, are outages: to either an expired token would be fresh.
func TestClockThatReadsNoTime(t *testing.T) {
	token := must(newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "alice", nil))
	for name, reading := range map[string]time.Time{
		"zero":              {},
		"zero, as a date":   time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"the latest":        time.Unix(math.MaxInt64, 0),
		"the first to wrap": time.Unix(math.MaxInt64-62135596800+1, 0),
	} {
		t.Run(name, func(t *testing.T) {
			clock := jwtexptest.NewClock(reading)
			_, err := newVerifier(clock).Verify(t.Context(), token.Raw())
			wantOutcome(t, err, "unavailable")
			wantOutcome(t, newVerifier(clock).Recheck(t.Context(), token), "unavailable")
			_, err = newIssuer(clock).Issue(t.Context(), "alice", nil)
			wantOutcome(t, err, "unavailable")
		})
	}
	last := jwtexptest.NewClock(time.Unix(math.MaxInt64-62135596800, 0))
	_, err := newVerifier(last).Verify(t.Context(), token.Raw())
	wantOutcome(t, err, "expired")
}

func TestNoTokenWithoutAnEnd(t *testing.T) {
	const max = "253402300799"
	for _, c := range []struct{ value, exp, nbf, iat string }{
		// exp as given; nbf and iat as given beside a good exp.
		{`0`, "expired", "ok", "ok"},
		{`-0`, "expired", "ok", "ok"},
		{`0.0`, "expired", "ok", "ok"},
		{`1e-400`, "expired", "ok", "ok"},
		{`-1`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`-1e-400`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{max, "ok", "invalid: not_yet_valid", "ok"},
		{`2.53402300799e11`, "ok", "invalid: not_yet_valid", "ok"},
		{max + `.0000`, "ok", "invalid: not_yet_valid", "ok"},
		{max + `.0000000001`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`253402300800`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`9223372036854775807`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`18446744073709551616`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`1e19`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`1e99999999999999999999`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`1e-99999999999999999999`, "expired", "ok", "ok"},
		{`null`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`"` + max + `"`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`"1000000000"`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`"1"`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`""`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`true`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`[` + max + `]`, "invalid: claims", "invalid: claims", "invalid: claims"},
		{`{}`, "invalid: claims", "invalid: claims", "invalid: claims"},
	} {
		t.Run(c.value, func(t *testing.T) {
			_, err := verify(t, sign(testSecret, joseHeader, `{"exp":`+c.value+`}`))
			wantOutcome(t, err, c.exp)
			_, err = verify(t, sign(testSecret, joseHeader, live(`,"nbf":`+c.value)))
			wantOutcome(t, err, c.nbf)
			_, err = verify(t, sign(testSecret, joseHeader, live(`,"iat":`+c.value)))
			wantOutcome(t, err, c.iat)
		})
	}
	for _, payload := range []string{`{}`, `{"EXP":99999999999}`, `{"exp ":99999999999}`, `{"sub":"alice","iat":1}`} {
		_, err := verify(t, sign(testSecret, joseHeader, payload))
		wantOutcome(t, err, "invalid: claims")
	}
	for _, lifetime := range []time.Duration{0, -time.Second} {
		if _, err := jwtexp.NewIssuer(testKey(), lifetime); err == nil {
			t.Errorf("NewIssuer with lifetime %v: got nil, want an error", lifetime)
		}
	}
}

// Digits below a nanosecond make the token live shorter, never longer.
func TestDigitsBelowANanosecond(t *testing.T) {
	for _, c := range []struct {
		payload string
		at      time.Time
		want    string
	}{
		{`{"exp":1000000000.0000000019}`, time.Unix(1e9, 0), "ok"},
		{`{"exp":1000000000.0000000019}`, time.Unix(1e9, 1), "expired"},
		{`{"exp":2000000000,"nbf":1000000000.0000000011}`, time.Unix(1e9, 1), "invalid: not_yet_valid"},
		{`{"exp":2000000000,"nbf":1000000000.0000000011}`, time.Unix(1e9, 2), "ok"},
		{`{"exp":2000000000,"nbf":999999999.9999999999}`, time.Unix(1e9, -1), "invalid: not_yet_valid"},
		{`{"exp":2000000000,"nbf":999999999.9999999999}`, time.Unix(1e9, 0), "ok"},
	} {
		_, err := newVerifier(jwtexptest.NewClock(c.at)).Verify(t.Context(), sign(testSecret, joseHeader, c.payload))
		if got := outcome(err); got != c.want {
			t.Errorf("%s at %d ns: got %s, want %s", c.payload, c.at.UnixNano(), got, c.want)
		}
	}
}

// SystemClock is the default. In a synctest bubble it is the bubble's clock.
func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := must(jwtexp.NewIssuer(testKey(), time.Hour))
		for range 2 {
			now := jwtexp.SystemClock().Now()
			if want := time.Now(); !now.Equal(want) {
				t.Errorf("got %v, want %v", now, want)
			}
			if got := must(issuer.Issue(t.Context(), "alice", nil)).IssuedAt(); !got.Equal(now) {
				t.Errorf("got a token issued at %v, want %v", got, now)
			}
			time.Sleep(time.Minute)
		}
	})
}
