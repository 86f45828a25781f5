package fleet_test

import (
	"context"
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp"
)

// An issuer is one node that signs.
type issuer struct {
	*member
	issuer *jwtexp.Issuer
}

func (w *world) newIssuer(m *member) *issuer {
	lifetime := w.plan.schedule.Lifetime
	if w.rnd.IntN(3) == 0 {
		lifetime = max(time.Second, lifetime/2).Truncate(time.Second)
	}
	i, err := jwtexp.NewIssuer(m.ring, lifetime, jwtexp.WithClock(m))
	if err != nil {
		panic(err)
	}
	return &issuer{m, i}
}

// A token is one that was issued, or minted by whoever has stolen a key or made one up.
type token struct {
	id     int
	raw    string
	key    *record // nil: a stranger's
	exp    time.Time
	minted bool
	exempt bool // issued when the storage had failed for longer than promised
}

func (t *token) kid() string {
	if t.key == nil {
		return ""
	}
	return t.key.id
}

func (t *token) String() string {
	how := "issued"
	if t.minted {
		how = "minted"
	}
	return fmt.Sprintf("token %d, %s with key %.6s, exp %v,", t.id, how, t.kid(), stamp(t.exp))
}

// issue returns a new token, nil where there is no key to sign with.
func (w *world) issue(i *issuer) *token {
	w.mu.Lock()
	defer w.mu.Unlock()
	i.catchUp()
	issued, err := issue(i.issuer, "alice")
	if err != nil {
		if w.ledger.hasSigner(i.version) {
			w.broken("7", "an issuer with version %d cannot sign at %v: %v", i.version, stamp(i.Now()), err)
		}
		return nil
	}
	w.count.tokens++
	t := &token{id: w.count.tokens, raw: issued.Raw(), key: w.ledger.find(issued.KeyID()), exp: issued.ExpiresAt()}
	for _, lapse := range w.ledger.lapses {
		t.exempt = t.exempt || !now().Before(lapse.from) && now().Before(w.ledger.loaded(lapse.to))
	}
	t.key.tokens = append(t.key.tokens, t)
	w.note("token %d %s %v", t.id, t.key.id, t.exp)
	return t
}

// mint returns a token of whoever has stolen a key.
func (w *world) mint(k *record, exp time.Time) *token {
	w.count.tokens++
	return &token{id: w.count.tokens, raw: forge(k.key, exp), key: k, exp: exp.Truncate(time.Second), minted: true}
}

func forge(key jwtexp.Key, exp time.Time) string {
	const lifetime = time.Minute
	at := jwtexp.ClockFunc(func() time.Time { return exp.Add(-lifetime) })
	i, err := jwtexp.NewIssuer(key, lifetime, jwtexp.WithClock(at))
	if err != nil {
		panic(err)
	}
	t, err := issue(i, "mallory")
	if err != nil {
		panic(err)
	}
	return t.Raw()
}

// madeUp are tokens that name keys which do not exist.
var madeUp = func() (all []*token) {
	exp := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 32 {
		all = append(all, &token{raw: forge(stranger().WithID(fmt.Sprint("made up ", i)), exp), exp: exp, minted: true})
	}
	return all
}()

// issue draws random bytes while no other world does: see generator.
func issue(i *jwtexp.Issuer, subject string) (*jwtexp.Token, error) {
	generator.Lock()
	defer generator.Unlock()
	return i.Issue(context.Background(), subject, nil)
}
