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
		{name: "malformed request", raw: "first second", want: observed{Verdict: "invalid", Reason: jwtexp.ReasonRequest}},
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
level=INFO msg="bearer token" decision.verdict=invalid decision.reason=signature decision.detail="no key that fits kid and alg signed the token; was it changed, or signed by another service?" route="GET /orders/{id}"
level=DEBUG msg="bearer token" decision.verdict=canceled decision.detail="request: the caller's context was canceled" route="GET /orders/{id}"
level=ERROR msg="bearer token" decision.verdict=unavailable decision.detail="key set failed; LogDecisionsWithCause and errors.Unwrap show its error" route="GET /orders/{id}"
level=INFO msg="bearer token" decision.verdict=expired decision.detail="1h0m0s ago, at 2026-01-02T04:04:05Z" decision.kid=k1 decision.remaining=-1h0m0s route="GET /orders/{id}"
level=INFO msg="bearer token" decision.verdict=missing decision.detail="no Authorization header; no cookie session; an Extractor of your own found none" route="GET /orders/{id}"
level=INFO msg="bearer token" decision.verdict=missing decision.detail="no Authorization header; the cookie does not count in an upgrade request from another origin; if you trust the page, pass its origin to FromCookie; an Extractor of your own found none" route="GET /orders/{id}"
`
	if diff := cmp.Diff(want, log.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Detail quotes nothing of the application and of the token. Cause is the application's error.
func TestDetailAndCause(t *testing.T) {
	own := errors.New("private")
	const ownError = "an Extractor or a TokenVerifier of your own returned an error; LogDecisionsWithCause shows it"
	good := sign(testSecret, joseHeader, live(`,"scope":"private"`))
	clock := jwtexp.WithClock(jwtexptest.NewClock(epoch))
	keys := func(err error) jwtexp.TokenVerifier { return must(jwtexp.NewVerifier(stubKeys(err), clock)) }
	verifier := func(opts ...jwtexp.VerifierOption) jwtexp.TokenVerifier {
		return must(jwtexp.NewVerifier(testKey(), append(opts, clock)...))
	}
	from := func(err error) jwtexp.MiddlewareOption {
		return jwtexp.WithTokenFrom(func(*http.Request) (string, error) { return "", err })
	}
	for _, c := range []struct {
		name     string
		verifier jwtexp.TokenVerifier
		raw      string
		opts     []jwtexp.MiddlewareOption
		scope    string
		detail   string
		cause    error
	}{
		{name: "accepted", verifier: verifier(), raw: good},
		{name: "missing", verifier: verifier(), detail: "no Authorization header"},
		{name: "form", verifier: verifier(), raw: "a.b", detail: "got 2 segments separated by dots, want 3"},
		{name: "scope", verifier: verifier(), raw: good, scope: "a", detail: "lacks a"},
		{name: "key set", verifier: keys(own), raw: good, detail: "key set failed; LogDecisionsWithCause and errors.Unwrap show its error", cause: own},
		{name: "key set with a detail", verifier: keys(&jwtexp.UnavailableError{Detail: "sealed", Err: own}), raw: good, detail: "key set: sealed", cause: own},
		{name: "revocation check", verifier: verifier(stubRevoked(false, own)), raw: good, detail: "revocation check failed; LogDecisionsWithCause and errors.Unwrap show its error", cause: own},
		{name: "WithClaims", verifier: verifier(jwtexp.WithClaims(func(*struct{}) error { return own })), raw: good, detail: "the check in WithClaims returned an error; LogDecisionsWithCause and errors.Unwrap show it", cause: own},
		{name: "Extractor", verifier: verifier(), opts: []jwtexp.MiddlewareOption{from(own)}, detail: "the Extractor returned an error; LogDecisionsWithCause and errors.Unwrap show it", cause: own},
		{name: "Extractor with a verdict", verifier: verifier(), opts: []jwtexp.MiddlewareOption{from(errors.Join(jwtexp.ErrUnavailable, own))}, detail: ownError, cause: own},
		{name: "Extractor that finds nothing", verifier: verifier(), opts: []jwtexp.MiddlewareOption{from(errors.Join(jwtexp.ErrMissing, own))}, detail: "an Extractor of your own found none"},
		{name: "TokenVerifier", verifier: stubVerifier(nil, own), raw: good, detail: "TokenVerifier: its error matches no verdict, or several", cause: own},
		{name: "TokenVerifier with a verdict", verifier: stubVerifier(nil, errors.Join(jwtexp.ErrInvalid, own)), raw: good, detail: ownError, cause: own},
		{name: "TokenVerifier around a Verifier", verifier: verifierFunc(func(ctx context.Context, raw string) (*jwtexp.Token, error) {
			_, err := verifier(jwtexp.WithIssuer("login")).Verify(ctx, raw)
			return nil, fmt.Errorf("%w: %w", own, err)
		}), raw: good, detail: `iss is missing or empty; want "login" (WithIssuer)`, cause: own},
	} {
		t.Run(c.name, func(t *testing.T) {
			var plain, withCause bytes.Buffer
			var d jwtexp.Decision
			logs := []func(*http.Request, jwtexp.Decision){
				jwtexp.LogDecisions(slog.New(slog.NewTextHandler(&plain, nil))),
				jwtexp.LogDecisionsWithCause(slog.New(slog.NewTextHandler(&withCause, nil))),
			}
			guard := must(jwtexp.NewMiddleware(c.verifier, append(c.opts, jwtexp.WithObserver(func(r *http.Request, got jwtexp.Decision) {
				d = got
				for _, log := range logs {
					log(r, got)
				}
			}))...))
			if c.scope != "" {
				guard = guard.WithScope(c.scope)
			}
			r := httptest.NewRequest("GET", "/", nil)
			if c.raw != "" {
				r = requestWith(c.raw)
			}
			guard.Check(r)
			if got := d.Detail(); got != c.detail {
				t.Errorf("Detail: got %q, want %q", got, c.detail)
			}
			if got := d.Cause(); (got == nil) != (c.cause == nil) || !errors.Is(got, c.cause) {
				t.Errorf("Cause: got %v, want %v", got, c.cause)
			}
			if strings.Contains(plain.String(), "private") {
				t.Errorf("LogDecisions: got %s, want no text of the application or the token", plain.String())
			}
			if got := strings.Contains(withCause.String(), "cause="); got != (c.cause != nil) {
				t.Errorf("LogDecisionsWithCause: got %s, want a cause: %t", withCause.String(), c.cause != nil)
			}
		})
	}
}

// A cause whose text is in the detail is not logged twice.
func TestCauseIsNotLoggedTwice(t *testing.T) {
	var log bytes.Buffer
	observe := jwtexp.WithObserver(jwtexp.LogDecisionsWithCause(slog.New(slog.NewTextHandler(&log, nil))))
	early := sign(testSecret, joseHeader, live(fmt.Sprintf(`,"nbf":%d`, epoch.Unix()+2)))
	misfit := sign(testSecret, joseHeader, live(`,"uid":"x"`))
	fits := jwtexp.WithClaims[struct {
		UID int `json:"uid"`
	}](nil)
	clock := jwtexp.WithClock(jwtexptest.NewClock(epoch))
	own := must(jwtexp.NewVerifier(stubKeys(&jwtexp.UnavailableError{Detail: "the table cannot be read"}), clock))
	for raw, verifier := range map[string]*jwtexp.Verifier{
		early: must(jwtexp.NewVerifier(testKey(), clock)), misfit: must(jwtexp.NewVerifier(testKey(), fits, clock)), early + "A": own,
	} {
		must(jwtexp.NewMiddleware(verifier, observe)).Check(requestWith(raw))
	}
	if got := log.String(); strings.Count(got, "\n") != 3 || strings.Contains(got, "cause=") {
		t.Errorf("got %s, want three lines without a cause", got)
	}
}

// A panickingError has an Error method that panics.
type panickingError struct{}

func (panickingError) Error() string { panic("Error") }

func TestLogOfACauseThatPanics(t *testing.T) {
	var log bytes.Buffer
	observe := jwtexp.WithObserver(jwtexp.LogDecisionsWithCause(slog.New(slog.NewTextHandler(&log, nil))))
	guard := must(jwtexp.NewMiddleware(must(jwtexp.NewVerifier(stubKeys(panickingError{}))), observe))
	guard.Check(requestWith(sign(testSecret, joseHeader, live(""))))
	if !strings.Contains(log.String(), "key set failed") {
		t.Errorf("got %s, want a line for the outage", log.String())
	}
}

// A duration in a JSON log is text, and not a number of nanoseconds.
func TestDurationsInJSONLogs(t *testing.T) {
	var log bytes.Buffer
	clock := jwtexptest.NewClock(epoch)
	observe := jwtexp.WithObserver(jwtexp.LogDecisions(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	guard := must(jwtexp.NewMiddleware(newVerifier(clock).plain, observe))
	raw := sign(testSecret, joseHeader, live(fmt.Sprintf(`,"nbf":%d`, epoch.Unix())))
	for _, c := range []struct {
		now  time.Time
		want []string
	}{
		{epoch.Add(time.Minute), []string{`"remaining":"59m0s"`}},
		{epoch.Add(time.Hour + 296*time.Millisecond), []string{`"remaining":"-296ms"`, `"detail":"296ms ago, at 2026-01-02T04:04:05Z"`}},
		{epoch.Add(-90 * time.Second), []string{"1m30s ahead"}},
	} {
		log.Reset()
		clock.Set(c.now)
		guard.Check(requestWith(raw))
		for _, want := range c.want {
			if !strings.Contains(log.String(), want) {
				t.Errorf("got %s, want it to have %s", log.String(), want)
			}
		}
	}
}

// The methods of a Decision that an application makes by hand do not panic.
func TestDecisionsByHand(t *testing.T) {
	for _, err := range []error{nil, (*jwtexp.UnavailableError)(nil), (*jwtexp.InvalidError)(nil), (*jwtexp.ExpiredError)(nil), errors.New("private")} {
		t.Run(fmt.Sprintf("%T", err), func(t *testing.T) {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("got a panic (%v), want none", p)
				}
			}()
			d := jwtexp.Decision{Err: err}
			if text := fmt.Sprint(d.Verdict(), d.Reason(), d.Detail(), d.LogValue()); strings.Contains(text, "private") {
				t.Errorf("got %s, want no text of the application", text)
			}
			d.Cause()
		})
	}
	if got := (jwtexp.Decision{Err: jwtexp.ErrMissing}).Cause(); got != nil {
		t.Errorf("got %v, want no cause of ErrMissing", got)
	}
}
