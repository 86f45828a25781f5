package jwks_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A tenantKeys is a KeySet as an application writes one: a provider's keys, and one of the
// tenant's own.
type tenantKeys struct {
	shared jwtexp.KeySet
	own    jwtexp.Key
}

func (k tenantKeys) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	keys, err := k.shared.VerificationKeys(ctx, id, now)
	return append(keys, k.own), err
}

// Two KeySets that append to what one Remote returns don't overwrite each other's keys.
func TestWhatIsReturnedIsTheCallersAlone(t *testing.T) {
	set := `{"keys":[` + jwkOf("a") + `,` + jwkOf("b") + `,` + jwkOf("c") + `]}`
	for _, id := range []string{"", "a"} {
		remote := newRemote(t, "https://login.example/keys", jwks.WithTransport(&origin{reply: with(http.StatusOK, set)}))
		a, b := tenantKeys{remote, keyOf("tenant a")}, tenantKeys{remote, keyOf("tenant b")}
		ofA, err := a.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		ofB, err := b.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := ofA[len(ofA)-1].ID(); got != "tenant a" {
			t.Errorf("id %q: got the key %q in the place of tenant a's", id, got)
		}
		written, err := remote.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		clear(written)
		clear(ofA)
		clear(ofB)
		verifier := newVerifier(t, remote, jwtexptest.NewClock(day))
		_, err = verifier.Verify(t.Context(), tokenOf("a"))
		wantVerdict(t, "a token after the keys were overwritten", err, good)
	}
}
