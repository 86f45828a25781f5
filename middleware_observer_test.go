package jwtexp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// observed has the fields and methods of a Decision.
type observed struct {
	Verdict   jwtexp.Verdict
	Reason    jwtexp.Reason
	KeyID     string
	Remaining time.Duration
	Canceled  bool
}

func TestObserver(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	key := testKey().WithID("k1")
	issuer := must(jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(clock)))
	good := must(issuer.Issue(t.Context(), "alice", map[string]any{"scope": "a"})).Raw()
	clock.Advance(10 * time.Minute)
	old := must(issuer.Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Second))).Raw()
	clock.Advance(5 * time.Minute)
	verifier := must(jwtexp.NewVerifier(key, jwtexp.WithClock(clock), jwtexp.WithLeeway(time.Minute)))
	down := must(jwtexp.NewVerifier(keySetFunc(func(ctx context.Context, _ string, _ time.Time) ([]jwtexp.Key, error) {
		return nil, errors.Join(errors.New("down"), ctx.Err())
	}), jwtexp.WithClock(clock)))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadlineCause(t.Context(), epoch, nil)
	defer cancel()

	for _, c := range []struct {
		name     string
		verifier jwtexp.TokenVerifier
		ctx      context.Context
		raw      string
		opts     []jwtexp.MiddlewareOption
		scope    string
		want     observed
		served   bool
	}{
		{name: "accepted", raw: good, want: observed{Verdict: "accepted", KeyID: "k1", Remaining: 45 * time.Minute}, served: true},
		{name: "expired", raw: old, want: observed{Verdict: "expired", KeyID: "k1", Remaining: time.Second - 5*time.Minute}},
		{name: "forged", raw: good[:len(good)-4] + "AAAA", want: observed{Verdict: "invalid", Reason: jwtexp.ReasonSignature}},
		{name: "missing", want: observed{Verdict: "missing"}},
		{name: "missing and optional", opts: []jwtexp.MiddlewareOption{jwtexp.WithOptional()}, want: observed{Verdict: "missing"}, served: true},
		{name: "malformed request", raw: "a b", want: observed{Verdict: "invalid", Reason: jwtexp.ReasonRequest}},
		{name: "has the scope", raw: good, scope: "a", want: observed{Verdict: "accepted", KeyID: "k1", Remaining: 45 * time.Minute}, served: true},
		{name: "lacks the scope", raw: good, scope: "b", want: observed{Verdict: "insufficient_scope", KeyID: "k1", Remaining: 45 * time.Minute}},
		{name: "outage", raw: good, verifier: down, want: observed{Verdict: "unavailable"}},
		{name: "client disconnected", raw: good, ctx: canceled, want: observed{Verdict: "canceled", Canceled: true}},
		{name: "client disconnected in an outage", raw: good, ctx: canceled, verifier: down, want: observed{Verdict: "canceled", Canceled: true}},
		{name: "client disconnected, forged", raw: good[:len(good)-4] + "AAAA", ctx: canceled, want: observed{Verdict: "invalid", Reason: jwtexp.ReasonSignature}},
		{name: "deadline exceeded", raw: good, ctx: late, verifier: down, want: observed{Verdict: "unavailable"}},
		{name: "key set returns context.Canceled", raw: good, verifier: must(jwtexp.NewVerifier(stubKeys(context.Canceled), jwtexp.WithClock(clock))), want: observed{Verdict: "unavailable"}},
		{name: "another verifier", raw: good, verifier: verifierFunc(verifier.Verify), want: observed{Verdict: "accepted", KeyID: "k1"}, served: true},
		{name: "another verifier, expired", raw: old, verifier: verifierFunc(verifier.Verify), want: observed{Verdict: "expired", KeyID: "k1", Remaining: time.Second - 5*time.Minute}},
		{name: "another verifier with its own error", raw: old, verifier: stubVerifier(nil, &jwtexp.ExpiredError{ExpiredAt: epoch, Now: epoch.Add(time.Second)}), want: observed{Verdict: "expired", Remaining: -time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []observed
			observe := jwtexp.WithObserver(func(r *http.Request, d jwtexp.Decision) {
				got = append(got, observed{d.Verdict(), d.Reason(), d.KeyID, d.Remaining, d.Canceled})
				if text := fmt.Sprintf("%v %+v %#v", d, d, d); c.raw != "" && strings.Contains(text, c.raw[len(c.raw)/2:]) {
					t.Errorf("got %s, want no text of the token", text)
				}
			})
			if c.verifier == nil {
				c.verifier = verifier
			}
			guard := must(jwtexp.NewMiddleware(c.verifier, append(c.opts, observe)...))
			if c.scope != "" {
				guard = guard.WithScope(c.scope)
			}
			r := httptest.NewRequest("GET", "/", nil)
			if c.raw != "" {
				r = requestWith(c.raw)
			}
			if c.ctx != nil {
				r = r.WithContext(c.ctx)
			}
			served := false
			guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true })).ServeHTTP(httptest.NewRecorder(), r)
			if served != c.served {
				t.Errorf("got the handler called: %t, want %t", served, c.served)
			}
			guard.Check(r)
			if diff := cmp.Diff([]observed{c.want, c.want}, got); diff != "" {
				t.Errorf("decisions of Handler and Check (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogDecisions(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	key := testKey().WithID("k1")
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}}))
	down := false
	verifier := must(jwtexp.NewVerifier(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
		if down {
			return nil, errors.New("secret of the key set")
		}
		return []jwtexp.Key{key}, nil
	}), jwtexp.WithClock(clock)))
	guard := must(jwtexp.NewMiddleware(verifier, jwtexp.WithObserver(jwtexp.LogDecisions(logger)),
		jwtexp.WithTokenFrom(jwtexp.FromHeader, jwtexp.FromCookie("session"), func(*http.Request) (string, error) {
			return "", fmt.Errorf("%w: secret of the extractor", jwtexp.ErrMissing)
		})))
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", guard.Handler(subject))
	send := func(ctx context.Context, raw string) {
		r := requestWith(raw).WithContext(ctx)
		r.URL.Path = "/orders/" + raw
		mux.ServeHTTP(httptest.NewRecorder(), r)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	good := must(must(jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil)).Raw()
	send(t.Context(), good)
	send(t.Context(), good+"A")
	send(canceled, good)
	down = true
	send(t.Context(), good)
	down = false
	clock.Advance(2 * time.Hour)
	send(t.Context(), good)

	socket := httptest.NewRequest("GET", "/orders/1", nil)
	mux.ServeHTTP(httptest.NewRecorder(), socket)
	socket.Header = upgradeHeader("https://evil.example", good)
	mux.ServeHTTP(httptest.NewRecorder(), socket)

	want := `level=DEBUG msg="bearer token" decision.verdict=accepted decision.kid=k1 decision.remaining=1h0m0s route="GET /orders/{id}"
level=INFO msg="bearer token" decision.verdict=invalid decision.reason=signature route="GET /orders/{id}"
level=DEBUG msg="bearer token" decision.verdict=canceled route="GET /orders/{id}"
level=ERROR msg="bearer token" decision.verdict=unavailable route="GET /orders/{id}" error="jwtexp: temporarily unavailable: the key set failed"
level=INFO msg="bearer token" decision.verdict=expired decision.kid=k1 decision.remaining=-1h0m0s route="GET /orders/{id}"
level=INFO msg="bearer token" decision.verdict=missing route="GET /orders/{id}"
level=INFO msg="bearer token" decision.verdict=missing route="GET /orders/{id}" error="jwtexp: missing token: the cookie does not count in an upgrade request from another origin; if you trust the page, pass its origin to FromCookie"
`
	if diff := cmp.Diff(want, log.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
