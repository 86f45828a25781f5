// Package hosts tells loopback hosts from others. The demos, which give a token to every client,
// check the Host header by it: a page of another site must not reach them. By DNS rebinding its host
// name can resolve to this machine, but the Host header still has that name.
package hosts

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Serves reports whether host, a Host header, is localhost, a loopback address or one of
// names. The port does not count.
func Serves(host string, names []string) bool {
	name := hostname(host)
	if strings.EqualFold(name, "localhost") || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback() && ip.Zone() == ""
}

// Names returns the names in a comma-separated list, and the host of the listen address
// unless it is unspecified.
func Names(list, address string) ([]string, error) {
	var names []string
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if strings.ContainsAny(name, "/*") {
			return nil, fmt.Errorf("-hosts: %q is not a host name: give one such as demo.example, without scheme and path", name)
		}
		names = append(names, hostname(name))
	}
	if own := hostname(address); own != "" && !isUnspecified(own) {
		names = append(names, own)
	}
	return names, nil
}

// URL returns the URL by which a browser on this machine reaches a server that listens on
// address.
func URL(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err == nil && isUnspecified(host) {
		return "http://localhost:" + port
	}
	return "http://" + address.String()
}

func isUnspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}

// hostname returns host without its port, and without the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
