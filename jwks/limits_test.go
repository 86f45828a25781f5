package jwks_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/jwks"
)

func TestLimits(t *testing.T) {
	redirects := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Path) > n {
				io.WriteString(w, setOf("a"))
				return
			}
			http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect)
		}
	}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    error
	}{
		{"1 MiB", body(padded(1 << 20)), good},
		{"256 keys", body(`{"keys":[` + strings.Repeat("{},", 255) + jwkOf("a") + "]}"), good},
		{"257 keys", body(`{"keys":[` + strings.Repeat("{},", 256) + jwkOf("a") + "]}"), unavailable},
		{"5 redirects", redirects(5), good},
		{"6 redirects", redirects(6), unavailable},
		{"another content type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, setOf("a"))
		}, good},
		{"gzip", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			io.WriteString(packed, setOf("a"))
			packed.Close()
		}, good},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := newServer(tt.handler)
			defer server.Close()
			verify(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), "a", tt.want)
		})
	}
}

// A Remote reads one byte more than it accepts, and closes the body.
func TestEndlessBodyIsClosed(t *testing.T) {
	endless := &spaces{}
	origin := &origin{reply: func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: endless, Request: r}, nil
	}}
	_, err := newRemote(t, keysURL, jwks.WithTransport(origin)).VerificationKeys(t.Context(), "a", day)
	wantVerdict(t, "an endless body", err, unavailable)
	if got, want := endless.read, 1<<20+1; got != want {
		t.Errorf("got %d bytes read, want %d", got, want)
	}
	if !endless.closed {
		t.Error("got an open body, want it closed")
	}
}

// spaces is an endless body. It ends after 16 MiB, so that a failing test ends, too.
type spaces struct {
	read   int
	closed bool
}

func (s *spaces) Read(p []byte) (int, error) {
	if s.read > 1<<24 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	s.read += len(p)
	return len(p), nil
}

func (s *spaces) Close() error {
	s.closed = true
	return nil
}
