package session

import (
	"net/http"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A cookieWriter sets the cookies of a renewal when the header of the response is written: what next
// does to the header before does not matter.
type cookieWriter struct {
	http.ResponseWriter
	clock    jwtexp.Clock
	deadline time.Time // later, the browser may have newer cookies

	mu      sync.Mutex // for a handler that a timeout leaves behind, such as of http.TimeoutHandler
	cookies []*http.Cookie
}

func (c *cookies) newWriter(w http.ResponseWriter, r *http.Request, tokens *Tokens) *cookieWriter {
	cookies := c.namesFor(r).cookiesOf(tokens)
	if sent, _ := c.refreshToken(r); sent == tokens.Refresh() {
		cookies = cookies[:1]
	}
	return &cookieWriter{
		ResponseWriter: w,
		clock:          c.manager.issuer.Clock(),
		deadline:       tokens.in.Get().ready.Add(c.manager.policy.Grace),
		cookies:        cookies,
	}
}

// drop forgets the cookies, because others replace them.
func (w *cookieWriter) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cookies = nil
}

// setCookies sets the cookies once.
func (w *cookieWriter) setCookies() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.cookies) > 0 && !w.clock.Now().After(w.deadline) {
		setCookies(w.Header(), w.cookies)
	}
	w.cookies = nil
}

// WriteHeader implements [http.ResponseWriter]. An informational response has no cookies.
func (w *cookieWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.setCookies()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *cookieWriter) Write(p []byte) (int, error) {
	w.setCookies()
	return w.ResponseWriter.Write(p)
}

// FlushError is for [http.ResponseController]. A flush may write the header.
func (w *cookieWriter) FlushError() error {
	w.setCookies()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is for code that asks for an [http.Flusher].
func (w *cookieWriter) Flush() { _ = w.FlushError() }

// Unwrap is for [http.ResponseController].
func (w *cookieWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
