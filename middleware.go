package jwtexp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultRealm is the realm of a [Middleware] without [WithRealm].
	DefaultRealm = "api"

	// DefaultRetryAfter is what a 503 tells the client to wait, where the
	// [UnavailableError] does not know better.
	DefaultRetryAfter = 5 * time.Second
)

// A TokenVerifier judges a token: a [*Verifier], a [*VerifierSet] for the tokens of several
// issuers, or something in front of one.
// It must be safe for concurrent use, and return a Token that this package made,
// or an error that matches one of [ErrExpired], [ErrInvalid] and
// [ErrUnavailable]. To [Middleware], anything else it returns is an outage.
type TokenVerifier interface {
	Verify(ctx context.Context, raw string) (*Token, error)
}

// ours is a TokenVerifier of this package, which tells more than Verify.
type ours interface {
	check() error                                                                // what NewMiddleware has against it
	verify(ctx context.Context, raw string) (t *Token, now time.Time, err error) // and by what reading of the clock
	verifierOf(t *Token) *verifier                                               // who has accepted t
}

// ourOwn returns v if it is ours, and nil otherwise. It checks the type: a struct that embeds
// a *Verifier has these methods too, but its own Verify must be called.
func ourOwn(v TokenVerifier) ours {
	switch v := v.(type) {
	case *Verifier:
		return v
	case *VerifierSet:
		return v
	}
	return nil
}

// Middleware guards an [http.Handler] by bearer tokens (RFC 6750). It is safe for
// concurrent use. The zero Middleware accepts nothing: make one with
// [NewMiddleware].
type Middleware struct {
	in sealed[middleware]
}

type middleware struct {
	verifier   TokenVerifier
	ours       ours // the same, or nil
	realm      string
	extractors []Extractor
	optional   bool
	endsWith   bool     // whether a request's context ends with its token
	scope      []string // what a token has to have of it
	onError    func(http.ResponseWriter, *http.Request, error)
	observe    func(*http.Request, Decision)
}

// NewMiddleware returns a Middleware that takes the tokens that v accepts.
//
// Every fault of the configuration is in the error. An option given twice is one.
func NewMiddleware(v TokenVerifier, opts ...MiddlewareOption) (*Middleware, error) {
	s := newSetup("NewMiddleware")
	own := ourOwn(v)
	if own != nil {
		s.fault("verifier", own.check())
	} else if isNil(v) {
		s.fault("verifier", errors.New("nil"))
	}
	in := &middleware{verifier: v, ours: own, realm: DefaultRealm, extractors: []Extractor{FromHeader}}
	applyOptions(s, opts, func(o MiddlewareOption) { o.forMiddleware(in, s) })
	if err := s.err(); err != nil {
		return nil, err
	}
	return &Middleware{seal(in)}, nil
}

// WithScope returns a Middleware that is m and demands scope tokens besides those
// that m demands: of a token that has not all of them, Check says
// [ErrInsufficientScope], and Handler answers 403 (RFC 6750 §3.1). m is not changed:
// one Middleware is made at start, and each route says what it needs:
//
//	mux.Handle("GET /orders", guard.WithScope("orders:read").Handler(orders))
//
// What a token has is [Token.Scope], compared in exact case. A request without a token
// has none, also with [WithOptional]. It panics without a scope token, and where one is
// not of RFC 6749 §3.3: ASCII without spaces, quotes and backslashes.
func (m *Middleware) WithScope(scope ...string) *Middleware {
	if len(scope) == 0 {
		panic("jwtexp: Middleware.WithScope: no scope token")
	}
	for _, one := range scope {
		unfit := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
		if one == "" || strings.ContainsFunc(one, unfit) {
			panic(fmt.Sprintf("jwtexp: Middleware.WithScope: %q is no scope token such as orders:read: each is an argument of its own", one))
		}
	}
	demanding := *m.own()
	demanding.scope = slices.Clip(demanding.scope)
	for _, one := range scope {
		if !slices.Contains(demanding.scope, one) {
			demanding.scope = append(demanding.scope, one)
		}
	}
	return &Middleware{seal(&demanding)}
}

// Check decides about a request: it returns its token, or an error that matches
// exactly one of [ErrMissing], [ErrExpired], [ErrInvalid], [ErrUnavailable] and, after
// WithScope, [ErrInsufficientScope]. It writes nothing and does not look at
// [WithOptional]. [StatusCode] has the status that fits. If the request's context is
// done, for example because the client has disconnected, Check returns [ErrUnavailable]
// instead of a token or ErrMissing. (The observer is called afterwards, and changes nothing.)
func (m *Middleware) Check(r *http.Request) (*Token, error) {
	t, _, err := m.own().decide(r)
	return t, err
}

// own returns what NewMiddleware made. A nil or zero Middleware behaves as one
// whose verifier is down.
func (m *Middleware) own() *middleware {
	if m == nil || m.in.get() == nil {
		return &middleware{}
	}
	return m.in.get()
}

// decide tells the observer, too. now is the reading that the token was judged by,
// and zero where no Verifier of this package did.
func (m *middleware) decide(r *http.Request) (t *Token, now time.Time, err error) {
	t, now, err = m.check(r)
	if m.observe != nil {
		m.observe(r, newDecision(r, t, now, err))
	}
	if err != nil {
		return nil, now, err
	}
	return t, now, nil
}

// check rejects a request whose client has disconnected: a callback may have returned only
// because of that, and its answer then is worth nothing. The token is returned also
// where it lacks a scope. Nor is the reason why the context ended, which net/http's client
// returns for an error and which can be an ErrExpired, said of this token.
func (m *middleware) check(r *http.Request) (t *Token, now time.Time, err error) {
	t, now, err = m.judge(r)
	gone := r.Context().Err()
	switch {
	case gone != nil && !errors.Is(err, gone) && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrExpired),
		gone != nil && errors.Is(err, context.Cause(r.Context())) && !errors.Is(err, ErrUnavailable):
		return nil, now, unavailable(r.Context(), "the request's context is done", err)
	case err != nil:
		return nil, now, err
	}
	return t, now, m.judgeScope(t)
}

func (m *middleware) judge(r *http.Request) (*Token, time.Time, error) {
	if m.verifier == nil {
		return nil, time.Time{}, unavailable(r.Context(), "not a Middleware that NewMiddleware made", nil)
	}
	raw, err := m.extract(r)
	if err != nil {
		return nil, time.Time{}, err
	}
	t, now, err := m.verify(r.Context(), raw)
	switch {
	case err == nil && t.proven():
		return t, now, nil
	case err == nil:
		return nil, now, unavailable(r.Context(), "the TokenVerifier returned neither a token nor an error", nil)
	}
	switch soleVerdict(err) {
	case ErrExpired, ErrInvalid, ErrUnavailable:
		return nil, now, err
	}
	return nil, now, unavailable(r.Context(), "the TokenVerifier returned an error that is no verdict", err)
}

// verify returns the reading, too, where the verifier is ours.
func (m *middleware) verify(ctx context.Context, raw string) (*Token, time.Time, error) {
	if m.ours != nil {
		return m.ours.verify(ctx, raw)
	}
	t, err := m.verifier.Verify(ctx, raw)
	return t, time.Time{}, err
}

func (m *middleware) judgeScope(t *Token) error {
	if len(m.scope) == 0 {
		return nil // without reading the claims
	}
	has := t.Scope()
	for _, needed := range m.scope {
		if !slices.Contains(has, needed) {
			return &ScopeError{Required: slices.Clone(m.scope)}
		}
	}
	return nil
}

// extract returns the one token of a request. Two tokens are rejected even if they are
// equal: two components could each trust a different one.
func (m *middleware) extract(r *http.Request) (string, error) {
	found := ""
	missing := ErrMissing
	for _, from := range m.extractors {
		raw, err := from(r)
		if err != nil {
			switch soleVerdict(err) {
			case ErrMissing:
				if own, ok := err.(*missingError); ok { // the text of another may quote the request
					missing = own
				}
				continue
			case ErrInvalid, ErrUnavailable:
				return "", err
			}
			return "", &InvalidError{Reason: ReasonRequest, Err: conceal(err), detail: "the Extractor failed"}
		}
		if raw != "" && found != "" {
			return "", invalid(ReasonRequest, "a token in two places")
		}
		found = cmp.Or(found, raw)
	}
	if found == "" {
		return "", missing
	}
	return found, nil
}

// Handler returns a handler that serves next where [Middleware.Check] accepts the
// request, with the token in the request's context ([FromContext]), and refuses
// the request otherwise. m.Handler fits wherever a func(http.Handler)
// http.Handler is taken. It panics if next is nil.
//
// A refusal has the status of [StatusCode], the challenge of RFC 6750 in
// WWW-Authenticate (Retry-After where the status is 503), Cache-Control:
// no-store, and a JSON body:
//
//	no token               401  {"error":"Missing token"}
//	a malformed request    400  {"error":"Invalid request"}
//	an expired token       401  {"error":"Token expired","expired_at":"2026-01-02T03:04:05Z"}
//	an invalid token       401  {"error":"Invalid token"}
//	a scope is lacking     403  {"error":"Insufficient scope"}
//	an outage              503  {"error":"Temporarily unavailable"}
//
// Where a callback (verifier, key set, extractor, ...) panics, so does the
// handler, and next is not served. Nor is it where the request's context is done
// by the time that the callbacks have answered, but for an observer, who has nothing to
// answer. With [WithContextDeadline] the context that next gets ends when next returns.
func (m *Middleware) Handler(next http.Handler) http.Handler {
	if isNil(next) {
		panic("jwtexp: Middleware.Handler: next is nil")
	}
	own := m.own()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, now, err := own.decide(r)
		switch {
		case err == nil && own.endsWith:
			ctx, cancel := own.ours.verifierOf(t).untilEnd(NewContext(r.Context(), t), t, now)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		case err == nil:
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), t)))
		case own.optional && len(own.scope) == 0 && errors.Is(err, ErrMissing):
			// Hides a token that some outer middleware accepted by other rules.
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), nil)))
		default:
			own.refuse(w, r, err)
		}
	})
}

func (m *middleware) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal := refusalOf(err)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if refusal.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", retryAfter(err))
	} else {
		h.Set("WWW-Authenticate", `Bearer realm="`+realmEscaper.Replace(m.realm)+`"`+refusal.challenge)
	}
	if m.onError != nil {
		guard := &statusWriter{ResponseWriter: w, status: refusal.status}
		m.onError(guard, r, err)
		if guard.written {
			return
		}
	}
	// What an error handler set for a body that it did not write is not of this one.
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	h.Set("Content-Type", "application/json")
	w.WriteHeader(refusal.status)
	w.Write(refusal.body(err))
}

// realmEscaper makes an HTTP quoted-string (RFC 9110 §5.6.4) of printable ASCII.
var realmEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// A refusal is what a client is told. Its challenge goes behind the realm (RFC
// 6750 §3); a client that has sent no token learns nothing but how to
// authenticate (§3.1).
type refusal struct {
	status    int
	challenge string
	text      string
}

// refusalOf is the table of answers.
func refusalOf(err error) refusal {
	switch soleVerdict(err) {
	case ErrMissing:
		return refusal{http.StatusUnauthorized, ``, "Missing token"}
	case ErrExpired:
		return refusal{http.StatusUnauthorized,
			`, error="invalid_token", error_description="The access token expired"`, "Token expired"}
	case ErrInvalid:
		if e, ok := errors.AsType[*InvalidError](err); ok && e != nil && e.Reason == ReasonRequest {
			return refusal{http.StatusBadRequest, `, error="invalid_request"`, "Invalid request"}
		}
		return refusal{http.StatusUnauthorized,
			`, error="invalid_token", error_description="The access token is invalid"`, "Invalid token"}
	case ErrInsufficientScope:
		return refusal{http.StatusForbidden, `, error="insufficient_scope"` + scopeOf(err), "Insufficient scope"}
	case ErrUnavailable:
		return refusal{http.StatusServiceUnavailable, ``, "Temporarily unavailable"}
	}
	return refusal{status: http.StatusInternalServerError}
}

// scopeOf needs no escaping: WithScope has seen to what a scope token is.
func scopeOf(err error) string {
	if e, ok := errors.AsType[*ScopeError](err); ok && e != nil {
		return `, scope="` + strings.Join(e.Required, " ") + `"`
	}
	return ""
}

// body tells when a token expired, too.
func (f refusal) body(err error) []byte {
	answer := struct {
		Error     string     `json:"error"`
		ExpiredAt *time.Time `json:"expired_at,omitempty"`
	}{Error: f.text}
	if e, ok := errors.AsType[*ExpiredError](err); ok && e != nil && errors.Is(err, ErrExpired) {
		answer.ExpiredAt = &e.ExpiredAt
	}
	text, err := json.Marshal(answer)
	if err != nil { // an ExpiredAt that no Verifier of ours made, beyond the year 9999
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
	seconds := after / time.Second
	if after%time.Second > 0 {
		seconds++
	}
	return strconv.FormatInt(int64(seconds), 10)
}

// StatusCode returns the HTTP status for an error of [Middleware.Check],
// [Verifier.Verify] or [Issuer.Issue]: 401 for [ErrMissing], [ErrExpired] and
// [ErrInvalid], 400 for an ErrInvalid because of [ReasonRequest], 403 for
// [ErrInsufficientScope], 503 for [ErrUnavailable]; 200 for nil, and 500 for an
// error that matches no verdict, or several.
func StatusCode(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return refusalOf(err).status
}

// statusWriter is what an error handler writes to. A body without a status gets
// the refusal's, never the 200 that net/http would imply. It has no Unwrap:
// flushing past it would imply the 200 again.
type statusWriter struct {
	http.ResponseWriter
	status  int
	written bool
}

// WriteHeader panics where status is none, and nothing is written then.
func (w *statusWriter) WriteHeader(status int) {
	w.ResponseWriter.WriteHeader(status)
	if status >= 200 || status == http.StatusSwitchingProtocols { // the others are informational
		w.written = true
	}
}

// Write sends the refusal's status first, where there was none.
func (w *statusWriter) Write(p []byte) (int, error) {
	if !w.written {
		w.WriteHeader(w.status)
	}
	return w.ResponseWriter.Write(p)
}

// A MiddlewareOption configures [NewMiddleware].
type MiddlewareOption interface {
	forMiddleware(*middleware, *setup)
}

// WithRealm replaces [DefaultRealm] in the challenge. An empty realm, or one that
// is not printable ASCII, is an error.
func WithRealm(realm string) MiddlewareOption {
	return middlewareOption{"WithRealm", func(m *middleware) error {
		m.realm = realm
		notPrintable := func(r rune) bool { return r < ' ' || r > '~' }
		if realm == "" || strings.ContainsFunc(realm, notPrintable) {
			return fmt.Errorf("%q is not printable ASCII", realm)
		}
		return nil
	}}
}

// WithTokenFrom replaces [FromHeader]: every given extractor is asked, and a
// request with a token in two places is refused. None, or a nil one, is an error.
func WithTokenFrom(extractors ...Extractor) MiddlewareOption {
	return middlewareOption{"WithTokenFrom", func(m *middleware) error {
		m.extractors = slices.Clone(extractors)
		if len(extractors) == 0 {
			return errors.New("no extractor")
		}
		var faults []error
		for i, e := range extractors {
			if e == nil {
				faults = append(faults, fmt.Errorf("extractor %d is nil: FromCookie returns nil for a name that no cookie can have, and for a trusted origin that is not like https://app.example", i))
			}
		}
		return errors.Join(faults...)
	}}
}

// WithOptional makes [Middleware.Handler] serve requests that carry no token
// too, without one in the context. A token that is there must still be good.
func WithOptional() MiddlewareOption {
	return middlewareOption{"WithOptional", func(m *middleware) error {
		m.optional = true
		return nil
	}}
}

// WithErrorHandler lets h answer refused requests. WWW-Authenticate,
// Cache-Control and Retry-After are set before it runs, for it to keep or change.
// A body that it writes without a status has the status of the refusal
// ([StatusCode]); where it writes nothing, the default refusal is sent. w cannot
// be flushed or hijacked. A nil h is an error.
//
// err is one of [Middleware.Check]. Its text is safe to log, unless an
// Extractor or a TokenVerifier of your own put a token in it; tell the client
// no more than the verdict.
func WithErrorHandler(h func(w http.ResponseWriter, r *http.Request, err error)) MiddlewareOption {
	return middlewareOption{"WithErrorHandler", func(m *middleware) error {
		m.onError = h
		if h == nil {
			return errors.New("nil")
		}
		return nil
	}}
}

// WithContextDeadline ends the context that [Middleware.Handler] gives a request when
// its token ends, leeway included, so that a stream does not outlive the token that
// opened it. [context.Cause] is then an [*ExpiredError], and so [ErrExpired].
//
// The remaining time is computed with the clock of the [*Verifier] that verified the token,
// in a [*VerifierSet] the one that was chosen. The timer runs on the system clock, and
// within testing/synctest on the bubble's, so moving a fake clock does not fire it. A call
// that the handler makes with this context may fail with the cause, as those of an
// http.Client do: an ErrExpired in a handler can be this.
//
// The option concerns [Middleware.Handler] alone, not Check. With a [TokenVerifier] that
// is neither a *Verifier nor a *VerifierSet, whose clock and leeway are unknown, it is an
// error.
func WithContextDeadline() MiddlewareOption {
	return middlewareOption{"WithContextDeadline", func(m *middleware) error {
		m.endsWith = true
		if m.ours == nil {
			return errors.New("not with this TokenVerifier: it needs the clock and the leeway of a *Verifier")
		}
		return nil
	}}
}

// WithObserver calls observe once with each decision of Handler or Check, before anything
// is answered: for logs ([LogDecisions]), counters and traces. A request without a token
// that [WithOptional] lets pass is one, too: an [ErrMissing]. The request is the one that
// was judged; it carries the token, so log nothing of its header. observe must be safe
// for concurrent use and quick, for the request waits. A nil func is an error.
func WithObserver(observe func(r *http.Request, d Decision)) MiddlewareOption {
	return middlewareOption{"WithObserver", func(m *middleware) error {
		m.observe = observe
		if observe == nil {
			return errors.New("nil")
		}
		return nil
	}}
}

// A Decision is what a [Middleware] decided about one request. It does not hold the
// token, unless an [Extractor] or a [TokenVerifier] of your own put it in an error.
type Decision struct {
	// Err is nil where the token was accepted, and else what [Middleware.Check] says.
	Err error
	// KeyID is the kid of a token that was accepted, is expired or lacks a scope; ""
	// where there is none. The kid of an invalid token is not
	// reported, because nothing vouches for it.
	KeyID string
	// Remaining is how long the token had left before exp, not counting leeway:
	// negative for an expired one, and 0 if it is unknown: without such a token, or
	// if a [TokenVerifier] accepted it that is neither a [*Verifier] nor a [*VerifierSet].
	Remaining time.Duration
	// Canceled reports that the client disconnected. Err is [ErrUnavailable] then too,
	// although nothing is down.
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
		if token := e.token.get(); token != nil {
			d.KeyID = token.header.KeyID
		}
	}
	d.Canceled = errors.Is(err, ErrUnavailable) && errors.Is(r.Context().Err(), context.Canceled)
	return d
}

// Verdict is the decision in a word, for a counter's label: accepted, missing, expired,
// invalid, insufficient_scope, canceled or unavailable.
func (d Decision) Verdict() string {
	switch {
	case d.Err == nil:
		return "accepted"
	case d.Canceled:
		return "canceled"
	}
	switch soleVerdict(d.Err) {
	case ErrMissing:
		return "missing"
	case ErrExpired:
		return "expired"
	case ErrInvalid:
		return "invalid"
	case ErrInsufficientScope:
		return "insufficient_scope"
	}
	return "unavailable"
}

// Reason tells why a token is invalid, "" where it is not.
func (d Decision) Reason() Reason {
	if e, ok := errors.AsType[*InvalidError](d.Err); ok && e != nil {
		return e.Reason
	}
	return ""
}

// LogValue has the verdict and, of the rest, what is known.
func (d Decision) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("verdict", d.Verdict())}
	if reason := d.Reason(); reason != "" {
		attrs = append(attrs, slog.String("reason", string(reason)))
	}
	if d.KeyID != "" {
		attrs = append(attrs, slog.String("kid", d.KeyID))
	}
	if d.Remaining != 0 {
		attrs = append(attrs, slog.Duration("remaining", d.Remaining))
	}
	return slog.GroupValue(attrs...)
}

// LogDecisions returns an observer for [WithObserver] that writes a line with each
// decision: an outage as an error, with what failed; what was accepted, and clients that
// have gone, for debugging; the rest as information, with the reason if a cookie did not
// count ([FromCookie]). A line has the Decision and the pattern of the route, "" where the
// guard is in front of the mux, and nothing else of the request; save that an outage's text
// may have what a [TokenVerifier] or an [Extractor] of your own put there. A nil logger
// makes a nil func, which WithObserver refuses.
func LogDecisions(logger *slog.Logger) func(*http.Request, Decision) {
	if logger == nil {
		return nil
	}
	return func(r *http.Request, d Decision) {
		attrs := []slog.Attr{slog.Any("decision", d), slog.String("route", r.Pattern)}
		level := slog.LevelInfo
		switch d.Verdict() {
		case "accepted", "canceled":
			level = slog.LevelDebug
		case "unavailable":
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", d.Err.Error()))
		case "missing":
			if own, ok := d.Err.(*missingError); ok {
				attrs = append(attrs, slog.String("error", own.Error()))
			}
		}
		logger.LogAttrs(r.Context(), level, "bearer token", attrs...)
	}
}

type middlewareOption struct {
	name string
	set  func(*middleware) error
}

func (o middlewareOption) forMiddleware(m *middleware, s *setup) { s.option(o.name, o.set(m)) }
