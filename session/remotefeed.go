package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/hosts"
	"github.com/jwtexp/jwtexp/internal/opaque"
)

const (
	feedTimeout      = 10 * time.Second // of one page
	maxFeedHeader    = 1 << 16          // bytes
	feedIdle         = time.Minute      // how long a connection is kept
	maxFeedRedirects = 5
)

// NewRemoteFeed returns a [Feed] that reads from a [FeedHandler] at url. It makes no request.
//
// url is absolute, with the scheme https. On localhost, 127.0.0.0/8 and ::1 it may be http. It may
// have a query, which must not have the parameter after, but neither a user nor a fragment. An error
// of NewRemoteFeed does not quote url.
//
// The client authenticates the requests, by its Transport or its Jar. Give it a Timeout. The feed
// uses a copy, and follows a redirect only within the origin of url, after which it asks the
// client's CheckRedirect. If client is nil, the timeout of a request is 10 seconds, and the
// transport is separate from http.DefaultTransport. It keeps one connection alive between requests.
//
// An answer that differs from the format in docs/logout-feed.md is an error, and never an empty
// page. An error of Ended is a [*jwtexp.UnavailableError] whose Detail names the host, and neither
// the query nor text of the server. Its RetryAfter is from the answer, if it is a number of
// seconds up to an hour. If ctx is done, the error also matches ctx.Err(). The Feed is safe for
// concurrent use.
func NewRemoteFeed(url string, client *http.Client) (Feed, error) {
	address, err := parseFeedURL(url)
	if err != nil {
		return nil, fmt.Errorf("session: NewRemoteFeed: url: %w", err)
	}
	return remoteFeed{opaque.To(&feedClient{address, newFeedClient(client)})}, nil
}

// parseFeedURL returns an error if raw must not be fetched. The error does not quote raw, because a
// query may hold a secret.
func parseFeedURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("invalid URL; want one such as https://login.example/ended")
	case u.Hostname() == "":
		return nil, errors.New("the URL has no host; want one such as https://login.example/ended")
	case u.User != nil:
		return nil, errors.New("the URL contains a user; remove the part before @, and let the client authenticate")
	case strings.Contains(raw, "#"):
		return nil, errors.New("the URL contains a fragment; remove the part from # on")
	case u.Scheme == "http" && !hosts.Serves(u.Host, nil):
		return nil, errors.New("http lets an attacker on the network hide logouts; use https (http only for localhost, 127.0.0.0/8 and ::1)")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the scheme is not https; use https")
	}
	query, err := url.ParseQuery(u.RawQuery)
	switch {
	case err != nil:
		return nil, errors.New("the query is malformed; escape it with url.Values.Encode")
	case query.Has("after"):
		return nil, errors.New("the query has the parameter after, which the feed adds itself; remove it")
	}
	return u, nil
}

// newFeedClient returns a copy of client, or a client of its own for nil, that follows redirects
// within an origin only.
func newFeedClient(client *http.Client) *http.Client {
	if client == nil {
		client = &http.Client{
			Timeout:   feedTimeout,
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: maxFeedHeader, IdleConnTimeout: feedIdle},
		}
	}
	c := *client
	c.CheckRedirect = checkFeedRedirect(client.CheckRedirect)
	return &c
}

var (
	errOtherOrigin   = errors.New("redirect to another origin; use the final URL")
	errManyRedirects = fmt.Errorf("more than %d redirects; use the final URL", maxFeedRedirects)
)

// checkFeedRedirect returns an [http.Client.CheckRedirect]. A server at another origin may be one
// that only this machine can reach, or one without TLS.
func checkFeedRedirect(own func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		switch {
		case !sameOrigin(next.URL, via[0].URL):
			return errOtherOrigin
		case own != nil:
			return own(next, via)
		case len(via) > maxFeedRedirects:
			return errManyRedirects
		}
		return nil
	}
}

// sameOrigin reports whether a and b have the same scheme, host and port (RFC 6454 §4).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// A remoteFeed is the Feed of NewRemoteFeed. It can be formatted and compared.
type remoteFeed struct{ in opaque.Pointer[feedClient] }

type feedClient struct {
	url    *url.URL
	client *http.Client
}

// Format prints the host of the server under every verb.
func (f remoteFeed) Format(s fmt.State, verb rune) {
	opaque.Format(s, verb, fmt.Sprintf("session.RemoteFeed(%s)", f.in.Get().url.Host))
}

// Ended requests a page.
func (f remoteFeed) Ended(ctx context.Context, after string) (ended []Ended, next string, err error) {
	in := f.in.Get()
	text, err := in.get(ctx, after)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = errClientTimeout // not the deadline of a caller
	}
	if err != nil {
		return nil, "", outage(ctx, "session feed", in.url.Host+": "+faultOf(err), err)
	}
	ended, next, err = parseFeedPage(text, after)
	if err != nil {
		return nil, "", outage(ctx, "session feed", in.url.Host+": the response is not a page of a feed: "+err.Error(), nil)
	}
	return ended, next, nil
}

// get returns the body of a response that has status 200 and is JSON.
func (c *feedClient) get(ctx context.Context, after string) (string, error) {
	address := *c.url
	if after != "" {
		query := address.Query()
		query.Set("after", after)
		address.RawQuery = query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Accept", "application/json")
	response, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode != http.StatusOK:
		return "", &jwtexp.UnavailableError{
			What:       "session feed",
			Detail:     fmt.Sprintf("%s: status %d; want 200, check the URL and the credentials", c.url.Host, response.StatusCode),
			RetryAfter: retryAfter(response.Header),
		}
	case err != nil || kind != "application/json":
		return "", errNotJSON
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPage+1))
	if err == nil && len(body) > maxPage {
		err = errLongPage
	}
	return string(body), err
}

// retryAfter returns the seconds of a Retry-After header, or 0. A longer one than an hour is not
// believed.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil || seconds > 3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

var (
	errNotJSON       = errors.New("the response is not application/json; check the URL")
	errLongPage      = fmt.Errorf("the response has more than %d MiB", maxPage>>20)
	errClientTimeout = errors.New("no complete response within the Timeout of the http.Client")
)

// faultOf says what failed without text of the server, which an error of net/http can quote.
func faultOf(err error) string {
	for _, own := range []error{errOtherOrigin, errManyRedirects, errNotJSON, errLongPage, errClientTimeout} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	return "the request failed; errors.Unwrap shows the error"
}
