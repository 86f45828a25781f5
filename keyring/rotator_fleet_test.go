package keyring_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// hourlySecrets has keys that are fast to use.
var hourlySecrets = keyring.RotatorConfig{Algorithm: jwtexp.HS256, Every: 12 * time.Hour}

// testFleet runs instances whose clocks differ and that poll at different times. There is one
// rotation for each period, and every instance accepts every valid token.
func testFleet(t *testing.T, open func() keyring.Store) {
	t.Helper()
	const (
		tick  = 10 * time.Minute
		ticks = int(37 * time.Hour / tick)
	)
	var fleet []*instance
	var skews []time.Duration
	for n := range 6 {
		fleet = append(fleet, newInstance(t, open(), hourlySecrets))
		skews = append(skews, time.Duration(n-3)*leeway/6)
	}
	var live []*jwtexp.Token
	for n := range ticks {
		now := epochPlus(time.Duration(n) * tick)
		var wg sync.WaitGroup
		for i, instance := range fleet {
			instance.clock.Set(now.Add(skews[i]))
			if n > 0 && (n+i)%3 != 0 {
				continue // it polls every half hour
			}
			wg.Go(func() {
				if err := instance.rotator.Check(t.Context()); err != nil {
					t.Errorf("instance %d at +%v: got %v, want nil", i, now.Sub(epoch), err)
				}
			})
		}
		wg.Wait()
		live = slices.DeleteFunc(live, func(token *jwtexp.Token) bool { return token.ExpiresAt().Before(now.Add(leeway)) })
		for i, instance := range fleet {
			token, err := instance.issuer.Issue(t.Context(), "alice", nil)
			if err != nil {
				t.Fatalf("instance %d at +%v: got %v, want a token", i, now.Sub(epoch), err)
			}
			live = append(live, token)
		}
		for i, instance := range fleet {
			for _, token := range live {
				if _, err := instance.verifier.Verify(t.Context(), token.Raw()); err != nil {
					t.Fatalf("instance %d at +%v: got %v for %v, want nil", i, now.Sub(epoch), err, token)
				}
			}
		}
	}
	_, keys := stored(t, open())
	if len(keys) != 4 { // at about 0, 12, 24 and 36 hours; the first is forgotten after 37
		t.Errorf("got %d keys, want 4, one for each period", len(keys))
	}
}

// testRace lets many instances check at the same moment. One of them makes the key, and the others
// load it.
func testRace(t *testing.T, instances int, open func() keyring.Store) {
	t.Helper()
	var fleet []*instance
	for range instances {
		fleet = append(fleet, newInstance(t, open(), hourlySecrets))
	}
	for period := range 5 {
		now := epochPlus(time.Duration(period) * hourlySecrets.Every)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for _, instance := range fleet {
			instance.clock.Set(now)
			wg.Go(func() {
				<-start
				if err := instance.rotator.Check(t.Context()); err != nil {
					t.Errorf("period %d: got %v, want nil", period, err)
				}
			})
		}
		close(start)
		wg.Wait()
		_, keys := stored(t, open())
		published := 0
		for _, k := range keys {
			if k.Published.Equal(now) {
				published++
			}
		}
		if published != 1 {
			t.Errorf("period %d: got %d new keys, want 1", period, published)
		}
		for i, instance := range fleet {
			if got := instance.ring.State().Entries; got[len(got)-1].ID != keys[len(keys)-1].ID {
				t.Errorf("period %d: instance %d did not load the new key", period, i)
			}
		}
	}
}

// testConcurrentChanges runs Rotate and Revoke of several operators at the same time. All take
// effect.
func testConcurrentChanges(t *testing.T, open func() keyring.Store) {
	t.Helper()
	manual := keyring.RotatorConfig{Algorithm: jwtexp.Ed25519}
	serving := newInstance(t, open(), manual)
	leaked := serving.rotate()
	want := []string{serving.rotate()}
	token := serving.issueAt(epoch)

	var wg sync.WaitGroup
	rotated := make([]string, 4)
	for i := range rotated {
		operator := newInstance(t, open(), manual)
		wg.Go(func() {
			id, err := operator.rotator.Rotate(t.Context())
			if err != nil {
				t.Errorf("Rotate: got %v, want nil", err)
			}
			rotated[i] = id
		})
	}
	operator := newInstance(t, open(), manual)
	wg.Go(func() {
		if err := operator.rotator.Revoke(t.Context(), leaked); err != nil {
			t.Errorf("Revoke: got %v, want nil", err)
		}
	})
	wg.Wait()

	serving.checkAt(epoch)
	if got := serving.verdictAt(token, epoch); got != unknownKey {
		t.Errorf("token of the leaked key: got %s, want %s", got, unknownKey)
	}
	if got := serving.verdictAt(serving.issueAt(epoch), epoch); got != "good" {
		t.Errorf("new token: got %s, want good", got)
	}
	got := viewAt(serving.ring, epoch).Trusted
	want = append(want, rotated...)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got keys %q, want %q", got, want)
	}
}

func TestInstancesShareAStore(t *testing.T) {
	for name, test := range map[string]func(*testing.T, func() keyring.Store){
		"fleet":              testFleet,
		"race":               func(t *testing.T, open func() keyring.Store) { testRace(t, 40, open) },
		"concurrent changes": testConcurrentChanges,
	} {
		t.Run(name, func(t *testing.T) {
			store := new(memory)
			test(t, func() keyring.Store { return store })
		})
	}
}

// One Rotator is safe for concurrent use: no call loads an older text than another call has.
func TestOneRotatorInManyGoroutines(t *testing.T) {
	store := new(memory)
	i := newInstance(t, store, hourlySecrets)
	i.checkAt(epoch)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			var err error
			switch n % 4 {
			case 0:
				_, err = i.rotator.Rotate(t.Context())
			default:
				err = i.rotator.Check(t.Context())
			}
			if err != nil {
				t.Errorf("got %v, want nil", err)
			}
		})
	}
	wg.Wait()
	if got := len(i.ring.State().Entries); got != 6 {
		t.Errorf("got %d keys, want 6", got)
	}
}

// The store fails, or the process ends, at any step of a call: before or after the store has
// changed. The call succeeds when it is repeated, in this process or in a new one, and makes no
// second key.
func TestCrashBetweenAnyTwoSteps(t *testing.T) {
	errCrash := errors.New("crash")
	check := func(i *instance) error { return i.rotator.Check(i.t.Context()) }
	revokeFirst := func(i *instance) error {
		_, keys := stored(i.t, &memory{text: i.store.(*memory).text}) // cannot fail
		return i.rotator.Revoke(i.t.Context(), keys[0].ID)
	}
	for _, tt := range []struct {
		name    string
		prepare []time.Duration // Checks before the call, after epoch
		now     time.Duration
		call    func(*instance) error
		keys    int // made in all
	}{
		{"first key", nil, 0, check, 1},
		{"due key", []time.Duration{0}, day, check, 2},
		{"due key, and a private half that is no longer needed", []time.Duration{0, day}, 2 * day, check, 3},
		{"forgotten key", []time.Duration{0, day, 2 * day}, day + propagation + lifetime + leeway + grace, check, 3},
		{"revocation", []time.Duration{0, day}, day, revokeFirst, 2},
		{"revocation of the only key", []time.Duration{0}, 0, revokeFirst, 2},
	} {
		for _, restart := range []bool{false, true} {
			for failing, done := 1, false; !done; failing++ {
				store := new(memory)
				i := newInstance(t, store, nightly)
				for _, d := range tt.prepare {
					i.checkAt(epochPlus(d))
				}
				i.clock.Set(epochPlus(tt.now))
				steps := 0
				store.fail = func(string) error {
					if steps++; steps == failing {
						return errCrash
					}
					return nil
				}
				err := tt.call(i)
				if done = err == nil; done && steps < 3 {
					t.Errorf("%s: got %d steps, want Load and both sides of Save", tt.name, steps)
				}
				if !done && !errors.Is(err, errCrash) {
					t.Errorf("%s, step %d: got %v, want %v", tt.name, failing, err, errCrash)
				}
				store.fail = nil
				what := fmt.Sprintf("%s, step %d, restart %t", tt.name, failing, restart)
				if restart {
					i = newInstance(t, store, nightly)
				}
				i.clock.Set(epochPlus(tt.now))
				if err := tt.call(i); err != nil {
					t.Errorf("%s: repeated: got %v, want nil", what, err)
				}
				i.checkAt(epochPlus(tt.now))
				if got := store.made(); got != tt.keys {
					t.Errorf("%s: got %d keys made, want %d", what, got, tt.keys)
				}
				if got := i.verdictAt(i.issueAt(epochPlus(tt.now)), epochPlus(tt.now)); got != "good" {
					t.Errorf("%s: got %s, want good", what, got)
				}
			}
		}
	}
}
