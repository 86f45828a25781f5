package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

func TestStart(t *testing.T) {
	w := newWorld()
	tokens, err := w.Start(t.Context(), "alice", map[string]any{"role": "editor"}, session.WithLabel("Firefox on Linux"))
	if err != nil {
		t.Fatal(err)
	}
	at := epoch.Truncate(time.Millisecond)
	want := session.Info{
		ID: tokens.Access().SessionID(), Subject: "alice", Label: "Firefox on Linux",
		Started: at, Refreshed: at, Expires: at.Add(idle).Truncate(time.Second), End: at.Add(lifetime).Truncate(time.Second),
		Claims: json.RawMessage(`{"role":"editor"}`),
	}
	if diff := cmp.Diff(want, tokens.Session()); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	r, found, err := w.store.Memory.Find(t.Context(), want.ID)
	if err != nil || !found {
		t.Fatalf("got %v, %v, want the record", found, err)
	}
	record := session.Record{ID: want.ID, Subject: "alice", Label: "Firefox on Linux", Generation: 1, Started: at, Refreshed: at,
		Expires: want.Expires, End: want.End, Claims: []byte(`{"role":"editor"}`)}
	if diff := cmp.Diff(record, r); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	var claims struct{ Role string }
	var named struct {
		Role string `json:"role"`
	}
	if err := errors.Join(tokens.Access().Claims(&claims), tokens.Access().Claims(&named)); err != nil || named.Role != "editor" || tokens.Access().Subject() != "alice" {
		t.Errorf("access token: got %v, role %q, %v, want alice's with role editor", tokens.Access().Subject(), named.Role, err)
	}
	w.wantEvents(t, session.EventStarted)
	if got, want := w.store.taken(), []string{"Create"}; !cmp.Equal(got, want) {
		t.Errorf("got calls of the store %v, want %v", got, want)
	}
}

// A bad argument is an error that matches no verdict, names every fault, and stores nothing.
func TestFaultsOfStart(t *testing.T) {
	w := newWorld()
	big := strings.Repeat("x", 4<<10)
	for _, tt := range []struct {
		name    string
		subject string
		claims  any
		opts    []session.StartOption
		want    []string
	}{
		{"no subject", "", nil, nil, []string{"the subject is empty"}},
		{"a long subject", strings.Repeat("x", 256), nil, nil, []string{"the subject has 256 bytes; want 255 at most"}},
		{"a subject that is not UTF-8", "\xff", nil, nil, []string{"the subject is not valid UTF-8"}},
		{"claims that are not an object", "alice", 7, nil, []string{"int"}},
		{"a registered claim", "alice", map[string]any{"exp": 1}, nil, []string{`claim "exp"`}},
		{"sid", "alice", map[string]any{"Sid": 1}, nil, []string{`claim "sid"`}},
		{"large claims", "alice", map[string]any{"a": big[7:]}, nil, []string{"the claims have 4097 bytes; want 4096 at most"}},
		{"a nil option", "alice", nil, []session.StartOption{nil}, []string{"a nil option"}},
		{"two labels", "alice", nil, []session.StartOption{session.WithLabel("a"), session.WithLabel("a")}, []string{"WithLabel: given twice"}},
		{"two lifetimes", "alice", nil, []session.StartOption{session.WithLifetime(time.Hour), session.WithLifetime(time.Hour)}, []string{"WithLifetime: given twice"}},
		{"too long", "alice", nil, []session.StartOption{session.WithLifetime(lifetime + time.Second)}, []string{"WithLifetime: 10h0m1s is longer"}},
		{"too short", "alice", nil, []session.StartOption{session.WithLifetime(access - time.Second)}, []string{"WithLifetime: invalid time 9m59s"}},
		{"a fraction", "alice", nil, []session.StartOption{session.WithLifetime(time.Hour + 1)}, []string{"WithLifetime: invalid time"}},
		{"everything", "", 7, []session.StartOption{nil, session.WithLifetime(0)}, []string{"the subject is empty", "int", "a nil option", "WithLifetime: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tokens, err := w.Start(t.Context(), tt.subject, tt.claims, tt.opts...)
			if tokens != nil || outcome(err) != "no verdict" {
				t.Fatalf("got %v, %v, want an error without a verdict", tokens, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to have %q", err, want)
				}
			}
		})
	}
	if got := w.store.taken(); len(got) > 0 {
		t.Errorf("got calls of the store %v, want none", got)
	}
	w.wantEvents(t)
	for _, subject := range []string{strings.Repeat("é", 127), "a\x00b", "'; --", "\u202e"} {
		if _, err := w.Start(t.Context(), subject, map[string]any{"a": big[8:]}); err != nil {
			t.Errorf("%q: got %v, want nil", subject, err)
		}
	}
}

// Claims that make the access token larger than the Issuer's limit are a bad argument.
func TestClaimsThatDoNotFit(t *testing.T) {
	w := newWorld()
	issuer := must(jwtexp.NewIssuer(w.key, access, jwtexp.WithClock(w.clock), jwtexp.WithMaxSize(1000)))
	claims := map[string]any{"a": strings.Repeat("x", 2000)}
	_, err := must(session.New(w.store, issuer, secret, policy)).Start(t.Context(), "alice", claims)
	wantOutcome(t, err, "no verdict")

	fromFunc := session.WithClaims(func(context.Context, session.Info) (any, error) { return claims, nil })
	_, err = must(session.New(w.store, issuer, secret, policy, fromFunc)).Start(t.Context(), "alice", nil)
	wantOutcome(t, err, "unavailable")
	if got := w.store.taken(); len(got) > 0 {
		t.Errorf("got calls of the store %v, want none", got)
	}
}

func TestLabels(t *testing.T) {
	w := newWorld()
	for label, want := range map[string]string{
		"":                              "",
		"Firefox":                       "Firefox",
		strings.Repeat("x", 255):        strings.Repeat("x", 255),
		strings.Repeat("x", 256):        strings.Repeat("x", 255),
		"x" + strings.Repeat("é", 200):  "x" + strings.Repeat("é", 127),
		strings.Repeat("€", 100):        strings.Repeat("€", 85),
		strings.Repeat("😀", 100):        strings.Repeat("😀", 63),
		"a\xffb":                        "a\uFFFDb",
		strings.Repeat("\xff x", 10000): strings.Repeat("\uFFFD x", 51),
	} {
		tokens, err := w.Start(t.Context(), "alice", nil, session.WithLabel(label))
		if err != nil {
			t.Errorf("%.20q: got %v, want nil", label, err)
			continue
		}
		if got := tokens.Session().Label; got != want || !utf8.ValidString(got) {
			t.Errorf("%.20q: got %q, want %q", label, got, want)
		}
	}
}

func TestLifetimeOfOneSession(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", nil, session.WithLifetime(time.Hour)))
	end := epoch.Add(time.Hour).Truncate(time.Second)
	if got := tokens.Session(); !got.End.Equal(end) || !got.Expires.Equal(end) {
		t.Errorf("got end %v and expires %v, want %v", got.End, got.Expires, end)
	}
	held := tokens.Refresh()
	for w.clock.Now().Before(end.Add(-access)) {
		w.clock.Advance(access / 2)
		held = w.refresh(t, held)
	}
	// The last access token ends with the session.
	w.clock.Set(end.Add(-5 * time.Second))
	last := must(w.Refresh(t.Context(), held))
	if got := last.Access().ExpiresAt(); !got.Equal(end) {
		t.Errorf("got exp %v, want the end %v", got, end)
	}
	w.clock.Set(end.Add(-time.Second))
	if _, err := w.Refresh(t.Context(), last.Refresh()); err != nil {
		t.Errorf("a second before the end: got %v, want nil", err)
	}
	w.clock.Advance(time.Millisecond)
	_, err := w.Refresh(t.Context(), last.Refresh())
	wantOutcome(t, err, "expired")
	if e, ok := errors.AsType[*jwtexp.ExpiredError](err); !ok || e.Now.Before(e.ExpiredAt) || e.Subject != "alice" {
		t.Errorf("got %+v, want an ExpiredError of alice that has expired", e)
	}
}

// Without Idle, only Lifetime counts.
func TestNoIdle(t *testing.T) {
	w := newWorldWith(session.Policy{Lifetime: lifetime, Recovery: recovery})
	tokens := must(w.Start(t.Context(), "alice", nil))
	if got := tokens.Session(); !got.Expires.Equal(got.End) {
		t.Errorf("got expires %v, want the end %v", got.Expires, got.End)
	}
	w.clock.Set(tokens.Session().End.Add(-time.Second))
	w.refresh(t, tokens.Refresh())
	w.clock.Advance(time.Second)
	_, err := w.Refresh(t.Context(), tokens.Refresh())
	wantOutcome(t, err, "expired")
}

// The store may fail at Start before or after it has the record. Either way the login failed, and
// the next one works.
func TestStartDuringAnOutage(t *testing.T) {
	for name, hook := range map[string]func(string, func() error) error{"before": failBefore("Create"), "after": failAfter("Create")} {
		w := newWorld()
		w.store.hook = hook
		tokens, err := w.Start(t.Context(), "alice", nil)
		wantOutcome(t, err, "unavailable")
		if tokens != nil || !errors.Is(err, errStore) {
			t.Errorf("%s: got %v, %v, want the store's error", name, tokens, err)
		}
		w.wantEvents(t, session.EventFailed)
		w.store.hook = nil
		w.start(t)
	}
}

// An issuer that fails is an outage, and nothing is stored.
func TestStartWithoutAKey(t *testing.T) {
	w := newWorld()
	down := &jwtexp.UnavailableError{What: "vault", Detail: "sealed", RetryAfter: time.Minute}
	issuer := must(jwtexp.NewIssuer(keySource{down}, access, jwtexp.WithClock(w.clock)))
	_, err := must(session.New(w.store, issuer, secret, policy)).Start(t.Context(), "alice", nil)
	wantOutcome(t, err, "unavailable")
	if e, ok := errors.AsType[*jwtexp.UnavailableError](err); !ok || e.What != "vault" || e.RetryAfter != time.Minute {
		t.Errorf("got %+v, want the error of the key source", e)
	}
	if got := w.store.taken(); len(got) > 0 {
		t.Errorf("got calls of the store %v, want none", got)
	}
}

type keySource struct{ err error }

func (s keySource) SigningKey(context.Context, time.Time) (jwtexp.Key, error) {
	return jwtexp.Key{}, s.err
}
