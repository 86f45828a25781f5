package fleet_test

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// begin is the true time at which a world begins, between two seconds.
var begin = time.Date(2026, 1, 2, 3, 4, 5, 500_300_200, time.UTC)

// A world is the service of one seed with its clients and thieves. It runs in one thread: an event
// comes after the other, and a call that waits in the server is a coroutine.
type world struct {
	seed       uint64
	plan       plan
	rnd        *rand.Rand
	now        time.Duration // the true time, since begin
	events     queue
	running    *call // the call whose code runs now
	store      *store
	feed       *feed
	instances  []*instance
	ledgers    []*ledger
	byID       map[string]*ledger
	blocked    map[string]bool // subjects
	violations []violation
	count      count
}

// A violation is an invariant of doc.go that does not hold.
type violation struct {
	invariant int
	text      string
}

// An instance is one instance of the service.
type instance struct {
	number  int
	offset  time.Duration // of its clock
	manager *session.Manager

	watcher  *session.Watcher
	polled   time.Duration // when its last poll that succeeded began
	verifier *jwtexp.Verifier
}

var secret = []byte("0123456789abcdef0123456789abcdef")

// faults wrap parts of a world, to show that an invariant finds a fault. They are nil otherwise.
type faults struct {
	store  func(*world, session.Store) session.Store
	list   func(*world, []session.Ended) []session.Ended // of the feed
	silent bool                                          // the feed answers an empty page in an outage
}

// newWorld returns the world of a seed.
func newWorld(seed uint64, p plan, r *rand.Rand, broken faults) *world {
	w := &world{
		seed: seed, plan: p, rnd: r,
		byID: make(map[string]*ledger), blocked: make(map[string]bool),
		count: count{causes: make(map[string]int), events: make(map[session.EventKind]int)},
	}
	w.store = newStore(w, broken.store)
	w.feed = &feed{w: w, lastDown: -day, broken: broken}
	for i, offset := range p.offsets {
		w.instances = append(w.instances, w.newInstance(i, offset))
	}
	return w
}

func (w *world) newInstance(number int, offset time.Duration) *instance {
	in := &instance{number: number, offset: offset}
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		panic(err)
	}
	clock := jwtexp.ClockFunc(func() time.Time { return w.read(in) })
	issuer, err := jwtexp.NewIssuer(key, accessLifetime, jwtexp.WithClock(clock))
	if err != nil {
		panic(err)
	}
	in.watcher, err = session.NewWatcher(watched{w.feed, in}, session.WithClock(clock), session.WithOutageLimit(outageLimit), session.WithInterval(outageLimit/3))
	if err != nil {
		panic(err)
	}
	w.poll(in)
	in.verifier, err = jwtexp.NewVerifier(key, jwtexp.WithClock(clock), jwtexp.WithRevoked(in.watcher.Revoked))
	if err != nil {
		panic(err)
	}
	in.manager, err = session.New(w.store, issuer, secret, w.plan.policy,
		session.WithWatcher(in.watcher),
		session.WithClaims(w.claims),
		session.WithObserver(func(_ context.Context, e session.Event) { w.count.events[e.Kind]++ }))
	if err != nil {
		panic(err)
	}
	w.plan.policy = in.manager.Policy()
	return in
}

// read returns the reading of an instance's clock.
func (w *world) read(in *instance) time.Time { return begin.Add(w.now + in.offset) }

var errOutage = errors.New("injected outage")

// claims is for WithClaims.
func (w *world) claims(_ context.Context, s session.Info) (any, error) {
	switch {
	case w.blocked[s.Subject]:
		w.running.endedByClaims = true
		return nil, session.ErrEnd
	case chance(w.rnd, w.plan.outages):
		w.running.disturbed = true
		return nil, errOutage
	}
	return nil, nil
}

// violation reports that an invariant does not hold, with the history of the session.
func (w *world) violation(l *ledger, invariant int, format string, args ...any) {
	text := fmt.Sprintf("invariant %d: ", invariant) + fmt.Sprintf(format, args...)
	if l != nil && len(w.violations) < 2 {
		text += "\n" + l.text()
	}
	w.violations = append(w.violations, violation{invariant, text})
}

// run runs all events in order.
func (w *world) run() {
	for w.events.Len() > 0 {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
	}
	w.checkRecords()
	for _, in := range w.instances {
		in.watcher.Close()
	}
}

// after schedules do in d.
func (w *world) after(d time.Duration, do func()) {
	w.events.seq++
	heap.Push(&w.events, event{w.now + d, w.events.seq, do})
}

// A call is a request in the server. It runs as a coroutine, which sleep suspends.
type call struct {
	in      *instance
	started time.Duration
	yield   func(time.Duration) bool
	resume  func() (time.Duration, bool)

	left          time.Duration // how long its calls of the store may still take
	stalls        bool          // one of them takes longer than Grace
	hangUp        func()        // the client hangs up in one of them; else nil
	disturbed     bool          // an outage, a stall or a client that hangs up
	endedByClaims bool          // the function in WithClaims returned ErrEnd
	endedByUser   bool          // the call is an End

	refresh *refresh // nil for Start and End
}

// serve runs do as a call of an instance that the load balancer picks.
func (w *world) serve(c *call, do func(context.Context, *session.Manager)) {
	c.in, c.started = pick(w.rnd, w.instances...), w.now
	c.left = way(w.rnd, w.plan.answer)
	c.stalls = chance(w.rnd, w.plan.stalls)
	ctx := context.Background()
	if chance(w.rnd, w.plan.outages) {
		ctx, c.hangUp = context.WithCancel(ctx)
	}
	c.resume, _ = iter.Pull(func(yield func(time.Duration) bool) {
		c.yield = yield
		do(ctx, c.in.manager)
		if c.hangUp != nil {
			c.hangUp()
		}
	})
	w.step(c)
}

// step runs a call until it sleeps or returns.
func (w *world) step(c *call) {
	w.running = c
	w.feed.open.Store(true)
	d, more := c.resume()
	w.feed.open.Store(false)
	w.running = nil
	if more {
		w.after(d, func() { w.step(c) })
	}
}

// sleep suspends the call that runs, for a part of the time that it may take.
func (w *world) sleep() {
	c := w.running
	var d time.Duration
	switch n := w.rnd.IntN(10); {
	case c.stalls && n < 4:
		c.stalls, c.disturbed = false, true
		if c.refresh != nil {
			c.refresh.l.loses(c)
		}
		d = w.plan.policy.Grace + between(w.rnd, time.Millisecond, 2*w.plan.policy.Grace)
	case n < 5:
	default:
		d = between(w.rnd, 0, c.left)
		c.left -= d
	}
	if d > 0 {
		c.yield(d)
	}
	if c.hangUp != nil && w.rnd.IntN(4) == 0 {
		c.disturbed = true
		c.hangUp()
	}
}

// An event is a call of do at a true time.
type event struct {
	at  time.Duration
	seq int // orders events with the same time
	do  func()
}

// A queue is a heap of events, the earliest first.
type queue struct {
	events []event
	seq    int
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, j int) bool {
	a, b := q.events[i], q.events[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(e any)    { q.events = append(q.events, e.(event)) }
func (q *queue) Pop() any {
	e := q.events[len(q.events)-1]
	q.events = q.events[:len(q.events)-1]
	return e
}
