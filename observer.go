package jwtexp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// WithObserver calls observe once for each decision of Handler or Check, before the answer is
// written. r carries the token, so don't log its headers. observe must be safe for concurrent use,
// and fast, because the request waits.
func WithObserver(observe func(r *http.Request, d Decision)) MiddlewareOption {
	return middlewareOption{"WithObserver", func(m *middleware) error {
		m.observe = observe
		if observe == nil {
			return errors.New("nil; pass a function, or a logger to LogDecisions")
		}
		return nil
	}}
}

// A Decision is what a [Middleware] decided about a request. It does not hold the token, unless a
// callback of your own puts it in an error.
type Decision struct {
	// Err is the error of [Middleware.Check], or nil if the token was accepted.
	Err error
	// KeyID is the kid of a token that was accepted, has expired or lacks a scope.
	KeyID string
	// Remaining is the time until exp, without leeway, negative for an expired token. It is 0 if it
	// is unknown.
	Remaining time.Duration
	// Canceled reports that the client disconnected. Err is [ErrUnavailable] then, although nothing
	// has failed.
	Canceled bool
}

func newDecision(r *http.Request, t *Token, now time.Time, err error) Decision {
	d := Decision{Err: err}
	if t != nil {
		d.KeyID = t.KeyID()
		if !now.IsZero() {
			d.Remaining = t.ExpiresAt().Sub(now)
		}
	}
	if e, ok := errors.AsType[*ExpiredError](err); ok && e != nil {
		d.Remaining = -e.Ago()
		if token := e.token.Get(); token != nil {
			d.KeyID = token.header.KeyID
		}
	}
	d.Canceled = errors.Is(err, ErrUnavailable) && errors.Is(r.Context().Err(), context.Canceled)
	return d
}

// A Verdict is a decision in one word.
type Verdict string

// The verdicts of a [Decision].
const (
	VerdictAccepted          Verdict = "accepted"
	VerdictMissing           Verdict = "missing"
	VerdictExpired           Verdict = "expired"
	VerdictInvalid           Verdict = "invalid"
	VerdictInsufficientScope Verdict = "insufficient_scope"
	VerdictCanceled          Verdict = "canceled"    // the client disconnected
	VerdictUnavailable       Verdict = "unavailable" // ErrUnavailable or any other error
)

// Verdict returns the decision in one word.
func (d Decision) Verdict() Verdict {
	switch {
	case d.Err == nil:
		return VerdictAccepted
	case d.Canceled:
		return VerdictCanceled
	}
	switch soleVerdict(d.Err) {
	case ErrMissing:
		return VerdictMissing
	case ErrExpired:
		return VerdictExpired
	case ErrInvalid:
		return VerdictInvalid
	case ErrInsufficientScope:
		return VerdictInsufficientScope
	}
	return VerdictUnavailable
}

// Reason returns why the token is invalid, or "" if it is not.
func (d Decision) Reason() Reason {
	if e, ok := errors.AsType[*InvalidError](d.Err); ok && e != nil {
		return e.Reason
	}
	return ""
}

// Detail returns what was wrong, without the verdict and the reason. It may be logged: it never
// quotes the token, nor an error of your own code. It is "" for an accepted token.
func (d Decision) Detail() string {
	switch soleVerdict(d.Err) {
	case ErrInvalid:
		if e, ok := errors.AsType[*InvalidError](d.Err); ok && e != nil {
			return e.detail
		}
	case ErrExpired:
		if e, ok := errors.AsType[*ExpiredError](d.Err); ok && e != nil {
			return e.when()
		}
	case ErrUnavailable:
		if e, ok := errors.AsType[*UnavailableError](d.Err); ok && e != nil {
			return e.failed()
		}
	case ErrInsufficientScope:
		if e, ok := errors.AsType[*ScopeError](d.Err); ok && e != nil {
			return e.lacking()
		}
	case ErrMissing:
		if e, ok := errors.AsType[*missingError](d.Err); ok && e != nil {
			return e.why
		}
	}
	if d.Cause() == nil {
		return ""
	}
	return "an Extractor or a TokenVerifier of your own returned an error; LogDecisionsWithCause shows it"
}

// Cause returns the error behind Err: of a key set, a key source, a driver, or your own callback,
// Extractor or TokenVerifier. It is nil if there is none. Its text may quote the token.
func (d Decision) Cause() error {
	switch e := d.Err.(type) {
	case *UnavailableError:
		if e == nil {
			return nil
		}
		return e.Err
	case *InvalidError:
		if e == nil {
			return nil
		}
		return e.Err
	case *ExpiredError, *ScopeError, *missingError:
		return nil
	}
	if d.Err == ErrMissing {
		return nil
	}
	return d.Err // of an Extractor or a TokenVerifier
}

// LogValue returns a group of verdict, reason, detail, kid and remaining, as far as they are known.
func (d Decision) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("verdict", string(d.Verdict()))}
	if reason := d.Reason(); reason != "" {
		attrs = append(attrs, slog.String("reason", string(reason)))
	}
	if detail := d.Detail(); detail != "" {
		attrs = append(attrs, slog.String("detail", detail))
	}
	if d.KeyID != "" {
		attrs = append(attrs, slog.String("kid", d.KeyID))
	}
	if d.Remaining != 0 {
		// As text: slog's JSON handler writes a Duration as a number of nanoseconds.
		attrs = append(attrs, slog.String("remaining", durationText(d.Remaining)))
	}
	return slog.GroupValue(attrs...)
}

// LogDecisions returns an observer that logs each decision and the pattern of the route, and nothing
// else of the request. Outages are errors. Accepted tokens and disconnected clients are debug
// messages. LogDecisions returns nil for a nil logger.
func LogDecisions(logger *slog.Logger) func(*http.Request, Decision) {
	return logDecisions(logger, func(Decision) []slog.Attr { return nil })
}

// LogDecisionsWithCause is LogDecisions that also logs the text of [Decision.Cause]. Use it if the
// errors of your own code, and of drivers and transports, quote no secrets.
func LogDecisionsWithCause(logger *slog.Logger) func(*http.Request, Decision) {
	return logDecisions(logger, func(d Decision) []slog.Attr {
		cause := d.Cause()
		text := strings.TrimPrefix(fmt.Sprint(cause), "jwtexp: ")
		if cause == nil || strings.Contains(d.Detail(), text) { // it is the library's own
			return nil
		}
		return []slog.Attr{slog.String("cause", text)}
	})
}

func logDecisions(logger *slog.Logger, more func(Decision) []slog.Attr) func(*http.Request, Decision) {
	if logger == nil {
		return nil
	}
	return func(r *http.Request, d Decision) {
		level := slog.LevelInfo
		switch d.Verdict() {
		case VerdictAccepted, VerdictCanceled:
			level = slog.LevelDebug
		case VerdictUnavailable:
			level = slog.LevelError
		}
		if !logger.Enabled(r.Context(), level) {
			return
		}
		attrs := []slog.Attr{slog.Any("decision", d), slog.String("route", r.Pattern)}
		logger.LogAttrs(r.Context(), level, "bearer token", append(attrs, more(d)...)...)
	}
}
