package jwks_test

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
)

var errBoom = errors.New("boom")

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

func answer(status int, body io.ReadCloser) reply {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: body, Request: r}, nil
	}
}

// misbehaving are transports and bodies that do what none should.
func misbehaving() map[string]reply {
	nothing := func() {}
	whole := strings.NewReader(setOf("a"))
	return map[string]reply{
		"a transport that panics":           func(*http.Request) (*http.Response, error) { panic(errBoom) },
		"a transport that panics with text": func(*http.Request) (*http.Response, error) { panic("boom") },
		"a transport that panics with nil":  func(*http.Request) (*http.Response, error) { panic(nil) },
		"a transport that aborts":           func(*http.Request) (*http.Response, error) { panic(http.ErrAbortHandler) },
		"a transport that exits":            func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil },
		"a transport that returns nothing":  func(*http.Request) (*http.Response, error) { return nil, nil },
		"a transport that returns no body":  answer(200, nil),
		"a transport that returns an answer and an error": func(r *http.Request) (*http.Response, error) {
			response, _ := answer(200, io.NopCloser(whole))(r)
			return response, errBoom
		},
		"a transport that returns an empty answer":  func(*http.Request) (*http.Response, error) { return new(http.Response), nil },
		"a body whose reading panics":               answer(200, bodyFunc{func([]byte) (int, error) { panic(errBoom) }, nothing}),
		"a body whose reading exits":                answer(200, bodyFunc{func([]byte) (int, error) { runtime.Goexit(); return 0, nil }, nothing}),
		"a body whose closing panics":               answer(200, bodyFunc{whole.Read, func() { panic(errBoom) }}),
		"a body whose closing exits":                answer(200, bodyFunc{whole.Read, func() { runtime.Goexit() }}),
		"a body that reads more than there is room": answer(200, bodyFunc{func(p []byte) (int, error) { return len(p) + 1, nil }, nothing}),
		"a body that reads less than nothing":       answer(200, bodyFunc{func([]byte) (int, error) { return -1, nil }, nothing}),
		"an error page whose closing panics":        answer(500, bodyFunc{whole.Read, func() { panic(errBoom) }}),
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

// The error leads to what was panicked with, and its text does not tell it.
func TestPanicIsACause(t *testing.T) {
	for name, misbehave := range misbehaving() {
		if !strings.HasSuffix(name, "panics") || strings.HasPrefix(name, "an error page") {
			continue
		}
		remote := newBubble(t, misbehave).remote
		_, err := remote.VerificationKeys(t.Context(), "a", day)
		e, ok := errors.AsType[*jwtexp.UnavailableError](err)
		if !ok || !errors.Is(err, errBoom) || strings.Contains(e.Err.Error(), "boom") || !strings.Contains(e.Err.Error(), "panicked") {
			t.Errorf("%s: got %v because of %v, want an UnavailableError because of errBoom, which it does not tell", name, err, e)
		}
	}
}
