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

// A verifier is one node that verifies: by a ring of its own, or by a Remote.
type verifier struct {
	*clock
	name     string
	leeway   time.Duration
	verifier *jwtexp.Verifier
	member   *member // nil: a Remote
	line     *line   // nil: a ring
	remote   *jwks.Remote
}

func (w *world) newRingVerifier(m *member, name string) *verifier {
	v := &verifier{clock: &m.clock, name: name, member: m}
	w.equip(v, m)
	return v
}

func (w *world) newRemoteVerifier(name string) *verifier {
	v := &verifier{clock: &clock{}, name: name}
	v.step(w.skew(), false)
	v.line = &line{w: w, clock: v.clock, rnd: w.fork()}
	p := w.plan
	remote, err := jwks.NewRemote("https://keys.example/jwks.json",
		jwks.WithTransport(v.line), jwks.WithFreshness(p.freshMin, p.freshMax), jwks.WithInterval(p.interval),
		jwks.WithOutageLimit(p.outageLimit), jwks.WithTimeout(p.timeout))
	if err != nil {
		panic(err)
	}
	v.remote = remote
	w.equip(v, remote)
	return v
}

func (w *world) equip(v *verifier, keys jwtexp.KeySet) {
	v.leeway = pick(w.rnd, []time.Duration{0, w.plan.leeway, between(w.rnd, 0, w.plan.leeway)})
	opts := []jwtexp.VerifierOption{jwtexp.WithClock(v.clock), jwtexp.WithLeeway(v.leeway)}
	if w.rnd.IntN(2) == 0 {
		opts = append(opts, jwtexp.WithCache(64))
		v.name += " with a cache"
	}
	var err error
	if v.verifier, err = jwtexp.NewVerifier(keys, opts...); err != nil {
		panic(err)
	}
}

// A showing is a token that is verified by a node.
type showing struct {
	id      int
	token   *token
	at      *verifier
	start   time.Time // true
	reading time.Time
	off     bool
	version int  // of a ring
	gone    bool // the caller did not wait
	end     time.Time
}

func (s *showing) String() string {
	return fmt.Sprintf("showing %d: %v is shown to %s (leeway %v) at %v (by its clock %v, off %v, version %d, ends %v)",
		s.id, s.token, s.at.name, s.at.leeway, stamp(s.start), stamp(s.reading), s.off, s.version, stamp(s.end))
}

// show has a node verify a token, now. What waits for a Remote is judged when it is over.
func (w *world) show(t *token, v *verifier, patience time.Duration) {
	w.mu.Lock()
	w.count.verifications++
	s := &showing{id: w.count.verifications, token: t, at: v, start: now(), reading: v.Now(), off: v.off}
	if v.member != nil {
		v.member.catchUp()
		s.version = v.member.version
	} else if last := v.line.before(s.start, true); last == nil || !last.kids[t.kid()] {
		v.line.unknown++
	}
	w.mu.Unlock()
	verify := func() {
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if patience > 0 {
			ctx, cancel = context.WithTimeout(ctx, patience)
		}
		defer cancel()
		_, err := v.verifier.Verify(ctx, t.raw)
		w.mu.Lock()
		defer w.mu.Unlock()
		s.gone, s.end = ctx.Err() != nil, now()
		w.judge(s, verdictOf(err))
	}
	if v.member != nil {
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

func stamp(t time.Time) string { return t.Format("02T15:04:05.999999999") }
