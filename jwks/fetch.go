package jwks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	maxBody      = 1 << 20 // after decompression
	maxHeader    = 1 << 16
	maxRedirects = 5
)

// A getter fetches documents from servers that may be broken or hostile.
type getter struct {
	client  http.Client // without cookies
	timeout time.Duration
}

func newGetter(c *config) *getter {
	return &getter{http.Client{Transport: c.transport, CheckRedirect: checkRedirect}, c.timeout}
}

// defaultTransport returns the transport that is used without WithTransport. It shares nothing
// with http.DefaultTransport, whose TLS checks any package in the process can disable. It keeps
// no connections: fetches are minutes apart, and no connection may outlive Close.
func defaultTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// A temporaryError is an error that a retry may solve. Other errors of get say that the
// response is wrong.
type temporaryError struct{ err error }

func (e *temporaryError) Error() string { return e.err.Error() }
func (e *temporaryError) Unwrap() error { return e.err }

var (
	errRedirect  = errors.New("redirect to another origin; use the final URL")
	errRedirects = fmt.Errorf("more than %d redirects; use the final URL", maxRedirects)
	errTooLarge  = fmt.Errorf("response is larger than %d MiB; check the URL", maxBody>>20)
)

// withTimeout returns a context for the requests of one fetch.
func (g *getter) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, g.timeout, &timeoutError{g.timeout})
}

// A timeoutError is the cause of a context that withTimeout has ended. It does not match
// context.DeadlineExceeded, which would look like the caller's own deadline.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no complete response within %v; raise WithTimeout if the server is slow", e.after)
}

// get returns the body and the header of a response with status 200. Its errors name the
// address without its query, and never quote the server. It sets the host and the status of report.
func (g *getter) get(ctx context.Context, address string, report *Fetch) ([]byte, http.Header, error) {
	body, header, err := g.exchange(ctx, address, report)
	if err == nil {
		return body, header, nil
	}
	if timeout, ok := errors.AsType[*timeoutError](context.Cause(ctx)); ok {
		err = &temporaryError{timeout}
	} else if ctx.Err() != nil {
		err = &temporaryError{ctx.Err()}
	}
	return nil, nil, fmt.Errorf("%s: %w", withoutQuery(address), err)
}

func (g *getter) exchange(ctx context.Context, address string, report *Fetch) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, errors.New("invalid URL")
	}
	report.Host, report.Status = r.URL.Host, 0
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	response, err := g.client.Do(r)
	if response != nil { // there is one beside the error of a redirect, too
		report.Status = response.StatusCode
	}
	if err != nil {
		return nil, nil, sanitize(err)
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusOK:
	case status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return nil, nil, &temporaryError{fmt.Errorf("server answered status %d; want 200", status)}
	default:
		return nil, nil, fmt.Errorf("server answered status %d; want 200, check the URL", status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, nil, sanitize(err)
	case len(body) > maxBody:
		return nil, nil, errTooLarge
	}
	return body, response.Header, nil
}

// checkRedirect implements [http.Client.CheckRedirect]. A server at another origin may be one
// that only this machine can reach, or one without TLS.
func checkRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case !sameOrigin(next.URL, via[0].URL):
		return errRedirect
	case len(via) > maxRedirects:
		return errRedirects
	}
	return nil
}

// sanitize returns an error whose text can be logged. The text of an error from net/http can
// quote a server that does not speak HTTP.
func sanitize(err error) error {
	for _, own := range []error{errRedirect, errRedirects} {
		if errors.Is(err, own) {
			return own
		}
	}
	return hideCause(networkFault(err), err)
}

// networkFault says what failed, if it is the network, and not code of the application. Its texts are
// fixed: an error of the application can wrap each of these types.
func networkFault(err error) string {
	_, untrusted := errors.AsType[x509.UnknownAuthorityError](err)
	_, otherHost := errors.AsType[x509.HostnameError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return "certificate signed by unknown authority; pass its root with WithTransport"
	case otherHost:
		return "certificate is for another host; check the URL"
	case certificate:
		return "certificate is not valid, or not now"
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return "no such host; check the URL"
		}
		return "the host cannot be looked up in DNS"
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error() // such as connection refused
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return e.Error()
	}
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case noTLS, errors.Is(err, http.ErrSchemeMismatch):
		return "server does not speak TLS; check scheme and port"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "server closed the connection before the end of the response"
	}
	return "request failed or was cut off; the error chain has the cause"
}

// A hiddenCause prints a text instead of its cause. errors.Is and errors.As find the cause;
// fmt and reflection do not, because they do not follow an atomic.Pointer.
type hiddenCause struct {
	text  string
	cause atomic.Pointer[error]
}

func (e *hiddenCause) Error() string { return e.text }
func (e *hiddenCause) Unwrap() error { return *e.cause.Load() }

func hideCause(text string, cause error) error {
	e := &hiddenCause{text: text}
	e.cause.Store(&cause)
	return &temporaryError{e}
}

// A panicError holds the value of a panic. It formats the value only when Error is called,
// because the value's own methods may panic or block.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.value, e.stack) }

func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// recovered returns the error of a fetch in which what panicked with value.
func recovered(what string, value any) error {
	return hideCause(what+" panicked; the error chain has the value and the stack", &panicError{value, debug.Stack()})
}

func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "invalid URL"
	}
	u.RawQuery, u.ForceQuery = "", false
	return u.Redacted()
}
