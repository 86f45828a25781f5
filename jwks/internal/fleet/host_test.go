package fleet_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
)

// A host is where the JWK Set is published, by several instances.
type host struct {
	w          *world
	publishers []*publisher
	outages    []window
}

type publisher struct {
	*member
	handler http.Handler
}

func (w *world) newPublisher() *publisher {
	m := w.newMember(w.public)
	return &publisher{m, jwks.Handler(m.ring, jwks.WithClock(m))}
}

// A line is the way of one Remote to the host: an http.RoundTripper that takes the bubble's
// time, and remembers what went over it.
type line struct {
	w        *world
	clock    *clock
	rnd      *rand.Rand
	attempts []*attempt
	unknown  int // tokens shown whose key the Remote did not have
}

// An attempt is a fetch as it was on the line.
type attempt struct {
	start, done time.Time // true; done zero: under way
	reading     time.Time // at the start, of the clock that the Remote is handed
	steps       int       // of that clock, before
	good        bool
	kids        map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	a, there, back := l.begin()
	answer, err := l.exchange(r, a, there, back)
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	a.done = now()
	a.good = err == nil && len(a.kids) > 0
	l.w.note("fetch %v %v %d", a.start, a.good, len(a.kids))
	return answer, err
}

func (l *line) begin() (a *attempt, there, back time.Duration) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	a = &attempt{start: now(), reading: l.clock.Now(), steps: l.clock.steps}
	if n := len(l.attempts); n > 0 {
		l.w.judgeFetch(l.attempts[n-1], a)
	}
	l.attempts = append(l.attempts, a)
	half := l.w.plan.network / 2
	return a, between(l.rnd, 1, half), between(l.rnd, 1, half)
}

var errDown = errors.New("connection refused")

func (l *line) exchange(r *http.Request, a *attempt, there, back time.Duration) (*http.Response, error) {
	if err := wait(r.Context(), there); err != nil {
		return nil, err
	}
	var answer *http.Response
	switch h := l.w.host; {
	case !in(now(), h.outages):
		answer = h.serve(r, l.rnd, a)
	default:
		switch l.rnd.IntN(4) {
		case 0:
			return nil, errDown
		case 1:
			<-r.Context().Done()
			return nil, r.Context().Err()
		case 2:
			answer = page(http.StatusInternalServerError, "")
		case 3:
			answer = page(http.StatusOK, "<html>maintenance</html>")
		}
	}
	if err := wait(r.Context(), back); err != nil {
		return nil, err
	}
	return answer, nil
}

func (h *host) serve(r *http.Request, rnd *rand.Rand, a *attempt) *http.Response {
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	p := pick(rnd, h.publishers)
	p.catchUp()
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, r)
	var set struct {
		Keys []struct {
			Kid string `json:"kid"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &set); err != nil {
		panic(err)
	}
	a.kids = make(map[string]bool)
	for _, k := range set.Keys {
		a.kids[k.Kid] = true
	}
	h.w.judgePublished(p, a.kids)
	return recorder.Result()
}

func page(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body))}
}

// wait lets the bubble's time pass.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// before returns the last attempt that was over at an instant and, where good is set, was good.
func (l *line) before(t time.Time, good bool) *attempt {
	for i := len(l.attempts) - 1; i >= 0; i-- {
		if a := l.attempts[i]; !a.done.IsZero() && !a.done.After(t) && (a.good || !good) {
			return a
		}
	}
	return nil
}

// fails reports whether, when a token was shown, an attempt after the one that fetched a set
// had failed, and that was so lately that the next is not overdue.
func (l *line) fails(s *showing, set *attempt) bool {
	lately := l.w.plan.interval + l.w.plan.timeout
	return slices.ContainsFunc(l.attempts, func(a *attempt) bool {
		waitedFor := a.done.After(s.start)
		return !a.good && a.done.After(set.done) && (waitedFor || s.reading.Sub(a.reading).Abs() < lately)
	})
}
