package session

import (
	"net/http"
	"net/url"

	"github.com/jwtexp/jwtexp/internal/setup"
)

// FeedHandler returns a handler that serves a feed to verifiers without access to the store. They
// read it with [NewRemoteFeed], or by the format in docs/logout-feed.md. It answers GET and HEAD
// with a page of the list after the cursor in the query's parameter after. It panics if feed is nil.
//
//	200  {"ended":[{"id":"WDfAfmSM1Ik1hn3pLNYmJw","until":1767355200}],"next":"…"}
//	400  {"error":"invalid_request"}          a malformed query, or two cursors
//	405  {"error":"invalid_request"}          another method
//	503  {"error":"temporarily_unavailable"}  the feed failed, or its page breaks the bounds of [Feed]
//
// until is in Unix seconds, rounded up. Every answer has Cache-Control: no-store, and a 503 has
// Retry-After. The error_description of a 503 says which bound a page breaks. It does not quote the
// error of the feed. To log that error, wrap the feed, which has one method:
//
//	type loggedFeed struct{ session.Feed }
//
//	func (f loggedFeed) Ended(ctx context.Context, after string) ([]session.Ended, string, error) {
//		ended, next, err := f.Feed.Ended(ctx, after)
//		if err != nil {
//			slog.ErrorContext(ctx, "cannot read the ended sessions", "error", err)
//		}
//		return ended, next, err
//	}
//
// The readers are not authenticated. Put the handler behind a middleware: the list shows how many
// sessions end, and when.
func FeedHandler(feed Feed) http.Handler {
	if setup.IsNil(feed) {
		panic("session: FeedHandler: feed is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, fault := readAfter(w, r)
		if fault != nil {
			fault.respond(w)
			return
		}
		ended, next, err := feed.Ended(r.Context(), after)
		if err != nil {
			respondUnavailable(w, err, "the ended sessions cannot be read; try later")
			return
		}
		page, err := newFeedPage(ended, next)
		if err != nil {
			respondUnavailable(w, nil, "the feed breaks its bounds: "+err.Error())
			return
		}
		respond(w, http.StatusOK, page)
	})
}

// readAfter returns the cursor of a request.
func readAfter(w http.ResponseWriter, r *http.Request) (string, *formError) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return "", &formError{http.StatusMethodNotAllowed, "invalid_request", "want GET or HEAD"}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	switch {
	case err != nil:
		return "", invalidRequest("the query is malformed")
	case len(query["after"]) > 1:
		return "", invalidRequest("after is given twice")
	}
	return query.Get("after"), nil
}
