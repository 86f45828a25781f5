package jwks_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
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

// schedule is that of the rings whose handlers are tested.
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
	h := handlerAt(newRing(t, newEd25519Key("a")), day)
	got := serve(h, "GET")
	body, tag := got.Body.String(), got.Header().Get("ETag")
	if !strings.HasPrefix(body, `{"keys":[{`) {
		t.Fatalf("got body %s, want a set with a key", body)
	}
	if !strings.HasPrefix(tag, `"`) || len(tag) < 20 {
		t.Fatalf("got ETag %s, want a strong one", tag)
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
	refused := answer{405, "Method not allowed\n", "text/plain; charset=utf-8", "", "no-store", "GET, HEAD", "nosniff"}
	tests := []struct {
		name, method string
		header       []string
		want         answer
	}{
		{"GET", "GET", nil, whole},
		{"HEAD", "HEAD", nil, head},
		{"GET of what is known", "GET", []string{"If-None-Match", tag}, unchanged},
		{"HEAD of what is known", "HEAD", []string{"If-None-Match", tag}, unchanged},
		{"among others", "GET", []string{"If-None-Match", `"x", W/` + tag}, unchanged},
		{"any", "GET", []string{"If-None-Match", "*"}, unchanged},
		{"GET of something else", "GET", []string{"If-None-Match", `"x"`}, whole},
		{"GET of what is newer than a date", "GET", []string{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"}, whole},
		{"POST", "POST", nil, refused},
		{"OPTIONS", "OPTIONS", nil, refused},
		{"in lower case", "get", nil, refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(h, tt.method, tt.header...)
			header := w.Header()
			got := answer{w.Code, w.Body.String(), header.Get("Content-Type"), header.Get("ETag"),
				header.Get("Cache-Control"), header.Get("Allow"), header.Get("X-Content-Type-Options")}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("got another answer than want (-want +got):\n%s", diff)
			}
		})
	}
}

type publisherFunc func(time.Time) ([]jwtexp.Key, time.Duration, error)

func (f publisherFunc) Published(now time.Time) ([]jwtexp.Key, time.Duration, error) { return f(now) }

// A Publisher need not be as careful as a ring.
func TestHandlerOfAnyPublisher(t *testing.T) {
	private := newEd25519Key("a")
	h := jwks.Handler(publisherFunc(func(time.Time) ([]jwtexp.Key, time.Duration, error) {
		return []jwtexp.Key{newSecretKey("s"), private, {}}, time.Minute, nil
	}))
	x := base64.RawURLEncoding.EncodeToString(private.PublicKey().(ed25519.PublicKey))
	want := `{"keys":[{"use":"sig","kty":"OKP","kid":"a","crv":"Ed25519","alg":"Ed25519","x":"` + x + `"}]}`
	if w := serve(h, "GET"); w.Body.String() != want {
		t.Errorf("got %s, want %s", w.Body, want)
	}

	down := jwks.Handler(publisherFunc(func(time.Time) ([]jwtexp.Key, time.Duration, error) {
		return []jwtexp.Key{private}, time.Minute, errors.New("down")
	}))
	if w := serve(down, "GET"); w.Code != 503 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %q, want 503 and no-store", w.Code, w.Header().Get("Cache-Control"))
	}
}

// An empty set says that no key is good, which is for a ring to know.
func TestHandlerWithoutKeys(t *testing.T) {
	secrets := newRing(t, newSecretKey("s"))
	revoked := newRing(t, newEd25519Key("a"))
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
		{"nothing rotated in yet", newRing(t), day, 503, "no-store", "Temporarily unavailable\n"},
		{"the zero Ring", new(keyring.Ring), day, 503, "no-store", "Temporarily unavailable\n"},
		{"a clock that is not set", newRing(t, newEd25519Key("a")), time.Time{}, 503, "no-store", "Temporarily unavailable\n"},
		{"secrets alone", secrets, day, 200, "public, max-age=1800", `{"keys":[]}`},
		{"the only key was revoked", revoked, day, 200, "public, max-age=1800", `{"keys":[]}`},
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

// Several instances behind one name are one to a cache, at whatever time each is asked.
func TestHandlerOfInstancesThatAgree(t *testing.T) {
	keys := map[string]jwtexp.Key{"a": newEd25519Key("a"), "b": newECDSAKey("b"), "c": newRSAKey("c")}
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

func TestHandlerPanicsOnMistakes(t *testing.T) {
	ring := must(keyring.New(schedule))
	clock := jwks.WithClock(jwtexptest.NewClock(day))
	tests := []struct {
		want string
		call func()
	}{
		{"jwks: Handler: ring is nil", func() { jwks.Handler(nil) }},
		{"jwks: Handler: ring is nil", func() { jwks.Handler((*keyring.Ring)(nil)) }},
		{"jwks: Handler: WithClock: nil", func() { jwks.Handler(ring, jwks.WithClock(nil)) }},
		{"jwks: Handler: WithClock: nil", func() { jwks.Handler(ring, jwks.WithClock((*jwtexptest.Clock)(nil))) }},
		{"jwks: Handler: WithClock: nil", func() { jwks.Handler(ring, jwks.WithClock(jwtexp.ClockFunc(nil))) }},
		{"jwks: Handler: WithClock given twice", func() { jwks.Handler(ring, clock, clock) }},
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

func TestHandlerByTheSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := must(keyring.New(schedule))
		for _, id := range []string{"a", "b"} {
			if err := ring.Rotate(newEd25519Key(id), jwtexp.SystemClock().Now()); err != nil {
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
