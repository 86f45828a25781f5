package fleet_test

import (
	"container/heap"
	"context"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp/keyring"
)

// With GODEBUG=fips140=only, a new generator of random bytes measures time, which stands still in a
// bubble of testing/synctest. So init creates the generator outside a bubble. Parallel worlds take
// turns with randomMu, because concurrent reads would create another generator.
func init() { cryptorand.Read(make([]byte, 1)) }

var randomMu sync.Mutex

// A world is the fleet of one seed, and its events.
type world struct {
	plan   *plan
	rnd    *rand.Rand // for the events; nodes that run concurrently have their own (newRand)
	rands  uint64     // how often newRand was called
	seed   uint64
	begin  time.Time
	events queue

	running    sync.WaitGroup // verifications
	mu         sync.Mutex     // guards the fields below once events run
	ledger     *ledger
	host       *host
	notes      []string // of everything that happened
	violations []string
	count      count

	rotator      *rotator
	issuers      []*issuer
	rings        []*verifier
	remotes      []*verifier
	members      []*member
	storeOutages []window
}

// A count is the summary of a run.
type count struct {
	rotations, revocations, tokens, verifications, fetches, outages int
}

func newWorld(seed uint64) *world {
	w := &world{seed: seed, rnd: rand.New(rand.NewPCG(seed, 0)), begin: now()}
	w.plan = newPlan(w.rnd)
	w.ledger = &ledger{plan: w.plan}
	w.planOutages()
	w.rotator = w.newRotator()
	w.members = []*member{w.rotator.member}
	for range 38 + w.rnd.IntN(5) {
		w.issuers = append(w.issuers, w.newIssuer(w.addMember(privateKey)))
	}
	w.rings = append(w.rings, w.newRingVerifier(w.rotator.member, "the rotator"))
	for i := range 38 + w.rnd.IntN(5) {
		w.rings = append(w.rings, w.newRingVerifier(w.addMember(publicKey), fmt.Sprint("ring ", i)))
	}
	w.host.w = w
	for range 2 + w.rnd.IntN(3) {
		w.host.publishers = append(w.host.publishers, w.newPublisher())
	}
	for i := range 110 + w.rnd.IntN(20) {
		w.remotes = append(w.remotes, w.newRemoteVerifier(fmt.Sprint("remote ", i)))
	}
	return w
}

func (w *world) addMember(key keySource) *member {
	m := w.newMember(key)
	w.members = append(w.members, m)
	return m
}

// newRand returns another generator, which depends on the seed alone.
func (w *world) newRand() *rand.Rand {
	w.rands++
	return rand.New(rand.NewPCG(w.seed, w.rands))
}

// randomSkew returns an offset for a clock. Two clocks differ by at most plan.maxSkew.
func (w *world) randomSkew() time.Duration {
	return between(w.rnd, -w.plan.maxSkew/2, w.plan.maxSkew/2)
}

// duration returns about how long the events last.
func (w *world) duration() time.Duration { return time.Duration(w.plan.rotations) * w.plan.rotateEvery }

func (w *world) planOutages() {
	p := w.plan
	w.host = &host{outages: w.outages(p.hostOutage)}
	w.storeOutages = w.outages(p.storeOutage)
	if p.longHost {
		from := w.begin.Add(between(w.rnd, 0, w.duration()))
		w.host.outages = append(w.host.outages, window{from, from.Add(p.outageLimit + between(w.rnd, 0, p.outageLimit))})
	}
	if p.longStore {
		from := w.begin.Add(between(w.rnd, 0, w.duration()))
		outage := window{from, from.Add(between(w.rnd, p.storeOutage, 3*p.schedule.Propagation))}
		w.storeOutages = append(w.storeOutages, outage)
		w.ledger.longOutages = []window{outage}
	}
	w.count.outages = len(w.host.outages) + len(w.storeOutages)
}

// outages returns outages of at most longest. They are so far apart that no load or fetch overlaps
// two of them.
func (w *world) outages(longest time.Duration) (all []window) {
	p := w.plan
	for from := w.begin.Add(about(w.rnd, p.rotateEvery)); from.Before(w.begin.Add(w.duration())); {
		to := from.Add(between(w.rnd, 0, longest))
		all = append(all, window{from, to})
		from = to.Add(p.schedule.Propagation + about(w.rnd, p.rotateEvery))
	}
	return all
}

// An event is a call of do at a true time.
type event struct {
	time time.Time
	seq  int // orders events with the same time
	do   func()
}

// A queue is a heap of events, the earliest first.

type queue struct {
	events []event
	seq    int
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, j int) bool {
	a, b := q.events[i], q.events[j]
	return a.time.Before(b.time) || a.time.Equal(b.time) && a.seq < b.seq
}
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(e any)    { q.events = append(q.events, e.(event)) }
func (q *queue) Pop() any {
	e := q.events[len(q.events)-1]
	q.events = q.events[:len(q.events)-1]
	return e
}

// scheduleAt schedules do for a true time. It does nothing if that time has passed.
func (w *world) scheduleAt(t time.Time, do func()) {
	if t.Before(now()) {
		return
	}
	w.events.seq++
	heap.Push(&w.events, event{t, w.events.seq, do})
}

func (w *world) scheduleIn(d time.Duration, do func()) { w.scheduleAt(now().Add(d), do) }

// run runs all events in order.
func (w *world) run() {
	w.planTraffic()
	for w.events.Len() > 0 {
		e := heap.Pop(&w.events).(event)
		if d := e.time.Sub(now()); d > 0 {
			wait(context.Background(), d)
		}
		e.do()
	}
	w.running.Wait()
	for _, v := range w.remotes {
		v.remote.Close()
		w.checkFetchCount(v, now().Sub(w.begin))
		w.count.fetches += len(v.transport.attempts)
	}
}

// note records what happened, so that two runs can be compared.
func (w *world) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf("%v ", now())+fmt.Sprintf(format, args...))
}

// logHash returns a hash of all notes. It sorts them, because concurrent events may be noted in any
// order.
func (w *world) logHash() string {
	slices.Sort(w.notes)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(w.notes, "\n"))))
}

// violation reports that an invariant of doc.go does not hold.
func (w *world) violation(invariant, format string, args ...any) {
	w.violations = append(w.violations, fmt.Sprintf("invariant %s: ", invariant)+fmt.Sprintf(format, args...))
}

// answers returns a text with all answers of a ring at reading.
func answers(ring *keyring.Ring, reading time.Time) string {
	var b strings.Builder
	k, err := ring.SigningKey(context.Background(), reading)
	fmt.Fprintf(&b, "signing key %v (%v), verification keys", k, err)
	keys, err := ring.VerificationKeys(context.Background(), "", reading)
	for _, k := range keys {
		fmt.Fprintf(&b, " %v", k)
	}
	fmt.Fprintf(&b, " (%v)", err)
	return b.String()
}
