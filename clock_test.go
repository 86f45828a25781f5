package jwtexp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
)

// SystemClock is what is gone by where nobody gives a clock: the system's, which in a
// bubble is the bubble's.
func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := must(jwtexp.NewIssuer(testKey(), time.Hour))
		for range 2 {
			now := jwtexp.SystemClock().Now()
			if want := time.Now(); !now.Equal(want) {
				t.Errorf("got %v, want %v", now, want)
			}
			if got := must(issuer.Issue(t.Context(), "alice", nil)).IssuedAt(); !got.Equal(now) {
				t.Errorf("got a token issued at %v, want %v", got, now)
			}
			time.Sleep(time.Minute)
		}
	})
}
