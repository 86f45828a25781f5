package cache_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/internal/cache"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// expired reports whether an entry has expired. Its value is the end of its life in seconds after epoch.
func expired(value int, now time.Time) bool {
	return !now.Before(epoch.Add(time.Duration(value) * time.Second))
}

// late is the value of an entry that does not expire in these tests.
const late = 1 << 30

// Get returns what a map returns, or nothing, and the cache never has more entries than its limit.
func TestCacheIsABoundedMap(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 7, 8, 100} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(limit)))
			c := cache.New(limit, expired)
			put := make(map[string]int)
			hits := 0
			for step := range 20_000 {
				key := fmt.Sprint("key ", random.IntN(2*limit))
				switch random.IntN(10) {
				case 0:
					c.Remove(key)
					delete(put, key)
				case 1, 2, 3:
					put[key] = late + step
					c.Add(key, put[key], epoch)
					if got, ok := c.Get(key); !ok || got != put[key] {
						t.Fatalf("step %d: Get after Add: got %d, %t, want %d, true", step, got, ok, put[key])
					}
				default:
					want, known := put[key]
					got, ok := c.Get(key)
					if ok && (!known || got != want) {
						t.Fatalf("step %d: got %d, want %d (in the map: %t)", step, got, want, known)
					}
					if ok {
						hits++
					}
				}
				if c.Len() > limit {
					t.Fatalf("step %d: got %d entries, want at most %d", step, c.Len(), limit)
				}
			}
			if hits < 1000 {
				t.Errorf("got %d hits, want at least 1000", hits)
			}
		})
	}
}

func TestAddReplacesTheEntryOfTheKey(t *testing.T) {
	c := cache.New(8, expired)
	c.Add("key", late, epoch)
	c.Add("key", late+1, epoch)
	if got, ok := c.Get("key"); !ok || got != late+1 {
		t.Errorf("got %d, %t, want %d, true", got, ok, late+1)
	}
	if got := c.Len(); got != 1 {
		t.Errorf("got %d entries, want 1", got)
	}
}

// A cache evicts nothing until it is full.
func TestCacheFills(t *testing.T) {
	const limit = 1000
	c := cache.New(limit, expired)
	for i := range limit {
		c.Add(strconv.Itoa(i), late, epoch)
	}
	for i := range limit {
		if _, ok := c.Get(strconv.Itoa(i)); !ok {
			t.Fatalf("entry %d of %d: got false, want true", i, limit)
		}
	}
}

// An entry that is used stays in the cache while unused entries are evicted.
func TestUsedEntryStays(t *testing.T) {
	c := cache.New(96, expired)
	c.Add("hot", late, epoch)
	for i := range 10_000 {
		if _, ok := c.Get("hot"); !ok {
			t.Fatalf("after %d other entries: got false, want true", i)
		}
		c.Add(strconv.Itoa(i), late, epoch)
	}
}

// Entries that are no longer used make room for new ones, whatever the limit is.
func TestUnusedEntriesAreEvicted(t *testing.T) {
	for _, limit := range []int{1000, 1001, 1024} {
		c := cache.New(limit, expired)
		for i := range limit {
			c.Add(fmt.Sprint("unused ", i), late, epoch)
		}
		misses := 0
		for round := range 50 {
			for i := range 800 {
				key := fmt.Sprint("used ", i)
				if _, ok := c.Get(key); !ok {
					c.Add(key, late, epoch)
					misses++
				}
			}
			if round < 49 {
				misses = 0
			}
		}
		if misses > 0 {
			t.Errorf("limit %d: got %d misses of 800 in the last round, want 0", limit, misses)
		}
	}
}

// Add removes expired entries, even if the cache is not full.
func TestExpiredEntriesAreRemoved(t *testing.T) {
	const limit = 800
	c := cache.New(limit, expired)
	for i := range limit / 2 {
		c.Add(strconv.Itoa(i), 10, epoch)
	}
	now := epoch.Add(10 * time.Second)
	for i := range limit / 8 {
		c.Add(fmt.Sprint("new ", i), late, now)
	}
	if got, want := c.Len(), limit/8; got != want {
		t.Errorf("got %d entries, want the %d that have not expired", got, want)
	}
}

func TestExpiredEntryIsEvictedFirst(t *testing.T) {
	c := cache.New(4, expired)
	for key, end := range map[string]int{"a": late, "b": late, "old": 5, "c": late} {
		c.Add(key, end, epoch)
	}
	c.Add("new", late, epoch.Add(5*time.Second))
	for _, key := range []string{"a", "b", "c", "new"} {
		if _, ok := c.Get(key); !ok {
			t.Errorf("%q: got false, want true, because an expired entry was evicted", key)
		}
	}
}

// Get never returns the value of another key. The race detector checks the rest.
func TestConcurrentUse(t *testing.T) {
	c := cache.New(64, expired)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(g)))
			for range 20_000 {
				i := random.IntN(128)
				key := strconv.Itoa(i)
				switch random.IntN(8) {
				case 0:
					c.Add(key, late+i, epoch)
				case 1:
					c.Remove(key)
				default:
					if got, ok := c.Get(key); ok && got != late+i {
						t.Errorf("key %s: got %d, want %d", key, got, late+i)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestGetAllocatesNothing(t *testing.T) {
	c := cache.New(8, expired)
	c.Add("key", late, epoch)
	if got := testing.AllocsPerRun(100, func() { c.Get("key"); c.Get("other") }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
