package session

import (
	"cmp"
	"context"
	"errors"

	"github.com/jwtexp/jwtexp"
)

// The reasons of an [*jwtexp.InvalidError] of this package, besides [jwtexp.ReasonMalformed] for
// text that is not a refresh token and [jwtexp.ReasonSignature] for one of another secret.
const (
	ReasonReused jwtexp.Reason = "reused" // a refresh token that had been replaced; the session is over
	ReasonEnded  jwtexp.Reason = "ended"  // the session was ended before, or by ErrEnd
)

// ErrEnd ends a session. Return it from the function in [WithClaims], or an error that wraps it, if
// the subject may no longer be logged in.
var ErrEnd = errors.New("session: end the session")

// outage returns the error for an outage of what, which failed with cause. If the cause is a
// [*jwtexp.UnavailableError], it says what failed instead. detail must not be empty.
func outage(ctx context.Context, what, detail string, cause error) *jwtexp.UnavailableError {
	e := &jwtexp.UnavailableError{What: what, Detail: detail, Err: cause}
	if given, ok := errors.AsType[*jwtexp.UnavailableError](cause); ok && given != nil {
		e.What, e.Detail, e.RetryAfter = cmp.Or(given.What, what), cmp.Or(given.Detail, detail), given.RetryAfter
		e.Err = given.Unwrap()
	}
	if done := ctx.Err(); done != nil {
		e.Detail += "; the caller's context is done"
		if !errors.Is(e.Unwrap(), done) {
			e.Err = errors.Join(done, e.Unwrap())
		}
	}
	return e
}
