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

// A plan describes a token and the setting in which it is verified. All times are nanoseconds
// since 1970 and fit in an int64.
type plan struct {
	fault              [8]bool // faults that do not depend on time
	exp, nbf, iat      int64
	hasNBF, hasIAT     bool
	now, leeway        int64
	maxLife, notAfter  int64 // 0: no limit
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

// verdict returns the outcome that the library must have. It uses integer arithmetic and no code
// of the library.
func (p *plan) verdict() string {
	for i, wrong := range p.fault {
		if wrong {
			return [...]string{
				"invalid: malformed", "invalid: type", "invalid: unknown_key", "invalid: algorithm",
				"invalid: signature", "invalid: issuer", "invalid: audience", "invalid: claims",
			}[i]
		}
	}
	switch {
	case p.hasNBF && p.now < p.nbf-p.leeway:
		return "invalid: not_yet_valid"
	case p.maxLife > 0 && (!p.hasIAT || p.exp-p.iat > p.maxLife || p.exp-p.now > p.maxLife):
		return "invalid: lifetime"
	case p.notAfter > 0 && p.exp > p.notAfter:
		return "invalid: lifetime"
	case p.now >= p.exp+p.leeway:
		return "expired"
	case p.storeDown:
		return "unavailable"
	case p.revoked:
		return "invalid: revoked"
	}
	return "ok"
}

// randomPlan returns a random plan. Faults are rare, so that tokens with no fault, one fault and
// several faults are all common. Times are close together, so that some are equal.
func randomPlan(r *rand.Rand) *plan {
	const base = 1_000_000_000_000_000_000
	near := func() int64 {
		return base + r.Int64N(5)*int64(time.Second) + (r.Int64N(3)-1)*r.Int64N(2)
	}
	p := &plan{
		exp: near(), nbf: near(), iat: near(), now: near(),
		hasNBF: r.IntN(2) == 0, hasIAT: r.IntN(4) > 0,
		leeway:  r.Int64N(3) * int64(time.Second) / 2,
		revoked: r.IntN(8) == 0, storeDown: r.IntN(16) == 0,
	}
	for i := range p.fault {
		p.fault[i] = r.IntN(16) == 0
	}
	if r.IntN(2) == 0 {
		p.maxLife = 1 + r.Int64N(4)*int64(time.Second)
	}
	if r.IntN(4) == 0 {
		p.notAfter = near()
	}
	return p
}

func date(ns int64) string { return fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9) }

func (p *plan) token() string {
	pick := func(fault int, good, wrong string) string {
		if p.fault[fault] {
			return wrong
		}
		return good
	}
	header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`,
		pick(wrongAlgorithm, "HS256", "HS384"), pick(wrongKey, "k1", "k2"), pick(wrongType, "JWT", "at+jwt"))
	payload := fmt.Sprintf(`{"iss":%q,"aud":[%q],"tenant":%s,"exp":%s`,
		pick(wrongIssuer, "login", "evil"), pick(wrongAudience, "api", "web"), pick(wrongClaims, `"t"`, `1`), date(p.exp))
	if p.hasNBF {
		payload += `,"nbf":` + date(p.nbf)
	}
	if p.hasIAT {
		payload += `,"iat":` + date(p.iat)
	}
	return sign(pick(wrongSignature, testSecret, otherSecret), header+pick(wrongForm, "", "}"), payload+"}")
}

func (p *plan) verifier() pair {
	key := testKey().WithID("k1")
	if p.notAfter > 0 {
		key = key.WithNotAfter(time.Unix(0, p.notAfter))
	}
	opts := []jwtexp.VerifierOption{
		jwtexp.WithClock(jwtexptest.NewClock(time.Unix(0, p.now))),
		jwtexp.WithLeeway(time.Duration(p.leeway)),
		jwtexp.WithIssuer("login"),
		jwtexp.WithAudience("api"),
		jwtexp.WithClaims[struct {
			Tenant string `json:"tenant"`
		}](nil),
		jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			if p.storeDown {
				return false, errors.New("down")
			}
			return p.revoked, nil
		}),
	}
	if p.maxLife > 0 {
		opts = append(opts, jwtexp.WithMaxLifetime(time.Duration(p.maxLife)))
	}
	return newPair(key, opts...)
}

// A token with a random combination of faults gets exactly one verdict: the expected one. It is
// expired only if it has no other fault.
func TestVerdictsOfRandomTokens(t *testing.T) {
	const seed, tokens = 20260102, 20_000
	r := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]int{}
	for i := range tokens {
		p := randomPlan(r)
		want := p.verdict()
		seen[want]++

		token, err := p.verifier().Verify(t.Context(), p.token())
		if got := outcome(err); got != want {
			t.Fatalf("token %d of seed %d: got %s, want %s: %+v", i, seed, got, want, p)
		}
		if (token == nil) != (err != nil) {
			t.Fatalf("token %d of seed %d: got token %v and error %v, want one of them", i, seed, token, err)
		}
		if err == nil {
			if err := p.verifier().Recheck(t.Context(), token); err != nil {
				t.Fatalf("token %d of seed %d: Recheck: got %v, want nil", i, seed, err)
			}
		}
	}
	// The random tokens must have every outcome.
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
