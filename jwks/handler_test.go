package jwks_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// schedule is the schedule of all rings in the tests of Handler.
var schedule = keyring.Schedule{
	Lifetime:    15 * time.Minute,
	Leeway:      time.Minute,
	Propagation: time.Hour,
	Grace:       24 * time.Hour,
}

func newRing(t *testing.T, keys ...jwtexp.Key) *keyring.Ring {
	t.Helper()
	ring := must(keyring.New(schedule))
	for _, k := range keys {
		if err := ring.Rotate(k, day); err != nil {
			t.Fatal(err)
		}
	}
	return ring
}

func handlerAt(ring *keyring.Ring, now time.Time) http.Handler {
	return jwks.Handler(ring, jwks.WithClock(jwtexptest.NewClock(now)))
}

func serve(h http.Handler, method string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/.well-known/jwks.json", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandlerAnswers(t *testing.T) {
	h := handlerAt(newRing(t, keyOf("a")), day)
	got := serve(h, "GET")
	body, tag := got.Body.String(), got.Header().Get("ETag")
	if !strings.HasPrefix(body, `{"keys":[{`) {
		t.Fatalf("got body %s, want a set with keys", body)
	}
	if !strings.HasPrefix(tag, `"`) || len(tag) < 20 {
		t.Fatalf("got ETag %s, want a strong ETag", tag)
	}

	type answer struct {
		Status                                          int
		Body                                            string
		ContentType, ETag, CacheControl, Allow, NoSniff string
	}
	const mediaType, fresh = "application/jwk-set+json", "public, max-age=1800"
	whole := answer{200, body, mediaType, tag, fresh, "", "nosniff"}
	head := answer{200, "", mediaType, tag, fresh, "", "nosniff"}
	unchanged := answer{304, "", "", tag, fresh, "", "nosniff"}
	notAllowed := answer{405, "Method not allowed\n", "text/plain; charset=utf-8", "", "no-store", "GET, HEAD", "nosniff"}
	tests := []struct {
		name, method string
		header       []string
		want         answer
	}{
		{"GET", "GET", nil, whole},
		{"HEAD", "HEAD", nil, head},
		{"GET with the ETag", "GET", []string{"If-None-Match", tag}, unchanged},
		{"HEAD with the ETag", "HEAD", []string{"If-None-Match", tag}, unchanged},
		{"GET with several ETags", "GET", []string{"If-None-Match", `"x", W/` + tag}, unchanged},
		{"GET with any ETag", "GET", []string{"If-None-Match", "*"}, unchanged},
		{"GET with another ETag", "GET", []string{"If-None-Match", `"x"`}, whole},
		{"GET with a date", "GET", []string{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"}, whole},
		{"POST", "POST", nil, notAllowed},
		{"OPTIONS", "OPTIONS", nil, notAllowed},
		{"lower-case method", "get", nil, notAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(h, tt.method, tt.header...)
			header := w.Header()
			got := answer{w.Code, w.Body.String(), header.Get("Content-Type"), header.Get("ETag"),
				header.Get("Cache-Control"), header.Get("Allow"), header.Get("X-Content-Type-Options")}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// A ring without keys is an outage. A ring without public keys has an empty set.
func TestHandlerWithoutKeys(t *testing.T) {
	secrets := newRing(t, newSecretKey("s"))
	revoked := newRing(t, keyOf("a"))
	if err := revoked.Revoke("a", day); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		ring  *keyring.Ring
		now   time.Time
		code  int
		cache string
		body  string
	}{
		{"empty Ring", newRing(t), day, 503, "no-store", "Temporarily unavailable\n"},
		{"zero Ring", new(keyring.Ring), day, 503, "no-store", "Temporarily unavailable\n"},
		{"zero clock", newRing(t, keyOf("a")), time.Time{}, 503, "no-store", "Temporarily unavailable\n"},
		{"only secrets", secrets, day, 200, "public, max-age=1800", `{"keys":[]}`},
		{"only key revoked", revoked, day, 200, "public, max-age=1800", `{"keys":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(handlerAt(tt.ring, tt.now), "GET")
			if w.Code != tt.code || w.Header().Get("Cache-Control") != tt.cache || w.Body.String() != tt.body {
				t.Errorf("got %d %q %q, want %d %q %q", w.Code, w.Header().Get("Cache-Control"), w.Body, tt.code, tt.cache, tt.body)
			}
		})
	}
}

// Instances that have loaded the same State serve the same set with the same ETag, so that caches
// need not tell them apart.
func TestInstancesServeTheSameSet(t *testing.T) {
	keys := map[string]jwtexp.Key{"a": keyOf("a"), "b": newECDSAKey("b"), "c": newRSAKey("c")}
	ring := newRing(t, keys["a"], keys["b"], keys["c"])
	other := must(keyring.New(schedule))
	if err := other.Load(ring.State(), func(id string) (jwtexp.Key, error) { return keys[id], nil }); err != nil {
		t.Fatal(err)
	}
	got := serve(handlerAt(other, day.Add(time.Hour)), "GET")
	want := serve(handlerAt(ring, day), "GET")
	if got.Body.String() != want.Body.String() || got.Header().Get("ETag") != want.Header().Get("ETag") {
		t.Errorf("got %s %s, want %s %s", got.Header().Get("ETag"), got.Body, want.Header().Get("ETag"), want.Body)
	}
}

func TestHandlerPanicsOnBadArguments(t *testing.T) {
	ring := must(keyring.New(schedule))
	clock := jwks.WithClock(jwtexptest.NewClock(day))
	tests := []struct {
		want string
		call func()
	}{
		{"jwks: Handler: ring is nil; pass a *keyring.Ring", func() { jwks.Handler(nil) }},
		{"jwks: Handler: ring is nil; pass a *keyring.Ring", func() { jwks.Handler((*keyring.Ring)(nil)) }},
		{"jwks: Handler: WithClock: clock is nil; leave the option out for the system clock", func() { jwks.Handler(ring, jwks.WithClock(nil)) }},
		{"jwks: Handler: WithClock: clock is nil; leave the option out for the system clock", func() { jwks.Handler(ring, jwks.WithClock((*jwtexptest.Clock)(nil))) }},
		{"jwks: Handler: WithClock: clock is nil; leave the option out for the system clock", func() { jwks.Handler(ring, jwks.WithClock(jwtexp.ClockFunc(nil))) }},
		{"jwks: Handler: WithClock: given twice; pass it once", func() { jwks.Handler(ring, clock, clock) }},
	}
	for _, tt := range tests {
		func() {
			defer func() {
				if got := recover(); got != tt.want {
					t.Errorf("got panic %v, want %s", got, tt.want)
				}
			}()
			tt.call()
		}()
	}
}

func TestHandlerUsesTheSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := must(keyring.New(schedule))
		for _, id := range []string{"a", "b"} {
			if err := ring.Rotate(keyOf(id), jwtexp.SystemClock().Now()); err != nil {
				t.Fatal(err)
			}
		}
		h := jwks.Handler(ring)
		for _, want := range [][]string{{"b", "a"}, {"b"}} {
			if got := published(t, h); !cmp.Equal(got, want) {
				t.Errorf("got keys %v, want %v", got, want)
			}
			time.Sleep(schedule.Propagation + schedule.Lifetime + schedule.Leeway)
		}
	})
}
