package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// remote returns the feed of a handler.
func remote(t testing.TB, h http.Handler) session.Feed {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	f, err := session.NewRemoteFeed(server.URL+"/ended?tenant=a%26b", nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What a Feed lists comes through FeedHandler and NewRemoteFeed, page by page.
func TestRemoteFeedReadsAll(t *testing.T) {
	var ids []string
	for range 2500 {
		ids = append(ids, newSessionID())
	}
	memory := listed(t, ids...)
	f := remote(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("tenant"); got != "a&b" {
			t.Errorf("got tenant %q, want the query of the URL", got)
		}
		session.FeedHandler(memory).ServeHTTP(w, r)
	}))
	var got []string
	cursor, pages := "", 0
	read := func() {
		for {
			page, next, err := f.Ended(t.Context(), cursor)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, e := range page {
				got = append(got, e.ID)
				if want := epoch.Add(time.Hour).Truncate(time.Second).Add(time.Second); !e.Until.Equal(want) || e.Until.Location() != time.UTC {
					t.Fatalf("got until %v, want %v", e.Until, want)
				}
			}
			cursor = next
			if len(page) == 0 {
				return
			}
		}
	}
	read()
	if diff := cmp.Diff(ids, got); diff != "" || pages != 4 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
	got = nil
	memory.End(t.Context(), oneID, epoch.Truncate(time.Millisecond), epoch.Truncate(time.Millisecond).Add(time.Hour))
	read()
	if diff := cmp.Diff([]string{oneID}, got); diff != "" {
		t.Errorf("later (-want +got):\n%s", diff)
	}
}

// A page with the most entries and the longest IDs, each byte of which JSON escapes, is read.
func TestLongestPage(t *testing.T) {
	page := make([]session.Ended, 10_000)
	for i := range page {
		page[i] = session.Ended{ID: fmt.Sprintf("%05d", i) + strings.Repeat("\x01", 250), Until: time.Unix(253402300799, 0).UTC()}
	}
	f := remote(t, session.FeedHandler(pageOf(page, strings.Repeat("\x01", 255))))
	got, next, err := f.Ended(t.Context(), "x")
	if err != nil || len(next) != 255 {
		t.Fatalf("got a cursor of %d bytes and %v, want 255", len(next), err)
	}
	if diff := cmp.Diff(page, got); diff != "" {
		t.Error("got another page, want the page that was sent")
	}
}

// A response that is not a page is an error, and never an empty page. No error quotes it.
func TestBrokenAnswers(t *testing.T) {
	const secretText = "s3cret"
	entry := func(members string) string { return `{"ended":[{` + members + `}],"next":"b"}` }
	for name, body := range map[string]string{
		"empty":                      ``,
		"HTML":                       `<html>s3cret</html>`,
		"null":                       `null`,
		"an array":                   `[]`,
		"no members":                 `{}`,
		"no ended":                   `{"next":"b"}`,
		"no next":                    `{"ended":[]}`,
		"ended is null":              `{"ended":null,"next":"b"}`,
		"ended is an object":         `{"ended":{},"next":"b"}`,
		"next is null":               `{"ended":[],"next":null}`,
		"next is a number":           `{"ended":[],"next":1}`,
		"other case":                 `{"Ended":[],"next":"b"}`,
		"ended twice":                `{"ended":[],"ended":[],"next":"b"}`,
		"next twice":                 `{"ended":[],"next":"b","next":"b"}`,
		"cut":                        `{"ended":[],"next":"b"`,
		"data behind it":             `{"ended":[],"next":"b"}{}`,
		"invalid UTF-8":              "{\"ended\":[],\"next\":\"\xff\"}",
		"an entry that is null":      `{"ended":[null],"next":"b"}`,
		"an entry that is text":      `{"ended":["s3cret"],"next":"b"}`,
		"an entry without id":        entry(`"until":1`),
		"an empty id":                entry(`"id":"","until":1`),
		"a long id":                  entry(`"id":"` + strings.Repeat("x", 256) + `","until":1`),
		"id is null":                 entry(`"id":null,"until":1`),
		"id twice":                   entry(`"id":"a","id":"a","until":1`),
		"no until":                   entry(`"id":"s3cret"`),
		"until is null":              entry(`"id":"a","until":null`),
		"until is text":              entry(`"id":"a","until":"1"`),
		"until is a fraction":        entry(`"id":"a","until":1.5`),
		"until has an exponent":      entry(`"id":"a","until":1e3`),
		"until is negative":          entry(`"id":"a","until":-1`),
		"until is too late":          entry(`"id":"a","until":253402300800`),
		"until is far too late":      entry(`"id":"a","until":99999999999999999999`),
		"a cursor that stands still": `{"ended":[{"id":"a","until":1}],"next":"a"}`,
		"entries and no cursor":      `{"ended":[{"id":"a","until":1}],"next":""}`,
		"a long cursor":              `{"ended":[],"next":"` + strings.Repeat("x", 256) + `"}`,
		"too many entries":           `{"ended":[` + strings.Repeat(`{"id":"a","until":1},`, 10_000) + `{"id":"a","until":1}],"next":"b"}`,
		"too long":                   `{"ended":[],"next":"b"` + strings.Repeat(" ", 16<<20) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := remote(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, body)
			}))
			_, _, err := f.Ended(t.Context(), "a")
			wantOutcome(t, err, "unavailable")
			if err != nil && strings.Contains(err.Error(), secretText) {
				t.Errorf("got %v, want no text of the server", err)
			}
			if name == "too long" && !strings.Contains(err.Error(), "more than 16 MiB") {
				t.Errorf("got %v, want the limit", err)
			}
		})
	}
	for name, body := range map[string]string{
		"an empty page":       `{"ended":[],"next":"a"}`,
		"an empty page at \"": `{"ended":[],"next":""}`,
		"unknown members":     ` {"x":[{"a":1}],"ended":[{"id":"a","until":0,"x":null}],"next":"b","y":2} `,
	} {
		t.Run(name, func(t *testing.T) {
			f := remote(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				fmt.Fprint(w, body)
			}))
			if _, _, err := f.Ended(t.Context(), "a"); err != nil {
				t.Errorf("got %v, want a page", err)
			}
		})
	}
}

// Responses with another status, type or end are errors.
func TestRefusedReads(t *testing.T) {
	const page = `{"ended":[],"next":"a"}`
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		detail string
		retry  time.Duration
	}{
		{"401", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, "status 401", 0},
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "status 204", 0},
		{"503 with Retry-After", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(503)
		}, "status 503", 7 * time.Second},
		{"503 with a long Retry-After", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3601")
			w.WriteHeader(503)
		}, "status 503", 0},
		{"another type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
		}, "not application/json", 0},
		{"a body that is cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, page)
		}, "the request failed", 0},
		{"another origin", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://localhost:1/ended", http.StatusFound)
		}, "redirect to another origin", 0},
		{"a loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }, "more than 5 redirects", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := remote(t, test.answer).Ended(t.Context(), "a")
			e, ok := errors.AsType[*jwtexp.UnavailableError](err)
			if !ok {
				t.Fatalf("got %v, want an UnavailableError", err)
			}
			if e.What != "session feed" || !strings.Contains(e.Detail, test.detail) || !strings.Contains(e.Detail, "127.0.0.1:") || e.RetryAfter != test.retry {
				t.Errorf("got %q, %q, %v, want a session feed, the host, %q, %v", e.What, e.Detail, e.RetryAfter, test.detail, test.retry)
			}
			if strings.Contains(err.Error(), "tenant") {
				t.Errorf("got %v, want no query", err)
			}
		})
	}
}

// A redirect within the origin is followed, and the client's own rule is asked, too.
func TestRedirectsOfAFeed(t *testing.T) {
	memory := listed(t, oneID)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusFound)
			return
		}
		session.FeedHandler(memory).ServeHTTP(w, r)
	}))
	defer server.Close()
	asked := 0
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { asked++; return nil }}
	for _, c := range []*http.Client{nil, client} {
		f := must(session.NewRemoteFeed(server.URL+"/old", c))
		if page, _, err := f.Ended(t.Context(), ""); err != nil || len(page) != 1 {
			t.Errorf("got %v, %v, want one entry", page, err)
		}
	}
	if asked != 1 {
		t.Errorf("got %d calls of CheckRedirect, want 1", asked)
	}
	here, there := httptest.NewRequest("GET", server.URL, nil), httptest.NewRequest("GET", "https://other.example", nil)
	if err := client.CheckRedirect(there, []*http.Request{here}); err != nil {
		t.Errorf("got %v, want the client's own rule, because the feed has a copy", err)
	}
}

// The context of a call ends it, and only then does the error match the error of the context.
func TestRemoteFeedAndItsContext(t *testing.T) {
	arrived, end := make(chan bool, 2), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-end
	}))
	defer server.Close()
	defer close(end)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, _, err := must(session.NewRemoteFeed(server.URL, nil)).Ended(ctx, "")
	wantOutcome(t, err, "unavailable")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want one that matches context.Canceled", err)
	}
	_, _, err = must(session.NewRemoteFeed(server.URL, &http.Client{Timeout: time.Millisecond})).Ended(t.Context(), "")
	wantOutcome(t, err, "unavailable")
	if errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Timeout") {
		t.Errorf("got %v, want the Timeout of the client and no deadline of the caller", err)
	}
}

func TestFeedURLs(t *testing.T) {
	for _, good := range []string{
		"https://login.example/ended", "https://login.example", "https://login.example:8443/ended?key=x", "http://localhost:8080/ended",
		"http://127.0.0.1/ended", "http://127.9.9.9:1/ended", "http://[::1]:8080/ended", "HTTPS://login.example/ended",
	} {
		if _, err := session.NewRemoteFeed(good, nil); err != nil {
			t.Errorf("%s: got %v, want nil", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                                    "no host",
		"/ended":                              "no host",
		"https:///ended":                      "no host",
		"https://login.example/%zz":           "invalid URL",
		"http://login.example/ended":          "use https",
		"http://localhost.example/ended":      "use https",
		"http://10.0.0.1/ended":               "use https",
		"ftp://login.example/ended":           "use https",
		"https://key:s3cret@login.example/":   "contains a user",
		"https://login.example/ended#s3cret":  "contains a fragment",
		"https://login.example/?after=s3cret": "parameter after",
		"https://login.example/?x=%s3cret":    "query is malformed",
	} {
		f, err := session.NewRemoteFeed(bad, nil)
		if f != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want an error with %q and without the URL", bad, err, want)
		}
	}
}

// Formatting a remote feed shows the host only.
func TestRemoteFeedHidesItsURL(t *testing.T) {
	f := must(session.NewRemoteFeed("https://login.example/ended?key=s3cret", nil))
	text := printed(f)
	if !strings.Contains(text, "session.RemoteFeed(login.example)") || strings.Contains(text, "s3cret") {
		t.Errorf("got %s, want the host only", text)
	}
}

// A Watcher of another process rejects a logged-out user after its next poll, and an outage of the
// feed is one of the Watcher after its limit.
func TestWatcherOfARemoteFeed(t *testing.T) {
	w := newWorld()
	f := &switchedFeed{Feed: w.store}
	watcher := watch(t, remote(t, session.FeedHandler(f)), session.WithClock(w.clock))
	tokens := must(w.Start(t.Context(), "alice", nil))
	wantRevoked(t, watcher, tokens.Access(), "good")
	if err := w.End(t.Context(), tokens.Refresh()); err != nil {
		t.Fatal(err)
	}
	if err := watcher.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantRevoked(t, watcher, tokens.Access(), "revoked")
	f.use(&feed{err: errStore})
	wantOutcome(t, watcher.Sync(t.Context()), "unavailable")
	other := must(w.Start(t.Context(), "bob", nil))
	wantRevoked(t, watcher, tokens.Access(), "revoked")
	wantRevoked(t, watcher, other.Access(), "good")
	w.clock.Advance(session.DefaultOutageLimit)
	wantRevoked(t, watcher, tokens.Access(), "revoked")
	wantRevoked(t, watcher, other.Access(), "unavailable")
}
