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
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A fault is what a server does instead of answering with a set. What it sends instead is
// for the most part a set of key "a" with something wrong around it, so that the fault
// alone explains why it is not taken.
type fault struct {
	name  string
	serve http.HandlerFunc
}

// The texts of these bodies and header fields must not turn up in an error.
const secret = "quoted-by-mistake"

var faults = []fault{
	{"status 500", status(http.StatusInternalServerError)},
	{"status 503", status(http.StatusServiceUnavailable)},
	{"status 404", status(http.StatusNotFound)},
	{"status 204", status(http.StatusNoContent)},
	{"status 206", status(http.StatusPartialContent)},
	{"status 201", status(http.StatusCreated)},
	{"HTML", body("<!doctype html><title>" + secret + "</title>")},
	{"nothing", body("")},
	{"an empty set", body(`{"keys":[]}`)},
	{"no keys", body(`{}`)},
	{"null", body(`null`)},
	{"keys that are null", body(`{"keys":null}`)},
	{"keys that are an object", body(`{"keys":{"` + secret + `":1}}`)},
	{"keys that are text", body(`{"keys":"` + secret + `"}`)},
	{"an array", body("[" + jwkOf("a") + "]")},
	{"keys that come twice", body(`{"keys":[],"keys":[` + jwkOf("a") + `]}`)},
	{"KEYS", body(`{"KEYS":[` + jwkOf("a") + `]}`)},
	{"two documents", body(setOf("a") + setOf("a"))},
	{"no usable key", body(`{"keys":[{"kty":"oct","kid":"a","k":"` + secret + `"}, 1, null, "", [], {}]}`)},
	{"too many keys", body(`{"keys":[` + jwkOf("a") + strings.Repeat(`,{}`, 256) + `]}`)},
	{"one byte too many", body(padded(1<<20 + 1))},
	{"an endless body", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, setOf("a"))
		for r.Context().Err() == nil {
			io.WriteString(w, strings.Repeat(" ", 1<<10))
		}
	}},
	{"an endless header", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat(secret, 1<<14))
		io.WriteString(w, setOf("a"))
	}},
	{"a gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb())
	}},
	{"gzip that is none", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, setOf("a"))
	}},
	{"an unknown encoding", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, secret)
	}},
	{"a body that is shorter than it says", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(setOf("a"))+1))
		io.WriteString(w, setOf("a"))
	}},
	{"a body that breaks off", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, setOf("a"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}},
	{"half a set", body(setOf("a")[:len(setOf("a"))/2])},
	{"a connection that breaks off", raw("")},
	{"no HTTP", raw(secret + "\r\n\r\n")},
	{"a status that is none", raw("HTTP/1.1 " + secret + "\r\n\r\n")},
	{"a header that is none", raw("HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n")},
	{"a redirect without an address", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, setOf("a"))
	}},
	{"a redirect to no URL", redirect("http://%" + secret)},
	{"a redirect to another host", redirect("http://login.example/" + secret)},
	{"a redirect to another port", redirect("http://127.0.0.1:1/" + secret)},
	{"a redirect to another scheme", redirect("https://127.0.0.1/")},
	{"a redirect to a file", redirect("file:///etc/" + secret)},
	{"a redirect loop", redirect("/")},
}

var slowFaults = []fault{
	{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	{"a header and no body", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}},
	{"one byte a second", func(w http.ResponseWriter, r *http.Request) {
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
	{"one more redirect each time", func(w http.ResponseWriter, r *http.Request) {
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

// raw sends something in the place of an answer, and breaks off.
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

// padded is the set of key "a" in so many bytes.
func padded(size int) string { return setOf("a") + strings.Repeat(" ", size-len(setOf("a"))) }

// bomb is the set of key "a" and 64 MiB of spaces.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
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
			testFaultAfterAGoodSet(t, f)
		})
	}
	for _, f := range slowFaults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			testFaultAfterAGoodSet(t, f, jwks.WithTimeout(time.Second))
		})
	}
}

func testFaultAtFirst(t *testing.T, f fault) {
	server := newServer(f.serve)
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)

	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, unavailable)
	wantNoQuote(t, err)

	server.serve(body(setOf("a")))
	clock.Advance(10 * time.Second)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "when the server is well", err, good)
}

func testFaultAfterAGoodSet(t *testing.T, f fault, opts ...jwks.RemoteOption) {
	server := newServer(body(setOf("b")))
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(t, newRemote(t, server.URL, append(opts, jwks.WithLoopbackHTTP())...), clock)
	_, err := verifier.Verify(t.Context(), tokenOf("b"))
	wantVerdict(t, "while the server is well", err, good)

	server.serve(f.serve)
	clock.Advance(5 * time.Minute)
	_, err = verifier.Verify(t.Context(), tokenOf("b"))
	wantVerdict(t, "by the last good set", err, good)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "an unknown key", err, unavailable)
	wantNoQuote(t, err)
}

// wantNoQuote looks at err and all that it wraps up to what is not this library's: an
// error that is made to be logged quotes nothing of what the server sent.
func wantNoQuote(t *testing.T, err error) {
	t.Helper()
	down := wantUnavailable(t, err)
	if text := fmt.Sprintf("%v %+v %v", err, err, down.Err); strings.Contains(text, secret) || strings.Contains(text, `"kty"`) {
		t.Errorf("got %s, want nothing in it that the server sent", text)
	}
}

func TestNoFaultLeavesAGoroutine(t *testing.T) {
	for _, f := range slices.Concat(faults, slowFaults) {
		t.Run(f.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			server := newServer(f.serve)
			remote, err := jwks.NewRemote(server.URL, jwks.WithLoopbackHTTP(), jwks.WithTimeout(100*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			_, err = newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
			wantVerdict(t, "a token", err, unavailable)
			remote.Close()
			server.Close()
			wantGoroutines(t, before)
		})
	}
}

func TestServerDown(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newServer(body(setOf("a")))
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(t, remote, clock)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "while the server is up", err, good)
	server.Close()
	clock.Advance(5 * time.Minute)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "by the last good set", err, good)

	other := newVerifier(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)
	_, err = other.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "without a set", err, unavailable)
	remote.Close()
	wantGoroutines(t, before)
}

// The largest answers that are taken.
func TestLimitsAreNoFaults(t *testing.T) {
	followed := func(hops int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Path) > hops {
				io.WriteString(w, setOf("a"))
				return
			}
			http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect)
		}
	}
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
		want  error
	}{
		{"1 MiB", body(padded(1 << 20)), good},
		{"256 keys", body(`{"keys":[` + strings.Repeat("{},", 255) + jwkOf("a") + "]}"), good},
		{"257 keys", body(`{"keys":[` + strings.Repeat("{},", 256) + jwkOf("a") + "]}"), unavailable},
		{"5 redirects", followed(5), good},
		{"6 redirects", followed(6), unavailable},
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
			server := newServer(tt.serve)
			defer server.Close()
			verifier := newVerifier(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), jwtexptest.NewClock(day))
			_, err := verifier.Verify(t.Context(), tokenOf("a"))
			wantVerdict(t, "a token", err, tt.want)
		})
	}
}

// An endless body is not read to its end, nor to the end of time, and is given back.
func TestNoMoreIsReadThanIsTaken(t *testing.T) {
	endless := &spaces{}
	origin := &origin{reply: func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: endless, Request: r}, nil
	}}
	remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(origin))
	_, err := remote.VerificationKeys(t.Context(), "a", day)
	wantVerdict(t, "an endless body", err, unavailable)
	if got, want := endless.read, 1<<20+1; got != want {
		t.Errorf("got %d bytes read, want %d", got, want)
	}
	if !endless.closed {
		t.Error("got a body that is open, want it closed")
	}
}

// spaces is a body without an end, but for a test that fails.
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

// A good fetch keeps no connection, and nothing to read it.
func TestNoConnectionIsKept(t *testing.T) {
	server := newServer(body(setOf("a")))
	defer server.Close()
	before := runtime.NumGoroutine()
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	if _, err := remote.VerificationKeys(t.Context(), "a", day); err != nil {
		t.Fatal(err)
	}
	wantGoroutines(t, before)
}

// Providers speak HTTP/2, which has limits and connections of its own.
func TestFaultsOverHTTP2(t *testing.T) {
	for _, f := range slices.Concat(faults, slowFaults) {
		if strings.HasPrefix(f.name, "a redirect to another") {
			continue // TestRedirectsStayWithinTheOrigin
		}
		t.Run(f.name, func(t *testing.T) { testOverHTTP2(t, f.serve, unavailable) })
	}
	t.Run("none", func(t *testing.T) { testOverHTTP2(t, body(setOf("a")), good) })
}

func testOverHTTP2(t *testing.T, serve http.HandlerFunc, want error) {
	server := startServer(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("got %s, want HTTP/2", r.Proto)
		}
		serve(w, r)
	}, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the faults that need HTTP/1 and panic here
		s.StartTLS()
	})
	defer server.Close()
	before := runtime.NumGoroutine()
	trusting := jwks.OwnTransport()
	trusting.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trusting.ForceAttemptHTTP2 = true // which a configuration of one's own turns off
	remote := newRemote(t, server.URL, jwks.WithTransport(trusting), jwks.WithTimeout(time.Second))
	_, err := newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, want)
	if want != nil {
		wantNoQuote(t, err)
	}
	remote.Close()
	wantGoroutines(t, before) // no connection is kept
}

// A query can hold a secret, as can what a server sends.
func TestErrorsQuoteNoQuery(t *testing.T) {
	remote := newRemote(t, "https://login.example/keys?key="+secret, jwks.WithTransport(&origin{reply: down}))
	_, err := remote.VerificationKeys(t.Context(), "a", day)
	wantNoQuote(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(verb, remote); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("got a Remote that %s prints as %s, want no query", verb, text)
		}
	}
	if _, err := jwks.NewRemote("http://login.example/keys?key=" + secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v, want an error without the query", err)
	}
	if _, err := jwks.NewRemote("https://login.example/%" + secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v, want an error without the address", err)
	}
}

// Whoever can make a server redirect must not choose the keys: the one that would have
// them is not even asked.
func TestRedirectsStayWithinTheOrigin(t *testing.T) {
	start := map[string]func(*httptest.Server){"http": (*httptest.Server).Start, "https": (*httptest.Server).StartTLS}
	for _, tt := range []struct{ from, to string }{{"https", "http"}, {"https", "https"}, {"http", "http"}, {"http", "https"}} {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) {
			other := startServer(body(setOf("a")), start[tt.to])
			defer other.Close()
			server := startServer(redirect(other.URL+"/keys"), start[tt.from])
			defer server.Close()
			remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP(), jwks.WithTransport(server.Client().Transport))
			_, err := newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
			wantVerdict(t, "a token", err, unavailable)
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
	for _, at := range []time.Duration{0, time.Hour} {
		if _, err := remote.VerificationKeys(t.Context(), "a", day.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	server.wantFetches(t, 4)
	if got := cookies.Load(); got != 0 {
		t.Errorf("got %d cookies sent, want none", got)
	}
}
