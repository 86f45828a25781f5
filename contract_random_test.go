package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// built is a token as the oracle knows it: by how it was put together. All
// times are nanoseconds since 1970, small enough for an int64.
type built struct {
	fault              [8]bool // one for each fault that is not of time
	exp, nbf, iat      int64
	hasNBF, hasIAT     bool
	now, leeway        int64
	maxLife, notAfter  int64 // 0: not limited
	revoked, storeDown bool
}

const (
	wrongForm = iota
	wrongType
	wrongKey
	wrongAlgorithm
	wrongSignature
	wrongIssuer
	wrongAudience
	wrongClaims
)

// verdict is the oracle. It is integer arithmetic on how the token was built,
// and calls nothing of the library.
func (b *built) verdict() string {
	for i, wrong := range b.fault {
		if wrong {
			return [...]string{
				"invalid: malformed", "invalid: type", "invalid: unknown_key", "invalid: algorithm",
				"invalid: signature", "invalid: issuer", "invalid: audience", "invalid: claims",
			}[i]
		}
	}
	switch {
	case b.maxLife > 0 && (!b.hasIAT || b.exp-b.iat > b.maxLife || b.exp-b.now > b.maxLife):
		return "invalid: lifetime"
	case b.notAfter > 0 && b.exp > b.notAfter:
		return "invalid: lifetime"
	case b.hasNBF && b.now < b.nbf-b.leeway:
		return "invalid: not_yet_valid"
	case b.now >= b.exp+b.leeway:
		return "expired"
	case b.storeDown:
		return "unavailable"
	case b.revoked:
		return "invalid: revoked"
	}
	return "ok"
}

// randomToken draws faults rarely, so that tokens with none, one and several all
// come up, and times close together, so that the edges are hit.
func randomToken(r *rand.Rand) *built {
	const base = 1_000_000_000_000_000_000
	near := func() int64 {
		return base + r.Int64N(5)*int64(time.Second) + (r.Int64N(3)-1)*r.Int64N(2)
	}
	b := &built{
		exp: near(), nbf: near(), iat: near(), now: near(),
		hasNBF: r.IntN(2) == 0, hasIAT: r.IntN(4) > 0,
		leeway:  r.Int64N(3) * int64(time.Second) / 2,
		revoked: r.IntN(8) == 0, storeDown: r.IntN(16) == 0,
	}
	for i := range b.fault {
		b.fault[i] = r.IntN(16) == 0
	}
	if r.IntN(2) == 0 {
		b.maxLife = 1 + r.Int64N(4)*int64(time.Second)
	}
	if r.IntN(4) == 0 {
		b.notAfter = near()
	}
	return b
}

func date(ns int64) string { return fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9) }

func (b *built) token() string {
	pick := func(fault int, good, wrong string) string {
		if b.fault[fault] {
			return wrong
		}
		return good
	}
	header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`,
		pick(wrongAlgorithm, "HS256", "HS384"), pick(wrongKey, "k1", "k2"), pick(wrongType, "JWT", "at+jwt"))
	payload := fmt.Sprintf(`{"iss":%q,"aud":[%q],"tenant":%s,"exp":%s`,
		pick(wrongIssuer, "login", "evil"), pick(wrongAudience, "api", "web"), pick(wrongClaims, `"t"`, `1`), date(b.exp))
	if b.hasNBF {
		payload += `,"nbf":` + date(b.nbf)
	}
	if b.hasIAT {
		payload += `,"iat":` + date(b.iat)
	}
	return sign(pick(wrongSignature, testSecret, otherSecret), header+pick(wrongForm, "", "}"), payload+"}")
}

func (b *built) verifier() pair {
	key := testKey().WithID("k1")
	if b.notAfter > 0 {
		key = key.WithNotAfter(time.Unix(0, b.notAfter))
	}
	opts := []jwtexp.VerifierOption{
		jwtexp.WithClock(jwtexptest.NewClock(time.Unix(0, b.now))),
		jwtexp.WithLeeway(time.Duration(b.leeway)),
		jwtexp.WithIssuer("login"),
		jwtexp.WithAudience("api"),
		jwtexp.WithClaims[struct {
			Tenant string `json:"tenant"`
		}](nil),
		jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			if b.storeDown {
				return false, errors.New("down")
			}
			return b.revoked, nil
		}),
	}
	if b.maxLife > 0 {
		opts = append(opts, jwtexp.WithMaxLifetime(time.Duration(b.maxLife)))
	}
	return newPair(key, opts...)
}

// Over random combinations of faults there is exactly one verdict, it is the
// oracle's, and it is expired only where expiry is the only fault.
func TestVerdictsOfRandomTokens(t *testing.T) {
	const seed, tokens = 20260102, 20_000
	r := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]int{}
	for i := range tokens {
		b := randomToken(r)
		want := b.verdict()
		seen[want]++

		token, err := b.verifier().Verify(t.Context(), b.token())
		if got := outcome(err); got != want {
			t.Fatalf("token %d of seed %d: got %s, want %s: %+v", i, seed, got, want, b)
		}
		if (token == nil) != (err != nil) {
			t.Fatalf("token %d of seed %d: got token %v beside error %v", i, seed, token, err)
		}
		if err == nil {
			if err := b.verifier().Recheck(t.Context(), token); err != nil {
				t.Fatalf("token %d of seed %d: Recheck: got %v, want nil", i, seed, err)
			}
		}
	}
	// A generator that has stopped making some kind of token proves nothing.
	for want, n := range map[string]int{"ok": 500, "expired": 500, "unavailable": 20} {
		if seen[want] < n {
			t.Errorf("got %d tokens that are %s, want at least %d", seen[want], want, n)
		}
	}
	for _, reason := range strings.Split("malformed type algorithm unknown_key signature issuer audience claims lifetime not_yet_valid revoked", " ") {
		if name := "invalid: " + reason; seen[name] < 100 {
			t.Errorf("got %d tokens that are %s, want at least 100", seen[name], name)
		}
	}
}
