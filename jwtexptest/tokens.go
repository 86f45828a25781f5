package jwtexptest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// Lifetime is how long a good token of [Tokens] lives. A verifier with a shorter
// jwtexp.WithMaxLifetime rejects it.
const Lifetime = 15 * time.Minute

// Tokens makes tokens for tests: good ones, and bad ones that no Issuer would make. A bad token
// has exactly one fault, whatever the verifier's leeway, and otherwise equals what Good returns.
//
// Create it with [NewTokens]: the zero Tokens panics. It is safe for concurrent use. Errors, such
// as an empty subject, end the test by Fatalf: use it in the test's goroutine if one may happen.
type Tokens struct {
	tb     testing.TB
	key    jwtexp.Key
	issuer *jwtexp.Issuer
	forger func() (forger, error) // created on first use, because an RSA key takes a while
}

// NewTokens returns Tokens that sign with key. Pass the options of the code under test: its clock,
// issuer, audience and type. Without jwtexp.WithClock it uses the system clock. A key that cannot
// sign or an invalid option fails the test.
func NewTokens(tb testing.TB, key jwtexp.Key, opts ...jwtexp.CommonOption) *Tokens {
	tb.Helper()
	issuer, err := jwtexp.NewIssuer(key, Lifetime, jwtexp.Options(opts...))
	if err != nil {
		tb.Fatalf("jwtexptest.NewTokens: %v", err)
	}
	return &Tokens{tb, key, issuer, sync.OnceValues(func() (forger, error) { return newForger(key) })}
}

// Good returns a good token for subject with the given application claims, as for
// jwtexp.Issuer.Issue. It is good from now on, for [Lifetime].
func (t *Tokens) Good(subject string, claims any) string {
	t.tb.Helper()
	return t.issue(subject, claims).Raw()
}

// Expired returns a token that was good and expired at least jwtexp.MaxLeeway ago: ErrExpired. It
// fails the test if the clock reads the first minutes of 1970.
func (t *Tokens) Expired(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		ago := Lifetime + jwtexp.MaxLeeway
		if issued.IssuedAt().Add(-ago).Unix() < 0 {
			t.tb.Fatalf("jwtexptest.Tokens: the clock reads %v, when no token can have expired; set a later time", issued.IssuedAt())
		}
		d.claims["iat"] = issued.IssuedAt().Add(-ago).Unix()
		d.claims["exp"] = issued.ExpiresAt().Add(-ago).Unix()
	})
}

// NotYetValid returns a token that becomes good more than jwtexp.MaxLeeway from now, before it
// expires: ErrInvalid, ReasonNotYetValid.
func (t *Tokens) NotYetValid(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		d.claims["nbf"] = issued.IssuedAt().Add(jwtexp.MaxLeeway + time.Minute).Unix()
	})
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

// Oversized returns a token of more than 64 KiB, filled by a claim named padding: ErrInvalid,
// ReasonTooLarge.
func (t *Tokens) Oversized(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(_ *jwtexp.Token, d draft) {
		d.claims["padding"] = strings.Repeat("x", 64<<10)
	})
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
