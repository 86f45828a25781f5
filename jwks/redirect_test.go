package jwks_test

import (
	"net/http"
	"testing"

	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// What is the same origin, by what a server in memory is asked.
func TestRedirectsByOrigin(t *testing.T) {
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
			origin := &origin{}
			origin.replyWith(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/keys" {
					return with(http.StatusFound, "", "Location", tt.to)(r)
				}
				return set("a")(r)
			})
			remote := newRemote(t, tt.from, jwks.WithTransport(origin), jwks.WithLoopbackHTTP())
			_, err := newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
			wantVerdict(t, "a token", err, tt.want)
			asked := 1
			if tt.want == nil {
				asked = 2
			}
			if got := origin.count(); got != asked {
				t.Errorf("got %d requests, want %d", got, asked)
			}
		})
	}
}
