package jwtexptest_test

import (
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func TestClock(t *testing.T) {
	tests := []struct {
		name string
		move func(*jwtexptest.Clock)
		want time.Time
	}{
		{"stands still", func(c *jwtexptest.Clock) { c.Now() }, start},
		{"advances by a nanosecond", func(c *jwtexptest.Clock) { c.Advance(1) }, start.Add(1)},
		{"advances from where it stands", func(c *jwtexptest.Clock) { c.Advance(time.Hour); c.Advance(time.Minute) }, start.Add(61 * time.Minute)},
		{"advances back", func(c *jwtexptest.Clock) { c.Advance(-time.Hour) }, start.Add(-time.Hour)},
		{"is set ahead", func(c *jwtexptest.Clock) { c.Set(start.AddDate(100, 0, 0)) }, start.AddDate(100, 0, 0)},
		{"is set back", func(c *jwtexptest.Clock) { c.Advance(time.Hour); c.Set(start.Add(-1)) }, start.Add(-1)},
		{"advances from where it was set", func(c *jwtexptest.Clock) { c.Set(start.Add(time.Hour)); c.Advance(1) }, start.Add(time.Hour + 1)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clock := jwtexptest.NewClock(start)
			test.move(clock)
			if got := clock.Now(); !got.Equal(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// newService returns an issuer and a verifier with the same key. Tokens live for a second.
func newService(t *testing.T, clock jwtexp.Clock) (*jwtexp.Issuer, *jwtexp.Verifier) {
	t.Helper()
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, time.Second, jwtexp.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	return issuer, verifier
}

// No Advance is lost, and a token that has expired stays expired.
func TestClockConcurrentUse(t *testing.T) {
	const movers, moves = 8, 200
	clock := jwtexptest.NewClock(start)
	issuer, verifier := newService(t, clock)
	issued, err := issuer.Issue(t.Context(), "alice", nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range movers {
		wg.Go(func() {
			for range moves {
				clock.Advance(time.Millisecond)
			}
		})
	}
	for range movers {
		wg.Go(func() {
			expired := false
			for range moves / 10 {
				_, err := verifier.Verify(t.Context(), issued.Raw())
				switch {
				case err != nil && !errors.Is(err, jwtexp.ErrExpired):
					t.Errorf("got %v, want nil or ErrExpired", err)
				case err == nil && expired:
					t.Error("got nil after ErrExpired, want ErrExpired")
				}
				expired = err != nil
			}
		})
	}
	wg.Wait()
	if got, want := clock.Now(), start.Add(movers*moves*time.Millisecond); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestClockConcurrentSet(t *testing.T) {
	clock := jwtexptest.NewClock(start)
	var wg sync.WaitGroup
	for _, instant := range []time.Time{start.Add(1), start.Add(2)} {
		wg.Go(func() { clock.Set(instant) })
		wg.Go(func() {
			if got := clock.Now().Sub(start); got < 0 || got > 2 {
				t.Errorf("got start+%v, want a time that was set", got)
			}
		})
	}
	wg.Wait()
	if got := clock.Now().Sub(start); got != 1 && got != 2 {
		t.Errorf("got start+%v, want a time that was set", got)
	}
}

// With the zero Clock, Issue, Verify and Recheck return ErrUnavailable for any token.
func TestZeroClockIsAnOutage(t *testing.T) {
	var clock jwtexptest.Clock
	issuer, verifier := newService(t, &clock)
	wantUnavailable := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, jwtexp.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", what, err)
		}
	}
	_, err := issuer.Issue(t.Context(), "alice", nil)
	wantUnavailable("Issue", err)
	_, err = verifier.Verify(t.Context(), "garbage")
	wantUnavailable("Verify of garbage", err)

	clock.Set(start)
	issued, err := issuer.Issue(t.Context(), "alice", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Verify(t.Context(), issued.Raw()); err != nil {
		t.Errorf("after Set: got %v, want nil", err)
	}

	clock.Set(time.Time{})
	_, err = verifier.Verify(t.Context(), issued.Raw())
	wantUnavailable("Verify of a good token", err)
	wantUnavailable("Recheck of a good token", verifier.Recheck(t.Context(), issued))
}
