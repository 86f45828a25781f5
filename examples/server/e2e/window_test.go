package e2e

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// window is a private browser window with the demo's page. At the end of the test it checks that
// the page did nothing that it must not do.
type window struct {
	t      *testing.T
	ctx    context.Context
	server *server

	mu     sync.Mutex
	faults []string
	tokens []string // the tokens that the page showed
}

// open runs the actions of prepare and opens the page.
func open(t *testing.T, s *server, prepare ...chromedp.Action[chromedp.Void]) *window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &window{t: t, ctx: ctx, server: s}
	if err := chromedp.Listen(ctx, w.watch); err != nil {
		t.Fatal(err)
	}
	call(w, network.Enable, network.EnableParams{})
	call(w, log.Enable, cdp.Empty{})
	call(w, audits.Enable, cdp.Empty{})
	w.do(prepare...)
	w.do(chromedp.Navigate(s.url))
	w.waitFor(`document.querySelector("#now").textContent !== "–"`)
	t.Cleanup(w.check) // runs before the window is closed
	return w
}

// watch records what the page must not do: write to the console, violate its Content Security
// Policy, or send a request to another server or an unknown path.
func (w *window) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		w.fault("console.%s", e.Type)
	case *runtime.EventExceptionThrown:
		w.fault("exception %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// The browser logs every rejected request, and the page sends such requests.
		if e.Entry.Source == log.EntrySourceNetwork && mayReject[strings.TrimPrefix(e.Entry.URL, w.server.url)] {
			return
		}
		w.fault("console %s %s %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
	case *audits.EventIssueAdded:
		if details := e.Issue.Details.ContentSecurityPolicyIssueDetails; details != nil {
			w.fault("breach of %s by %s", details.ViolatedDirective, details.BlockedURL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme+"://"+u.Host != w.server.url || u.RawQuery != "" || !routes[u.Path] {
			w.fault("request of %s", e.Request.URL)
		}
	}
}

var routes = map[string]bool{
	"/": true, "/page.css": true, "/page.js": true, "/icon.svg": true,
	"/login": true, "/resource": true, "/clock": true,
	"/token": true, "/revoke": true, "/session": true, "/logout-everywhere": true,
}

// mayReject lists the paths of requests that the page may send although the server rejects them.
var mayReject = map[string]bool{"/resource": true, "/token": true, "/session": true}

func (w *window) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *window) check() {
	stored := eval[[]string](w, `(async () => [
		...Object.keys(localStorage), ...Object.keys(sessionStorage), ...document.cookie.split(";").filter(Boolean),
		...(await indexedDB.databases()).map((d) => d.name), ...await caches.keys(),
		...(await navigator.serviceWorker.getRegistrations()).map((r) => r.scope)])()`)
	if len(stored) > 0 {
		w.t.Errorf("got %q in storage, want nothing", stored)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults) > 0 {
		w.t.Errorf("got\n%s\nwant none of this", strings.Join(w.faults, "\n"))
	}
	for _, token := range w.tokens {
		for _, segment := range strings.Split(token, ".")[1:] {
			if strings.Contains(w.server.log.String(), segment) {
				w.t.Error("got a token in the server's log, want none")
			}
		}
	}
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

func call[P, R any](w *window, command cdp.Command[P, R], params P) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, command, params); err != nil {
		w.t.Fatal(err)
	}
}

// eval evaluates an expression. It waits for a promise.
func eval[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second) // against hanging
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// waitFor waits until an expression is true, for five seconds at most.
// chromedp.Poll would need an eval that the page's policy forbids.
func (w *window) waitFor(expression string) {
	w.t.Helper()
	if !w.comesTrue(expression) {
		w.t.Fatalf("%s: got false, want true; the page is\n%s", expression, w.text("body"))
	}
}

func (w *window) comesTrue(expression string) bool {
	w.t.Helper()
	return eval[bool](w, fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + 5000;
		(function look() {
			if (%s) done(true);
			else if (Date.now() > end) done(false);
			else setTimeout(look, 10);
		})();
	})`, expression))
}

// text returns the visible text of an element.
func (w *window) text(selector string) string {
	w.t.Helper()
	return eval[string](w, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// see waits until an element shows the text want.
func (w *window) see(selector, want string) {
	w.t.Helper()
	if !w.comesTrue(fmt.Sprintf("document.querySelector(%q).innerText.includes(%q)", selector, want)) {
		w.t.Fatalf("%s: got %q, want %q", selector, w.text(selector), want)
	}
}

// press clicks the button with the given label.
func (w *window) press(name string) {
	w.t.Helper()
	w.do(chromedp.Click(fmt.Sprintf(`//button[normalize-space()=%q]`, name)))
}

// logIn presses a login button and waits for a new token.
func (w *window) logIn(name string) string {
	w.t.Helper()
	before := w.text("#token")
	w.press("Log in as " + name)
	w.waitFor(fmt.Sprintf(`document.querySelector("#token").innerText !== %q`, before))
	token := w.text("#token")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens = append(w.tokens, token)
	return token
}

// toggle presses a switch.
func (w *window) toggle(selector string) {
	w.t.Helper()
	w.do(chromedp.Click(selector))
}

// seeLog waits until the log has as many entries as want, and compares them, oldest first.
func (w *window) seeLog(want ...string) {
	w.t.Helper()
	w.waitFor(fmt.Sprintf(`document.querySelectorAll("#log li").length >= %d`, len(want)))
	got := eval[[]string](w, `[...document.querySelectorAll("#log li")].reverse().map((li) =>
		[...li.children].slice(1).map((e) => e.innerText).filter(Boolean).join(" | "))`)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("log (-want +got)\n%s", diff)
	}
}
