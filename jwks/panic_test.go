package jwks_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
)

var errBoom = errors.New("boom")

// An evilError is a panic value that does harm when it is formatted.
type evilError struct{ do func() }

func (e evilError) Error() string {
	e.do()
	return "evil"
}

func (e evilError) Format(fmt.State, rune) { e.do() }

func panicWith(value any) reply {
	return func(*http.Request) (*http.Response, error) { panic(value) }
}

// A bodyFunc is a response body made of functions.
type bodyFunc struct {
	read  func([]byte) (int, error)
	close func()
}

func (b bodyFunc) Read(p []byte) (int, error) { return b.read(p) }

func (b bodyFunc) Close() error {
	b.close()
	return nil
}

// responseWith replies with a body made of read and close. A nil read reads the set of key "a".
func responseWith(status int, read func([]byte) (int, error), close func()) reply {
	return func(r *http.Request) (*http.Response, error) {
		body := bodyFunc{read, close}
		if read == nil {
			body.read = strings.NewReader(setOf("a")).Read
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: body, Request: r}, nil
	}
}

// brokenTransports returns transports and bodies that break the rules of net/http and io.
func brokenTransports() map[string]reply {
	nothing := func() {}
	boom := func() { panic(errBoom) }
	return map[string]reply{
		"transport panics":                 panicWith(errBoom),
		"transport panics with a string":   panicWith("boom"),
		"transport panics with nil":        panicWith(nil),
		"transport aborts":                 panicWith(http.ErrAbortHandler),
		"panic value panics":               panicWith(evilError{boom}),
		"panic value exits":                panicWith(evilError{runtime.Goexit}),
		"panic value blocks":               panicWith(evilError{func() { select {} }}),
		"transport exits":                  func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil },
		"transport returns nothing":        func(*http.Request) (*http.Response, error) { return nil, nil },
		"transport returns empty response": func(*http.Request) (*http.Response, error) { return new(http.Response), nil },
		"transport returns no body": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Request: r}, nil
		},
		"transport returns response and error": func(r *http.Request) (*http.Response, error) {
			response, _ := set("a")(r)
			return response, errBoom
		},
		"Read panics":                    responseWith(200, func([]byte) (int, error) { panic(errBoom) }, nothing),
		"Read exits":                     responseWith(200, func([]byte) (int, error) { runtime.Goexit(); return 0, nil }, nothing),
		"Read returns more than len(p)":  responseWith(200, func(p []byte) (int, error) { return len(p) + 1, nil }, nothing),
		"Read returns a negative number": responseWith(200, func([]byte) (int, error) { return -1, nil }, nothing),
		"Close panics":                   responseWith(200, nil, boom),
		"Close exits":                    responseWith(200, nil, runtime.Goexit),
		"Close of an error page panics":  responseWith(500, nil, boom),
	}
}

// A broken transport is an outage: the process goes on, every caller gets an answer, and the
// next retry begins on time.
func TestBrokenTransport(t *testing.T) {
	for name, broken := range brokenTransports() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				b := newBubble(t, after(release, broken))
				b.wantSharedFetch(t, 10, release, unavailable)

				b.clock.Advance(time.Minute)
				b.origin.replyWith(set("a"))
				wantVerdict(t, "a caller of the repaired transport", <-b.verify(t.Context(), "a"), good)

				b.origin.replyWith(broken)
				b.clock.Advance(2 * time.Hour)
				wantVerdict(t, "a caller with the last good set", <-b.verify(t.Context(), "a"), good)
				synctest.Wait()
				if err := b.remote.Close(); err != nil {
					t.Errorf("got %v from Close, want nil", err)
				}
			})
		})
	}
}

// The error chain has the panic's value and the stack. The text of the cause has neither.
func TestPanicIsInTheErrorChain(t *testing.T) {
	for _, name := range []string{"transport panics", "Read panics", "Close panics"} {
		remote := newBubble(t, brokenTransports()[name]).remote
		_, err := remote.VerificationKeys(t.Context(), "a", day)
		e, ok := errors.AsType[*jwtexp.UnavailableError](err)
		if !ok || !errors.Is(err, errBoom) || strings.Contains(e.Err.Error(), "boom") || !strings.Contains(e.Err.Error(), "panicked") {
			t.Errorf("%s: got %v with cause %v, want an UnavailableError that matches errBoom and does not print it", name, err, e)
		}
		var chain strings.Builder
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			fmt.Fprintln(&chain, cause)
		}
		if !strings.Contains(chain.String(), "panic_test.go:") {
			t.Errorf("%s: got %s, want the stack in the error chain", name, &chain)
		}
	}
}
