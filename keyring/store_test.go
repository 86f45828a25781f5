package keyring_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// A memory is a Store in memory. Before and after each call it calls fail, which may return an error.
type memory struct {
	mu    sync.Mutex
	text  []byte
	saves int
	ids   map[string]bool // of all keys that were ever stored
	fail  func(point string) error
}

func (m *memory) Load(ctx context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failAt("Load"); err != nil {
		return nil, err
	}
	return bytes.Clone(m.text), context.Cause(ctx)
}

func (m *memory) Save(ctx context.Context, old, text []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failAt("before Save"); err != nil {
		return err
	}
	if (m.text == nil) != (old == nil) || !bytes.Equal(m.text, old) {
		return keyring.ErrConflict
	}
	m.text = bytes.Clone(text)
	m.saves++
	if m.ids == nil {
		m.ids = make(map[string]bool)
	}
	for _, id := range regexp.MustCompile(`"id": "([^"]*)"`).FindAllSubmatch(text, -1) {
		m.ids[string(id[1])] = true
	}
	return m.failAt("after Save")
}

// made returns the number of keys that were ever stored.
func (m *memory) made() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ids)
}

func (m *memory) failAt(point string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(point)
}

// A storedKey is an entry of the stored JSON.
type storedKey struct {
	keyring.Entry
	Alg string `json:"alg"`
	Key string `json:"key"`
}

// kind returns the kind of the key's text: "private", "public", "secret" or "none".
func (k storedKey) kind() string {
	switch {
	case k.Key == "":
		return "none"
	case strings.HasPrefix(k.Key, "-----BEGIN PRIVATE KEY-----\n"):
		return "private"
	case strings.HasPrefix(k.Key, "-----BEGIN PUBLIC KEY-----\n"):
		return "public"
	case strings.HasPrefix(k.Key, "-----"):
		return "another PEM"
	}
	return "secret"
}

// stored returns what is in a Store.
func stored(t testing.TB, store keyring.Store) (generation uint64, keys []storedKey) {
	t.Helper()
	text, err := store.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if text == nil {
		return 0, nil
	}
	var document struct {
		Generation uint64      `json:"generation"`
		Entries    []storedKey `json:"entries"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return document.Generation, document.Entries
}

const day = 24 * time.Hour

// nightly is the configuration of most tests.
var nightly = keyring.RotatorConfig{Algorithm: jwtexp.Ed25519, Every: day}

// An instance of a service has a ring, a Rotator, an Issuer, a Verifier and a clock.
type instance struct {
	*service
	store   keyring.Store
	ring    *keyring.Ring
	rotator *keyring.Rotator
}

func newInstance(t testing.TB, store keyring.Store, c keyring.RotatorConfig) *instance {
	t.Helper()
	ring := newRing(t, schedule)
	s := newService(t, ring)
	c.Clock = s.clock
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	rotator, err := keyring.NewRotator(ring, store, c)
	if err != nil {
		t.Fatal(err)
	}
	return &instance{s, store, ring, rotator}
}

func (i *instance) checkAt(now time.Time) {
	i.t.Helper()
	i.clock.Set(now)
	if err := i.rotator.Check(i.t.Context()); err != nil {
		i.t.Errorf("Check at %v: got %v, want nil", now, err)
	}
}

func (i *instance) rotate() string {
	i.t.Helper()
	id, err := i.rotator.Rotate(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	return id
}

// testStore checks the rules of a Store that is empty. another returns the same Store, as another
// instance opens it.
func testStore(t *testing.T, store keyring.Store, another func() keyring.Store) {
	t.Helper()
	ctx := t.Context()
	wantText := func(want []byte) {
		t.Helper()
		for _, s := range []keyring.Store{store, another()} {
			if got, err := s.Load(ctx); err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("Load: got %q, %v, want %q", got, err, want)
			}
		}
	}
	wantConflict := func(old, text []byte) {
		t.Helper()
		if err := another().Save(ctx, old, text); !errors.Is(err, keyring.ErrConflict) {
			t.Errorf("Save of %q over %q: got %v, want ErrConflict", text, old, err)
		}
	}
	mustSave := func(old, text []byte) {
		t.Helper()
		if err := store.Save(ctx, old, text); err != nil {
			t.Errorf("Save of %q over %q: got %v, want nil", text, old, err)
		}
	}
	wantText(nil)
	wantConflict([]byte("1"), []byte("2"))
	wantConflict([]byte{}, []byte("2"))
	wantText(nil)
	mustSave(nil, []byte("1"))
	wantText([]byte("1"))
	wantConflict(nil, []byte("2"))
	wantConflict([]byte("1 "), []byte("2"))
	mustSave([]byte("1"), []byte("longer\x00text\n"))
	wantConflict([]byte("1"), []byte("2"))
	wantText([]byte("longer\x00text\n"))
	mustSave([]byte("longer\x00text\n"), []byte("short"))
	wantText([]byte("short"))
}

func TestMemory(t *testing.T) {
	store := new(memory)
	testStore(t, store, func() keyring.Store { return store })
}

func noError(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
