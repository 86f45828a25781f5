package jwtexp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// streamEnd describes the end of a streaming handler.
type streamEnd struct {
	at    time.Time
	cause error
}

// events returns a handler that sends an event at once, and then one each minute until the
// request's context ends.
func events(end chan<- streamEnd) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		ticker := time.NewTicker(time.Minute)
		defer ticker.Stop()
		for {
			fmt.Fprint(w, "data: event\n\n")
			http.NewResponseController(w).Flush()
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				end <- streamEnd{time.Now(), context.Cause(r.Context())}
				return
			}
		}
	})
}

// countEvents reads a stream until its end and counts its events.
func countEvents(t *testing.T, r *http.Response) int {
	t.Helper()
	defer r.Body.Close()
	n := 0
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		if lines.Text() == "data: event" {
			n++
		}
	}
	if err := lines.Err(); err != nil {
		t.Errorf("reading the stream: got %v, want nil", err)
	}
	return n
}

// A pipeListener accepts connections over net.Pipe, which work in a bubble of testing/synctest.
type pipeListener chan net.Conn

func (l pipeListener) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l pipeListener) Close() error   { return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	server, client := net.Pipe()
	l <- server
	return client, nil
}

// The stream ends at exp plus leeway, to the nanosecond. The Verifier's clock is the clock of the
// bubble.
func TestStreamEndsWithItsToken(t *testing.T) {
	for _, leeway := range []time.Duration{0, 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			const lifetime = 15 * time.Minute
			issuer := must(jwtexp.NewIssuer(testKey(), lifetime))
			verifier := must(jwtexp.NewVerifier(testKey(), jwtexp.WithLeeway(leeway)))
			guard := must(jwtexp.NewMiddleware(verifier, jwtexp.WithContextDeadline()))
			issued := must(issuer.Issue(t.Context(), "alice", nil))
			time.Sleep(5*time.Minute + 10*time.Second) // the token is not new

			end := make(chan streamEnd, 1)
			listener := make(pipeListener)
			server := &http.Server{Handler: guard.Handler(events(end))}
			go server.Serve(listener)
			transport := &http.Transport{DialContext: listener.dial}
			r := must(http.NewRequestWithContext(t.Context(), "GET", "http://pipe/", nil))
			r.Header.Set("Authorization", "Bearer "+issued.Raw())
			response := must((&http.Client{Transport: transport}).Do(r))
			left := time.Until(issued.ExpiresAt().Add(leeway))
			if got, want := countEvents(t, response), 1+int(left/time.Minute); got != want {
				t.Errorf("leeway %v: got %d events, want %d", leeway, got, want)
			}
			got := <-end
			if want := issued.ExpiresAt().Add(leeway); !got.at.Equal(want) {
				t.Errorf("leeway %v: got an end at %v, want %v", leeway, got.at, want)
			}
			e, ok := errors.AsType[*jwtexp.ExpiredError](got.cause)
			if !ok || !errors.Is(got.cause, jwtexp.ErrExpired) {
				t.Errorf("leeway %v: got cause %v, want an ExpiredError", leeway, got.cause)
			} else if !e.ExpiredAt.Equal(issued.ExpiresAt()) || !e.Now.Equal(issued.ExpiresAt().Add(leeway)) || e.Leeway != leeway || e.Subject != "alice" || e.ID != issued.ID() {
				t.Errorf("leeway %v: got %+v, want the values of the token", leeway, e)
			}
			transport.CloseIdleConnections()
			close(listener)
			server.Close()
		})
	}
}

// The time that callbacks take before the handler is called does not extend the deadline.
func TestSlowCallbacksDoNotExtendTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issued := must(must(jwtexp.NewIssuer(testKey(), time.Minute)).Issue(t.Context(), "alice", nil))
		verifier := must(jwtexp.NewVerifier(testKey(), jwtexp.WithRevoked(func(context.Context, *jwtexp.Token) (bool, error) {
			time.Sleep(45 * time.Second)
			return false, nil
		})))
		guard := must(jwtexp.NewMiddleware(verifier, jwtexp.WithContextDeadline()))
		guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			if now := time.Now(); !now.Equal(issued.ExpiresAt()) {
				t.Errorf("got an end at %v, want %v", now, issued.ExpiresAt())
			}
		})).ServeHTTP(httptest.NewRecorder(), requestWith(issued.Raw()))
	})
}

// If a context ends, net/http's client returns the cause. If the token of an outer Middleware
// ended it, the cause is an ErrExpired, which is not a verdict on the token of an inner one.
func TestContextCauseIsNotAVerdict(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer := must(jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithClock(clock)))
	raw := must(issuer.Issue(t.Context(), "alice", nil)).Raw()
	outer := must(jwtexp.NewMiddleware(newVerifier(clock).plain, jwtexp.WithContextDeadline()))
	inner := must(jwtexp.NewMiddleware(verifierFunc(func(ctx context.Context, _ string) (*jwtexp.Token, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("introspection: %w", context.Cause(ctx))
	})))
	clock.Advance(time.Hour - time.Millisecond)
	w := httptest.NewRecorder()
	outer.Handler(inner.Handler(http.NotFoundHandler())).ServeHTTP(w, requestWith(raw))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s, want 503", w.Code, w.Body)
	}
}

// TCP does not work in a bubble, so the clock stands 20 ms before exp and the timer is a real one.
func TestStreamEndsOverTCP(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	guard := must(jwtexp.NewMiddleware(newVerifier(clock).plain, jwtexp.WithContextDeadline()))
	issuer := must(jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithClock(clock)))
	issued := must(issuer.Issue(t.Context(), "alice", nil))
	clock.Advance(time.Hour - 20*time.Millisecond)
	end := make(chan streamEnd, 1)
	server := httptest.NewServer(guard.Handler(events(end)))
	defer server.Close()
	r := must(http.NewRequestWithContext(t.Context(), "GET", server.URL, nil))
	r.Header.Set("Authorization", "Bearer "+issued.Raw())
	if got := countEvents(t, must(server.Client().Do(r))); got != 1 {
		t.Errorf("got %d events, want 1", got)
	}
	if got := <-end; !errors.Is(got.cause, jwtexp.ErrExpired) {
		t.Errorf("got cause %v, want ErrExpired", got.cause)
	}
}

func TestContextWithoutDeadline(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	raw := must(must(jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil)).Raw()
	verifier := newVerifier(clock).plain
	for name, c := range map[string]struct {
		opts []jwtexp.MiddlewareOption
		want bool
	}{
		"by default":          {nil, false},
		"WithContextDeadline": {[]jwtexp.MiddlewareOption{jwtexp.WithContextDeadline()}, true},
	} {
		var ctx context.Context
		must(jwtexp.NewMiddleware(verifier, c.opts...)).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ctx = r.Context()
			if _, got := ctx.Deadline(); got != c.want {
				t.Errorf("%s: got a deadline: %t, want %t", name, got, c.want)
			}
			if err := ctx.Err(); err != nil {
				t.Errorf("%s: got %v in the handler, want nil", name, err)
			}
		})).ServeHTTP(httptest.NewRecorder(), requestWith(raw))
		if got := ctx.Err() != nil; got != c.want {
			t.Errorf("%s: got a context that ends with the request: %t, want %t", name, got, c.want)
		}
	}
}

// WithContextDeadline needs the clock and the leeway of a Verifier, which another TokenVerifier
// does not have.
func TestContextDeadlineNeedsAVerifier(t *testing.T) {
	if m, err := jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithContextDeadline()); err == nil {
		t.Errorf("got %v, want an error", m)
	}
}
