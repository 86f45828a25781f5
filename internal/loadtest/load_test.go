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

var requests = flag.Int("requests", 20_000, "how many requests TestLoad makes")

const (
	clients = 8
	step    = time.Millisecond // by which each request moves the clock
)

// Clients of every kind ask while the clock runs across the starts and ends of
// their tokens: no answer is wrong, and neither heap nor goroutines grow.
func TestLoad(t *testing.T) {
	end := epoch.Add(time.Duration(*requests) * step)
	clock := jwtexptest.NewClock(epoch)
	m := newMint()
	verifier := must(jwtexp.NewVerifier(m.keys(),
		jwtexp.WithClock(clock), jwtexp.WithIssuer("login"), jwtexp.WithAudience("api"),
		jwtexp.WithRevoked(func(_ context.Context, token *jwtexp.Token) (bool, error) { return token.ID() == "revoked", nil })))
	d := open(t, must(jwtexp.NewMiddleware(verifier)).Handler)
	transport := d.Client().Transport.(*http.Transport)
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = clients, clients

	l := &load{door: d, clock: clock, start: epoch, end: end, uses: map[use]int{}, seen: map[string]int{}}
	l.tickets = m.tickets(rand.New(rand.NewPCG(1, 2)), min(6000, *requests/4), epoch, end)
	var first, last footprint
	for tenth := range 10 {
		l.run(t, *requests/10, uint64(tenth))
		if last = weigh(); tenth == 0 {
			first = last
		}
	}

	l.print()
	fmt.Printf("load: after the first tenth %v; at the end %v\n", first, last)
	if got := int(d.served.Load()); got != l.seen["served"] {
		t.Errorf("next was served %d times, want once for each of %d answers", got, l.seen["served"])
	}
	// A run that does not see both sides of every edge proves nothing of them, and
	// neither does one in which every answer may be one of two.
	for _, kind := range kinds {
		for _, phase := range phases {
			if got := l.uses[use{kind, phase}]; got < l.asked/1000 {
				t.Errorf("got %d uses of a ticket that is %s, while %s, want at least one in a thousand of %d", got, kind, phase, l.asked)
			}
		}
	}
	if l.edge > l.asked/4 {
		t.Errorf("got %d of %d answers in the moment of a change, want less than a quarter", l.edge, l.asked)
	}
	// What a leak of 60 bytes a request comes to in the default run, and one of a
	// byte in the long run; the buffers of net/http come and go by some ten KiB.
	if grown := int64(last.heap) - int64(first.heap); grown > 1<<20 {
		t.Errorf("got a heap that has grown by %d bytes, want it flat", grown)
	}
	// A connection is three goroutines, and there is one a client at most: this lets
	// two of them open late, and no goroutine in a thousand requests stay behind.
	if last.goroutines > first.goroutines+clients {
		t.Errorf("got %d goroutines, and %d after the first tenth, want them flat", last.goroutines, first.goroutines)
	}
}

// load is what the clients share.
type load struct {
	*door
	clock      *jwtexptest.Clock
	start, end time.Time
	tickets    []*ticket // in the order of exp

	mu    sync.Mutex
	asked int
	wrong int
	edge  int // answers that came while the ticket's answer changed
	uses  map[use]int
	seen  map[string]int // answers by kind
}

// A use is of a kind of ticket in a phase of its token's life.
type use struct{ kind, phase string }

// changing is the phase of a use that lasts from one phase to another.
const changing = "changing"

func (l *load) print() {
	fmt.Printf("load: %d requests, %d wrong answers, %d in the moment of a change; %v\n",
		l.asked, l.wrong, l.edge, l.seen)
	for _, kind := range kinds {
		fmt.Printf("load: %s:", kind)
		for _, phase := range append(slices.Clone(phases), changing) {
			fmt.Printf(" %s %d;", phase, l.uses[use{kind, phase}])
		}
		fmt.Println()
	}
}

// run lets the clients make n requests together, and waits for them.
func (l *load) run(t *testing.T, n int, seed uint64) {
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for range n / clients {
				l.visit(t, r)
			}
		})
	}
	wg.Wait()
}

// visit asks with a ticket that is about to change. The server reads the clock
// between the two readings here, and the clock never goes back.
func (l *load) visit(t *testing.T, r *rand.Rand) {
	before := l.clock.Now()
	k := l.near(before, r)
	got, err := l.ask(k.authorization...)
	l.clock.Advance(step)
	after := l.clock.Now()

	want := k.between(before, after)
	phase := k.phase(before)
	if k.phase(after) != phase {
		phase = changing
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	l.seen[got.kind()]++
	l.uses[use{k.kind, phase}]++
	if len(want) > 1 {
		l.edge++
	}
	if err == nil && slices.Contains(want, got) {
		return
	}
	if l.wrong++; l.wrong <= 20 { // which is enough to read
		t.Errorf("between %v and %v: got %+v, %v, want one of %+v", before, after, got, err, want)
	}
}

// near returns a ticket whose life begins or ends around now.
func (l *load) near(now time.Time, r *rand.Rand) *ticket {
	passed := float64(now.Sub(l.start)) / float64(l.end.Sub(l.start))
	i := int(passed*float64(len(l.tickets))) + r.IntN(40) - 20
	return l.tickets[max(0, min(i, len(l.tickets)-1))]
}

// footprint is what a process holds when nothing is under way.
type footprint struct {
	heap       uint64
	goroutines int
}

func (f footprint) String() string {
	return fmt.Sprintf("%d KiB of heap, %d goroutines", f.heap>>10, f.goroutines)
}

func weigh() footprint {
	runtime.GC()
	runtime.GC() // what a sync.Pool holds takes two to go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, runtime.NumGoroutine()}
}
