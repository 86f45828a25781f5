package session_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// listed returns a Memory with ended sessions.
func listed(t testing.TB, ids ...string) *session.Memory {
	t.Helper()
	m := session.NewMemory()
	for _, id := range ids {
		if _, _, err := m.End(t.Context(), id, epoch.Truncate(time.Millisecond), epoch.Truncate(time.Millisecond).Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestFeedHandler(t *testing.T) {
	memory := listed(t, oneID, `jti:a"b`)
	_, last, err := memory.Ended(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	until := epoch.Add(time.Hour).Unix() + 1 // rounded up
	next := url.QueryEscape(last)
	all := fmt.Sprintf(`{"ended":[{"id":"%s","until":%d},{"id":"jti:a\"b","until":%d}],"next":"%s"}`, oneID, until, until, last)
	for _, test := range []struct {
		name, method, query string
		feed                session.Feed
		status              int
		want                string
	}{
		{"from the start", "GET", "", memory, 200, all},
		{"an empty cursor", "GET", "?after=", memory, 200, all},
		{"an unknown cursor", "GET", "?after=garbage", memory, 200, all},
		{"other parameters", "GET", "?x=1&x=2", memory, 200, all},
		{"nothing more", "GET", "?after=" + next, memory, 200, `{"ended":[],"next":"` + last + `"}`},
		{"POST", "POST", "", memory, 405, `{"error":"invalid_request","error_description":"want GET or HEAD"}`},
		{"two cursors", "GET", "?after=a&after=a", memory, 400, `{"error":"invalid_request","error_description":"after is given twice"}`},
		{"malformed query", "GET", "?after=%zz", memory, 400, `{"error":"invalid_request","error_description":"the query is malformed"}`},
		{"outage", "GET", "", &feed{err: errStore}, 503, `{"error":"temporarily_unavailable","error_description":"the ended sessions cannot be read; try later"}`},
		{"too many entries", "GET", "", pageOf(make([]session.Ended, 10_001), "x"), 503, `{"error":"temporarily_unavailable","error_description":"the feed breaks its bounds: a page has more than 10000 entries"}`},
		{"long ID", "GET", "", pageOf([]session.Ended{{ID: strings.Repeat("x", 256)}}, "x"), 503, `{"error":"temporarily_unavailable","error_description":"the feed breaks its bounds: an ID has more than 255 bytes, or is not UTF-8"}`},
		{"no ID", "GET", "", pageOf([]session.Ended{{}}, "x"), 503, `{"error":"temporarily_unavailable","error_description":"the feed breaks its bounds: an entry has no ID"}`},
		{"no time", "GET", "", pageOf([]session.Ended{{ID: "x"}}, "x"), 503, `{"error":"temporarily_unavailable","error_description":"the feed breaks its bounds: an entry has no time in the years 1970 to 9999"}`},
		{"long cursor", "GET", "", pageOf(nil, strings.Repeat("x", 256)), 503, `{"error":"temporarily_unavailable","error_description":"the feed breaks its bounds: a cursor has more than 255 bytes, or is not UTF-8"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			session.FeedHandler(test.feed).ServeHTTP(w, httptest.NewRequest(test.method, "/ended"+test.query, nil))
			if got := strings.TrimSpace(w.Body.String()); w.Code != test.status || got != test.want {
				t.Errorf("got %d %s, want %d %s", w.Code, got, test.status, test.want)
			}
			h := w.Header()
			if h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" {
				t.Errorf("got headers %v, want no-store and JSON", h)
			}
			if (h.Get("Retry-After") != "") != (test.status == 503) || (h.Get("Allow") != "") != (test.status == 405) {
				t.Errorf("got headers %v, want Retry-After for 503 and Allow for 405", h)
			}
		})
	}
}

func pageOf(ended []session.Ended, next string) session.Feed {
	return feedFunc(func(context.Context, string) ([]session.Ended, string, error) { return ended, next, nil })
}

func TestFeedHandlerPanicsWithoutAFeed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("got no panic, want one")
		}
	}()
	session.FeedHandler(nil)
}
