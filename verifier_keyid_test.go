package jwtexp_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestKeyID(t *testing.T) {
	one := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(testSecret)))
	two := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(otherSecret)))
	// A set that answers with all its keys whatever it is asked.
	careless := func(keys ...jwtexp.Key) jwtexp.KeySet {
		return keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) { return keys, nil })
	}
	for _, c := range []struct {
		name string
		keys jwtexp.KeySet
		kid  string // JSON
		want string
	}{
		{"a key without ID takes any kid", one, `"anything"`, "ok"},
		{"a key without ID takes none", one, ``, "ok"},
		{"a key without ID takes an empty kid", one, `""`, "ok"},
		{"a set of one without ID", must(jwtexp.NewKeySet(one)), `"anything"`, "ok"},
		{"a key with ID takes its kid", one.WithID("k1"), `"k1"`, "ok"},
		{"a key with ID takes none", one.WithID("k1"), ``, "ok"},
		{"a key with ID and another kid", one.WithID("k1"), `"K1"`, "invalid: unknown_key"},
		{"a key with ID and an empty kid", one.WithID("k1"), `""`, "invalid: unknown_key"},
		{"a set by kid", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `"k1"`, "ok"},
		{"a set by none", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), ``, "ok"},
		{"a set and the kid of another key", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `"k2"`, "invalid: signature"},
		{"a set and an unknown kid", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `"k3"`, "invalid: unknown_key"},
		{"a set and an empty kid", must(jwtexp.NewKeySet(two.WithID("k2"), one.WithID("k1"))), `""`, "invalid: unknown_key"},
		{"a careless set of another ID", careless(one.WithID("k1")), `"k3"`, "invalid: unknown_key"},
		{"a careless set of several without ID", careless(two, one), `"k3"`, "invalid: unknown_key"},
		{"a careless set of several without ID and no kid", careless(two, one), ``, "ok"},
		{"no key", careless(), `"k1"`, "invalid: unknown_key"},
		{"zero keys", careless(jwtexp.Key{}, jwtexp.Key{}), ``, "invalid: unknown_key"},
		{"a zero key before the good one", careless(jwtexp.Key{}, one.WithID("k1")), `"k1"`, "ok"},
		{"the eighth key of the algorithm", careless(append(repeat(two, 7), one)...), ``, "ok"},
		{"the ninth key of the algorithm", careless(append(repeat(two, 8), one)...), ``, "invalid: signature"},
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

// With the option a token without kid is refused before any key is tried.
func TestKeyIDRequired(t *testing.T) {
	asked := 0
	keys := keySetFunc(func(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
		asked++
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
			asked = 0
			v := newPair(keys, clock, jwtexp.WithKeyIDRequired())
			_, err := v.Verify(t.Context(), raw)
			wantOutcome(t, err, c.want)
			if c.want == "invalid: key_id" && (asked > 0 || !strings.Contains(err.Error(), "WithKeyIDRequired")) {
				t.Errorf("got the key set asked %d times and %q, want it not asked and the option named", asked, err)
			}
			token, err := newPair(keys, clock).Verify(t.Context(), raw)
			wantOutcome(t, err, c.without)
			if err == nil {
				wantOutcome(t, v.Recheck(t.Context(), token), c.want)
			}
		})
	}
	_, err := newPair(testKey(), clock, jwtexp.WithKeyIDRequired()).Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "invalid: key_id") // also for a key without an ID
}

func repeat(k jwtexp.Key, n int) (all []jwtexp.Key) {
	for range n {
		all = append(all, k)
	}
	return all
}
