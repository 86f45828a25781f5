package jwtexp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp/internal/cache"
	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// A VerifierSet verifies the tokens of several issuers, with a [Verifier] for each. It is safe for
// concurrent use. Make it with [NewVerifierSet] or [NewVerifierSetFunc]: the zero VerifierSet accepts
// nothing.
//
// It reads iss to choose the Verifier, which then verifies the token from the start. So no key can
// sign for another issuer, even with the same kid, and an outage of one issuer does not affect the
// others.
type VerifierSet struct {
	in opaque.Field[verifierSet]
}

type verifierSet struct {
	verifiers chooser
	headers   jws.Headers
	maxSize   int
}

// A chooser returns the Verifier of an issuer. Its error is the verdict about the token.
type chooser interface {
	of(ctx context.Context, issuer string) (*verifier, error)
}

// NewVerifierSet returns a VerifierSet of fixed Verifiers. Each must require a different issuer
// ([WithIssuer]).
func NewVerifierSet(verifiers ...*Verifier) (*VerifierSet, error) {
	s := setup.New("jwtexp: NewVerifierSet")
	if len(verifiers) == 0 {
		s.Fault("verifiers", errors.New("none; pass at least one"))
	}
	byIssuer := make(fixedVerifiers)
	for i, v := range verifiers {
		s.Fault(fmt.Sprintf("verifier %d", i), byIssuer.add(v))
	}
	maxSize := 0
	for _, v := range byIssuer {
		maxSize = max(maxSize, v.maxSize)
	}
	return newVerifierSet(s, byIssuer, maxSize)
}

// NewVerifierSetFunc returns a VerifierSet of tenants that come and go at run time. It calls
// verifierOf for the Verifier of an issuer, which must require that issuer ([WithIssuer]).
//
// Nothing has verified issuer yet: anyone can write it into a token. Compare it with the issuers that
// you trust. Never use it as a URL before.
//
//   - A Verifier is remembered for one minute. Then verifierOf is called again, and last is the
//     Verifier that it returned before: return last if nothing has changed, because a new Verifier may
//     have to fetch its keys again.
//   - nil means that the issuer is unknown, so its tokens are [ErrInvalid]. That is remembered for ten
//     seconds.
//   - An error is an outage, [ErrUnavailable], and so is a Verifier for another issuer. An outage is not
//     remembered. To go on with known issuers while your database is down, return last.
//
// Concurrent calls for one issuer wait for one answer. Calls for different issuers are concurrent. ctx
// is the context of one of the callers, so give requests more time than verifierOf needs. verifierOf
// must return when ctx is done, and must not verify a token with this set.
//
// The set remembers up to 10,000 Verifiers, and 1,000 unknown issuers, which evict no Verifier. An
// issuer of more than 2,048 bytes is unknown. The options are [WithClock], for these times, and
// [WithMaxSize], which the set checks first. A nil verifierOf, and other options, are an error.
func NewVerifierSetFunc(verifierOf func(ctx context.Context, issuer string, last *Verifier) (*Verifier, error), opts ...CommonOption) (*VerifierSet, error) {
	s := setup.New("jwtexp: NewVerifierSetFunc")
	if verifierOf == nil {
		s.Fault("verifierOf", errors.New("nil; pass a function, or fixed Verifiers to NewVerifierSet"))
	}
	own := &verifier{common: common{clock: systemClock, maxSize: DefaultMaxSize}}
	setup.Apply(s, opts, func(o CommonOption) { o.forVerifier(own, s) })
	if own.issuer != "" || own.audience != nil || own.typ != "" {
		s.Fault("options", errors.New("only WithClock and WithMaxSize are for the set; give the others to its Verifiers"))
	}
	return newVerifierSet(s, newTenants(verifierOf, own.clock), own.maxSize)
}

func newVerifierSet(s *setup.Setup, verifiers chooser, maxSize int) (*VerifierSet, error) {
	if err := s.Err(); err != nil {
		return nil, err
	}
	set := new(VerifierSet)
	set.in.Set(&verifierSet{verifiers: verifiers, maxSize: maxSize})
	return set, nil
}

// Verify verifies raw as the Verifier of its issuer does ([Verifier.Verify]). A token that is
// larger than [WithMaxSize] of each Verifier, malformed, or of an unknown issuer is [ErrInvalid], even
// if it has expired. Choosing parses the payload once more, even on a cache hit.
func (s *VerifierSet) Verify(ctx context.Context, raw string) (*Token, error) {
	if err := s.check(); err != nil {
		return nil, unavailable(ctx, "VerifierSet", err.Error(), nil)
	}
	t, _, err := s.verify(ctx, raw)
	return t, err
}

// Recheck verifies a Token again as the Verifier of its issuer does ([Verifier.Recheck]). A token
// of an unknown issuer is [ErrInvalid].
func (s *VerifierSet) Recheck(ctx context.Context, t *Token) error {
	if err := s.check(); err != nil {
		return unavailable(ctx, "VerifierSet", err.Error(), nil)
	}
	if !t.proven() {
		return notProven()
	}
	chosen, err := s.in.Get().of(ctx, t.Issuer())
	if err != nil {
		return err
	}
	return chosen.recheck(ctx, t)
}

// check returns an error for a nil or zero VerifierSet.
func (s *VerifierSet) check() error {
	if s == nil || s.in.Get() == nil {
		return errors.New("nil or zero; make it with NewVerifierSet")
	}
	return nil
}

func (s *VerifierSet) verify(ctx context.Context, raw string) (*Token, reading, error) {
	in := s.in.Get()
	var compact jws.Compact
	chosen, err := in.choose(ctx, raw, &compact)
	if err != nil {
		return nil, reading{}, err
	}
	t, at, err := chosen.verify(ctx, raw)
	if err == nil {
		in.headers.Learn(&compact)
	}
	return t, at, err
}

// choose returns the Verifier of the token's issuer. It returns nothing else that the token
// says, because the token is not verified yet.
func (s *verifierSet) choose(ctx context.Context, raw string, compact *jws.Compact) (*verifier, error) {
	if len(raw) > s.maxSize {
		return nil, tooLarge(len(raw), s.maxSize)
	}
	if err := s.headers.Parse(raw, compact); err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	payload, err := compact.Payload()
	if err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	issuer, err := issuerOf(payload)
	if err != nil { // Parse fails, too, and names all faults
		return nil, invalid(ReasonClaims, claimset.Parse(payload, new(claimset.Set)).Error())
	}
	return s.of(ctx, issuer)
}

func (s *verifierSet) of(ctx context.Context, issuer string) (*verifier, error) {
	if issuer == "" {
		return nil, invalid(ReasonIssuer, "iss is missing or empty, and the VerifierSet chooses the Verifier by it")
	}
	return s.verifiers.of(ctx, issuer)
}

// issuerOf returns iss. The other claims may be anything that is strict JSON.
func issuerOf(payload string) (issuer string, err error) {
	err = strictjson.Members(payload, func(name string, value *strictjson.Reader) (err error) {
		if name != "iss" {
			return value.Skip()
		}
		issuer, err = value.String()
		return err
	})
	return issuer, err
}

// fixedVerifiers are the Verifiers of NewVerifierSet, by issuer.
type fixedVerifiers map[string]*verifier

func (all fixedVerifiers) add(v *Verifier) error {
	if err := v.check(); err != nil {
		return err
	}
	in := v.in.Get()
	switch {
	case in.issuer == "":
		return errors.New("it accepts any issuer; give it WithIssuer")
	case all[in.issuer] != nil:
		return fmt.Errorf("a second one for the issuer %q", in.issuer)
	}
	all[in.issuer] = in
	return nil
}

func (all fixedVerifiers) of(_ context.Context, issuer string) (*verifier, error) {
	if v := all[issuer]; v != nil {
		return v, nil
	}
	known := slices.Sorted(maps.Keys(all))
	return nil, invalid(ReasonIssuer, "iss "+claimset.Mismatch([]string{issuer}, known)+" any issuer of the VerifierSet")
}

const (
	knownFor          = time.Minute
	unknownFor        = 10 * time.Second // short, for tenants that come
	maxKnownIssuers   = 10_000
	maxUnknownIssuers = 1_000
	maxIssuerSize     = 2 << 10 // in bytes
	unknownIssuer     = "iss is not an issuer that the function of NewVerifierSetFunc knows"
	verifierFunction  = "function of NewVerifierSetFunc"
)

// tenants are the Verifiers of NewVerifierSetFunc.
type tenants struct {
	verifierOf func(ctx context.Context, issuer string, last *Verifier) (*Verifier, error)
	clock      Clock
	known      *cache.Cache[answer] // by issuer; a lapsed answer stays, to be the function's last
	unknown    *cache.Cache[answer] // by issuer; separate, so that made-up issuers evict no Verifier

	mu    sync.Mutex
	calls map[string]*call // the running calls of verifierOf, by issuer; guarded by mu
}

// An answer is what verifierOf returned.
type answer struct {
	verifier *Verifier // nil: the issuer is unknown
	at       time.Time
}

// holds reports whether the answer still counts. If the clock went back, it does not.
func (a answer) holds(now time.Time) bool {
	age, lifetime := now.Sub(a.at), knownFor
	if a.verifier == nil {
		lifetime = unknownFor
	}
	return 0 <= age && age < lifetime
}

// A call is a running call of verifierOf. The fields below done are set when done is closed.
type call struct {
	done   chan struct{}
	answer answer
	err    error
	failed bool // it panicked, or its own caller disconnected: the error says nothing about the issuer
}

func newTenants(verifierOf func(context.Context, string, *Verifier) (*Verifier, error), clock Clock) *tenants {
	return &tenants{
		verifierOf: verifierOf,
		clock:      clock,
		known:      cache.New(maxKnownIssuers, func(answer, time.Time) bool { return false }),
		unknown:    cache.New(maxUnknownIssuers, func(a answer, now time.Time) bool { return !a.holds(now) }),
		calls:      make(map[string]*call),
	}
}

func (s *tenants) of(ctx context.Context, issuer string) (*verifier, error) {
	if len(issuer) > maxIssuerSize {
		return nil, invalid(ReasonIssuer, unknownIssuer)
	}
	now, err := readClock(s.clock)
	if err != nil {
		return nil, unavailable(ctx, "clock", err.Error(), nil)
	}
	a, ok := s.remembered(issuer, now)
	if !ok {
		a, err = s.ask(ctx, strings.Clone(issuer), now)
	}
	switch {
	case err != nil:
		return nil, err
	case a.verifier == nil:
		return nil, invalid(ReasonIssuer, unknownIssuer)
	}
	return a.verifier.in.Get(), nil
}

func (s *tenants) remembered(issuer string, now time.Time) (answer, bool) {
	if a, ok := s.known.Get(issuer); ok && a.holds(now) {
		return a, true
	}
	a, ok := s.unknown.Get(issuer)
	return a, ok && a.holds(now)
}

// ask calls verifierOf, or waits for the running call for the same issuer.
func (s *tenants) ask(ctx context.Context, issuer string, now time.Time) (answer, error) {
	for {
		s.mu.Lock()
		running := s.calls[issuer]
		if running == nil {
			return s.askLocked(ctx, issuer, now)
		}
		s.mu.Unlock()
		select {
		case <-running.done:
			if !running.failed {
				return running.answer, running.err
			}
		case <-ctx.Done():
			return answer{}, unavailable(ctx, verifierFunction, "it has not returned", nil)
		}
	}
}

// askLocked calls verifierOf. It unlocks mu, and ends its call also if verifierOf panics.
func (s *tenants) askLocked(ctx context.Context, issuer string, now time.Time) (answer, error) {
	if a, ok := s.remembered(issuer, now); ok { // answered since the caller looked
		s.mu.Unlock()
		return a, nil
	}
	own := &call{done: make(chan struct{}), failed: true}
	s.calls[issuer] = own
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.calls, issuer)
		s.mu.Unlock()
		close(own.done)
	}()
	own.answer, own.err = s.answerOf(ctx, issuer, now)
	own.failed = own.err != nil && ctx.Err() != nil
	return own.answer, own.err
}

// answerOf calls verifierOf and remembers what it returns.
func (s *tenants) answerOf(ctx context.Context, issuer string, now time.Time) (answer, error) {
	last, _ := s.known.Get(issuer)
	v, err := s.verifierOf(ctx, issuer, last.verifier)
	a := answer{v, now}
	switch {
	case err != nil:
		return answer{}, unavailable(ctx, verifierFunction, "", err)
	case v == nil:
		s.known.Remove(issuer)
		s.unknown.Add(issuer, a, now)
		return a, nil
	case v.check() != nil:
		return answer{}, unavailable(ctx, verifierFunction, "it returned a zero Verifier; make it with NewVerifier", nil)
	case v.in.Get().issuer != issuer:
		return answer{}, unavailable(ctx, verifierFunction, "it returned a Verifier for another issuer; give it WithIssuer with the issuer that the function gets", nil)
	}
	s.unknown.Remove(issuer)
	s.known.Add(issuer, a, now)
	return a, nil
}
