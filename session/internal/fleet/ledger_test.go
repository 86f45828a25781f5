package fleet_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A ledger is what a world knows about one session. It is written by the simulation, and not read
// from the store or from a Manager, so that it can contradict them.
type ledger struct {
	w      *world
	number int
	record session.Record // as it was created
	states []state        // in the order of time
	texts  []string       // of the refresh tokens that were handed out, by generation

	heard      time.Duration // when the owner's last refresh that succeeded began
	lostAnswer uint32        // the latest generation that an answer had which the owner did not get
	theft      bool          // a thief's refresh succeeded
	wasSetBack bool          // a failover lost an Advance of this session
	lostSkip   uint32        // what the client had at an Advance that skipped a generation and is lost

	respelled uint32 // the latest generation that has two refresh tokens, because of a failover

	access []*jwtexp.Token // the last ones that were handed out

	ended   time.Duration // when End took effect; 0: it goes on
	endedBy *call
	cause   string // of the end
	turns   turns
	history []entry
}

// A state is what an Advance, or a failover, made of a session.
type state struct {
	at                   time.Duration
	generation, previous uint32
	refreshed, expires   time.Time
	skipped              bool  // the Advance skipped a generation: a recovery
	by                   *call // of the Advance, or nil
}

// An entry is one line of a history.
type entry struct {
	at     time.Duration
	format string // with two generations
	a, b   uint32
}

// created notes a record that the store has created.
func (w *world) created(r session.Record) {
	if w.byID[r.ID] != nil {
		return // a driver that retries
	}
	l := &ledger{w: w, number: len(w.ledgers), record: r, heard: w.now}
	l.turns = turns{by: owner, ended: w.now, most: 4}
	l.states = []state{{at: w.now, generation: r.Generation, refreshed: r.Started, expires: l.expiry(r.Started)}}
	l.note("started with generation %d after %d", r.Generation, r.Previous)
	w.ledgers = append(w.ledgers, l)
	w.byID[r.ID] = l
}

func (l *ledger) note(format string, a, b uint32) {
	l.history = append(l.history, entry{l.w.now, format, a, b})
}

// text returns the last entries of the history.
func (l *ledger) text() string {
	var b strings.Builder
	p := l.w.plan
	fmt.Fprintf(&b, "\tsession %d: Grace %v, Recovery %v, Idle %v, Lifetime %v, clock skew %v, answers %v, requests %v",
		l.number, p.policy.Grace, p.policy.Recovery, p.policy.Idle, p.policy.Lifetime, p.skew, p.answer, p.request)
	for _, e := range l.history[max(0, len(l.history)-25):] {
		args := []any{e.at.Round(time.Millisecond), e.a, e.b}
		fmt.Fprintf(&b, "\n\t%15v  "+e.format, args[:1+strings.Count(e.format, "%")]...)
	}
	return b.String()
}

// gives notes an access token that was handed out.
func (l *ledger) gives(access *jwtexp.Token) {
	l.access = append(l.access[max(0, len(l.access)-1):], access)
	if l.w.rnd.IntN(4) == 0 {
		l.w.uses(l, access, 1)
	}
}

func (l *ledger) last() state    { return l.states[len(l.states)-1] }
func (l *ledger) hasEnded() bool { return l.ended > 0 }

// expiry returns when the session expires that was last advanced at now.
func (l *ledger) expiry(now time.Time) time.Time {
	if idle := now.Add(l.w.plan.policy.Idle).Truncate(time.Second); l.w.plan.policy.Idle > 0 && idle.Before(l.record.End) {
		return idle
	}
	return l.record.End
}

// since returns the states that the session had from a true time on.
func (l *ledger) since(from time.Duration) []state {
	i := len(l.states) - 1
	for i > 0 && l.states[i].at >= from {
		i--
	}
	return l.states[i:]
}

// recovery returns how long after its replacement a refresh token may be answered.
func (w *world) recovery() time.Duration {
	if w.plan.policy.Recovery == session.NoRecovery {
		return w.plan.policy.Grace
	}
	return w.plan.policy.Recovery
}

// advanced notes that the store has moved the session. It checks that the chain has no branch, that
// nothing moves after the end, and how often the store writes.
func (l *ledger) advanced(c *call, step session.Step) {
	w, was := l.w, l.last()
	l.note("  advanced to generation %d, the client has %d", step.From+1, step.Presented)
	switch {
	case l.hasEnded():
		w.violation(l, 4, "got an Advance after the end, want none")
	case step.From < was.generation:
		w.violation(l, 2, "got a second Advance from generation %d, want one", step.From)
	case step.From > was.generation && !l.wasSetBack:
		w.violation(l, 2, "got an Advance from generation %d, want one from %d", step.From, was.generation)
	}
	if since := step.Now.Sub(was.refreshed); w.plan.agree && !l.wasSetBack && since < 2*w.plan.policy.Grace {
		w.violation(l, 5, "got a write %v after the one before, want at least twice Grace", since)
	}
	l.states = append(l.states, state{
		at: w.now, generation: step.From + 1, previous: step.Presented,
		refreshed: step.Now, expires: l.expiry(step.Now), skipped: step.Presented < step.From, by: c,
	})
	w.count.writes++
	l.theft = l.theft || c.refresh.by == thief
	if c.disturbed { // it may have stalled
		l.loses(c)
	}
}

// setBack notes that a failover has lost what the store did since a true time.
func (l *ledger) setBack(since time.Duration) {
	i := len(l.states) - 1
	for i > 0 && l.states[i].at >= since {
		if l.states[i].skipped {
			l.lostSkip = l.states[i].previous
		}
		i--
	}
	if i == len(l.states)-1 {
		return
	}
	l.wasSetBack = true
	s := l.states[i]
	s.at, s.by = l.w.now, nil
	l.states = append(l.states, s)
	l.note("  set back to generation %d, the client has %d", s.generation, s.previous)
}

// end notes that the store has ended the session, and checks that the end has a cause.
func (l *ledger) end(c *call) {
	if l.hasEnded() {
		return
	}
	l.ended, l.endedBy = l.w.now, c
	switch {
	case c.endedByUser:
		l.cause = "End"
	case c.endedByClaims:
		l.cause = "ErrEnd"
	default:
		l.cause = l.causeOfReuse(c)
	}
	l.w.count.causes[l.cause]++
	for _, access := range l.access {
		l.w.uses(l, access, 4)
	}
	l.note("  ended: "+l.cause, 0, 0)
}

// causeOfReuse returns why a refresh token was reuse.
func (l *ledger) causeOfReuse(c *call) string {
	p := l.w.plan.policy
	silence := c.started - l.heard
	switch {
	case c.refresh.by == thief, l.theft:
		return "thief"
	case l.lostAnswer > c.refresh.generation && silence > l.w.recovery()-3*p.Grace:
		return "lost answer, then silence"
	case c.refresh.generation <= l.respelled && silence > l.w.recovery()-3*p.Grace:
		return "failover, then silence"
	case l.w.now-c.started > p.Grace:
		return "stall"
	case c.refresh.generation == l.lostSkip:
		return "failover that lost a recovery"
	}
	l.w.violation(l, 1, "got reuse of generation %d after a silence of %v, want a session that goes on",
		c.refresh.generation, silence)
	return "unexplained"
}

// generationOf reads the generation and the expiry of a refresh token.
func generationOf(text string) (generation uint32, expires time.Time) {
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "rt1_"))
	if err != nil {
		panic(err)
	}
	return binary.BigEndian.Uint32(body[16:]), time.Unix(int64(binary.BigEndian.Uint64(body[18:])<<16>>16), 0)
}
