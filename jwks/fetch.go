package jwks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	maxBody      = 1 << 20 // after decompression
	maxHeader    = 1 << 16
	maxRedirects = 5
)

// A getter gets documents from servers that are not trusted to behave.
type getter struct {
	client  http.Client // without cookies
	timeout time.Duration
}

func newGetter(c *config) *getter {
	return &getter{http.Client{Transport: c.transport, CheckRedirect: checkRedirect}, c.timeout}
}

// ownTransport returns the default transport. It shares nothing with
// http.DefaultTransport, whose TLS checks any package in the process can turn off. It keeps
// no connection: fetches are minutes apart, and none outlives Close.
func ownTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// An outage is an error that may go away by itself. Other errors of get say that the
// answer is not what it should be.
type outage struct{ error }

func (o outage) Unwrap() error { return o.error }

var (
	errRedirect = fmt.Errorf("a redirect to another origin, or more than %d of them", maxRedirects)
	errTooLarge = fmt.Errorf("more than %d bytes", maxBody)
)

// get returns the body and the header of an answer with status 200. Its errors name the
// address without its query, and never quote what the server sent.
func (g *getter) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	timed, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	body, header, err := g.exchange(timed, address)
	switch {
	case err == nil:
		return body, header, nil
	case ctx.Err() != nil:
		err = outage{ctx.Err()}
	case timed.Err() != nil: // not to be taken for the caller's own deadline
		err = outage{fmt.Errorf("no whole answer within %v (WithTimeout)", g.timeout)}
	}
	return nil, nil, fmt.Errorf("%s: %w", withoutQuery(address), err)
}

func (g *getter) exchange(ctx context.Context, address string) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, errors.New("not a URL")
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	response, err := g.client.Do(r)
	if err != nil {
		return nil, nil, told(err)
	}
	defer response.Body.Close()
	if status := response.StatusCode; status != http.StatusOK {
		err := fmt.Errorf("status %d, not 200", status)
		if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
			err = outage{err}
		}
		return nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, nil, told(err)
	case len(body) > maxBody:
		return nil, nil, errTooLarge
	}
	return body, response.Header, nil
}

// checkRedirect is what a [http.Client] asks before it follows one. Another origin could
// be one inside the network, which only this machine reaches, or one without TLS.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || !sameOrigin(next.URL, via[0].URL) {
		return errRedirect
	}
	return nil
}

// told returns the error to tell of a failed exchange. Those of net/http can quote what a
// server sent that does not speak HTTP.
func told(err error) error {
	if errors.Is(err, errRedirect) {
		return errRedirect
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		return outage{failed}
	}
	if failed, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return outage{failed}
	}
	return outage{newQuiet("the exchange failed, or was broken off", err)}
}

// quiet tells a text instead of its cause, which errors.Is and errors.As find, and which
// reflection does not.
type quiet struct {
	text  string
	cause atomic.Pointer[error]
}

func newQuiet(text string, cause error) *quiet {
	q := &quiet{text: text}
	q.cause.Store(&cause)
	return q
}

func (q *quiet) Error() string { return q.text }
func (q *quiet) Unwrap() error { return *q.cause.Load() }

// panicked returns the error of a fetch that panicked with value. It calls no method of
// value, which could panic again or block.
func panicked(value any) error {
	return outage{newQuiet("the transport, the answer's body or the parser panicked", &panicError{value, debug.Stack()})}
}

// A panicError formats the value of a panic when Error is called, and not before.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.value, e.stack) }

func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "not a URL"
	}
	u.RawQuery, u.ForceQuery = "", false
	return u.Redacted()
}
