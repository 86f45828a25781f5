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

// With GODEBUG=fips140=only a generator of random bytes begins by measuring time, which
// stands still in a bubble of testing/synctest. So the first one is made before, and worlds
// that run in parallel use it one at a time, or a second would be made.
func init() { cryptorand.Read(make([]byte, 1)) }

var generator sync.Mutex

// A world is the fleet of one seed, and what happens to it.
type world struct {
	plan   *plan
	rnd    *rand.Rand // of what is planned; each node that draws while others may has its own
	forks  uint64
	seed   uint64
	begin  time.Time
	events queue

	running sync.WaitGroup // verifications
	mu      sync.Mutex     // for all that follows, once it is running
	ledger  *ledger
	host    *host
	notes   []string
	faults  []string
	count   count

	rotator      *rotator
	issuers      []*issuer
	rings        []*verifier
	remotes      []*verifier
	members      []*member
	storeOutages []window
}

// A count is what the summary tells.
type count struct {
	rotations, revocations, tokens, verifications, fetches, outages int
}

func newWorld(seed uint64) *world {
	w := &world{seed: seed, rnd: rand.New(rand.NewPCG(seed, 0)), begin: now()}
	w.plan = draw(w.rnd)
	w.ledger = &ledger{plan: w.plan}
	w.planOutages()
	w.rotator = w.newRotator()
	w.members = []*member{w.rotator.member}
	for range 38 + w.rnd.IntN(5) {
		w.issuers = append(w.issuers, w.newIssuer(w.join(w.private)))
	}
	w.rings = append(w.rings, w.newRingVerifier(w.rotator.member, "the rotator"))
	for i := range 38 + w.rnd.IntN(5) {
		w.rings = append(w.rings, w.newRingVerifier(w.join(w.public), fmt.Sprint("ring ", i)))
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

func (w *world) join(key keySource) *member {
	m := w.newMember(key)
	w.members = append(w.members, m)
	return m
}

func (w *world) fork() *rand.Rand {
	w.forks++
	return rand.New(rand.NewPCG(w.seed, w.forks))
}

// skew returns what a clock may be wrong by.
func (w *world) skew() time.Duration {
	return between(w.rnd, -w.plan.differ/2, w.plan.differ/2)
}

// lasts is how long the world lasts, about.
func (w *world) lasts() time.Duration { return time.Duration(w.plan.rotations) * w.plan.every }

func (w *world) planOutages() {
	p := w.plan
	w.host = &host{outages: w.outages(p.hostOutage)}
	w.storeOutages = w.outages(p.storeOutage)
	if p.longHost {
		from := w.begin.Add(between(w.rnd, 0, w.lasts()))
		w.host.outages = append(w.host.outages, window{from, from.Add(p.outageLimit + between(w.rnd, 0, p.outageLimit))})
	}
	if p.longStore {
		from := w.begin.Add(between(w.rnd, 0, w.lasts()))
		lapse := window{from, from.Add(between(w.rnd, p.storeOutage, 3*p.schedule.Propagation))}
		w.storeOutages = append(w.storeOutages, lapse)
		w.ledger.lapses = []window{lapse}
	}
	w.count.outages = len(w.host.outages) + len(w.storeOutages)
}

// outages returns some that are as long as promised at most, and so far apart that no
// load or fetch meets two of them.
func (w *world) outages(longest time.Duration) (all []window) {
	p := w.plan
	for from := w.begin.Add(about(w.rnd, p.every)); from.Before(w.begin.Add(w.lasts())); {
		to := from.Add(between(w.rnd, 0, longest))
		all = append(all, window{from, to})
		from = to.Add(p.schedule.Propagation + about(w.rnd, p.every))
	}
	return all
}

// An event is what the world does at an instant.
type event struct {
	at  time.Time
	seq int
	do  func()
}

type queue struct {
	events []event
	seq    int
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, j int) bool {
	a, b := q.events[i], q.events[j]
	return a.at.Before(b.at) || a.at.Equal(b.at) && a.seq < b.seq
}
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(e any)    { q.events = append(q.events, e.(event)) }
func (q *queue) Pop() any {
	e := q.events[len(q.events)-1]
	q.events = q.events[:len(q.events)-1]
	return e
}

// at has something done at an instant, and not at all where that has passed.
func (w *world) at(t time.Time, do func()) {
	if t.Before(now()) {
		return
	}
	w.events.seq++
	heap.Push(&w.events, event{t, w.events.seq, do})
}

func (w *world) in(d time.Duration, do func()) { w.at(now().Add(d), do) }

// run lets everything happen, one after the other.
func (w *world) run() {
	w.plot()
	for w.events.Len() > 0 {
		e := heap.Pop(&w.events).(event)
		if d := e.at.Sub(now()); d > 0 {
			wait(context.Background(), d)
		}
		e.do()
	}
	w.running.Wait()
	for _, v := range w.remotes {
		v.remote.Close()
		w.judgeFetches(v, now().Sub(w.begin))
		w.count.fetches += len(v.line.attempts)
	}
}

// note writes what happened down, so that two runs can be compared.
func (w *world) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf("%v ", now())+fmt.Sprintf(format, args...))
}

// log is a hash of all that happened. What happened at one instant may have been written
// down in any order.
func (w *world) log() string {
	slices.Sort(w.notes)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(w.notes, "\n"))))
}

func (w *world) broken(invariant, format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf("invariant %s: ", invariant)+fmt.Sprintf(format, args...))
}

// answers is what a ring says at a reading.
func answers(ring *keyring.Ring, reading time.Time) string {
	var b strings.Builder
	k, err := ring.SigningKey(context.Background(), reading)
	fmt.Fprintf(&b, "signs with %v (%v), trusts", k, err)
	keys, err := ring.VerificationKeys(context.Background(), "", reading)
	for _, k := range keys {
		fmt.Fprintf(&b, " %v", k)
	}
	fmt.Fprintf(&b, " (%v)", err)
	return b.String()
}
