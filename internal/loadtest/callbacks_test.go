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

// A trap is what a callback runs first. It does what is asked of it for the
// request that is under way, and nothing until it has been set.
type trap struct {
	spring  atomic.Pointer[func(ctx context.Context)]
	request atomic.Pointer[http.Request]
}

// step is where a callback falls into the trap. The claims check and the clock
// are handed no context: they get the request's from here.
func (p *trap) step() {
	if spring := p.spring.Load(); spring != nil {
		(*spring)(p.request.Load().Context())
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

// readClaims is a type of the application's whose method falls into a trap. The method
// gets nothing but JSON, so the trap is a variable.
type readClaims struct{}

var readTrap atomic.Pointer[trap]

func (*readClaims) UnmarshalJSON([]byte) error {
	readTrap.Load().step()
	return nil
}

// failingClaims fails with the error that its test has set.
type failingClaims struct{}

var readError atomic.Pointer[error]

func (*failingClaims) UnmarshalJSON([]byte) error { return *readError.Load() }

func guard(key jwtexp.KeySet, opts ...jwtexp.VerifierOption) *jwtexp.Middleware {
	return must(jwtexp.NewMiddleware(must(jwtexp.NewVerifier(key, opts...))))
}

// trapped are middlewares with one callback that falls into p, and does its work
// well when it comes out again. Each is asked with good for a token, save the
// error handler, which is there for bad ones.
func trapped(p *trap, s signer) map[string]*jwtexp.Middleware {
	clock := jwtexp.WithClock(frozen)
	verifier := must(jwtexp.NewVerifier(s.key, clock))
	extract := func(r *http.Request) (string, error) { p.step(); return jwtexp.FromHeader(r) }
	readTrap.Store(p)
	return map[string]*jwtexp.Middleware{
		"claims check": guard(s.key, clock, jwtexp.WithClaims(func(*struct{}) error { p.step(); return nil })),
		"claims type":  guard(s.key, clock, jwtexp.WithClaims[readClaims](nil)),
		"revocation check": guard(s.key, clock, jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			p.step()
			return false, nil
		})),
		"key set": guard(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
			p.step()
			return []jwtexp.Key{s.key}, nil
		}), clock),
		"clock": guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { p.step(); return epoch }))),
		"TokenVerifier": must(jwtexp.NewMiddleware(verifierFunc(func(ctx context.Context, raw string) (*jwtexp.Token, error) {
			p.step()
			return verifier.Verify(ctx, raw)
		}))),
		"extractor":             must(jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(extract))),
		"extractor if optional": must(jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(extract), jwtexp.WithOptional())),
		"error handler": must(jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) {
			p.step()
		}))),
	}
}

// ask returns what a client sends to the middleware with the callback of the
// given name, so that the callback runs.
func (s signer) ask(name string) []string {
	switch name {
	case "error handler":
		return bearer("garbage")
	case "extractor if optional":
		return nil
	}
	return s.good()
}

// A recorder knows what status was written, also to a client that has gone.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// openTrapped opens a door whose trap is told of each request; left hears of each
// that has been dealt with, and by what status, 0 for none.
func openTrapped(t *testing.T, p *trap, m *jwtexp.Middleware) (d *door, left <-chan int) {
	done := make(chan int, 100)
	d = open(t, func(next http.Handler) http.Handler {
		guarded := m.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := &recorder{ResponseWriter: w}
			defer func() { done <- recorder.status }()
			p.request.Store(r)
			guarded.ServeHTTP(recorder, r)
		})
	})
	return d, done
}

// Where a callback panics, its request gets no answer and is not served, and the
// next one is none the worse for it.
func TestCallbackThatPanics(t *testing.T) {
	s := newHS256("hs")
	for name := range trapped(new(trap), s) {
		t.Run(name, func(t *testing.T) {
			p := new(trap)
			d, left := openTrapped(t, p, trapped(p, s)[name])
			boom := func(context.Context) { panic("boom") }
			p.spring.Store(&boom)
			if got, err := d.ask(s.ask(name)...); err == nil {
				t.Errorf("got %+v, want the connection closed without an answer", got)
			}
			if got := <-left; got != 0 {
				t.Errorf("got status %d written, want none", got)
			}
			if n := d.served.Load(); n != 0 {
				t.Errorf("next was served %d times, want never", n)
			}
			p.spring.Store(nil)
			d.want(t, served("alice"), s.good()...)
		})
	}
}

// Where a callback waits until its caller has gone, the request is an outage
// then, although all that the callback says is good.
func TestCallbackThatBlocks(t *testing.T) {
	s := newHS256("hs")
	for name := range trapped(new(trap), s) {
		t.Run(name, func(t *testing.T) {
			p := new(trap)
			d, left := openTrapped(t, p, trapped(p, s)[name])
			entered := make(chan struct{})
			block := func(ctx context.Context) {
				close(entered)
				<-ctx.Done()
			}
			p.spring.Store(&block)

			ctx, leave := context.WithCancel(t.Context())
			go func() {
				<-entered
				leave()
			}()
			r := must(http.NewRequestWithContext(ctx, "GET", d.URL, nil))
			r.Header["Authorization"] = s.ask(name)
			if response, err := d.Client().Do(r); err == nil {
				response.Body.Close()
				t.Errorf("got status %d, want none before the client leaves", response.StatusCode)
			}
			want := 503
			if name == "error handler" {
				want = 401 // which was decided before
			}
			if got := <-left; got != want {
				t.Errorf("got status %d written, want %d", got, want)
			}
			if n := d.served.Load(); n != 0 {
				t.Errorf("next was served %d times, want never", n)
			}
			p.spring.Store(nil)
			d.want(t, served("alice"), s.good()...)
		})
	}
}

// Where a callback answers nonsense, the request is refused.
func TestCallbackThatAnswersNonsense(t *testing.T) {
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
		"claims check: an error that is expired":     {claims(jwtexp.ErrExpired), invalidToken},
		"claims check: an error that is missing":     {claims(jwtexp.ErrMissing), invalidToken},
		"claims check: an error that is unavailable": {claims(&jwtexp.UnavailableError{}), invalidToken},
		"claims check: a nil *InvalidError":          {claims(nilInvalid), invalidToken},
		"claims check: a liar":                       {claims(liar{}), invalidToken},

		"revocation check: revoked, and an error":    {revoked(true, errDown), unavailable},
		"revocation check: an error that is expired": {revoked(false, &jwtexp.ExpiredError{}), unavailable},
		"revocation check: an error that is invalid": {revoked(false, jwtexp.ErrInvalid), unavailable},
		"revocation check: a nil *UnavailableError":  {revoked(false, nilUnavailable), unavailable},
		"revocation check: a liar":                   {revoked(false, liar{}), unavailable},
		"key set: nil":                               {keys(nil), invalidToken},
		"key set: empty":                             {keys(nil, []jwtexp.Key{}...), invalidToken},
		"key set: a zero key":                        {keys(nil, jwtexp.Key{}), invalidToken},
		"key set: zero keys":                         {keys(nil, jwtexp.Key{}, jwtexp.Key{}), invalidToken},
		"key set: a key of another algorithm":        {keys(nil, otherAlgorithm), invalidToken},
		"key set: a key of another ID":               {keys(nil, s.key.WithID("another")), invalidToken},
		"key set: another key of the ID":             {keys(nil, newHS256("hs").key), invalidToken},
		"key set: a zero key beside another":         {keys(nil, jwtexp.Key{}, otherAlgorithm), invalidToken},
		"key set: a key that vouches for nothing":    {keys(nil, s.key.WithNotAfter(time.Time{})), invalidToken},
		"key set: the key, and an error":             {keys(errDown, s.key), unavailable},
		"key set: an error that is invalid":          {keys(jwtexp.ErrInvalid), unavailable},
		"key set: the key, and a liar":               {keys(liar{}, s.key), unavailable},
		"clock: after the last exp there can be":     {guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Unix(1<<62, 0) }))), expired(epoch.Add(time.Hour))},
		"clock: the zero time":                       {guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Time{} }))), unavailable},
		"clock: a time that wraps":                   {guard(s.key, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return time.Unix(math.MaxInt64, 0) }))), unavailable},
		"TokenVerifier: nothing":                     {tokenVerifier(nil, nil), unavailable},
		"TokenVerifier: a zero Token":                {tokenVerifier(&jwtexp.Token{}, nil), unavailable},
		"TokenVerifier: a copy of a Token":           {tokenVerifier(copied(token), nil), unavailable},
		"TokenVerifier: a Token, and an error":       {tokenVerifier(token, jwtexp.ErrInvalid), invalidToken},
		"TokenVerifier: a nil *InvalidError":         {tokenVerifier(nil, nilInvalid), unavailable},
		"TokenVerifier: missing":                     {tokenVerifier(nil, jwtexp.ErrMissing), unavailable},
		"TokenVerifier: a Token, and a liar":         {tokenVerifier(token, liar{}), unavailable},
		"extractor: garbage":                         {extract("garbage", nil), invalidToken},
		"extractor: the scheme, too":                 {extract(s.good()[0], nil), invalidToken},
		"extractor: nothing":                         {extract("", nil), missingToken},
		"extractor: a token, and an error":           {extract(token.Raw(), errDown), invalidRequest},
		"extractor: a token, and that it is missing": {extract(token.Raw(), jwtexp.ErrMissing), missingToken},
		"extractor: an error that is expired":        {extract("", &jwtexp.ExpiredError{}), invalidRequest},
		"extractor: a token, and a liar":             {extract(token.Raw(), liar{}), invalidRequest},
		"extractor: an error that is two verdicts":   {extract("", errors.Join(jwtexp.ErrMissing, jwtexp.ErrExpired)), invalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.guard.Handler)
			d.want(t, c.want, s.good()...)
			d.want(t, c.want, s.good()...) // and the server goes on
			if n := d.served.Load(); n != 0 {
				t.Errorf("next was served %d times, want never", n)
			}
		})
	}
}

// What a claims type says of a token that it cannot read is no verdict but that it is invalid.
func TestClaimsTypeThatAnswersNonsense(t *testing.T) {
	s := newHS256("hs")
	d := open(t, guard(s.key, jwtexp.WithClock(frozen), jwtexp.WithClaims[failingClaims](nil)).Handler)
	for name, err := range map[string]error{
		"an error": errDown, "expired": jwtexp.ErrExpired, "missing": jwtexp.ErrMissing, "unavailable": &jwtexp.UnavailableError{},
		"an *ExpiredError": &jwtexp.ExpiredError{}, "a nil *InvalidError": (*jwtexp.InvalidError)(nil), "a liar": liar{},
	} {
		readError.Store(&err)
		if got, asked := d.ask(s.good()...); got != invalidToken || asked != nil {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, asked, invalidToken)
		}
	}
	if n := d.served.Load(); n != 0 {
		t.Errorf("next was served %d times, want never", n)
	}
}

// An error handler says what a refusal looks like, and cannot let anybody in.
func TestErrorHandlerThatAnswersNonsense(t *testing.T) {
	s := newHS256("hs")
	verifier := must(jwtexp.NewVerifier(s.key, jwtexp.WithClock(frozen)))
	for name, c := range map[string]struct {
		handle func(http.ResponseWriter)
		want   answer
	}{
		"nothing":              {func(http.ResponseWriter) {}, invalidToken},
		"hints alone":          {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, invalidToken},
		"a flush":              {func(w http.ResponseWriter) { http.NewResponseController(w).Flush() }, invalidToken},
		"200 without a body":   {func(w http.ResponseWriter) { w.WriteHeader(200) }, answer{200, invalidToken.challenge, "no-store", "", ""}},
		"a body alone":         {func(w http.ResponseWriter) { io.WriteString(w, "no") }, answer{401, invalidToken.challenge, "no-store", "", "no"}},
		"no challenge":         {func(w http.ResponseWriter) { w.Header().Del("WWW-Authenticate") }, answer{401, "", "no-store", "", invalidToken.body}},
		"the length of nobody": {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "1000") }, invalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, must(jwtexp.NewMiddleware(verifier, jwtexp.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, _ error) {
				c.handle(w)
			}))).Handler)
			d.want(t, c.want, "Bearer garbage")
			if n := d.served.Load(); n != 0 {
				t.Errorf("next was served %d times, want never", n)
			}
			d.want(t, served("alice"), s.good()...)
		})
	}
}

var errDown = errors.New("down")

// A liar is an error that passes for every other.
type liar struct{}

func (liar) Error() string { return "a liar" }
func (liar) Is(error) bool { return true }
func (liar) As(target any) bool {
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
