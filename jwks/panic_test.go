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

// An evilError is a panic value that must not be formatted outside a recover.
type evilError struct{ do func() }

func (e evilError) Error() string {
	e.do()
	return "evil"
}

func (e evilError) Format(fmt.State, rune) { e.do() }

func panicWith(value any) reply {
	return func(*http.Request) (*http.Response, error) { panic(value) }
}

// A bodyFunc is a body whose reading or closing goes wrong.
type bodyFunc struct {
	read  func([]byte) (int, error)
	close func()
}

func (b bodyFunc) Read(p []byte) (int, error) { return b.read(p) }

func (b bodyFunc) Close() error {
	b.close()
	return nil
}

// answerWith replies with a body whose reading, unless it is nil, is that of set "a".
func answerWith(status int, read func([]byte) (int, error), close func()) reply {
	return func(r *http.Request) (*http.Response, error) {
		body := bodyFunc{read, close}
		if read == nil {
			body.read = strings.NewReader(setOf("a")).Read
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: body, Request: r}, nil
	}
}

// misbehaving are transports and bodies that do what none should.
func misbehaving() map[string]reply {
	nothing := func() {}
	boom := func() { panic(errBoom) }
	return map[string]reply{
		"a transport that panics":           panicWith(errBoom),
		"a transport that panics with text": panicWith("boom"),
		"a transport that panics with nil":  panicWith(nil),
		"a transport that aborts":           panicWith(http.ErrAbortHandler),
		"a panic whose text panics":         panicWith(evilError{boom}),
		"a panic whose text exits":          panicWith(evilError{runtime.Goexit}),
		"a panic whose text blocks":         panicWith(evilError{func() { select {} }}),
		"a transport that exits":            func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil },
		"a transport that returns nothing":  func(*http.Request) (*http.Response, error) { return nil, nil },
		"a transport that returns no body":  func(r *http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200, Request: r}, nil },
		"a transport that returns an answer and an error": func(r *http.Request) (*http.Response, error) {
			response, _ := set("a")(r)
			return response, errBoom
		},
		"a transport that returns an empty answer":  func(*http.Request) (*http.Response, error) { return new(http.Response), nil },
		"a body whose reading panics":               answerWith(200, func([]byte) (int, error) { panic(errBoom) }, nothing),
		"a body whose reading exits":                answerWith(200, func([]byte) (int, error) { runtime.Goexit(); return 0, nil }, nothing),
		"a body whose closing panics":               answerWith(200, nil, boom),
		"a body whose closing exits":                answerWith(200, nil, runtime.Goexit),
		"a body that reads more than there is room": answerWith(200, func(p []byte) (int, error) { return len(p) + 1, nil }, nothing),
		"a body that reads less than nothing":       answerWith(200, func([]byte) (int, error) { return -1, nil }, nothing),
		"an error page whose closing panics":        answerWith(500, nil, boom),
	}
}

// Whatever a transport does, the process lives, each caller is answered with an outage, and
// the next attempt is made in its time.
func TestTransportThatMisbehaves(t *testing.T) {
	for name, misbehave := range misbehaving() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				b := newBubble(t, held(release, misbehave))
				var verdicts []<-chan error
				for range 10 {
					verdicts = append(verdicts, b.verify(t.Context(), "a"))
				}
				wantWaiting(t, "a caller", verdicts[0])
				close(release)
				for _, verdict := range verdicts {
					wantVerdict(t, "a caller", <-verdict, unavailable)
				}
				b.wantFetches(t, 1)

				b.clock.Advance(time.Minute)
				b.origin.replyWith(set("a"))
				wantVerdict(t, "a caller, when the transport behaves", <-b.verify(t.Context(), "a"), good)

				// With a set, it serves on.
				b.origin.replyWith(misbehave)
				b.clock.Advance(2 * time.Hour)
				wantVerdict(t, "a caller with an older set", <-b.verify(t.Context(), "a"), good)
				synctest.Wait()
				if err := b.remote.Close(); err != nil {
					t.Errorf("Close: got %v, want nil", err)
				}
			})
		})
	}
}

// The error's chain has what was panicked with and the stack, and its text has neither.
func TestPanicIsACause(t *testing.T) {
	for name, misbehave := range misbehaving() {
		if !strings.HasSuffix(name, "panics") || !strings.HasPrefix(name, "a transport") && !strings.HasPrefix(name, "a body") {
			continue
		}
		remote := newBubble(t, misbehave).remote
		_, err := remote.VerificationKeys(t.Context(), "a", day)
		e, ok := errors.AsType[*jwtexp.UnavailableError](err)
		if !ok || !errors.Is(err, errBoom) || strings.Contains(e.Err.Error(), "boom") || !strings.Contains(e.Err.Error(), "panicked") {
			t.Errorf("%s: got %v because of %v, want an UnavailableError because of errBoom, which it does not tell", name, err, e)
		}
		var chain strings.Builder
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			fmt.Fprintln(&chain, cause)
		}
		if !strings.Contains(chain.String(), "panic_test.go:") {
			t.Errorf("%s: got %s, want the stack in the chain", name, &chain)
		}
	}
}
