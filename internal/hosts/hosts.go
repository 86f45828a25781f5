// Package hosts says for which hosts the demos answer. They give a token to whoever asks,
// so a page of another site must not reach them: by DNS rebinding its own name can lead to
// this machine, but the Host header still has that name.
package hosts

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Serves reports whether a request with the given Host header is for this machine: localhost
// or a loopback address, with any port, or one of names.
func Serves(host string, names []string) bool {
	name := hostname(host)
	if strings.EqualFold(name, "localhost") || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return name != ""
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback() && ip.Zone() == ""
}

// Names returns the names in a list with commas, and the host of an address to listen on if
// that is not all of the machine's.
func Names(list, address string) []string {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	ip, err := netip.ParseAddr(hostname(address))
	if err == nil && ip.IsUnspecified() {
		return names
	}
	return append(names, hostname(address))
}

// hostname takes the port away, and the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
