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

// A server listens on a real socket. Its handler can be replaced.
type server struct {
	*httptest.Server
	handler atomic.Pointer[http.HandlerFunc]
	fetches atomic.Int64
}

func newServer(h http.HandlerFunc) *server { return startServer(h, (*httptest.Server).Start) }

func startServer(h http.HandlerFunc, start func(*httptest.Server)) *server {
	s := &server{}
	s.use(h)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		(*s.handler.Load())(w, r)
	}))
	start(s.Server)
	return s
}

func (s *server) use(h http.HandlerFunc) { s.handler.Store(&h) }

func (s *server) wantFetches(t *testing.T, want int64) {
	t.Helper()
	if got := s.fetches.Load(); got != want {
		t.Errorf("got %d fetches, want %d", got, want)
	}
}

// wantGoroutines waits until at most want goroutines are left. The goroutines of net/http end
// shortly after their connection.
func wantGoroutines(t *testing.T, want int) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for runtime.NumGoroutine() > want {
		select {
		case <-timeout:
			stacks := make([]byte, 1<<20)
			t.Fatalf("got %d goroutines, want %d:\n%s", runtime.NumGoroutine(), want, stacks[:runtime.Stack(stacks, true)])
		default:
			runtime.Gosched()
		}
	}
}

func TestServerDown(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newServer(body(setOf("a")))
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(remote, clock)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "while the server is up", err, good)
	server.Close()
	clock.Advance(5 * time.Minute)
	_, err = verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "with the last good set", err, good)

	verify(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), "a", unavailable) // without a set
	remote.Close()
	wantGoroutines(t, before)
}

// The server fails every second request.
func TestServerUpAndDown(t *testing.T) {
	server := newServer(nil)
	server.use(func(w http.ResponseWriter, _ *http.Request) {
		if server.fetches.Load()%2 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		io.WriteString(w, setOf("a"))
	})
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP(), jwks.WithFreshness(time.Minute, time.Minute))
	verifier := newVerifier(remote, clock)
	for minute := range 100 {
		_, err := verifier.Verify(t.Context(), tokenOf("a"))
		wantVerdict(t, "a token", err, good)
		want := invalid
		if minute%2 == 1 {
			want = unavailable
		}
		_, err = verifier.Verify(t.Context(), tokenOf("x")) // waits for the fetch
		wantVerdict(t, "an unknown key", err, want)
		server.wantFetches(t, int64(minute+1))
		clock.Advance(time.Minute)
	}
}

func TestMadeUpKidsCauseOneFetchPerInterval(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newServer(body(setOf("a")))
	clock := jwtexptest.NewClock(day)
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(remote, clock)
	_, err := verifier.Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, good)

	for round, want := range []int64{1, 2, 3} {
		runConcurrently(100, func(worker int) {
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

func TestConcurrentFirstCalls(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newServer(body(setOf("a")))
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(remote, jwtexptest.NewClock(day))
	token := tokenOf("a")
	runConcurrently(1000, func(int) {
		_, err := verifier.Verify(t.Context(), token)
		wantVerdict(t, "a token", err, good)
	})
	server.wantFetches(t, 1)
	remote.Close()
	server.Close()
	wantGoroutines(t, before)
}

// runConcurrently runs f in n goroutines that start together.
func runConcurrently(n int, f func(worker int)) {
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	running.Wait()
}

// The first of two callers gives up before a slow server answers.
func TestFirstCallerGivesUp(t *testing.T) {
	before := runtime.NumGoroutine()
	requested, release := make(chan struct{}), make(chan struct{})
	server := newServer(func(w http.ResponseWriter, r *http.Request) {
		close(requested)
		<-release
		io.WriteString(w, setOf("a"))
	})
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verifier := newVerifier(remote, jwtexptest.NewClock(day))
	ctx, cancel := context.WithCancel(t.Context())
	first, second := startVerify(ctx, verifier, tokenOf("a")), startVerify(t.Context(), verifier, tokenOf("a"))
	<-requested
	cancel()
	wantVerdict(t, "the first caller", <-first, unavailable)
	close(release)
	wantVerdict(t, "the second caller", <-second, good)
	server.wantFetches(t, 1)
	remote.Close()
	server.Close()
	wantGoroutines(t, before)
}

func TestClockSteps(t *testing.T) {
	server := newServer(body(setOf("a")))
	defer server.Close()
	clock := jwtexptest.NewClock(day)
	verifier := newVerifier(newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)
	for i, step := range []struct {
		by       time.Duration
		set, kid string
		want     error
	}{
		{0, "a", "a", good},
		{24 * time.Hour, "b", "b", good},
		{0, "b", "a", invalid},
		{-24 * time.Hour, "c", "b", invalid}, // a removed key does not come back when the clock steps back
		{0, "c", "c", good},
	} {
		server.use(body(setOf(step.set)))
		clock.Advance(step.by)
		_, err := verifier.Verify(t.Context(), tokenOf(step.kid))
		wantVerdict(t, fmt.Sprintf("step %d", i), err, step.want)
	}
	server.wantFetches(t, 3)
}

func TestCloseDuringFetch(t *testing.T) {
	before := runtime.NumGoroutine()
	requested := make(chan struct{})
	server := newServer(func(_ http.ResponseWriter, r *http.Request) {
		close(requested)
		<-r.Context().Done()
	})
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	verdict := startVerify(t.Context(), newVerifier(remote, jwtexptest.NewClock(day)), tokenOf("a"))
	<-requested
	remote.Close()
	wantVerdict(t, "a waiting caller", <-verdict, unavailable)
	verify(t, remote, "a", unavailable)
	server.Close()
	wantGoroutines(t, before)
}

// A good fetch leaves no connection open, and no goroutine that reads from it.
func TestConnectionsAreClosed(t *testing.T) {
	server := newServer(body(setOf("a")))
	defer server.Close()
	before := runtime.NumGoroutine()
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	if _, err := remote.VerificationKeys(t.Context(), "a", day); err != nil {
		t.Fatal(err)
	}
	wantGoroutines(t, before)
}
