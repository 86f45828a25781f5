package jwks

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// checkURL returns what is wrong with an address to fetch from. It does not quote it,
// since a query may hold a secret.
func checkURL(raw string, loopback bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case u.Host == "" || u.Hostname() == "":
		return errors.New("no URL with a host, such as https://login.example/jwks.json")
	case u.User != nil:
		return errors.New("a URL with a user in it")
	case strings.Contains(raw, "#"):
		return errors.New("a URL with a fragment")
	case u.Scheme == "https", u.Scheme == "http" && loopback && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("http, where anybody on the network path can replace the keys: use https (or WithLoopbackHTTP, for this machine)")
	}
	return errors.New("not an https URL")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback() && !ip.Is4In6() && ip.Zone() == ""
}

// sameOrigin compares scheme, host and port (RFC 6454 §4).
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
