package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestRealm(t *testing.T) {
	m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithRealm(`the "inner" \ realm`)))
	want := `Bearer realm="the \"inner\" \\ realm"`
	if got := send(t, m.Handler(subject), nil).Challenge; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRetryAfter(t *testing.T) {
	for after, want := range map[time.Duration]string{
		0:                "5",
		-time.Second:     "5",
		1:                "1",
		time.Second:      "1",
		time.Second + 1:  "2",
		90 * time.Second: "90",
		1<<63 - 1:        "9223372037",
	} {
		m := must(jwtexp.NewMiddleware(stubVerifier(nil, &jwtexp.UnavailableError{RetryAfter: after})))
		if got := send(t, m.Handler(subject), authorization("Bearer x")).RetryAfter; got != want {
			t.Errorf("RetryAfter %v: got %s, want %s", after, got, want)
		}
	}
}

func TestErrorHandler(t *testing.T) {
	plain := "text/plain; charset=utf-8"
	for _, c := range []struct {
		name string
		h    func(http.ResponseWriter, *http.Request, error)
		want response
	}{
		{"writes nothing", func(http.ResponseWriter, *http.Request, error) {}, missing},
		{"sets only a header", func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("Content-Type", "x/y") }, missing},
		{"writes a body", func(w http.ResponseWriter, _ *http.Request, _ error) { io.WriteString(w, "no") },
			response{401, missing.Challenge, "", "no-store", plain, "no"}},
		{"writes an empty body", func(w http.ResponseWriter, _ *http.Request, _ error) { w.Write(nil) },
			response{401, missing.Challenge, "", "no-store", "", ""}},
		{"writes a status", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(403) },
			response{403, missing.Challenge, "", "no-store", "", ""}},
		{"writes a status and a body", func(w http.ResponseWriter, _ *http.Request, _ error) { http.Error(w, "no", 404) },
			response{404, missing.Challenge, "", "no-store", plain, "no\n"}},
		{"writes an informational status first", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(103); io.WriteString(w, "no") },
			response{401, missing.Challenge, "", "no-store", plain, "no"}},
		{"writes only an informational status", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(103) }, missing},
		{"sets headers of a body that it does not write", func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Content-Length", "100")
			w.Header().Set("Content-Encoding", "gzip")
		}, missing},
		{"recovers from an invalid status", func(w http.ResponseWriter, _ *http.Request, _ error) {
			defer func() { _ = recover() }()
			w.WriteHeader(1000)
		}, missing},
		{"flushes", func(w http.ResponseWriter, _ *http.Request, _ error) {
			if err := http.NewResponseController(w).Flush(); err == nil {
				t.Error("Flush: got nil, want an error, because it would send status 200")
			}
		}, missing},
		{"removes the challenge", func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Del("WWW-Authenticate")
			io.WriteString(w, "no")
		}, response{401, "", "", "no-store", plain, "no"}},
		{"uses the error", func(w http.ResponseWriter, r *http.Request, err error) {
			fmt.Fprint(w, r.Method, " ", outcome(err) == "missing", errors.Is(err, jwtexp.ErrMissing))
		}, response{401, missing.Challenge, "", "no-store", plain, "GET true true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithErrorHandler(c.h)))
			wantResponse(t, m.Handler(subject), nil, c.want)
		})
	}
}

func TestStatusCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 200},
		{jwtexp.ErrMissing, 401},
		{jwtexp.ErrExpired, 401},
		{&jwtexp.ExpiredError{}, 401},
		{jwtexp.ErrInvalid, 401},
		{&jwtexp.InvalidError{Reason: jwtexp.ReasonSignature}, 401},
		{&jwtexp.InvalidError{Reason: jwtexp.ReasonRequest}, 400},
		{fmt.Errorf("wrapped: %w", &jwtexp.InvalidError{Reason: jwtexp.ReasonRequest}), 400},
		{jwtexp.ErrUnavailable, 503},
		{&jwtexp.UnavailableError{Err: context.Canceled}, 503},
		{(*jwtexp.ExpiredError)(nil), 500}, // a nil pointer matches no verdict
		{(*jwtexp.InvalidError)(nil), 500},
		{(*jwtexp.UnavailableError)(nil), 500},
		{errors.New("another"), 500},
		{errors.Join(jwtexp.ErrExpired, jwtexp.ErrUnavailable), 500},
	} {
		if got := jwtexp.StatusCode(c.err); got != c.want {
			t.Errorf("%v: got %d, want %d", c.err, got, c.want)
		}
	}
}

// A TokenVerifier of the application may return ErrExpired without a time, or with a time that
// encoding/json rejects. The response has no expired_at then.
func TestExpiredErrorWithoutUsableTime(t *testing.T) {
	for name, err := range map[string]error{
		"no time":         jwtexp.ErrExpired,
		"after year 9999": &jwtexp.ExpiredError{ExpiredAt: time.Unix(1<<40, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			want := expiredToken
			want.Body = `{"error":"Token expired"}`
			wantResponse(t, must(jwtexp.NewMiddleware(stubVerifier(nil, err))).Handler(subject), authorization("Bearer x"), want)
		})
	}
}
