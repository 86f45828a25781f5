package session_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A site is a world with Cookies. Its pages are the handler that a test sets. A site answers one
// request at a time.
type site struct {
	*watchedWorld
	cookies *session.Cookies
	guard   *jwtexp.Middleware
}

func newSite(t *testing.T, opts ...session.CookieOption) *site {
	t.Helper()
	s := &site{watchedWorld: newWatchedWorld(t)}
	s.cookies = must(session.NewCookies(s.Manager, s.verifier, opts...))
	s.guard = must(jwtexp.NewMiddleware(s.verifier, jwtexp.WithTokenFrom(s.cookies.Extractor())))
	return s
}

// A browser keeps cookies, by name. It does not know when they end.
type browser map[string]string

// send sends a request with the cookies of the browser, and stores the new ones.
func (b browser) send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	for _, name := range slices.Sorted(maps.Keys(b)) {
		line := strings.TrimPrefix(r.Header.Get("Cookie")+"; "+name+"="+b[name], "; ")
		r.Header.Set("Cookie", line)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b.store(w)
	return w
}

func (b browser) store(w *httptest.ResponseRecorder) {
	for _, cookie := range w.Result().Cookies() {
		if cookie.MaxAge < 0 {
			delete(b, cookie.Name)
			continue
		}
		b[cookie.Name] = cookie.Value
	}
}

const (
	accessCookie  = session.DefaultAccessCookie
	refreshCookie = session.DefaultRefreshCookie
)

// login starts a session for a browser.
func (s *site) login(t *testing.T, b browser, subject string) session.Info {
	t.Helper()
	var info session.Info
	b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if info, err = s.cookies.Start(w, r, subject, nil); err != nil {
			t.Fatal(err)
		}
	}), visit("POST", "/login"))
	return info
}

func visit(method, path string) *http.Request {
	return httptest.NewRequest(method, "https://app.example"+path, nil)
}

// wantCookies compares the Set-Cookie lines of a response with lines in which a value is replaced by
// its name.
func wantCookies(t *testing.T, w *httptest.ResponseRecorder, want ...string) {
	t.Helper()
	var got []string
	for _, line := range w.Result().Header["Set-Cookie"] {
		name, rest, _ := strings.Cut(line, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		kind := "?"
		switch {
		case value == "":
			kind = ""
		case strings.Count(value, ".") == 2:
			kind = "JWT"
		case strings.HasPrefix(value, "rt1_"):
			kind = "rt1"
		}
		got = append(got, name+"="+kind+";"+attributes)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Set-Cookie (-want +got):\n%s", diff)
	}
	if cache := w.Result().Header.Get("Cache-Control"); len(want) > 0 && cache != "no-store" {
		t.Errorf("got Cache-Control %q, want no-store", cache)
	}
}

const (
	setAccess    = accessCookie + "=JWT; Path=/; Max-Age=539; HttpOnly; Secure; SameSite=Lax"
	setRefresh   = refreshCookie + "=rt1; Path=/; Max-Age=7199; HttpOnly; Secure; SameSite=Lax"
	clearAccess  = accessCookie + "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
	clearRefresh = refreshCookie + "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
)

func TestCookiesStart(t *testing.T) {
	s := newSite(t)
	w, r := httptest.NewRecorder(), visit("POST", "/login")
	info, err := s.cookies.Start(w, r, "alice", map[string]string{"role": "admin"}, session.WithLabel("Firefox"))
	if err != nil {
		t.Fatal(err)
	}
	wantCookies(t, w, setAccess, setRefresh)
	b := browser{}
	b.store(w)
	token := must(s.verifier.Verify(t.Context(), b[accessCookie]))
	if token.Subject() != "alice" || token.SessionID() != info.ID || info.Label != "Firefox" || string(info.Claims) != `{"role":"admin"}` {
		t.Errorf("got %v with label %q, want the session of alice", info, info.Label)
	}
	s.refresh(t, b[refreshCookie])
}

// The access cookie ends when 9 tenths of the access token are over, and the refresh cookie with the
// session, after a second at least. Browsers keep none for more than 400 days.
func TestMaxAge(t *testing.T) {
	for _, test := range []struct {
		access, lifetime, idle time.Duration
		want                   string
	}{
		{10 * time.Minute, 10 * time.Hour, 0, "539 35999"},
		{10 * time.Minute, 10 * time.Hour, time.Hour, "539 3599"},
		{time.Second, time.Second, 0, "1 1"},
		{2 * time.Second, 2 * time.Second, 0, "1 1"},
		{100 * 365 * 24 * time.Hour, 100 * 365 * 24 * time.Hour, 0, "34560000 34560000"},
	} {
		s := newSite(t)
		issuer := must(jwtexp.NewIssuer(s.key, test.access, jwtexp.WithClock(s.clock)))
		m := must(session.New(s.store, issuer, secret, session.Policy{Lifetime: test.lifetime, Idle: test.idle}))
		w := httptest.NewRecorder()
		if _, err := must(session.NewCookies(m, s.verifier)).Start(w, visit("POST", "/"), "alice", nil); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, cookie := range w.Result().Cookies() {
			got = append(got, fmt.Sprint(cookie.MaxAge))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%v, %v, %v: got Max-Age %s, want %s", test.access, test.lifetime, test.idle, got, test.want)
		}
	}
}

// Start ends the session that the browser had, by either cookie.
func TestStartEndsTheEarlierSession(t *testing.T) {
	for _, missing := range []string{"", accessCookie, refreshCookie} {
		t.Run("without "+missing, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "mallory")
			planted := b[refreshCookie]
			delete(b, missing)
			s.login(t, b, "alice")
			_, err := s.Refresh(t.Context(), planted)
			wantOutcome(t, err, "invalid: ended")
			s.refresh(t, b[refreshCookie])
		})
	}
}

// After an error of Start, nothing is set.
func TestStartThatFails(t *testing.T) {
	for _, test := range []struct {
		name, subject, method, want string
	}{
		{"the earlier session cannot be ended", "alice", "End", "unavailable"},
		{"the new session cannot be stored", "alice", "Create", "unavailable"},
		{"no subject", "", "", "no verdict"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "mallory")
			s.store.taken()
			s.store.hook = failBefore(test.method)
			w := b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				info, err := s.cookies.Start(w, r, test.subject, nil)
				wantOutcome(t, err, test.want)
				if info.ID != "" {
					t.Errorf("got %v, want no session", info)
				}
			}), visit("POST", "/login"))
			wantCookies(t, w)
			if calls := s.store.taken(); test.method == "End" && slices.Contains(calls, "Create") {
				t.Errorf("got calls %v, want no Create", calls)
			}
		})
	}
}

// Browsers ignore a cookie of more than 4096 bytes. A token that is too long is an error of Start,
// and an outage when it is renewed.
func TestLongAccessToken(t *testing.T) {
	s, b := newSite(t), browser{}
	length := 0
	s.Manager = s.manager(policy, session.WithClaims(func(context.Context, session.Info) (any, error) {
		return map[string]string{"x": strings.Repeat("x", length)}, nil
	}))
	cookies := must(session.NewCookies(s.Manager, s.verifier))
	start := func() (session.Info, error) {
		var info session.Info
		var err error
		b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { info, err = cookies.Start(w, r, "alice", nil) }), visit("POST", "/login"))
		return info, err
	}
	for length = 2000; ; length++ {
		if _, err := start(); err != nil {
			wantOutcome(t, err, "no verdict")
			break
		}
		if length > 4096 {
			t.Fatal("got no error for a cookie of more than 4096 bytes, want one")
		}
	}
	if size := len(accessCookie) + len(b[accessCookie]); size > 4096 || size < 4094 {
		t.Errorf("got a longest cookie of %d bytes, want 4096 or a little less", size)
	}
	if all := must(s.List(t.Context(), "alice")); len(all) > 0 {
		t.Errorf("got %d sessions after the error, want none: the earlier one has ended, and the new one is of no use", len(all))
	}
	length = 10
	if _, err := start(); err != nil {
		t.Fatal(err)
	}
	length = 4000
	s.kinds()
	s.clock.Advance(access)
	w := b.send(cookies.Handler(page), visit("GET", "/"))
	if w.Code != 503 {
		t.Errorf("got %d, want 503", w.Code)
	}
	wantCookies(t, w)
	s.wantEvents(t, session.EventRefreshed, session.EventFailed)
	length = 10
	if w := b.send(cookies.Handler(s.guard.Handler(page)), visit("GET", "/")); w.Code != 200 {
		t.Errorf("got %d after the claims are short again, want 200", w.Code)
	}
}

func TestCookiesEnd(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(s *site, b browser)
		want   string // of Refresh afterwards
	}{
		{"both cookies", func(*site, browser) {}, "invalid: ended"},
		{"refresh cookie only", func(_ *site, b browser) { delete(b, accessCookie) }, "invalid: ended"},
		{"access cookie only", func(_ *site, b browser) { delete(b, refreshCookie) }, "invalid: ended"},
		{"refresh cookie of another secret", func(_ *site, b browser) { b[refreshCookie] = "rt1_" + strings.Repeat("A", 56) }, "invalid: ended"},
		{"expired access token beside it", func(s *site, _ browser) { s.clock.Advance(access) }, "invalid: ended"},
		{"replaced refresh token", func(s *site, b browser) {
			s.clock.Advance(access)
			must(s.Refresh(context.Background(), b[refreshCookie]))
		}, "invalid: ended"},
		{"expired access cookie only", func(s *site, b browser) { s.clock.Advance(access); delete(b, refreshCookie) }, "ok"},
		{"forged access cookie only", func(_ *site, b browser) { b[accessCookie] += "A"; delete(b, refreshCookie) }, "ok"},
		{"none", func(_ *site, b browser) { clear(b) }, "ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			other := browser{}
			s.login(t, other, "alice")
			old := b[refreshCookie]
			test.change(s, b)
			w := b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := s.cookies.End(w, r); err != nil {
					t.Error(err)
				}
			}), visit("POST", "/logout"))
			wantCookies(t, w, clearAccess, clearRefresh)
			if len(b) > 0 {
				t.Errorf("got %d cookies, want none", len(b))
			}
			_, err := s.Refresh(t.Context(), old)
			wantOutcome(t, err, test.want)
			s.refresh(t, other[refreshCookie])
		})
	}
}

// If the session cannot be ended, no cookie is removed.
func TestEndThatFails(t *testing.T) {
	for name, remove := range map[string]string{"by the refresh cookie": "", "by the access cookie": refreshCookie} {
		t.Run(name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			delete(b, remove)
			s.store.hook = failBefore("End")
			w := b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				wantOutcome(t, s.cookies.End(w, r), "unavailable")
			}), visit("POST", "/logout"))
			wantCookies(t, w)
		})
	}
	t.Run("the verifier", func(t *testing.T) {
		s, b := newSite(t), browser{}
		s.login(t, b, "alice")
		delete(b, refreshCookie)
		down := must(session.NewCookies(s.Manager, verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
			return nil, &jwtexp.UnavailableError{What: "key set"}
		})))
		w := b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			wantOutcome(t, down.End(w, r), "unavailable")
		}), visit("POST", "/logout"))
		wantCookies(t, w)
	})
}

type verifierFunc func(context.Context, string) (*jwtexp.Token, error)

func (f verifierFunc) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	return f(ctx, raw)
}

// A client who hangs up does not stop a logout.
func TestCookiesEndOfAClientWhoHangsUp(t *testing.T) {
	for name, remove := range map[string]string{"by the refresh cookie": "", "by the access cookie": refreshCookie} {
		t.Run(name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			old := b[refreshCookie]
			delete(b, remove)
			ctx, hangUp := context.WithCancel(t.Context())
			hangUp()
			b.send(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := s.cookies.End(w, r); err != nil {
					t.Error(err)
				}
			}), visit("POST", "/logout").WithContext(ctx))
			_, err := s.Refresh(t.Context(), old)
			wantOutcome(t, err, "invalid: ended")
		})
	}
}

// A Start after an End, or after another Start, sets each cookie once.
func TestStartReplacesItsLines(t *testing.T) {
	s := newSite(t)
	w, r := httptest.NewRecorder(), visit("POST", "/login")
	w.Header().Add("Set-Cookie", "theme=dark")
	if err := s.cookies.End(w, r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.cookies.Start(w, r, "alice", nil); err != nil {
			t.Fatal(err)
		}
	}
	wantCookies(t, w, "theme=?;", setAccess, setRefresh)
}

// Over HTTP to a loopback address, and only there, cookies are not Secure.
func TestWithLoopbackHTTP(t *testing.T) {
	for _, test := range []struct {
		name, url string
		opts      []session.CookieOption
		want      []string
	}{
		{"without the option", "http://localhost:8080/", nil, []string{setAccess, setRefresh}},
		{"localhost", "http://localhost:8080/", loopback, []string{
			"access=JWT; Path=/; Max-Age=539; HttpOnly; SameSite=Lax", "refresh=rt1; Path=/; Max-Age=7199; HttpOnly; SameSite=Lax"}},
		{"IPv4", "http://127.0.0.1/", loopback, []string{
			"access=JWT; Path=/; Max-Age=539; HttpOnly; SameSite=Lax", "refresh=rt1; Path=/; Max-Age=7199; HttpOnly; SameSite=Lax"}},
		{"IPv6, with names", "http://[::1]:80/", append(loopback, session.WithCookieNames("__Host-a", "__Host-r")), []string{
			"a=JWT; Path=/; Max-Age=539; HttpOnly; SameSite=Lax", "r=rt1; Path=/; Max-Age=7199; HttpOnly; SameSite=Lax"}},
		{"TLS", "https://localhost:8443/", loopback, []string{setAccess, setRefresh}},
		{"another host", "http://app.example/", loopback, []string{setAccess, setRefresh}},
		{"a host that looks like it", "http://localhost.example/", loopback, []string{setAccess, setRefresh}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, test.opts...)
			w := httptest.NewRecorder()
			if _, err := s.cookies.Start(w, httptest.NewRequest("POST", test.url, nil), "alice", nil); err != nil {
				t.Fatal(err)
			}
			wantCookies(t, w, test.want...)
			b := browser{}
			b.store(w)
			s.clock.Advance(access) // renew
			answer := b.send(s.cookies.Handler(s.guard.Handler(page)), httptest.NewRequest("GET", test.url, nil))
			if answer.Code != 200 {
				t.Errorf("got %d, want 200", answer.Code)
			}
			wantCookies(t, answer, test.want...)
		})
	}
}

var loopback = []session.CookieOption{session.WithLoopbackHTTP()}

// page answers with the subject of the token.
var page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	token, _ := jwtexp.FromContext(r.Context())
	fmt.Fprint(w, token.Subject())
})

func TestCookieFaults(t *testing.T) {
	s := newSite(t)
	var noVerifier *jwtexp.Verifier
	for _, test := range []struct {
		name     string
		manager  *session.Manager
		verifier jwtexp.TokenVerifier
		opts     []session.CookieOption
		want     []string
	}{
		{"no manager", nil, s.verifier, nil, []string{"manager: nil or zero"}},
		{"zero manager", &session.Manager{}, s.verifier, nil, []string{"manager: nil or zero"}},
		{"no verifier", s.Manager, nil, nil, []string{"verifier: nil"}},
		{"nil verifier", s.Manager, noVerifier, nil, []string{"verifier: nil"}},
		{"zero verifier", s.Manager, &jwtexp.Verifier{}, nil, []string{"verifier: "}},
		{"nil option", s.Manager, s.verifier, []session.CookieOption{nil}, []string{"options: a nil option"}},
		{"names without prefix", s.Manager, s.verifier, []session.CookieOption{session.WithCookieNames("a", "r")}, []string{
			"WithCookieNames: invalid name \"a\"; want one such as __Host-access\ninvalid name \"r\"; want one such as __Host-access"}},
		{"a prefix alone", s.Manager, s.verifier, []session.CookieOption{session.WithCookieNames("__Host-", "__Host-r")}, []string{`WithCookieNames: invalid name "__Host-"`}},
		{"malformed name", s.Manager, s.verifier, []session.CookieOption{session.WithCookieNames("__Host-a", "__Host-r;")}, []string{`WithCookieNames: invalid name "__Host-r;"`}},
		{"equal names", s.Manager, s.verifier, []session.CookieOption{session.WithCookieNames("__Host-a", "__Host-a")}, []string{"WithCookieNames: the names are equal"}},
		{"option twice", s.Manager, s.verifier, append(loopback, loopback...), []string{"WithLoopbackHTTP: given twice"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := session.NewCookies(test.manager, test.verifier, test.opts...)
			if c != nil {
				t.Errorf("got %v beside an error, want nil", c)
			}
			wantFaults(t, err, "session: NewCookies: ", test.want)
		})
	}
}

func TestZeroCookies(t *testing.T) {
	for name, c := range map[string]*session.Cookies{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			_, err := c.Start(w, visit("POST", "/"), "alice", nil)
			wantOutcome(t, err, "unavailable")
			wantOutcome(t, c.End(w, visit("POST", "/")), "unavailable")
			if _, err := c.Extractor()(visit("GET", "/")); !errors.Is(err, jwtexp.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			wantCookies(t, w)
			c.Handler(page).ServeHTTP(w, visit("GET", "/"))
			if w.Code != 503 {
				t.Errorf("got %d, want 503", w.Code)
			}
		})
	}
}
