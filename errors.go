package jwtexp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
)

// The verdicts. An error of [Verifier.Verify], [Verifier.Recheck], those of a
// [VerifierSet] and [Middleware.Check] matches exactly one of them under [errors.Is].
var (
	// ErrExpired says that time has run out and that nothing else is wrong: form,
	// algorithm, key, signature, type, issuer, audience, claims, lifetime and
	// not-before are all good. A client that sees it may refresh. The error is an
	// [*ExpiredError].
	ErrExpired = errors.New("jwtexp: token expired")

	// ErrInvalid says that the token must not be used, expired or not. The error
	// is an [*InvalidError].
	ErrInvalid = errors.New("jwtexp: invalid token")

	// ErrUnavailable says nothing about the token: what is needed to judge it (the
	// key set, the revocation store, the clock) failed. Try again later. The error
	// is an [*UnavailableError].
	ErrUnavailable = errors.New("jwtexp: temporarily unavailable")

	// ErrMissing says that a request carries no token. Only [Middleware.Check] and
	// an [Extractor] return it.
	ErrMissing = errors.New("jwtexp: missing token")

	// ErrInsufficientScope says that the token is good and lacks a scope that the
	// route demands: only [Middleware.Check] of a Middleware that [Middleware.WithScope]
	// made returns it. The error is a [*ScopeError].
	ErrInsufficientScope = errors.New("jwtexp: insufficient scope")
)

// An ExpiredError is an [ErrExpired]: a token that was good in all but time.
//
// It proves that a trusted key once vouched for Subject, which is what a
// refresh or a friendlier login page needs. It is no proof that Subject may do
// anything now, and revocation has not been checked: before you refresh, check
// it yourself.
//
// Neither its text nor its JSON tells Subject, ID or any claim.
type ExpiredError struct {
	ExpiredAt time.Time     // the token's exp, in UTC
	Now       time.Time     // the reading it was judged by, in UTC: not before ExpiredAt + Leeway
	Leeway    time.Duration // the Verifier's
	Subject   string        `json:"-"` // sub, "" where absent
	ID        string        `json:"-"` // jti, "" where absent

	token sealed[contents]
}

// Ago tells for how long the token has been expired, counted from ExpiredAt: at
// least Leeway, and at most the 292 years that a Duration holds.
func (e *ExpiredError) Ago() time.Duration { return e.Now.Sub(e.ExpiredAt) }

// Claims decodes the expired token's claims set into dst, as [Token.Claims] does.
// It is an error for an ExpiredError that no Verifier made.
func (e *ExpiredError) Claims(dst any) error {
	token := e.token.get()
	if token == nil {
		return errors.New("jwtexp: this ExpiredError was not made by a Verifier and has no claims")
	}
	return token.decode(dst)
}

// Error tells when the token expired, and nothing of its claims.
func (e *ExpiredError) Error() string {
	return fmt.Sprintf("%v %v ago, at %s", ErrExpired, e.Ago(), e.ExpiredAt.Format(time.RFC3339Nano))
}

// Is makes e match [ErrExpired]. A nil e, returned by mistake, matches no
// verdict.
func (e *ExpiredError) Is(target error) bool { return e != nil && target == ErrExpired }

// Format prints the text of Error whatever the verb.
func (e ExpiredError) Format(f fmt.State, verb rune) { format(f, verb, e.Error()) }

// An InvalidError is an [ErrInvalid].
type InvalidError struct {
	Reason Reason // the check that refused the token
	Err    error  `json:"-"` // of the check given to WithClaims, of decoding its T, or of an Extractor; or nil

	detail string // what exactly was wrong: nothing of the token's is in it
}

// Error tells the Reason and what exactly was wrong. It does not print Err, which
// may quote the token: log that by itself where it may be logged.
func (e *InvalidError) Error() string { return describe(ErrInvalid, string(e.Reason), e.detail) }

// Is makes e match [ErrInvalid]; a nil e matches no verdict.
func (e *InvalidError) Is(target error) bool { return e != nil && target == ErrInvalid }

// Unwrap returns Err, unless that matches a verdict: an error has only one.
func (e *InvalidError) Unwrap() error {
	if e == nil {
		return nil
	}
	return withoutVerdict(e.Err)
}

// Format prints the text of Error whatever the verb.
func (e InvalidError) Format(f fmt.State, verb rune) { format(f, verb, e.Error()) }

// An UnavailableError is an [ErrUnavailable]. A [KeySet], a [KeySource] or a
// check given to [WithRevoked] may return one to set RetryAfter; any other error
// of theirs becomes the cause of one.
//
// Where the caller's context was done, it also matches [context.Canceled] or
// [context.DeadlineExceeded].
type UnavailableError struct {
	Err        error         `json:"-"` // of the key set, key source, signer or revocation check; or nil
	RetryAfter time.Duration // when to try again; 0 and below: not known

	what string // what failed
}

// Error tells what failed. It does not print Err, which may quote what was asked:
// log that by itself where it may be logged.
func (e *UnavailableError) Error() string { return describe(ErrUnavailable, e.what) }

// Is makes e match [ErrUnavailable]; a nil e matches no verdict.
func (e *UnavailableError) Is(target error) bool { return e != nil && target == ErrUnavailable }

// Unwrap returns Err, unless that matches a verdict: an error has only one.
func (e *UnavailableError) Unwrap() error {
	if e == nil {
		return nil
	}
	return withoutVerdict(e.Err)
}

// Format prints the text of Error whatever the verb.
func (e UnavailableError) Format(f fmt.State, verb rune) { format(f, verb, e.Error()) }

// A ScopeError is an [ErrInsufficientScope].
type ScopeError struct {
	Required []string // all that the route demands, which the client is told
}

// Error tells what is demanded, and nothing of the token.
func (e *ScopeError) Error() string {
	return describe(ErrInsufficientScope, "needs "+strings.Join(e.Required, " "))
}

// Is makes e match [ErrInsufficientScope]; a nil e matches no verdict.
func (e *ScopeError) Is(target error) bool { return e != nil && target == ErrInsufficientScope }

// A Reason says which check refused an invalid token: the first that it failed.
// The constants stand in the order of the checks, save that the check given to
// [WithClaims] comes after the confirmation, and that a [VerifierSet], to choose, looks at
// size, form, claims and issuer beforehand. Reasons are for logs and metrics; a client
// learns only that its token is invalid.
type Reason string

// The reasons of an [InvalidError].
const (
	ReasonRequest      Reason = "request"       // the request, not the token: two tokens, or a malformed Authorization header (RFC 6750 §3.1 invalid_request)
	ReasonTooLarge     Reason = "too large"     // longer than WithMaxSize
	ReasonMalformed    Reason = "malformed"     // not three strict base64url segments (the payload is looked into after the signature), or a header that is not strict JSON or has crit
	ReasonType         Reason = "type"          // typ is not the one that WithType names, or without it neither JWT nor absent
	ReasonAlgorithm    Reason = "algorithm"     // unsupported alg, or no key with this kid has it
	ReasonKeyID        Reason = "key id"        // kid is missing or empty, and WithKeyIDRequired requires one
	ReasonUnknownKey   Reason = "unknown key"   // no key with this kid; in Recheck also: the key is no longer trusted
	ReasonSignature    Reason = "signature"     // not signed by the key
	ReasonClaims       Reason = "claims"        // the payload is not a strict claims set with exp, or WithClaims refused it
	ReasonIssuer       Reason = "issuer"        // iss is not the one that WithIssuer names, or not one that a VerifierSet knows
	ReasonAudience     Reason = "audience"      // aud names none that WithAudience names, or names one where the verifier has none
	ReasonConfirmation Reason = "confirmation"  // the token has cnf (RFC 7800), and WithConfirmation is not given
	ReasonLifetime     Reason = "lifetime"      // longer than WithMaxLifetime, or than the key vouches for (Key.WithNotAfter)
	ReasonNotYetValid  Reason = "not yet valid" // before nbf
	ReasonRevoked      Reason = "revoked"       // WithRevoked said so
)

var verdicts = [...]error{ErrUnavailable, ErrInvalid, ErrMissing, ErrExpired, ErrInsufficientScope}

// soleVerdict returns the one verdict that err matches, nil where it matches
// none or several.
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

// withoutVerdict returns err, or nil where err, or anything it wraps, would pass
// for a verdict: what an application's error says must not change ours.
func withoutVerdict(err error) error {
	for _, v := range verdicts {
		if errors.Is(err, v) {
			return nil
		}
	}
	// An As method can pass for a type without passing for its sentinel.
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

// unavailable makes the error for an outage of what, which failed with cause.
func unavailable(ctx context.Context, what string, cause error) *UnavailableError {
	e := &UnavailableError{what: what}
	if theirs, ok := errors.AsType[*UnavailableError](cause); ok && theirs != nil {
		e.RetryAfter = theirs.RetryAfter
		if theirs.Err != nil {
			cause = theirs.Err
		}
	}
	// ctx.Err and not context.Cause: a cause can be anything, an ExpiredError too.
	if done := ctx.Err(); done != nil && !errors.Is(withoutVerdict(cause), done) {
		cause = errors.Join(done, withoutVerdict(cause))
	}
	e.Err = conceal(cause)
	return e
}

// A fault is a text of this package's, safe to show to anybody, in front of a
// cause that may not be. It keeps the cause out of fmt's reach.
type fault struct {
	text  string // "": that of the cause
	cause sealed[error]
}

func newFault(text string, cause error) *fault {
	f := &fault{text: text}
	if cause != nil {
		f.cause = seal(&cause)
	}
	return f
}

// conceal returns an error that says what an application's error does, and leads
// to it, but is not looked into where an error that holds it is printed.
func conceal(err error) error {
	if err == nil {
		return nil
	}
	return newFault("", err)
}

// Error returns the text, or the text of a concealed error if it has none.
func (f *fault) Error() string {
	if f.text == "" {
		return fmt.Sprint(*f.cause.get()) // which survives an Error method that panics, such as a nil pointer's
	}
	return f.text
}

// Unwrap returns the cause, unless that matches a verdict.
func (f *fault) Unwrap() error {
	if cause := f.cause.get(); cause != nil {
		return withoutVerdict(*cause)
	}
	return nil
}

// causeOf returns what a method of the application's own types said, if that is
// why its claims could not be read or written.
func causeOf(err error) error {
	if e, ok := errors.AsType[*claimset.Error](err); ok {
		return e.Cause
	}
	return nil
}

// describe joins the parts of a text that are not empty.
func describe(verdict error, parts ...string) string {
	text := verdict.Error()
	for _, part := range parts {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

// format prints text under any verb. Without it, %#v, and a verb that is not for
// strings, such as %d, would print an error's fields.
func format(f fmt.State, verb rune, text string) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), text)
}

// sealed holds a pointer whose target reflection cannot reach. fmt follows some plain
// pointers in unexported fields, and packages that print by reflection, such as testify,
// follow all of them. In an atomic.Pointer both find an unsafe.Pointer, and print an
// address. A sealed is comparable. The zero sealed holds nil.
type sealed[T any] struct{ p *atomic.Pointer[T] }

func seal[T any](v *T) sealed[T] {
	p := new(atomic.Pointer[T])
	p.Store(v)
	return sealed[T]{p}
}

func (s sealed[T]) get() *T {
	if s.p == nil {
		return nil
	}
	return s.p.Load()
}
