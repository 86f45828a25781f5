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

func TestNewReportsEveryFault(t *testing.T) {
	for _, tt := range []struct {
		name     string
		schedule keyring.Schedule
		want     []string
	}{
		{"zero", keyring.Schedule{}, []string{"Lifetime: invalid lifetime 0s"}},
		{"part of a second", keyring.Schedule{Lifetime: 1500 * time.Millisecond}, []string{"Lifetime: invalid lifetime 1.5s"}},
		{"all", keyring.Schedule{Lifetime: -1, Leeway: -2, Propagation: -3, Grace: -4},
			[]string{"Lifetime: invalid lifetime -1ns", "Leeway: -2ns", "Propagation: -3ns", "Grace: -4ns"}},
		{"smallest values", keyring.Schedule{Lifetime: time.Second}, nil},
		{"largest values", keyring.Schedule{Lifetime: 1<<63 - 1 - (1<<63-1)%time.Second, Leeway: 1<<63 - 1, Propagation: 1<<63 - 1, Grace: 1<<63 - 1}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring, err := keyring.New(tt.schedule)
			if (err != nil) != (tt.want != nil) || (ring == nil) != (tt.want != nil) {
				t.Fatalf("got %v, %v; want an error that contains %q", ring, err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want an error that contains %q", err, want)
				}
			}
			if err != nil && strings.Count(err.Error(), "keyring: New: ") != len(tt.want) {
				t.Errorf("got %q, want %d faults", err, len(tt.want))
			}
		})
	}
}

// Rotate computes when each key signs.
func TestRotate(t *testing.T) {
	const h = time.Hour
	type rotation struct {
		id  string
		now time.Duration // after epoch
	}
	type window struct { // From and Until are after epoch; -1: no end
		ID          string
		From, Until time.Duration
	}
	for _, tt := range []struct {
		name      string
		rotations []rotation
		want      []window
	}{
		{"one key", []rotation{{"a", 0}}, []window{{"a", 0, -1}}},
		{"two keys", []rotation{{"a", 0}, {"b", 5 * h}}, []window{{"a", 0, 6 * h}, {"b", 6 * h, -1}}},
		{"three keys", []rotation{{"a", 0}, {"b", 5 * h}, {"c", 10 * h}},
			[]window{{"a", 0, 6 * h}, {"b", 6 * h, 11 * h}, {"c", 11 * h, -1}}},
		{"while another key waits", []rotation{{"a", 0}, {"b", 5 * h}, {"c", 5*h + 1}},
			[]window{{"a", 0, 6 * h}, {"b", 6 * h, 6*h + 1}, {"c", 6*h + 1, -1}}},
		{"twice at the same time", []rotation{{"a", 0}, {"c", 5 * h}, {"b", 5 * h}},
			[]window{{"a", 0, 6 * h}, {"c", 6 * h, 6 * h}, {"b", 6 * h, -1}}},
		{"clock put back", []rotation{{"a", 0}, {"b", 5 * h}, {"c", 2 * h}},
			[]window{{"a", 0, 6 * h}, {"b", 6 * h, 6 * h}, {"c", 6 * h, -1}}},
		{"clock put back before the first key", []rotation{{"a", 0}, {"b", -5 * h}},
			[]window{{"a", 0, 0}, {"b", 0, -1}}},
		{"a nanosecond before a is forgotten", []rotation{{"a", 0}, {"b", 0}, {"c", h + lifetime + leeway + grace - 1}},
			[]window{{"a", 0, h}, {"b", h, 2*h + lifetime + leeway + grace - 1}, {"c", 2*h + lifetime + leeway + grace - 1, -1}}},
		{"a is forgotten", []rotation{{"a", 0}, {"b", 0}, {"c", h + lifetime + leeway + grace}},
			[]window{{"b", h, 2*h + lifetime + leeway + grace}, {"c", 2*h + lifetime + leeway + grace, -1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, schedule)
			published := make(map[string]time.Time)
			for _, r := range tt.rotations {
				rotate(t, ring, r.id, epochPlus(r.now))
				published[r.id] = epochPlus(r.now)
			}
			var want []keyring.Entry
			for _, w := range tt.want {
				e := keyring.Entry{ID: w.ID, Published: published[w.ID], SignFrom: epochPlus(w.From)}
				if w.Until >= 0 {
					e.SignUntil, e.NotAfter = epochPlus(w.Until), epochPlus(w.Until+lifetime)
				}
				want = append(want, e)
			}
			if diff := cmp.Diff(want, ring.State().Entries); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Times are in UTC and have no monotonic reading.
func TestTimesAreUTC(t *testing.T) {
	ring := newRing(t, schedule)
	rotate(t, ring, "a", epoch.In(time.FixedZone("east", 3600)))
	e := ring.State().Entries[0]
	if e.Published != epoch || e.SignFrom != epoch { // != also compares the location
		t.Errorf("got %v, %v, want %v", e.Published, e.SignFrom, epoch)
	}
}

func TestStateIsACopy(t *testing.T) {
	ring := newRing(t, schedule, "a")
	ring.State().Entries[0].ID = "b"
	if got := viewAt(ring, epoch).Signs; got != "a" {
		t.Errorf("signer: got %q, want a", got)
	}
}

// No two keys sign at the same time, even if the clock was put back after a revocation.
func TestClockPutBackAfterRevoke(t *testing.T) {
	ring := newRing(t, schedule, "a")
	rotate(t, ring, "b", epochPlus(5*time.Hour))  // signs from 6 h
	revoke(t, ring, "b", epochPlus(10*time.Hour)) // no key signs after 10 h
	rotate(t, ring, "c", epochPlus(4*time.Hour))
	got := ring.State().Entries
	if a, c := got[0], got[len(got)-1]; a.ID != "a" || c.ID != "c" || c.SignFrom.Before(a.SignUntil) {
		t.Errorf("got %+v, want c to sign after a", got)
	}
	if err := newRing(t, schedule).Load(ring.State(), keyByID); err != nil {
		t.Errorf("Load: got %v, want nil", err)
	}
}

func TestRotateErrors(t *testing.T) {
	notUTF8 := newSecret("a").WithID("\xff")
	for _, tt := range []struct {
		name string
		key  jwtexp.Key
		now  time.Time
		want string
	}{
		{"zero Key", jwtexp.Key{}, epochPlus(1), "zero Key"},
		{"zero Key with an ID", jwtexp.Key{}.WithID("z"), epochPlus(1), "zero Key"},
		{"public key", publicHalf(newKey("p")), epochPlus(1), "cannot sign"},
		{"secret without an ID", newSecret("s").WithID(""), epochPlus(1), "set an ID with Key.WithID"},
		{"ID in use", newKey("a"), epochPlus(1), `"a"`},
		{"revoked ID", newKey("r"), epochPlus(1), `"r"`},
		{"ID that is not UTF-8", notUTF8, epochPlus(1), "UTF-8"},
		{"no time", newKey("n"), time.Time{}, "zero time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, schedule, "a", "r")
			revoke(t, ring, "r", epoch)
			before := ring.State().Entries
			err := ring.Rotate(tt.key, tt.now)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that contains %q", err, tt.want)
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

// The ring's time limits replace the key's own.
func TestRingReplacesNotAfter(t *testing.T) {
	bounded := newKey("a").WithNotAfter(epochPlus(time.Minute))
	rotated, loaded := newRing(t, schedule), newRing(t, schedule)
	if err := rotated.Rotate(bounded, epoch); err != nil {
		t.Fatal(err)
	}
	if err := loaded.Load(rotated.State(), func(string) (jwtexp.Key, error) { return bounded, nil }); err != nil {
		t.Fatal(err)
	}
	for name, ring := range map[string]*keyring.Ring{"rotated": rotated, "loaded": loaded} {
		s := newService(t, ring)
		if got := s.verdictAt(s.issueAt(epochPlus(time.Hour)), epochPlus(time.Hour)); got != "good" {
			t.Errorf("%s: got %s, want good", name, got)
		}
	}
}

// A longer Lifetime also applies to keys that are retired already; a shorter one does not.
func TestLifetimeGrows(t *testing.T) {
	short := newRing(t, schedule, "a", "b")
	grown := schedule
	grown.Lifetime = 2 * lifetime
	for _, tt := range []struct {
		name     string
		schedule keyring.Schedule
		want     time.Duration // longest accepted lifetime of a token of a
	}{
		{"grown", grown, 2 * lifetime},
		{"shrunk", keyring.Schedule{Lifetime: time.Minute, Propagation: propagation}, lifetime},
	} {
		ring := loadRing(t, tt.schedule, short.State())
		takeover := epochPlus(propagation)
		clock := jwtexptest.NewClock(takeover)
		for tokenLifetime, want := range map[time.Duration]string{tt.want: "good", tt.want + time.Second: "lifetime"} {
			token := must(must(jwtexp.NewIssuer(newKey("a"), tokenLifetime, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))
			verifier := must(jwtexp.NewVerifier(ring, jwtexp.WithClock(clock)))
			_, err := verifier.Verify(t.Context(), token.Raw())
			if got := verdict(err); got != want {
				t.Errorf("%s, token that lives for %v: got %s, want %s", tt.name, tokenLifetime, got, want)
			}
		}
	}
}

// Secrets rotate like key pairs. Tokens without kid are checked with all of them.
func TestSecretsRotate(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	old := newSecret("2025")
	withoutKID := must(must(jwtexp.NewIssuer(old.WithID(""), lifetime, jwtexp.WithClock(clock))).Issue(t.Context(), "alice", nil))

	ring := newRing(t, keyring.Schedule{Lifetime: lifetime, Leeway: leeway, Grace: grace})
	for _, key := range []jwtexp.Key{old, newSecret("2026")} {
		if err := ring.Rotate(key, epoch); err != nil {
			t.Fatal(err)
		}
	}
	s := newService(t, ring)
	withKID := s.issueAt(epoch)
	if got := withKID.KeyID(); got != "2026" {
		t.Errorf("got kid %q, want 2026", got)
	}
	for _, tt := range []struct {
		name  string
		token *jwtexp.Token
		now   time.Duration // after epoch
		want  string
	}{
		{"without kid", withoutKID, 0, "good"},
		{"without kid, expired", withoutKID, lifetime + leeway, "expired"},
		{"without kid, after grace", withoutKID, lifetime + leeway + grace, "signature"},
		{"with kid", withKID, 0, "good"},
	} {
		if got := s.verdictAt(tt.token, epochPlus(tt.now)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if keys, _, err := ring.Published(epoch); keys != nil || err != nil {
		t.Errorf("Published: got %v, %v; want nil, nil", keys, err)
	}
}

// A Verifier checks a token without kid with at most eight keys. The newest come first, so that
// the keys of tokens that have not expired are among them.
func TestNewestKeysComeFirst(t *testing.T) {
	nightly := keyring.Schedule{Lifetime: lifetime, Leeway: leeway, Propagation: propagation, Grace: 30 * grace}
	ring := newRing(t, nightly)
	for night := range 40 {
		rotate(t, ring, strconv.Itoa(night), epochPlus(time.Duration(night)*24*time.Hour))
	}
	now := epochPlus(39*24*time.Hour + propagation)
	all := must(ring.VerificationKeys(t.Context(), "", now))
	if len(all) != 32 || all[0].ID() != "39" || all[31].ID() != "8" {
		t.Errorf("got %d keys, from %s to %s, want 32, from 39 to 8", len(all), all[0].ID(), all[len(all)-1].ID())
	}
	s := newService(t, ring)
	for id, want := range map[string]string{"39": "good", "38": "good", "33": "lifetime"} {
		issuer := must(jwtexp.NewIssuer(newKey(id).WithID(""), lifetime, jwtexp.WithClock(jwtexptest.NewClock(now.Add(-time.Second)))))
		token := must(issuer.Issue(t.Context(), "alice", nil))
		if got := s.verdictAt(token, now); got != want {
			t.Errorf("token without kid, signed by %s: got %s, want %s", id, got, want)
		}
	}
}

func TestPublishedKeysCannotSign(t *testing.T) {
	ring := newRing(t, schedule, "a")
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
		t.Error("NewIssuer with a published key: got no error, want one")
	}
	if got := keys[0].Algorithm(); got != jwtexp.Ed25519 {
		t.Errorf("got algorithm %s, want Ed25519", got)
	}
	token := newService(t, ring).issueAt(epoch)
	verifier := must(jwtexp.NewVerifier(keys[0], jwtexp.WithClock(jwtexptest.NewClock(epoch))))
	if _, err := verifier.Verify(t.Context(), token.Raw()); err != nil {
		t.Errorf("Verify with the published key: got %v, want nil", err)
	}
}

// A ring without keys, and the zero Ring, are an outage.
func TestRingWithoutKeys(t *testing.T) {
	for name, ring := range map[string]*keyring.Ring{"zero": {}, "new": newRing(t, schedule)} {
		s := newService(t, ring)
		if _, err := s.issuer.Issue(t.Context(), "alice", nil); verdict(err) != "unavailable" {
			t.Errorf("%s: Issue: got %v, want ErrUnavailable", name, err)
		}
		other := newRing(t, schedule, "a")
		if got := s.verdictAt(newService(t, other).issueAt(epoch), epoch); got != "unavailable" {
			t.Errorf("%s: Verify: got %s, want unavailable", name, got)
		}
		if diff := cmp.Diff(view{}, viewAt(ring, epoch)); diff != "" {
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
		if err == nil || !strings.Contains(err.Error(), "the Ring is zero; make it with New") {
			t.Errorf("%s: got %v, want an error that contains %q", name, err, "the Ring is zero; make it with New")
		}
	}
}
