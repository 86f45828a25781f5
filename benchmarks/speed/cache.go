package main

import (
	"errors"
	"math/rand/v2"
	"runtime"

	"github.com/jwtexp/jwtexp"
)

// checkCache checks a verifier with a cache twice. The second check uses the cached tokens.
func checkCache(load *workload) error {
	cached, err := jwtexpVerifier(load.alg, load.keys, jwtexp.WithCache(tokenCount))
	if err != nil {
		return err
	}
	return errors.Join(load.checkVerifier(cached), load.checkVerifier(cached))
}

const uncached = "uncached"

// cacheHitContenders verify one token again and again, with and without a cache.
func cacheHitContenders(load *workload) ([]contender, error) {
	cached, plain, err := cachedAndPlain(load.alg, load.keys, tokenCount)
	if err != nil {
		return nil, err
	}
	t := &load.tokens[0]
	return []contender{
		{name: jwtexpName, op: func(int) error { return cached(t) }},
		{name: uncached, op: func(int) error { return plain(t) }},
	}, nil
}

func cachedAndPlain(alg string, keys []key, entries int) (cached, plain func(*token) error, err error) {
	if cached, err = jwtexpVerifier(alg, keys, jwtexp.WithCache(entries)); err != nil {
		return nil, nil, err
	}
	plain, err = jwtexpVerifier(alg, keys)
	return cached, plain, err
}

// fullCacheContenders verify random tokens, all of which are in the cache and fill it.
func fullCacheContenders(load *workload, entries int) ([]contender, error) {
	cached, plain, err := cachedAndPlain(load.alg, load.keys, entries)
	if err != nil {
		return nil, err
	}
	tokens, err := newTokens(load.alg, load.keys, entries, false)
	if err != nil {
		return nil, err
	}
	for i := range tokens {
		if err := cached(&tokens[i]); err != nil {
			return nil, err
		}
		tokens[i] = token{text: tokens[i].text} // without the other fields, which need much memory
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(entries)
	return []contender{
		{name: jwtexpName, op: func(i int) error { return cached(&tokens[order[i%entries]]) }},
		{name: uncached, op: func(i int) error { return plain(&tokens[order[i%entries]]) }},
	}, nil
}

const (
	twoGoroutines = "two goroutines"
	oneGoroutine  = "one goroutine"
	twoUnshared   = "two goroutines that share nothing"
	oneUnshared   = "one goroutine that shares nothing"
)

// goroutineContenders verify one cached token in one goroutine and in two. The goroutines that
// share nothing show how much a second core can gain.
func goroutineContenders(load *workload) ([]contender, error) {
	cached, err := jwtexpVerifier(load.alg, load.keys, jwtexp.WithCache(tokenCount))
	if err != nil {
		return nil, err
	}
	t := &load.tokens[0]
	op := func(int) error { return cached(t) }
	return []contender{
		{name: twoGoroutines, op: op, workers: 2},
		{name: oneGoroutine, op: op},
		{name: twoUnshared, op: calculate, workers: 2},
		{name: oneUnshared, op: calculate},
	}, nil
}

// calculate takes about as long as a cache hit.
func calculate(i int) error {
	x := uint64(i) + 1
	for range 64 { // xorshift
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 { // never, but the compiler does not know
		return errors.New("0")
	}
	return nil
}

// memoryContenders measure by how much the heap grows for each cached token.
func memoryContenders(load *workload, entries int) ([]contender, error) {
	return []contender{{name: jwtexpName, value: func() (float64, error) { return bytesPerEntry(load, entries) }}}, nil
}

func bytesPerEntry(load *workload, entries int) (float64, error) {
	before := liveHeap()
	cached, err := jwtexpVerifier(load.alg, load.keys, jwtexp.WithCache(entries))
	if err != nil {
		return 0, err
	}
	for i := range entries {
		// The token is dropped after its verification, so only the cache's memory counts.
		k := &load.keys[i%len(load.keys)]
		t, err := sign(k, k.header(load.alg), validPayload(i))
		if err != nil {
			return 0, err
		}
		if err := cached(&t); err != nil {
			return 0, err
		}
	}
	grown := liveHeap() - before
	runtime.KeepAlive(cached)
	return grown / float64(entries), nil
}

// liveHeap collects garbage twice, because a sync.Pool keeps its values for one collection.
func liveHeap() float64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
