package session

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/bearer"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// Handler returns a handler that serves next and renews the tokens of a browser before. If the access
// cookie of a request is missing, expired or invalid, and there is a refresh cookie, it calls
// [Manager.Refresh]:
//
//   - The new tokens go out as cookies with the response of next, and with Cache-Control: no-store,
//     in place of the Cache-Control of next. If the refresh token has not changed, only the access
//     cookie is set.
//   - If Refresh refuses, the request is one without a token: no cookie is removed, so that a slow
//     response cannot remove the cookies of the next login.
//   - If Refresh fails, the response is 503, as of [jwtexp.Middleware.Refuse], and sets no cookie.
//
// next gets a copy of the request with the access cookie only: with the new one if there is one, and
// with none if the one that was sent is expired or invalid. The refresh cookie stays outside. So a
// guard around a route of next sees a good token, or none.
//
// An Upgrade request, such as a WebSocket handshake, is not renewed: connect again after a request
// of a page. If next takes longer than the policy's Grace until it writes its header, the cookies are
// not set, because the browser may have newer ones by then. Its next request then renews again.
//
// The writer that next gets has what [http.ResponseController] finds in w. Handler panics if next is
// nil.
func (c *Cookies) Handler(next http.Handler) http.Handler {
	if setup.IsNil(next) {
		panic("session: Cookies.Handler: next is nil")
	}
	in, err := c.config()
	if err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { RespondError(w, err) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { in.serve(w, r, next) })
}

func (c *cookies) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	tokens, stale, err := c.renew(r)
	if err != nil {
		c.guard.Refuse(w, r, err)
		return
	}
	done, names := &renewal{sent: r}, c.namesFor(r)
	inner := r.WithContext(context.WithValue(r.Context(), renewalKey{c}, done))
	inner.Header = maps.Clone(r.Header)
	removeCookie(inner.Header, names.refresh)
	if stale || tokens != nil {
		removeCookie(inner.Header, names.access)
	}
	if tokens != nil {
		inner.Header["Cookie"] = append(inner.Header["Cookie"], names.access+"="+tokens.Access().Raw())
		done.writer = c.newWriter(w, r, tokens)
		defer done.writer.setCookies() // if next writes nothing
		w = done.writer
	}
	next.ServeHTTP(w, inner)
}

// renew returns new tokens for a request if it needs them, or nil. stale reports whether its access
// cookie, if there is one, is expired or invalid. An error matches [jwtexp.ErrUnavailable].
func (c *cookies) renew(r *http.Request) (tokens *Tokens, stale bool, err error) {
	if bearer.IsUpgrade(r) {
		return nil, false, nil
	}
	if _, err := c.guard.Check(r); err == nil || errors.Is(err, jwtexp.ErrUnavailable) { // the guard of next answers it
		return nil, false, nil
	}
	text, ok := c.refreshToken(r)
	if !ok {
		return nil, true, nil
	}
	tokens, err = c.manager.refresh(r.Context(), text)
	switch {
	case errors.Is(err, jwtexp.ErrUnavailable):
		return nil, false, err
	case err != nil:
		return nil, true, nil
	}
	if err := c.namesFor(r).checkSize(tokens); err != nil {
		return nil, false, c.manager.failed(r.Context(), tokens.Session(), outage(r.Context(), "session.Cookies", err.Error(), nil))
	}
	return tokens, false, nil
}

// A renewal is what Handler has done for a request. It is in the context of the request that next
// gets, for Start and End.
type renewal struct {
	sent   *http.Request // with the cookies of the browser
	writer *cookieWriter // or nil
}

type renewalKey struct{ of *cookies }

// renewalOf returns the renewal of a request, or nil if there is no Handler around.
func (c *cookies) renewalOf(r *http.Request) *renewal {
	done, _ := r.Context().Value(renewalKey{c}).(*renewal)
	return done
}

// removeCookie removes a cookie from the header of a request, and leaves the others as they are.
func removeCookie(h http.Header, name string) {
	var lines []string
	for _, line := range h["Cookie"] {
		pairs := slices.DeleteFunc(strings.Split(line, ";"), func(pair string) bool {
			found, _, _ := strings.Cut(pair, "=")
			return strings.TrimSpace(found) == name
		})
		if rest := strings.TrimSpace(strings.Join(pairs, ";")); rest != "" {
			lines = append(lines, rest)
		}
	}
	if lines == nil {
		h.Del("Cookie")
		return
	}
	h["Cookie"] = lines
}
