package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/jwtexp/jwtexp"
)

// A record collects what the log line of a request says. It wraps the ResponseWriter to record
// the status.
type record struct {
	http.ResponseWriter
	status int
	attrs  []slog.Attr
}

func (rec *record) WriteHeader(status int) {
	rec.status = status
	rec.ResponseWriter.WriteHeader(status)
}

type recordKey struct{}

// logRequests logs one line for each request. Headers, queries and unknown paths are not logged,
// because they may hold a token.
func logRequests(next http.Handler, clock jwtexp.Clock, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := clock.Now()
		rec := &record{ResponseWriter: w, status: http.StatusOK}
		ctx := context.WithValue(r.Context(), recordKey{}, rec)
		r = r.WithContext(ctx)
		next.ServeHTTP(rec, r)
		path := "(unknown)"
		if r.Pattern != "" && r.Pattern != "/" {
			// Not the request's path: net/http redirects any path that cleans to a route.
			path = strings.TrimSuffix(r.Pattern[strings.IndexByte(r.Pattern, '/'):], "{$}")
		}
		logger.LogAttrs(ctx, slog.LevelInfo, "request", append([]slog.Attr{
			slog.String("method", r.Method),
			slog.String("path", path),
			slog.Int("status", rec.status),
			slog.Duration("duration", clock.Now().Sub(start)),
		}, rec.attrs...)...)
	})
}

// note adds an attribute to the log line of the request with ctx. Do not log a token: log its Subject
// or ID.
func note(ctx context.Context, key, value string) {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		rec.attrs = append(rec.attrs, slog.String(key, value))
	}
}

// reason returns the reason for a rejection as one word for the log. The client learns only the
// verdict.
func reason(err error) string {
	if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		return string(invalid.Reason)
	}
	switch {
	case errors.Is(err, jwtexp.ErrExpired):
		return "expired"
	case errors.Is(err, jwtexp.ErrMissing):
		return "missing"
	}
	return "unavailable"
}
