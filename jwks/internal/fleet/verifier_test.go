package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

// A verifier is a node that verifies tokens, with its own ring or with a Remote.
type verifier struct {
	*clock
	name      string
	leeway    time.Duration
	verifier  *jwtexp.Verifier
	member    *member    // nil: it has a Remote
	transport *transport // nil: it has a ring
	remote    *jwks.Remote
}

func (w *world) newRingVerifier(m *member, name string) *verifier {
	v := &verifier{clock: &m.clock, name: name, member: m}
	w.setVerifier(v, m)
	return v
}

func (w *world) newRemoteVerifier(name string) *verifier {
	v := &verifier{clock: &clock{}, name: name}
	v.step(w.randomSkew(), false)
	v.transport = &transport{w: w, clock: v.clock, rnd: w.newRand()}
	p := w.plan
	v.remote = must(jwks.NewRemote("https://keys.example/jwks.json",
		jwks.WithTransport(v.transport), jwks.WithFreshness(p.freshMin, p.freshMax), jwks.WithInterval(p.interval),
		jwks.WithOutageLimit(p.outageLimit), jwks.WithTimeout(p.timeout)))
	w.setVerifier(v, v.remote)
	return v
}

// setVerifier gives v a Verifier with a random leeway, and a cache or none.
func (w *world) setVerifier(v *verifier, keys jwtexp.KeySet) {
	v.leeway = pick(w.rnd, []time.Duration{0, w.plan.leeway, between(w.rnd, 0, w.plan.leeway)})
	opts := []jwtexp.VerifierOption{jwtexp.WithClock(v.clock), jwtexp.WithLeeway(v.leeway)}
	if w.rnd.IntN(2) == 0 {
		opts = append(opts, jwtexp.WithCache(64))
		v.name += " with a cache"
	}
	v.verifier = must(jwtexp.NewVerifier(keys, opts...))
}

// A verification is one call of Verify on a node.
type verification struct {
	id         int
	token      *token
	verifier   *verifier
	start, end time.Time // true time
	reading    time.Time // the node's clock at start
	farOff     bool      // whether that clock was far off
	version    int       // the version that the node's ring had loaded
	canceled   bool      // whether the caller gave up
}

func (v *verification) String() string {
	return fmt.Sprintf("verification %d: %v by %s (leeway %v) from %v to %v (its clock reads %v, far off %v, version %d)",
		v.id, v.token, v.verifier.name, v.verifier.leeway, formatTime(v.start), formatTime(v.end), formatTime(v.reading), v.farOff, v.version)
}

// verify has a node verify a token now. A call that waits for a Remote is checked when it ends. It
// is canceled after patience, unless that is 0.
func (w *world) verify(t *token, by *verifier, patience time.Duration) {
	w.mu.Lock()
	w.count.verifications++
	v := &verification{id: w.count.verifications, token: t, verifier: by, start: now(), reading: by.Now(), farOff: by.farOff}
	if by.member != nil {
		by.member.catchUp()
		v.version = by.member.version
	} else if last := by.transport.lastAttempt(v.start, true); last == nil || !last.kids[t.kid()] {
		by.transport.unknown++
	}
	w.mu.Unlock()
	verify := func() {
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if patience > 0 {
			ctx, cancel = context.WithTimeout(ctx, patience)
		}
		defer cancel()
		_, err := by.verifier.Verify(ctx, t.raw)
		w.mu.Lock()
		defer w.mu.Unlock()
		v.canceled, v.end = ctx.Err() != nil, now()
		w.check(v, verdictOf(err))
	}
	if by.member != nil {
		verify()
		return
	}
	w.running.Go(verify)
	synctest.Wait()
}

type verdict string

const (
	good        verdict = "good"
	expired     verdict = "expired"
	invalid     verdict = "invalid"
	unavailable verdict = "unavailable"
)

func verdictOf(err error) verdict {
	switch {
	case err == nil:
		return good
	case errors.Is(err, jwtexp.ErrExpired):
		return expired
	case errors.Is(err, jwtexp.ErrInvalid):
		return invalid
	case errors.Is(err, jwtexp.ErrUnavailable):
		return unavailable
	}
	return "none"
}

func formatTime(t time.Time) string { return t.Format("02T15:04:05.999999999") }
