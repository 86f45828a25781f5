package session_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

var (
	historySteps = flag.Int("history.steps", 20_000, "how many steps TestRandomHistories takes")
	historySeed  = flag.Uint64("history.seed", 1, "the seed of the first of its histories")
)

// Random histories of starts, refreshes with any refresh token ever issued, lost answers, outages
// before and after any call of the store, logouts, changed secrets, stores that are set back, and
// clocks that jump. The oracle below decides each step with integers, and knows nothing of the
// package: the Manager must decide alike, and leave the same records.
//
//	go test ./session -run TestRandomHistories -history.steps 1000000
func TestRandomHistories(t *testing.T) {
	const each = 500 // steps of one history
	for h := range *historySteps / each {
		seed := *historySeed + uint64(h)
		if !runHistory(t, seed, each) {
			t.Fatalf("repeat with -run TestRandomHistories -history.steps %d -history.seed %d", each, seed)
		}
	}
}

// Times are milliseconds. The zero oracleSession is none.
type oracleSession struct {
	generation, previous, refreshed, expires, end int64
	subject                                       string
}

type oracleToken struct {
	text                string
	session             string
	generation, expires int64
	secret              int
}

type oracle struct {
	sessions map[string]oracleSession
	ended    map[string]bool
}

func (o oracle) clone() oracle { return oracle{maps.Clone(o.sessions), maps.Clone(o.ended)} }

// The integers of the policy, in milliseconds.
const (
	oGrace    = 30_000
	oIdle     = 7_200_000
	oLifetime = 36_000_000
	oRecovery = 3_600_000
)

func wholeSecond(ms int64) int64 { return ms / 1000 * 1000 }

// A verdict is what the oracle expects of a Refresh.
type oracleVerdict struct {
	outcome    string
	generation int64 // of the refresh token in the answer; 0: none
	advance    bool
	end        bool
	next       oracleSession
}

// refresh decides on a refresh token.
func (o oracle) refresh(k oracleToken, now int64) oracleVerdict {
	s, found := o.sessions[k.session]
	if !found {
		if k.expires <= now {
			return oracleVerdict{outcome: "expired"}
		}
		return oracleVerdict{outcome: "invalid: ended"}
	}
	lost := k.generation > s.generation
	if s.expires <= now && !(lost && now < k.expires) {
		return oracleVerdict{outcome: "expired"}
	}
	advance := func(from, previous int64) oracleVerdict {
		if s.end-now < 1000 {
			return oracleVerdict{outcome: "expired"}
		}
		n := s
		n.generation, n.previous, n.refreshed = from+1, previous, now
		n.expires = min(wholeSecond(now+oIdle), s.end)
		return oracleVerdict{outcome: "ok", generation: from + 1, advance: true, next: n}
	}
	stay := func(generation int64) oracleVerdict {
		if s.end-now < 1000 {
			return oracleVerdict{outcome: "expired"}
		}
		return oracleVerdict{outcome: "ok", generation: generation, next: s}
	}
	old := now - s.refreshed
	if lost {
		return advance(k.generation-1, k.generation-1)
	}
	if k.generation == s.generation {
		if -oGrace <= old && old < 2*oGrace {
			return stay(s.generation)
		}
		return advance(k.generation, k.generation)
	}
	if k.generation == s.previous {
		switch {
		case old < oGrace:
			return stay(s.generation)
		case old < 2*oGrace:
			return stay(0)
		case old < oRecovery:
			return advance(s.generation, k.generation)
		}
	}
	return oracleVerdict{outcome: "invalid: reused", end: true}
}

// A history is one run.
type history struct {
	*world
	*rand.Rand
	managers []*session.Manager // by the secret that signs; each verifies two
	oracle   oracle
	tokens   []oracleToken
	log      []string
	backups  []backup
}

type backup struct {
	oracle  oracle
	records []session.Record
}

var historySecrets = [][]byte{secret, otherSecret, []byte("a third secret for tests, of 40 letters.")}

func runHistory(t *testing.T, seed uint64, steps int) (good bool) {
	h := &history{world: newWorldWith(session.Policy{Lifetime: lifetime, Idle: idle, Recovery: recovery}), Rand: rand.New(rand.NewPCG(seed, 1)),
		oracle: oracle{map[string]oracleSession{}, map[string]bool{}}}
	h.clock.Set(epoch.Truncate(time.Second))
	for i, first := range historySecrets {
		other := historySecrets[(i+1)%len(historySecrets)]
		h.managers = append(h.managers, must(session.New(h.store, h.issuer, first, policy, session.WithOtherSecrets(other), session.WithObserver(h.observe))))
	}
	for range steps {
		h.step(t)
		h.compareRecords(t)
		if t.Failed() {
			t.Logf("seed %d, the last steps:\n%s", seed, strings.Join(h.log[max(0, len(h.log)-30):], "\n"))
			return false
		}
	}
	return true
}

func (h *history) now() int64 { return h.clock.Now().UnixMilli() }

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf("%v: ", h.clock.Now().Sub(epoch))+fmt.Sprintf(format, args...))
}

func (h *history) step(t *testing.T) {
	spans := []time.Duration{0, time.Millisecond, time.Second, grace - time.Millisecond, grace, grace + time.Millisecond,
		2*grace - time.Millisecond, 2 * grace, access, recovery - time.Millisecond, recovery, idle, 3 * idle}
	switch n := h.IntN(100); {
	case n < 25:
		h.clock.Advance(spans[h.IntN(len(spans))] / time.Duration(1+h.IntN(3)))
		h.clock.Set(h.clock.Now().Truncate(time.Millisecond))
	case n < 27: // it jumps
		h.clock.Advance(time.Duration(h.Int64N(int64(4*grace))) - 2*grace)
		h.clock.Set(h.clock.Now().Truncate(time.Millisecond))
	case n < 35 || len(h.tokens) == 0:
		h.start(t)
	case n < 85:
		h.refresh(t, h.pick(), h.IntN(len(h.managers)))
	case n < 89:
		h.end(t, h.pick(), h.IntN(len(h.managers)))
	case n < 90:
		h.endAll(t)
	case n < 97:
		h.backups = append(h.backups, backup{h.oracle.clone(), h.records(t)})
	case len(h.backups) > 0:
		b := h.backups[h.IntN(len(h.backups))]
		h.note("the store is set back")
		h.setBack(t, b.records...)
		for id := range b.oracle.ended {
			if _, _, err := h.store.Memory.End(t.Context(), id, epoch, epoch.Add(100*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		h.oracle = b.oracle.clone()
	}
}

// pick returns a refresh token: often one of the last, sometimes any.
func (h *history) pick() oracleToken {
	if h.IntN(4) == 0 {
		return h.tokens[h.IntN(len(h.tokens))]
	}
	return h.tokens[len(h.tokens)-1-h.IntN(min(len(h.tokens), 6))]
}

// outage makes one call of the store fail, before or after its effect, in one of eight cases. It
// returns what fails, or "".
func (h *history) outage(methods ...string) (method string, effect bool) {
	h.store.hook = nil
	if h.IntN(8) > 0 {
		return "", true
	}
	method, effect = methods[h.IntN(len(methods))], h.IntN(2) == 0
	if effect {
		h.store.hook = failAfter(method)
	} else {
		h.store.hook = failBefore(method)
	}
	return method, effect
}

func (h *history) start(t *testing.T) {
	subject := []string{"alice", "bob"}[h.IntN(2)]
	fails, _ := h.outage("Create")
	i := h.IntN(len(h.managers))
	tokens, err := h.managers[i].Start(t.Context(), subject, nil)
	h.store.hook = nil
	h.note("start for %s: %v", subject, err)
	if fails != "" {
		wantOutcome(t, err, "unavailable")
		h.oracle.adopt(h.records(t)) // the record may be there, but no client has its refresh token
		return
	}
	if err != nil {
		t.Errorf("got %v, want tokens", err)
		return
	}
	now := h.now()
	end := wholeSecond(now + oLifetime)
	s := oracleSession{1, 0, now, min(wholeSecond(now+oIdle), end), end, subject}
	id := tokens.Session().ID
	h.oracle.sessions[id] = s
	h.tokens = append(h.tokens, oracleToken{tokens.Refresh(), id, 1, s.expires, i})
}

// adopt takes over a session whose Start failed.
func (o oracle) adopt(records []session.Record) {
	for _, r := range records {
		if o.sessions[r.ID] == (oracleSession{}) {
			o.sessions[r.ID] = oracleOf(r)
		}
	}
}

func oracleOf(r session.Record) oracleSession {
	return oracleSession{int64(r.Generation), int64(r.Previous), r.Refreshed.UnixMilli(), r.Expires.UnixMilli(), r.End.UnixMilli(), r.Subject}
}

// verifies reports whether Manager i knows the secret of the token.
func (h *history) verifies(k oracleToken, i int) bool {
	return k.secret == i || k.secret == (i+1)%len(h.managers)
}

func (h *history) refresh(t *testing.T, k oracleToken, i int) {
	want := h.oracle.refresh(k, h.now())
	if !h.verifies(k, i) {
		want = oracleVerdict{outcome: "invalid: signature"}
	}
	fails, effect := h.outage("Find", "Advance", "End")
	tokens, err := h.managers[i].Refresh(t.Context(), k.text)
	h.store.hook = nil
	h.note("refresh of generation %d of %.4s at %d: %s, want %+v, outage of %s (effect %t)", k.generation, k.session, i, outcome(err), want, fails, effect)

	called := map[string]bool{"Find": want.outcome != "invalid: signature", "Advance": want.advance, "End": want.end}
	if called[fails] {
		wantOutcome(t, err, "unavailable")
		want.outcome = "unavailable"
		if fails == "Find" || !effect {
			return // nothing has changed
		}
	}
	if want.advance {
		h.oracle.sessions[k.session] = want.next
	}
	if want.end {
		delete(h.oracle.sessions, k.session)
		h.oracle.ended[k.session] = true
	}
	wantOutcome(t, err, want.outcome)
	if err != nil || want.outcome != "ok" {
		return
	}
	got := tokens.Refresh()
	if want.generation == 0 {
		if got != "" {
			t.Errorf("got a refresh token of generation %d, want none", generation(got))
		}
		return
	}
	if got == "" || int64(generation(got)) != want.generation {
		t.Errorf("got refresh token %q, want generation %d", got, want.generation)
		return
	}
	if exp := tokens.Access().ExpiresAt(); exp.After(tokens.Session().End) || tokens.Access().SessionID() != k.session {
		t.Errorf("got an access token of %s until %v, want one of %s until %v at most", tokens.Access().SessionID(), exp, k.session, tokens.Session().End)
	}
	if h.IntN(10) > 0 { // otherwise the answer is lost
		h.tokens = append(h.tokens, oracleToken{got, k.session, want.generation, want.next.expires, i})
	}
}

func (h *history) end(t *testing.T, k oracleToken, i int) {
	fails, effect := h.outage("End")
	err := h.managers[i].End(t.Context(), k.text)
	h.store.hook = nil
	h.note("end of %.4s at %d: %v", k.session, i, err)
	if !h.verifies(k, i) {
		wantOutcome(t, err, "ok")
		return
	}
	if fails != "" && !errors.Is(err, jwtexp.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if fails == "" || effect {
		delete(h.oracle.sessions, k.session)
		h.oracle.ended[k.session] = true
	}
}

func (h *history) endAll(t *testing.T) {
	fails, effect := h.outage("EndAll")
	n, err := h.managers[0].EndAll(t.Context(), "alice")
	h.store.hook = nil
	h.note("end all of alice: %d, %v", n, err)
	want := 0
	for id, s := range h.oracle.sessions {
		if s.subject != "alice" {
			continue
		}
		if h.now() < s.expires {
			want++
		}
		if fails == "" || effect {
			delete(h.oracle.sessions, id)
			h.oracle.ended[id] = true
		}
	}
	if fails == "" && (n != want || err != nil) {
		t.Errorf("EndAll: got %d, %v, want %d", n, err, want)
	}
}

// records returns all records of the store.
func (h *history) records(t *testing.T) (all []session.Record) {
	for _, subject := range []string{"alice", "bob"} {
		some, err := h.store.Memory.List(t.Context(), subject, time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

// compareRecords compares what is stored with the oracle's sessions.
func (h *history) compareRecords(t *testing.T) {
	got := map[string]oracleSession{}
	for _, r := range h.records(t) {
		got[r.ID] = oracleOf(r)
	}
	if !maps.Equal(got, h.oracle.sessions) {
		for _, id := range slices.Sorted(maps.Keys(got)) {
			if got[id] != h.oracle.sessions[id] {
				t.Errorf("record %s: got %+v, want %+v", id, got[id], h.oracle.sessions[id])
			}
		}
		t.Errorf("got %d records, want %d", len(got), len(h.oracle.sessions))
	}
}
