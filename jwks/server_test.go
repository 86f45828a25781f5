package jwks_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A server over a real socket, whose behaviour can be exchanged.
type server struct {
	*httptest.Server
	handler atomic.Pointer[http.HandlerFunc]
	fetches atomic.Int64
}

func newServer(h http.HandlerFunc) *server { return startServer(h, (*httptest.Server).Start) }

func startServer(h http.HandlerFunc, start func(*httptest.Server)) *server {
	s := &server{}
	s.serve(h)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		(*s.handler.Load())(w, r)
	}))
	start(s.Server)
	return s
}

func (s *server) serve(h http.HandlerFunc) { s.handler.Store(&h) }

func (s *server) wantFetches(t *testing.T, want int64) {
	t.Helper()
	if got := s.fetches.Load(); got != want {
		t.Errorf("got %d fetches, want %d", got, want)
	}
}

// wantGoroutines waits until no more than so many are left: those of net/http end a
// moment after their connection.
func wantGoroutines(t *testing.T, want int) {
	t.Helper()
	patience := time.After(10 * time.Second)
	for runtime.NumGoroutine() > want {
		select {
		case <-patience:
			stacks := make([]byte, 1<<20)
			t.Fatalf("got %d goroutines, want %d:\n%s", runtime.NumGoroutine(), want, stacks[:runtime.Stack(stacks, true)])
		default:
			runtime.Gosched()
		}
	}
}

// A server that is up every other time.
func TestFlapping(t *testing.T) {
	server := newServer(nil)
	server.serve(func(w http.ResponseWriter, _ *http.Request) {
		if server.fetches.Load()%2 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		io.WriteString(w, setOf("a"))
	})
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP(), jwks.WithFreshness(time.Minute, time.Minute))
	verifier := newVerifier(t, remote, clock)
	for minute := range 100 {
		_, err := verifier.Verify(t.Context(), tokenOf("a"))
		wantVerdict(t, "a token", err, good)
		want := invalid
		if minute%2 == 1 {
			want = unavailable
		}
		_, err = verifier.Verify(t.Context(), tokenOf("x")) // which waits for the attempt
		wantVerdict(t, "an unknown key", err, want)
		server.wantFetches(t, int64(minute+1))
		clock.Advance(time.Minute)
	}
}

func TestAStrangersKidsCauseNoFetches(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newServer(body(setOf("a")))
	clock := jwtexptest.NewClock(day)
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(t, remote, clock)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, good)

	for round, want := range []int64{1, 2, 3} { // one an interval, however many ask
		allAtOnce(100, func(worker int) {
			for i := range 100 {
				_, err := verifier.Verify(t.Context(), withKid(fmt.Sprintf("%d-%d-%d", round, worker, i)))
				wantVerdict(t, "a made-up kid", err, invalid)
			}
		})
		server.wantFetches(t, want)
		clock.Advance(10 * time.Second)
	}
	remote.Close()
	server.Close()
	wantGoroutines(t, before)
}

func TestFirstCallersAtOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newServer(body(setOf("a")))
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(t, remote, jwtexptest.NewClock(day))
	token := tokenOf("a")
	allAtOnce(1000, func(int) {
		_, err := verifier.Verify(t.Context(), token)
		wantVerdict(t, "a token", err, good)
	})
	server.wantFetches(t, 1)
	remote.Close()
	server.Close()
	wantGoroutines(t, before)
}

// allAtOnce runs f in n goroutines that begin together.
func allAtOnce(n int, f func(worker int)) {
	var running sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	running.Wait()
}

// A slow server, whose first caller goes before it answers.
func TestTheLeaderGivesUp(t *testing.T) {
	before := runtime.NumGoroutine()
	asked, release := make(chan struct{}), make(chan struct{})
	server := newServer(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
		io.WriteString(w, setOf("a"))
	})
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(t, remote, jwtexptest.NewClock(day))
	verify := func(ctx context.Context) <-chan error {
		verdict := make(chan error, 1)
		go func() {
			_, err := verifier.Verify(ctx, tokenOf("a"))
			verdict <- err
		}()
		return verdict
	}
	ctx, cancel := context.WithCancel(t.Context())
	leader, other := verify(ctx), verify(t.Context())
	<-asked
	cancel()
	wantVerdict(t, "the leader", <-leader, unavailable)
	close(release)
	wantVerdict(t, "the other", <-other, good)
	server.wantFetches(t, 1)
	remote.Close()
	server.Close()
	wantGoroutines(t, before)
}

func TestClockSteps(t *testing.T) {
	server := newServer(body(setOf("a")))
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)
	for i, step := range []struct {
		by         time.Duration
		serve, kid string
		want       error
	}{
		{0, "a", "a", good},
		{24 * time.Hour, "b", "b", good},
		{0, "b", "a", invalid},
		{-24 * time.Hour, "c", "b", invalid}, // a key that is gone is gone in the past, too
		{0, "c", "c", good},
	} {
		server.serve(body(setOf(step.serve)))
		clock.Advance(step.by)
		_, err := verifier.Verify(t.Context(), tokenOf(step.kid))
		wantVerdict(t, fmt.Sprintf("step %d", i), err, step.want)
	}
	server.wantFetches(t, 3)
}

func TestCloseDuringAFetch(t *testing.T) {
	before := runtime.NumGoroutine()
	asked := make(chan struct{})
	server := newServer(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(t, remote, jwtexptest.NewClock(day))
	verdict := make(chan error, 1)
	go func() {
		_, err := verifier.Verify(t.Context(), tokenOf("a"))
		verdict <- err
	}()
	<-asked
	remote.Close()
	wantVerdict(t, "who waited", <-verdict, unavailable)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "who comes later", err, unavailable)
	server.Close()
	wantGoroutines(t, before)
}
