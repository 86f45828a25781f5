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

// The value of an entry is when it is over, in seconds from epoch.
func over(value int, now time.Time) bool {
	return !now.Before(epoch.Add(time.Duration(value) * time.Second))
}

const late = 1 << 30

// Whatever is done to it, a cache answers as a map does or not at all, and holds
// no more than its limit.
func TestCacheIsABoundedMap(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 7, 8, 100} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(limit)))
			c := cache.New(limit, over)
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
						t.Fatalf("step %d: got %d, %v of what was just added, want %d", step, got, ok, put[key])
					}
				default:
					want, known := put[key]
					got, ok := c.Get(key)
					if ok && (!known || got != want) {
						t.Fatalf("step %d: got %d, want %d (in the map: %v)", step, got, want, known)
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
				t.Errorf("got %d hits, want many more", hits)
			}
		})
	}
}

// Up to its limit a cache forgets nothing.
func TestCacheFills(t *testing.T) {
	const limit = 1000
	c := cache.New(limit, over)
	for i := range limit {
		c.Add(strconv.Itoa(i), late, epoch)
	}
	for i := range limit {
		if _, ok := c.Get(strconv.Itoa(i)); !ok {
			t.Fatalf("got no entry %d of %d, want each", i, limit)
		}
	}
}

// What is asked for survives any number of entries that are not.
func TestWhatIsUsedStays(t *testing.T) {
	c := cache.New(97, over) // a prime, so that the hand stops before each entry
	c.Add("hot", late, epoch)
	for i := range 10_000 {
		if _, ok := c.Get("hot"); !ok {
			t.Fatalf("got the entry dropped after %d others, want it kept", i)
		}
		c.Add(strconv.Itoa(i), late, epoch)
	}
}

// Entries that are over go as others come, a full cache or not.
func TestWhatIsOverGoes(t *testing.T) {
	const limit = 800
	c := cache.New(limit, over)
	for i := range limit / 2 {
		c.Add(strconv.Itoa(i), 10, epoch)
	}
	now := epoch.Add(10 * time.Second)
	for i := range limit / 8 {
		c.Add(fmt.Sprint("new ", i), late, now)
	}
	if got, want := c.Len(), limit/8; got != want {
		t.Errorf("got %d entries, want the %d that are not over", got, want)
	}
}

func TestWhatIsOverMakesRoomFirst(t *testing.T) {
	c := cache.New(4, over)
	for key, end := range map[string]int{"a": late, "b": late, "old": 5, "c": late} {
		c.Add(key, end, epoch)
	}
	c.Add("new", late, epoch.Add(5*time.Second))
	for _, key := range []string{"a", "b", "c", "new"} {
		if _, ok := c.Get(key); !ok {
			t.Errorf("got no %q, want the entry that was over dropped in its stead", key)
		}
	}
}

// For the race detector; and a reader never sees a value of another key.
func TestReadersSeeNoOther(t *testing.T) {
	c := cache.New(64, over)
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
	c := cache.New(8, over)
	c.Add("key", late, epoch)
	if got := testing.AllocsPerRun(100, func() { c.Get("key"); c.Get("other") }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
