package jwtexptest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// Lifetime is how long a token of [Tokens] lives. A verifier with
// jwtexp.WithMaxLifetime of less refuses even the good ones.
const Lifetime = 15 * time.Minute

// Tokens makes tokens for tests, good ones and such as no Issuer would make. A
// bad one has exactly one fault, whatever the verifier's leeway: it is what Good
// returns in all else.
//
// It is safe for concurrent use. A fault, such as an empty subject, ends the test
// by Fatalf, so use it in the test's own goroutine where a fault may happen. The
// zero Tokens panics: make one with [NewTokens].
type Tokens struct {
	tb     testing.TB
	key    jwtexp.Key
	issuer *jwtexp.Issuer
	forger func() (forger, error) // made when it is asked for: an RSA key takes a while
}

// NewTokens returns Tokens that are signed with key. Hand it the options that the
// code under test gets: its clock, issuer, audience and type; without
// jwtexp.WithClock it uses the system's clock. A key that cannot sign fails
// the test, and so does an option that NewIssuer refuses.
func NewTokens(tb testing.TB, key jwtexp.Key, opts ...jwtexp.CommonOption) *Tokens {
	tb.Helper()
	issuer, err := jwtexp.NewIssuer(key, Lifetime, jwtexp.Options(opts...))
	if err != nil {
		tb.Fatalf("jwtexptest.NewTokens: %v", err)
	}
	return &Tokens{tb, key, issuer, sync.OnceValues(func() (forger, error) { return newForger(key) })}
}

// Good returns a token for subject with the given application claims, as
// jwtexp.Issuer.Issue takes them. It is good from now on, and for [Lifetime].
func (t *Tokens) Good(subject string, claims any) string {
	t.tb.Helper()
	return t.issue(subject, claims).Raw()
}

// Expired returns a token that was good and has run out, jwtexp.MaxLeeway ago or
// more: ErrExpired. There is none while the clock reads the first minutes of 1970,
// which is a fault.
func (t *Tokens) Expired(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		ago := Lifetime + jwtexp.MaxLeeway
		if issued.IssuedAt().Add(-ago).Unix() < 0 {
			t.tb.Fatalf("jwtexptest.Tokens: the clock reads the first minutes of 1970, when no token has expired yet")
		}
		d.claims["iat"] = issued.IssuedAt().Add(-ago).Unix()
		d.claims["exp"] = issued.ExpiresAt().Add(-ago).Unix()
	})
}

// NotYetValid returns a token that becomes good more than jwtexp.MaxLeeway from
// now, and before it expires: ErrInvalid, ReasonNotYetValid.
func (t *Tokens) NotYetValid(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		d.claims["nbf"] = issued.IssuedAt().Add(jwtexp.MaxLeeway + time.Minute).Unix()
	})
}

// Forged returns a token that another issuer signed, with a key of the same
// algorithm, size and ID: ErrInvalid, ReasonSignature. The first one of an RSA key
// takes as long as making such a key does.
func (t *Tokens) Forged(subject string, claims any) string {
	t.tb.Helper()
	return t.sign(draftOf(t.Good(subject, claims)), t.forge().key)
}

// Tampered returns a token whose subject was changed after it was signed:
// ErrInvalid, ReasonSignature.
func (t *Tokens) Tampered(subject string, claims any) string {
	t.tb.Helper()
	good := t.Good(subject, claims)
	d := draftOf(good)
	d.claims["sub"] = "not " + subject
	return d.with(signatureOf(good))
}

// WrongAudience returns a token for an audience that is none of those of
// jwtexp.WithAudience, or for one where there should be none: ErrInvalid,
// ReasonAudience.
func (t *Tokens) WrongAudience(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(issued *jwtexp.Token, d draft) {
		d.claims["aud"] = otherAudience(issued)
	})
}

// otherAudience is none of the token's: it is longer than each of them.
func otherAudience(issued *jwtexp.Token) string {
	return "not " + strings.Join(issued.Audience(), " ")
}

// AlgNone returns a token whose alg is none, and whose signature is empty (RFC
// 7515 Appendix A.5): ErrInvalid, ReasonAlgorithm.
func (t *Tokens) AlgNone(subject string, claims any) string {
	t.tb.Helper()
	d := draftOf(t.Good(subject, claims))
	d.header["alg"] = "none"
	return d.with("")
}

// WithoutExp returns a token without exp, which would never end: ErrInvalid,
// ReasonClaims.
func (t *Tokens) WithoutExp(subject string, claims any) string {
	t.tb.Helper()
	return t.changed(subject, claims, func(_ *jwtexp.Token, d draft) { delete(d.claims, "exp") })
}

// Oversized returns a token of more than 64 KiB: ErrInvalid, ReasonTooLarge. The
// claim that makes it so long is called padding.
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
	token, err := d.sign(key)
	if err != nil {
		t.tb.Fatalf("jwtexptest.Tokens: %v", err)
	}
	return token
}

func (t *Tokens) forge() forger {
	t.tb.Helper()
	f, err := t.forger()
	if err != nil {
		t.tb.Fatalf("jwtexptest.Tokens: another key: %v", err)
	}
	return f
}
