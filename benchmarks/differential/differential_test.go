// Package differential_test compares jwtexp with golang-jwt, jwx and go-jose. It generates and
// mutates tokens. If jwtexp accepts a token, the other libraries must accept it, too, and read the
// same registered claims. The test also prints what only the others accept, by cause. For 20 million
// tokens, run in this folder:
//
//	go test -count=1 -timeout 0 -tokens 20000000
package differential_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	tokens = flag.Int("tokens", 100_000, "number of tokens")
	seed   = flag.Uint64("seed", 1, "seed of the random tokens")
	start  = flag.Int("start", 0, "number of the first token; with -tokens 1, the test tries only this token")
)

var others = [...]string{"golang-jwt", "jwx", "go-jose"}

func TestDifferential(t *testing.T) {
	h := newHarness()
	var next atomic.Int64
	var all summary
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			part := newSummary()
			for {
				n := int(next.Add(1)) - 1
				if n >= *tokens {
					break
				}
				h.try(t, part, *start+n)
			}
			mu.Lock()
			defer mu.Unlock()
			all.add(part)
		})
	}
	wg.Wait()
	fmt.Print(all.String())
	if *tokens >= 100_000 {
		all.check(t)
	}
}

// A harness has the keys, and for each key the configured libraries.
type harness struct {
	keys   []key
	jwtexp []accept
	others [][len(others)]accept
	pool   [][]*token // signed tokens by key, for keys that sign slowly; else nil
}

func newHarness() *harness {
	h := &harness{keys: newKeys()}
	for i, k := range h.keys {
		h.jwtexp = append(h.jwtexp, newJWTExp(k))
		h.others = append(h.others, [...]accept{newGolangJWT(k), newJWX(k), newGoJOSE(k)})
		h.pool = append(h.pool, nil)
		if k.alg == "RS256" || k.alg == "PS256" {
			r := rand.New(rand.NewPCG(*seed, uint64(i)))
			for range 200 {
				one := generate(r, k)
				one.sign(k)
				h.pool[i] = append(h.pool[i], one)
			}
		}
	}
	return h
}

// build returns the token with number n. The same seed gives the same tokens, except for the keys.
func (h *harness) build(n int) (which int, tok *token) {
	r := rand.New(rand.NewPCG(*seed, uint64(n)))
	if r.IntN(12) == 0 { // the others use HMAC, which is fast; little else depends on the algorithm
		which = r.IntN(len(h.keys))
	}
	k := h.keys[which]
	if h.pool[which] != nil {
		copied := *h.pool[which][r.IntN(len(h.pool[which]))]
		copied.oddities = slices.Clone(copied.oddities)
		tok = &copied
	} else {
		tok = generate(r, k)
		switch r.IntN(8) {
		case 0:
			tok.header = mutateText(r, tok.header)
			tok.oddities = append(tok.oddities, "header bytes changed")
		case 1, 2:
			tok.payload = mutateText(r, tok.payload)
			tok.oddities = append(tok.oddities, "payload bytes changed")
		}
		tok.sign(k)
	}
	if r.IntN(6) == 0 {
		tok.mutate(r, func() string {
			other := generate(r, h.keys[0])
			other.sign(h.keys[0])
			return other.raw
		})
	}
	return which, tok
}

func (h *harness) try(t *testing.T, s *summary, n int) {
	which, tok := h.build(n)
	own, err := h.jwtexp[which](tok.raw)
	s.tokens++
	if err == nil {
		s.accepted++
	}
	for i, accept := range h.others[which] {
		other, otherErr := accept(tok.raw)
		if otherErr == nil {
			s.acceptedBy[i]++
		}
		switch {
		case err == nil && (otherErr != nil || !own.sameAs(other)):
			s.except(t, n, i, tok, own, other, otherErr)
		case err != nil && otherErr == nil:
			s.onlyOther(i, tok, reasonOf(err))
		}
	}
}

// A summary counts the results.
type summary struct {
	tokens, accepted int
	unexpected       int
	acceptedBy       [len(others)]int
	excepted         []int // for each exception
	causes           map[cause]*counted
}

// A cause says why only jwtexp rejects a token: the reason, and the token's oddity. For a token with
// several oddities, it is "several".
type cause struct{ reason, oddity string }

type counted struct {
	by      [len(others)]int
	example string
}

func newSummary() *summary {
	return &summary{excepted: make([]int, len(exceptions)), causes: map[cause]*counted{}}
}

func (s *summary) onlyOther(i int, tok *token, reason string) {
	c := cause{reason, "several"}
	if len(tok.oddities) == 1 {
		c.oddity = tok.oddities[0]
	}
	if s.causes[c] == nil {
		s.causes[c] = &counted{example: excerpt(tok.header) + " " + excerpt(tok.payload)}
	}
	s.causes[c].by[i]++
}

// except counts a difference that an exception allows. Any other difference fails the test.
func (s *summary) except(t *testing.T, n, i int, tok *token, own, other *reading, otherErr error) {
	for j, e := range exceptions {
		if e.other == others[i] && e.matches(tok, own) {
			s.excepted[j]++
			return
		}
	}
	if s.unexpected++; s.unexpected > 20 { // enough to read
		return
	}
	t.Errorf("token %d of seed %d, %q: jwtexp reads %+v, %s reads %+v with error %v:\n\t%q %q",
		n, *seed, tok.oddities, *own, others[i], other, otherErr, tok.header, tok.payload)
}

func (s *summary) add(other *summary) {
	if s.causes == nil {
		*s = *newSummary()
	}
	s.tokens += other.tokens
	s.accepted += other.accepted
	for i, n := range other.acceptedBy {
		s.acceptedBy[i] += n
	}
	for i, n := range other.excepted {
		s.excepted[i] += n
	}
	for c, other := range other.causes {
		if s.causes[c] == nil {
			s.causes[c] = &counted{example: other.example}
		}
		for i, n := range other.by {
			s.causes[c].by[i] += n
		}
	}
}

func (s *summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "differential: %d tokens of seed %d; jwtexp accepts %d, golang-jwt %d, jwx %d, go-jose %d\n\n",
		s.tokens, *seed, s.accepted, s.acceptedBy[0], s.acceptedBy[1], s.acceptedBy[2])
	fmt.Fprintln(&b, "| only jwtexp accepts | rejected by | tokens | why |\n|---|---|---|---|")
	for i, e := range exceptions {
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", e.what, e.other, s.excepted[i], e.why)
	}
	fmt.Fprintln(&b, "\n| only jwtexp rejects | reason | golang-jwt accepts | jwx | go-jose | example |\n|---|---|---|---|---|---|")
	for _, c := range s.sortedCauses() {
		n := s.causes[c]
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | `%s` |\n", c.oddity, c.reason, n.by[0], n.by[1], n.by[2], strings.ReplaceAll(n.example, "|", "\\|"))
	}
	return b.String()
}

func (s *summary) sortedCauses() []cause {
	var all []cause
	for c := range s.causes {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b cause) int { return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.oddity, b.oddity)) })
	return all
}

// knownCauses are known mistakes of the other libraries. A run that finds none of a kind shows that
// the generator no longer makes such tokens.
var knownCauses = []struct {
	cause
	other string
}{
	{cause{"claims", "exp twice"}, "golang-jwt"},
	{cause{"claims", "exp is a string"}, "jwx"},
	{cause{"claims", "nbf is 1e19"}, "golang-jwt"}, // overflows
	{cause{"not_yet_valid", "nbf ahead by a fraction"}, "golang-jwt"},
	{cause{"expired", "exp now"}, "go-jose"},
	{cause{"malformed", "crit"}, "golang-jwt"},
	{cause{"malformed", "white space inside"}, "golang-jwt"},
	{cause{"malformed", "trailing bits of the signature"}, "go-jose"},
	{cause{"malformed", "padding"}, "jwx"},
}

// check fails the test if the generator does not make the tokens that it is meant to make.
func (s *summary) check(t *testing.T) {
	if s.accepted < s.tokens/10 {
		t.Errorf("got %d accepted tokens, want at least 10%% of %d", s.accepted, s.tokens)
	}
	for _, known := range knownCauses {
		if n := s.causes[known.cause]; n == nil || n.by[slices.Index(others[:], known.other)] == 0 {
			t.Errorf("got no token that %s accepts and jwtexp rejects as %s because of %q, want at least one", known.other, known.reason, known.oddity)
		}
	}
	for i, e := range exceptions {
		if s.excepted[i] == 0 {
			t.Errorf("got no token that %s rejects because of %q: remove the exception if it is no longer needed", e.other, e.what)
		}
	}
}
