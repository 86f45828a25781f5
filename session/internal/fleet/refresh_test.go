package fleet_test

import (
	"context"
	"errors"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A party refreshes a session: its owner, or a thief.
type party int

const (
	owner party = iota
	thief
)

func (p party) String() string { return [...]string{"owner", "thief"}[p] }

// A refresh is a request of a party.
type refresh struct {
	l          *ledger
	by         party
	token      string
	generation uint32
	expires    time.Time // as the refresh token says
	answer     func(*session.Tokens, error)
}

// errLost stands for an answer that does not come.
var errLost = errors.New("lost answer")

// refresh sends a refresh token. answer gets the answer when it arrives. For a lost one it gets
// errLost at once: the client waits as long as it likes.
func (w *world) refresh(l *ledger, by party, token string, answer func(*session.Tokens, error)) {
	if w.now > w.plan.horizon {
		return
	}
	r := &refresh{l: l, by: by, token: token, answer: answer}
	r.generation, r.expires = generationOf(token)
	if by == owner && chance(w.rnd, w.plan.lost/4) {
		answer(nil, errLost) // the request is lost
		return
	}
	w.after(way(w.rnd, w.plan.request), func() {
		c := &call{refresh: r}
		w.serve(c, func(ctx context.Context, m *session.Manager) {
			tokens, err := m.Refresh(ctx, token)
			w.answered(c, tokens, err)
		})
	})
}

// answered checks an answer of Refresh, and sends it.
func (w *world) answered(c *call, tokens *session.Tokens, err error) {
	r, l := c.refresh, c.refresh.l
	w.count.refreshes++
	took := w.now - c.started
	if err == nil && took > w.plan.policy.Grace {
		w.violation(l, 6, "got an answer after %v, want an outage", took)
	}
	switch {
	case err == nil:
		l.note(r.by.String()+" refreshed with generation %d, got %d", r.generation, l.checkAnswer(c, tokens))
	case errors.Is(err, jwtexp.ErrUnavailable):
		l.note(r.by.String()+" refreshed with generation %d, outage", r.generation, 0)
		// If End passes during the call, no access token can be issued, and that is an outage.
		if !c.disturbed && w.read(c.in).Before(l.record.End.Add(-time.Second)) {
			w.violation(l, 6, "got %v, want an answer without an outage", err)
		}
	default:
		l.note(r.by.String()+" refreshed with generation %d, refused", r.generation, 0)
		l.checkRefusal(c, err)
		w.count.refused++
	}
	lost := r.by == owner && chance(w.rnd, w.plan.lost)
	if r.by == owner {
		l.ownerAnswered(c, err, lost)
	} else if err == nil {
		l.theft = true
	}
	if l.turns.add(l, c, err, lost) {
		w.violation(l, 3, "got an answer after %d turns with %d lost answers, want the end", l.turns.n, l.turns.lost)
	}
	if lost {
		w.count.lost++
		r.answer(nil, errLost)
		return
	}
	w.after(way(w.rnd, max(0, w.plan.answer-took)), func() { r.answer(tokens, err) })
}

// ownerAnswered notes what explains a later refusal.
func (l *ledger) ownerAnswered(c *call, err error, lost bool) {
	if err == nil {
		l.heard = max(l.heard, c.started)
	}
	if lost || err != nil {
		l.loses(c)
	}
	if lost {
		l.note("  lost answer", 0, 0)
	}
}

// loses notes that a party does not get the answer of a call.
func (l *ledger) loses(c *call) {
	if c.refresh.by == owner {
		l.lostAnswer = max(l.lostAnswer, l.last().generation)
	}
}

// checkAnswer checks the tokens of an answer. It returns the generation of the refresh token, or 0.
func (l *ledger) checkAnswer(c *call, tokens *session.Tokens) (got uint32) {
	w, r, now := l.w, c.refresh, begin.Add(c.started+c.in.offset)
	if tokens.Refresh() != "" {
		got, _ = generationOf(tokens.Refresh())
	}
	if l.hasEnded() && c.started > l.ended {
		w.violation(l, 4, "generation %d: got an answer after the end, want a refusal", r.generation)
	}
	access := tokens.Access()
	if access.SessionID() != l.record.ID || access.ExpiresAt().After(l.record.End) {
		w.violation(l, 1, "got an access token of session %s until %v, want %s and until %v at most",
			access.SessionID(), access.ExpiresAt(), l.record.ID, l.record.End)
	}
	l.gives(access)
	l.checkChain(c, got, tokens.Refresh(), now)
	good := l.wasSetBack && now.Before(r.expires)
	for _, s := range l.since(c.started) {
		good = good || s.by != c && now.Before(s.expires)
	}
	if !good {
		w.violation(l, 1, "got an answer at %v, want ErrExpired since %v", now, l.last().expires)
	}
	return got
}

// checkChain checks that the refresh token that was sent is the current one or the last one that a
// client replaced, less than Recovery ago, and that the answer has the current one.
func (l *ledger) checkChain(c *call, got uint32, text string, now time.Time) {
	r, accepted, current := c.refresh, false, text == ""
	for _, s := range l.since(c.started) {
		current = current || got == s.generation
		if s.by != c {
			accepted = accepted || r.generation == s.generation ||
				r.generation == s.previous && now.Sub(s.refreshed) < l.w.recovery() ||
				l.wasSetBack && r.generation > s.generation
		}
	}
	if !accepted {
		l.w.violation(l, 2, "got an answer to generation %d, want a refusal at %d", r.generation, l.last().generation)
	}
	if !current {
		l.w.violation(l, 2, "got generation %d, want the current one, %d", got, l.last().generation)
	}
	if text == "" {
		return
	}
	for len(l.texts) <= int(got) {
		l.texts = append(l.texts, "")
	}
	if was := l.texts[got]; was != "" && was != text {
		l.respelled = got
		if !l.wasSetBack {
			l.w.violation(l, 2, "got two refresh tokens of generation %d, want one", got)
		}
	}
	l.texts[got] = text
}

// checkRefusal checks that a refusal has a cause.
func (l *ledger) checkRefusal(c *call, err error) {
	w, r, now := l.w, c.refresh, begin.Add(c.started+c.in.offset)
	switch {
	case errors.Is(err, jwtexp.ErrExpired):
		good := l.hasEnded() && !now.Before(r.expires)
		for _, s := range l.since(c.started) {
			// An access token lives for a second at least.
			good = good || !now.Before(s.expires.Add(-time.Second)) &&
				(r.generation <= s.generation || !now.Before(r.expires.Add(-time.Second)))
		}
		if !good {
			w.violation(l, 1, "generation %d: got %v, want a session that expires at %v", r.generation, err, l.last().expires)
		}
		w.count.expired++
	case !l.hasEnded():
		w.violation(l, 1, "generation %d: got %v, want a session that goes on", r.generation, err)
	}
}

// turns counts how often the owner and a thief take turns.
type turns struct {
	by    party
	ended time.Duration // the last refresh of by
	n     int           // how often the party changed, more than twice Grace apart each time
	lost  int           // answers that a party did not get meanwhile
	most  int           // the turn that ends the session
}

// add adds a refresh that the server has answered now. It reports whether the refresh should have
// ended the session.
func (t *turns) add(l *ledger, c *call, err error, lost bool) bool {
	if c.refresh.by != t.by {
		t.n++
		if p := l.w.plan; c.started-t.ended <= 2*p.policy.Grace+p.skew {
			t.n = 0
		}
		if t.n <= 1 {
			t.lost = 0
		}
	}
	t.by, t.ended = c.refresh.by, l.w.now
	if lost || errors.Is(err, jwtexp.ErrUnavailable) {
		t.lost++
	}
	return err == nil && t.n >= t.most+2*t.lost && !l.wasSetBack
}
