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

// A host publishes the JWK Set, with several instances.
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
	m := w.newMember(publicKey)
	return &publisher{m, jwks.Handler(m.ring, jwks.WithClock(m))}
}

// A transport connects one Remote to the host. It is an http.RoundTripper that takes time and
// records the fetches.
type transport struct {
	w        *world
	clock    *clock
	rnd      *rand.Rand
	attempts []*attempt
	unknown  int // verified tokens whose key the Remote did not have
}

// An attempt is one fetch.
type attempt struct {
	start, done time.Time // true time; a zero done means that it is running
	reading     time.Time // the Remote's clock at the start
	steps       int       // how often that clock had stepped before
	good        bool
	kids        map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	a, there, back := tr.begin()
	answer, err := tr.exchange(r, a, there, back)
	tr.w.mu.Lock()
	defer tr.w.mu.Unlock()
	a.done = now()
	a.good = err == nil && len(a.kids) > 0
	tr.w.note("fetch %v %v %d", a.start, a.good, len(a.kids))
	return answer, err
}

func (tr *transport) begin() (a *attempt, there, back time.Duration) {
	tr.w.mu.Lock()
	defer tr.w.mu.Unlock()
	a = &attempt{start: now(), reading: tr.clock.Now(), steps: tr.clock.steps}
	if n := len(tr.attempts); n > 0 {
		tr.w.checkFetchInterval(tr.attempts[n-1], a)
	}
	tr.attempts = append(tr.attempts, a)
	half := tr.w.plan.network / 2
	return a, between(tr.rnd, 1, half), between(tr.rnd, 1, half)
}

var errDown = errors.New("connection refused")

func (tr *transport) exchange(r *http.Request, a *attempt, there, back time.Duration) (*http.Response, error) {
	if err := wait(r.Context(), there); err != nil {
		return nil, err
	}
	var answer *http.Response
	switch h := tr.w.host; {
	case !inAny(now(), h.outages):
		answer = h.serve(r, tr.rnd, a)
	default:
		switch tr.rnd.IntN(4) {
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
	h.w.checkPublished(p, a.kids)
	return recorder.Result()
}

func page(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body))}
}

// wait waits for d or until ctx is done.
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

// lastAttempt returns the last attempt that had ended at t, or nil. If onlyGood is set, failed
// attempts do not count.
func (tr *transport) lastAttempt(t time.Time, onlyGood bool) *attempt {
	for i := len(tr.attempts) - 1; i >= 0; i-- {
		if a := tr.attempts[i]; !a.done.IsZero() && !a.done.After(t) && (a.good || !onlyGood) {
			return a
		}
	}
	return nil
}

// failedSince reports whether an attempt after set has failed, so recently that v need not have
// waited for a retry, or while v waited.
func (tr *transport) failedSince(set *attempt, v *verification) bool {
	recent := tr.w.plan.interval + tr.w.plan.timeout
	return slices.ContainsFunc(tr.attempts, func(a *attempt) bool {
		waitedFor := a.done.After(v.start)
		return !a.good && a.done.After(set.done) && (waitedFor || v.reading.Sub(a.reading).Abs() < recent)
	})
}
