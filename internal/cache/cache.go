// Package cache is a map with a limited number of entries. It is read without a lock and drops
// expired values by itself.
//
// It knows nothing about tokens and reads no clock: the caller of Add passes the time.
package cache

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// looks is how many entries each Add examines, to drop expired ones and to find one to evict. It
// limits the work of an Add, and is enough to examine the whole cache before an eighth of it has
// been replaced.
const looks = 8

// A Cache maps strings to values of type V. It is safe for concurrent use. Make one with New.
type Cache[V any] struct {
	entries sync.Map // of string to *entry[V]; Get takes no lock
	expired func(value V, now time.Time) bool
	limit   int

	mu   sync.Mutex
	all  []*entry[V] // unordered; guarded by mu
	hand int         // the index in all to examine next; guarded by mu
}

type entry[V any] struct {
	key   string
	value V
	used  atomic.Bool // since the hand last passed
	index int         // in all; guarded by mu
}

// New returns a Cache of at most limit entries, at least one. expired reports whether a value is of
// no use any more, now and later.
func New[V any](limit int, expired func(value V, now time.Time) bool) *Cache[V] {
	return &Cache[V]{expired: expired, limit: limit}
}

// Get returns the value of key.
func (c *Cache[V]) Get(key string) (value V, ok bool) {
	found, ok := c.entries.Load(key)
	if !ok {
		return value, false
	}
	e := found.(*entry[V])
	// Stored once only, so that processors that read it share it. If it is stored each time, parallel
	// calls take 29 % longer (BenchmarkVerifyCached/parallel).
	if !e.used.Load() {
		e.used.Store(true)
	}
	return e.value, true
}

// Add sets the value of key. A full cache evicts an expired entry or, if it sees none, one that was
// not used lately.
func (c *Cache[V]) Add(key string, value V, now time.Time) {
	e := &entry[V]{key: key, value: value}
	c.mu.Lock()
	defer c.mu.Unlock()
	if same, ok := c.entries.Load(key); ok {
		c.remove(same.(*entry[V]))
	}
	c.makeRoom(now)
	e.index = len(c.all)
	c.all = append(c.all, e)
	c.entries.Store(key, e)
}

// Remove drops the value of key, if there is one.
func (c *Cache[V]) Remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries.Load(key); ok {
		c.remove(e.(*entry[V]))
	}
}

// makeRoom examines the next entries and drops expired ones. If the cache is still full, it evicts one
// of the examined entries that were not used since the hand last passed. The hand moves around all
// entries like the hand of a clock ("second chance").
func (c *Cache[V]) makeRoom(now time.Time) {
	var idle *entry[V]
	idles := 0
	for range min(looks, len(c.all)) {
		if c.hand >= len(c.all) {
			c.hand = 0
		}
		e := c.all[c.hand]
		if c.expired(e.value, now) {
			c.remove(e) // moves the last entry here, which is examined next
			continue
		}
		if !e.used.Swap(false) {
			// One of the idle entries at random. If it were always the first, and the limit a multiple
			// of looks, the other entries would stay for ever.
			if idles++; rand.IntN(idles) == 0 {
				idle = e
			}
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

func (c *Cache[V]) remove(e *entry[V]) {
	c.entries.Delete(e.key)
	last := len(c.all) - 1
	c.all[e.index] = c.all[last]
	c.all[e.index].index = e.index
	c.all[last] = nil
	c.all = c.all[:last]
}
