package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/jwtexp/jwtexp"
)

// A record becomes the one line that a request has in the log. It stands in for
// the ResponseWriter, to see the status, and handlers add notes to it.
type record struct {
	http.ResponseWriter
	status int
	notes  []slog.Attr
}

func (rec *record) WriteHeader(status int) {
	rec.status = status
	rec.ResponseWriter.WriteHeader(status)
}

type recordKey struct{}

// logRequests logs a line for every request. No header and no query goes into it,
// and no path but the service's own: they may hold a token.
func logRequests(next http.Handler, clock jwtexp.Clock, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := clock.Now()
		rec := &record{ResponseWriter: w, status: http.StatusOK}
		ctx := context.WithValue(r.Context(), recordKey{}, rec)
		r = r.WithContext(ctx)
		next.ServeHTTP(rec, r)
		path := "(unknown)"
		if r.Pattern != "" && r.Pattern != "/" {
			// The route's, and not the request's: a path that is redirected to a route may
			// be any.
			path = strings.TrimSuffix(r.Pattern[strings.IndexByte(r.Pattern, '/'):], "{$}")
		}
		logger.LogAttrs(ctx, slog.LevelInfo, "request", append([]slog.Attr{
			slog.String("method", r.Method),
			slog.String("path", path),
			slog.Int("status", rec.status),
			slog.Duration("duration", clock.Now().Sub(start)),
		}, rec.notes...)...)
	})
}

// note adds to the log's line for r. Never hand it a token: Subject and ID name
// one well enough.
func note(r *http.Request, key, value string) {
	if rec, ok := r.Context().Value(recordKey{}).(*record); ok {
		rec.notes = append(rec.notes, slog.String(key, value))
	}
}

// reason says in a word why a request was refused. It is for the log: the client
// learns no more than the verdict.
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
