package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// answer is what a client sees of the middleware.
type answer struct {
	Status                             int
	Challenge, RetryAfter, Cache, Type string
	Body                               string
}

// refusals are the rows of the table in the README.
var (
	missing        = answer{401, `Bearer realm="api"`, "", "no-store", "application/json", `{"error":"Missing token"}`}
	invalidRequest = answer{400, `Bearer realm="api", error="invalid_request"`, "", "no-store", "application/json", `{"error":"Invalid request"}`}
	expiredToken   = answer{401, `Bearer realm="api", error="invalid_token", error_description="The access token expired"`, "", "no-store", "application/json", `{"error":"Token expired","expired_at":"2026-01-02T03:04:05Z"}`}
	invalidToken   = answer{401, `Bearer realm="api", error="invalid_token", error_description="The access token is invalid"`, "", "no-store", "application/json", `{"error":"Invalid token"}`}
	unavailable    = answer{503, "", "5", "no-store", "application/json", `{"error":"Temporarily unavailable"}`}
	served         = answer{Status: 200, Type: "text/plain; charset=utf-8", Body: "subject alice"}
	anonymous      = answer{Status: 200, Type: "text/plain; charset=utf-8", Body: "anonymous"}
)

// subject is a handler behind the middleware.
var subject = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if t, ok := jwtexp.FromContext(r.Context()); ok {
		fmt.Fprintf(w, "subject %s", t.Subject())
		return
	}
	fmt.Fprint(w, "anonymous")
})

// ask sends a request with the given header over a real connection.
func ask(t *testing.T, h http.Handler, header http.Header) answer {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	r := must(http.NewRequest("GET", server.URL, nil))
	r.Header = header
	response := must(server.Client().Do(r))
	defer response.Body.Close()
	return answer{
		Status:     response.StatusCode,
		Challenge:  response.Header.Get("WWW-Authenticate"),
		RetryAfter: response.Header.Get("Retry-After"),
		Cache:      response.Header.Get("Cache-Control"),
		Type:       response.Header.Get("Content-Type"),
		Body:       string(must(io.ReadAll(response.Body))),
	}
}

func authorization(values ...string) http.Header { return http.Header{"Authorization": values} }

func TestMiddlewareTable(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	expired := sign(testSecret, joseHeader, fmt.Sprintf(`{"sub":"alice","exp":%d}`, epoch.Unix()))
	forged := sign(otherSecret, joseHeader, live(`,"sub":"alice"`))
	guard := must(jwtexp.NewMiddleware(newVerifier(clock))).Handler(subject)
	down := must(jwtexp.NewMiddleware(newPair(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
		return nil, errors.New("down")
	})))).Handler(subject)

	for _, c := range []struct {
		name   string
		h      http.Handler
		header http.Header
		want   answer
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
		{"a comma for a space", guard, authorization("Bearer," + good), invalidRequest},
		{"a tab", guard, authorization("Bearer\t" + good), invalidRequest},
		{"a tab behind the space", guard, authorization("Bearer \t" + good), invalidRequest},
		{"expired", guard, authorization("Bearer " + expired), expiredToken},
		{"forged", guard, authorization("Bearer " + forged), invalidToken},
		{"garbage", guard, authorization("Bearer garbage"), invalidToken},
		{"too_large", guard, authorization("Bearer " + fmt.Sprintf("%09000d", 0)), invalidToken},
		{"unavailable", down, authorization("Bearer " + good), unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ask(t, c.h, c.header)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// No condition and no range changes a refusal, or makes it one that a cache may keep.
func TestConditionsChangeNoRefusal(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	down := newPair(keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) { return nil, errors.New("down") }))
	for name, handler := range map[string]http.Handler{
		"verifier": must(jwtexp.NewMiddleware(newVerifier(clock))).Handler(http.NotFoundHandler()),
		"scope":    must(jwtexp.NewMiddleware(newVerifier(clock))).WithScope("a").Handler(http.NotFoundHandler()),
		"outage":   must(jwtexp.NewMiddleware(down)).Handler(http.NotFoundHandler()),
	} {
		for _, token := range []string{"", "garbage", "two tokens", sign(testSecret, joseHeader, `{"exp":1}`), sign(testSecret, joseHeader, live(``))} {
			ask := func(header, value string) *http.Response {
				r := jwtexptest.NewRequest(t, "GET", "/", token)
				if header != "" {
					r.Header.Set(header, value)
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				return w.Result()
			}
			want := ask("", "")
			if want.StatusCode == http.StatusNotFound { // which is next's to say
				continue
			}
			if got := want.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s: got %d with Cache-Control %q, want no-store", name, want.StatusCode, got)
			}
			for header, value := range map[string]string{
				"If-Match": `"x"`, "If-None-Match": "*", "If-Range": `"x"`, "Range": "bytes=0-3",
				"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
			} {
				got := ask(header, value)
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
		want   answer
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
		{"a cookie with a space behind its name", both[1:], cookie("session =" + good), served},
		{"two cookies, one with a space behind its name", both[1:], cookie("session =x; session=" + good), invalidRequest},
		{"a quoted cookie", both[1:], cookie(`session="` + good + `"`), served},
		{"header and cookie", both, http.Header{"Authorization": {"Bearer " + good}, "Cookie": {"session=" + good}}, invalidRequest},
		{"another scheme and cookie", both, http.Header{"Authorization": {"Basic YTpi"}, "Cookie": {"session=" + good}}, served},
		{"a bad header and cookie", both, http.Header{"Authorization": {"Bearer"}, "Cookie": {"session=" + good}}, invalidRequest},
		{"cookie only", both[1:], authorization("Bearer " + good), missing},
		{"an extractor that finds nothing", []jwtexp.Extractor{fail(nil)}, nil, missing},
		{"an extractor that says so", []jwtexp.Extractor{fail(fmt.Errorf("not here: %w", jwtexp.ErrMissing))}, nil, missing},
		{"an extractor that fails", []jwtexp.Extractor{fail(errors.New("bad"))}, nil, invalidRequest},
		{"an extractor that says expired", []jwtexp.Extractor{fail(jwtexp.ErrExpired)}, nil, invalidRequest},
		{"an extractor whose store is down", []jwtexp.Extractor{fail(jwtexp.ErrUnavailable)}, nil, unavailable},
		{"an extractor that refuses", []jwtexp.Extractor{fail(&jwtexp.InvalidError{Reason: jwtexp.ReasonMalformed})}, nil, invalidToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithTokenFrom(c.from...)))
			if diff := cmp.Diff(c.want, ask(t, m.Handler(subject), c.header)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
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
		want   answer
	}{
		{"good", authorization("Bearer " + good), served},
		{"no token", nil, anonymous},
		{"another scheme", authorization("Basic YTpi"), anonymous},
		{"Bearer alone", authorization("Bearer"), invalidRequest},
		{"forged", authorization("Bearer " + good + "x"), invalidToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ask(t, m.Handler(subject), c.header)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	t.Run("Check knows no option", func(t *testing.T) {
		_, err := m.Check(httptest.NewRequest("GET", "/", nil))
		wantOutcome(t, errors.Join(err), "missing")
	})
	t.Run("a verifier that says missing of a token", func(t *testing.T) {
		m := must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
			return nil, jwtexp.ErrMissing
		}), jwtexp.WithOptional()))
		if diff := cmp.Diff(unavailable, ask(t, m.Handler(subject), authorization("Bearer x"))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("an outer token does not shine through", func(t *testing.T) {
		outer := must(jwtexp.NewMiddleware(newVerifier(clock)))
		inner := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithOptional(), jwtexp.WithTokenFrom(jwtexp.FromCookie("session"))))
		if diff := cmp.Diff(anonymous, ask(t, outer.Handler(inner.Handler(subject)), authorization("Bearer "+good))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestTokenVerifierThatAnswersNonsense(t *testing.T) {
	for name, v := range map[string]verifierFunc{
		"neither":      func(context.Context, string) (*jwtexp.Token, error) { return nil, nil },
		"a zero token": func(context.Context, string) (*jwtexp.Token, error) { return &jwtexp.Token{}, nil },
		"no verdict":   func(context.Context, string) (*jwtexp.Token, error) { return nil, errors.New("what") },
		"two verdicts": func(context.Context, string) (*jwtexp.Token, error) {
			return nil, errors.Join(jwtexp.ErrExpired, jwtexp.ErrInvalid)
		},
	} {
		m := must(jwtexp.NewMiddleware(v))
		if diff := cmp.Diff(unavailable, ask(t, m.Handler(subject), authorization("Bearer x"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A caller that has gone is told apart from an outage, whoever says unavailable,
// and is not let in, whoever says that it is good.
func TestCancelledRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	r.Header.Set("Authorization", "Bearer x")
	down := errors.New("down")
	bare := verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
		return nil, &jwtexp.UnavailableError{Err: down}
	})
	extractor := func(*http.Request) (string, error) { return "", jwtexp.ErrUnavailable }
	missing := func(*http.Request) (string, error) { return "", nil }
	token := must(verify(t, sign(testSecret, joseHeader, live(``))))
	good := verifierFunc(func(context.Context, string) (*jwtexp.Token, error) { return token, nil })
	for name, m := range map[string]*jwtexp.Middleware{
		"verifier":   must(jwtexp.NewMiddleware(bare)),
		"extractor":  must(jwtexp.NewMiddleware(bare, jwtexp.WithTokenFrom(extractor))),
		"good token": must(jwtexp.NewMiddleware(good)),
		"no token":   must(jwtexp.NewMiddleware(good, jwtexp.WithOptional(), jwtexp.WithTokenFrom(missing))),
	} {
		got, err := m.Check(r)
		wantOutcome(t, err, "unavailable")
		if got != nil {
			t.Errorf("%s: got a token beside %v", name, err)
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
		if name == "verifier" && !errors.Is(err, down) {
			t.Errorf("%s: got %v, want it to match the cause too", name, err)
		}
	}

	// What is wrong with a token is so whoever waits for the answer.
	for want, err := range map[string]error{
		"invalid: signature": &jwtexp.InvalidError{Reason: jwtexp.ReasonSignature},
		"expired":            &jwtexp.ExpiredError{},
	} {
		m := must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) { return nil, err })))
		_, got := m.Check(r)
		wantOutcome(t, got, want)
	}
}

func TestRealm(t *testing.T) {
	m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithRealm(`the "inner" \ realm`)))
	want := `Bearer realm="the \"inner\" \\ realm"`
	if got := ask(t, m.Handler(subject), nil).Challenge; got != want {
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
		m := must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
			return nil, &jwtexp.UnavailableError{RetryAfter: after}
		})))
		if got := ask(t, m.Handler(subject), authorization("Bearer x")).RetryAfter; got != want {
			t.Errorf("RetryAfter %v: got %s, want %s", after, got, want)
		}
	}
}

func TestErrorHandler(t *testing.T) {
	plain := "text/plain; charset=utf-8"
	for _, c := range []struct {
		name string
		h    func(http.ResponseWriter, *http.Request, error)
		want answer
	}{
		{"writes nothing", func(http.ResponseWriter, *http.Request, error) {}, missing},
		{"sets a header alone", func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("Content-Type", "x/y") }, missing},
		{"writes a body", func(w http.ResponseWriter, _ *http.Request, _ error) { io.WriteString(w, "no") },
			answer{401, missing.Challenge, "", "no-store", plain, "no"}},
		{"writes an empty body", func(w http.ResponseWriter, _ *http.Request, _ error) { w.Write(nil) },
			answer{401, missing.Challenge, "", "no-store", "", ""}},
		{"writes a status", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(403) },
			answer{403, missing.Challenge, "", "no-store", "", ""}},
		{"writes a status and a body", func(w http.ResponseWriter, _ *http.Request, _ error) { http.Error(w, "no", 404) },
			answer{404, missing.Challenge, "", "no-store", plain, "no\n"}},
		{"hints first", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(103); io.WriteString(w, "no") },
			answer{401, missing.Challenge, "", "no-store", plain, "no"}},
		{"hints alone", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(103) }, missing},
		{"sets headers of a body that it does not write", func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Content-Length", "100")
			w.Header().Set("Content-Encoding", "gzip")
		}, missing},
		{"recovers from a status that is none", func(w http.ResponseWriter, _ *http.Request, _ error) {
			defer func() { _ = recover() }()
			w.WriteHeader(1000)
		}, missing},
		{"flushes", func(w http.ResponseWriter, _ *http.Request, _ error) {
			if err := http.NewResponseController(w).Flush(); err == nil {
				t.Error("Flush: got nil, want an error: it would send an implicit 200")
			}
		}, missing},
		{"takes the challenge away", func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Del("WWW-Authenticate")
			io.WriteString(w, "no")
		}, answer{401, "", "", "no-store", plain, "no"}},
		{"looks at the error", func(w http.ResponseWriter, r *http.Request, err error) {
			fmt.Fprint(w, r.Method, " ", outcome(err) == "missing", errors.Is(err, jwtexp.ErrMissing))
		}, answer{401, missing.Challenge, "", "no-store", plain, "GET true true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithErrorHandler(c.h)))
			if diff := cmp.Diff(c.want, ask(t, m.Handler(subject), nil)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
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
		{(*jwtexp.ExpiredError)(nil), 500}, // a slip of somebody's, and no verdict
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

// An expired answer of a TokenVerifier that is not ours may lack the time, or
// have one that JSON cannot say.
func TestExpiredAnswerOfAnotherVerifier(t *testing.T) {
	for name, err := range map[string]error{
		"bare":        jwtexp.ErrExpired,
		"beyond 9999": &jwtexp.ExpiredError{ExpiredAt: time.Unix(1<<40, 0)},
	} {
		m := must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) { return nil, err })))
		want := expiredToken
		want.Body = `{"error":"Token expired"}`
		if diff := cmp.Diff(want, ask(t, m.Handler(subject), authorization("Bearer x"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
