package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A client is an honest one: a browser, or an app.
type client struct {
	w       *world
	subject string
	app     bool
	single  bool          // it does not log in again
	l       *ledger       // of its session; nil: logged out
	token   string        // in the cookie jar, or in the app's storage
	loads   int           // page loads or renewals that are left
	asleep  time.Duration // until then it loads nothing
	log     string        // a refresh token in a log of requests, perhaps an old one
	thief   *robber       // who follows it in this session, or nil
}

func (w *world) newClient(app bool) *client {
	w.count.clients++
	c := &client{w: w, subject: fmt.Sprint("user ", w.rnd.IntN(w.plan.clients)), app: app, loads: w.plan.loads}
	w.after(spread(w.rnd, time.Second, day), c.login)
	return c
}

// login starts a session.
func (c *client) login() {
	w := c.w
	if c.loads <= 0 || w.now > w.plan.horizon || c.single && len(w.ledgers) > 0 {
		return
	}
	c.loads--
	call := new(call)
	w.serve(call, func(ctx context.Context, m *session.Manager) {
		tokens, err := m.Start(ctx, c.subject, nil)
		switch {
		case errors.Is(err, jwtexp.ErrInvalid) && call.endedByClaims, err != nil && call.disturbed, chance(w.rnd, w.plan.lost):
			w.after(spread(w.rnd, time.Second, time.Hour), c.login)
		case err != nil:
			w.violation(nil, 6, "Start: got %v, want a session", err)
		default:
			w.after(way(w.rnd, max(0, w.plan.answer-(w.now-call.started))), func() { c.loggedIn(tokens) })
		}
	})
}

func (c *client) loggedIn(tokens *session.Tokens) {
	w := c.w
	c.l, c.token, c.log = w.byID[tokens.Session().ID], tokens.Refresh(), ""
	c.l.gives(tokens.Access())
	w.count.sessions++
	if chance(w.rnd, w.plan.thieves) {
		l := c.l
		w.after(spread(w.rnd, time.Second, 2*day), func() {
			if c.l == l {
				w.rob(c, plot(w.rnd.IntN(int(plots))), 20)
			}
		})
	}
	if c.app {
		w.after(renewal(w.rnd), c.renew)
		return
	}
	w.after(c.pause(), c.load)
}

// send sends the refresh token that the client has now.
func (c *client) send(then func(err error)) {
	if c.l == nil {
		return
	}
	l, sent := c.l, c.token
	if c.log == "" || c.w.rnd.IntN(4) == 0 {
		c.log = sent
	}
	if c.thief != nil {
		c.thief.watch()
	}
	c.w.refresh(l, owner, sent, func(tokens *session.Tokens, err error) {
		if c.l != l {
			return // logged out meanwhile
		}
		if err == nil {
			c.save(sent, tokens.Refresh())
		}
		then(err)
	})
}

// save stores a refresh token. A browser takes each cookie that comes, also an old one that comes
// late. An app takes none for a refresh token that it has replaced meanwhile.
func (c *client) save(sent, got string) {
	if got == "" || got == sent || c.app && c.token != sent {
		return
	}
	c.token = got
}

// refused is for the answers that log the client out. It may log in again.
func (c *client) refused() {
	c.l, c.thief = nil, nil
	c.w.after(spread(c.w.rnd, time.Second, day), c.login)
}

func isRefusal(err error) bool {
	return errors.Is(err, jwtexp.ErrInvalid) || errors.Is(err, jwtexp.ErrExpired)
}

// load loads a page in one or more tabs of a browser.
func (c *client) load() {
	w := c.w
	switch {
	case c.l == nil:
		return
	case w.now < c.asleep:
		w.after(c.asleep-w.now, c.load)
		return
	case c.loads <= 0 || chance(w.rnd, w.plan.ends):
		c.logout()
		return
	}
	tabs := 1
	if w.rnd.IntN(3) == 0 {
		tabs += 1 + w.rnd.IntN(3)
	}
	together := w.rnd.IntN(2) == 0
	for range tabs {
		c.loads--
		in := time.Duration(0)
		if !together {
			in = between(w.rnd, 0, 2*time.Second)
		}
		w.after(in, func() { c.send(c.loaded) })
	}
	w.after(c.pause(), c.load)
}

// loaded is called with the answer to a page load.
func (c *client) loaded(err error) {
	w := c.w
	switch {
	case err == nil:
	case isRefusal(err):
		c.refused()
	case errors.Is(err, errLost) && chance(w.rnd, w.plan.killed): // the laptop is closed
		c.asleep = w.now + spread(w.rnd, time.Minute, 3*day)
	case c.loads > 0: // the user loads the page again
		c.loads--
		w.after(between(w.rnd, time.Second, time.Minute), func() { c.send(c.loaded) })
	}
}

// pause returns the time until the next page load.
func (c *client) pause() time.Duration {
	w := c.w
	switch n := w.rnd.IntN(100); {
	case n < 35:
		return between(w.rnd, 0, 3*time.Second)
	case n < 65:
		return between(w.rnd, 0, 3*w.plan.policy.Grace)
	case n < 85:
		return spread(w.rnd, time.Minute, time.Hour)
	case n < 97:
		return spread(w.rnd, time.Hour, 12*time.Hour)
	}
	return spread(w.rnd, 12*time.Hour, 5*day)
}

// renew renews the tokens of an app. It is called again when the app has an answer, or gives up
// waiting.
func (c *client) renew() {
	w := c.w
	if c.l == nil {
		return
	}
	if c.loads <= 0 || chance(w.rnd, w.plan.ends) {
		c.logout()
		return
	}
	c.loads--
	c.send(c.renewed)
	if w.rnd.IntN(5) == 0 { // it retries before the answer can come
		w.after(between(w.rnd, 0, w.plan.answer), func() { c.send(func(error) {}) })
	}
}

// renewed is called with the answer to a renewal.
func (c *client) renewed(err error) {
	w := c.w
	in := renewal(w.rnd)
	switch {
	case err == nil && chance(w.rnd, w.plan.suspends):
		in = spread(w.rnd, accessLifetime, 5*day)
	case err == nil:
	case isRefusal(err):
		c.refused()
		return
	case errors.Is(err, errLost) && chance(w.rnd, w.plan.killed):
		in = spread(w.rnd, time.Minute, 3*day)
	default:
		in = between(w.rnd, time.Second, 3*w.plan.policy.Grace)
	}
	w.after(in, c.renew)
}

// logout ends the session, with one of the ways to do so, or leaves it alone.
func (c *client) logout() {
	w, l, token := c.w, c.l, c.token
	how := w.rnd.IntN(4)
	call := &call{endedByUser: true}
	switch {
	case how == 3:
		return
	case how > 0:
		c.l, c.thief = nil, nil
	}
	w.failFeed()
	w.serve(call, func(ctx context.Context, m *session.Manager) {
		var err error
		switch how {
		case 0: // by someone else, such as an administrator
			_, err = m.EndAll(ctx, c.subject)
		case 1:
			err = m.End(ctx, token)
		case 2:
			_, err = m.EndSession(ctx, c.subject, l.record.ID)
		}
		switch {
		case err != nil && !call.disturbed:
			w.violation(l, 6, "End: got %v, want nil", err)
		case err == nil && !l.hasEnded():
			w.violation(l, 4, "got a session that goes on after its End, want an end")
		}
		if err == nil {
			w.checkWatcher(l, call)
		}
		w.count.logouts++
		if how == 0 {
			w.after(0, c.load) // which finds out
			return
		}
		w.after(spread(w.rnd, time.Second, day), c.login)
	})
}
