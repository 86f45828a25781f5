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

// The kinds of tickets, and where in the life of its token a ticket is used.
var (
	kinds  = []string{"good", "revoked", "none", "bad request", "forged", "malformed"}
	phases = []string{"early", "in time", "expired"}
)

// A ticket is a request as the oracle knows it: by how it was made.
type ticket struct {
	kind          string
	authorization []string
	subject       string
	nbf, exp      int64  // nanoseconds since 1970
	always        answer // of a ticket with a fault, whatever the time is
}

// phase is the oracle of time: integer arithmetic on nanoseconds.
func phase(now time.Time, nbf, exp int64, leeway time.Duration) string {
	switch ns := now.UnixNano(); {
	case ns < nbf-int64(leeway):
		return "early"
	case ns >= exp+int64(leeway):
		return "expired"
	}
	return "in time"
}

func (k *ticket) phase(now time.Time) string { return phase(now, k.nbf, k.exp, 0) }

// at is the oracle: what the ticket gets from a server whose clock reads now. A
// ticket with another fault is never told that it has expired.
func (k *ticket) at(now time.Time) answer {
	phase := k.phase(now)
	switch {
	case k.always != answer{}:
		return k.always
	case phase == "early":
		return invalidToken
	case phase == "expired": // which a revoked one is, too
		return expired(time.Unix(0, k.exp))
	case k.kind == "revoked":
		return invalidToken
	}
	return served(k.subject)
}

// between returns what the ticket may get from a server that reads its clock at
// some time from before to after: a whole short life can lie between the two.
func (k *ticket) between(before, after time.Time) []answer {
	all := []answer{k.at(before)}
	for _, edge := range []time.Time{time.Unix(0, k.nbf), time.Unix(0, k.exp)} {
		if edge.After(before) && !edge.After(after) && k.at(edge) != all[len(all)-1] {
			all = append(all, k.at(edge))
		}
	}
	return all
}

// A mint makes tickets whose tokens are good from nbf to exp, with one fault or
// none, by one of several keys.
type mint struct {
	signers, strangers []signer // a stranger has the name and the algorithm of the signer, and not its key
}

func newMint() *mint {
	return &mint{
		signers:   []signer{newHS256("hs"), newES256("es"), newEdDSA("ed")},
		strangers: []signer{newHS256("hs"), newES256("es"), newEdDSA("ed")},
	}
}

func (m *mint) keys() jwtexp.KeySet {
	var keys []jwtexp.Key
	for _, s := range m.signers {
		keys = append(keys, s.key)
	}
	return must(jwtexp.NewKeySet(keys...))
}

// faults are the ways to make what is never good, by the answer that it gets. Each
// is given a signer, its stranger, and the claims of a token that would be good in
// its time.
var faults = []struct {
	kind   string
	answer answer
	make   func(s, stranger signer, claims string) []string
}{
	{"none", missingToken, func(signer, signer, string) []string { return nil }},
	{"none", missingToken, func(signer, signer, string) []string { return []string{"Basic YTpi"} }},
	{"bad request", invalidRequest, func(signer, signer, string) []string { return []string{"Bearer"} }},
	{"bad request", invalidRequest, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + " x") }},
	{"bad request", invalidRequest, func(s, _ signer, claims string) []string {
		one := bearer(s.token(s.header(), claims))
		return append(one, one...)
	}},
	{"forged", invalidToken, func(_, stranger signer, claims string) []string {
		return bearer(stranger.token(stranger.header(), claims))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string { // another payload under a good signature
		parts := strings.Split(s.token(s.header(), claims), ".")
		return bearer(parts[0] + "." + segment(strings.Replace(claims, "user-", "root-", 1)) + "." + parts[2])
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(segment(`{"alg":"none"}`) + "." + segment(claims) + ".")
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), s.kid, "nobody", 1), claims))
	}},
	{"forged", invalidToken, func(s, _ signer, claims string) []string { // the kid of one key, the algorithm of none
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

// ticket makes one in three with a fault, and one in ten of the others revoked.
func (m *mint) ticket(r *rand.Rand, id int, nbf, exp time.Time) *ticket {
	k := &ticket{kind: "good", subject: fmt.Sprintf("user-%d", id), nbf: nbf.UnixNano(), exp: exp.UnixNano()}
	if r.IntN(10) == 0 {
		k.kind = "revoked"
	}
	claims := fmt.Sprintf(`{"iss":"login","aud":"api","sub":%q,"jti":%q,"nbf":%s,"exp":%s}`,
		k.subject, k.kind, date(k.nbf), date(k.exp))
	which := r.IntN(len(m.signers))
	s := m.signers[which]
	k.authorization = bearer(s.token(s.header(), claims))
	if r.IntN(3) == 0 {
		fault := faults[r.IntN(len(faults))]
		k.kind, k.always = fault.kind, fault.answer
		k.authorization = fault.make(s, m.strangers[which], claims)
	}
	return k
}

// tickets makes n whose ends are spread over the time from start to end, in their
// order, and whose lives last as long as a few ends are apart.
func (m *mint) tickets(r *rand.Rand, n int, start, end time.Time) []*ticket {
	apart := end.Sub(start) / time.Duration(n)
	all := make([]*ticket, n)
	for i := range all {
		exp := start.Add(time.Duration(i)*apart + time.Duration(r.Int64N(int64(apart))))
		all[i] = m.ticket(r, i, exp.Add(-10*apart), exp)
	}
	slices.SortStableFunc(all, func(a, b *ticket) int { return cmp.Compare(a.exp, b.exp) })
	return all
}

func date(ns int64) string { return fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9) }
