package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// A tab is one of a browser window. The tabs of a window share its cookies.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site *site
}

// open opens the login page of a site in a window of its own.
func open(t *testing.T, s *site) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return (&tab{t, ctx, s}).load("/login")
}

// another opens another tab in the window.
func (w *tab) another() *tab {
	w.t.Helper()
	ctx, cancel := chromedp.NewContext(w.ctx)
	w.t.Cleanup(cancel)
	return (&tab{w.t, ctx, w.site}).load("/login")
}

func (w *tab) load(path string) *tab {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, chromedp.Navigate(w.site.URL+path)); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// eval evaluates an expression. It waits for a promise.
func eval[T any](w *tab, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second) // against hanging
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// get returns the status and the text of a page.
func (w *tab) get(path string) string {
	w.t.Helper()
	return eval[string](w, fmt.Sprintf(`fetch(%q).then(async (r) => r.status + " " + await r.text())`, path))
}

// post sends a form from the page, and follows the redirect.
func (w *tab) post(path, name string) {
	w.t.Helper()
	eval[int](w, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams({name: %q})}).then((r) => r.status)`, path, name))
}

// want fetches a page and compares its status and text.
func (w *tab) want(path, want string) {
	w.t.Helper()
	if got := w.get(path); got != want {
		w.t.Errorf("%s: got %s, want %s", path, got, want)
	}
}

const (
	helloAlice = "200 Hello alice"
	visitor    = `401 {"error":"Missing token"}`
)

// hold starts a request that the server holds back after it has renewed the tokens. The func that it
// returns lets the answer go, and waits until the browser has it.
func (w *tab) hold() (release func()) {
	w.t.Helper()
	eval[bool](w, `(window.held = fetch("/held").then((r) => r.text()), true)`)
	<-w.site.arrived
	return func() {
		w.t.Helper()
		w.site.release <- true
		eval[string](w, `window.held`)
	}
}

// cookies returns the cookies that the browser sends to the site, by name.
func (w *tab) cookies() map[string]*network.Cookie {
	w.t.Helper()
	found, err := call(w, network.GetCookies, network.GetCookiesParams{URLs: []string{w.site.URL}})
	if err != nil {
		w.t.Fatal(err)
	}
	all := make(map[string]*network.Cookie)
	for _, cookie := range found.Cookies {
		all[cookie.Name] = cookie
	}
	return all
}

func call[P, R any](w *tab, command cdp.Command[P, R], params P) (R, error) {
	w.t.Helper()
	return chromedp.Call(w.ctx, command, params)
}
