package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// A login and a logout with forms. Chromium takes the cookies as they are set, sends them, and hides
// them from scripts.
func TestLogin(t *testing.T) {
	for _, test := range []struct {
		tls             bool
		access, refresh string
	}{{false, "access", "refresh"}, {true, "__Host-access", "__Host-refresh"}} {
		s := newSite(t, test.tls)
		w := open(t, s)
		w.want("/", visitor)
		if err := chromedp.Do(w.ctx, chromedp.SendKeys("input", "alice"), chromedp.Submit("form"), chromedp.WaitNotPresent("form")); err != nil {
			t.Fatal(err)
		}
		if got := eval[string](w, `document.body.innerText`); got != "Hello alice" {
			t.Errorf("TLS %t: got the page %q, want Hello alice", test.tls, got)
		}
		if got := eval[string](w, `document.cookie`); got != "" {
			t.Errorf("TLS %t: got %d bytes of cookies in a script, want none", test.tls, len(got))
		}
		cookies := w.cookies()
		for name, lasts := range map[string]time.Duration{test.access: access * 9 / 10, test.refresh: 30 * 24 * time.Hour} {
			c := cookies[name]
			if c == nil {
				t.Fatalf("TLS %t: got no cookie %s, want one", test.tls, name)
			}
			left := time.Until(time.Unix(int64(c.Expires), 0))
			if !c.HTTPOnly || c.Secure != test.tls || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || left > lasts || left < lasts-time.Minute {
				t.Errorf("TLS %t: %s: got HttpOnly %t, Secure %t, SameSite %s, Path %s, for %v", test.tls, name, c.HTTPOnly, c.Secure, c.SameSite, c.Path, left)
			}
		}
		s.clock.Advance(7 * 24 * time.Hour)
		w.load("/")
		if got := eval[string](w, `document.body.innerText`); got != "Hello alice" {
			t.Errorf("TLS %t: got the page %q after a week, want Hello alice", test.tls, got)
		}
		w.post("/logout", "")
		w.want("/", visitor)
		if got := len(w.cookies()); got != 0 {
			t.Errorf("TLS %t: got %d cookies after the logout, want none", test.tls, got)
		}
	}
}

// Many requests in several tabs renew at once. All are answered, and the refresh token is replaced
// once.
func TestParallelRequests(t *testing.T) {
	s := newSite(t, true)
	tabs := []*tab{open(t, s)}
	tabs[0].post("/login", "alice")
	tabs = append(tabs, tabs[0].another(), tabs[0].another())
	for range 3 {
		s.clock.Advance(access)
		before := s.generation(t, "alice")
		var wg sync.WaitGroup
		for _, w := range tabs {
			wg.Go(func() {
				got := eval[[]string](w, `Promise.all(Array.from({length: 12}, () => fetch("/").then(async (r) => r.status + " " + await r.text())))`)
				for _, answer := range got {
					if answer != helloAlice {
						t.Errorf("got %s, want %s", answer, helloAlice)
					}
				}
			})
		}
		wg.Wait()
		if got := s.generation(t, "alice"); got != before+1 {
			t.Errorf("got generation %d, want %d", got, before+1)
		}
	}
}

// An answer that comes late does not log the browser out, whatever was renewed meanwhile.
func TestAnswersOvertake(t *testing.T) {
	for _, test := range []struct {
		name      string
		meanwhile func(s *site, other *tab)
	}{
		{"nothing meanwhile", func(*site, *tab) {}},
		{"another request", func(_ *site, other *tab) { other.want("/", helloAlice) }},
		{"another request, within Grace", func(s *site, other *tab) { s.clock.Advance(grace - time.Second); other.want("/", helloAlice) }},
		{"three renewals", func(s *site, other *tab) {
			for range 3 {
				other.want("/", helloAlice)
				s.clock.Advance(access)
			}
		}},
		{"silence of an hour", func(s *site, _ *tab) { s.clock.Advance(time.Hour) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, false)
			w := open(t, s)
			w.post("/login", "alice")
			other := w.another()
			s.clock.Advance(access)
			release := w.hold()
			test.meanwhile(s, other)
			release()
			for range 3 {
				w.want("/", helloAlice)
				other.want("/", helloAlice)
				s.clock.Advance(access)
			}
		})
	}
}

// A logout while a renewal is under way: the answer that comes later brings nothing back.
func TestLogoutDuringARenewal(t *testing.T) {
	s := newSite(t, true)
	w := open(t, s)
	w.post("/login", "alice")
	other := w.another()
	s.clock.Advance(access)
	release := w.hold()
	other.post("/logout", "")
	release()
	if len(w.cookies()) == 0 {
		t.Error("got no cookies of the late answer, want the cookies of the session that has ended") // the case under test
	}
	for range 2 {
		w.want("/", visitor)
		other.want("/", visitor)
		s.clock.Advance(access)
	}
}

// An old tab comes back after the next login. Its answer may overwrite cookies of the next user, but
// nothing of the earlier session is accepted. If it set only an access cookie, the next user goes on.
// If it set both, the next user has to log in again: the browser has lost the refresh token.
func TestOldTabAfterTheNextLogin(t *testing.T) {
	for _, test := range []struct {
		name    string
		advance time.Duration // before the request of the old tab
		want    string
	}{
		{"both cookies", access, visitor},
		{"access cookie only", 0, "200 Hello bob"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, false)
			w := open(t, s)
			w.post("/login", "alice")
			other := w.another()
			s.clock.Advance(test.advance)
			if _, err := call(w, network.DeleteCookies, network.DeleteCookiesParams{Name: "access", URL: s.URL}); err != nil {
				t.Fatal(err)
			}
			release := w.hold()
			other.post("/logout", "")
			other.post("/login", "bob")
			other.want("/", "200 Hello bob")
			release()
			for range 2 {
				w.want("/", test.want)
				other.want("/", test.want)
			}
			other.post("/login", "bob")
			w.want("/", "200 Hello bob")
		})
	}
}

// Server-sent events arrive at once although the response also renews.
func TestStream(t *testing.T) {
	for _, tls := range []bool{false, true} { // HTTP/1.1 and HTTP/2
		s := newSite(t, tls)
		w := open(t, s)
		w.post("/login", "alice")
		before := w.cookies()
		s.clock.Advance(access)
		got := eval[string](w, `new Promise((done) => {
			const events = new EventSource("/events");
			events.onmessage = (e) => { events.close(); done(e.data); };
			events.onerror = () => done("error");
		})`)
		if got != "first" {
			t.Errorf("TLS %t: got %q, want the first event", tls, got)
		}
		for name, cookie := range w.cookies() {
			if cookie.Value == before[name].Value {
				t.Errorf("TLS %t: %s: got the cookie from before, want a renewed one", tls, name)
			}
		}
	}
}

// A WebSocket handshake is not renewed. It needs a good access cookie, and a page of the same host.
func TestWebSocket(t *testing.T) {
	s, evil := newSite(t, false), newSite(t, false)
	w := open(t, s)
	w.post("/login", "alice")
	address := strings.Replace(s.URL, "http:", "ws:", 1) + "/socket"
	dial := func(from *tab) string {
		t.Helper()
		return eval[string](from, fmt.Sprintf(`new Promise((done) => {
			const socket = new WebSocket(%q);
			socket.onopen = () => { socket.close(); done("open"); };
			socket.onerror = () => done("error");
		})`, address))
	}
	if got := dial(w); got != "open" {
		t.Errorf("got %s, want open", got)
	}
	other := w.another()
	other.site = evil // another port, to which the browser sends the same cookies
	other.load("/login")
	if got := dial(other); got != "error" {
		t.Errorf("from another origin: got %s, want error", got)
	}
	s.clock.Advance(access)
	before := s.generation(t, "alice")
	if got := dial(w); got != "error" || s.generation(t, "alice") != before {
		t.Errorf("expired: got %s, want error and no renewal", got)
	}
	w.want("/", helloAlice)
	if got := dial(w); got != "open" {
		t.Errorf("after a request: got %s, want open", got)
	}
}

// A page of another origin cannot log a user in or out.
func TestOtherOrigins(t *testing.T) {
	s, evil := newSite(t, false), newSite(t, false)
	w := open(t, s)
	w.post("/login", "alice")
	other := w.another()
	other.site = evil
	other.load("/login")
	for _, path := range []string{"/login", "/logout"} {
		eval[bool](other, fmt.Sprintf(`fetch(%q, {method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({name: "mallory"})}).then(() => true)`, s.URL+path))
	}
	if got, want := s.posts(), "/login 303, /login 403, /logout 403"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	w.want("/", helloAlice)
}
