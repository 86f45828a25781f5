// Package cache is a map with a limited number of entries. It is read without a lock and drops
// expired values by itself.
//
// It knows nothing about tokens and reads no clock: the caller of Add passes the time.
package cache

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// looks is how many entries each Add examines, to drop expired ones and to find one to evict. It
// limits the work of an Add, and is enough to examine the whole cache before an eighth of it has
// been replaced.
const looks = 8

// A Cache maps strings to values of type V. It is safe for concurrent use. Make one with New.
//
// Entries hang in chains from buckets, as in any hash table. All links are atomic pointers, so that
// readers can follow a chain while the one writer inserts or removes an entry.
type Cache[V any] struct {
	seed    maphash.Seed // random, so that clients cannot choose keys that share a bucket
	buckets []atomic.Pointer[entry[V]]
	expired func(value V, now time.Time) bool
	limit   int

	mu   sync.Mutex
	all  []*entry[V] // unordered; guarded by mu
	hand int         // the index in all to examine next; guarded by mu
}

type entry[V any] struct {
	hash  uint64
	key   string
	value V
	next  atomic.Pointer[entry[V]]
	used  atomic.Bool // since the hand last passed
	index int         // in all; guarded by mu
}

// New returns a Cache of at most limit entries, at least one. expired reports whether a value is of
// no use any more, now and later.
func New[V any](limit int, expired func(value V, now time.Time) bool) *Cache[V] {
	size := 1 << bits.Len(uint(limit-1)) // the next power of two
	return &Cache[V]{
		seed:    maphash.MakeSeed(),
		buckets: make([]atomic.Pointer[entry[V]], size),
		expired: expired,
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

// Add sets the value of key. A full cache evicts an expired entry or, if it sees none, one that was
// not used lately.
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

// Remove drops the value of key, if there is one.
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

// makeRoom examines the next entries and drops expired ones. If the cache is still full, it evicts
// the first examined entry that was not used since the hand last passed. The hand moves around all
// entries like that of a clock ("second chance").
func (c *Cache[V]) makeRoom(now time.Time) {
	var idle *entry[V]
	for range min(looks, len(c.all)) {
		if c.hand >= len(c.all) {
			c.hand = 0
		}
		e := c.all[c.hand]
		if c.expired(e.value, now) {
			c.remove(e) // moves the last entry here, which is examined next
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

// remove takes e out of its chain. A reader that is at e goes on to the next entry.
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
