package fleet_test

import (
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// A plot is how a thief uses a stolen refresh token.
type plot int

const (
	once     plot = iota // at any time
	schedule             // like an app: at 80 to 90 % of each access token, from any time on
	shadow               // likewise, but at first within Grace of a refresh of the owner
	anyTime              // with seconds or an hour between two refreshes
	turn                 // a little later than twice Grace after each refresh of the owner
	aim                  // within half of Grace after each refresh of the owner
	late                 // between Grace and twice Grace after each refresh of the owner
	collect              // at any time, with any of the refresh tokens so far
	hammer               // many at once
	plots
)

// A robber is a thief who follows a client.
type robber struct {
	w      *world
	c      *client
	l      *ledger
	plot   plot
	tokens []string      // the newest last
	left   int           // requests
	began  bool          // it has planned its first refresh
	first  time.Duration // when its first refresh succeeded; 0: none did
	over   bool
}

// rob makes a thief follow a client.
func (w *world) rob(c *client, p plot, requests int) *robber {
	c.thief = &robber{w: w, c: c, l: c.l, plot: p, left: requests}
	if p != collect && p != hammer { // it only uses the newest refresh token, one after the other
		c.l.turns.most = 3
	}
	c.thief.steal()
	return c.thief
}

// watch is called when the client sends a refresh token.
func (t *robber) watch() {
	var in time.Duration
	switch grace := t.w.plan.policy.Grace; {
	case t.plot == turn:
		in = 2*grace + between(t.w.rnd, 0, grace)
	case t.plot == aim:
		in = between(t.w.rnd, 0, grace/2)
	case t.plot == late:
		in = between(t.w.rnd, grace, 2*grace)
	case t.plot == shadow && !t.began:
		t.began = true
		in = between(t.w.rnd, 0, grace)
	default:
		return
	}
	t.w.after(in, t.strike)
}

// steal copies the refresh token of the client, or takes one from a log of requests.
func (t *robber) steal() {
	token := t.c.token
	if t.c.log != "" && t.w.rnd.IntN(4) == 0 {
		token = t.c.log
	}
	t.tokens = []string{token}
	t.w.count.thefts++
	switch t.plot {
	case once:
		t.w.after(spread(t.w.rnd, time.Second, 2*day), t.strike)
	case turn, aim, late, shadow:
	case schedule:
		t.w.after(between(t.w.rnd, 0, accessLifetime), t.strike)
	default:
		t.w.after(0, t.strike)
	}
}

// strike refreshes with a stolen token, and plans the next time.
func (t *robber) strike() {
	w, r := t.w, t.w.rnd
	if t.over || t.left <= 0 || w.now > w.plan.horizon {
		return
	}
	token, times, next := t.tokens[len(t.tokens)-1], 1, time.Duration(0)
	switch t.plot {
	case schedule, shadow:
		next = renewal(r)
	case anyTime:
		next = spread(r, time.Second, time.Hour)
	case collect:
		token, next = pick(r, t.tokens...), spread(r, time.Second, time.Hour)
	case hammer:
		times, next = 1+r.IntN(5), spread(r, time.Second, time.Hour)
	}
	t.left -= times
	for range times {
		w.refresh(t.l, thief, token, t.answered)
	}
	if next > 0 {
		w.after(next, t.strike)
	}
}

func (t *robber) answered(tokens *session.Tokens, err error) {
	switch {
	case isRefusal(err):
		t.over = true
	case err == nil:
		if t.first == 0 {
			t.first = t.w.now
		}
		if got := tokens.Refresh(); got != "" && got != t.tokens[len(t.tokens)-1] {
			t.tokens = append(t.tokens, got)
		}
	}
}
