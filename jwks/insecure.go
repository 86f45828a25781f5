package jwks

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// WithInsecureHTTP also allows http URLs for exactly these hosts: "keycloak" for any port,
// "keycloak:8080" for one port, "[fd00::1]:8080" for an IPv6 address. Case does not matter.
//
// This is insecure: anyone on the network between this process and the host can replace the keys,
// and so forge every token. Use it only for a compose network on one machine, or for a mesh that
// does TLS. The option applies to the issuer or URL, [WithAddress] and jwks_uri. No host, or a host
// with a scheme, path, user or wildcard, is an error.
func WithInsecureHTTP(hosts ...string) RemoteOption {
	return remoteOption{"WithInsecureHTTP", func(c *config) error {
		var faults []error
		for i, text := range hosts {
			h, err := parseHost(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("host %d %w; %s", i+1, err, wantHost))
			}
			c.http.named = append(c.http.named, h)
		}
		if len(hosts) == 0 {
			faults = append(faults, errors.New("no host; "+wantHost))
		}
		return errors.Join(faults...)
	}}
}

const wantHost = `write a host alone, such as "keycloak", "keycloak:8080" or "[fd00::1]:8080"`

// httpHosts are the hosts that http URLs may name.
type httpHosts struct {
	loopback bool
	named    []host
}

func (h *httpHosts) has(u *url.URL) bool {
	if h.loopback && isLoopback(u.Hostname()) {
		return true
	}
	for _, named := range h.named {
		if named.is(u) {
			return true
		}
	}
	return false
}

// A host is a name or an address, and a port. Without a port, it stands for all ports.
type host struct {
	name    string     // "" for an IPv6 address
	address netip.Addr // of an IPv6 literal
	port    string
}

// is reports whether u has the host h.
func (h host) is(u *url.URL) bool {
	if h.port != "" && h.port != port(u) {
		return false
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.Is6() {
		return address == h.address
	}
	return strings.EqualFold(h.name, u.Hostname())
}

// parseHost reads a host and a port. Its error does not quote text, which may hold a password.
func parseHost(text string) (host, error) {
	switch {
	case text == "":
		return host{}, errors.New("is empty")
	case strings.Contains(text, "://"):
		return host{}, errors.New("has a scheme")
	case strings.Contains(text, "/"):
		return host{}, errors.New("has a path")
	case strings.Contains(text, "@"):
		return host{}, errors.New("has a user")
	case strings.Contains(text, "*"):
		return host{}, errors.New("has a wildcard")
	case strings.ContainsAny(text, "?#"):
		return host{}, errors.New("has a query or a fragment")
	}
	if address, err := netip.ParseAddr(text); err == nil && address.Is6() {
		return host{address: address}, nil
	}
	var h host
	name, port, hasPort := strings.Cut(text, ":")
	if literal, rest, ok := strings.Cut(strings.TrimPrefix(text, "["), "]"); ok && strings.HasPrefix(text, "[") {
		address, err := netip.ParseAddr(literal)
		name, port, hasPort = strings.Cut(rest, ":")
		if err != nil || !address.Is6() || name != "" {
			return host{}, errNoHostName
		}
		h.address = address
	} else if !isHostName(name) {
		return host{}, errNoHostName
	}
	if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0) {
		return host{}, errors.New("has an invalid port")
	} else if hasPort {
		h.port = strconv.FormatUint(n, 10)
	}
	h.name = name
	return h, nil
}

var errNoHostName = errors.New("is not a host name or an IP address")

func isHostName(text string) bool {
	unfit := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && !('0' <= r && r <= '9') && !strings.ContainsRune("-_.", r)
	}
	return text != "" && !strings.ContainsFunc(text, unfit)
}
