package session_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// Handler renews when the access cookie is missing, expired or invalid. next sees a good access
// cookie or none, never the refresh cookie, and all other cookies as they were sent.
func TestHandlerRenews(t *testing.T) {
	const others = `theme="dark;x"; bad cookie; a=1`
	for _, test := range []struct {
		name   string
		change func(s *site, b browser)
		status int
		set    []string
		calls  string // of the store
	}{
		{"good access cookie", func(*site, browser) {}, 200, nil, "[]"},
		{"good access cookie alone", func(_ *site, b browser) { delete(b, refreshCookie) }, 200, nil, "[]"},
		{"missing, young refresh token", func(_ *site, b browser) { delete(b, accessCookie) }, 200, []string{setAccess}, "[Find]"},
		{"missing", func(s *site, b browser) { delete(b, accessCookie); s.clock.Advance(time.Minute) }, 200, []string{setAccess, setRefresh}, "[Find Advance]"},
		{"expired", func(s *site, _ browser) { s.clock.Advance(access) }, 200, []string{setAccess, setRefresh}, "[Find Advance]"},
		{"invalid", func(_ *site, b browser) { b[accessCookie] = "forged" }, 200, []string{setAccess}, "[Find]"},
		{"empty", func(_ *site, b browser) { b[accessCookie] = "" }, 200, []string{setAccess}, "[Find]"},
		{"malformed", func(_ *site, b browser) { b[accessCookie] = `a"b` }, 200, []string{setAccess}, "[Find]"},
		{"revoked token of a living session", func(s *site, b browser) {
			s.RevokeToken(context.Background(), must(s.verifier.Verify(context.Background(), b[accessCookie])))
		}, 200, []string{setAccess}, "[End Find]"},
		{"answer without a refresh token", func(s *site, b browser) {
			s.clock.Advance(2 * grace)
			s.Refresh(context.Background(), b[refreshCookie])
			s.clock.Advance(grace)
			delete(b, accessCookie)
		}, 200, []string{setAccess}, "[Find Advance Find]"},

		{"no cookies", func(_ *site, b browser) { clear(b) }, 401, nil, "[]"},
		{"expired, without a refresh cookie", func(s *site, b browser) { s.clock.Advance(access); delete(b, refreshCookie) }, 401, nil, "[]"},
		{"garbage as refresh token", func(_ *site, b browser) { delete(b, accessCookie); b[refreshCookie] = "garbage" }, 401, nil, "[]"},
		{"session that was ended", func(s *site, b browser) { s.End(context.Background(), b[refreshCookie]) }, 401, nil, "[End Find]"},
		{"session that has expired", func(s *site, _ browser) { s.clock.Advance(idle) }, 401, nil, "[Find]"},
		{"reuse", func(s *site, b browser) {
			next := b[refreshCookie]
			for range 2 {
				s.clock.Advance(access)
				next = must(s.Refresh(context.Background(), next)).Refresh()
			}
		}, 401, nil, "[Find Advance Find Advance Find End]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			s.store.taken()
			test.change(s, b)
			r := visit("GET", "/")
			r.Header.Add("Cookie", others)
			var seen *http.Request
			w := b.send(s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = r
				s.guard.Handler(page).ServeHTTP(w, r)
			})), r)
			if w.Code != test.status {
				t.Errorf("got %d, want %d", w.Code, test.status)
			}
			if got := w.Body.String(); test.status == 200 && got != "alice" || test.status == 401 && !strings.Contains(got, "Missing token") {
				t.Errorf("got %s, want a page for alice, or a missing token", got)
			}
			wantCookies(t, w, test.set...)
			if got := strings.Join(s.store.taken(), " "); "["+got+"]" != test.calls {
				t.Errorf("got calls [%s], want %s", got, test.calls)
			}
			want := others
			if test.status == 200 {
				want += "; " + accessCookie + "=" + b[accessCookie]
			}
			if got := strings.Join(seen.Header["Cookie"], "; "); got != want {
				t.Errorf("got a request with Cookie of %d bytes, want the others and the access cookie, %d bytes", len(got), len(want))
			}
			if got := r.Header.Get("Cookie"); len(b) > 0 && !strings.Contains(got, "__Host-") {
				t.Error("got a request that Handler has changed, want a copy")
			}
		})
	}
}

// A request may have its cookies on several lines, and each name once.
func TestCookiesOnSeveralLines(t *testing.T) {
	s, b := newSite(t), browser{}
	s.login(t, b, "alice")
	s.clock.Advance(access)
	r := visit("GET", "/")
	r.Header["Cookie"] = []string{"a=1; " + accessCookie + "=" + b[accessCookie], refreshCookie + "=" + b[refreshCookie], "b=2;c=3"}
	var seen []string
	w := httptest.NewRecorder()
	s.cookies.Handler(s.guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header["Cookie"] }))).ServeHTTP(w, r)
	b.store(w)
	if diff := cmp.Diff([]string{"a=1", "b=2;c=3", accessCookie + "=" + b[accessCookie]}, seen); diff != "" {
		t.Errorf("cookies inside (-want +got):\n%s", diff)
	}

	// Two refresh cookies are none: an attacker may have added one.
	r.Header["Cookie"] = []string{refreshCookie + "=" + b[refreshCookie], refreshCookie + "=" + b[refreshCookie]}
	w = httptest.NewRecorder()
	s.cookies.Handler(s.guard.Handler(page)).ServeHTTP(w, r)
	if w.Code != 401 {
		t.Errorf("got %d with two refresh cookies, want 401", w.Code)
	}
	wantCookies(t, w)
}

// An outage is 503 and sets nothing. An outage of the Verifier is answered by the guard.
func TestHandlerInAnOutage(t *testing.T) {
	s, b := newSite(t), browser{}
	s.login(t, b, "alice")
	s.clock.Advance(access)
	s.store.hook = failBefore("Find")
	w := b.send(s.cookies.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("got a request, want none")
	})), visit("GET", "/"))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Body.String() != `{"error":"Temporarily unavailable"}` {
		t.Errorf("got %d %s, want 503 and Retry-After", w.Code, w.Body)
	}
	wantCookies(t, w)

	s.store.hook = nil
	down := verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
		return nil, &jwtexp.UnavailableError{What: "key set"}
	})
	cookies := must(session.NewCookies(s.Manager, down))
	guard := must(jwtexp.NewMiddleware(down, jwtexp.WithTokenFrom(cookies.Extractor())))
	w = b.send(cookies.Handler(guard.Handler(page)), visit("GET", "/"))
	if w.Code != 503 {
		t.Errorf("got %d, want 503", w.Code)
	}
	wantCookies(t, w)
}

// A handshake is not renewed, and needs a page of the same origin.
func TestHandlerDoesNotRenewUpgrades(t *testing.T) {
	for _, test := range []struct {
		name, method, upgrade, origin string
		advance                       time.Duration
		want                          int
	}{
		{"WebSocket", "GET", "websocket", "https://app.example", 0, 200},
		{"WebSocket over HTTP/2", "CONNECT", "", "https://app.example", 0, 200},
		{"expired", "GET", "websocket", "https://app.example", access, 401},
		{"expired, HTTP/2", "CONNECT", "", "https://app.example", access, 401},
		{"another origin", "GET", "websocket", "https://evil.example", 0, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			s.clock.Advance(test.advance)
			r := visit(test.method, "/")
			r.Host = "app.example"
			r.Header.Set("Origin", test.origin)
			if test.upgrade != "" {
				r.Header.Set("Upgrade", test.upgrade)
			}
			s.store.taken()
			w := b.send(s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := r.Cookie(refreshCookie); err == nil {
					t.Error("got a request with the refresh cookie, want none")
				}
				s.guard.Handler(page).ServeHTTP(w, r)
			})), r)
			if w.Code != test.want {
				t.Errorf("got %d, want %d", w.Code, test.want)
			}
			wantCookies(t, w)
			if calls := s.store.taken(); len(calls) > 0 {
				t.Errorf("got calls %v, want none", calls)
			}
		})
	}
}

// The cookies go out with the header of the response, however next writes it.
func TestCookiesGoOutWithTheHeader(t *testing.T) {
	for name, next := range map[string]http.HandlerFunc{
		"nothing written": func(http.ResponseWriter, *http.Request) {},
		"WriteHeader":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"Write":           func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "text") },
		"ReadFrom":        func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, strings.NewReader("text")) },
		"Flush": func(w http.ResponseWriter, _ *http.Request) {
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			} else {
				t.Error("got no Flusher, want one")
			}
		},
		"controller": func(w http.ResponseWriter, _ *http.Request) { http.NewResponseController(w).Flush() },
		"a cache for all": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=600")
			io.WriteString(w, "text")
			w.Header().Set("Cache-Control", "public, max-age=600")
		},
		"panic": func(http.ResponseWriter, *http.Request) { panic(errStore) },
	} {
		t.Run(name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			s.clock.Advance(access)
			recovering := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if recover() != nil {
						w.WriteHeader(500)
					}
				}()
				s.cookies.Handler(next).ServeHTTP(w, r)
			})
			wantCookies(t, b.send(recovering, visit("GET", "/")), setAccess, setRefresh)
		})
	}
}

// An informational response has no cookies.
func TestEarlyHintsHaveNoCookies(t *testing.T) {
	s, b := newSite(t), browser{}
	s.login(t, b, "alice")
	s.clock.Advance(access)
	w := &hints{ResponseRecorder: httptest.NewRecorder()}
	r := visit("GET", "/")
	r.AddCookie(&http.Cookie{Name: refreshCookie, Value: b[refreshCookie]})
	s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	})).ServeHTTP(w, r)
	if w.cookies != 0 {
		t.Errorf("got %d cookies in the hints, want none", w.cookies)
	}
	wantCookies(t, w.ResponseRecorder, setAccess, setRefresh)
}

// hints counts the cookies of informational responses.
type hints struct {
	*httptest.ResponseRecorder
	cookies int
}

func (w *hints) WriteHeader(status int) {
	if status < 200 {
		w.cookies += len(w.Header()["Set-Cookie"])
		return
	}
	w.ResponseRecorder.WriteHeader(status)
}

// A response that takes longer than Grace sets nothing: the browser may have newer cookies.
func TestLateResponseSetsNothing(t *testing.T) {
	for late, want := range map[time.Duration][]string{
		grace - time.Millisecond: {setAccess, setRefresh},
		grace + time.Millisecond: nil,
	} {
		s, b := newSite(t), browser{}
		s.login(t, b, "alice")
		s.clock.Advance(access)
		w := b.send(s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			s.clock.Advance(late)
		})), visit("GET", "/"))
		wantCookies(t, w, want...)
	}
}

// The writer of next has what http.ResponseController finds, and no more.
func TestResponseController(t *testing.T) {
	s, b := newSite(t), browser{}
	s.login(t, b, "alice")
	s.clock.Advance(access)
	answers := make(chan error, 3)
	server := httptest.NewServer(s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		answers <- c.SetWriteDeadline(time.Time{})
		answers <- c.EnableFullDuplex()
		conn, _, err := c.Hijack()
		answers <- err
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhijacked")
		conn.Close()
	})))
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: refreshCookie, Value: b[refreshCookie]})
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "hijacked" {
		t.Errorf("got %q, want the text of the hijacker", body)
	}
	for range 3 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()}
	s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("got %v, want ErrNotSupported", err)
		}
	})).ServeHTTP(plain, r)
}

// Start and End inside Handler replace its cookies.
func TestStartAndEndInsideHandler(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(s *site, w http.ResponseWriter, r *http.Request) error
		want []string
		old  string // what a refresh with the old refresh token gets
	}{
		"End": {func(s *site, w http.ResponseWriter, r *http.Request) error { return s.cookies.End(w, r) },
			[]string{clearAccess, clearRefresh}, "invalid: ended"},
		"Start": {func(s *site, w http.ResponseWriter, r *http.Request) error {
			_, err := s.cookies.Start(w, r, "bob", nil)
			return err
		}, []string{setAccess, setRefresh}, "invalid: ended"},
		"End that fails": {func(s *site, w http.ResponseWriter, r *http.Request) error {
			s.store.hook = failBefore("End")
			defer func() { s.store.hook = nil }()
			if err := s.cookies.End(w, r); !errors.Is(err, jwtexp.ErrUnavailable) {
				return errors.New("want an outage")
			}
			return nil
		}, []string{setAccess, setRefresh}, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := newSite(t), browser{}
			s.login(t, b, "alice")
			old := b[refreshCookie]
			s.clock.Advance(access)
			w := b.send(s.cookies.Handler(s.guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := test.do(s, w, r); err != nil {
					t.Error(err)
				}
				w.Header().Set("Location", "/")
				w.WriteHeader(303)
			}))), visit("POST", "/"))
			wantCookies(t, w, test.want...)
			_, err := s.Refresh(t.Context(), old)
			wantOutcome(t, err, test.old)
			if name == "Start" {
				if got := must(s.verifier.Verify(t.Context(), b[accessCookie])).Subject(); got != "bob" {
					t.Errorf("got an access cookie of %s, want bob", got)
				}
				s.refresh(t, b[refreshCookie])
			}
		})
	}
}

// End inside Handler needs no verifier: it has the refresh cookie that the browser sent.
func TestEndInsideHandlerWithoutVerifier(t *testing.T) {
	s, b := newSite(t), browser{}
	s.login(t, b, "alice")
	old := b[refreshCookie]
	down := verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
		return nil, &jwtexp.UnavailableError{What: "key set"}
	})
	cookies := must(session.NewCookies(s.Manager, down))
	w := b.send(cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.End(w, r); err != nil {
			t.Errorf("got %v, want nil", err)
		}
	})), visit("POST", "/logout"))
	wantCookies(t, w, clearAccess, clearRefresh)
	_, err := s.Refresh(t.Context(), old)
	wantOutcome(t, err, "invalid: ended")
}

// A logout while a renewal is under way: the late answer brings nothing back.
func TestLogoutDuringARenewal(t *testing.T) {
	s, b := newSite(t), browser{}
	s.login(t, b, "alice")
	s.clock.Advance(access)
	other := browser{refreshCookie: b[refreshCookie]}
	late := b.send(s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		other.send(s.cookies.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := s.cookies.End(w, r); err != nil {
				t.Error(err)
			}
		})), visit("POST", "/logout"))
	})), visit("GET", "/"))
	if len(late.Result().Cookies()) != 2 {
		t.Errorf("got %d cookies of the late answer, want 2", len(late.Result().Cookies()))
	}
	w := b.send(s.cookies.Handler(s.guard.Handler(page)), visit("GET", "/"))
	if w.Code != 401 {
		t.Errorf("got %d with the cookies of the late answer, want 401", w.Code)
	}
	wantCookies(t, w)
}

// Two Cookies, such as one for customers and one for employees, work in one another.
func TestTwoCookies(t *testing.T) {
	s, b := newSite(t), browser{}
	employees := s.manager(policy, session.WithName("employees"))
	inner := must(session.NewCookies(employees, s.verifier, session.WithCookieNames("__Host-a", "__Host-r")))
	s.login(t, b, "alice")
	handler := s.cookies.Handler(inner.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			if _, err := inner.Start(w, r, "employee", nil); err != nil {
				t.Error(err)
			}
		case "/logout":
			if err := s.cookies.End(w, r); err != nil {
				t.Error(err)
			}
		}
	})))
	b.send(handler, visit("POST", "/login"))
	if len(b) != 4 {
		t.Errorf("got %d cookies, want 4", len(b))
	}
	s.clock.Advance(access)
	employee := b["__Host-r"]
	b.send(handler, visit("POST", "/logout"))
	if len(b) != 2 || b["__Host-r"] == employee {
		t.Errorf("got %d cookies, want the 2 of the employee, renewed", len(b))
	}
	if _, err := employees.Refresh(t.Context(), b["__Host-r"]); err != nil {
		t.Error(err)
	}
}

func TestHandlerPanicsWithoutNext(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("got no panic, want one")
		}
	}()
	newSite(t).cookies.Handler(nil)
}
