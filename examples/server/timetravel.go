package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp"
)

// maxAhead is how far a travelClock goes, in all. Beyond the year 9999 no token
// can be issued, and 292 years ahead a time.Duration wraps.
const maxAhead = 10 * 365 * 24 * time.Hour

// A travelClock goes as another clock does, ahead of it by as much as it has been
// advanced. It never goes back. This is all that time travel takes: issuer and
// verifier are handed the clock, and know nothing of it.
type travelClock struct {
	from  jwtexp.Clock
	mu    sync.Mutex
	ahead time.Duration
}

func (c *travelClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.from.Now().Add(c.ahead)
}

// advance reports whether it has moved the clock. d is not negative.
func (c *travelClock) advance(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > maxAhead-c.ahead {
		return false
	}
	c.ahead += d
	return true
}

var (
	faultAdvance = &fault{http.StatusBadRequest, "advance_seconds must be a number over 0, of at most ten years"}
	faultAhead   = &fault{http.StatusBadRequest, "The clock would be more than ten years ahead"}
)

// readAdvance returns by how much the clock is to be moved, {"advance_seconds":60}.
func readAdvance(w http.ResponseWriter, r *http.Request) (time.Duration, *fault) {
	members, fault := readObject(w, r)
	if fault != nil {
		return 0, fault
	}
	number, _ := members["advance_seconds"].(json.Number)
	seconds, err := number.Float64()
	if err != nil || seconds <= 0 || seconds > maxAhead.Seconds() {
		return 0, faultAdvance
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// handleClock adds what tells the time and, where the clock can be moved, what
// moves it. Where it cannot, there is no such thing, and it is not found.
func handleClock(mux *http.ServeMux, clock jwtexp.Clock) {
	travel, moves := clock.(*travelClock)
	tell := tellTime(clock, moves)
	mux.Handle("GET /clock", tell)
	if moves {
		mux.Handle("POST /clock", moveTime(travel, tell))
		mux.Handle("/clock", allowOnly("GET, HEAD, POST"))
	}
}

// tellTime answers what the clock reads, in seconds as iat and exp are.
func tellTime(clock jwtexp.Clock, moves bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, struct {
			Now        float64 `json:"now"`
			TimeTravel bool    `json:"timetravel"`
		}{float64(clock.Now().UnixMilli()) / 1000, moves})
	}
}

// moveTime advances the clock, and lets tell answer what it reads then.
func moveTime(clock *travelClock, tell http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d, fault := readAdvance(w, r)
		if fault == nil && !clock.advance(d) {
			fault = faultAhead
		}
		if fault != nil {
			fail(w, fault.status, fault.text)
			return
		}
		tell.ServeHTTP(w, r)
	}
}
