package hosts_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/hosts"
)

func TestServes(t *testing.T) {
	names := []string{"demo.example", "192.0.2.7", "2001:db8::1"}
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST:1": true, "127.0.0.1": true, "127.0.0.1:8080": true, "127.1.2.3:1": true,
		"[::1]:8080": true, "[::1]": true, "::1": true, "[::ffff:127.0.0.1]:80": true,
		"demo.example": true, "DEMO.example:443": true, "192.0.2.7:8080": true, "[2001:db8::1]:8080": true,

		"": false, ":8080": false, "evil.example": false, "evil.example:8080": false, "localhost.evil.example": false, "evil-localhost": false,
		"127.0.0.1.evil.example": false, "127.1": false, "2130706433": false, "0x7f.0.0.1": false, "0.0.0.0:8080": false, "[::]:8080": false,
		"192.0.2.8": false, "10.0.0.1:8080": false, "x.demo.example": false, "[::1%25lo]:80": false, "localhost.": false,
	} {
		if got := hosts.Serves(host, names); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
	if hosts.Serves("demo.example", nil) {
		t.Error("demo.example, without names: got true, want false")
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		list, address string
		want          []string
	}{
		{"", "127.0.0.1:8080", []string{"127.0.0.1"}},
		{"", "0.0.0.0:8080", nil},
		{"", "[::]:8080", nil},
		{"", ":8080", nil},
		{"a.example, b.example", "192.0.2.7:1", []string{"a.example", "b.example", "192.0.2.7"}},
		{"a.example:8080", "demo.example:1", []string{"a.example", "demo.example"}},
		{"[2001:db8::1]:8080,2001:db8::2", ":1", []string{"2001:db8::1", "2001:db8::2"}},
	} {
		if got, err := hosts.Names(tt.list, tt.address); !slices.Equal(got, tt.want) || err != nil {
			t.Errorf("%q, %q: got %q, %v, want %q", tt.list, tt.address, got, err, tt.want)
		}
	}
	for _, list := range []string{"https://a.example", "*", "a.example,*.example", "a.example/path"} {
		if got, err := hosts.Names(list, ":8080"); err == nil || !strings.Contains(err.Error(), "demo.example") {
			t.Errorf("%q: got %q, %v, want an error with an example of a name", list, got, err)
		}
	}
}

// A demo answers to the URL that it prints.
func TestURL(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", "[::]:8080": "http://localhost:8080", "0.0.0.0:80": "http://localhost:80",
		"[::1]:8080": "http://[::1]:8080", "192.0.2.7:1": "http://192.0.2.7:1",
	} {
		got := hosts.URL(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)))
		if got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
		names, err := hosts.Names("", address)
		if host := strings.TrimPrefix(got, "http://"); err != nil || !hosts.Serves(host, names) {
			t.Errorf("%s: got the URL %s, want one that the demo answers to", address, got)
		}
	}
}
