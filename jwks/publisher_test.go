package jwks_test

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

type publisherFunc func(time.Time) ([]jwtexp.Key, time.Duration, error)

func (f publisherFunc) Published(now time.Time) ([]jwtexp.Key, time.Duration, error) { return f(now) }

// If a Publisher panics, net/http closes the connection without an answer.
func TestPublisherPanics(t *testing.T) {
	var panics atomic.Bool
	panics.Store(true)
	server := httptest.NewUnstartedServer(jwks.Handler(publisherFunc(func(time.Time) ([]jwtexp.Key, time.Duration, error) {
		if panics.Load() {
			panic("boom")
		}
		return []jwtexp.Key{keyOf("a")}, time.Hour, nil
	})))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the panic
	server.Start()
	defer server.Close()
	if response, err := server.Client().Get(server.URL); err == nil {
		response.Body.Close()
		t.Errorf("got status %d, want the connection closed without an answer", response.StatusCode)
	}
	panics.Store(false)
	response, err := server.Client().Get(server.URL)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("after the panic: got %v, %v, want the set", response, err)
	}
	response.Body.Close()
}

// If a Publisher blocks, other requests do not wait.
func TestPublisherBlocks(t *testing.T) {
	called, release := make(chan struct{}), make(chan struct{})
	first := true
	handler := jwks.Handler(publisherFunc(func(time.Time) ([]jwtexp.Key, time.Duration, error) {
		if first {
			first = false
			close(called)
			<-release
		}
		return []jwtexp.Key{keyOf("a")}, time.Hour, nil
	}))
	blocked := make(chan int, 1)
	go func() { blocked <- serve(handler, "GET").Code }()
	<-called
	if got := serve(handler, "GET").Code; got != http.StatusOK {
		t.Errorf("got status %d while another request blocks, want 200", got)
	}
	close(release)
	if got := <-blocked; got != http.StatusOK {
		t.Errorf("got status %d for the blocked request, want 200", got)
	}
}

// Whatever a Publisher returns, the handler publishes nothing private, and caches keep nothing
// that they should not.
func TestPublisherReturns(t *testing.T) {
	a := keyOf("a") // a private key
	for _, tt := range []struct {
		name   string
		keys   []jwtexp.Key
		fresh  time.Duration
		err    error
		status int
		cache  string
		kids   []string
	}{
		{"private key", []jwtexp.Key{a}, time.Hour, nil, 200, "public, max-age=3600", []string{"a"}},
		{"secret", []jwtexp.Key{newSecretKey("s"), a}, time.Hour, nil, 200, "public, max-age=3600", []string{"a"}},
		{"zero Keys", []jwtexp.Key{{}, a, {}}, time.Hour, nil, 200, "public, max-age=3600", []string{"a"}},
		{"no keys", nil, time.Hour, nil, 200, "public, max-age=3600", nil},
		{"same key twice", []jwtexp.Key{a, a}, time.Hour, nil, 200, "public, max-age=3600", []string{"a", "a"}},
		{"key without ID", []jwtexp.Key{a.WithID("")}, time.Hour, nil, 200, "public, max-age=3600", []string{""}},
		{"fresh 0", []jwtexp.Key{a}, 0, nil, 200, "no-cache", []string{"a"}},
		{"fresh negative", []jwtexp.Key{a}, -time.Hour, nil, 200, "no-cache", []string{"a"}},
		{"fresh forever", []jwtexp.Key{a}, math.MaxInt64, nil, 200, "public, max-age=9223372036", []string{"a"}},
		{"keys and an error", []jwtexp.Key{a}, time.Hour, errors.New("down"), 503, "no-store", nil},
		{"error that matches ErrInvalid", []jwtexp.Key{a}, time.Hour, jwtexp.ErrInvalid, 503, "no-store", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(jwks.Handler(publisherFunc(func(time.Time) ([]jwtexp.Key, time.Duration, error) {
				return tt.keys, tt.fresh, tt.err
			}), jwks.WithClock(jwtexptest.NewClock(day))), "GET")
			if got := w.Header().Get("Cache-Control"); w.Code != tt.status || got != tt.cache {
				t.Errorf("got %d with Cache-Control %q, want %d with %q", w.Code, got, tt.status, tt.cache)
			}
			if strings.Contains(w.Body.String(), `"d"`) || strings.Contains(w.Body.String(), `"k"`) {
				t.Errorf("got %s, want nothing private", w.Body)
			}
			var set struct{ Keys []struct{ Kid string } }
			if err := json.Unmarshal(w.Body.Bytes(), &set); (err == nil) != (tt.status == 200) {
				t.Fatalf("got body %s (%v), want a set: %t", w.Body, err, tt.status == 200)
			}
			var kids []string
			for _, key := range set.Keys {
				kids = append(kids, key.Kid)
			}
			if !slices.Equal(kids, tt.kids) {
				t.Errorf("got keys %q, want %q", kids, tt.kids)
			}
		})
	}
}
