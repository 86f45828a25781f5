package bearer

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Cookie reads the token from the cookie of one name.
type Cookie struct {
	name           string
	trustedOrigins []string
}

// NewCookie returns a Cookie. ok is false if no cookie can have the name, or if browsers send
// one of the origins in another form.
func NewCookie(name string, trustedOrigins []string) (c *Cookie, ok bool) {
	if !isName(name) || slices.ContainsFunc(trustedOrigins, isNoOrigin) {
		return nil, false
	}
	return &Cookie{name, slices.Clone(trustedOrigins)}, true
}

// From returns the token. The cookie of a request for an upgrade from an untrusted origin does
// not count: the status is Missing then, and detail says why.
func (c *Cookie) From(r *http.Request) (token string, status Status, detail string) {
	sent := 0
	for _, line := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			if name, _, _ := strings.Cut(pair, "="); strings.Trim(name, " \t\r\n") == c.name {
				sent++
			}
		}
	}
	// CookiesNamed leaves out a cookie with a malformed value. Such a cookie is a malformed
	// request and not a missing token.
	cookies := r.CookiesNamed(c.name)
	switch {
	case sent == 0:
		return "", Missing, "no cookie " + c.name
	case IsUpgrade(r) && !c.trusts(r):
		return "", Missing, "the cookie does not count in an upgrade request from another origin; " +
			"if you trust the page, pass its origin to FromCookie"
	case sent > 1 || len(cookies) != 1:
		return "", Malformed, "the request has a malformed cookie, or more than one of this name"
	}
	if cookies[0].Value == "" {
		return "", Missing, "the cookie " + c.name + " is empty"
	}
	return cookies[0].Value, Found, ""
}

// IsUpgrade reports whether r asks for another protocol on its connection, as a WebSocket
// handshake does over HTTP/1.1 (RFC 6455 §4.1) and over HTTP/2 and 3 (RFC 8441 §4).
func IsUpgrade(r *http.Request) bool {
	return len(r.Header["Upgrade"]) > 0 || r.Method == http.MethodConnect
}

// trusts reports whether the page that sent r may use its cookies.
func (c *Cookie) trusts(r *http.Request) bool {
	origins := r.Header["Origin"]
	switch len(origins) {
	case 0: // not sent by a browser
		return true
	case 1:
		u, err := url.Parse(origins[0])
		return slices.Contains(c.trustedOrigins, origins[0]) ||
			err == nil && u.Host != "" && strings.EqualFold(u.Host, withoutPort(u.Scheme, r.Host))
	}
	return false
}

// isNoOrigin reports whether origin is not in the form that browsers send (RFC 6454 §6.2, WHATWG
// HTML).
func isNoOrigin(origin string) bool {
	u, err := url.Parse(origin)
	unfit := func(r rune) bool { return r <= ' ' || r > '~' || r == '*' || 'A' <= r && r <= 'Z' }
	return err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin || strings.ContainsFunc(origin, unfit) ||
		u.Scheme == "ws" || u.Scheme == "wss" || withoutPort(u.Scheme, u.Host) != u.Host || isNoPort(u)
}

// isNoPort reports whether the host of u ends with a colon, or with a port that browsers write
// in another form.
func isNoPort(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if u.Port() == "" {
		return strings.HasSuffix(u.Host, ":")
	}
	return err != nil || strconv.FormatUint(port, 10) != u.Port()
}

// withoutPort removes the port from a host if it is the scheme's default.
func withoutPort(scheme, host string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}
