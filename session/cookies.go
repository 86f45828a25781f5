package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/hosts"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// Cookies keep the tokens of a session in two cookies of a browser, and renew them. Pages and
// scripts need no code for it. Make Cookies with [NewCookies]: the zero Cookies answer 503. They are
// safe for concurrent use.
//
//	cookies, err := session.NewCookies(sessions, verifier)
//	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(cookies.Extractor()))
//
//	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
//		// Check the password, and then:
//		if _, err := cookies.Start(w, r, user.ID, nil); err != nil { ... }
//		http.Redirect(w, r, "/", http.StatusSeeOther)
//	})
//	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
//		if err := cookies.End(w, r); err != nil { ... }
//		http.Redirect(w, r, "/", http.StatusSeeOther)
//	})
//	mux.Handle("/", guard.Handler(pages))
//	handler := http.NewCrossOriginProtection().Handler(cookies.Handler(mux))
//
// Browsers send cookies with requests that other sites make. [http.CrossOriginProtection] around
// everything, with the login, rejects such requests.
//
// The cookies are HttpOnly, Secure and SameSite=Lax, for the path / of one host. The prefix __Host-
// of their names makes the browser reject cookies that another subdomain sets. The cookie of the
// access token ends when nine tenths of its time are over, and the cookie of the refresh token when
// the session expires.
//
// The Verifier should have a [Watcher], and the Manager the same one ([WithWatcher]). Otherwise an
// answer that is under way during a logout can give the browser an access token that is good until
// it expires.
type Cookies struct {
	in opaque.Field[cookies] // leads to the keys of the Manager
}

type cookies struct {
	manager *manager
	guard   *jwtexp.Middleware // for the access cookie
	names   *cookieNames
	http    *cookieNames // of WithLoopbackHTTP, or nil
}

// The names of the cookies without [WithCookieNames].
const (
	DefaultAccessCookie  = "__Host-access"
	DefaultRefreshCookie = "__Host-refresh"
)

// NewCookies returns Cookies for the sessions of m. v verifies the access tokens of m, as the guard
// of the routes does. The error lists every fault of the arguments.
func NewCookies(m *Manager, v jwtexp.TokenVerifier, opts ...CookieOption) (*Cookies, error) {
	s := setup.New("session: NewCookies")
	manager, err := m.config()
	if err != nil {
		s.Fault("manager", errors.New("nil or zero; make it with New"))
	}
	c := &cookies{manager: manager}
	o := cookieOptions{access: DefaultAccessCookie, refresh: DefaultRefreshCookie}
	setup.Apply(s, opts, func(one CookieOption) { one.forCookies(&o, s) })
	c.names = newCookieNames(o.access, o.refresh, true)
	if o.loopbackHTTP {
		c.http = newCookieNames(strings.TrimPrefix(o.access, hostPrefix), strings.TrimPrefix(o.refresh, hostPrefix), false)
	}
	if setup.IsNil(v) {
		s.Fault("verifier", errors.New("nil; pass the Verifier of the guard"))
	} else {
		c.guard, err = jwtexp.NewMiddleware(v, jwtexp.WithTokenFrom(c.extract))
		s.Fault("verifier", err)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	outer := new(Cookies)
	outer.in.Set(c)
	return outer, nil
}

// cookieNames are the names of two cookies.
type cookieNames struct {
	access, refresh         string
	fromAccess, fromRefresh jwtexp.Extractor
	secure                  bool
}

func newCookieNames(access, refresh string, secure bool) *cookieNames {
	return &cookieNames{access, refresh, jwtexp.FromCookie(access), jwtexp.FromCookie(refresh), secure}
}

// namesFor returns the names of the cookies of a request.
func (c *cookies) namesFor(r *http.Request) *cookieNames {
	if c.http != nil && r.TLS == nil && hosts.Serves(r.Host, nil) {
		return c.http
	}
	return c.names
}

func (c *cookies) extract(r *http.Request) (string, error) { return c.namesFor(r).fromAccess(r) }

// Extractor returns an Extractor of the access token, for [jwtexp.WithTokenFrom] of the guard. It
// has the rules of [jwtexp.FromCookie]: in a WebSocket handshake from another origin, the cookie does
// not count.
func (c *Cookies) Extractor() jwtexp.Extractor {
	in, err := c.config()
	if err != nil {
		return func(*http.Request) (string, error) { return "", err }
	}
	return in.extract
}

// Start logs a browser in, as [Manager.Start] does, and sets both cookies. Before, it ends the session
// that the cookies of the request belong to, so that an attacker who has planted them shares nothing
// with the new login. It sets Cache-Control: no-store. Call it before w is written to.
//
// Errors are as for Manager.Start. If the earlier session cannot be ended, the error matches
// [jwtexp.ErrUnavailable]. If the access token is too long for a cookie of 4096 bytes, the error
// matches no verdict. After an error, no cookie is set or changed.
func (c *Cookies) Start(w http.ResponseWriter, r *http.Request, subject string, claims any, opts ...StartOption) (Info, error) {
	in, err := c.config()
	if err != nil {
		return Info{}, err
	}
	if err := in.endSession(r.Context(), r); err != nil {
		return Info{}, err
	}
	tokens, err := in.manager.start(r.Context(), subject, claims, opts)
	if err != nil {
		return Info{}, err
	}
	names := in.namesFor(r)
	if err := names.checkSize(tokens); err != nil {
		_ = in.manager.endByToken(r.Context(), tokens.Refresh()) // it would be of no use
		return Info{}, fmt.Errorf("session: Cookies.Start: %w", err)
	}
	in.put(w, r, names.cookiesOf(tokens))
	return tokens.Session(), nil
}

// End logs a browser out: it ends the session that the cookies of the request belong to, and removes
// both cookies. It sets Cache-Control: no-store. Without a session it only removes the cookies. If
// the client hangs up, the session ends nevertheless. Call it before w is written to.
//
// An error matches [jwtexp.ErrUnavailable]. Then no cookie is removed, so that the user can try
// again.
func (c *Cookies) End(w http.ResponseWriter, r *http.Request) error {
	in, err := c.config()
	if err != nil {
		return err
	}
	ctx, cancel := withoutCaller(r.Context())
	defer cancel()
	if err := in.endSession(ctx, r); err != nil {
		return err
	}
	names := in.namesFor(r)
	in.put(w, r, []*http.Cookie{names.cookie(names.access, "", -1), names.cookie(names.refresh, "", -1)})
	return nil
}

// endSession ends the session that the cookies of a request belong to. If the request has no good
// refresh token, that is the session of the access token.
func (c *cookies) endSession(ctx context.Context, r *http.Request) error {
	sent := r
	if done := c.renewalOf(r); done != nil {
		sent = done.sent
	}
	if token, ok := c.refreshToken(sent); ok {
		if _, err := c.manager.keys.parse(token); err == nil {
			return c.manager.endByToken(ctx, token)
		}
	}
	t, err := c.guard.Check(sent.WithContext(ctx))
	switch {
	case errors.Is(err, jwtexp.ErrUnavailable):
		return err
	case err != nil || t.SessionID() == "":
		return nil
	}
	_, err = c.manager.endSession(ctx, t.Subject(), t.SessionID())
	return err
}

// refreshToken returns the text in the refresh cookie of a request.
func (c *cookies) refreshToken(r *http.Request) (text string, ok bool) {
	text, err := c.namesFor(r).fromRefresh(r)
	return text, err == nil && text != ""
}

// put sets cookies in place of the cookies of an enclosing Handler.
func (c *cookies) put(w http.ResponseWriter, r *http.Request, cookies []*http.Cookie) {
	if done := c.renewalOf(r); done != nil && done.writer != nil {
		done.writer.drop()
	}
	h := w.Header()
	for _, cookie := range cookies {
		removeSetCookie(h, cookie.Name)
	}
	setCookies(h, cookies)
}

// removeSetCookie removes the Set-Cookie lines of a name, such as from an End before a Start.
func removeSetCookie(h http.Header, name string) {
	var others []string
	for _, line := range h["Set-Cookie"] {
		if !strings.HasPrefix(line, name+"=") {
			others = append(others, line)
		}
	}
	if len(others) < len(h["Set-Cookie"]) {
		h["Set-Cookie"] = others
	}
}

func setCookies(h http.Header, cookies []*http.Cookie) {
	for _, cookie := range cookies {
		h.Add("Set-Cookie", cookie.String())
	}
	h.Set("Cache-Control", "no-store")
}

// cookiesOf returns the cookies for tokens.
func (n *cookieNames) cookiesOf(t *Tokens) []*http.Cookie {
	in := t.in.Get()
	lifetime := in.access.ExpiresAt().Sub(in.ready)
	cookies := []*http.Cookie{n.cookie(n.access, in.access.Raw(), lifetime-lifetime/10)}
	if in.refresh != "" {
		cookies = append(cookies, n.cookie(n.refresh, in.refresh, in.session.Expires.Sub(in.ready)))
	}
	return cookies
}

// maxCookie is how many bytes a name and a value have together at most: browsers ignore a longer
// cookie (RFC 6265bis §5.7).
const maxCookie = 4096

// checkSize returns an error if an access token does not fit into a cookie.
func (n *cookieNames) checkSize(t *Tokens) error {
	if size := len(n.access) + len(t.Access().Raw()); size > maxCookie {
		return fmt.Errorf("the cookie of the access token has %d bytes with its name; browsers take %d at most: put less into the claims", size, maxCookie)
	}
	return nil
}

// longestCookie is how long browsers keep a cookie at most (RFC 6265bis §5.5).
const longestCookie = 400 * 24 * time.Hour

// cookie returns a cookie for a time, a second at least. A negative time removes it.
func (n *cookieNames) cookie(name, value string, d time.Duration) *http.Cookie {
	age := -1
	if d >= 0 {
		age = max(1, int(min(d, longestCookie)/time.Second))
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: n.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func (c *Cookies) config() (*cookies, error) {
	if c == nil || c.in.Get() == nil {
		return nil, &jwtexp.UnavailableError{What: "session.Cookies", Detail: "nil or zero; make them with NewCookies"}
	}
	return c.in.Get(), nil
}

// A CookieOption configures [NewCookies].
type CookieOption interface {
	forCookies(*cookieOptions, *setup.Setup)
}

type cookieOptions struct {
	access, refresh string
	loopbackHTTP    bool
}

type cookieOption struct {
	name string
	set  func(*cookieOptions) error
}

func (o cookieOption) forCookies(all *cookieOptions, s *setup.Setup) { s.Option(o.name, o.set(all)) }

// WithLoopbackHTTP allows HTTP without TLS to localhost and to loopback addresses, for development.
// The cookies of such a request are not Secure, and their names have no prefix __Host-. Nothing
// changes for other hosts, but do not use the option in production: a proxy may send the address of
// the service as the Host.
func WithLoopbackHTTP() CookieOption {
	return cookieOption{"WithLoopbackHTTP", func(o *cookieOptions) error {
		o.loopbackHTTP = true
		return nil
	}}
}

const hostPrefix = "__Host-"

// WithCookieNames sets the names of the cookies. Both must begin with __Host- and differ. The
// defaults are [DefaultAccessCookie] and [DefaultRefreshCookie].
func WithCookieNames(access, refresh string) CookieOption {
	return cookieOption{"WithCookieNames", func(o *cookieOptions) error {
		o.access, o.refresh = access, refresh
		var faults []error
		for _, name := range []string{access, refresh} {
			if rest, found := strings.CutPrefix(name, hostPrefix); !found || jwtexp.FromCookie(rest) == nil {
				faults = append(faults, fmt.Errorf("invalid name %q; want one such as %s", name, DefaultAccessCookie))
			}
		}
		if access == refresh {
			faults = append(faults, errors.New("the names are equal; want two names"))
		}
		return errors.Join(faults...)
	}}
}
