package jwtexp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/opaque"
)

// The verdicts. An error of Verify, Recheck or [Middleware.Check] matches exactly one of them
// under [errors.Is].
var (
	// ErrExpired means that time has run out and everything else about the token is good. If it is
	// an access token, the client may refresh. If it is a refresh token, a person logs in again. The
	// error is an [*ExpiredError].
	ErrExpired = errors.New("jwtexp: token expired")

	// ErrInvalid means that the token must not be used, expired or not. The error is an
	// [*InvalidError].
	ErrInvalid = errors.New("jwtexp: invalid token")

	// ErrUnavailable says nothing about the token: the key set, the revocation check or the clock
	// failed. Try again later. The error is an [*UnavailableError].
	ErrUnavailable = errors.New("jwtexp: temporarily unavailable")

	// ErrMissing means that a request has no token.
	ErrMissing = errors.New("jwtexp: missing token")

	// ErrInsufficientScope means that a good token lacks a scope. The error is a [*ScopeError].
	ErrInsufficientScope = errors.New("jwtexp: insufficient scope")
)

// An ExpiredError is an [ErrExpired]. It proves that a trusted key signed the token for Subject,
// but not that Subject still has access: check revocation before you refresh. Its text and JSON
// contain no claim except exp.
type ExpiredError struct {
	ExpiredAt time.Time     // exp, in UTC
	Now       time.Time     // the clock's reading, in UTC: at or after ExpiredAt + Leeway
	Leeway    time.Duration // the Verifier's
	Subject   string        `json:"-"` // sub, or ""
	ID        string        `json:"-"` // jti, or ""

	token opaque.Pointer[contents]
}

// Ago returns Now - ExpiredAt.
func (e *ExpiredError) Ago() time.Duration { return e.Now.Sub(e.ExpiredAt) }

// Claims decodes the claims set as [Token.Claims] does. Give every field a json tag: names match in
// exact case.
func (e *ExpiredError) Claims(dst any) error {
	token := e.token.Get()
	if token == nil {
		return errors.New("jwtexp: this ExpiredError was not made by a Verifier and has no claims")
	}
	return token.decode(dst)
}

// Error returns when the token expired.
func (e *ExpiredError) Error() string { return ErrExpired.Error() + " " + e.when() }

func (e *ExpiredError) when() string {
	return fmt.Sprintf("%s ago, at %s", durationText(e.Ago()), e.ExpiredAt.Format(time.RFC3339Nano))
}

// Is reports whether target is [ErrExpired].
func (e *ExpiredError) Is(target error) bool { return e != nil && target == ErrExpired }

// Format prints the text of Error under every verb.
func (e ExpiredError) Format(f fmt.State, verb rune) { opaque.Format(f, verb, e.Error()) }

// An InvalidError is an [ErrInvalid].
type InvalidError struct {
	Reason Reason // the check that failed
	Err    error  `json:"-"` // of WithClaims or an Extractor, or a [*NotYetValidError]; or nil

	detail string // what was wrong; it quotes nothing of the token
}

// Error returns the Reason and every fault that was found. It does not quote Err, which may hold
// the token.
func (e *InvalidError) Error() string { return describe(ErrInvalid, string(e.Reason), e.detail) }

// Is reports whether target is [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return e != nil && target == ErrInvalid }

// Unwrap returns Err, or nil if Err matches a verdict.
func (e *InvalidError) Unwrap() error {
	if e == nil {
		return nil
	}
	return withoutVerdict(e.Err)
}

// Format prints the text of Error under every verb.
func (e InvalidError) Format(f fmt.State, verb rune) { opaque.Format(f, verb, e.Error()) }

// A NotYetValidError is the Err of an [*InvalidError] with [ReasonNotYetValid]. It matches no
// verdict.
type NotYetValidError struct {
	NotBefore time.Time     // nbf, in UTC
	Now       time.Time     // the clock's reading, in UTC: before NotBefore - Leeway
	Leeway    time.Duration // the Verifier's
}

// In returns NotBefore - Now.
func (e *NotYetValidError) In() time.Duration { return e.NotBefore.Sub(e.Now) }

// Error returns when the token becomes valid, and what the Verifier's clock reads.
func (e *NotYetValidError) Error() string { return "jwtexp: " + e.when() }

func (e *NotYetValidError) when() string {
	advice := "allow for clock skew with WithLeeway"
	if e.In() > MaxLeeway {
		advice = "check both clocks"
	}
	leeway := ""
	if e.Leeway > 0 {
		leeway = fmt.Sprintf(", with a leeway of %v", e.Leeway)
	}
	return fmt.Sprintf("nbf is %s, %s ahead of the Verifier's clock, which reads %s%s; %s",
		e.NotBefore.Format(time.RFC3339Nano), durationText(e.In()), e.Now.Format(time.RFC3339Nano), leeway, advice)
}

// An UnavailableError is an [ErrUnavailable]. A [KeySet], a [KeySource], a signer or the check in
// [WithRevoked] may return one: the error of Verify or Issue then has its What, Detail and
// RetryAfter. If the caller's context is done, the error also matches ctx.Err().
type UnavailableError struct {
	What       string        // what failed: "key set", "revocation check", "clock", "key source", "signer", …
	Detail     string        // why, in words that may be logged; or ""
	Err        error         `json:"-"` // the cause, which may quote anything; or nil
	RetryAfter time.Duration // when to try again; unknown if not positive
}

// Error returns What and Detail. It does not quote Err.
func (e *UnavailableError) Error() string { return describe(ErrUnavailable, e.failed()) }

func (e *UnavailableError) failed() string {
	switch {
	case e.What != "" && e.Detail == "" && e.Err != nil:
		return e.What + " failed; LogDecisionsWithCause and errors.Unwrap show its error"
	case e.What != "" && e.Detail == "":
		return e.What + " failed"
	}
	return join(": ", e.What, e.Detail)
}

// Is reports whether target is [ErrUnavailable].
func (e *UnavailableError) Is(target error) bool { return e != nil && target == ErrUnavailable }

// Unwrap returns Err, or nil if Err matches a verdict.
func (e *UnavailableError) Unwrap() error {
	if e == nil {
		return nil
	}
	return withoutVerdict(e.Err)
}

// Format prints the text of Error under every verb.
func (e UnavailableError) Format(f fmt.State, verb rune) { opaque.Format(f, verb, e.Error()) }

// A ScopeError is an [ErrInsufficientScope].
type ScopeError struct {
	Required []string // all scope tokens that the route requires
	Missing  []string // the ones that the token lacks
}

// Error returns Missing and Required.
func (e *ScopeError) Error() string { return describe(ErrInsufficientScope, e.lacking()) }

func (e *ScopeError) lacking() string {
	text := "lacks " + strings.Join(e.Missing, " ")
	if len(e.Missing) < len(e.Required) {
		text += "; the route requires " + strings.Join(e.Required, " ")
	}
	return text
}

// Is reports whether target is [ErrInsufficientScope].
func (e *ScopeError) Is(target error) bool { return e != nil && target == ErrInsufficientScope }

// A Reason names the first check that a token failed, for logs and metrics.
type Reason string

// The reasons of an [InvalidError], in the order of the checks. The check in [WithClaims] comes
// after ReasonConfirmation. A [VerifierSet] checks size, form, claims and issuer first.
const (
	ReasonRequest      Reason = "request"       // a malformed request (RFC 6750 §3.1)
	ReasonTooLarge     Reason = "too_large"     // WithMaxSize
	ReasonMalformed    Reason = "malformed"     // the form or the header
	ReasonType         Reason = "type"          // WithType
	ReasonAlgorithm    Reason = "algorithm"     // unsupported, or not the key's
	ReasonKeyID        Reason = "key_id"        // WithKeyIDRequired
	ReasonUnknownKey   Reason = "unknown_key"   // no key with this kid
	ReasonSignature    Reason = "signature"     // not signed by the key
	ReasonClaims       Reason = "claims"        // not a strict claims set with exp, or WithClaims
	ReasonIssuer       Reason = "issuer"        // WithIssuer, or not in the VerifierSet
	ReasonAudience     Reason = "audience"      // WithAudience
	ReasonConfirmation Reason = "confirmation"  // cnf, without WithConfirmation
	ReasonNotYetValid  Reason = "not_yet_valid" // before nbf
	ReasonLifetime     Reason = "lifetime"      // WithMaxLifetime or Key.WithNotAfter
	ReasonRevoked      Reason = "revoked"       // WithRevoked
)

var verdicts = [...]error{ErrUnavailable, ErrInvalid, ErrMissing, ErrExpired, ErrInsufficientScope}

// soleVerdict returns the one verdict that err matches, or nil if it matches none or several.
func soleVerdict(err error) error {
	var sole error
	for _, v := range verdicts {
		if errors.Is(err, v) {
			if sole != nil {
				return nil
			}
			sole = v
		}
	}
	return sole
}

// withoutVerdict returns err, or nil if err or an error that it wraps matches a verdict. So the
// error of an application's callback cannot change the verdict.
func withoutVerdict(err error) error {
	for _, v := range verdicts {
		if errors.Is(err, v) {
			return nil
		}
	}
	// An As method can match a type without matching its verdict.
	_, expired := errors.AsType[*ExpiredError](err)
	_, invalid := errors.AsType[*InvalidError](err)
	_, unavailable := errors.AsType[*UnavailableError](err)
	_, scope := errors.AsType[*ScopeError](err)
	if expired || invalid || unavailable || scope {
		return nil
	}
	return err
}

func invalid(r Reason, detail string) *InvalidError { return &InvalidError{Reason: r, detail: detail} }

// faults are the faults of one token. The first decides the Reason.
type faults []*InvalidError

func (f *faults) add(e *InvalidError) {
	if e != nil {
		*f = append(*f, e)
	}
}

// err returns the first fault, whose text then has the others, too. It returns nil if there is none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	first := f[0]
	for _, other := range f[1:] {
		first.detail += "; also " + other.detail
	}
	return first
}

// unavailable returns the error for an outage of what, which failed with cause. If the cause is an
// UnavailableError, it says what failed instead.
func unavailable(ctx context.Context, what, detail string, cause error) *UnavailableError {
	e := &UnavailableError{What: what, Detail: detail}
	if given, ok := errors.AsType[*UnavailableError](cause); ok && given != nil {
		e.What, e.Detail, e.RetryAfter = cmp.Or(given.What, what), cmp.Or(given.Detail, detail), given.RetryAfter
		if given.Err != nil || cause == error(given) {
			cause = given.Err
		}
	}
	// ctx.Err and not context.Cause, which can be any error, an ExpiredError too.
	if done := ctx.Err(); done != nil {
		e.Detail = join("; ", e.Detail, doneText(done))
		if !errors.Is(withoutVerdict(cause), done) {
			cause = errors.Join(done, withoutVerdict(cause))
		}
	}
	e.Err = conceal(cause)
	return e
}

// doneText says why a context ended. It does not print done, because a context of the
// application's own may return any error.
func doneText(done error) string {
	switch done {
	case context.Canceled:
		return "the caller's context was canceled"
	case context.DeadlineExceeded:
		return "the deadline of the caller's context passed"
	}
	return "the caller's context is done"
}

// A fault is an error whose text is safe to show, with a cause that may not be. It hides the
// cause from fmt.
type fault struct {
	text  string // "": the cause's
	cause opaque.Pointer[error]
}

func newFault(text string, cause error) *fault {
	f := &fault{text: text}
	if cause != nil {
		f.cause = opaque.To(&cause)
	}
	return f
}

// conceal returns an error with the text of err that wraps err. Printing an error that holds it
// does not print err's fields.
func conceal(err error) error {
	if err == nil {
		return nil
	}
	return newFault("", err)
}

// Error returns the text, or the cause's.
func (f *fault) Error() string {
	if f.text == "" {
		return fmt.Sprint(*f.cause.Get()) // Sprint survives an Error method that panics
	}
	return f.text
}

// Unwrap returns the cause, or nil if it matches a verdict.
func (f *fault) Unwrap() error {
	if cause := f.cause.Get(); cause != nil {
		return withoutVerdict(*cause)
	}
	return nil
}

// causeOf returns the error of a method of the application's claims types, if that is why the
// claims could not be read or written.
func causeOf(err error) error {
	if e, ok := errors.AsType[*claimset.Error](err); ok {
		return e.Cause
	}
	return nil
}

// durationText returns a duration for people to read. Longer ones than 292 years do not fit into a
// time.Duration.
func durationText(d time.Duration) string {
	switch days := d / (24 * time.Hour); {
	case d == math.MaxInt64, d == math.MinInt64:
		return "more than 292 years"
	case days > 2, days < -2:
		return fmt.Sprintf("about %d days", days)
	}
	return d.String()
}

// describe returns the verdict's text and the parts that are not empty.
func describe(verdict error, parts ...string) string {
	return join(": ", append([]string{verdict.Error()}, parts...)...)
}

// join joins the parts that are not empty.
func join(separator string, parts ...string) string {
	isEmpty := func(part string) bool { return part == "" }
	return strings.Join(slices.DeleteFunc(parts, isEmpty), separator)
}
