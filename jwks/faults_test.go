package jwks_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A fault is a server that does not answer with a usable JWK Set. Most faults send the set of
// key "a" with one thing wrong, so that nothing else explains why the set is rejected.
type fault struct {
	name    string
	handler http.HandlerFunc
}

// secret is in the bodies and headers of the faults. No error may quote it.
const secret = "quoted-by-mistake"

var faults = []fault{
	{"status 500", status(http.StatusInternalServerError)},
	{"status 503", status(http.StatusServiceUnavailable)},
	{"status 404", status(http.StatusNotFound)},
	{"status 204", status(http.StatusNoContent)},
	{"status 206", status(http.StatusPartialContent)},
	{"status 201", status(http.StatusCreated)},
	{"HTML", body("<!doctype html><title>" + secret + "</title>")},
	{"empty body", body("")},
	{"empty set", body(`{"keys":[]}`)},
	{"no keys", body(`{}`)},
	{"null", body(`null`)},
	{"keys null", body(`{"keys":null}`)},
	{"keys object", body(`{"keys":{"` + secret + `":1}}`)},
	{"keys string", body(`{"keys":"` + secret + `"}`)},
	{"array", body("[" + jwkOf("a") + "]")},
	{"keys twice", body(`{"keys":[],"keys":[` + jwkOf("a") + `]}`)},
	{"KEYS", body(`{"KEYS":[` + jwkOf("a") + `]}`)},
	{"two documents", body(setOf("a") + setOf("a"))},
	{"no usable key", body(`{"keys":[{"kty":"oct","kid":"a","k":"` + secret + `"}, 1, null, "", [], {}]}`)},
	{"too many keys", body(`{"keys":[` + jwkOf("a") + strings.Repeat(`,{}`, 256) + `]}`)},
	{"one byte too many", body(padded(1<<20 + 1))},
	{"endless body", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, setOf("a"))
		for r.Context().Err() == nil {
			io.WriteString(w, strings.Repeat(" ", 1<<10))
		}
	}},
	{"endless header", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat(secret, 1<<14))
		io.WriteString(w, setOf("a"))
	}},
	{"gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb())
	}},
	{"invalid gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, setOf("a"))
	}},
	{"unknown encoding", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, secret)
	}},
	{"body shorter than Content-Length", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(setOf("a"))+1))
		io.WriteString(w, setOf("a"))
	}},
	{"aborted body", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, setOf("a"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}},
	{"half a set", body(setOf("a")[:len(setOf("a"))/2])},
	{"closed connection", raw("")},
	{"not HTTP", raw(secret + "\r\n\r\n")},
	{"invalid status", raw("HTTP/1.1 " + secret + "\r\n\r\n")},
	{"invalid header", raw("HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n")},
	{"redirect without Location", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, setOf("a"))
	}},
	{"redirect to an invalid URL", redirect("http://%" + secret)},
	{"redirect to another host", redirect("http://login.example/" + secret)},
	{"redirect to another port", redirect("http://127.0.0.1:1/" + secret)},
	{"redirect to another scheme", redirect("https://127.0.0.1/")},
	{"redirect to a file", redirect("file:///etc/" + secret)},
	{"redirect loop", redirect("/")},
}

var slowFaults = []fault{
	{"no response", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	{"header without body", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}},
	{"one byte per second", func(w http.ResponseWriter, r *http.Request) {
		for i := range setOf("a") {
			io.WriteString(w, setOf("a")[i:i+1])
			w.(http.Flusher).Flush()
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				return
			}
		}
	}},
	{"no response after redirects", func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Path) > 4 {
			<-r.Context().Done()
		}
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	}},
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		if code != http.StatusNoContent {
			io.WriteString(w, setOf("a"))
		}
	}
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

// raw writes text to the connection instead of a response, and closes the connection.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, text)
		conn.Close()
	}
}

// padded returns the set of key "a", padded with spaces to size bytes.
func padded(size int) string { return setOf("a") + strings.Repeat(" ", size-len(setOf("a"))) }

// bomb returns the compressed set of key "a" with 64 MiB of spaces.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w := must(gzip.NewWriterLevel(&packed, gzip.BestSpeed))
	io.WriteString(w, setOf("a"))
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		w.Write(spaces)
	}
	w.Close()
	return packed.Bytes()
})

func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			testFaultAtFirst(t, f)
			testFaultAfterGoodSet(t, f)
		})
	}
	for _, f := range slowFaults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			testFaultAfterGoodSet(t, f, jwks.WithTimeout(time.Second))
		})
	}
}

func testFaultAtFirst(t *testing.T, f fault) {
	server := newServer(f.handler)
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)

	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, unavailable)
	wantNoQuote(t, err, wantUnavailable(t, err).Err)

	server.use(body(setOf("a")))
	clock.Advance(10 * time.Second)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token after the fault", err, good)
}

func testFaultAfterGoodSet(t *testing.T, f fault, opts ...jwks.RemoteOption) {
	server := newServer(body(setOf("b")))
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(newRemote(t, server.URL, append(opts, jwks.WithLoopbackHTTP())...), clock)
	_, err := verifier.Verify(t.Context(), tokenOf("b"))
	wantVerdict(t, "before the fault", err, good)

	server.use(f.handler)
	clock.Advance(5 * time.Minute)
	_, err = verifier.Verify(t.Context(), tokenOf("b"))
	wantVerdict(t, "with the last good set", err, good)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "an unknown key", err, unavailable)
	wantNoQuote(t, err, wantUnavailable(t, err).Err)
}

// wantNoQuote checks that the errors do not quote what the server sent.
func wantNoQuote(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) || strings.Contains(text, `"kty"`) {
			t.Errorf("got %s, want no quote of the server's response", text)
		}
	}
}

func TestFaultsLeaveNoGoroutine(t *testing.T) {
	for _, f := range slices.Concat(faults, slowFaults) {
		t.Run(f.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			server := newServer(f.handler)
			remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP(), jwks.WithTimeout(100*time.Millisecond))
			verify(t, remote, "a", unavailable)
			remote.Close()
			server.Close()
			wantGoroutines(t, before)
		})
	}
}

// Providers speak HTTP/2, which has other limits and connections.
func TestFaultsOverHTTP2(t *testing.T) {
	for _, f := range slices.Concat(faults, slowFaults) {
		if strings.HasPrefix(f.name, "redirect to another") {
			continue // TestRedirectsStayWithinTheOrigin covers these
		}
		t.Run(f.name, func(t *testing.T) { testOverHTTP2(t, f.handler, unavailable) })
	}
	t.Run("no fault", func(t *testing.T) { testOverHTTP2(t, body(setOf("a")), good) })
}

func testOverHTTP2(t *testing.T, handler http.HandlerFunc, want error) {
	server := startServer(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("got %s, want HTTP/2", r.Proto)
		}
		handler(w, r)
	}, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the faults that panic because they need HTTP/1
		s.StartTLS()
	})
	defer server.Close()
	before := runtime.NumGoroutine()
	transport := jwks.DefaultTransport()
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.ForceAttemptHTTP2 = true // setting TLSClientConfig disables HTTP/2
	remote := newRemote(t, server.URL, jwks.WithTransport(transport), jwks.WithTimeout(time.Second))
	err := verify(t, remote, "a", want)
	if want != nil {
		wantNoQuote(t, err, wantUnavailable(t, err).Err)
	}
	remote.Close()
	wantGoroutines(t, before) // so no connection is kept
}
