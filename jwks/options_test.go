package jwks_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
)

func TestArgumentFaultsAreJoined(t *testing.T) {
	options := func(opts ...jwks.RemoteOption) []jwks.RemoteOption { return opts }
	tests := []struct {
		name   string
		url    string
		opts   []jwks.RemoteOption
		faults int
	}{
		{"no options", keysURL, nil, 0},
		{"every option", keysURL, options(jwks.WithTransport(http.DefaultTransport), jwks.WithLoopbackHTTP(), jwks.WithInsecureHTTP("keycloak"), jwks.WithFreshness(1, 2),
			jwks.WithInterval(1), jwks.WithOutageLimit(2), jwks.WithTimeout(1)), 0},
		{"nil option", keysURL, options(nil), 1},
		{"option given twice", keysURL, options(jwks.WithTimeout(1), jwks.WithTimeout(1)), 1},
		{"no insecure host", keysURL, options(jwks.WithInsecureHTTP()), 1},
		{"two wrong insecure hosts", keysURL, options(jwks.WithInsecureHTTP("", "*")), 1},
		{"nil transport", keysURL, options(jwks.WithTransport(nil)), 1},
		{"nil *http.Transport", keysURL, options(jwks.WithTransport((*http.Transport)(nil))), 1},
		{"zero min freshness", keysURL, options(jwks.WithFreshness(0, time.Hour)), 1},
		{"negative min freshness", keysURL, options(jwks.WithFreshness(-1, time.Hour)), 1},
		{"min freshness above max", keysURL, options(jwks.WithFreshness(2, 1)), 1},
		{"zero interval", keysURL, options(jwks.WithInterval(0)), 1},
		{"negative interval", keysURL, options(jwks.WithInterval(-1)), 1},
		{"zero timeout", keysURL, options(jwks.WithTimeout(0)), 1},
		{"outage limit below the default freshness", keysURL, options(jwks.WithOutageLimit(time.Hour - 1)), 1},
		{"outage limit equal to the default freshness", keysURL, options(jwks.WithOutageLimit(time.Hour)), 0},
		{"freshness above the default outage limit", keysURL, options(jwks.WithFreshness(1, 6*time.Hour+1)), 1},
		{"outage limit before a larger freshness", keysURL, options(jwks.WithOutageLimit(1), jwks.WithFreshness(1, 2)), 1},
		{"all faults", "", options(nil, jwks.WithInterval(0), jwks.WithTimeout(0), jwks.WithTransport(nil), jwks.WithTransport(nil)), 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			remote, err := jwks.NewRemote(tt.url, tt.opts...)
			wantFaults(t, remote, err, tt.faults)
			if tt.faults > 0 { // without a fault, Discover would connect to login.example
				remote, err = jwks.Discover(context.Background(), tt.url, tt.opts...)
				wantFaults(t, remote, err, tt.faults)
			}
		})
	}
}

// wantFaults checks that there is either a Remote or an error, and how many faults it joins.
func wantFaults(t *testing.T, remote *jwks.Remote, err error, want int) {
	t.Helper()
	if (remote == nil) != (want > 0) {
		t.Errorf("got Remote %v with error %v, want either", remote, err)
	}
	got := 0
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		got = len(joined.Unwrap())
	}
	if got != want {
		t.Errorf("got %d faults, want %d: %v", got, want, err)
	}
}

func TestURLs(t *testing.T) {
	tests := []struct {
		url                     string
		byDefault, withLoopback bool // accepted
	}{
		{"https://login.example/keys", true, true},
		{"https://login.example:8443/keys", true, true},
		{"https://login.example/keys?policy=1", true, true},
		{"https://127.0.0.1/keys", true, true},
		{"https://[2001:db8::1]/keys", true, true},
		{"HTTPS://login.example/keys", true, true},

		{"http://localhost/keys", false, true},
		{"http://LOCALHOST:8080/keys", false, true},
		{"http://127.0.0.1:8080/keys", false, true},
		{"http://127.255.255.254/keys", false, true},
		{"http://[::1]:8080/keys", false, true},

		{"http://login.example/keys", false, false},
		{"http://localhost.example/keys", false, false},
		{"http://127.0.0.1.example/keys", false, false},
		{"http://128.0.0.1/keys", false, false},
		{"http://0.0.0.0/keys", false, false},
		{"http://[::]/keys", false, false},
		{"http://[::2]/keys", false, false},
		{"http://[::ffff:127.0.0.1]/keys", false, false},
		{"http://[::1%25eth0]/keys", false, false},
		{"http://0x7f.1/keys", false, false},
		{"http://127.1/keys", false, false},
		{"http:///keys", false, false},
		{"http://:8080/keys", false, false},
		{"http://127.0.0.1@login.example/keys", false, false},
		{"https://user:password@login.example/keys", false, false},
		{"https://login.example/keys#a", false, false},
		{"https://login.example/keys#", false, false},
		{"https:login.example/keys", false, false},
		{"https:///keys", false, false},
		{"https://:443/keys", false, false},
		{"//login.example/keys", false, false},
		{"/keys", false, false},
		{"login.example/keys", false, false},
		{"file:///etc/keys", false, false},
		{"file://localhost/keys", false, false},
		{"ftp://localhost/keys", false, false},
		{"https://login.example/%", false, false},
		{"https://login.example:https/", false, false},
		{" https://login.example/keys", false, false},
		{"https://login.example/keys\n", false, false},
		{"", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			if _, err := jwks.NewRemote(tt.url); (err == nil) != tt.byDefault {
				t.Errorf("got %v, want no error: %t", err, tt.byDefault)
			}
			if _, err := jwks.NewRemote(tt.url, jwks.WithLoopbackHTTP()); (err == nil) != tt.withLoopback {
				t.Errorf("WithLoopbackHTTP: got %v, want no error: %t", err, tt.withLoopback)
			}
		})
	}
}

// ProxyFromEnvironment reads the environment once per process, so a test cannot set a proxy.
func TestProxyFromEnvironment(t *testing.T) {
	got, want := reflect.ValueOf(jwks.DefaultTransport().Proxy), reflect.ValueOf(http.ProxyFromEnvironment)
	if got.Pointer() != want.Pointer() {
		t.Error("got another func for Proxy, want http.ProxyFromEnvironment")
	}
}
