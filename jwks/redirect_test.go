package jwks_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
)

// TestRedirects shows which URLs have the same origin.
func TestRedirects(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     error
	}{
		{"https://login.example/keys", "/other", good},
		{"https://login.example/keys", "other?a=1", good},
		{"https://login.example/keys", "https://login.example/other", good},
		{"https://login.example/keys", "https://LOGIN.example/other", good},
		{"https://login.example/keys", "https://login.example:443/other", good},
		{"https://login.example:443/keys", "https://login.example/other", good},
		{"http://localhost/keys", "http://localhost:80/other", good},
		{"https://login.example/keys", "http://login.example/other", unavailable},
		{"https://login.example/keys", "http://login.example:443/other", unavailable},
		{"https://login.example/keys", "//login.example:80/other", unavailable},
		{"https://login.example/keys", "https://login.example:8443/other", unavailable},
		{"https://login.example/keys", "https://login.example.org/other", unavailable},
		{"https://login.example/keys", "//other.example/other", unavailable},
		{"http://localhost/keys", "https://localhost:80/other", unavailable},
		{"http://localhost/keys", "http://127.0.0.1/other", unavailable},
	} {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) {
			origin := &origin{reply: func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/keys" {
					return response(http.StatusFound, "", "Location", tt.to)(r)
				}
				return set("a")(r)
			}}
			verify(t, newRemote(t, tt.from, jwks.WithTransport(origin), jwks.WithLoopbackHTTP()), "a", tt.want)
			want := 1
			if tt.want == good {
				want = 2
			}
			if got := origin.count(); got != want {
				t.Errorf("got %d requests, want %d", got, want)
			}
		})
	}
}

// A redirect must not let another server choose the keys. The Remote does not even contact it.
func TestRedirectsStayWithinTheOrigin(t *testing.T) {
	start := map[string]func(*httptest.Server){"http": (*httptest.Server).Start, "https": (*httptest.Server).StartTLS}
	for _, tt := range []struct{ from, to string }{{"https", "http"}, {"https", "https"}, {"http", "http"}, {"http", "https"}} {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) {
			other := startServer(body(setOf("a")), start[tt.to])
			defer other.Close()
			server := startServer(redirect(other.URL+"/keys"), start[tt.from])
			defer server.Close()
			remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP(), jwks.WithTransport(server.Client().Transport))
			verify(t, remote, "a", unavailable)
			server.wantFetches(t, 1)
			other.wantFetches(t, 0)
		})
	}
}

func TestNoCookies(t *testing.T) {
	var cookies atomic.Int64
	server := newServer(func(w http.ResponseWriter, r *http.Request) {
		cookies.Add(int64(len(r.Cookies())))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/keys", http.StatusFound)
			return
		}
		io.WriteString(w, setOf("a"))
	})
	defer server.Close()
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	for _, elapsed := range []time.Duration{0, time.Hour} {
		if _, err := remote.VerificationKeys(t.Context(), "a", day.Add(elapsed)); err != nil {
			t.Fatal(err)
		}
	}
	server.wantFetches(t, 4)
	if got := cookies.Load(); got != 0 {
		t.Errorf("got %d cookies, want 0", got)
	}
}
