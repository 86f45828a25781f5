package jwtexptest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// An oversized token is larger than WithMaxSize, and than 64 KiB for a server that ignores it.
func TestOversizedIsLargerThanMaxSize(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	tooLarge := verdict{jwtexp.ErrInvalid, jwtexp.ReasonTooLarge}
	for _, size := range []int{1 << 10, 64 << 10, 87_000, 128 << 10, 1 << 20, 1_398_000, 16 << 20} {
		common := jwtexp.Options(clock, jwtexp.WithMaxSize(size))
		oversized := jwtexptest.NewTokens(t, key, common).Oversized("alice", largePlan)
		if got := verdictOf(t, newVerifier(t, key, common), oversized); got != tooLarge {
			t.Errorf("%d: got %v, want %v", size, got, tooLarge)
		}
		if len(oversized) <= 64<<10 {
			t.Errorf("%d: got %d bytes, want more than 64 KiB", size, len(oversized))
		}
		// The size is the only fault.
		v := newVerifier(t, key, clock, jwtexp.WithMaxSize(len(oversized)))
		if got := verdictOf(t, v, oversized); got != (verdict{}) {
			t.Errorf("%d: with a larger limit: got %v, want a good token", size, got)
		}
	}
}

// The suite sends a token that is larger than WithMaxSize.
func TestHandlerWithMaxSize(t *testing.T) {
	c := jwtexptest.HandlerConfig{
		Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start),
		Options: []jwtexp.CommonOption{jwtexp.WithMaxSize(1 << 20)},
		Claims:  map[string]string{"photo": strings.Repeat("x", 100<<10)},
	}
	jwtexptest.TestHandler(t, guarded(t, c), c)
}

func TestOversizedWithoutALimitFailsTheTest(t *testing.T) {
	r := record(t, func(tb testing.TB) {
		jwtexptest.NewTokens(tb, newKey(t, jwtexp.HS256), jwtexp.WithMaxSize(1<<30)).Oversized("alice", nil)
	})
	if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], "WithMaxSize") {
		t.Errorf("got Fatalf %q, want one that contains WithMaxSize", r.fatals)
	}
}

// An outage is not taken for a token that is too large.
func TestOversizedInAnOutageFailsTheTest(t *testing.T) {
	readings := []time.Time{start, {}} // of the token, and of the first padding
	clock := jwtexp.ClockFunc(func() time.Time {
		now := readings[0]
		readings = readings[1:]
		return now
	})
	r := record(t, func(tb testing.TB) {
		jwtexptest.NewTokens(tb, newKey(t, jwtexp.HS256), jwtexp.WithClock(clock)).Oversized("alice", nil)
	})
	if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], "unavailable") {
		t.Errorf("got Fatalf %q, want one about the outage", r.fatals)
	}
}
