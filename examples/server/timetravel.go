package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp"
)

// maxAhead limits how far a travelClock can be ahead. A token cannot expire after the year 9999,
// and a time.Duration overflows at 292 years.
const maxAhead = 10 * 365 * 24 * time.Hour

// A travelClock is a clock that can be moved ahead, never back. The Issuer and the Verifier use
// it as any other clock.
type travelClock struct {
	base  jwtexp.Clock
	mu    sync.Mutex
	ahead time.Duration
}

func (c *travelClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base.Now().Add(c.ahead)
}

// advance moves the clock ahead by d, which must not be negative. It reports false if the clock
// would be more than maxAhead ahead.
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
	faultAdvance = &fault{http.StatusBadRequest, "advance_seconds must be a number greater than 0 and at most 315360000 (ten years)"}
	faultAhead   = &fault{http.StatusBadRequest, "The clock would be more than ten years ahead"}
)

// readAdvance returns the duration in the request's body, such as {"advance_seconds":60}.
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

// handleClock adds GET /clock and, if clock is a travelClock, POST /clock.
func handleClock(mux *http.ServeMux, clock jwtexp.Clock) {
	travel, ok := clock.(*travelClock)
	get := getClock(clock, ok)
	mux.Handle("GET /clock", get)
	if ok {
		mux.Handle("POST /clock", advanceClock(travel, get))
		mux.Handle("/clock", methodNotAllowed("GET, HEAD, POST"))
	}
}

// getClock answers with the clock's time in Unix seconds, like iat and exp.
func getClock(clock jwtexp.Clock, timetravel bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, struct {
			Now        float64 `json:"now"`
			TimeTravel bool    `json:"timetravel"`
		}{float64(clock.Now().UnixMilli()) / 1000, timetravel})
	}
}

// advanceClock moves the clock ahead, and answers as get does.
func advanceClock(clock *travelClock, get http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d, fault := readAdvance(w, r)
		if fault == nil && !clock.advance(d) {
			fault = faultAhead
		}
		if fault != nil {
			writeError(w, fault.status, fault.text)
			return
		}
		get.ServeHTTP(w, r)
	}
}
