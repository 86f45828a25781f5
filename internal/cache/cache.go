// Package cache is a map that is bounded in entries, is read without a lock, and
// drops by itself what is over.
//
// It knows nothing of tokens, and reads no clock: the caller of Add says what time it is.
package cache

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// looks is how many entries are looked at when one is added, to drop what is over
// and to find one that makes room: a bound on the work, and enough for the whole
// cache to be looked through before an eighth of it has been replaced.
const looks = 8

// A Cache maps strings to values of type V. It is safe for concurrent use. Make
// one with New.
//
// Readers follow chains of entries that hang in buckets, as in any hash table.
// Only atomic pointers lead from one entry to the next, so that a writer, of whom
// there is one at a time, can hang one in or take one out while they do.
type Cache[V any] struct {
	seed    maphash.Seed // of this cache: clients cannot choose keys that share a bucket
	buckets []atomic.Pointer[entry[V]]
	over    func(value V, now time.Time) bool
	limit   int

	mu   sync.Mutex
	all  []*entry[V] // in no order; guarded by mu
	hand int         // where the next look falls on all; guarded by mu
}

type entry[V any] struct {
	hash  uint64
	key   string
	value V
	next  atomic.Pointer[entry[V]]
	used  atomic.Bool // since the hand last passed
	index int         // in all; guarded by mu
}

// New returns a Cache of at most limit entries, at least one. over reports whether a
// value is good for nothing any more, now or later.
func New[V any](limit int, over func(value V, now time.Time) bool) *Cache[V] {
	size := 1 << bits.Len(uint(limit-1)) // the power of two that is not below
	return &Cache[V]{
		seed:    maphash.MakeSeed(),
		buckets: make([]atomic.Pointer[entry[V]], size),
		over:    over,
		limit:   limit,
	}
}

// Get returns the value of key.
func (c *Cache[V]) Get(key string) (value V, ok bool) {
	e := c.find(maphash.String(c.seed, key), key)
	if e == nil {
		return value, false
	}
	if !e.used.Load() { // written once, so that the cores that read it share it
		e.used.Store(true)
	}
	return e.value, true
}

// Add sets the value of key. Where the cache is full an entry goes: one that is
// over if there is one in sight, or else one that was not asked for lately.
func (c *Cache[V]) Add(key string, value V, now time.Time) {
	e := &entry[V]{hash: maphash.String(c.seed, key), key: key, value: value}
	c.mu.Lock()
	defer c.mu.Unlock()
	if same := c.find(e.hash, key); same != nil {
		c.remove(same)
	}
	c.makeRoom(now)
	e.index = len(c.all)
	c.all = append(c.all, e)
	bucket := c.bucket(e.hash)
	e.next.Store(bucket.Load())
	bucket.Store(e)
}

// Remove drops the value of key, if it is there.
func (c *Cache[V]) Remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.find(maphash.String(c.seed, key), key); e != nil {
		c.remove(e)
	}
}

func (c *Cache[V]) bucket(hash uint64) *atomic.Pointer[entry[V]] {
	return &c.buckets[hash&uint64(len(c.buckets)-1)]
}

func (c *Cache[V]) find(hash uint64, key string) *entry[V] {
	e := c.bucket(hash).Load()
	for e != nil && (e.hash != hash || e.key != key) {
		e = e.next.Load()
	}
	return e
}

// makeRoom looks at the next entries, drops those that are over, and, where there
// is still no room, the first of them that was not asked for since the last look.
// The hand goes round all entries, like a clock's ("second chance").
func (c *Cache[V]) makeRoom(now time.Time) {
	var idle *entry[V]
	for range min(looks, len(c.all)) {
		if c.hand >= len(c.all) {
			c.hand = 0
		}
		e := c.all[c.hand]
		if c.over(e.value, now) {
			c.remove(e) // the last entry comes to stand here, and is looked at next
			continue
		}
		if !e.used.Swap(false) && idle == nil {
			idle = e
		}
		c.hand++
	}
	if len(c.all) < c.limit {
		return
	}
	if idle == nil {
		idle = c.all[c.hand%len(c.all)]
	}
	c.remove(idle)
}

// remove takes e out. Readers that stand on it go on to what was behind it.
func (c *Cache[V]) remove(e *entry[V]) {
	link := c.bucket(e.hash)
	for link.Load() != e {
		link = &link.Load().next
	}
	link.Store(e.next.Load())

	last := len(c.all) - 1
	c.all[e.index] = c.all[last]
	c.all[e.index].index = e.index
	c.all[last] = nil
	c.all = c.all[:last]
}
