package keyring_test

import (
	"testing"

	"github.com/jwtexp/jwtexp"
)

// A caller can write to what a Ring returns, and append to it, and no other caller notices.
func TestWhatIsReturnedIsTheCallersAlone(t *testing.T) {
	ring := newRing(t, schedule)
	for _, id := range []string{"a", "b", "c"} {
		rotate(t, ring, id, epoch)
	}
	want := look(ring, epoch)

	for _, id := range []string{"a", ""} {
		get := func() []jwtexp.Key { return must(ring.VerificationKeys(t.Context(), id, epoch)) }
		wantOwnKeys(t, "VerificationKeys of "+id, get)
	}
	wantOwnKeys(t, "Published", func() []jwtexp.Key {
		keys, _, err := ring.Published(epoch)
		return must(keys, err)
	})
	entries := ring.State().Entries
	_ = append(entries[:1], entries[2], entries[2])
	entries[0].ID = "changed"

	if got := look(ring, epoch); got.Signs != want.Signs || len(got.Trusted) != 3 || len(got.Published) != 3 {
		t.Errorf("got %+v after the results were overwritten, want %+v", got, want)
	}
}

func wantOwnKeys(t *testing.T, name string, get func() []jwtexp.Key) {
	t.Helper()
	mine, theirs := append(get(), newKey("mine")), append(get(), newKey("theirs"))
	if got := mine[len(mine)-1].ID(); got != "mine" {
		t.Errorf("%s: got what one caller appended replaced by %q of another", name, got)
	}
	written := get()
	clear(written)
	clear(mine)
	clear(theirs)
	for _, key := range get() {
		if key == (jwtexp.Key{}) {
			t.Errorf("%s: got a zero Key that another caller had written", name)
		}
	}
}
