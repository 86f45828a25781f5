// Package differential_test compares jwtexp with golang-jwt, jwx and go-jose over
// tokens that are generated and mutated: whatever jwtexp accepts, the others
// accept too, and read the same registered claims in it. In this folder,
//
//	go test -count=1 -timeout 0 -tokens 20000000
//
// does so for 20 million tokens, and prints what only the others accept, by cause.
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
	tokens = flag.Int("tokens", 100_000, "how many tokens to try")
	seed   = flag.Uint64("seed", 1, "what they are drawn from")
	start  = flag.Int("start", 0, "the number of the first: with -tokens 1 it tries that one alone")
)

var others = [...]string{"golang-jwt", "jwx", "go-jose"}

func TestDifferential(t *testing.T) {
	workshop := newWorkshop()
	var next atomic.Int64
	var all summary
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			mine := newSummary()
			for {
				n := int(next.Add(1)) - 1
				if n >= *tokens {
					break
				}
				workshop.try(t, mine, *start+n)
			}
			mu.Lock()
			defer mu.Unlock()
			all.add(mine)
		})
	}
	wg.Wait()
	fmt.Print(all.String())
	if *tokens >= 100_000 {
		all.check(t)
	}
}

// A workshop has the keys, and each library set up for each of them.
type workshop struct {
	keys   []key
	ours   []accept
	others [][len(others)]accept
	pool   [][]*token // tokens by key, for those that take long to sign
}

func newWorkshop() *workshop {
	w := &workshop{keys: newKeys()}
	for i, k := range w.keys {
		w.ours = append(w.ours, newJWTExp(k))
		w.others = append(w.others, [...]accept{newGolangJWT(k), newJWX(k), newGoJOSE(k)})
		w.pool = append(w.pool, nil)
		if k.alg == "RS256" || k.alg == "PS256" {
			r := rand.New(rand.NewPCG(*seed, uint64(i)))
			for range 200 {
				one := generate(r, k)
				one.sign(k)
				w.pool[i] = append(w.pool[i], one)
			}
		}
	}
	return w
}

// build makes the token of a number, always the same but for the keys.
func (w *workshop) build(n int) (which int, made *token) {
	r := rand.New(rand.NewPCG(*seed, uint64(n)))
	if r.IntN(12) == 0 { // HMAC is quick, and the rest of a library does not ask which algorithm it is
		which = r.IntN(len(w.keys))
	}
	k := w.keys[which]
	if w.pool[which] != nil {
		copied := *w.pool[which][r.IntN(len(w.pool[which]))]
		copied.oddities = slices.Clone(copied.oddities)
		made = &copied
	} else {
		made = generate(r, k)
		switch r.IntN(8) {
		case 0:
			made.header = mutateText(r, made.header)
			made.oddities = append(made.oddities, "bytes of the header changed")
		case 1, 2:
			made.payload = mutateText(r, made.payload)
			made.oddities = append(made.oddities, "bytes of the payload changed")
		}
		made.sign(k)
	}
	if r.IntN(6) == 0 {
		made.mutate(r, func() string {
			other := generate(r, w.keys[0])
			other.sign(w.keys[0])
			return other.raw
		})
	}
	return which, made
}

func (w *workshop) try(t *testing.T, s *summary, n int) {
	which, made := w.build(n)
	ours, err := w.ours[which](made.raw)
	s.tokens++
	if err == nil {
		s.accepted++
	}
	for i, other := range w.others[which] {
		theirs, refusal := other(made.raw)
		if refusal == nil {
			s.acceptedBy[i]++
		}
		switch {
		case err == nil && (refusal != nil || !ours.sameAs(theirs)):
			s.except(t, n, i, made, ours, theirs, refusal)
		case err != nil && refusal == nil:
			s.onlyThem(i, made, reasonOf(err))
		}
	}
}

// A summary counts.
type summary struct {
	tokens, accepted int
	unexpected       int
	acceptedBy       [len(others)]int
	excepted         []int // by the number of the exception
	causes           map[cause]*counted
}

// A cause is why jwtexp alone refuses a token: what it says, and how the token was
// built. Of tokens with several oddities it is not known which one it is.
type cause struct{ reason, oddity string }

type counted struct {
	by      [len(others)]int
	example string
}

func newSummary() *summary {
	return &summary{excepted: make([]int, len(exceptions)), causes: map[cause]*counted{}}
}

func (s *summary) onlyThem(i int, made *token, reason string) {
	c := cause{reason, "several"}
	if len(made.oddities) == 1 {
		c.oddity = made.oddities[0]
	}
	if s.causes[c] == nil {
		s.causes[c] = &counted{example: oneLine(made.header) + " " + oneLine(made.payload)}
	}
	s.causes[c].by[i]++
}

// except counts a difference that has an exception, and fails for any other.
func (s *summary) except(t *testing.T, n, i int, made *token, ours, theirs *reading, refusal error) {
	for j, e := range exceptions {
		if e.other == others[i] && e.matches(made, ours) {
			s.excepted[j]++
			return
		}
	}
	if s.unexpected++; s.unexpected > 20 { // which is enough to read
		return
	}
	t.Errorf("token %d of seed %d, %q: jwtexp accepts %+v, and %s says %+v, %v:\n\t%q %q",
		n, *seed, made.oddities, *ours, others[i], theirs, refusal, made.header, made.payload)
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
	for c, theirs := range other.causes {
		if s.causes[c] == nil {
			s.causes[c] = &counted{example: theirs.example}
		}
		for i, n := range theirs.by {
			s.causes[c].by[i] += n
		}
	}
}

func (s *summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "differential: %d tokens of seed %d; jwtexp accepts %d, golang-jwt %d, jwx %d, go-jose %d\n\n",
		s.tokens, *seed, s.accepted, s.acceptedBy[0], s.acceptedBy[1], s.acceptedBy[2])
	fmt.Fprintln(&b, "| what jwtexp accepts and another does not | by | tokens | why |\n|---|---|---|---|")
	for i, e := range exceptions {
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", e.what, e.other, s.excepted[i], e.why)
	}
	fmt.Fprintln(&b, "\n| what jwtexp refuses and another does not | jwtexp says | golang-jwt | jwx | go-jose | example |\n|---|---|---|---|---|---|")
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

// traps are causes that are known, by who falls into them: a run that does not
// come across one has a generator that has lost something.
var traps = []struct {
	cause
	other string
}{
	{cause{"claims", "exp twice"}, "golang-jwt"},
	{cause{"claims", "exp is a string"}, "jwx"},
	{cause{"claims", "nbf is of 1e19"}, "golang-jwt"}, // which wraps
	{cause{"not yet valid", "nbf ahead by a fraction"}, "golang-jwt"},
	{cause{"expired", "exp now"}, "go-jose"},
	{cause{"malformed", "crit"}, "golang-jwt"},
	{cause{"malformed", "a line break or a space inside"}, "golang-jwt"},
	{cause{"malformed", "bits behind the signature"}, "go-jose"},
	{cause{"malformed", "padding"}, "jwx"},
}

// check sees that the generator makes what it is there for.
func (s *summary) check(t *testing.T) {
	if s.accepted < s.tokens/10 {
		t.Errorf("got %d tokens accepted, want one in ten of %d", s.accepted, s.tokens)
	}
	for _, trap := range traps {
		if n := s.causes[trap.cause]; n == nil || n.by[slices.Index(others[:], trap.other)] == 0 {
			t.Errorf("got no token that %s accepts and jwtexp calls %s for %q, want some", trap.other, trap.reason, trap.oddity)
		}
	}
	for i, e := range exceptions {
		if s.excepted[i] == 0 {
			t.Errorf("got no token that %s refuses for %q: is the exception still needed?", e.other, e.what)
		}
	}
}

func sorted(all []choice) []choice {
	slices.SortFunc(all, func(a, b choice) int { return cmp.Compare(a.name, b.name) })
	return all
}
