package jwtexptest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/setup"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// Lifetime is how long tokens of [Tokens] live without [Tokens.WithLifetime]. Tokens of [TestHandler]
// live as long without [HandlerConfig.Lifetime]. A verifier with a shorter jwtexp.WithMaxLifetime
// rejects them.
const Lifetime = 15 * time.Minute

// Oversized gives up if the Issuer issues a token with this many bytes of padding.
const maxPadding = 16 << 20

// Tokens makes tokens for tests: good ones, and bad ones that no Issuer would make. A bad token
// has exactly one fault, whatever the verifier's leeway, and otherwise equals what Good returns.
//
// Create it with [NewTokens]: the zero Tokens panics. It is safe for concurrent use. Errors, such
// as an empty subject, end the test by Fatalf: use it in the test's goroutine if one may happen.
type Tokens struct {
	tb     testing.TB
	key    jwtexp.Key
	opts   jwtexp.CommonOption
	issuer *jwtexp.Issuer
	forger func() (forger, error) // created on first use, because an RSA key takes a while
}

// NewTokens returns Tokens that sign with key. Pass the options of the code under test: its clock,
// issuer, audience, type and maximal size. Without jwtexp.WithClock it uses the system clock. A key
// that cannot sign or an invalid option fails the test.
func NewTokens(tb testing.TB, key jwtexp.Key, opts ...jwtexp.CommonOption) *Tokens {
	tb.Helper()
	common := jwtexp.Options(opts...)
	issuer, err := jwtexp.NewIssuer(key, Lifetime, common)
	if err != nil {
		tb.Fatalf("jwtexptest.NewTokens: %v", err)
	}
	return &Tokens{tb, key, common, issuer, sync.OnceValues(func() (forger, error) { return newForger(key) })}
}

// WithLifetime returns a copy of t whose tokens live for d, from iat to exp. Use it for a verifier
// whose jwtexp.WithMaxLifetime is shorter than [Lifetime]. A d that is not a positive number of
// whole seconds fails the test.
func (t *Tokens) WithLifetime(d time.Duration) *Tokens {
	t.tb.Helper()
	if err := setup.CheckLifetime(d); err != nil {
		t.tb.Fatalf("jwtexptest.Tokens.WithLifetime: %v", err)
	}
	issuer, err := jwtexp.NewIssuer(t.key, d, t.opts)
	if err != nil {
		t.tb.Fatalf("jwtexptest.Tokens.WithLifetime: %v", err)
	}
	return &Tokens{t.tb, t.key, t.opts, issuer, t.forger}
}

// Good returns a good token for subject with the given application claims, as for
// jwtexp.Issuer.Issue. Its iat is the clock's reading, cut to the second.
func (t *Tokens) Good(subject string, claims any) string {
	t.tb.Helper()
	return t.issue(subject, claims).Raw()
}

// Expired returns a token that was good and expired at least jwtexp.MaxLeeway ago: ErrExpired. It
// fails the test if the token's iat is before 1970.
func (t *Tokens) Expired(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		lifetime := issued.ExpiresAt().Sub(issued.IssuedAt())
		t.move(issued, d, -lifetime-jwtexp.MaxLeeway)
	})
}

// NotYetValid returns a token of an issuer whose clock is jwtexp.MaxLeeway and a minute ahead, which
// also writes nbf: ErrInvalid, ReasonNotYetValid. Its exp, too, can be too late for a verifier with
// jwtexp.WithMaxLifetime. NotYetValid fails the test if exp is after 9999.
func (t *Tokens) NotYetValid(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		t.move(issued, d, jwtexp.MaxLeeway+time.Minute)
		d.claims["nbf"] = d.claims["iat"]
	})
}

// move sets iat and exp of d to the dates of issued plus the given time.
func (t *Tokens) move(issued *jwtexp.Token, d draft, by time.Duration) {
	t.tb.Helper()
	iat, exp := issued.IssuedAt().Add(by), issued.ExpiresAt().Add(by)
	if iat.Unix() < 0 || exp.Year() > 9999 {
		t.tb.Fatalf("jwtexptest.Tokens: the clock reads %v, and the token would be from %v until %v; "+
			"set a time at which both are between 1970 and 9999", issued.IssuedAt(), iat, exp)
	}
	d.claims["iat"], d.claims["exp"] = iat.Unix(), exp.Unix()
}

// Forged returns a token that is signed with another key of the same algorithm, size and ID:
// ErrInvalid, ReasonSignature. The first call for an RSA key takes a while, to generate the other.
func (t *Tokens) Forged(subject string, claims any) string {
	t.tb.Helper()
	return t.sign(draftOf(t.Good(subject, claims)), t.forge().key)
}

// Tampered returns a token whose subject was changed after signing: ErrInvalid, ReasonSignature.
func (t *Tokens) Tampered(subject string, claims any) string {
	t.tb.Helper()
	good := t.Good(subject, claims)
	d := draftOf(good)
	d.claims["sub"] = "not " + subject
	return d.withSignature(signatureOf(good))
}

// WrongAudience returns a token for an audience that is not in jwtexp.WithAudience, with or without
// that option: ErrInvalid, ReasonAudience.
func (t *Tokens) WrongAudience(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		d.claims["aud"] = otherAudience(issued)
	})
}

// otherAudience returns an audience that the token does not have: it is longer than each of them.
func otherAudience(issued *jwtexp.Token) string {
	return "not " + strings.Join(issued.Audience(), " ")
}

// AlgNone returns a token with alg none and an empty signature (RFC 7515 Appendix A.5): ErrInvalid,
// ReasonAlgorithm.
func (t *Tokens) AlgNone(subject string, claims any) string {
	t.tb.Helper()
	d := draftOf(t.Good(subject, claims))
	d.header["alg"] = "none"
	return d.withSignature("")
}

// WithoutExp returns a token without exp: ErrInvalid, ReasonClaims.
func (t *Tokens) WithoutExp(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(_ *jwtexp.Token, d draft) { delete(d.claims, "exp") })
}

// Oversized returns a token that is larger than jwtexp.WithMaxSize and than 64 KiB, filled by a
// claim named padding: ErrInvalid, ReasonTooLarge. It fails the test if tokens of 16 MiB are issued.
func (t *Tokens) Oversized(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(_ *jwtexp.Token, d draft) { d.claims["padding"] = t.padding(subject) })
}

// padding returns a text that is too large for a token: Issue returns an error. Other than in size,
// the token would not differ from issued tokens.
func (t *Tokens) padding(subject string) string {
	t.tb.Helper()
	for size := 64 << 10; size <= maxPadding; size *= 2 {
		padding := strings.Repeat("x", size)
		_, err := t.issuer.Issue(t.tb.Context(), subject, map[string]string{"padding": padding})
		switch {
		case errors.Is(err, jwtexp.ErrUnavailable):
			t.tb.Fatalf("jwtexptest.Tokens: %v", err)
		case err != nil:
			return padding
		}
	}
	t.tb.Fatalf("jwtexptest.Tokens.Oversized: a token of %d MiB is not too large; pass NewTokens a smaller WithMaxSize", maxPadding>>20)
	return ""
}

// changed issues a token, changes it, and signs it again with the trusted key.
func (t *Tokens) changed(subject string, claims any, change func(issued *jwtexp.Token, d draft)) string {
	t.tb.Helper()
	issued := t.issue(subject, claims)
	d := draftOf(issued.Raw())
	change(issued, d)
	return t.sign(d, t.key)
}

func (t *Tokens) issue(subject string, claims any) *jwtexp.Token {
	t.tb.Helper()
	issued, err := t.issuer.Issue(t.tb.Context(), subject, claims)
	if err != nil {
		t.tb.Fatalf("jwtexptest.Tokens: %v", err)
	}
	return issued
}

func (t *Tokens) sign(d draft, key jwtexp.Key) string {
	t.tb.Helper()
	token, err := testsign.Sign(key, d.header.text(), d.claims.text())
	if err != nil {
		t.tb.Fatalf("jwtexptest.Tokens: %v", err)
	}
	return token
}

func (t *Tokens) forge() forger {
	t.tb.Helper()
	f, err := t.forger()
	if err != nil {
		t.tb.Fatalf("jwtexptest.Tokens: cannot generate another key: %v", err)
	}
	return f
}
