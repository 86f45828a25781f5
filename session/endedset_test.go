package session_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A million entries take less than 60 MB, and Revoked allocates nothing.
func TestMillionEntries(t *testing.T) {
	for _, prefix := range []string{"", "jti:"} {
		w, before := watch(t, &millionFeed{prefix: prefix}), heap()
		if err := w.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := heap() - before; got > 60e6 {
			t.Errorf("%s: got %d MB, want 60 at most", prefix, got/1e6)
		}
		ctx, token := t.Context(), tokenOf(t, oneID, "3f2504e0-4f89-41d3-9a0c-0305e82c3301")
		if got := testing.AllocsPerRun(100, func() { w.Revoked(ctx, token) }); got > 0 {
			t.Errorf("%s: got %v allocations, want none", prefix, got)
		}
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A millionFeed lists a million random entries.
type millionFeed struct{ prefix string }

func (f *millionFeed) Ended(_ context.Context, after string) ([]session.Ended, string, error) {
	n := 0
	fmt.Sscan(after, &n)
	if n == 1000 {
		return nil, after, nil
	}
	page, random := make([]session.Ended, 1000), make([]byte, 16*1000)
	rand.Read(random) // at once, because each call is a system call
	for i := range page {
		page[i].ID = f.prefix + base64.RawURLEncoding.EncodeToString(random[16*i:16*i+16])
	}
	return page, fmt.Sprint(n + 1), nil
}

func newSessionID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return base64.RawURLEncoding.EncodeToString(id)
}

// BenchmarkRevoked looks up both IDs of tokens among a million entries. naive is how many times as long
// a map of strings behind a lock takes, with the clock read once, too.
func BenchmarkRevoked(b *testing.B) {
	for name, prefix := range map[string]string{"sessions": "", "tokens": "jti:"} {
		b.Run(name, func(b *testing.B) {
			f := &millionFeed{prefix: prefix}
			w := watch(b, f)
			if err := w.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
			naive := make(map[string]struct{})
			for cursor, page := "", []session.Ended{{}}; len(page) > 0; {
				page, cursor, _ = f.Ended(b.Context(), cursor)
				for _, e := range page {
					naive[e.ID] = struct{}{}
				}
			}
			tokens := make([]*jwtexp.Token, 1<<12)
			for i := range tokens {
				tokens[i] = tokenOf(b, newSessionID(), newSessionID())
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w.Revoked(b.Context(), tokens[i%len(tokens)])
			}
			took := b.Elapsed()

			var mu sync.RWMutex
			clock, found := jwtexp.SystemClock(), 0
			begun := clock.Now()
			for i := range b.N {
				t := tokens[i%len(tokens)]
				mu.RLock()
				_, sid := naive[t.SessionID()]
				_, jti := naive["jti:"+t.ID()]
				mu.RUnlock()
				if sid || jti || clock.Now().Before(begun) {
					found++
				}
			}
			b.ReportMetric(float64(clock.Now().Sub(begun))/float64(took), "naive")
			if found > 0 {
				b.Error("got a token that is listed, want none")
			}
		})
	}
}
