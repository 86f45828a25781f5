package jwtexp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An Extractor finds the token in a request. It returns [ErrMissing] where there
// is none in its place; "" without an error means the same. Any other error says
// that the request is malformed, unless it is an [ErrUnavailable] or an
// [ErrInvalid]. It must be safe for concurrent use.
type Extractor func(r *http.Request) (string, error)

// FromHeader takes the token from the Authorization header (RFC 6750 §2.1). It is
// the default. A missing header, and another scheme than Bearer, is
// [ErrMissing]; two headers, and a Bearer that is not followed by one token, is
// an [ErrInvalid] with [ReasonRequest].
func FromHeader(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	switch len(values) {
	case 0:
		return "", ErrMissing
	case 1:
	default:
		return "", invalid(ReasonRequest, "more than one Authorization header")
	}
	const scheme = "Bearer"
	value := values[0]
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", ErrMissing
	}
	rest := value[len(scheme):]
	if rest != "" && strings.IndexByte(" \t,", rest[0]) < 0 { // a longer scheme
		return "", ErrMissing
	}
	token := strings.Trim(rest, " ")
	if token == "" {
		return "", invalid(ReasonRequest, "Bearer without a token")
	}
	// ContainsAny would take ten times as long.
	if strings.IndexByte(token, ' ') >= 0 || strings.IndexByte(token, '\t') >= 0 || strings.IndexByte(token, ',') >= 0 {
		return "", invalid(ReasonRequest, "Bearer with more than a token")
	}
	return token, nil
}

// FromCookie takes the token from the cookie of the given name. No such cookie,
// or an empty one, is [ErrMissing]; two of the name, or one whose value is not a
// cookie's, are an [ErrInvalid] with [ReasonRequest].
//
// A browser sends cookies on its own, also with requests that another site makes
// it send: wrap the whole mux in [http.CrossOriginProtection].
//
// That protection lets every GET pass, and a WebSocket handshake is one. So in a
// request with an Upgrade header, or with the method CONNECT (RFC 8441), the
// cookie counts only if the Origin header is absent, has the request's host, or
// is one of trustedOrigins. Otherwise the cookie is as if absent, and the text of
// the [ErrMissing] says why. Behind a proxy that replaces Host, name the origin of
// your own pages.
//
// A trusted origin is what browsers send: scheme, host in lower case and ASCII, and
// the port if it is not the scheme's default, such as "https://app.example". A page
// of another site sends the cookie only if that has SameSite=None. Its POSTs need
// [http.CrossOriginProtection.AddTrustedOrigin], too, and WebSocket libraries have
// a check of their own.
//
// The Extractor is nil for a name that no cookie can have, and for a trusted
// origin of another form. [NewMiddleware] refuses a nil Extractor.
func FromCookie(name string, trustedOrigins ...string) Extractor {
	if (&http.Cookie{Name: name}).Valid() != nil || slices.ContainsFunc(trustedOrigins, isNoOrigin) {
		return nil
	}
	trustedOrigins = slices.Clone(trustedOrigins)
	return func(r *http.Request) (string, error) {
		sent := 0
		for _, line := range r.Header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				if key, _, _ := strings.Cut(pair, "="); strings.Trim(key, " \t\r\n") == name {
					sent++
				}
			}
		}
		// net/http leaves out a cookie whose value is malformed. It was sent all the
		// same: a token that is there and bad is not a token that is missing.
		cookies := r.CookiesNamed(name)
		switch {
		case sent == 0:
			return "", ErrMissing
		case isUpgrade(r) && !isTrusted(r, trustedOrigins):
			return "", errForeignUpgrade
		case sent > 1 || len(cookies) != 1:
			return "", invalid(ReasonRequest, "more than one cookie of the name, or a malformed one")
		}
		return cookies[0].Value, nil
	}
}

// isNoOrigin reports whether no browser sends origin (RFC 6454 §6.2, WHATWG HTML).
func isNoOrigin(origin string) bool {
	u, err := url.Parse(origin)
	unfit := func(r rune) bool { return r <= ' ' || r > '~' || r == '*' || 'A' <= r && r <= 'Z' }
	return err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin || strings.ContainsFunc(origin, unfit) ||
		u.Scheme == "ws" || u.Scheme == "wss" || withoutPort(u.Scheme, u.Host) != u.Host || isNoPort(u)
}

// isNoPort reports whether the host of u ends with a colon, or with a port that no browser
// writes.
func isNoPort(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if u.Port() == "" {
		return strings.HasSuffix(u.Host, ":")
	}
	return err != nil || strconv.FormatUint(port, 10) != u.Port()
}

// withoutPort takes the port away from a host if it is the default of the scheme.
func withoutPort(scheme, host string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// isUpgrade reports whether r asks for another protocol on its connection, as a WebSocket
// handshake does over HTTP/1.1 (RFC 6455 §4.1) and over HTTP/2 and 3 (RFC 8441 §4).
func isUpgrade(r *http.Request) bool {
	return len(r.Header["Upgrade"]) > 0 || r.Method == http.MethodConnect
}

// isTrusted reports whether the page that sent r is one that may use its cookies.
func isTrusted(r *http.Request, trustedOrigins []string) bool {
	origins := r.Header["Origin"]
	switch len(origins) {
	case 0: // no browser
		return true
	case 1:
		u, err := url.Parse(origins[0])
		return slices.Contains(trustedOrigins, origins[0]) ||
			err == nil && u.Host != "" && strings.EqualFold(u.Host, withoutPort(u.Scheme, r.Host))
	}
	return false
}

// A missingError is an [ErrMissing] that says why a token that was sent does not count.
type missingError struct{ why string }

// Error returns the text of ErrMissing and the reason.
func (e *missingError) Error() string { return describe(ErrMissing, e.why) }

// Is reports whether target is ErrMissing.
func (e *missingError) Is(target error) bool { return target == ErrMissing }

var errForeignUpgrade = &missingError{"the cookie does not count in an upgrade request from another origin; " +
	"if you trust the page, name its origin in FromCookie"}
