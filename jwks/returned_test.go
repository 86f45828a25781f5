package jwks_test

import (
	"context"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

// A tenantKeys is a KeySet as an application may write it: the keys of a provider and a key of
// the tenant.
type tenantKeys struct {
	shared jwtexp.KeySet
	own    jwtexp.Key
}

func (k tenantKeys) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	keys, err := k.shared.VerificationKeys(ctx, id, now)
	return append(keys, k.own), err
}

// KeySets that append to the slice of a shared Remote or Set, or write to it, do not affect each
// other.
func TestReturnedValuesAreCopies(t *testing.T) {
	for name, shared := range map[string]jwtexp.KeySet{
		"Remote": remoteOf(t, setOf("a", "b", "c")),
		"Set":    must(jwks.Parse([]byte(setOf("a", "b", "c")))),
	} {
		for _, id := range []string{"", "a"} {
			wantCopies(t, name, shared, id)
		}
	}
}

func wantCopies(t *testing.T, name string, shared jwtexp.KeySet, id string) {
	t.Helper()
	keysFor := func(keys jwtexp.KeySet) []jwtexp.Key {
		got, err := keys.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	a := keysFor(tenantKeys{shared, keyOf("tenant a")})
	b := keysFor(tenantKeys{shared, keyOf("tenant b")})
	if got, want := a[len(a)-1].ID(), "tenant a"; got != want {
		t.Errorf("%s, id %q: got last key %q, want %q", name, id, got, want)
	}
	clear(keysFor(shared))
	clear(a)
	clear(b)
	verify(t, shared, "a", good)
}
