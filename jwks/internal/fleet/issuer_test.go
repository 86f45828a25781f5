package fleet_test

import (
	"context"
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp"
)

// An issuer is a node that issues tokens.
type issuer struct {
	*member
	issuer *jwtexp.Issuer
}

func (w *world) newIssuer(m *member) *issuer {
	lifetime := w.plan.schedule.Lifetime
	if w.rnd.IntN(3) == 0 {
		lifetime = max(time.Second, lifetime/2).Truncate(time.Second)
	}
	return &issuer{m, must(jwtexp.NewIssuer(m.ring, lifetime, jwtexp.WithClock(m)))}
}

// A token was either issued, or forged with a stolen or unknown key.
type token struct {
	id     int
	raw    string
	key    *record // nil: unknownKey
	exp    time.Time
	forged bool
	exempt bool // issued after a long outage of the storage, so that invariants 1 and 5 do not cover it
}

func (t *token) kid() string {
	if t.key == nil {
		return ""
	}
	return t.key.id
}

func (t *token) String() string {
	how := "issued"
	if t.forged {
		how = "forged"
	}
	return fmt.Sprintf("token %d, %s with key %.6s, exp %v,", t.id, how, t.kid(), formatTime(t.exp))
}

// issue issues a token. It returns nil if there is no key to sign with.
func (w *world) issue(i *issuer) *token {
	w.mu.Lock()
	defer w.mu.Unlock()
	i.catchUp()
	issued, err := issue(i.issuer, "alice")
	if err != nil {
		if w.ledger.hasSigner(i.version) {
			w.violation("7", "an issuer with version %d cannot sign at %v: %v", i.version, formatTime(i.Now()), err)
		}
		return nil
	}
	w.count.tokens++
	t := &token{id: w.count.tokens, raw: issued.Raw(), key: w.ledger.find(issued.KeyID()), exp: issued.ExpiresAt()}
	for _, outage := range w.ledger.longOutages {
		t.exempt = t.exempt || !now().Before(outage.from) && now().Before(w.ledger.loadedBy(outage.to))
	}
	t.key.tokens = append(t.key.tokens, t)
	w.note("token %d %s %v", t.id, t.key.id, t.exp)
	return t
}

// forgeToken returns a token that a thief of k has signed.
func (w *world) forgeToken(k *record, exp time.Time) *token {
	w.count.tokens++
	return &token{id: w.count.tokens, raw: forge(k.key, exp), key: k, exp: exp.Truncate(time.Second), forged: true}
}

func forge(key jwtexp.Key, exp time.Time) string {
	const lifetime = time.Minute
	clock := jwtexp.ClockFunc(func() time.Time { return exp.Add(-lifetime) })
	return must(issue(must(jwtexp.NewIssuer(key, lifetime, jwtexp.WithClock(clock))), "mallory")).Raw()
}

// unknownKeyTokens name keys that do not exist.
var unknownKeyTokens = func() (all []*token) {
	exp := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 32 {
		all = append(all, &token{raw: forge(unknownKey().WithID(fmt.Sprint("made up ", i)), exp), exp: exp, forged: true})
	}
	return all
}()

// issue issues a token, which reads random bytes: see randomMu.
func issue(i *jwtexp.Issuer, subject string) (*jwtexp.Token, error) {
	randomMu.Lock()
	defer randomMu.Unlock()
	return i.Issue(context.Background(), subject, nil)
}
