package jwtexp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// A VerifierSet verifies the tokens of several issuers, with a [Verifier] for each. It is safe for
// concurrent use. Make it with [NewVerifierSet]: the zero VerifierSet accepts nothing.
//
// It reads iss to choose the Verifier, which then verifies the token from the start. So no key can
// sign for another issuer, even with the same kid, and an outage of one issuer does not affect the
// others.
type VerifierSet struct {
	in opaque.Field[verifierSet]
}

type verifierSet struct {
	byIssuer map[string]*verifier
	headers  jws.Headers
	maxSize  int // the largest of the Verifiers
}

// NewVerifierSet returns a VerifierSet. Each Verifier must require a different issuer
// ([WithIssuer]).
func NewVerifierSet(verifiers ...*Verifier) (*VerifierSet, error) {
	s := setup.New("jwtexp: NewVerifierSet")
	if len(verifiers) == 0 {
		s.Fault("verifiers", errors.New("none; pass at least one"))
	}
	in := &verifierSet{byIssuer: make(map[string]*verifier)}
	for i, v := range verifiers {
		s.Fault(fmt.Sprintf("verifier %d", i), in.add(v))
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	set := new(VerifierSet)
	set.in.Set(in)
	return set, nil
}

func (s *verifierSet) add(v *Verifier) error {
	if err := v.check(); err != nil {
		return err
	}
	in := v.in.Get()
	switch {
	case in.issuer == "":
		return errors.New("it accepts any issuer; give it WithIssuer")
	case s.byIssuer[in.issuer] != nil:
		return fmt.Errorf("a second one for the issuer %q", in.issuer)
	}
	s.byIssuer[in.issuer] = in
	s.maxSize = max(s.maxSize, in.maxSize)
	return nil
}

// Verify verifies raw as the Verifier of its issuer does ([Verifier.Verify]). A token that is
// larger than every [WithMaxSize], malformed, or of an unknown issuer is [ErrInvalid], even if it
// has expired. Choosing parses the payload once more, even on a cache hit.
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
	chosen, err := s.in.Get().of(t.Issuer())
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

// verify also returns the reading of the clock, or the zero time if no Verifier was chosen.
func (s *VerifierSet) verify(ctx context.Context, raw string) (t *Token, now time.Time, err error) {
	in := s.in.Get()
	var compact jws.Compact
	chosen, err := in.choose(raw, &compact)
	if err != nil {
		return nil, time.Time{}, err
	}
	t, now, err = chosen.verify(ctx, raw)
	if err == nil {
		in.headers.Learn(&compact)
	}
	return t, now, err
}

func (s *VerifierSet) verifierOf(t *Token) *verifier { return s.in.Get().byIssuer[t.Issuer()] }

// choose returns the Verifier of the token's issuer. It returns nothing else that the token
// says, because the token is not verified yet.
func (s *verifierSet) choose(raw string, compact *jws.Compact) (*verifier, error) {
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
	return s.of(issuer)
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

func (s *verifierSet) of(issuer string) (*verifier, error) {
	if v := s.byIssuer[issuer]; v != nil {
		return v, nil
	}
	if issuer == "" {
		return nil, invalid(ReasonIssuer, "iss is missing or empty, and the VerifierSet chooses the Verifier by it")
	}
	known := slices.Sorted(maps.Keys(s.byIssuer))
	return nil, invalid(ReasonIssuer, "iss "+claimset.Mismatch([]string{issuer}, known)+" any issuer of the VerifierSet")
}
