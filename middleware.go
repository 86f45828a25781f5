package jwtexp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/internal/bearer"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
)

const (
	// DefaultRealm is the realm of a [Middleware] without [WithRealm].
	DefaultRealm = "api"

	// DefaultRetryAfter is the Retry-After of a 503 if the [UnavailableError] sets none.
	DefaultRetryAfter = 5 * time.Second
)

// A TokenVerifier is a [*Verifier], a [*VerifierSet], or a wrapper around one. It must be safe for
// concurrent use. It returns a Token of this package, or an error that matches one of [ErrExpired],
// [ErrInvalid] and [ErrUnavailable]. Any other result is an outage.
type TokenVerifier interface {
	Verify(ctx context.Context, raw string) (*Token, error)
}

// A builtinVerifier is a *Verifier or a *VerifierSet.
type builtinVerifier interface {
	check() error // why NewMiddleware rejects it
	verify(ctx context.Context, raw string) (*Token, reading, error)
}

// builtin returns v as a builtinVerifier, or nil. It compares types, because a struct that
// embeds a *Verifier has these methods, too, but its own Verify must be called.
func builtin(v TokenVerifier) builtinVerifier {
	switch v := v.(type) {
	case *Verifier:
		return v
	case *VerifierSet:
		return v
	}
	return nil
}

// A Middleware verifies the bearer tokens of requests (RFC 6750). It is safe for concurrent use.
// Make it with [NewMiddleware]: the zero Middleware accepts nothing.
type Middleware struct {
	in opaque.Field[middleware] // leads to keys
}

type middleware struct {
	verifier     TokenVerifier
	builtin      builtinVerifier // verifier, or nil
	realm        string
	extractors   []Extractor
	optional     bool
	withDeadline bool
	scope        []string // required
	scopeOf      func(*Token) []string
	onError      func(http.ResponseWriter, *http.Request, error)
	observe      func(*http.Request, Decision)
}

// NewMiddleware returns a Middleware that accepts the tokens that v accepts.
func NewMiddleware(v TokenVerifier, opts ...MiddlewareOption) (*Middleware, error) {
	s := setup.New("jwtexp: NewMiddleware")
	in := &middleware{verifier: v, builtin: builtin(v), realm: DefaultRealm, extractors: []Extractor{FromHeader}, scopeOf: (*Token).Scope}
	if in.builtin != nil {
		s.Fault("verifier", in.builtin.check())
	} else if setup.IsNil(v) {
		s.Fault("verifier", errors.New("nil; pass a *Verifier or a *VerifierSet"))
	}
	setup.Apply(s, opts, func(o MiddlewareOption) { o.forMiddleware(in, s) })
	if err := s.Err(); err != nil {
		return nil, err
	}
	return newMiddleware(in), nil
}

func newMiddleware(in *middleware) *Middleware {
	m := new(Middleware)
	m.in.Set(in)
	return m
}

// WithScope returns a copy of m that also requires the given scope tokens. For a token that lacks
// one, Check returns [ErrInsufficientScope] and Handler answers 403 (RFC 6750 §3.1):
//
//	mux.Handle("GET /orders", guard.WithScope("orders:read").Handler(orders))
//
// A request without a token is rejected, even with [WithOptional]. WithScope panics without a scope
// token, and for a malformed one (RFC 6749 §3.3).
func (m *Middleware) WithScope(scope ...string) *Middleware {
	if len(scope) == 0 {
		panic("jwtexp: Middleware.WithScope: no scope token")
	}
	in := *m.config()
	in.scope = slices.Clip(in.scope)
	for _, one := range scope {
		if !bearer.IsScopeToken(one) {
			panic(fmt.Sprintf("jwtexp: Middleware.WithScope: invalid scope token %q; pass each token as a separate argument, and map a name with spaces to one in WithScopeFrom", one))
		}
		if !slices.Contains(in.scope, one) {
			in.scope = append(in.scope, one)
		}
	}
	return newMiddleware(&in)
}

// Check returns the token of a request, or an error that matches exactly one of the verdicts. If
// the request's context is done, Check returns [ErrUnavailable] instead of a token or ErrMissing.
func (m *Middleware) Check(r *http.Request) (*Token, error) {
	t, _, err := m.config().decide(r)
	return t, err
}

// config returns the configuration. A nil or zero Middleware has no verifier.
func (m *Middleware) config() *middleware {
	if m == nil || m.in.Get() == nil {
		return &middleware{}
	}
	return m.in.Get()
}

// decide checks a request and calls the observer.
func (m *middleware) decide(r *http.Request) (t *Token, at reading, err error) {
	t, at, err = m.check(r)
	if m.observe != nil {
		m.observe(r, newDecision(r, t, at.now, err))
	}
	if err != nil {
		return nil, at, err
	}
	return t, at, nil
}

// check rejects a request whose context is done, because a callback may have returned only for
// that reason. The cause of the context's end, which net/http's client returns as an error, can
// be an ErrExpired. It says nothing about this token. The token is also returned if it lacks a
// scope.
func (m *middleware) check(r *http.Request) (t *Token, at reading, err error) {
	t, at, err = m.verifyRequest(r)
	done := r.Context().Err()
	switch {
	case done != nil && !errors.Is(err, done) && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrExpired),
		done != nil && errors.Is(err, context.Cause(r.Context())) && !errors.Is(err, ErrUnavailable):
		return nil, at, unavailable(r.Context(), "request", "", err)
	case err != nil:
		return nil, at, err
	}
	return t, at, m.checkScope(t)
}

func (m *middleware) verifyRequest(r *http.Request) (*Token, reading, error) {
	if m.verifier == nil {
		return nil, reading{}, unavailable(r.Context(), "Middleware", "nil or zero; make it with NewMiddleware", nil)
	}
	raw, err := m.extract(r)
	if err != nil {
		return nil, reading{}, err
	}
	t, at, err := m.verify(r.Context(), raw)
	switch {
	case err == nil && t.proven():
		return t, at, nil
	case err == nil:
		return nil, at, unavailable(r.Context(), "TokenVerifier", "it returned neither a token nor an error", nil)
	}
	switch soleVerdict(err) {
	case ErrExpired, ErrInvalid, ErrUnavailable:
		return nil, at, err
	}
	return nil, at, unavailable(r.Context(), "TokenVerifier", "its error matches no verdict, or several", err)
}

func (m *middleware) verify(ctx context.Context, raw string) (*Token, reading, error) {
	if m.builtin != nil {
		return m.builtin.verify(ctx, raw)
	}
	t, err := m.verifier.Verify(ctx, raw)
	return t, reading{}, err
}

func (m *middleware) checkScope(t *Token) error {
	if len(m.scope) == 0 {
		return nil // without decoding the claims
	}
	has := m.scopeOf(t)
	var missing []string
	for _, needed := range m.scope {
		if !slices.Contains(has, needed) {
			missing = append(missing, needed)
		}
	}
	if missing == nil {
		return nil
	}
	return &ScopeError{Required: slices.Clone(m.scope), Missing: missing}
}

// extract returns the one token of a request. Two tokens are rejected even if they are equal: two
// components could each trust a different one.
func (m *middleware) extract(r *http.Request) (string, error) {
	found := ""
	var missing reasonsMissing
	for _, from := range m.extractors {
		raw, err := from(r)
		if err != nil {
			switch soleVerdict(err) {
			case ErrMissing:
				missing.add(err)
				continue
			case ErrInvalid, ErrUnavailable:
				return "", err
			}
			return "", &InvalidError{Reason: ReasonRequest, Err: conceal(err), detail: "the Extractor returned an error; LogDecisionsWithCause and errors.Unwrap show it"}
		}
		if raw == "" {
			missing.add(nil)
		}
		if raw != "" && found != "" {
			return "", invalid(ReasonRequest, "the request has a token in two places; to take the first, combine the extractors with FirstOf")
		}
		found = cmp.Or(found, raw)
	}
	if found == "" {
		return "", missing.err()
	}
	return found, nil
}

// Handler returns a handler that serves next if [Middleware.Check] accepts the request, with the
// token in its context ([FromContext]). It rejects other requests with the status of [StatusCode],
// the challenge of RFC 6750 (for 503, Retry-After instead), Cache-Control: no-store, and a JSON
// body:
//
//	no token               401  {"error":"Missing token"}
//	a malformed request    400  {"error":"Invalid request"}
//	an expired token       401  {"error":"Token expired","expired_at":"2026-01-02T03:04:05Z"}
//	an invalid token       401  {"error":"Invalid token"}
//	a scope is lacking     403  {"error":"Insufficient scope"}
//	an outage              503  {"error":"Temporarily unavailable"}
func (m *Middleware) Handler(next http.Handler) http.Handler {
	if setup.IsNil(next) {
		panic("jwtexp: Middleware.Handler: next is nil")
	}
	in := m.config()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, at, err := in.decide(r)
		switch {
		case err == nil && in.withDeadline:
			ctx, cancel := at.by.withDeadline(NewContext(r.Context(), t), t, at.now)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		case err == nil:
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), t)))
		case in.optional && len(in.scope) == 0 && errors.Is(err, ErrMissing):
			// The nil hides a token that an outer middleware accepted.
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), nil)))
		default:
			in.reject(w, r, err)
		}
	})
}

// Refuse writes the response that [Middleware.Handler] writes for an error of [Middleware.Check].
// It is for handlers that call Check. For nil, and for an error that matches no verdict, the
// response is 500.
func (m *Middleware) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	m.config().reject(w, r, err)
}

func (m *middleware) reject(w http.ResponseWriter, r *http.Request, err error) {
	rejection := rejectionOf(err)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch rejection.status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter(err))
	case http.StatusInternalServerError:
	default:
		challenge := rejection.challenge
		challenge.Realm = cmp.Or(m.realm, DefaultRealm) // a zero Middleware has none
		h.Set("WWW-Authenticate", challenge.String())
	}
	if m.onError != nil {
		guard := &statusWriter{ResponseWriter: w, status: rejection.status}
		m.onError(guard, r, err)
		if guard.written {
			return
		}
	}
	// An error handler that wrote nothing may have set these for a body of its own.
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	h.Set("Content-Type", "application/json")
	w.WriteHeader(rejection.status)
	w.Write(rejection.body(err))
}

// A rejection is the response to a rejected request.
type rejection struct {
	status    int
	text      string
	challenge bearer.Challenge // without the realm
}

func rejectionOf(err error) rejection {
	switch soleVerdict(err) {
	case ErrMissing:
		return rejection{http.StatusUnauthorized, "Missing token", bearer.Challenge{}}
	case ErrExpired:
		return rejection{http.StatusUnauthorized, "Token expired",
			bearer.Challenge{Error: "invalid_token", Description: "The access token expired"}}
	case ErrInvalid:
		if e, ok := errors.AsType[*InvalidError](err); ok && e != nil && e.Reason == ReasonRequest {
			return rejection{http.StatusBadRequest, "Invalid request", bearer.Challenge{Error: "invalid_request"}}
		}
		return rejection{http.StatusUnauthorized, "Invalid token",
			bearer.Challenge{Error: "invalid_token", Description: "The access token is invalid"}}
	case ErrInsufficientScope:
		challenge := bearer.Challenge{Error: "insufficient_scope"}
		if e, ok := errors.AsType[*ScopeError](err); ok && e != nil {
			challenge.Scope = e.Required
		}
		return rejection{http.StatusForbidden, "Insufficient scope", challenge}
	case ErrUnavailable:
		return rejection{http.StatusServiceUnavailable, "Temporarily unavailable", bearer.Challenge{}}
	}
	return rejection{status: http.StatusInternalServerError, text: "Internal error"}
}

func (r rejection) body(err error) []byte {
	answer := struct {
		Error     string     `json:"error"`
		ExpiredAt *time.Time `json:"expired_at,omitempty"`
	}{Error: r.text}
	if e, ok := errors.AsType[*ExpiredError](err); ok && e != nil && errors.Is(err, ErrExpired) {
		answer.ExpiredAt = &e.ExpiredAt
	}
	text, err := json.Marshal(answer)
	if err != nil { // ExpiredAt is after the year 9999, so no Verifier made the error
		answer.ExpiredAt = nil
		text, _ = json.Marshal(answer)
	}
	return text
}

func retryAfter(err error) string {
	after := DefaultRetryAfter
	if e, ok := errors.AsType[*UnavailableError](err); ok && e != nil && e.RetryAfter > 0 {
		after = e.RetryAfter
	}
	return bearer.RetryAfter(after)
}

// StatusCode returns the HTTP status for an error: 401 for [ErrMissing], [ErrExpired] and
// [ErrInvalid], 400 for [ReasonRequest], 403 for [ErrInsufficientScope], 503 for [ErrUnavailable],
// 200 for nil, and 500 for any other.
func StatusCode(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return rejectionOf(err).status
}

// A statusWriter is the ResponseWriter of an error handler. A body without a status gets the
// rejection's, and not the 200 that net/http implies. It has no Unwrap method, because flushing
// the inner writer would imply the 200 again.
type statusWriter struct {
	http.ResponseWriter
	status  int
	written bool
}

// WriteHeader writes the status. It panics as net/http does if the status is invalid.
func (w *statusWriter) WriteHeader(status int) {
	w.ResponseWriter.WriteHeader(status)
	if status >= 200 || status == http.StatusSwitchingProtocols { // others are informational
		w.written = true
	}
}

// Write writes the rejection's status first, unless WriteHeader was called.
func (w *statusWriter) Write(p []byte) (int, error) {
	if !w.written {
		w.WriteHeader(w.status)
	}
	return w.ResponseWriter.Write(p)
}

// A MiddlewareOption configures [NewMiddleware].
type MiddlewareOption interface {
	forMiddleware(*middleware, *setup.Setup)
}

// WithRealm replaces [DefaultRealm] in the challenge. An empty realm, or one that is not
// printable ASCII, is an error.
func WithRealm(realm string) MiddlewareOption {
	return middlewareOption{"WithRealm", func(m *middleware) error {
		m.realm = realm
		if !bearer.IsRealm(realm) {
			return fmt.Errorf("invalid realm %q: want printable ASCII", realm)
		}
		return nil
	}}
}

// WithTokenFrom replaces [FromHeader]. The extractors are called in order, and a request with two
// tokens is rejected. No extractor, or a nil one, is an error.
func WithTokenFrom(extractors ...Extractor) MiddlewareOption {
	return middlewareOption{"WithTokenFrom", func(m *middleware) error {
		m.extractors = slices.Clone(extractors)
		if len(extractors) == 0 {
			return errors.New("no extractor")
		}
		var faults []error
		for i, e := range extractors {
			if e == nil {
				faults = append(faults, fmt.Errorf("extractor %d is nil; FromCookie and FromHeaderNamed return nil for a malformed name, FromCookie for an origin that is not like https://app.example, and FirstOf without extractors or with a nil one", i))
			}
		}
		return errors.Join(faults...)
	}}
}

// WithScopeFrom replaces [Token.Scope] as the source of the scope tokens that [Middleware.WithScope]
// compares. scopeOf returns what a token permits, for example from [ScopeFromClaims]. It must be
// safe for concurrent use. A nil scopeOf is an error.
func WithScopeFrom(scopeOf func(t *Token) []string) MiddlewareOption {
	return middlewareOption{"WithScopeFrom", func(m *middleware) error {
		m.scopeOf = scopeOf
		if scopeOf == nil {
			return errors.New("nil; pass a function, or ScopeFromClaims with names that are not empty")
		}
		return nil
	}}
}

// WithOptional makes [Middleware.Handler] also serve requests without a token. A bad token is still
// rejected.
func WithOptional() MiddlewareOption {
	return middlewareOption{"WithOptional", func(m *middleware) error {
		m.optional = true
		return nil
	}}
}

// WithErrorHandler makes h answer rejected requests. WWW-Authenticate, Cache-Control and
// Retry-After are already set. The status is [StatusCode]'s unless h writes another. If h writes
// nothing, the default answer is sent. w cannot be flushed or hijacked. Don't send the text of err
// to clients.
func WithErrorHandler(h func(w http.ResponseWriter, r *http.Request, err error)) MiddlewareOption {
	return middlewareOption{"WithErrorHandler", func(m *middleware) error {
		m.onError = h
		if h == nil {
			return errors.New("nil; leave the option out for the default answers")
		}
		return nil
	}}
}

// WithContextDeadline makes [Middleware.Handler] end the request's context when its token expires,
// leeway included. [context.Cause] is then an [*ExpiredError], which an http.Client returns as its
// error. The remaining time is computed with the Verifier's clock. The timer runs on the system
// clock (or a testing/synctest bubble's), so moving a fake clock does not fire it. The option needs
// a [*Verifier] or a [*VerifierSet].
func WithContextDeadline() MiddlewareOption {
	return middlewareOption{"WithContextDeadline", func(m *middleware) error {
		m.withDeadline = true
		if m.builtin == nil {
			return errors.New("needs a *Verifier or *VerifierSet, whose clock and leeway are known")
		}
		return nil
	}}
}

type middlewareOption struct {
	name string
	set  func(*middleware) error
}

func (o middlewareOption) forMiddleware(m *middleware, s *setup.Setup) { s.Option(o.name, o.set(m)) }
