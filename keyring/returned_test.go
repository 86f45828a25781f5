package keyring_test

import (
	"testing"

	"github.com/jwtexp/jwtexp"
)

// A caller may change and append to the slices that a Ring returns. No other caller notices.
func TestReturnedValuesAreCopies(t *testing.T) {
	ring := newRing(t, schedule, "a", "b", "c")
	want := viewAt(ring, epoch)

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

	if got := viewAt(ring, epoch); got.Signs != want.Signs || len(got.Trusted) != 3 || len(got.Published) != 3 {
		t.Errorf("after the results were changed: got %+v, want %+v", got, want)
	}
}

func wantOwnKeys(t *testing.T, name string, get func() []jwtexp.Key) {
	t.Helper()
	first, second := append(get(), newKey("first")), append(get(), newKey("second"))
	if got := first[len(first)-1].ID(); got != "first" {
		t.Errorf("%s: last key of the first caller: got %q, want %q", name, got, "first")
	}
	clear(get())
	clear(first)
	clear(second)
	for _, key := range get() {
		if key == (jwtexp.Key{}) {
			t.Errorf("%s: got the zero Key that another caller wrote", name)
		}
	}
}
