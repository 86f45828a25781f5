package jwtexp_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestKeyID(t *testing.T) {
	one, two := testKey(), hs256Key(otherSecret)
	// A careless KeySet returns all its keys for every ID.
	careless := func(keys ...jwtexp.Key) jwtexp.KeySet { return stubKeys(nil, keys...) }
	for _, c := range []struct {
		name string
		keys jwtexp.KeySet
		kid  string // JSON
		want string
	}{
		{"a key without ID and any kid", one, `"anything"`, "ok"},
		{"a key without ID and no kid", one, ``, "ok"},
		{"a key without ID and an empty kid", one, `""`, "ok"},
		{"a set of one key without ID and any kid", must(jwtexp.NewKeySet(one)), `"anything"`, "ok"},
		{"a key with ID and its kid", one.WithID("k1"), `"k1"`, "ok"},
		{"a key with ID and no kid", one.WithID("k1"), ``, "ok"},
		{"a key with ID and another kid", one.WithID("k1"), `"K1"`, "invalid: unknown_key"},
		{"a key with ID and an empty kid", one.WithID("k1"), `""`, "invalid: unknown_key"},
		{"a set and the kid of a key", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `"k1"`, "ok"},
		{"a set and no kid", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), ``, "ok"},
		{"a set and the kid of another key", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `"k2"`, "invalid: signature"},
		{"a set and an unknown kid", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `"k3"`, "invalid: unknown_key"},
		{"a set and an empty kid", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `""`, "invalid: unknown_key"},
		{"a careless set and the kid of no key", careless(one.WithID("k1")), `"k3"`, "invalid: unknown_key"},
		{"a careless set of several without ID and any kid", careless(two, one), `"k3"`, "invalid: unknown_key"},
		{"a careless set of several without ID and no kid", careless(two, one), ``, "ok"},
		{"no key", careless(), `"k1"`, "invalid: unknown_key"},
		{"zero keys", careless(jwtexp.Key{}, jwtexp.Key{}), ``, "invalid: unknown_key"},
		{"a zero key before the good one", careless(jwtexp.Key{}, one.WithID("k1")), `"k1"`, "ok"},
		{"the eighth key of the algorithm", careless(append(slices.Repeat([]jwtexp.Key{two}, 7), one)...), ``, "ok"},
		{"the ninth key of the algorithm", careless(append(slices.Repeat([]jwtexp.Key{two}, 8), one)...), ``, "invalid: signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := `{"alg":"HS256"}`
			if c.kid != "" {
				header = `{"alg":"HS256","kid":` + c.kid + `}`
			}
			v := newPair(c.keys, jwtexp.WithClock(jwtexptest.NewClock(epoch)))
			token, err := v.Verify(t.Context(), sign(testSecret, header, live(``)))
			wantOutcome(t, err, c.want)
			if err == nil {
				wantOutcome(t, v.Recheck(t.Context(), token), "ok")
			}
		})
	}
}

// With WithKeyIDRequired, a token without kid is rejected before any key is tried.
func TestKeyIDRequired(t *testing.T) {
	calls := 0
	keys := keySetFunc(func(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
		calls++
		return []jwtexp.Key{testKey().WithID("k1")}, nil
	})
	clock := jwtexp.WithClock(jwtexptest.NewClock(epoch))
	for _, c := range []struct{ name, header, want, without string }{
		{"no kid", `{"alg":"HS256"}`, "invalid: key_id", "ok"},
		{"an empty kid", `{"alg":"HS256","kid":""}`, "invalid: key_id", "invalid: unknown_key"},
		{"the kid", `{"alg":"HS256","kid":"k1"}`, "ok", "ok"},
		{"another kid", `{"alg":"HS256","kid":"k2"}`, "invalid: unknown_key", "invalid: unknown_key"},
		{"no kid, another type", `{"alg":"HS256","typ":"at+jwt"}`, "invalid: type", "invalid: type"},
		{"no kid, no algorithm", `{"alg":"none"}`, "invalid: algorithm", "invalid: algorithm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := sign(testSecret, c.header, live(``))
			calls = 0
			v := newPair(keys, clock, jwtexp.WithKeyIDRequired())
			_, err := v.Verify(t.Context(), raw)
			wantOutcome(t, err, c.want)
			if c.want == "invalid: key_id" && (calls > 0 || !strings.Contains(err.Error(), "WithKeyIDRequired")) {
				t.Errorf("got %d calls of the key set and %q, want no call and the option named", calls, err)
			}
			token, err := newPair(keys, clock).Verify(t.Context(), raw)
			wantOutcome(t, err, c.without)
			if err == nil {
				wantOutcome(t, v.Recheck(t.Context(), token), c.want)
			}
		})
	}
	_, err := newPair(testKey(), clock, jwtexp.WithKeyIDRequired()).Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "invalid: key_id") // also with a key without ID
}

// A Verifier remembers the headers of good tokens. It still makes every check of a token with such
// a header.
func TestRememberedHeaderSkipsNoCheck(t *testing.T) {
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
		"key removed":           {good, nil, nil, "invalid: unknown_key"},
		"key of another ID":     {good, []jwtexp.Key{testKey().WithID("k2")}, nil, "invalid: unknown_key"},
		"key of another alg":    {good, []jwtexp.Key{must(jwtexp.NewSecretKey(jwtexp.HS384, []byte(testSecret+testSecret))).WithID("k1")}, nil, "invalid: algorithm"},
		"key set down":          {good, nil, errors.New("down"), "unavailable"},
		"header in other bytes": {sign(testSecret, header+" ", live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "ok"},
		"header of another kid": {sign(testSecret, `{"alg":"HS256","kid":"k2","typ":"at+jwt"}`, live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: unknown_key"},
		"header of another typ": {sign(testSecret, `{"alg":"HS256","kid":"k1","typ":"JWT"}`, live(``)), []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: type"},
		"no signature":          {good[:len(good)-43], []jwtexp.Key{testKey().WithID("k1")}, nil, "invalid: signature"},
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

	// Verifiers do not share the headers that they remember.
	one, other := newVerifier(jwtexptest.NewClock(epoch), jwtexp.WithType("at+jwt")), newVerifier(jwtexptest.NewClock(epoch))
	accept(t, one, sign(testSecret, header, live(``)))
	_, err := other.Verify(t.Context(), sign(testSecret, header, live(``)))
	wantOutcome(t, err, "invalid: type")
}
