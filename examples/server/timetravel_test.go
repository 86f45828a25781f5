package main

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/jwtexptest"
)

// startTravel starts a demo whose clock clients can advance.
func startTravel(t *testing.T) *demo {
	t.Helper()
	clock := jwtexptest.NewClock(start)
	log := &safeBuffer{}
	return &demo{startServer(t, clock, log, func(c *config) { c.timetravel = true }), clock, log}
}

func advance(t *testing.T, url, body string) reply {
	t.Helper()
	r := request(t, "POST", url+"/clock", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return send(t, r)
}

// Advancing the clock makes a token expire, to the fraction of a second.
func TestTimeTravel(t *testing.T) {
	d := startTravel(t)
	token := logIn(t, d.URL, `{"user_id":1}`)
	steps := []struct {
		advance string
		now     string
		want    reply
	}{
		{`{"advance_seconds":60}`, "1700000060", alice},
		{`{"advance_seconds":1739.5}`, "1700001799.5", alice},
		{`{"advance_seconds":5e-1}`, "1700001800", tokenExpired},
	}
	for _, step := range steps {
		reading := jsonReply(200, `{"now":`+step.now+`,"timetravel":true}`)
		if diff := cmp.Diff(reading, advance(t, d.URL, step.advance)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", step.advance, diff)
		}
		if diff := cmp.Diff(reading, send(t, request(t, "GET", d.URL+"/clock", nil))); diff != "" {
			t.Errorf("the clock after %s: (-want +got)\n%s", step.advance, diff)
		}
		if diff := cmp.Diff(step.want, get(t, d.URL, "Bearer "+token)); diff != "" {
			t.Errorf("after %s: (-want +got)\n%s", step.advance, diff)
		}
	}
	again := logIn(t, d.URL, `{"user_id":1}`)
	if diff := cmp.Diff(alice, get(t, d.URL, "Bearer "+again)); diff != "" {
		t.Errorf("after a new login: (-want +got)\n%s", diff)
	}
	d.Close()
	if got, want := d.log.String(), "method=POST path=/clock status=200 duration=0s\n"; !strings.Contains(got, want) {
		t.Errorf("got the log %q, want %q in it", got, want)
	}
}

func TestAdvanceRejected(t *testing.T) {
	d := startTravel(t)
	const bounds = "advance_seconds must be a number greater than 0 and at most 315360000 (ten years)"
	tests := []struct {
		error  string
		bodies []string
	}{
		{bounds, []string{
			`{}`, `{"advance_seconds":0}`, `{"advance_seconds":-0}`, `{"advance_seconds":-1}`, `{"advance_seconds":-1e-9}`, `{"advance_seconds":null}`,
			`{"advance_seconds":"60"}`, `{"advance_seconds":[60]}`, `{"advance_seconds":true}`, `{"Advance_Seconds":60}`,
			`{"advance_seconds":315360000.001}`, `{"advance_seconds":9223372037}`, `{"advance_seconds":1e18}`, `{"advance_seconds":1e999}`, `{"advance_seconds":1e-999}`,
		}},
		{"Body is not valid JSON", []string{``, `{"advance_seconds":NaN}`, `{"advance_seconds":Infinity}`, `advance_seconds=60`}},
		{"Body is not a JSON object", []string{`60`}},
		{"Body has a duplicate member", []string{`{"advance_seconds":1,"advance_seconds":2}`}},
	}
	for _, tt := range tests {
		for _, body := range tt.bodies {
			if diff := cmp.Diff(jsonReply(400, `{"error":"`+tt.error+`"}`), advance(t, d.URL, body)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", body, diff)
			}
		}
	}
	form := request(t, "POST", d.URL+"/clock", strings.NewReader(`{"advance_seconds":60}`))
	if got := send(t, form); got.Status != 415 {
		t.Errorf("without Content-Type application/json: got %+v, want 415", got)
	}
	if got, want := send(t, request(t, "GET", d.URL+"/clock", nil)).Body, `{"now":1700000000,"timetravel":true}`; got != want {
		t.Errorf("the clock after the rejected requests: got %s, want %s", got, want)
	}
}

// The limit applies to the sum of all advances.
func TestAdvanceLimit(t *testing.T) {
	d := startTravel(t)
	const tenYears = `{"advance_seconds":315360000}`
	if got := advance(t, d.URL, tenYears); got.Status != 200 {
		t.Fatalf("got %+v, want 200", got)
	}
	want := jsonReply(400, `{"error":"The clock would be more than ten years ahead"}`)
	for _, body := range []string{tenYears, `{"advance_seconds":0.001}`} {
		if diff := cmp.Diff(want, advance(t, d.URL, body)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", body, diff)
		}
	}
	token := logIn(t, d.URL, `{"user_id":1}`)
	if diff := cmp.Diff(alice, get(t, d.URL, "Bearer "+token)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Without -timetravel, clients can read the clock but not move it.
func TestNoTimeTravel(t *testing.T) {
	d := startDemo(t)
	reading := jsonReply(200, `{"now":1700000000,"timetravel":false}`)
	if diff := cmp.Diff(reading, send(t, request(t, "GET", d.URL+"/clock", nil))); diff != "" {
		t.Errorf("GET: (-want +got)\n%s", diff)
	}
	notFound := jsonReply(404, `{"error":"Not found"}`)
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		r := request(t, method, d.URL+"/clock", strings.NewReader(`{"advance_seconds":60}`))
		r.Header.Set("Content-Type", "application/json")
		if diff := cmp.Diff(notFound, send(t, r)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", method, diff)
		}
	}
	if diff := cmp.Diff(reading, send(t, request(t, "GET", d.URL+"/clock", nil))); diff != "" {
		t.Errorf("GET after that: (-want +got)\n%s", diff)
	}
}

func TestClockMethods(t *testing.T) {
	d := startTravel(t)
	want := jsonReply(405, `{"error":"Method not allowed"}`).allowing("GET, HEAD, POST")
	if diff := cmp.Diff(want, send(t, request(t, "PUT", d.URL+"/clock", nil))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Concurrent advances add up, and the base clock keeps running.
func TestTravelClock(t *testing.T) {
	base := jwtexptest.NewClock(start)
	clock := &travelClock{base: base}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			clock.advance(time.Minute)
			clock.Now()
		})
	}
	wg.Wait()
	base.Advance(time.Second)
	if got, want := clock.Now(), start.Add(100*time.Minute+time.Second); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// GET /clock must not panic if the clock is out of range.
func TestGetBrokenClock(t *testing.T) {
	for _, broken := range []time.Time{{}, time.Unix(1<<62, 0)} {
		w := httptest.NewRecorder()
		getClock(jwtexptest.NewClock(broken), false)(w, httptest.NewRequestWithContext(t.Context(), "GET", "/clock", nil))
		if w.Code != 200 {
			t.Errorf("%v: got %d, want 200", broken, w.Code)
		}
	}
}
