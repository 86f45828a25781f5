package loadtest_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
)

// The kinds of attempts, and the phases in the life of a token.
var (
	kinds  = []string{"good", "revoked", "none", "bad request", "forged", "malformed"}
	phases = []string{"early", "in time", "expired"}
)

// An attempt is a request with a token or without one. The expected answer follows from how
// the attempt was made, not from the library.
type attempt struct {
	kind          string
	authorization []string
	subject       string
	nbf, exp      int64  // nanoseconds since 1970
	always        answer // set for an attempt with a fault: the answer at all times
}

// phase computes the phase of a token at now, in integer nanoseconds.
func phase(now time.Time, nbf, exp int64, leeway time.Duration) string {
	switch ns := now.UnixNano(); {
	case ns < nbf-int64(leeway):
		return "early"
	case ns >= exp+int64(leeway):
		return "expired"
	}
	return "in time"
}

func (a *attempt) phase(now time.Time) string { return phase(now, a.nbf, a.exp, 0) }

// at returns the expected answer of a server whose clock reads now. An attempt with a fault
// never gets the answer "expired".
func (a *attempt) at(now time.Time) answer {
	phase := a.phase(now)
	switch {
	case a.always != answer{}:
		return a.always
	case phase == "early":
		return invalidToken
	case phase == "expired": // a revoked token, too
		return expired(time.Unix(0, a.exp))
	case a.kind == "revoked":
		return invalidToken
	}
	return served(a.subject)
}

// between returns the possible answers of a server that reads its clock between before and
// after. A token can become good and expire in this time.
func (a *attempt) between(before, after time.Time) []answer {
	all := []answer{a.at(before)}
	for _, edge := range []time.Time{time.Unix(0, a.nbf), time.Unix(0, a.exp)} {
		if edge.After(before) && !edge.After(after) && a.at(edge) != all[len(all)-1] {
			all = append(all, a.at(edge))
		}
	}
	return all
}

// A generator makes attempts with one fault or none. It signs with one of several keys.
type generator struct {
	signers []signer
	forgers []signer // each has the key ID and the algorithm of a signer, but another key
}

func newGenerator() *generator {
	return &generator{
		signers: []signer{newHS256("hs"), newES256("es"), newEdDSA("ed")},
		forgers: []signer{newHS256("hs"), newES256("es"), newEdDSA("ed")},
	}
}

func (g *generator) keys() jwtexp.KeySet {
	var keys []jwtexp.Key
	for _, s := range g.signers {
		keys = append(keys, s.key)
	}
	return must(jwtexp.NewKeySet(keys...))
}

// faults lists the ways to make an attempt that is never accepted, with the expected answer.
// make receives a signer, its forger, and the claims of a valid token.
var faults = []struct {
	kind   string
	answer answer
	make   func(s, forger signer, claims string) []string
}{
	{"none", missingToken, func(signer, signer, string) []string { return nil }},
	{"none", missingToken, func(signer, signer, string) []string { return []string{"Basic YTpi"} }},
	{"bad request", invalidRequest, func(signer, signer, string) []string { return []string{"Bearer"} }},
	{"bad request", invalidRequest, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + " x") }},
	{"bad request", invalidRequest, func(s, _ signer, claims string) []string {
		one := bearer(s.token(s.header(), claims))
		return append(one, one...)
	}},
	{"forged", invalidToken, func(_, forger signer, claims string) []string {
		return bearer(forger.token(forger.header(), claims))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string { // a valid signature of another payload
		parts := strings.Split(s.token(s.header(), claims), ".")
		return bearer(parts[0] + "." + segment(strings.Replace(claims, "user-", "root-", 1)) + "." + parts[2])
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(segment(`{"alg":"none"}`) + "." + segment(claims) + ".")
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), s.kid, "unknown", 1), claims))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string { // the kid of a key, and an algorithm that no key has
		return bearer(s.token(strings.Replace(s.header(), s.alg, "HS512", 1), claims))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), "JWT", "at+jwt", 1), claims))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "login", "evil", 1)))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "api", "web", 1)))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, `"exp"`, `"EXP"`, 1)))
	}},
	{"malformed", invalidToken, func(signer, signer, string) []string { return bearer("garbage") }},
	{"malformed", invalidToken, func(signer, signer, string) []string { return bearer(strings.Repeat("a", 9000)) }},
	{"malformed", invalidToken, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + "=") }},
	{"malformed", invalidToken, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + ".a") }},
	{"malformed", invalidToken, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims+"x")) }},
	{"malformed", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), "{", `{"crit":["exp"],`, 1), claims))
	}},
	{"malformed", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "{", `{"exp":99999999999,`, 1)))
	}},
	{"malformed", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "{", "{\"\xff\":1,", 1)))
	}},
}

// attempt makes an attempt with a token that is good from nbf to exp. One in three attempts has
// a fault, and one in ten of the others has a revoked token.
func (g *generator) attempt(r *rand.Rand, id int, nbf, exp time.Time) *attempt {
	a := &attempt{kind: "good", subject: fmt.Sprintf("user-%d", id), nbf: nbf.UnixNano(), exp: exp.UnixNano()}
	if r.IntN(10) == 0 {
		a.kind = "revoked"
	}
	claims := fmt.Sprintf(`{"iss":"login","aud":"api","sub":%q,"jti":%q,"nbf":%s,"exp":%s}`,
		a.subject, a.kind, date(a.nbf), date(a.exp))
	which := r.IntN(len(g.signers))
	s := g.signers[which]
	a.authorization = bearer(s.token(s.header(), claims))
	if r.IntN(3) == 0 {
		fault := faults[r.IntN(len(faults))]
		a.kind, a.always = fault.kind, fault.answer
		a.authorization = fault.make(s, g.forgers[which], claims)
	}
	return a
}

// attempts makes n attempts, ordered by the exp of their tokens. The values of exp are spread
// evenly from start to end. A token lives ten times as long as the time between two
// of them.
func (g *generator) attempts(r *rand.Rand, n int, start, end time.Time) []*attempt {
	apart := end.Sub(start) / time.Duration(n)
	all := make([]*attempt, n)
	for i := range all {
		exp := start.Add(time.Duration(i)*apart + time.Duration(r.Int64N(int64(apart))))
		all[i] = g.attempt(r, i, exp.Add(-10*apart), exp)
	}
	slices.SortStableFunc(all, func(a, b *attempt) int { return cmp.Compare(a.exp, b.exp) })
	return all
}

func date(ns int64) string { return fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9) }
