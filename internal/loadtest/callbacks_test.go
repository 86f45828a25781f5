package loadtest_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A hook runs at the start of a callback. It does nothing until a test sets run.
type hook struct {
	run     atomic.Pointer[func(ctx context.Context)]
	request atomic.Pointer[http.Request] // the current one
}

// call runs the hook with the context of the current request, because the claims check and
// the clock receive no context.
func (h *hook) call() {
	if run := h.run.Load(); run != nil {
		(*run)(h.request.Load().Context())
	}
}

type (
	keySetFunc   func(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error)
	verifierFunc func(ctx context.Context, raw string) (*jwtexp.Token, error)
)

func (f keySetFunc) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	return f(ctx, id, now)
}
func (f verifierFunc) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	return f(ctx, raw)
}

// hookedClaims is a claims type whose method calls a hook. The method receives only JSON, so
// the hook is in a variable.
type hookedClaims struct{}

var decodeHook atomic.Pointer[hook]

func (*hookedClaims) UnmarshalJSON([]byte) error {
	decodeHook.Load().call()
	return nil
}

// failingClaims is a claims type whose method returns decodeError.
type failingClaims struct{}

var decodeError atomic.Pointer[error]

func (*failingClaims) UnmarshalJSON([]byte) error { return *decodeError.Load() }

func guard(key jwtexp.KeySet, opts ...jwtexp.VerifierOption) *jwtexp.Middleware {
	return must(jwtexp.NewMiddleware(must(jwtexp.NewVerifier(key, opts...))))
}

// hooked returns middlewares, each with one callback that calls h and then works correctly.
func hooked(h *hook, s signer) map[string]*jwtexp.Middleware {
	clock := jwtexp.WithClock(frozen)
	verifier := must(jwtexp.NewVerifier(s.key, clock))
	extract := func(r *http.Request) (string, error) { h.call(); return jwtexp.FromHeader(r) }
	decodeHook.Store(h)
	return map[string]*jwtexp.Middleware{
		"claims check": guard(s.key, clock, jwtexp.WithClaims(func(*struct{}) error { h.call(); return nil })),
		"claims type":  guard(s.key, clock, jwtexp.WithClaims[hookedClaims](nil)),
		"revocation check": guard(s.key, clock, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			h.call()
			return false, nil
		})),
		"key set": guard(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
			h.call()
			return []jwtexp.Key{s.key}, nil
		}), clock),
		"clock": guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { h.call(); return epoch }))),
		"TokenVerifier": must(jwtexp.NewMiddleware(verifierFunc(func(ctx context.Context, raw string) (*jwtexp.Token, error) {
			h.call()
			return verifier.Verify(ctx, raw)
		}))),
		"extractor":             must(jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(extract))),
		"extractor if optional": must(jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(extract), jwtexp.WithOptional())),
		"error handler": must(jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) {
			h.call()
		}))),
	}
}

// authorizationFor returns the Authorization header with which the middleware runs the named
// callback.
func (s signer) authorizationFor(name string) []string {
	switch name {
	case "error handler":
		return bearer("garbage")
	case "extractor if optional":
		return nil
	}
	return s.good()
}

// A recorder records the status, also if the client has disconnected.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// startHooked starts a server that stores each request in h. The channel receives the status of
// each finished request, 0 if the handler wrote none.
func startHooked(t *testing.T, h *hook, m *jwtexp.Middleware) (srv *server, statuses <-chan int) {
	done := make(chan int, 100)
	srv = startServer(t, func(next http.Handler) http.Handler {
		guarded := m.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := &recorder{ResponseWriter: w}
			defer func() { done <- recorder.status }()
			h.request.Store(r)
			guarded.ServeHTTP(recorder, r)
		})
	})
	return srv, done
}

// If a callback panics, its request gets no answer and next does not run. The next request is
// served.
func TestCallbackThatPanics(t *testing.T) {
	s := newHS256("hs")
	for name := range hooked(new(hook), s) {
		t.Run(name, func(t *testing.T) {
			h := new(hook)
			srv, statuses := startHooked(t, h, hooked(h, s)[name])
			boom := func(context.Context) { panic("boom") }
			h.run.Store(&boom)
			if got, err := srv.get(s.authorizationFor(name)...); err == nil {
				t.Errorf("got %+v, want the connection closed without an answer", got)
			}
			if got := <-statuses; got != 0 {
				t.Errorf("got status %d written, want none", got)
			}
			if n := srv.served.Load(); n != 0 {
				t.Errorf("next ran %d times, want never", n)
			}
			h.run.Store(nil)
			srv.want(t, served("alice"), s.good()...)
		})
	}
}

// If a callback returns only after the client has disconnected, the request is rejected as an
// outage, although the callback accepts it.
func TestCallbackThatBlocks(t *testing.T) {
	s := newHS256("hs")
	for name := range hooked(new(hook), s) {
		t.Run(name, func(t *testing.T) {
			h := new(hook)
			srv, statuses := startHooked(t, h, hooked(h, s)[name])
			entered := make(chan struct{})
			block := func(ctx context.Context) {
				close(entered)
				<-ctx.Done()
			}
			h.run.Store(&block)

			ctx, leave := context.WithCancel(t.Context())
			go func() {
				<-entered
				leave()
			}()
			r := must(http.NewRequestWithContext(ctx, "GET", srv.URL, nil))
			r.Header["Authorization"] = s.authorizationFor(name)
			if response, err := srv.Client().Do(r); err == nil {
				response.Body.Close()
				t.Errorf("got status %d, want none before the client disconnects", response.StatusCode)
			}
			want := 503
			if name == "error handler" {
				want = 401 // the middleware decided before it called the handler
			}
			if got := <-statuses; got != want {
				t.Errorf("got status %d written, want %d", got, want)
			}
			if n := srv.served.Load(); n != 0 {
				t.Errorf("next ran %d times, want never", n)
			}
			h.run.Store(nil)
			srv.want(t, served("alice"), s.good()...)
		})
	}
}

// If a callback returns an invalid result, the request is rejected.
func TestCallbackWithInvalidResult(t *testing.T) {
	s := newHS256("hs")
	clock := jwtexp.WithClock(frozen)
	verifier := must(jwtexp.NewVerifier(s.key, clock))
	token := must(verifier.Verify(t.Context(), s.good()[0][len("Bearer "):]))
	var nilInvalid *jwtexp.InvalidError
	var nilUnavailable *jwtexp.UnavailableError

	claims := func(err error) *jwtexp.Middleware {
		return guard(s.key, clock, jwtexp.WithClaims(func(*struct{}) error { return err }))
	}
	revoked := func(revoked bool, err error) *jwtexp.Middleware {
		return guard(s.key, clock, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) { return revoked, err }))
	}
	keys := func(err error, keys ...jwtexp.Key) *jwtexp.Middleware {
		return guard(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) { return keys, err }), clock)
	}
	tokenVerifier := func(token *jwtexp.Token, err error) *jwtexp.Middleware {
		return must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) { return token, err })))
	}
	extract := func(token string, err error) *jwtexp.Middleware {
		return must(jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(func(*http.Request) (string, error) { return token, err })))
	}
	otherAlgorithm := newES256("hs").key
	for name, c := range map[string]struct {
		guard *jwtexp.Middleware
		want  answer
	}{
		"claims check: an error that is expired":          {claims(jwtexp.ErrExpired), invalidToken},
		"claims check: an error that is missing":          {claims(jwtexp.ErrMissing), invalidToken},
		"claims check: an error that is unavailable":      {claims(&jwtexp.UnavailableError{}), invalidToken},
		"claims check: a nil *InvalidError":               {claims(nilInvalid), invalidToken},
		"claims check: an error that matches every error": {claims(matchAllError{}), invalidToken},

		"revocation check: revoked, and an error":             {revoked(true, errDown), unavailable},
		"revocation check: an error that is expired":          {revoked(false, &jwtexp.ExpiredError{}), unavailable},
		"revocation check: an error that is invalid":          {revoked(false, jwtexp.ErrInvalid), unavailable},
		"revocation check: a nil *UnavailableError":           {revoked(false, nilUnavailable), unavailable},
		"revocation check: an error that matches every error": {revoked(false, matchAllError{}), unavailable},
		"key set: nil":                                                  {keys(nil), invalidToken},
		"key set: empty":                                                {keys(nil, []jwtexp.Key{}...), invalidToken},
		"key set: a zero key":                                           {keys(nil, jwtexp.Key{}), invalidToken},
		"key set: zero keys":                                            {keys(nil, jwtexp.Key{}, jwtexp.Key{}), invalidToken},
		"key set: a key of another algorithm":                           {keys(nil, otherAlgorithm), invalidToken},
		"key set: a key of another ID":                                  {keys(nil, s.key.WithID("another")), invalidToken},
		"key set: another key of the ID":                                {keys(nil, newHS256("hs").key), invalidToken},
		"key set: a zero key beside another":                            {keys(nil, jwtexp.Key{}, otherAlgorithm), invalidToken},
		"key set: a key that is trusted for no time":                    {keys(nil, s.key.WithNotAfter(time.Time{})), invalidToken},
		"key set: the key, and an error":                                {keys(errDown, s.key), unavailable},
		"key set: an error that is invalid":                             {keys(jwtexp.ErrInvalid), unavailable},
		"key set: the key, and an error that matches every error":       {keys(matchAllError{}, s.key), unavailable},
		"clock: after the last exp there can be":                        {guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Unix(1<<62, 0) }))), expired(epoch.Add(time.Hour))},
		"clock: the zero time":                                          {guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Time{} }))), unavailable},
		"clock: a time that wraps":                                      {guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Unix(math.MaxInt64, 0) }))), unavailable},
		"TokenVerifier: nothing":                                        {tokenVerifier(nil, nil), unavailable},
		"TokenVerifier: a zero Token":                                   {tokenVerifier(&jwtexp.Token{}, nil), unavailable},
		"TokenVerifier: a copy of a Token":                              {tokenVerifier(copied(token), nil), unavailable},
		"TokenVerifier: a Token, and an error":                          {tokenVerifier(token, jwtexp.ErrInvalid), invalidToken},
		"TokenVerifier: a nil *InvalidError":                            {tokenVerifier(nil, nilInvalid), unavailable},
		"TokenVerifier: missing":                                        {tokenVerifier(nil, jwtexp.ErrMissing), unavailable},
		"TokenVerifier: a Token, and an error that matches every error": {tokenVerifier(token, matchAllError{}), unavailable},
		"extractor: garbage":                                            {extract("garbage", nil), invalidToken},
		"extractor: the scheme and the token":                           {extract(s.good()[0], nil), invalidToken},
		"extractor: nothing":                                            {extract("", nil), missingToken},
		"extractor: a token, and an error":                              {extract(token.Raw(), errDown), invalidRequest},
		"extractor: a token, and that it is missing":                    {extract(token.Raw(), jwtexp.ErrMissing), missingToken},
		"extractor: an error that is expired":                           {extract("", &jwtexp.ExpiredError{}), invalidRequest},
		"extractor: a token, and an error that matches every error":     {extract(token.Raw(), matchAllError{}), invalidRequest},
		"extractor: an error that is two verdicts":                      {extract("", errors.Join(jwtexp.ErrMissing, jwtexp.ErrExpired)), invalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t, c.guard.Handler)
			srv.want(t, c.want, s.good()...)
			srv.want(t, c.want, s.good()...) // the server still works
			if n := srv.served.Load(); n != 0 {
				t.Errorf("next ran %d times, want never", n)
			}
		})
	}
}

// Every error of a claims type makes the token invalid, whatever the error matches.
func TestClaimsTypeThatFails(t *testing.T) {
	s := newHS256("hs")
	srv := startServer(t, guard(s.key, jwtexp.WithClock(frozen), jwtexp.WithClaims[failingClaims](nil)).Handler)
	for name, cause := range map[string]error{
		"an error": errDown, "expired": jwtexp.ErrExpired, "missing": jwtexp.ErrMissing, "unavailable": &jwtexp.UnavailableError{},
		"an *ExpiredError": &jwtexp.ExpiredError{}, "a nil *InvalidError": (*jwtexp.InvalidError)(nil), "an error that matches every error": matchAllError{},
	} {
		decodeError.Store(&cause)
		if got, err := srv.get(s.good()...); got != invalidToken || err != nil {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, invalidToken)
		}
	}
	if n := srv.served.Load(); n != 0 {
		t.Errorf("next ran %d times, want never", n)
	}
}

// An error handler writes the response to a rejected request. It cannot accept the request.
func TestErrorHandlerWithInvalidResult(t *testing.T) {
	s := newHS256("hs")
	verifier := must(jwtexp.NewVerifier(s.key, jwtexp.WithClock(frozen)))
	for name, c := range map[string]struct {
		handle func(http.ResponseWriter)
		want   answer
	}{
		"nothing":            {func(http.ResponseWriter) {}, invalidToken},
		"hints alone":        {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, invalidToken},
		"a flush":            {func(w http.ResponseWriter) { http.NewResponseController(w).Flush() }, invalidToken},
		"200 without a body": {func(w http.ResponseWriter) { w.WriteHeader(200) }, answer{200, invalidToken.challenge, "no-store", "", ""}},
		"a body alone":       {func(w http.ResponseWriter) { io.WriteString(w, "no") }, answer{401, invalidToken.challenge, "no-store", "", "no"}},
		"no challenge":       {func(w http.ResponseWriter) { w.Header().Del("WWW-Authenticate") }, answer{401, "", "no-store", "", invalidToken.body}},
		"a wrong length":     {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "1000") }, invalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t, must(jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, _ error) {
				c.handle(w)
			}))).Handler)
			srv.want(t, c.want, "Bearer garbage")
			if n := srv.served.Load(); n != 0 {
				t.Errorf("next ran %d times, want never", n)
			}
			srv.want(t, served("alice"), s.good()...)
		})
	}
}

var errDown = errors.New("down")

// matchAllError matches every error under errors.Is and errors.As.
type matchAllError struct{}

func (matchAllError) Error() string { return "matches every error" }
func (matchAllError) Is(error) bool { return true }
func (matchAllError) As(target any) bool {
	switch target := target.(type) {
	case **jwtexp.ExpiredError:
		*target = new(jwtexp.ExpiredError)
	case **jwtexp.InvalidError:
		*target = new(jwtexp.InvalidError)
	case **jwtexp.UnavailableError:
		*target = new(jwtexp.UnavailableError)
	default:
		return false
	}
	return true
}

// copied returns a copy of a Token, which go vet reports if it is made by assignment.
func copied(token *jwtexp.Token) *jwtexp.Token {
	c := new(jwtexp.Token)
	reflect.ValueOf(c).Elem().Set(reflect.ValueOf(token).Elem())
	return c
}
