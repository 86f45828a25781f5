package jwtexp_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// If a page of another site opens a WebSocket, the browser sends the cookie. FromCookie must ignore
// it.
func TestCookieInAnUpgrade(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	trusted := []string{"https://app.example", "http://localhost:3000"}
	for _, c := range []struct {
		name    string
		method  string // GET by default
		upgrade string
		origins []string
		want    string
	}{
		{"no upgrade, another origin", "", "", []string{"https://evil.example"}, "ok"}, // for CrossOriginProtection to reject
		{"no origin", "", "websocket", nil, "ok"},
		{"the same host", "", "websocket", []string{"https://api.example"}, "ok"},
		{"the same host in capitals", "", "websocket", []string{"https://API.example"}, "ok"},
		{"a trusted origin", "", "websocket", []string{"https://app.example"}, "ok"},
		{"a trusted origin with a port", "", "websocket", []string{"http://localhost:3000"}, "ok"},
		{"the same host and its default port", "", "websocket", []string{"https://api.example:443"}, "missing"}, // browsers leave it out
		{"another origin", "", "websocket", []string{"https://evil.example"}, "missing"},
		{"another origin, another protocol", "", "h2c", []string{"https://evil.example"}, "missing"},
		{"another origin, an empty upgrade", "", "empty", []string{"https://evil.example"}, "missing"},
		{"another port of the host", "", "websocket", []string{"https://api.example:8443"}, "missing"},
		{"a subdomain", "", "websocket", []string{"https://x.api.example"}, "missing"},
		{"the host as a user", "", "websocket", []string{"https://api.example@evil.example"}, "missing"},
		{"the host as a path", "", "websocket", []string{"https://evil.example/api.example"}, "missing"},
		{"the host alone", "", "websocket", []string{"api.example"}, "missing"},
		{"a trusted host, another scheme", "", "websocket", []string{"http://app.example"}, "missing"},
		{"a trusted host, another port", "", "websocket", []string{"http://localhost:3001"}, "missing"},
		{"a trusted origin and a path", "", "websocket", []string{"https://app.example/"}, "missing"},
		{"null", "", "websocket", []string{"null"}, "missing"},
		{"an empty origin", "", "websocket", []string{""}, "missing"},
		{"not a URL", "", "websocket", []string{"https://%"}, "missing"},
		{"two origins, the same", "", "websocket", []string{"https://api.example", "https://api.example"}, "missing"},
		{"two origins, one trusted", "", "websocket", []string{"https://evil.example", "https://app.example"}, "missing"},
		{"two origins in one line", "", "websocket", []string{"https://api.example, https://evil.example"}, "missing"},
		{"HTTP/2, another origin", "CONNECT", "", []string{"https://evil.example"}, "missing"},
		{"HTTP/2, the same host", "CONNECT", "", []string{"https://api.example"}, "ok"},
		{"POST, another origin", "POST", "websocket", []string{"https://evil.example"}, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			guard := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithTokenFrom(jwtexp.FromHeader, jwtexp.FromCookie("session", trusted...))))
			request := func(cookies ...string) *http.Request {
				r := httptest.NewRequest("GET", "https://api.example/socket", nil)
				if c.method != "" {
					r.Method = c.method
				}
				switch c.upgrade {
				case "":
				case "empty":
					r.Header["Upgrade"] = []string{""}
				default:
					r.Header["Upgrade"] = []string{c.upgrade}
				}
				if c.origins != nil {
					r.Header["Origin"] = c.origins
				}
				for _, cookie := range cookies {
					r.Header.Add("Cookie", cookie)
				}
				return r
			}
			_, err := guard.Check(request("session=" + good))
			wantOutcome(t, err, c.want)
			if err != nil && (!strings.Contains(err.Error(), "from another origin") || !strings.Contains(err.Error(), "FromCookie")) {
				t.Errorf("got %q, want it to say why the cookie does not count", err)
			}
			if err != nil && strings.Contains(err.Error(), "evil") {
				t.Errorf("got %q, want no text of the request", err)
			}
			if c.want != "missing" {
				return
			}
			// FromCookie treats the cookie as absent: a second one does not make the request
			// malformed, and the token in a header counts.
			_, err = guard.Check(request("session="+good, "session=other"))
			wantOutcome(t, err, "missing")
			withHeader := request("session=" + good)
			withHeader.Header.Set("Authorization", "Bearer "+good)
			_, err = guard.Check(withHeader)
			wantOutcome(t, err, "ok")
			_, err = guard.Check(request())
			wantText(t, "without a cookie", err, "missing", "no cookie session")
		})
	}
}

// The same over a connection. http.CrossOriginProtection accepts the handshake, because it is a GET.
func TestForeignWebSocketIsRejected(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(``))
	guard := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithTokenFrom(jwtexp.FromCookie("session"))))
	opened := 0
	server := httptest.NewServer(http.NewCrossOriginProtection().Handler(guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		opened++
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
	}))))
	defer server.Close()
	host := server.Listener.Addr().String()
	for origin, want := range map[string]int{"http://" + host: 101, "https://evil.example": 401} {
		conn := must(net.Dial("tcp", host))
		fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: %s\r\nSec-Fetch-Site: cross-site\r\nCookie: session=%s\r\n\r\n", host, origin, good)
		response := must(http.ReadResponse(bufio.NewReader(conn), nil))
		if response.StatusCode != want {
			t.Errorf("from %s: got status %d, want %d", origin, response.StatusCode, want)
		}
		conn.Close()
	}
	if opened != 1 {
		t.Errorf("got %d sockets opened, want 1", opened)
	}
}

// upgradeHeader returns the header of a WebSocket handshake with a cookie.
func upgradeHeader(origin, cookie string) http.Header {
	return http.Header{"Upgrade": {"websocket"}, "Origin": {origin}, "Cookie": {"session=" + cookie}}
}

// HTTP/1.0 allows a request without a host. Such a request matches no origin.
func TestUpgradeWithoutHost(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(jwtexp.FromCookie("session"))))
	for _, origin := range []string{"null", "", "https://", "file:///page.html"} {
		r := httptest.NewRequest("GET", "/socket", nil)
		r.Host = ""
		r.Header = upgradeHeader(origin, sign(testSecret, joseHeader, live(``)))
		_, err := guard.Check(r)
		wantOutcome(t, err, "missing")
	}
}

func TestTrustedOrigins(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://app.example": true, "http://localhost:3000": true, "https://[::1]:8080": true, "app://bundle": true,
		"https://app.example:8443": true, "http://app.example:443": true,
		"https://app.example:": false, "https://app.example:99999": false, "https://app.example:0443": false, "https://app.example:443": false, "http://app.example:80": false, "https://App.example": false, "https://*.example": false,
		"https://münchen.example": false, "wss://app.example": false, "ws://app.example": false, "https://app.example ": false,
		"": false, "app.example": false, "https://": false, "https://app.example/": false, "https://app.example/path": false,
		"https://app.example?q": false, "https://app.example#f": false, "https://user@app.example": false, "*": false, "null": false, "https://%": false,
	} {
		if got := jwtexp.FromCookie("session", "https://other.example", origin) != nil; got != want {
			t.Errorf("FromCookie with %q: got an Extractor: %t, want %t", origin, got, want)
		}
	}
	// Some clients and proxies add the default port to Host.
	for host, want := range map[string]bool{"api.example:443": true, "api.example": true, "api.example:80": false, "api.example:8443": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		r.Header = upgradeHeader("https://api.example", "x")
		if _, err := jwtexp.FromCookie("session")(r); (err == nil) != want {
			t.Errorf("Host %s: got %v, want success: %t", host, err, want)
		}
	}
	_, err := jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(jwtexp.FromCookie("session", "app.example")))
	if err == nil || !strings.Contains(err.Error(), "https://app.example") {
		t.Errorf("got %v, want an error that contains https://app.example", err)
	}
	origins := []string{"https://app.example"}
	from := jwtexp.FromCookie("session", origins...)
	origins[0] = "https://evil.example"
	r := httptest.NewRequest("GET", "https://api.example/", nil)
	r.Header = upgradeHeader("https://evil.example", "x")
	if _, err := from(r); !errors.Is(err, jwtexp.ErrMissing) {
		t.Errorf("got %v after the caller's slice was changed, want ErrMissing", err)
	}
}
