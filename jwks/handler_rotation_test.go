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

// A key is in the set before it signs, until its last token is dead, and no copy of the set
// outlives it. b is rotated in at day, and signs an hour later in the place of a,
// whose last token is dead 15 minutes of lifetime and one of leeway after that.
func TestHandlerOverTheLifeOfARotation(t *testing.T) {
	ring := newRing(t, newEd25519Key("a"), newEd25519Key("b"))
	clock := jwtexptest.NewClock(day)
	h := jwks.Handler(ring, jwks.WithClock(clock))
	const gone = 76 * time.Minute
	tests := []struct {
		name   string
		at     time.Duration
		signs  string
		keys   []string
		maxAge string
	}{
		{"rotated in", 0, "a", []string{"b", "a"}, "public, max-age=1800"},
		{"half of Propagation is left", gone - 30*time.Minute, "a", []string{"b", "a"}, "public, max-age=1800"},
		{"and a nanosecond less", gone - 30*time.Minute + 1, "a", []string{"b", "a"}, "public, max-age=1799"},
		{"before b signs", time.Hour - 1, "a", []string{"b", "a"}, "public, max-age=960"},
		{"b signs", time.Hour, "b", []string{"b", "a"}, "public, max-age=960"},
		{"two seconds less a nanosecond are left", gone - 2*time.Second + 1, "b", []string{"b", "a"}, "public, max-age=1"},
		{"a second is left", gone - time.Second, "b", []string{"b", "a"}, "public, max-age=1"},
		{"less than that is left", gone - time.Second + 1, "b", []string{"b", "a"}, "no-cache"},
		{"a nanosecond is left", gone - 1, "b", []string{"b", "a"}, "no-cache"},
		{"a has left", gone, "b", []string{"b"}, "public, max-age=1800"},
		{"long after", 1000 * time.Hour, "b", []string{"b"}, "public, max-age=1800"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock.Set(day.Add(tt.at))
			if got := must(ring.SigningKey(t.Context(), clock.Now())).ID(); got != tt.signs {
				t.Errorf("got %s that signs, want %s", got, tt.signs)
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

// A Remote without a kid to go by tries eight keys, and they are the newest.
func TestNewestPublishedKeysComeFirst(t *testing.T) {
	nightly := schedule
	nightly.Lifetime = 30 * 24 * time.Hour
	ring := must(keyring.New(nightly))
	now, newest := day, jwtexp.Key{}
	for night := range 40 {
		now, newest = day.Add(time.Duration(night)*24*time.Hour), newEd25519Key(strconv.Itoa(night))
		if err := ring.Rotate(newest, now); err != nil {
			t.Fatal(err)
		}
	}
	clock := jwtexptest.NewClock(now.Add(nightly.Propagation))
	server := newServer(jwks.Handler(ring, jwks.WithClock(clock)).ServeHTTP)
	defer server.Close()
	remote := newRemote(t, server.URL, jwks.WithLoopbackHTTP())
	token := must(must(jwtexp.NewIssuer(newest.WithID(""), time.Minute, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
	if _, err := newVerifier(t, remote, clock).Verify(t.Context(), token.Raw()); err != nil {
		t.Errorf("a token without kid of the newest key: got %v, want nil", err)
	}
}

// The last token that a signs is good in its last nanosecond, and a is still published then.
func TestHandlerKeepsAKeyForItsLastToken(t *testing.T) {
	ring := newRing(t, newEd25519Key("a"), newEd25519Key("b"))
	clock := jwtexptest.NewClock(day.Add(schedule.Propagation - time.Second)) // tokens have whole seconds
	token := must(must(jwtexp.NewIssuer(ring, schedule.Lifetime, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
	verifier := must(jwtexp.NewVerifier(ring, jwtexp.WithClock(clock), jwtexp.WithLeeway(schedule.Leeway)))
	clock.Set(token.ExpiresAt().Add(schedule.Leeway - 1))
	if _, err := verifier.Verify(t.Context(), token.Raw()); token.KeyID() != "a" || err != nil {
		t.Errorf("got %v for a token of %s, want nil for one of a", err, token.KeyID())
	}
	if got, want := published(t, jwks.Handler(ring, jwks.WithClock(clock))), []string{"b", "a"}; !cmp.Equal(got, want) {
		t.Errorf("got keys %v, want %v", got, want)
	}
}

func TestHandlerDropsARevokedKeyAtOnce(t *testing.T) {
	for _, id := range []string{"a", "b"} {
		t.Run(id, func(t *testing.T) {
			ring := newRing(t, newEd25519Key("a"), newEd25519Key("b"))
			h := handlerAt(ring, day)
			before := serve(h, "GET")
			if err := ring.Revoke(id, day); err != nil {
				t.Fatal(err)
			}
			want := map[string][]string{"a": {"b"}, "b": {"a"}}[id]
			if got := published(t, h); !cmp.Equal(got, want) {
				t.Errorf("got keys %v, want %v", got, want)
			}
			// To a cache it is another set.
			if got := serve(h, "GET", "If-None-Match", before.Header().Get("ETag")).Code; got != 200 {
				t.Errorf("got status %d for the ETag of before, want 200", got)
			}
		})
	}
}

// Those who fetch the set let go of a revoked key with the next one, if there is a key in
// it: a set without keys, which is what is left of a ring of one, is believed by nobody.
func TestRevocationOverHTTP(t *testing.T) {
	type change func(*keyring.Ring) error
	rotate := func(ring *keyring.Ring) error { return ring.Rotate(newEd25519Key("b"), day) }
	revoke := func(ring *keyring.Ring) error { return ring.Revoke("a", day) }
	for _, tt := range []struct {
		name    string
		changes []change
		fresh   error // what is said to a token of a, while the copy of before is fresh
		stale   error // and when it is not
		late    error // and at the outage limit
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
			verifier := newVerifier(t, newRemote(t, server.URL, jwks.WithLoopbackHTTP()), clock)
			ask := func(what string, at time.Duration, want error) {
				t.Helper()
				clock.Set(day.Add(at))
				_, err := verifier.Verify(t.Context(), tokenOf("a"))
				wantVerdict(t, what, err, want)
			}
			ask("before", 0, good)
			for _, change := range tt.changes {
				if err := change(ring); err != nil {
					t.Fatal(err)
				}
			}
			ask("fresh", schedule.Propagation*3/8-1, tt.fresh) // before it is refreshed ahead
			ask("stale", schedule.Propagation/2, tt.stale)
			ask("late", 6*time.Hour, tt.late)
		})
	}
}
