package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestOneRuleForTime(t *testing.T) {
	const (
		nbf = 1_000_000_000
		exp = 1_000_000_060
	)
	token := sign(testSecret, joseHeader, fmt.Sprintf(`{"nbf":%d,"exp":%d}`, nbf, exp))
	proof := must(newVerifier(jwtexptest.NewClock(time.Unix(nbf+1, 0))).Verify(t.Context(), token))

	for _, leeway := range []time.Duration{0, time.Nanosecond, time.Second, jwtexp.MaxLeeway} {
		start, end := time.Unix(nbf, 0).Add(-leeway), time.Unix(exp, 0).Add(leeway)
		// aroundExp returns the outcome at exp + d.
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
					t.Errorf("got Leeway %v and Ago %v, want %v and at least as much", e.Leeway, e.Ago(), leeway)
				}
			})
		}
	}
}

// A token whose nbf is after its exp is never valid. Before nbf it is not yet valid, and not
// expired.
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

func TestIssuedAtIsNotCompared(t *testing.T) {
	for _, iat := range []string{"0", "99999999999", "253402300799"} {
		_, err := verify(t, sign(testSecret, joseHeader, live(`,"iat":`+iat)))
		wantOutcome(t, err, "ok")
	}
}

func TestMaxLifetime(t *testing.T) {
	limit := jwtexp.WithMaxLifetime(time.Hour)
	now := epoch.Unix()
	for _, c := range []struct{ name, payload, want string }{
		{"as long as the limit", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now, now+3600), "ok"},
		{"longer by a nanosecond", fmt.Sprintf(`{"iat":%d,"exp":%d.000000001}`, now, now+3600), "invalid: lifetime"},
		{"issued and expiring a nanosecond later", fmt.Sprintf(`{"iat":%d.000000001,"exp":%d.000000001}`, now, now+3600), "invalid: lifetime"},
		{"iat a second earlier", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now-1, now+3600), "invalid: lifetime"},
		{"iat in the future", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now+3600, now+7200), "invalid: lifetime"},
		{"iat after exp", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now+60, now+30), "ok"},
		{"latest exp", fmt.Sprintf(`{"iat":%d,"exp":253402300799}`, now), "invalid: lifetime"},
		{"without iat", fmt.Sprintf(`{"exp":%d}`, now+1), "invalid: lifetime"},
		{"expired", fmt.Sprintf(`{"iat":%d,"exp":%d}`, now-3600, now), "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(t, sign(testSecret, joseHeader, c.payload), limit)
			wantOutcome(t, err, c.want)
		})
	}
	t.Run("longest limit", func(t *testing.T) {
		// The limit is 292 years. The lifetime is longer than a time.Duration can be.
		_, err := verify(t, sign(testSecret, joseHeader, `{"iat":0,"exp":253402300799}`), jwtexp.WithMaxLifetime(1<<63-1))
		wantOutcome(t, err, "invalid: lifetime")
	})
}

// countingClock counts its readings. Each is a second later than the one before.
type countingClock struct {
	start    time.Time
	readings int
}

func (c *countingClock) Now() time.Time {
	c.readings++
	return c.start.Add(time.Duration(c.readings) * time.Second)
}

func TestClockIsReadOncePerDecision(t *testing.T) {
	clock := &countingClock{start: epoch}
	var passed []time.Time // to the key set or the key source
	keys := keySetFunc(func(_ context.Context, _ string, now time.Time) ([]jwtexp.Key, error) {
		passed = append(passed, now)
		return []jwtexp.Key{testKey()}, nil
	})
	source := keySourceFunc(func(_ context.Context, now time.Time) (jwtexp.Key, error) {
		passed = append(passed, now)
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
	if clock.readings != 4 || len(passed) != 4 {
		t.Errorf("got %d readings and %d passed to keys, want 4, for Issue, Verify, Verify and Recheck", clock.readings, len(passed))
	}
	for i, got := range passed {
		if want := epoch.Add(time.Duration(i+1) * time.Second); !got.Equal(want) {
			t.Errorf("decision %d: got %v passed to its keys, want its reading %v", i, got, want)
		}
	}
	if want := epoch.Add(time.Second); !token.IssuedAt().Equal(want) {
		t.Errorf("got iat %v, want the reading %v", token.IssuedAt(), want)
	}
}

// The time zone of a reading has no effect. Errors and tokens have times in UTC.
func TestClockInAnotherTimeZone(t *testing.T) {
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

// A clock that returns the zero time, or a time so late that comparing it overflows, is an
// outage. Otherwise an expired token would be accepted.
func TestUnusableClock(t *testing.T) {
	token := must(newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "alice", nil))
	for name, reading := range map[string]time.Time{
		"zero":                          {},
		"zero, from Date":               time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"the latest time":               time.Unix(math.MaxInt64, 0),
		"the first time that overflows": time.Unix(math.MaxInt64-62135596800+1, 0),
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

func TestExpIsRequired(t *testing.T) {
	const max = "253402300799"
	for _, c := range []struct{ value, exp, nbf, iat string }{
		// The outcomes of a token with the value as exp, as nbf and as iat. With nbf and iat, exp
		// is good.
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

// Digits below a nanosecond shorten the lifetime of a token.
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

// SystemClock is the default. In a bubble of testing/synctest it is the bubble's clock.
func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := must(jwtexp.NewIssuer(testKey(), time.Hour))
		for range 2 {
			now := jwtexp.SystemClock().Now()
			if want := time.Now(); !now.Equal(want) {
				t.Errorf("got %v, want %v", now, want)
			}
			if got := must(issuer.Issue(t.Context(), "alice", nil)).IssuedAt(); !got.Equal(now) {
				t.Errorf("got iat %v, want %v", got, now)
			}
			time.Sleep(time.Minute)
		}
	})
}
