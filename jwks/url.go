package jwks

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// checkURL returns an error if raw must not be fetched. The error does not quote raw, because a
// query may hold a secret.
func checkURL(raw string, allowed httpHosts) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.New("invalid URL; want one such as https://login.example")
	case u.Host == "" || u.Hostname() == "":
		return errors.New("URL has no host; want one such as https://login.example")
	case u.User != nil:
		return errors.New("URL contains a user; remove the part before @")
	case strings.Contains(raw, "#"):
		return errors.New("URL contains a fragment; remove the part from # on")
	case u.Scheme == "https", u.Scheme == "http" && allowed.has(u):
		return nil
	case u.Scheme == "http":
		return errors.New("http lets anyone on the network replace the keys; use https (WithLoopbackHTTP allows http for localhost, 127.0.0.0/8 and ::1, WithInsecureHTTP for hosts that you name)")
	}
	return errors.New("URL scheme is not https; use https")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback() && !ip.Is4In6() && ip.Zone() == ""
}

// sameOrigin reports whether a and b have the same scheme, host and port (RFC 6454 §4).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
