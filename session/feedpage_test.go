package session_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/session"
)

// An answers is a RoundTripper that answers each request with a handler, without a network.
type answers struct{ http.Handler }

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result(), nil
}

// A page that is accepted has the bounds of a Feed, and is the same page when it is sent again.
func FuzzFeedPage(f *testing.F) {
	for _, seed := range []string{
		`{"ended":[],"next":""}`, `{"ended":[{"id":"AAAAAAAAAAAAAAAAAAAAAA","until":1767355200}],"next":"b"}`,
		`{"next":"\u0000","x":{"y":[1]},"ended":[{"until":0,"id":"jti:\ud83d\ude00"},{"id":"a","until":253402300799}]}`,
		`{"ended":null,"next":"b"}`, `{"ended":[{"id":"a","until":1e3}],"next":"b"}`, `{}`, ``,
	} {
		f.Add(seed, "a")
	}
	read := func(h http.HandlerFunc, after string) ([]session.Ended, string, error) {
		return must(session.NewRemoteFeed("https://login.example/ended", &http.Client{Transport: answers{h}})).Ended(context.Background(), after)
	}
	f.Fuzz(func(t *testing.T, body, after string) {
		page, next, err := read(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, body)
		}, after)
		if err != nil {
			wantOutcome(t, err, "unavailable")
			if page != nil || next != "" {
				t.Errorf("got %v and %q beside an error, want neither", page, next)
			}
			return
		}
		if !strings.Contains(body, "ended") && !strings.Contains(body, `\u`) {
			t.Error("got a page without its member, want an error")
		}
		if len(page) > 0 && (next == after || next == "") {
			t.Errorf("got entries and the cursor %q after %q, want another one", next, after)
		}
		again, cursor, err := read(session.FeedHandler(pageOf(page, next)).ServeHTTP, after)
		if err != nil || cursor != next {
			t.Fatalf("got %q, %v for the same page, want %q", cursor, err, next)
		}
		if diff := cmp.Diff(page, again); diff != "" {
			t.Errorf("the same page again (-want +got):\n%s", diff)
		}
	})
}
