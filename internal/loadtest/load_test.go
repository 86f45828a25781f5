package loadtest_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

var requests = flag.Int("requests", 4_000, "the number of requests that TestLoad makes")

const (
	clients = 8
	step    = time.Millisecond // each request advances the clock by it
)

// Clients send good and bad requests while the clock passes the nbf and exp of their tokens. No
// answer is wrong, and neither the heap nor the number of goroutines grows.
func TestLoad(t *testing.T) {
	end := epoch.Add(time.Duration(*requests) * step)
	clock := jwtexptest.NewClock(epoch)
	g := newGenerator()
	verifier := must(jwtexp.NewVerifier(g.keys(),
		jwtexp.WithClock(clock), jwtexp.WithIssuer("login"), jwtexp.WithAudience("api"),
		jwtexp.WithRevoked(func(_ context.Context, token *jwtexp.Token) (bool, error) { return token.ID() == "revoked", nil })))
	srv := startServer(t, must(jwtexp.NewMiddleware(verifier)).Handler)
	transport := srv.Client().Transport.(*http.Transport)
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = clients, clients

	l := &load{server: srv, clock: clock, start: epoch, end: end, uses: map[use]int{}, seen: map[string]int{}}
	l.attempts = g.attempts(rand.New(rand.NewPCG(1, 2)), min(6000, *requests/4), epoch, end)
	var first, last footprint
	for tenth := range 10 {
		l.run(t, *requests/10, uint64(tenth))
		if last = measure(); tenth == 0 {
			first = last
		}
	}

	l.print()
	fmt.Printf("load: after the first tenth %v; at the end %v\n", first, last)
	if got := int(srv.served.Load()); got != l.seen["served"] {
		t.Errorf("next ran %d times, want once for each of %d answers", got, l.seen["served"])
	}
	// The run must use each kind of attempt in each phase, and few answers may be ambiguous
	// because the clock passed nbf or exp during the request.
	for _, kind := range kinds {
		for _, phase := range phases {
			if got := l.uses[use{kind, phase}]; got < l.total/1000 {
				t.Errorf("got %d attempts of kind %q in phase %q, want at least one in a thousand of %d", got, kind, phase, l.total)
			}
		}
	}
	if l.ambiguous > l.total/4 {
		t.Errorf("got %d ambiguous answers of %d, want less than a quarter", l.ambiguous, l.total)
	}
	// With 4,000 requests this finds a leak of 300 bytes a request, and with a million a leak of
	// one byte. The buffers of net/http vary by some ten KiB.
	if grown := int64(last.heap) - int64(first.heap); grown > 1<<20 {
		t.Errorf("got a heap that grew by %d bytes, want at most 1 MiB", grown)
	}
	// A connection has three goroutines, and a client has one connection. The limit allows for
	// two connections that open late.
	if last.goroutines > first.goroutines+clients {
		t.Errorf("got %d goroutines at the end, %d after the first tenth, want no growth", last.goroutines, first.goroutines)
	}
}

// load is the state that the clients share.
type load struct {
	*server
	clock      *jwtexptest.Clock
	start, end time.Time
	attempts   []*attempt // in the order of exp

	mu        sync.Mutex
	total     int
	wrong     int
	ambiguous int // answers to attempts whose expected answer changed during the request
	uses      map[use]int
	seen      map[string]int // answers by kind
}

// A use is a request with a kind of attempt in a phase of its token's life.
type use struct{ kind, phase string }

// changing is the phase of a use during which the phase of the token changes.
const changing = "changing"

func (l *load) print() {
	fmt.Printf("load: %d requests, %d wrong answers, %d ambiguous; %v\n",
		l.total, l.wrong, l.ambiguous, l.seen)
	for _, kind := range kinds {
		fmt.Printf("load: %s:", kind)
		for _, phase := range append(slices.Clone(phases), changing) {
			fmt.Printf(" %s %d;", phase, l.uses[use{kind, phase}])
		}
		fmt.Println()
	}
}

// run makes n requests, divided among the clients, and waits for all answers.
func (l *load) run(t *testing.T, n int, seed uint64) {
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for range n / clients {
				l.request(t, r)
			}
		})
	}
	wg.Wait()
}

// request makes a request with an attempt whose answer changes soon. The server reads the
// clock between the two readings here, and the clock never runs backward.
func (l *load) request(t *testing.T, r *rand.Rand) {
	before := l.clock.Now()
	a := l.near(before, r)
	got, err := l.get(a.authorization...)
	l.clock.Advance(step)
	after := l.clock.Now()

	want := a.between(before, after)
	phase := a.phase(before)
	if a.phase(after) != phase {
		phase = changing
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	l.seen[got.kind()]++
	l.uses[use{a.kind, phase}]++
	if len(want) > 1 {
		l.ambiguous++
	}
	if err == nil && slices.Contains(want, got) {
		return
	}
	if l.wrong++; l.wrong <= 20 { // enough to read
		t.Errorf("between %v and %v: got %+v, %v, want one of %+v", before, after, got, err, want)
	}
}

// near returns an attempt whose token begins or ends around now.
func (l *load) near(now time.Time, r *rand.Rand) *attempt {
	passed := float64(now.Sub(l.start)) / float64(l.end.Sub(l.start))
	i := int(passed*float64(len(l.attempts))) + r.IntN(40) - 20
	return l.attempts[max(0, min(i, len(l.attempts)-1))]
}

// footprint is what the process holds while no request is in progress.
type footprint struct {
	heap       uint64
	goroutines int
}

func (f footprint) String() string {
	return fmt.Sprintf("%d KiB of heap, %d goroutines", f.heap>>10, f.goroutines)
}

func measure() footprint {
	runtime.GC()
	runtime.GC() // it takes two collections to empty a sync.Pool
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, runtime.NumGoroutine()}
}
