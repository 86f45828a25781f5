package jwks_test

import (
	"net/http"
	"testing"

	"github.com/jwtexp/jwtexp/jwks"
)

// Caches may keep only answers with status 200 and 304, whatever the request's conditions and
// ranges are (RFC 9110 §13, §14).
func TestOnlyTheSetMayBeKept(t *testing.T) {
	handler := handlerAt(newRing(t, keyOf("a")), day)
	statuses := make(map[int]int)
	headers := conditionalHeaders(serve(handler, "GET").Header().Get("ETag"))
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
		for _, first := range headers {
			for _, second := range headers {
				w := serve(handler, method, first[0], first[1], second[0], second[1])
				statuses[w.Code]++
				want := "no-store"
				if w.Code == http.StatusOK || w.Code == http.StatusNotModified {
					want = "public, max-age=1800"
				}
				if got := w.Header().Get("Cache-Control"); got != want {
					t.Errorf("%s with %v and %v: got %d with Cache-Control %q, want %q", method, first, second, w.Code, got, want)
				}
			}
		}
	}
	for _, status := range []int{200, 206, 304, 405, 412, 416} {
		if statuses[status] == 0 {
			t.Errorf("got statuses %v, want %d among them", statuses, status)
		}
	}
}

// conditionalHeaders returns headers that can change the answer to a GET.
func conditionalHeaders(etag string) [][2]string {
	const before, after = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
	return [][2]string{
		{"Accept", "*/*"},
		{"If-Match", `"x"`}, {"If-Match", "*"}, {"If-Match", etag}, {"If-Match", "W/" + etag}, {"If-Match", "x"},
		{"If-None-Match", `"x"`}, {"If-None-Match", "*"}, {"If-None-Match", etag}, {"If-None-Match", "W/" + etag}, {"If-None-Match", `"x", ` + etag},
		{"If-Modified-Since", before}, {"If-Modified-Since", after},
		{"If-Unmodified-Since", before}, {"If-Unmodified-Since", after},
		{"If-Range", `"x"`}, {"If-Range", etag}, {"If-Range", after},
		{"Range", "bytes=0-3"}, {"Range", "bytes=-3"}, {"Range", "bytes=0-1,3-4"}, {"Range", "bytes=99999-"}, {"Range", "bytes=x"}, {"Range", "lines=1-2"},
	}
}

func TestOutageMayNotBeKept(t *testing.T) {
	handler := jwks.Handler(newRing(t)) // without keys
	for _, h := range conditionalHeaders(`"x"`) {
		w := serve(handler, "GET", h[0], h[1])
		if got := w.Header().Get("Cache-Control"); w.Code != http.StatusServiceUnavailable || got != "no-store" {
			t.Errorf("%v: got %d with Cache-Control %q, want 503 and no-store", h, w.Code, got)
		}
	}
}
