package loadtest_test

import (
	"bufio"
	"go/build"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// raw sends bytes that an HTTP client would not send, and returns the answers. The server may
// answer and close the connection before it has read all bytes.
func (srv *server) raw(t *testing.T, text string, answers int) []answer {
	t.Helper()
	conn := must(net.Dial("tcp", srv.Listener.Addr().String()))
	defer conn.Close()
	go io.WriteString(conn, text)
	var all []answer
	for from := bufio.NewReader(conn); len(all) < answers; {
		response, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatalf("after %d answers: %v", len(all), err)
		}
		got, err := answerOf(response)
		if err != nil {
			t.Fatalf("in answer %d: %v", len(all), err)
		}
		for name := range response.Header { // no header repeats the input
			if !slices.Contains(usualHeaders, name) {
				t.Errorf("got the header %q in answer %d, want only %v", name, len(all), usualHeaders)
			}
		}
		all = append(all, got)
	}
	return all
}

var usualHeaders = []string{"Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Www-Authenticate"}

// request returns a request with the given lines in its header.
func request(lines ...string) string {
	return strings.Join(append([]string{"GET / HTTP/1.1", "Host: localhost"}, lines...), "\r\n") + "\r\n\r\n"
}

func lines(n int, line string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = line
	}
	return all
}

func headerOrCookie(s signer) *jwtexp.Middleware {
	verifier := must(jwtexp.NewVerifier(s.key, jwtexp.WithClock(frozen)))
	return must(jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(jwtexp.FromHeader, jwtexp.FromCookie("session"))))
}

// The server rejects each hostile request, does not run next, and serves the next good request.
func TestHostileRequests(t *testing.T) {
	s := newHS256("hs")
	guard := headerOrCookie(s)
	good := "Authorization: " + s.good()[0]
	forged := "Authorization: " + newHS256("hs").good()[0]
	cookie := strings.Replace(good, "Authorization: Bearer ", "Cookie: session=", 1)
	const tenMB = 10 << 20

	// If net/http itself rejects the request, the test ignores the body.
	badRequest, tooLarge := answer{status: 400}, answer{status: 431}
	many := func(want answer) answer { // since Go 1.27, net/http limits the number of headers, too
		if slices.Contains(build.Default.ReleaseTags, "go1.27") {
			return tooLarge
		}
		return want
	}

	usual := startServer(t, guard.Handler)
	roomy := startServer(t, guard.Handler, func(s *http.Server) { s.MaxHeaderBytes = 4 * tenMB })
	for _, c := range []struct {
		name   string
		server *server
		text   string
		want   answer
	}{
		{"10 MB of Authorization", usual, request("Authorization: Bearer " + strings.Repeat("a", tenMB)), tooLarge},
		{"10 MB of Authorization that net/http accepts", roomy, request("Authorization: Bearer " + strings.Repeat("a", tenMB)), invalidToken},
		{"10 MB of dots", roomy, request("Authorization: Bearer " + strings.Repeat(".", tenMB)), invalidToken},
		{"10 MB of segments", roomy, request("Authorization: Bearer " + strings.Repeat("a", tenMB) + ".aaaa.aaaa"), invalidToken},
		{"10 MB of commas", roomy, request("Authorization: Bearer " + strings.Repeat(",", tenMB)), invalidRequest},
		{"10 MB of another scheme", roomy, request("Authorization: " + strings.Repeat("a", tenMB)), missingToken},
		{"10 MB of cookies", roomy, request("Cookie: " + strings.Repeat("session=a;", tenMB/10)), invalidRequest},
		{"10 MB of one cookie", roomy, request("Cookie: session=" + strings.Repeat("a", tenMB)), invalidToken},
		{"10,000 headers", usual, request(append(lines(10_000, "X-A: b"), forged)...), many(invalidToken)},
		{"10,000 Authorization headers", usual, request(lines(10_000, "Authorization: Bearer a")...), many(invalidRequest)},
		{"12 Authorization headers", usual, request(lines(12, good)...), invalidRequest},
		{"two, the first in lower case", usual, request(strings.ToLower(forged[:13])+forged[13:], good), invalidRequest},
		{"a good one after an empty one", usual, request("Authorization:", good), invalidRequest},
		{"a token in header and cookie", usual, request(good, cookie), invalidRequest},
		{"a bad one in the header, a good cookie", usual, request(forged, cookie), invalidRequest},
		{"a good one in the header, a bad cookie", usual, request(good, "Cookie: session=a"), invalidRequest},
		{"a NUL after the token", usual, request(good + "\x00"), badRequest},
		{"a NUL in the name", usual, request("Auth\x00orization: Bearer a", good), badRequest},
		{"a CR in the token", usual, request(good[:50] + "\r" + good[50:]), badRequest},
		{"an LF in the token", usual, request(good[:50] + "\n" + good[50:]), badRequest},
		{"an LF and an injected header", usual, request(forged + "\nX-A: b"), invalidToken},
		{"a CR and a good header after a forged one", usual, request(forged + "\r" + good), badRequest},
		{"a good token on a line that continues a forged one", usual, request(forged, "\t"+good), invalidRequest},
		{"a space before the colon", usual, request(strings.Replace(good, ":", " :", 1)), badRequest},
		{"a header on a line that continues a forged token", usual, request(forged, " X-A: b"), invalidRequest},
		{"bytes that are not UTF-8", usual, request("Authorization: Bearer \xff\xfe"), invalidToken},
		{"HTTP/1.0", usual, "GET / HTTP/1.0\r\n" + forged + "\r\n\r\n", invalidToken},
		{"HTTP/1.0 without a token", usual, "GET / HTTP/1.0\r\n\r\n", missingToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := c.server.served.Load()
			got := c.server.raw(t, c.text, 1)[0]
			if c.want.body == "" {
				got.body = ""
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if n := c.server.served.Load() - before; n != 0 {
				t.Errorf("next ran %d times, want never", n)
			}
			c.server.want(t, served("alice"), s.good()...)
		})
	}

	// The following requests are unusual but valid.
	t.Run("a good token by HTTP/1.0", func(t *testing.T) {
		if got := usual.raw(t, "GET / HTTP/1.0\r\n"+good+"\r\n\r\n", 1)[0]; got != served("alice") {
			t.Errorf("got %+v, want it served", got)
		}
	})
	t.Run("pipelined requests", func(t *testing.T) {
		want := []answer{served("alice"), invalidToken, missingToken, served("alice"), invalidRequest}
		before := usual.served.Load()
		got := usual.raw(t, request(good)+request(forged)+request()+request(cookie)+request(good, good), len(want))
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("answer %d: got %+v, want %+v", i, got[i], want[i])
			}
		}
		if n := usual.served.Load() - before; n != 2 {
			t.Errorf("next ran %d times, want 2", n)
		}
	})
}

// A client that does not finish its header blocks its connection but no other client. The
// ReadHeaderTimeout of the server closes the connection.
func TestSlowHeaders(t *testing.T) {
	s := newHS256("hs")
	srv := startServer(t, headerOrCookie(s).Handler, func(s *http.Server) { s.ReadHeaderTimeout = time.Second / 2 })
	good := s.good()[0]

	var slow []net.Conn
	for range 50 {
		conn := must(net.Dial("tcp", srv.Listener.Addr().String()))
		defer conn.Close()
		must(io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+good[:30]))
		slow = append(slow, conn)
	}
	srv.want(t, served("alice"), good)
	for _, conn := range slow {
		io.Copy(io.Discard, conn) // until the server closes it
	}
	srv.want(t, served("alice"), good)
	if got := srv.served.Load(); got != 2 {
		t.Errorf("next ran %d times, want 2", got)
	}
}

// The memory that the middleware allocates does not grow with the size of a header.
func TestLargeHeadersTakeNoMemory(t *testing.T) {
	s := newHS256("hs")
	guard := headerOrCookie(s)
	for name, header := range map[string]http.Header{
		"Authorization": {"Authorization": {"Bearer " + strings.Repeat("a", 1<<20)}},
		"segments":      {"Authorization": {"Bearer " + strings.Repeat("a", 1<<20) + ".aaaa.aaaa"}},
		"dots":          {"Authorization": {"Bearer " + strings.Repeat(".", 1<<20)}},
		"another":       {"Authorization": {strings.Repeat("a ", 1<<19)}},
		"commas":        {"Authorization": {"Bearer a" + strings.Repeat(", Bearer a", 1<<17)}},
		"many":          {"Authorization": lines(10_000, "Bearer a")},
		"a cookie":      {"Cookie": {"session=" + strings.Repeat("a", 1<<20)}},
		"cookies":       {"Cookie": {strings.Repeat("session=a;", 1<<17)}},
		"other cookies": {"Cookie": {strings.Repeat("a=a;", 1<<18)}},
		"many cookies":  {"Cookie": lines(10_000, "session=a")},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = header
		const rounds, limit = 10, 4 << 10
		if got := allocated(func() {
			for range rounds {
				guard.Check(r)
			}
		}) / rounds; got > limit {
			t.Errorf("%s: got %d bytes allocated by Check, want at most %d", name, got, limit)
		}
	}
}

// allocated returns how many bytes the process allocates while f runs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
