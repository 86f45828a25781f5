package main

import (
	"errors"
	"math/rand/v2"
	"runtime"

	"github.com/jwtexp/jwtexp"
)

// proveCache proves a verifier with a cache twice: what it remembers must be the
// right verdict.
func proveCache(c *circulation) error {
	cached, err := ourVerifier(c.alg, c.keys, jwtexp.WithCache(inCirculation))
	if err != nil {
		return err
	}
	return errors.Join(c.proveVerifier(cached), c.proveVerifier(cached))
}

const uncached = "uncached"

// hotToken is one token, over and over.
func hotToken(c *circulation) ([]contender, error) {
	cached, plain, err := cachedAndPlain(c.alg, c.keys, inCirculation)
	if err != nil {
		return nil, err
	}
	t := &c.tokens[0]
	return []contender{
		{name: ours, op: func(int) error { return cached(t) }},
		{name: uncached, op: func(int) error { return plain(t) }},
	}, nil
}

func cachedAndPlain(alg string, keys []key, entries int) (cached, plain func(*token) error, err error) {
	if cached, err = ourVerifier(alg, keys, jwtexp.WithCache(entries)); err != nil {
		return nil, nil, err
	}
	plain, err = ourVerifier(alg, keys)
	return cached, plain, err
}

// manyTokens is as many tokens as the cache has entries, at random, all of which
// it has seen.
func manyTokens(c *circulation, entries int) ([]contender, error) {
	cached, plain, err := cachedAndPlain(c.alg, c.keys, entries)
	if err != nil {
		return nil, err
	}
	tokens, err := newTokens(c.alg, c.keys, entries, false)
	if err != nil {
		return nil, err
	}
	for i := range tokens {
		if err := cached(&tokens[i]); err != nil {
			return nil, err
		}
		tokens[i] = token{text: tokens[i].text} // the rest is of no use here, and large
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(entries)
	return []contender{
		{name: ours, op: func(i int) error { return cached(&tokens[order[i%entries]]) }},
		{name: uncached, op: func(i int) error { return plain(&tokens[order[i%entries]]) }},
	}, nil
}

const (
	twoGoroutines = "two goroutines"
	oneGoroutine  = "one goroutine"
	twoSpinning   = "two that calculate"
	oneSpinning   = "one that calculates"
)

// goroutines is one token by one goroutine and by two. Those that calculate share
// nothing, and show what a second core gives at all.
func goroutines(c *circulation) ([]contender, error) {
	cached, err := ourVerifier(c.alg, c.keys, jwtexp.WithCache(inCirculation))
	if err != nil {
		return nil, err
	}
	t := &c.tokens[0]
	op := func(int) error { return cached(t) }
	return []contender{
		{name: twoGoroutines, op: op, workers: 2},
		{name: oneGoroutine, op: op},
		{name: twoSpinning, op: calculate, workers: 2},
		{name: oneSpinning, op: calculate},
	}, nil
}

// calculate takes about as long as a Verify that finds its token in the cache.
func calculate(i int) error {
	x := uint64(i) + 1
	for range 64 { // xorshift, which is never 0
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 {
		return errors.New("0")
	}
	return nil
}

// memory is what the heap grows by for each token that a cache holds.
func memory(c *circulation, entries int) ([]contender, error) {
	return []contender{{name: ours, value: func() (float64, error) { return bytesPerEntry(c, entries) }}}, nil
}

func bytesPerEntry(c *circulation, entries int) (float64, error) {
	before := liveHeap()
	cached, err := ourVerifier(c.alg, c.keys, jwtexp.WithCache(entries))
	if err != nil {
		return 0, err
	}
	for i := range entries {
		// Made one by one and dropped: the caller's strings are not the cache's.
		k := i % len(c.keys)
		t, err := sign(&c.keys[k], header{Algorithm: c.alg, KeyID: c.keys[k].id, Type: "JWT"}, goodPayload(i))
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

// liveHeap collects twice, since a sync.Pool keeps what it has for one collection.
func liveHeap() float64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
