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

// A ticket is a request as the oracle knows it: by how it was made.
type ticket struct {
	authorization []string
	subject       string
	nbf, exp      int64  // nanoseconds since 1970
	revoked       bool   // which counts while the token is in time
	always        answer // of a ticket with a fault, whatever the time is
}

// at is the oracle: what the ticket gets from a server whose clock reads now. It
// is integer arithmetic on how the ticket was made.
func (k *ticket) at(now time.Time) answer {
	switch ns := now.UnixNano(); {
	case k.always != answer{}:
		return k.always
	case ns < k.nbf:
		return invalidToken
	case ns >= k.exp:
		return expired(time.Unix(0, k.exp))
	case k.revoked:
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
	answer answer
	make   func(s, stranger signer, claims string) []string
}{
	{missingToken, func(signer, signer, string) []string { return nil }},
	{missingToken, func(signer, signer, string) []string { return []string{"Basic YTpi"} }},
	{invalidRequest, func(signer, signer, string) []string { return []string{"Bearer"} }},
	{invalidRequest, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + " x") }},
	{invalidRequest, func(s, _ signer, claims string) []string {
		one := bearer(s.token(s.header(), claims))
		return append(one, one...)
	}},

	// Forged.
	{invalidToken, func(_, stranger signer, claims string) []string {
		return bearer(stranger.token(stranger.header(), claims))
	}},
	{invalidToken, func(s, _ signer, claims string) []string { // another payload under a good signature
		parts := strings.Split(s.token(s.header(), claims), ".")
		return bearer(parts[0] + "." + segment(strings.Replace(claims, "user-", "root-", 1)) + "." + parts[2])
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(segment(`{"alg":"none"}`) + "." + segment(claims) + ".")
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), s.kid, "nobody", 1), claims))
	}},
	{invalidToken, func(s, _ signer, claims string) []string { // the kid of one key, the algorithm of none
		return bearer(s.token(strings.Replace(s.header(), s.alg, "HS512", 1), claims))
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), "JWT", "at+jwt", 1), claims))
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "login", "evil", 1)))
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "api", "web", 1)))
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, `"exp"`, `"EXP"`, 1)))
	}},

	// Malformed.
	{invalidToken, func(signer, signer, string) []string { return bearer("garbage") }},
	{invalidToken, func(signer, signer, string) []string { return bearer(strings.Repeat("a", 9000)) }},
	{invalidToken, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + "=") }},
	{invalidToken, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims) + ".a") }},
	{invalidToken, func(s, _ signer, claims string) []string { return bearer(s.token(s.header(), claims+"x")) }},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(strings.Replace(s.header(), "{", `{"crit":["exp"],`, 1), claims))
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "{", `{"exp":99999999999,`, 1)))
	}},
	{invalidToken, func(s, _ signer, claims string) []string {
		return bearer(s.token(s.header(), strings.Replace(claims, "{", "{\"\xff\":1,", 1)))
	}},
}

// ticket makes one in three with a fault, and one in ten revoked.
func (m *mint) ticket(r *rand.Rand, id int, nbf, exp time.Time) *ticket {
	k := &ticket{
		subject: fmt.Sprintf("user-%d", id),
		nbf:     nbf.UnixNano(), exp: exp.UnixNano(),
		revoked: r.IntN(10) == 0,
	}
	claims := fmt.Sprintf(`{"iss":"login","aud":"api","sub":%q,"jti":"revoked-%t","nbf":%s,"exp":%s}`,
		k.subject, k.revoked, date(k.nbf), date(k.exp))
	which := r.IntN(len(m.signers))
	s := m.signers[which]
	k.authorization = bearer(s.token(s.header(), claims))
	if r.IntN(3) == 0 {
		fault := faults[r.IntN(len(faults))]
		k.authorization, k.always = fault.make(s, m.strangers[which], claims), fault.answer
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
