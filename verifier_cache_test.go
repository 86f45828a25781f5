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

// Nearly all other tests of this package ask a Verifier with a cache too (see
// pair). Here is what only a cache has to promise. That a token comes from it shows
// in SameContents.

func newCached(keys jwtexp.KeySet, clock jwtexp.Clock, entries int, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keys, append(opts, jwtexp.WithClock(clock), jwtexp.WithCache(entries))...))
}

func TestCacheRemembers(t *testing.T) {
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 2)
	a, b := sign(testSecret, joseHeader, live(`,"sub":"a"`)), sign(testSecret, joseHeader, live(`,"sub":"b"`))
	first := accept(t, v, a)
	other := accept(t, v, b)
	for range 3 {
		for raw, before := range map[string]*jwtexp.Token{a: first, b: other} {
			got := accept(t, v, raw)
			if !jwtexp.SameContents(got, before) {
				t.Errorf("%s: got it verified again, want it from the cache", before.Subject())
			}
			if got == before {
				t.Errorf("%s: got one Token twice, want another each time", before.Subject())
			}
		}
	}
	plain := newVerifier(jwtexptest.NewClock(epoch)).plain
	if jwtexp.SameContents(accept(t, plain, a), accept(t, plain, a)) {
		t.Error("got one token remembered by a Verifier without a cache")
	}
}

// What a caller does to its Token does not affect other callers.
func TestOverwrittenTokenIsItsCallersAlone(t *testing.T) {
	names := []string{"alice", "bob"}
	raw := make(map[string]string)
	for _, name := range names {
		raw[name] = sign(testSecret, joseHeader, live(`,"iss":"a","sub":"`+name+`"`))
	}
	var shown []*jwtexp.Token // to a check, which may keep them
	keep := func(_ context.Context, t *jwtexp.Token) (bool, error) { shown = append(shown, t); return false, nil }
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
					for _, other := range shown {
						overwriteToken(other, b)
					}
					if got := token.Subject(); got != name {
						t.Errorf("got subject %q of the token of %s", got, name)
					}
					if _, ok := jwtexp.FromContext(jwtexp.NewContext(t.Context(), token)); !ok {
						t.Errorf("%s: got a Token that is no proof", name)
					}
				}
			}
		})
	}
}

// A token in the cache is as good as what the key set says of its key now.
func TestCacheAsksTheKeySet(t *testing.T) {
	long := strings.Repeat(testSecret, 2)
	key := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(long))).WithID("k1")
	raw := sign(long, `{"alg":"HS256","kid":"k1"}`, live(``))
	for name, c := range map[string]struct {
		keys []jwtexp.Key
		err  error
		want string
	}{
		"still there":              {[]jwtexp.Key{key}, nil, "ok"},
		"there among others":       {[]jwtexp.Key{testKey().WithID("k0"), key, {}}, nil, "ok"},
		"gone":                     {nil, nil, "invalid: unknown_key"},
		"gone, and others there":   {[]jwtexp.Key{testKey().WithID("k2")}, nil, "invalid: unknown_key"},
		"of another ID":            {[]jwtexp.Key{key.WithID("k2")}, nil, "invalid: unknown_key"},
		"replaced":                 {[]jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: signature"},
		"for another algorithm":    {[]jwtexp.Key{must(jwtexp.NewSecretKey(jwtexp.HS384, []byte(long))).WithID("k1")}, nil, "invalid: algorithm"},
		"retired before the end":   {[]jwtexp.Key{key.WithNotAfter(epoch.Add(time.Hour - 1))}, nil, "invalid: lifetime"},
		"retired at the end":       {[]jwtexp.Key{key.WithNotAfter(epoch.Add(time.Hour))}, nil, "ok"},
		"down":                     {nil, errors.New("down"), "unavailable"},
		"down, with keys":          {[]jwtexp.Key{key}, errors.New("down"), "unavailable"},
		"down, and says unknown":   {nil, jwtexp.ErrInvalid, "unavailable"},
		"down, as a deadline does": {nil, context.DeadlineExceeded, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			now, err := []jwtexp.Key{key}, error(nil)
			keys := keySetFunc(func(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
				if id != "k1" {
					t.Errorf("got asked for %q, want k1", id)
				}
				return now, err
			})
			v := newCached(keys, jwtexptest.NewClock(epoch), 1)
			first := accept(t, v, raw)
			now, err = c.keys, c.err
			got, verdict := v.Verify(t.Context(), raw)
			wantOutcome(t, verdict, c.want)
			if verdict == nil && !jwtexp.SameContents(got, first) {
				t.Error("got another token, want the remembered one")
			}
			now, err = []jwtexp.Key{key}, nil
			_, verdict = v.Verify(t.Context(), raw)
			wantOutcome(t, verdict, "ok")
		})
	}
}

// The clock rules, to the nanosecond, and in both directions.
func TestCacheGoesByTheClock(t *testing.T) {
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
		{epoch.Add(-2 * time.Hour), "invalid: lifetime"},
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
			t.Errorf("got an error of %v, want %v", expired.Now, c.now)
		}
	}
}

func TestCacheAsksForRevocation(t *testing.T) {
	var revoked, down bool
	asked, checked := 0, 0
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 1,
		jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			asked++
			if down {
				return false, errors.New("down")
			}
			return revoked, nil
		}),
		jwtexp.WithClaims(func(*struct{}) error {
			checked++
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
	if asked != 4 || checked != 1 {
		t.Errorf("got revocation asked %d times and claims %d times, want 4 and 1", asked, checked)
	}
}

// No other spelling of a remembered token passes for it, nor a part of it.
func TestCacheTakesTheWholeTokenExactly(t *testing.T) {
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 4)
	raw := sign(testSecret, joseHeader, live(``))
	accept(t, v, raw)
	for i := range raw {
		for _, changed := range []string{raw[:i], raw[i+1:], raw[:i] + "_" + raw[i+1:], raw[:i] + "\n" + raw[i:], raw[:i] + raw[i:i+1] + raw[i:]} {
			if changed == raw {
				continue
			}
			if _, err := v.Verify(t.Context(), changed); err == nil {
				t.Errorf("got %q accepted beside %q", changed, raw)
			}
		}
	}
}

// Nobody drives a token out who has none that is good.
func TestCacheKeepsOutWhatIsNotGood(t *testing.T) {
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
				t.Fatal("got a bad token accepted")
			}
		}
	}
	if got := accept(t, v, raw); !jwtexp.SameContents(got, first) {
		t.Error("got the token verified again, want it still in the cache")
	}
}

func TestCacheKeepsNoLargeTokens(t *testing.T) {
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 8)
	for size, want := range map[int]bool{2048: true, 2049: false} {
		raw := tokenOfSize(t, size)
		once, again := accept(t, v, raw), accept(t, v, raw)
		if got := jwtexp.SameContents(once, again); got != want {
			t.Errorf("%d bytes: got kept %v, want %v", size, got, want)
		}
	}
}

// tokenOfSize fills header and payload up, for base64 has no text of every length.
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
	t.Fatalf("got no token of %d bytes", size)
	return ""
}

// What the cache does not hold any more is garbage, and it holds no more than it
// says.
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
		t.Errorf("got %d tokens alive of %d, want the %d entries", got, tokens, entries)
	}

	// At the end of their life those go that are presented again, or all of them as
	// others come.
	clock.Advance(time.Hour)
	for i := range tokens {
		if _, err := v.Verify(t.Context(), sign(testSecret, joseHeader, live(fmt.Sprintf(`,"sub":"user %d"`, i)))); !errors.Is(err, jwtexp.ErrExpired) {
			t.Fatalf("got %v, want expired", err)
		}
	}
	if got := alive(); got != 0 {
		t.Errorf("got %d expired tokens alive, want 0", got)
	}
	runtime.KeepAlive(v)
}

// A token is often a piece of something larger, a header or a body, which the cache
// must not keep alive.
func TestCacheKeepsNoMoreThanTheToken(t *testing.T) {
	raw := sign(testSecret, joseHeader, live(``))
	body := strings.Repeat("x", 1<<20) + raw
	piece := body[1<<20:]
	v := newCached(testKey(), jwtexptest.NewClock(epoch), 1)
	token := accept(t, v, piece)
	if unsafe.StringData(token.Raw()) == unsafe.StringData(piece) {
		t.Error("got the caller's bytes kept, want a copy of the token alone")
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

// A header that was read before, of a good token, is as good as any: no check is
// spared a token for it.
func TestRememberedHeaderSparesNoCheck(t *testing.T) {
	const header = `{"alg":"HS256","kid":"k1","typ":"at+jwt"}`
	good := sign(testSecret, header, live(``))
	for name, c := range map[string]struct {
		raw  string
		keys []jwtexp.Key
		err  error
		want string
	}{
		"good":                  {sign(testSecret, header, live(`,"sub":"another"`)), []jwtexp.Key{testKey().WithID("k1")}, nil, "ok"},
		"forged":                {sign(otherSecret, header, live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: signature"},
		"key gone":              {good, nil, nil, "invalid: unknown_key"},
		"key of another ID":     {good, []jwtexp.Key{testKey().WithID("k2")}, nil, "invalid: unknown_key"},
		"key of another alg":    {good, []jwtexp.Key{must(jwtexp.NewSecretKey(jwtexp.HS384, []byte(testSecret+testSecret))).WithID("k1")}, nil, "invalid: algorithm"},
		"key set down":          {good, nil, errors.New("down"), "unavailable"},
		"header in other bytes": {sign(testSecret, header+" ", live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "ok"},
		"header of another kid": {sign(testSecret, `{"alg":"HS256","kid":"k2","typ":"at+jwt"}`, live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: unknown_key"},
		"header of another typ": {sign(testSecret, `{"alg":"HS256","kid":"k1","typ":"JWT"}`, live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: type"},
		"cut short":             {good[:len(good)-43], []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: signature"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := []jwtexp.Key{testKey().WithID("k1")}, error(nil)
			v := must(jwtexp.NewVerifier(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
				return keys, err
			}), jwtexp.WithClock(jwtexptest.NewClock(epoch)), jwtexp.WithType("at+jwt")))
			accept(t, v, good)
			keys, err = c.keys, c.err
			_, verdict := v.Verify(t.Context(), c.raw)
			wantOutcome(t, verdict, c.want)
		})
	}

	// A Verifier with other rules has memories of its own.
	one, other := newVerifier(jwtexptest.NewClock(epoch), jwtexp.WithType("at+jwt")), newVerifier(jwtexptest.NewClock(epoch))
	accept(t, one, sign(testSecret, header, live(``)))
	_, err := other.Verify(t.Context(), sign(testSecret, header, live(``)))
	wantOutcome(t, err, "invalid: type")
}

// HMAC cannot tell a secret from one with zeros behind it. Whichever of the two the
// key set has first judges, with a cache and without.
func TestCacheTellsKeysApartAsHMACDoes(t *testing.T) {
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

// A callback that panics while a remembered token is judged leaves the cache as it
// was.
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
		func() {
			defer func() {
				if recover() == nil {
					t.Error("got no panic, want that of the callback")
				}
			}()
			v.Verify(t.Context(), raw)
		}()
		panics = false
		if !jwtexp.SameContents(accept(t, v, raw), first) {
			t.Error("got another token, want the remembered one")
		}
		accept(t, v, sign(testSecret, joseHeader, live(`,"sub":"another"`)))
	}
}
