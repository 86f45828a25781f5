package jwks_test

import (
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// A key is in the set from before it signs until its last token has expired, and caches drop the
// set when a key leaves. Key b is rotated in at day and signs an hour later instead of a. The last
// token of a expires 16 minutes after that: 15 minutes of lifetime and 1 minute of leeway.
func TestHandlerDuringARotation(t *testing.T) {
	ring := newRing(t, keyOf("a"), keyOf("b"))
	clock := jwtexptest.NewClock(day)
	h := jwks.Handler(ring, jwks.WithClock(clock))
	const leaves = 76 * time.Minute // when a leaves the set
	tests := []struct {
		name   string
		time   time.Duration // since day
		signs  string
		keys   []string
		maxAge string
	}{
		{"b is rotated in", 0, "a", []string{"b", "a"}, "public, max-age=1800"},
		{"half of Propagation before a leaves", leaves - 30*time.Minute, "a", []string{"b", "a"}, "public, max-age=1800"},
		{"a nanosecond later", leaves - 30*time.Minute + 1, "a", []string{"b", "a"}, "public, max-age=1799"},
		{"a nanosecond before b signs", time.Hour - 1, "a", []string{"b", "a"}, "public, max-age=960"},
		{"b signs", time.Hour, "b", []string{"b", "a"}, "public, max-age=960"},
		{"less than two seconds before a leaves", leaves - 2*time.Second + 1, "b", []string{"b", "a"}, "public, max-age=1"},
		{"a second before a leaves", leaves - time.Second, "b", []string{"b", "a"}, "public, max-age=1"},
		{"less than a second before a leaves", leaves - time.Second + 1, "b", []string{"b", "a"}, "no-cache"},
		{"a nanosecond before a leaves", leaves - 1, "b", []string{"b", "a"}, "no-cache"},
		{"a leaves", leaves, "b", []string{"b"}, "public, max-age=1800"},
		{"long after a has left", 1000 * time.Hour, "b", []string{"b"}, "public, max-age=1800"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock.Set(day.Add(tt.time))
			if got := must(ring.SigningKey(t.Context(), clock.Now())).ID(); got != tt.signs {
				t.Errorf("got signing key %s, want %s", got, tt.signs)
			}
			if got := published(t, h); !cmp.Equal(got, tt.keys) {
				t.Errorf("got keys %v, want %v", got, tt.keys)
			}
			if got := serve(h, "GET").Header().Get("Cache-Control"); got != tt.maxAge {
				t.Errorf("got Cache-Control %s, want %s", got, tt.maxAge)
			}
		})
	}
}

// A Verifier tries at most eight keys for a token without kid. The set starts with the newest.
func TestNewestPublishedKeysComeFirst(t *testing.T) {
	nightly := schedule
	nightly.Lifetime = 30 * 24 * time.Hour
	ring := must(keyring.New(nightly))
	now, newest := day, jwtexp.Key{}
	for night := range 40 {
		now, newest = day.Add(time.Duration(night)*24*time.Hour), keyOf(strconv.Itoa(night))
		if err := ring.Rotate(newest, now); err != nil {
			t.Fatal(err)
		}
	}
	clock := jwtexptest.NewClock(now.Add(nightly.Propagation))
	server := newServer(jwks.Handler(ring, jwks.WithClock(clock)).ServeHTTP)
	defer server.Close()
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	token := must(must(jwtexp.NewIssuer(newest.WithID(""), time.Minute, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
	if _, err := newVerifier(remote, clock).Verify(t.Context(), token.Raw()); err != nil {
		t.Errorf("token of the newest key without kid: got %v, want nil", err)
	}
}

// Key a is published for as long as its last token is good, to the nanosecond.
func TestHandlerKeepsAKeyForItsLastToken(t *testing.T) {
	ring := newRing(t, keyOf("a"), keyOf("b"))
	clock := jwtexptest.NewClock(day.Add(schedule.Propagation - time.Second)) // tokens have whole seconds
	token := must(must(jwtexp.NewIssuer(ring, schedule.Lifetime, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
	verifier := must(jwtexp.NewVerifier(ring, jwtexp.WithClock(clock), jwtexp.WithLeeway(schedule.Leeway)))
	clock.Set(token.ExpiresAt().Add(schedule.Leeway - 1))
	if _, err := verifier.Verify(t.Context(), token.Raw()); token.KeyID() != "a" || err != nil {
		t.Errorf("got %v for a token of key %s, want nil for one of a", err, token.KeyID())
	}
	if got, want := published(t, jwks.Handler(ring, jwks.WithClock(clock))), []string{"b", "a"}; !cmp.Equal(got, want) {
		t.Errorf("got keys %v, want %v", got, want)
	}
}

func TestHandlerDropsRevokedKeysAtOnce(t *testing.T) {
	for _, id := range []string{"a", "b"} {
		t.Run(id, func(t *testing.T) {
			ring := newRing(t, keyOf("a"), keyOf("b"))
			h := handlerAt(ring, day)
			before := serve(h, "GET")
			if err := ring.Revoke(id, day); err != nil {
				t.Fatal(err)
			}
			want := map[string][]string{"a": {"b"}, "b": {"a"}}[id]
			if got := published(t, h); !cmp.Equal(got, want) {
				t.Errorf("got keys %v, want %v", got, want)
			}
			if got := serve(h, "GET", "If-None-Match", before.Header().Get("ETag")).Code; got != 200 {
				t.Errorf("got status %d for the old ETag, want 200", got)
			}
		})
	}
}

// A Remote drops a revoked key at its next fetch if the new set has another key. It ignores an
// empty set, which is what remains when the only key is revoked.
func TestRevocationOverHTTP(t *testing.T) {
	type change func(*keyring.Ring) error
	rotate := func(ring *keyring.Ring) error { return ring.Rotate(keyOf("b"), day) }
	revoke := func(ring *keyring.Ring) error { return ring.Revoke("a", day) }
	for _, tt := range []struct {
		name    string
		changes []change
		fresh   error // for a token of a while the old set is fresh
		stale   error // when it is stale
		late    error // at the outage limit
	}{
		{"rotated, then revoked", []change{rotate, revoke}, good, invalid, invalid},
		{"revoked, then rotated", []change{revoke, rotate}, good, invalid, invalid},
		{"revoked alone", []change{revoke}, good, good, unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, keyOf("a"))
			clock := jwtexptest.NewClock(day)
			server := httptest.NewServer(jwks.Handler(ring, jwks.WithClock(clock)))
			defer server.Close()
			verifier := newVerifier(newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)
			check := func(what string, elapsed time.Duration, want error) {
				t.Helper()
				clock.Set(day.Add(elapsed))
				_, err := verifier.Verify(t.Context(), tokenOf("a"))
				wantVerdict(t, what, err, want)
			}
			check("before", 0, good)
			for _, change := range tt.changes {
				if err := change(ring); err != nil {
					t.Fatal(err)
				}
			}
			check("fresh", schedule.Propagation*3/8-1, tt.fresh) // before the background fetch
			check("stale", schedule.Propagation/2, tt.stale)
			check("late", 6*time.Hour, tt.late)
		})
	}
}
