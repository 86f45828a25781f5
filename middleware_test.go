package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// response has what the tests compare of an HTTP response.
type response struct {
	Status                             int
	Challenge, RetryAfter, Cache, Type string
	Body                               string
}

// The responses that are documented at Middleware.Handler, and the responses of subject.
var (
	missing        = response{401, `Bearer realm="api"`, "", "no-store", "application/json", `{"error":"Missing token"}`}
	invalidRequest = response{400, `Bearer realm="api", error="invalid_request"`, "", "no-store", "application/json", `{"error":"Invalid request"}`}
	expiredToken   = response{401, `Bearer realm="api", error="invalid_token", error_description="The access token expired"`, "", "no-store", "application/json", `{"error":"Token expired","expired_at":"2026-01-02T03:04:05Z"}`}
	invalidToken   = response{401, `Bearer realm="api", error="invalid_token", error_description="The access token is invalid"`, "", "no-store", "application/json", `{"error":"Invalid token"}`}
	unavailable    = response{503, "", "5", "no-store", "application/json", `{"error":"Temporarily unavailable"}`}
	served         = response{Status: 200, Type: "text/plain; charset=utf-8", Body: "subject alice"}
	anonymous      = response{Status: 200, Type: "text/plain; charset=utf-8", Body: "anonymous"}
)

// subject is a handler that responds with the subject of the token.
var subject = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if t, ok := jwtexp.FromContext(r.Context()); ok {
		fmt.Fprintf(w, "subject %s", t.Subject())
		return
	}
	fmt.Fprint(w, "anonymous")
})

// send sends a request with the given header to h, over a real connection.
func send(t *testing.T, h http.Handler, header http.Header) response {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	r := must(http.NewRequest("GET", server.URL, nil))
	r.Header = header
	got := must(server.Client().Do(r))
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Errorf("read the body: %v", err)
	}
	return response{
		Status:     got.StatusCode,
		Challenge:  got.Header.Get("WWW-Authenticate"),
		RetryAfter: got.Header.Get("Retry-After"),
		Cache:      got.Header.Get("Cache-Control"),
		Type:       got.Header.Get("Content-Type"),
		Body:       string(body),
	}
}

// wantResponse sends a request with the given header to h and compares the response.
func wantResponse(t *testing.T, h http.Handler, header http.Header, want response) {
	t.Helper()
	if diff := cmp.Diff(want, send(t, h, header)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func authorization(values ...string) http.Header { return http.Header{"Authorization": values} }

func TestMiddlewareTable(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	expired := sign(testSecret, joseHeader, fmt.Sprintf(`{"sub":"alice","exp":%d}`, epoch.Unix()))
	forged := sign(otherSecret, joseHeader, live(`,"sub":"alice"`))
	guard := must(jwtexp.NewMiddleware(newVerifier(clock))).Handler(subject)
	down := must(jwtexp.NewMiddleware(newPair(stubKeys(errors.New("down"))))).Handler(subject)

	for _, c := range []struct {
		name   string
		h      http.Handler
		header http.Header
		want   response
	}{
		{"good", guard, authorization("Bearer " + good), served},
		{"the scheme's case does not matter", guard, authorization("bEARER " + good), served},
		{"more than one space", guard, authorization("Bearer   " + good), served},
		{"no header", guard, nil, missing},
		{"empty header", guard, authorization(""), missing},
		{"another scheme", guard, authorization("Basic YTpi"), missing},
		{"another scheme with commas", guard, authorization(`Digest username="a", realm="b"`), missing},
		{"a scheme that begins with Bearer", guard, authorization("BearerX " + good), missing},
		{"no scheme", guard, authorization(good), missing},
		{"two headers", guard, authorization("Bearer "+good, "Bearer "+good), invalidRequest},
		{"two headers of two schemes", guard, authorization("Basic YTpi", "Bearer "+good), invalidRequest},
		{"Bearer alone", guard, authorization("Bearer"), invalidRequest},
		{"Bearer and a space", guard, authorization("Bearer "), invalidRequest},
		{"two tokens", guard, authorization("Bearer a b"), invalidRequest},
		{"a token twice", guard, authorization("Bearer " + good + " " + good), invalidRequest},
		{"a comma", guard, authorization("Bearer " + good + ", Basic YTpi"), invalidRequest},
		{"a comma instead of a space", guard, authorization("Bearer," + good), invalidRequest},
		{"a tab", guard, authorization("Bearer\t" + good), invalidRequest},
		{"a tab after the space", guard, authorization("Bearer \t" + good), invalidRequest},
		{"expired", guard, authorization("Bearer " + expired), expiredToken},
		{"forged", guard, authorization("Bearer " + forged), invalidToken},
		{"garbage", guard, authorization("Bearer garbage"), invalidToken},
		{"too large", guard, authorization("Bearer " + fmt.Sprintf("%09000d", 0)), invalidToken},
		{"unavailable", down, authorization("Bearer " + good), unavailable},
	} {
		t.Run(c.name, func(t *testing.T) { wantResponse(t, c.h, c.header, c.want) })
	}
}

// Conditional requests and range requests are rejected like all others, and no cache may keep
// the response.
func TestConditionalRequestsAreRejected(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	down := newPair(stubKeys(errors.New("down")))
	for name, handler := range map[string]http.Handler{
		"verifier": must(jwtexp.NewMiddleware(newVerifier(clock))).Handler(http.NotFoundHandler()),
		"scope":    must(jwtexp.NewMiddleware(newVerifier(clock))).WithScope("a").Handler(http.NotFoundHandler()),
		"outage":   must(jwtexp.NewMiddleware(down)).Handler(http.NotFoundHandler()),
	} {
		for _, token := range []string{"", "garbage", "two tokens", sign(testSecret, joseHeader, `{"exp":1}`), sign(testSecret, joseHeader, live(``))} {
			send := func(header, value string) *http.Response {
				r := jwtexptest.NewRequest(t, "GET", "/", token)
				if header != "" {
					r.Header.Set(header, value)
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				return w.Result()
			}
			want := send("", "")
			if want.StatusCode == http.StatusNotFound { // accepted
				continue
			}
			if got := want.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s: got %d with Cache-Control %q, want no-store", name, want.StatusCode, got)
			}
			for header, value := range map[string]string{
				"If-Match": `"x"`, "If-None-Match": "*", "If-Range": `"x"`, "Range": "bytes=0-3",
				"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
			} {
				got := send(header, value)
				if diff := cmp.Diff(want.Header, got.Header); diff != "" || got.StatusCode != want.StatusCode {
					t.Errorf("%s with %s: got status %d, want %d (-without +with)\n%s", name, header, got.StatusCode, want.StatusCode, diff)
				}
			}
		}
	}
}

func TestTokenFrom(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	fail := func(err error) jwtexp.Extractor {
		return func(*http.Request) (string, error) { return "", err }
	}
	both := []jwtexp.Extractor{jwtexp.FromHeader, jwtexp.FromCookie("session")}
	cookie := func(values ...string) http.Header { return http.Header{"Cookie": values} }
	for _, c := range []struct {
		name   string
		from   []jwtexp.Extractor
		header http.Header
		want   response
	}{
		{"cookie", both, cookie("session=" + good), served},
		{"cookie among others", both, cookie("a=b; session=" + good + "; c=d"), served},
		{"header", both, authorization("Bearer " + good), served},
		{"neither", both, nil, missing},
		{"other cookie", both, cookie("Session=" + good), missing},
		{"empty cookie", both, cookie("session="), missing},
		{"two cookies", both, cookie("session=" + good + "; session=" + good), invalidRequest},
		{"two cookie headers", both, cookie("session="+good, "session="+good), invalidRequest},
		{"a malformed cookie", both[1:], cookie(`session=a"b`), invalidRequest},
		{"a malformed cookie beside a good one", both[1:], cookie("session=" + good + `; session=a"b`), invalidRequest},
		{"a malformed cookie of another name", both[1:], cookie(`sess=a"b; session=` + good), served},
		{"a cookie with a space after its name", both[1:], cookie("session =" + good), served},
		{"two cookies, one with a space after its name", both[1:], cookie("session =x; session=" + good), invalidRequest},
		{"a quoted cookie", both[1:], cookie(`session="` + good + `"`), served},
		{"header and cookie", both, http.Header{"Authorization": {"Bearer " + good}, "Cookie": {"session=" + good}}, invalidRequest},
		{"another scheme and cookie", both, http.Header{"Authorization": {"Basic YTpi"}, "Cookie": {"session=" + good}}, served},
		{"a bad header and cookie", both, http.Header{"Authorization": {"Bearer"}, "Cookie": {"session=" + good}}, invalidRequest},
		{"cookie only", both[1:], authorization("Bearer " + good), missing},
		{"an extractor that returns nothing", []jwtexp.Extractor{fail(nil)}, nil, missing},
		{"an extractor that returns ErrMissing", []jwtexp.Extractor{fail(fmt.Errorf("not here: %w", jwtexp.ErrMissing))}, nil, missing},
		{"an extractor that returns another error", []jwtexp.Extractor{fail(errors.New("bad"))}, nil, invalidRequest},
		{"an extractor that returns ErrExpired", []jwtexp.Extractor{fail(jwtexp.ErrExpired)}, nil, invalidRequest},
		{"an extractor that returns ErrUnavailable", []jwtexp.Extractor{fail(jwtexp.ErrUnavailable)}, nil, unavailable},
		{"an extractor that returns an InvalidError", []jwtexp.Extractor{fail(&jwtexp.InvalidError{Reason: jwtexp.ReasonMalformed})}, nil, invalidToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithTokenFrom(c.from...)))
			wantResponse(t, m.Handler(subject), c.header, c.want)
		})
	}
}

func TestOptional(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	m := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithOptional()))
	for _, c := range []struct {
		name   string
		header http.Header
		want   response
	}{
		{"good", authorization("Bearer " + good), served},
		{"no token", nil, anonymous},
		{"another scheme", authorization("Basic YTpi"), anonymous},
		{"Bearer alone", authorization("Bearer"), invalidRequest},
		{"forged", authorization("Bearer " + good + "x"), invalidToken},
	} {
		t.Run(c.name, func(t *testing.T) { wantResponse(t, m.Handler(subject), c.header, c.want) })
	}

	t.Run("Check ignores WithOptional", func(t *testing.T) {
		_, err := m.Check(httptest.NewRequest("GET", "/", nil))
		wantOutcome(t, err, "missing")
	})
	t.Run("a verifier returns ErrMissing", func(t *testing.T) {
		m := must(jwtexp.NewMiddleware(stubVerifier(nil, jwtexp.ErrMissing), jwtexp.WithOptional()))
		wantResponse(t, m.Handler(subject), authorization("Bearer x"), unavailable)
	})
	t.Run("the token of an outer Middleware is hidden", func(t *testing.T) {
		outer := must(jwtexp.NewMiddleware(newVerifier(clock)))
		inner := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithOptional(), jwtexp.WithTokenFrom(jwtexp.FromCookie("session"))))
		wantResponse(t, outer.Handler(inner.Handler(subject)), authorization("Bearer "+good), anonymous)
	})
}

func TestUnusableResultOfATokenVerifier(t *testing.T) {
	for name, v := range map[string]jwtexp.TokenVerifier{
		"neither":      stubVerifier(nil, nil),
		"zero token":   stubVerifier(&jwtexp.Token{}, nil),
		"no verdict":   stubVerifier(nil, errors.New("other")),
		"two verdicts": stubVerifier(nil, errors.Join(jwtexp.ErrExpired, jwtexp.ErrInvalid)),
	} {
		t.Run(name, func(t *testing.T) {
			wantResponse(t, must(jwtexp.NewMiddleware(v)).Handler(subject), authorization("Bearer x"), unavailable)
		})
	}
}

// If the client has disconnected, a request is rejected even if its token is good, and its error
// also matches context.Canceled.
func TestCanceledRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := requestWith("x").WithContext(ctx)
	cause := errors.New("down")
	down := stubVerifier(nil, &jwtexp.UnavailableError{Err: cause})
	extractor := func(*http.Request) (string, error) { return "", jwtexp.ErrUnavailable }
	missing := func(*http.Request) (string, error) { return "", nil }
	good := stubVerifier(must(verify(t, sign(testSecret, joseHeader, live(``)))), nil)
	for name, m := range map[string]*jwtexp.Middleware{
		"verifier":   must(jwtexp.NewMiddleware(down)),
		"extractor":  must(jwtexp.NewMiddleware(down, jwtexp.WithTokenFrom(extractor))),
		"good token": must(jwtexp.NewMiddleware(good)),
		"no token":   must(jwtexp.NewMiddleware(good, jwtexp.WithOptional(), jwtexp.WithTokenFrom(missing))),
	} {
		got, err := m.Check(r)
		wantOutcome(t, err, "unavailable")
		if got != nil {
			t.Errorf("%s: got a token and the error %v, want no token", name, err)
		}
		w := httptest.NewRecorder()
		m.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Errorf("%s: the request was served", name)
		})).ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: got status %d, want 503", name, w.Code)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want it to match context.Canceled", name, err)
		}
		if name == "verifier" && !errors.Is(err, cause) {
			t.Errorf("%s: got %v, want it to match the cause too", name, err)
		}
	}

	// A bad token keeps its verdict.
	for want, err := range map[string]error{
		"invalid: signature": &jwtexp.InvalidError{Reason: jwtexp.ReasonSignature},
		"expired":            &jwtexp.ExpiredError{},
	} {
		_, got := must(jwtexp.NewMiddleware(stubVerifier(nil, err))).Check(r)
		wantOutcome(t, got, want)
	}
}
