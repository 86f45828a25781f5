package keyring_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

func TestNewTellsEveryFault(t *testing.T) {
	for _, tt := range []struct {
		name     string
		schedule keyring.Schedule
		want     []string
	}{
		{"zero", keyring.Schedule{}, []string{"Lifetime: 0s"}},
		{"part of a second", keyring.Schedule{Lifetime: 1500 * time.Millisecond}, []string{"Lifetime: 1.5s"}},
		{"all", keyring.Schedule{Lifetime: -1, Leeway: -2, Propagation: -3, Grace: -4},
			[]string{"Lifetime: -1ns", "Leeway: -2ns", "Propagation: -3ns", "Grace: -4ns"}},
		{"least", keyring.Schedule{Lifetime: time.Second}, nil},
		{"most", keyring.Schedule{Lifetime: 1<<63 - 1 - (1<<63-1)%time.Second, Leeway: 1<<63 - 1, Propagation: 1<<63 - 1, Grace: 1<<63 - 1}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring, err := keyring.New(tt.schedule)
			if (err != nil) != (tt.want != nil) || (ring == nil) != (tt.want != nil) {
				t.Fatalf("got %v, %v, want an error for %v", ring, err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if err != nil && strings.Count(err.Error(), "keyring: New: ") != len(tt.want) {
				t.Errorf("got %q, want %d faults", err, len(tt.want))
			}
		})
	}
}

// The entries, and so the times, after rotations at various times.
func TestRotate(t *testing.T) {
	const h = time.Hour
	type rotation struct {
		id string
		at time.Duration
	}
	type window struct { // all after the epoch; until -1: without an end
		ID          string
		From, Until time.Duration
	}
	for _, tt := range []struct {
		name      string
		rotations []rotation
		want      []window
	}{
		{"the first", []rotation{{"a", 0}}, []window{{"a", 0, -1}}},
		{"two", []rotation{{"a", 0}, {"b", 5 * h}}, []window{{"a", 0, 6 * h}, {"b", 6 * h, -1}}},
		{"three", []rotation{{"a", 0}, {"b", 5 * h}, {"c", 10 * h}},
			[]window{{"a", 0, 6 * h}, {"b", 6 * h, 11 * h}, {"c", 11 * h, -1}}},
		{"while one is pending", []rotation{{"a", 0}, {"b", 5 * h}, {"c", 5*h + 1}},
			[]window{{"a", 0, 6 * h}, {"b", 6 * h, 6*h + 1}, {"c", 6*h + 1, -1}}},
		{"twice at one instant", []rotation{{"a", 0}, {"c", 5 * h}, {"b", 5 * h}},
			[]window{{"a", 0, 6 * h}, {"c", 6 * h, 6 * h}, {"b", 6 * h, -1}}},
		{"the clock put back", []rotation{{"a", 0}, {"b", 5 * h}, {"c", 2 * h}},
			[]window{{"a", 0, 6 * h}, {"b", 6 * h, 6 * h}, {"c", 6 * h, -1}}},
		{"the clock put back before the first", []rotation{{"a", 0}, {"b", -5 * h}},
			[]window{{"a", 0, 0}, {"b", 0, -1}}},
		{"one to be forgotten in a nanosecond", []rotation{{"a", 0}, {"b", 0}, {"c", h + lifetime + leeway + grace - 1}},
			[]window{{"a", 0, h}, {"b", h, 2*h + lifetime + leeway + grace - 1}, {"c", 2*h + lifetime + leeway + grace - 1, -1}}},
		{"one forgotten", []rotation{{"a", 0}, {"b", 0}, {"c", h + lifetime + leeway + grace}},
			[]window{{"b", h, 2*h + lifetime + leeway + grace}, {"c", 2*h + lifetime + leeway + grace, -1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, schedule)
			published := make(map[string]time.Time)
			for _, r := range tt.rotations {
				rotate(t, ring, r.id, at(r.at))
				published[r.id] = at(r.at)
			}
			var want []keyring.Entry
			for _, w := range tt.want {
				e := keyring.Entry{ID: w.ID, Published: published[w.ID], SignFrom: at(w.From)}
				if w.Until >= 0 {
					e.SignUntil, e.NotAfter = at(w.Until), at(w.Until+lifetime)
				}
				want = append(want, e)
			}
			if diff := cmp.Diff(want, ring.State().Entries); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Times are told in UTC, without what only this process understands.
func TestTimesAreUTC(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch.In(time.FixedZone("east", 3600)))
	e := ring.State().Entries[0]
	if e.Published != epoch || e.SignFrom != epoch { // not by Equal
		t.Errorf("got %v, %v, want %v", e.Published, e.SignFrom, epoch)
	}
}

func TestStateIsACopy(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	ring.State().Entries[0].ID = "b"
	if got := look(ring, epoch).Signs; got != "a" {
		t.Errorf("got %q to sign, want a", got)
	}
}

// After the clock was put back no two keys sign at one instant, also where the last was
// revoked.
func TestClockPutBackAfterRevoke(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	rotate(t, ring, "b", at(5*time.Hour))  // signs from 6 h on
	revoke(t, ring, "b", at(10*time.Hour)) // and nothing does after that
	rotate(t, ring, "c", at(4*time.Hour))
	got := ring.State().Entries
	if a, c := got[0], got[len(got)-1]; a.ID != "a" || c.ID != "c" || c.SignFrom.Before(a.SignUntil) {
		t.Errorf("got %+v, want c to sign after a", got)
	}
	if err := newRing(t, schedule).Load(ring.State(), keyByID); err != nil {
		t.Errorf("got %v, want entries that can be loaded", err)
	}
}

func TestRotateRefuses(t *testing.T) {
	notUTF8 := newSecret("a").WithID("\xff")
	for _, tt := range []struct {
		name string
		key  jwtexp.Key
		now  time.Time
		want string
	}{
		{"zero Key", jwtexp.Key{}, at(1), "no ID"},
		{"zero Key with an ID", jwtexp.Key{}.WithID("z"), at(1), "zero Key"},
		{"public key", publicHalf(newKey("p")), at(1), "cannot sign"},
		{"secret without a name", newSecret("s").WithID(""), at(1), "name it (Key.WithID)"},
		{"ID that is there", newKey("a"), at(1), `"a"`},
		{"ID that was revoked", newKey("r"), at(1), `"r"`},
		{"ID that is not UTF-8", notUTF8, at(1), "UTF-8"},
		{"no time", newKey("n"), time.Time{}, "zero time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, schedule)
			rotate(t, ring, "a", epoch)
			rotate(t, ring, "r", epoch)
			revoke(t, ring, "r", epoch)
			before := ring.State().Entries
			err := ring.Rotate(tt.key, tt.now)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in an error", err, tt.want)
			}
			if diff := cmp.Diff(before, ring.State().Entries); diff != "" {
				t.Errorf("the entries changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestKeyWithoutIDGetsItsThumbprint(t *testing.T) {
	ring := newRing(t, schedule)
	key := newKey("a").WithID("")
	if err := ring.Rotate(key, epoch); err != nil {
		t.Fatal(err)
	}
	want := must(keyring.Thumbprint(key.PublicKey()))
	if got := newService(t, ring).issueAt(epoch).KeyID(); got != want {
		t.Errorf("got kid %q, want %q", got, want)
	}
}

// The ring's bounds replace those that a key came with.
func TestBoundsOfAKeysOwn(t *testing.T) {
	bounded := newKey("a").WithNotAfter(at(time.Minute))
	rotated, loaded := newRing(t, schedule), newRing(t, schedule)
	if err := rotated.Rotate(bounded, epoch); err != nil {
		t.Fatal(err)
	}
	if err := loaded.Load(rotated.State(), func(string) (jwtexp.Key, error) { return bounded, nil }); err != nil {
		t.Fatal(err)
	}
	for name, ring := range map[string]*keyring.Ring{"rotated": rotated, "loaded": loaded} {
		s := newService(t, ring)
		if got := s.verdictAt(s.issueAt(at(time.Hour)), at(time.Hour)); got != "good" {
			t.Errorf("%s: got %s, want good", name, got)
		}
	}
}

// A lifetime that has grown counts for the keys that are retiring, too.
func TestLifetimeGrows(t *testing.T) {
	short := newRing(t, schedule)
	rotate(t, short, "a", epoch)
	rotate(t, short, "b", epoch)
	grown := schedule
	grown.Lifetime = 2 * lifetime
	for _, tt := range []struct {
		name     string
		schedule keyring.Schedule
		want     time.Duration // of the last token of a
	}{
		{"grown", grown, 2 * lifetime},
		{"shrunk", keyring.Schedule{Lifetime: time.Minute, Propagation: propagation}, lifetime},
	} {
		ring := newRing(t, tt.schedule)
		if err := ring.Load(short.State(), keyByID); err != nil {
			t.Fatal(err)
		}
		takeover := at(propagation)
		clock := jwtexptest.NewClock(takeover)
		for lived, want := range map[time.Duration]string{tt.want: "good", tt.want + time.Second: "lifetime"} {
			token := must(must(jwtexp.NewIssuer(newKey("a"), lived, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
			verifier := must(jwtexp.NewVerifier(ring, jwtexp.WithClock(clock)))
			_, err := verifier.Verify(t.Context(), token.Raw())
			if got := verdict(err); got != want {
				t.Errorf("%s, a token of %v: got %s, want %s", tt.name, lived, got, want)
			}
		}
	}
}

// Secrets rotate as keys do. Tokens from before they had names are tried with all of them.
func TestSecretsRotate(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	old := newSecret("2025")
	unnamed := must(must(jwtexp.NewIssuer(old.WithID(""), lifetime, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))

	ring := newRing(t, keyring.Schedule{Lifetime: lifetime, Leeway: leeway, Grace: grace})
	for _, key := range []jwtexp.Key{old, newSecret("2026")} {
		if err := ring.Rotate(key, epoch); err != nil {
			t.Fatal(err)
		}
	}
	s := newService(t, ring)
	named := s.issueAt(epoch)
	if got := named.KeyID(); got != "2026" {
		t.Errorf("got kid %q, want 2026", got)
	}
	for _, tt := range []struct {
		name  string
		token *jwtexp.Token
		at    time.Duration
		want  string
	}{
		{"unnamed", unnamed, 0, "good"},
		{"unnamed and over", unnamed, lifetime + leeway, "expired"},
		{"unnamed, after grace", unnamed, lifetime + leeway + grace, "signature"},
		{"named", named, 0, "good"},
	} {
		if got := s.verdictAt(tt.token, at(tt.at)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if keys, _, err := ring.Published(epoch); keys != nil || err != nil {
		t.Errorf("got %v, %v published, want no secret and no error", keys, err)
	}
}

// A token without kid is tried with eight keys at most. The newest come first, so that the
// many that a ring keeps for late clients are not in the way of those that sign.
func TestNewestKeysComeFirst(t *testing.T) {
	nightly := keyring.Schedule{Lifetime: lifetime, Leeway: leeway, Propagation: propagation, Grace: 30 * grace}
	ring := newRing(t, nightly)
	for night := range 40 {
		rotate(t, ring, strconv.Itoa(night), at(time.Duration(night)*24*time.Hour))
	}
	now := at(39*24*time.Hour + propagation)
	all := must(ring.VerificationKeys(t.Context(), "", now))
	if len(all) != 32 || all[0].ID() != "39" || all[31].ID() != "8" {
		t.Errorf("got %d keys, from %s to %s, want 32, from 39 to 8", len(all), all[0].ID(), all[len(all)-1].ID())
	}
	s := newService(t, ring)
	for id, want := range map[string]string{"39": "good", "38": "good", "33": "lifetime"} {
		issuer := must(jwtexp.NewIssuer(newKey(id).WithID(""), lifetime, jwtexp.WithClock(jwtexptest.NewClock(now.Add(-time.Second)))))
		token := must(issuer.Issue(t.Context(), "alice", nil))
		if got := s.verdictAt(token, now); got != want {
			t.Errorf("a token without kid of %s: got %s, want %s", id, got, want)
		}
	}
}

func TestPublishedKeysCannotSign(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch)
	if err := ring.Rotate(newSecret("s"), epoch); err != nil {
		t.Fatal(err)
	}
	rotate(t, ring, "b", epoch)
	revoke(t, ring, "b", epoch)
	keys, _, err := ring.Published(epoch)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, ids(keys)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if _, err := jwtexp.NewIssuer(keys[0], lifetime); err == nil {
		t.Error("got a key that signs, want its public half")
	}
	if got := keys[0].Algorithm(); got != jwtexp.Ed25519 {
		t.Errorf("got algorithm %s, want Ed25519", got)
	}
	token := newService(t, ring).issueAt(epoch)
	verifier := must(jwtexp.NewVerifier(keys[0], jwtexp.WithClock(jwtexptest.NewClock(epoch))))
	if _, err := verifier.Verify(t.Context(), token.Raw()); err != nil {
		t.Errorf("got %v with the published key, want a good token", err)
	}
}

// A ring without keys, and one that was not made by New, fail closed.
func TestRingWithoutKeys(t *testing.T) {
	for name, ring := range map[string]*keyring.Ring{"zero": {}, "new": newRing(t, schedule)} {
		s := newService(t, ring)
		if _, err := s.issuer.Issue(t.Context(), "alice", nil); verdict(err) != "unavailable" {
			t.Errorf("%s: Issue: got %v, want an outage", name, err)
		}
		other := newRing(t, schedule)
		rotate(t, other, "a", epoch)
		if got := s.verdictAt(newService(t, other).issueAt(epoch), epoch); got != "unavailable" {
			t.Errorf("%s: Verify: got %s, want unavailable", name, got)
		}
		if diff := cmp.Diff(view{}, look(ring, epoch)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := ring.State().Entries; got != nil {
			t.Errorf("%s: got entries %v, want none", name, got)
		}
	}
	var zero keyring.Ring
	state := keyring.State{Generation: 1, Entries: []keyring.Entry{{ID: "a", Published: epoch, SignFrom: epoch}}}
	for name, err := range map[string]error{
		"Rotate": zero.Rotate(newKey("a"), epoch),
		"Revoke": zero.Revoke("a", epoch),
		"Load":   zero.Load(state, keyByID),
	} {
		if err == nil || !strings.Contains(err.Error(), "not a Ring that New made") {
			t.Errorf("%s: got %v, want an error that says that New did not make it", name, err)
		}
	}
}
