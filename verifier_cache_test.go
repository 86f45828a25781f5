package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Most tests of this package also verify their tokens with a cache (see pair). The tests here are
// of what only a cache does. A Token comes from the cache if SameContents reports it.

func newCached(keys jwtexp.KeySet, clock jwtexp.Clock, entries int, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keys, append(opts, jwtexp.WithClock(clock), jwtexp.WithCache(entries))...))
}

func TestCacheHit(t *testing.T) {
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 2)
	a, b := sign(testSecret, joseHeader, live(`,"sub":"a"`)), sign(testSecret, joseHeader, live(`,"sub":"b"`))
	first := map[string]*jwtexp.Token{a: accept(t, v, a), b: accept(t, v, b)}
	for range 3 {
		for raw, before := range first {
			got := accept(t, v, raw)
			if !jwtexp.SameContents(got, before) {
				t.Errorf("%s: got a Token that was verified again, want it from the cache", before.Subject())
			}
			if got == before {
				t.Errorf("%s: got the same Token twice, want another each time", before.Subject())
			}
		}
	}
	plain := newVerifier(jwtexptest.NewClock(epoch)).plain
	if jwtexp.SameContents(accept(t, plain, a), accept(t, plain, a)) {
		t.Error("without a cache: got two Tokens with the same contents, want the token verified twice")
	}
}

// A caller that overwrites its Token does not affect other callers.
func TestOverwrittenTokenAffectsNoOtherCaller(t *testing.T) {
	names := []string{"alice", "bob"}
	raw := make(map[string]string)
	for _, name := range names {
		raw[name] = sign(testSecret, joseHeader, live(`,"iss":"a","sub":"`+name+`"`))
	}
	var kept []*jwtexp.Token // by the check
	keep := func(_ context.Context, t *jwtexp.Token) (bool, error) { kept = append(kept, t); return false, nil }
	clock := jwtexptest.NewClock(epoch)
	for name, v := range map[string]jwtexp.TokenVerifier{
		"without a cache":                newPair(testKey(), jwtexp.WithClock(clock)).plain,
		"with a cache":                   newCached(testKey(), clock, 8),
		"a check that overwrites":        newPair(testKey(), jwtexp.WithClock(clock), jwtexp.WithRevoked(keep)).plain,
		"a check that overwrites, cache": newCached(testKey(), clock, 8, jwtexp.WithRevoked(keep)),
		"a set with a cache":             twoIssuers(jwtexp.WithCache(8)),
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				a, b := accept(t, v, raw["alice"]), accept(t, v, raw["bob"])
				overwriteToken(a, b)
				overwriteToken(b, new(jwtexp.Token))
				for _, name := range names {
					token := accept(t, v, raw[name])
					for _, other := range kept {
						overwriteToken(other, b)
					}
					if got, ok := jwtexp.FromContext(jwtexp.NewContext(t.Context(), token)); !ok {
						t.Errorf("%s: FromContext: got false, want true", name)
					} else if got.Subject() != name {
						t.Errorf("got subject %q, want %q", got.Subject(), name)
					}
				}
			}
		})
	}
}

// The key set must still have the key of a token that is in the cache.
func TestCacheAsksTheKeySet(t *testing.T) {
	long := strings.Repeat(testSecret, 2)
	key := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(long))).WithID("k1")
	raw := sign(long, `{"alg":"HS256","kid":"k1"}`, live(``))
	for name, c := range map[string]struct {
		keys []jwtexp.Key
		err  error
		want string
	}{
		"present":                 {[]jwtexp.Key{key}, nil, "ok"},
		"present, with others":    {[]jwtexp.Key{testKey().WithID("k0"), key, {}}, nil, "ok"},
		"removed":                 {nil, nil, "invalid: unknown_key"},
		"removed, others left":    {[]jwtexp.Key{testKey().WithID("k2")}, nil, "invalid: unknown_key"},
		"other ID":                {[]jwtexp.Key{key.WithID("k2")}, nil, "invalid: unknown_key"},
		"replaced":                {[]jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: signature"},
		"other algorithm":         {[]jwtexp.Key{must(jwtexp.NewSecretKey(jwtexp.HS384, []byte(long))).WithID("k1")}, nil, "invalid: algorithm"},
		"retired before exp":      {[]jwtexp.Key{key.WithNotAfter(epoch.Add(time.Hour - 1))}, nil, "invalid: lifetime"},
		"retired at exp":          {[]jwtexp.Key{key.WithNotAfter(epoch.Add(time.Hour))}, nil, "ok"},
		"down":                    {nil, errors.New("down"), "unavailable"},
		"down, with keys":         {[]jwtexp.Key{key}, errors.New("down"), "unavailable"},
		"down, ErrInvalid":        {nil, jwtexp.ErrInvalid, "unavailable"},
		"down, deadline exceeded": {nil, context.DeadlineExceeded, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			now, err := []jwtexp.Key{key}, error(nil)
			keys := keySetFunc(func(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
				if id != "k1" {
					t.Errorf("VerificationKeys: got ID %q, want k1", id)
				}
				return now, err
			})
			v := newCached(keys, jwtexptest.NewClock(epoch), 1)
			first := accept(t, v, raw)
			now, err = c.keys, c.err
			got, verdict := v.Verify(t.Context(), raw)
			wantOutcome(t, verdict, c.want)
			if verdict == nil && !jwtexp.SameContents(got, first) {
				t.Error("got a Token that was verified again, want it from the cache")
			}
			now, err = []jwtexp.Key{key}, nil
			_, verdict = v.Verify(t.Context(), raw)
			wantOutcome(t, verdict, "ok")
		})
	}
}

// The rule of time holds for cached tokens, to the nanosecond, also if the clock goes back.
func TestCacheFollowsTheClock(t *testing.T) {
	const leeway = 5 * time.Second
	clock := jwtexptest.NewClock(epoch)
	v := newCached(testKey(), clock, 1, jwtexp.WithLeeway(leeway), jwtexp.WithMaxLifetime(2*time.Hour))
	raw := sign(testSecret, joseHeader, live(fmt.Sprintf(`,"nbf":%d,"iat":%d`, epoch.Unix(), epoch.Unix())))
	end := epoch.Add(time.Hour + leeway)
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{epoch, "ok"},
		{end.Add(-1), "ok"},
		{epoch.Add(-leeway), "ok"},
		{epoch.Add(-leeway - 1), "invalid: not_yet_valid"},
		{epoch.Add(-2 * time.Hour), "invalid: not_yet_valid"},
		{epoch, "ok"},
		{end, "expired"},
		{end.Add(time.Hour), "expired"},
		{end.Add(-1), "ok"},
		{end, "expired"},
	} {
		clock.Set(c.now)
		_, err := v.Verify(t.Context(), raw)
		if got := outcome(err); got != c.want {
			t.Errorf("at %v: got %s, want %s", c.now, got, c.want)
		}
		if expired, ok := errors.AsType[*jwtexp.ExpiredError](err); ok && !expired.Now.Equal(c.now) {
			t.Errorf("got Now %v, want %v", expired.Now, c.now)
		}
	}
}

func TestCacheAsksForRevocation(t *testing.T) {
	var revoked, down bool
	revocationChecks, claimsChecks := 0, 0
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 1,
		jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			revocationChecks++
			if down {
				return false, errors.New("down")
			}
			return revoked, nil
		}),
		jwtexp.WithClaims(func(*struct{}) error {
			claimsChecks++
			return nil
		}))
	raw := sign(testSecret, joseHeader, live(``))
	verify := func(want string) {
		t.Helper()
		_, err := v.Verify(t.Context(), raw)
		wantOutcome(t, err, want)
	}
	verify("ok")
	revoked = true
	verify("invalid: revoked")
	down = true
	verify("unavailable")
	revoked, down = false, false
	verify("ok")
	if revocationChecks != 4 || claimsChecks != 1 {
		t.Errorf("got %d revocation checks and %d claims checks, want 4 and 1", revocationChecks, claimsChecks)
	}
}

// A token that differs from a cached one in a byte is rejected.
func TestCacheMatchesTheExactToken(t *testing.T) {
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 4)
	raw := sign(testSecret, joseHeader, live(``))
	accept(t, v, raw)
	for i := range raw {
		for _, changed := range []string{raw[:i], raw[i+1:], raw[:i] + "_" + raw[i+1:], raw[:i] + "\n" + raw[i:], raw[:i] + raw[i:i+1] + raw[i:]} {
			if changed == raw {
				continue
			}
			if _, err := v.Verify(t.Context(), changed); err == nil {
				t.Errorf("%q instead of %q: got nil, want an error", changed, raw)
			}
		}
	}
}

// Rejected tokens do not evict a token from the cache.
func TestCacheKeepsOnlyAcceptedTokens(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	revoked := func(_ context.Context, t *jwtexp.Token) (bool, error) { return t.ID() != "", nil }
	v := newCached(testKey(), clock, 1, jwtexp.WithRevoked(revoked))
	raw := sign(testSecret, joseHeader, live(``))
	first := accept(t, v, raw)
	for i := range 1000 {
		for _, bad := range []string{
			sign(otherSecret, joseHeader, live(fmt.Sprintf(`,"x":%d`, i))),
			sign(testSecret, joseHeader, fmt.Sprintf(`{"exp":1,"x":%d}`, i)),
			sign(testSecret, joseHeader, live(fmt.Sprintf(`,"nbf":%d`, epoch.Unix()+1+int64(i)))),
			sign(testSecret, joseHeader, live(fmt.Sprintf(`,"jti":"%d"`, i))),
			sign(testSecret, `{"alg":"none"}`, live(fmt.Sprintf(`,"x":%d`, i))),
			raw[:len(raw)-1],
		} {
			if _, err := v.Verify(t.Context(), bad); err == nil {
				t.Fatalf("%q: got nil, want an error", bad)
			}
		}
	}
	if got := accept(t, v, raw); !jwtexp.SameContents(got, first) {
		t.Error("got a Token that was verified again, want it from the cache")
	}
}

func TestCacheSkipsLargeTokens(t *testing.T) {
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 8)
	for size, want := range map[int]bool{2048: true, 2049: false} {
		raw := tokenOfSize(t, size)
		once, again := accept(t, v, raw), accept(t, v, raw)
		if got := jwtexp.SameContents(once, again); got != want {
			t.Errorf("%d bytes: got the token cached: %t, want %t", size, got, want)
		}
	}
}

// tokenOfSize returns a token of exactly size bytes. Not every length can be reached with the
// payload alone, because of base64, so it also adds spaces to the header.
func tokenOfSize(t *testing.T, size int) string {
	t.Helper()
	for inHeader := range 4 {
		for inPayload := range size {
			raw := sign(testSecret, joseHeader+strings.Repeat(" ", inHeader), live(strings.Repeat(" ", inPayload)))
			if len(raw) == size {
				return raw
			}
		}
	}
	t.Fatalf("cannot make a token of %d bytes", size)
	return ""
}

// The cache keeps at most its number of entries in memory, and no expired token that was presented
// again.
func TestCacheIsBounded(t *testing.T) {
	const entries, tokens = 10, 200
	clock := jwtexptest.NewClock(epoch)
	v := newCached(testKey(), clock, entries)
	verify := func(i int) (alive func() bool) {
		return jwtexp.ContentsOf(accept(t, v, sign(testSecret, joseHeader, live(fmt.Sprintf(`,"sub":"user %d"`, i)))))
	}
	var seen []func() bool
	for i := range tokens {
		seen = append(seen, verify(i))
	}
	alive := func() (n int) {
		runtime.GC()
		for _, isAlive := range seen {
			if isAlive() {
				n++
			}
		}
		return n
	}
	if got := alive(); got != entries {
		t.Errorf("got %d of %d tokens in memory, want the %d entries", got, tokens, entries)
	}

	clock.Advance(time.Hour)
	for i := range tokens {
		if _, err := v.Verify(t.Context(), sign(testSecret, joseHeader, live(fmt.Sprintf(`,"sub":"user %d"`, i)))); !errors.Is(err, jwtexp.ErrExpired) {
			t.Fatalf("got %v, want ErrExpired", err)
		}
	}
	if got := alive(); got != 0 {
		t.Errorf("got %d expired tokens in memory, want 0", got)
	}
	runtime.KeepAlive(v)
}

// A token is often part of a larger string, such as a header or a body. The cache must not keep
// that string in memory.
func TestCacheCopiesTheToken(t *testing.T) {
	raw := sign(testSecret, joseHeader, live(``))
	body := strings.Repeat("x", 1<<20) + raw
	part := body[1<<20:]
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 1)
	token := accept(t, v, part)
	if unsafe.StringData(token.Raw()) == unsafe.StringData(part) {
		t.Error("got the bytes of the body in the cache, want a copy of the token")
	}
}

// The check in WithRevoked may keep its Token and read it later, so Verify does not change the
// Token's contents afterwards.
func TestTokenOfTheCheckDoesNotChange(t *testing.T) {
	var kept *jwtexp.Token
	var then *byte
	check := func(_ context.Context, token *jwtexp.Token) (bool, error) {
		kept, then = token, unsafe.StringData(token.Raw())
		return false, nil
	}
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 1, jwtexp.WithRevoked(check))
	accept(t, v, sign(testSecret, joseHeader, live(``)))
	if unsafe.StringData(kept.Raw()) != then {
		t.Error("got other bytes in the Token after Verify, want those that the check saw")
	}
}

// HMAC treats a secret and the same secret with zeros after it as one. If a key set has both, the
// first one decides, with a cache and without.
func TestCacheWithEquivalentSecrets(t *testing.T) {
	padded := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(testSecret+"\x00"))).WithID("k1")
	retired := testKey().WithID("k1").WithNotAfter(epoch)
	var keys []jwtexp.Key
	p := newPair(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) { return keys, nil }),
		jwtexp.WithClock(jwtexptest.NewClock(epoch)))
	raw := sign(testSecret, `{"alg":"HS256","kid":"k1"}`, live(``))
	for _, c := range []struct {
		keys []jwtexp.Key
		want string
	}{
		{[]jwtexp.Key{padded}, "ok"},
		{[]jwtexp.Key{retired, padded}, "invalid: lifetime"},
		{[]jwtexp.Key{padded, retired}, "ok"},
		{[]jwtexp.Key{testKey().WithID("k1")}, "ok"},
	} {
		keys = c.keys
		for _, v := range []*jwtexp.Verifier{p.plain, p.cached, p.cached} {
			_, err := v.Verify(t.Context(), raw)
			wantOutcome(t, err, c.want)
		}
	}
}

// A callback that panics during a cache hit does not change the cache.
func TestCacheSurvivesPanics(t *testing.T) {
	panics := false
	keys := keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
		if panics {
			panic("key set")
		}
		return []jwtexp.Key{testKey()}, nil
	})
	v := newCached(keys, jwtexptest.NewClock(epoch), 4, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
		if panics {
			panic("revocation")
		}
		return false, nil
	}))
	raw := sign(testSecret, joseHeader, live(``))
	first := accept(t, v, raw)
	for range 3 {
		panics = true
		wantPanic(t, "Verify", func() { v.Verify(t.Context(), raw) })
		panics = false
		if !jwtexp.SameContents(accept(t, v, raw), first) {
			t.Error("got a Token that was verified again, want it from the cache")
		}
		accept(t, v, sign(testSecret, joseHeader, live(`,"sub":"another"`)))
	}
}
