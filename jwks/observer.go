package jwks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
)

// WithFetchObserver calls observe once after each fetch, and after the request of [Discover]: for
// logs ([LogFetches]), metrics and alerts. It is not called for a fetch that [Remote.Close] cancels.
//
// The fetching goroutine calls observe before the calls that wait for the fetch go on, so observe
// must be fast, and must not call the Remote. Calls for one Remote do not overlap. If observe panics,
// the fetch fails.
func WithFetchObserver(observe func(Fetch)) RemoteOption {
	return remoteOption{"WithFetchObserver", func(c *config) error {
		c.observe = observe
		if observe == nil {
			return errors.New("nil; pass a function, or a logger to LogFetches")
		}
		return nil
	}}
}

// A Fetch is the result of one fetch of a JWK Set. It holds nothing secret, and all its texts may be
// logged.
//
// Alert if Err is not nil and KeepUntil is zero: then tokens are [jwtexp.ErrUnavailable]. Warn if
// KeepUntil is near.
type Fetch struct {
	// Host is the host, and the port if the URL has one, of the last request.
	Host string
	// Status is the HTTP status of the last response, or 0 without a response.
	Status int
	// Duration is how long the fetch took by [jwtexp.SystemClock].
	Duration time.Duration
	// Keys is how many JWKs of the new set are used. It is 0 after a failure, and for Discover.
	Keys int
	// LeftOut has a line on each JWK of the new set that is not used, and why.
	LeftOut []string
	// Err is why the fetch failed, or nil. The error chain has the cause, whose text may hold
	// secrets.
	Err error
	// Recovered reports that the fetch succeeded and the one before had failed.
	Recovered bool
	// KeepUntil is when the last good set stops being used ([WithOutageLimit]), by the clock of
	// the Verifier. It is zero if the fetch succeeded, and if no usable set is left.
	KeepUntil time.Time
}

// LogValue returns a group of host, status, duration, keys, recovered, left_out, error and keep_until,
// as far as they apply.
func (f Fetch) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("host", f.Host)}
	if f.Status != 0 {
		attrs = append(attrs, slog.Int("status", f.Status))
	}
	// As text: slog's JSON handler writes a Duration as a number of nanoseconds.
	attrs = append(attrs, slog.String("duration", f.Duration.String()))
	if f.Err == nil {
		attrs = append(attrs, slog.Int("keys", f.Keys))
	} else {
		attrs = append(attrs, slog.String("error", f.Err.Error()))
	}
	if f.Recovered {
		attrs = append(attrs, slog.Bool("recovered", true))
	}
	if len(f.LeftOut) > 0 {
		text := strings.Join(f.LeftOut[:min(len(f.LeftOut), maxFaults)], "; ")
		if more := len(f.LeftOut) - maxFaults; more > 0 {
			text += fmt.Sprintf("; and %d more", more)
		}
		attrs = append(attrs, slog.String("left_out", text))
	}
	if !f.KeepUntil.IsZero() {
		attrs = append(attrs, slog.Time("keep_until", f.KeepUntil))
	}
	return slog.GroupValue(attrs...)
}

// LogFetches returns an observer that logs each fetch. A failure is an error if no usable set is
// left, and a warning while the last good set is used. The first success after a failure is an info
// message, and any other one a debug message, also if keys were left out: many providers publish keys
// for encryption. LogFetches returns nil for a nil logger.
func LogFetches(logger *slog.Logger) func(Fetch) {
	if logger == nil {
		return nil
	}
	return func(f Fetch) {
		level := slog.LevelDebug
		switch {
		case f.Recovered:
			level = slog.LevelInfo
		case f.Err != nil && f.KeepUntil.IsZero():
			level = slog.LevelError
		case f.Err != nil:
			level = slog.LevelWarn
		}
		logger.LogAttrs(context.Background(), level, "key set fetch", slog.Any("fetch", f))
	}
}

// observe calls the observer with f, which began at the given time. Its error says that the observer
// panicked.
func (r *remote) observe(f Fetch, began time.Time) (err error) {
	if r.config.observe == nil || r.context.Err() != nil {
		return nil
	}
	defer func() {
		if value := recover(); value != nil {
			err = recovered("observer of WithFetchObserver", value)
		}
	}()
	f.Duration = jwtexp.SystemClock().Now().Sub(began)
	r.config.observe(f)
	return nil
}

// addResult adds to f what the states before and after the fetch say.
func (r *remote) addResult(f Fetch, last, next *state, now time.Time) Fetch {
	f.Err = next.err
	switch {
	case next.err == nil:
		f.Recovered = last.err != nil
		f.Keys, f.LeftOut = len(next.set.jwks), slices.Clone(next.set.skipped)
	case r.usable(next, now):
		f.KeepUntil = next.fetchedAt.Add(r.config.outageLimit)
	}
	return f
}
