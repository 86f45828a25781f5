package jwtexp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// A TokenVerifier judges a token: a [*Verifier], or something in front of one.
// It must be safe for concurrent use, and return a Token that this package made,
// or an error that matches one of [ErrExpired], [ErrInvalid] and
// [ErrUnavailable]. To [Middleware], anything else it returns is an outage.
type TokenVerifier interface {
	Verify(ctx context.Context, raw string) (*Token, error)
}

// An Extractor finds the token in a request. It returns [ErrMissing] where there
// is none in its place; "" without an error means the same. Any other error says
// that the request is malformed, unless it is an [ErrUnavailable] or an
// [ErrInvalid]. It must be safe for concurrent use.
type Extractor func(r *http.Request) (string, error)

// Middleware guards an [http.Handler] by bearer tokens (RFC 6750). It is safe for
// concurrent use. The zero Middleware accepts nothing: make one with
// [NewMiddleware].
type Middleware struct {
	in sealed[middleware]
}

type middleware struct {
	verifier   TokenVerifier
	realm      string
	extractors []Extractor
	optional   bool
	onError    func(http.ResponseWriter, *http.Request, error)
}

// NewMiddleware returns a Middleware that takes the tokens that v accepts.
//
// Every fault of the configuration is in the error. An option given twice is one.
func NewMiddleware(v TokenVerifier, opts ...MiddlewareOption) (*Middleware, error) {
	s := newSetup("NewMiddleware")
	if own, ok := v.(*Verifier); ok && !own.made() {
		s.fault("verifier", errors.New(notMade))
	} else if isNil(v) {
		s.fault("verifier", errors.New("nil"))
	}
	in := &middleware{verifier: v, realm: DefaultRealm, extractors: []Extractor{FromHeader}}
	applyOptions(s, opts, func(o MiddlewareOption) { o.forMiddleware(in, s) })
	if err := s.err(); err != nil {
		return nil, err
	}
	return &Middleware{seal(&in)}, nil
}

// Check decides about a request: it returns its token, or an error that matches
// exactly one of [ErrMissing], [ErrExpired], [ErrInvalid] and [ErrUnavailable]. It
// writes nothing and does not look at [WithOptional]. [StatusCode] has the status
// that fits. Where the request's context is done, as it is when the client has
// gone, nobody is let in: what would be a token, or ErrMissing, is an
// ErrUnavailable.
func (m *Middleware) Check(r *http.Request) (*Token, error) {
	return m.own().check(r)
}

// own returns what NewMiddleware made. A nil or zero Middleware behaves as one
// whose verifier is down.
func (m *Middleware) own() *middleware {
	if m == nil || m.in.get() == nil {
		return &middleware{}
	}
	return m.in.get()
}

// check lets nobody in who has gone: a callback may have come back only because
// its caller went, and what it says then is worth nothing.
func (m *middleware) check(r *http.Request) (*Token, error) {
	t, err := m.judge(r)
	gone := r.Context().Err()
	if gone == nil || errors.Is(err, gone) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrExpired) {
		return t, err
	}
	return nil, unavailable(r.Context(), "the request's context is done", err)
}

func (m *middleware) judge(r *http.Request) (*Token, error) {
	if m.verifier == nil {
		return nil, unavailable(r.Context(), "not a Middleware that NewMiddleware made", nil)
	}
	raw, err := m.extract(r)
	if err != nil {
		return nil, err
	}
	t, err := m.verifier.Verify(r.Context(), raw)
	switch {
	case err == nil && t.proven():
		return t, nil
	case err == nil:
		return nil, unavailable(r.Context(), "the TokenVerifier returned neither a token nor an error", nil)
	}
	switch soleVerdict(err) {
	case ErrExpired, ErrInvalid, ErrUnavailable:
		return nil, err
	}
	return nil, unavailable(r.Context(), "the TokenVerifier returned an error that is no verdict", err)
}

// extract returns the one token of a request. Two are refused even where they
// are equal: whoever put the second one there wants it to be taken by somebody.
func (m *middleware) extract(r *http.Request) (string, error) {
	found := ""
	for _, from := range m.extractors {
		raw, err := from(r)
		if err != nil {
			switch soleVerdict(err) {
			case ErrMissing:
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
		return "", ErrMissing
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
//	an outage              503  {"error":"Temporarily unavailable"}
//
// Where a callback (verifier, key set, extractor, ...) panics, so does the
// handler, and next is not served. Nor is it where the request's context is done
// by the time that the callbacks have answered.
func (m *Middleware) Handler(next http.Handler) http.Handler {
	if isNil(next) {
		panic("jwtexp: Middleware.Handler: next is nil")
	}
	own := m.own()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := own.check(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), t)))
		case own.optional && errors.Is(err, ErrMissing):
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
	case ErrUnavailable:
		return refusal{http.StatusServiceUnavailable, ``, "Temporarily unavailable"}
	}
	return refusal{status: http.StatusInternalServerError}
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
// [ErrInvalid], 400 for an ErrInvalid because of [ReasonRequest], 503 for
// [ErrUnavailable]; 200 for nil, and 500 for an error that matches no verdict,
// or several.
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

// FromHeader takes the token from the Authorization header (RFC 6750 §2.1). It is
// the default. A missing header, and another scheme than Bearer, is
// [ErrMissing]; two headers, and a Bearer that is not followed by one token, is
// an [ErrInvalid] with [ReasonRequest].
func FromHeader(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	switch len(values) {
	case 0:
		return "", ErrMissing
	case 1:
	default:
		return "", invalid(ReasonRequest, "more than one Authorization header")
	}
	scheme, rest := values[0], ""
	if i := strings.IndexAny(scheme, " \t,"); i >= 0 {
		scheme, rest = scheme[:i], scheme[i:]
	}
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrMissing
	}
	token := strings.Trim(rest, " ")
	if token == "" {
		return "", invalid(ReasonRequest, "Bearer without a token")
	}
	for _, separator := range []byte(" \t,") { // ContainsAny would take ten times as long
		if strings.IndexByte(token, separator) >= 0 {
			return "", invalid(ReasonRequest, "Bearer with more than a token")
		}
	}
	return token, nil
}

// FromCookie takes the token from the cookie of the given name. No such cookie,
// or an empty one, is [ErrMissing]; two of the name, or one whose value is not a
// cookie's, are an [ErrInvalid] with [ReasonRequest].
//
// A browser sends cookies on its own, also with requests that another site makes
// it send: wrap the whole mux in [http.CrossOriginProtection].
//
// For a name that no cookie can have the Extractor is nil, which [NewMiddleware]
// refuses.
func FromCookie(name string) Extractor {
	if (&http.Cookie{Name: name}).Valid() != nil {
		return nil
	}
	return func(r *http.Request) (string, error) {
		sent := 0
		for _, line := range r.Header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				if key, _, _ := strings.Cut(pair, "="); strings.Trim(key, " \t\r\n") == name {
					sent++
				}
			}
		}
		// net/http leaves out a cookie whose value is malformed. It was sent all the
		// same: a token that is there and bad is not a token that is missing.
		cookies := r.CookiesNamed(name)
		switch {
		case sent == 0:
			return "", ErrMissing
		case sent > 1 || len(cookies) != 1:
			return "", invalid(ReasonRequest, "more than one cookie of the name, or a malformed one")
		}
		return cookies[0].Value, nil
	}
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
				faults = append(faults, fmt.Errorf("extractor %d is nil, as that of FromCookie is for a name that no cookie can have", i))
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
// err matches exactly one verdict. Its text is safe to log, unless an
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

type middlewareOption struct {
	name string
	set  func(*middleware) error
}

func (o middlewareOption) forMiddleware(m *middleware, s *setup) { s.option(o.name, o.set(m)) }
