package jwtexp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A boundedSource is a KeySource that limits the lifetime of tokens. As a nil pointer it panics.
type boundedSource struct{ max time.Duration }

func (s *boundedSource) SigningKey(context.Context, time.Time) (jwtexp.Key, error) {
	return testKey(), nil
}

func (s *boundedSource) MaxLifetime() time.Duration { return s.max }

// A lifetime that the key source does not allow is a fault at start. Without it, each Issue would
// fail.
func TestLifetimeIsLimitedByTheKeySource(t *testing.T) {
	const tooLong = "jwtexp: NewIssuer: lifetime: 1h0m0s is longer than the key source allows, 15m0s; shorten it, "
	for _, tt := range []struct {
		name     string
		keys     jwtexp.KeySource
		lifetime time.Duration
		want     []string
	}{
		{"no method", keySourceFunc(nil), time.Hour, []string{"keys: nil"}},
		{"shorter", &boundedSource{15 * time.Minute}, time.Minute, nil},
		{"equal", &boundedSource{15 * time.Minute}, 15 * time.Minute, nil},
		{"a second longer", &boundedSource{15 * time.Minute}, 15*time.Minute + time.Second, []string{"15m1s is longer"}},
		{"longer", &boundedSource{15 * time.Minute}, time.Hour, []string{tooLong}},
		{"no limit", &boundedSource{}, time.Hour, nil},
		{"negative limit", &boundedSource{-time.Second}, time.Hour, nil},
		{"invalid lifetime", &boundedSource{15 * time.Minute}, -time.Second, []string{"invalid lifetime -1s"}},
		{"typed nil", (*boundedSource)(nil), time.Hour, []string{"keys: nil"}},
		{"embedded", struct{ *boundedSource }{&boundedSource{15 * time.Minute}}, time.Hour, []string{tooLong}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newIssuerRecovered(tt.keys, tt.lifetime)
			if (err != nil) != (tt.want != nil) || err != nil && strings.Count(err.Error(), "NewIssuer: ") != len(tt.want) {
				t.Errorf("got %v, want %d faults", err, len(tt.want))
			}
			for _, want := range tt.want {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("got %v, want an error that contains %q", err, want)
				}
			}
		})
	}
}

func newIssuerRecovered(keys jwtexp.KeySource, lifetime time.Duration) (issuer *jwtexp.Issuer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return jwtexp.NewIssuer(keys, lifetime)
}

// The errors of Issue name the key that cannot sign, and say what to do.
func TestErrorsOfIssueNameTheKey(t *testing.T) {
	for _, tt := range []struct {
		name string
		key  jwtexp.Key
		want string
	}{
		{"zero Key", jwtexp.Key{}, "jwtexp: Issue: the zero Key; make one with"},
		{"public key", must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public())).WithID("k1"),
			`jwtexp: Issue: key "k1": a public key cannot sign; pass the private key`},
		{"public key without an ID", must(jwtexp.NewPublicKey(jwtexp.EdDSA, newEd25519().Public())),
			"jwtexp: Issue: a public key cannot sign; pass the private key"},
		{"ID that is not UTF-8", testKey().WithID("k\xff"), `key "k\xff": the ID is not valid UTF-8; `},
		{"retired key", testKey().WithID("k1").WithNotAfter(time.Unix(1, 0)),
			`the signing key "k1" is limited to tokens that expire by 1970-01-01T00:00:01Z; `},
		{"limit before 1970", testKey().WithID("k1").WithNotAfter(time.Time{}), `key "k1": WithNotAfter is before 1970; `},
	} {
		source := keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return tt.key, nil })
		_, err := must(jwtexp.NewIssuer(source, time.Hour)).Issue(t.Context(), "alice", nil)
		if !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s: got %v, want an error that contains %q", tt.name, err, tt.want)
		}
	}
}
