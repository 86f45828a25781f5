package session_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

// In FIPS 140-3 mode, the first random bytes must not be drawn in a bubble of testing/synctest.
func init() { rand.Read(make([]byte, 1)) }

const (
	access   = 10 * time.Minute
	grace    = 30 * time.Second
	idle     = 2 * time.Hour
	lifetime = 10 * time.Hour
	recovery = time.Hour

	keySecret = "a key for tests, of 40 random characters"
)

var (
	policy = session.Policy{Lifetime: lifetime, Idle: idle, Recovery: recovery}

	// epoch is between two seconds and between two milliseconds.
	epoch = time.Date(2026, 1, 2, 12, 0, 0, 500_250_000, time.UTC)

	secret      = []byte("a secret for tests, of 40 random letters")
	otherSecret = []byte("another secret for tests: random letters")
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A world is a Manager with everything around it.
type world struct {
	*session.Manager
	clock  *jwtexptest.Clock
	store  *spy
	issuer *jwtexp.Issuer
	key    jwtexp.Key

	mu     sync.Mutex
	events []session.Event
}

func newWorld(opts ...session.Option) *world { return newWorldWith(policy, opts...) }

func newWorldWith(p session.Policy, opts ...session.Option) *world {
	w := &world{clock: jwtexptest.NewClock(epoch), store: &spy{Memory: session.NewMemory()}}
	w.key = must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(keySecret)))
	w.issuer = must(jwtexp.NewIssuer(w.key, access, jwtexp.WithClock(w.clock)))
	w.Manager = w.manager(p, opts...)
	return w
}

// manager returns another Manager with the store, the clock and the events of w.
func (w *world) manager(p session.Policy, opts ...session.Option) *session.Manager {
	return must(session.New(w.store, w.issuer, secret, p, append(opts, session.WithObserver(w.observe))...))
}

func (w *world) observe(_ context.Context, e session.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// kinds returns the kinds of the events since the last call.
func (w *world) kinds() (kinds []session.EventKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		kinds = append(kinds, e.Kind)
	}
	w.events = nil
	return kinds
}

func (w *world) wantEvents(t *testing.T, want ...session.EventKind) {
	t.Helper()
	if got := w.kinds(); !slices.Equal(got, want) {
		t.Errorf("events: got %v, want %v", got, want)
	}
}

// start starts a session and returns its refresh token.
func (w *world) start(t *testing.T) string {
	t.Helper()
	tokens, err := w.Start(t.Context(), "alice", nil)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.Refresh()
}

// refresh refreshes a session that goes on. It returns the refresh token of the answer, or "".
func (w *world) refresh(t *testing.T, refreshToken string) string {
	t.Helper()
	tokens, err := w.Refresh(t.Context(), refreshToken)
	if err != nil {
		t.Fatalf("got %v, want tokens", err)
	}
	return tokens.Refresh()
}

// wantOutcome compares the verdict and the reason of an error with a text such as
// "invalid: reused". nil is "ok".
func wantOutcome(t *testing.T, err error, want string) {
	t.Helper()
	if got := outcome(err); got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	got := ""
	for _, v := range []struct {
		verdict error
		name    string
	}{{jwtexp.ErrExpired, "expired"}, {jwtexp.ErrInvalid, "invalid"}, {jwtexp.ErrUnavailable, "unavailable"},
		{jwtexp.ErrMissing, "missing"}, {jwtexp.ErrInsufficientScope, "scope"}} {
		if errors.Is(err, v.verdict) {
			got += v.name
		}
	}
	if e, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		got += ": " + string(e.Reason)
	}
	if got == "" {
		return "no verdict"
	}
	return got
}

// wantFaults compares the faults that an error of a constructor joins with how each begins.
func wantFaults(t *testing.T, err error, prefix string, want []string) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want joined faults", err)
	}
	faults := joined.Unwrap()
	if len(faults) != len(want) {
		t.Fatalf("got %d faults, want %d:\n%v", len(faults), len(want), err)
	}
	for i, fault := range faults {
		if !strings.HasPrefix(fault.Error(), prefix+want[i]) {
			t.Errorf("got %q, want it to start with %q", fault, prefix+want[i])
		}
	}
}

// generation returns the generation of a refresh token.
func generation(refreshToken string) uint32 {
	return binary.BigEndian.Uint32(must(base64.RawURLEncoding.DecodeString(refreshToken[4:]))[16:])
}

// A spy is a store that counts calls. The hook can replace what a call does: it gets the name of
// the method and a func that does it.
type spy struct {
	*session.Memory
	mu     sync.Mutex
	calls  []string
	except []string // of the last EndAll
	hook   func(method string, call func() error) error
}

// taken returns the calls since the last time.
func (s *spy) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func (s *spy) do(method string, call func() error) error {
	s.mu.Lock()
	s.calls = append(s.calls, method)
	hook := s.hook
	s.mu.Unlock()
	if hook == nil {
		return call()
	}
	return hook(method, call)
}

func (s *spy) Create(ctx context.Context, r session.Record) error {
	return s.do("Create", func() error { return s.Memory.Create(ctx, r) })
}

func (s *spy) Find(ctx context.Context, id string) (r session.Record, found bool, err error) {
	err = s.do("Find", func() error { r, found, err = s.Memory.Find(ctx, id); return err })
	return r, found, err
}

func (s *spy) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	err = s.do("Advance", func() error { r, moved, found, err = s.Memory.Advance(ctx, id, step); return err })
	return r, moved, found, err
}

func (s *spy) End(ctx context.Context, id string, now, until time.Time) (r session.Record, found bool, err error) {
	err = s.do("End", func() error { r, found, err = s.Memory.End(ctx, id, now, until); return err })
	return r, found, err
}

func (s *spy) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) (ids []string, err error) {
	s.except = except
	err = s.do("EndAll", func() error { ids, err = s.Memory.EndAll(ctx, subject, now, until, except...); return err })
	return ids, err
}

func (s *spy) List(ctx context.Context, subject string, now time.Time) (all []session.Record, err error) {
	err = s.do("List", func() error { all, err = s.Memory.List(ctx, subject, now); return err })
	return all, err
}

var errStore = errors.New("the store is down")

// failBefore makes the calls of a method fail without an effect.
func failBefore(method string) func(string, func() error) error {
	return func(m string, call func() error) error {
		if m == method {
			return errStore
		}
		return call()
	}
}

// failAfter makes the calls of a method fail after their effect.
func failAfter(method string) func(string, func() error) error {
	return func(m string, call func() error) error {
		if err := call(); err != nil || m != method {
			return err
		}
		return errStore
	}
}

// signed returns a token of the key of a world, with a jti, or without one.
func signed(t *testing.T, id string) string {
	t.Helper()
	claims := map[string]any{"sub": "alice", "exp": epoch.Add(access).Unix()}
	if id != "" {
		claims["jti"] = id
	}
	return signClaims(claims)
}

// signClaims returns a token of the key of a world.
func signClaims(claims map[string]any) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(must(json.Marshal(claims)))
	h := hmac.New(sha256.New, []byte(keySecret))
	h.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
