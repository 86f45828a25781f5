package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// New returns every fault of its arguments, joined.
func TestFaultsOfNew(t *testing.T) {
	w := newWorld()
	day := 24 * time.Hour
	with := func(change func(*session.Policy)) session.Policy {
		p := policy
		change(&p)
		return p
	}
	nine := make([][]byte, 8)
	for i := range nine {
		nine[i] = append([]byte{byte('a' + i)}, otherSecret...)
	}
	for _, tt := range []struct {
		name   string
		store  session.Store
		issuer *jwtexp.Issuer
		secret []byte
		policy session.Policy
		opts   []session.Option
		want   []string // the start of each line
	}{
		{"everything", nil, nil, nil, session.Policy{}, []session.Option{nil}, []string{"store: nil", "issuer: nil or zero", "secret: ", "options: "}},
		{"nil pointers", (*session.Memory)(nil), new(jwtexp.Issuer), secret, policy, nil, []string{"store: nil", "issuer: nil or zero"}},
		{"a short secret", w.store, w.issuer, secret[:31], policy, nil, []string{"secret: "}},
		{"a secret of one byte", w.store, w.issuer, make([]byte, 32), policy, nil, []string{"secret: "}},

		{"Lifetime 0", w.store, w.issuer, secret, session.Policy{}, nil, []string{"Policy.Lifetime: "}},
		{"Lifetime shorter than access tokens", w.store, w.issuer, secret, session.Policy{Lifetime: access - time.Second}, nil, []string{"Policy.Lifetime: invalid time 9m59s: want whole seconds, at least 10m0s"}},
		{"Lifetime with a fraction", w.store, w.issuer, secret, session.Policy{Lifetime: day + 1}, nil, []string{"Policy.Lifetime: "}},
		{"Lifetime longer than 100 years", w.store, w.issuer, secret, session.Policy{Lifetime: 101 * 365 * day}, nil, []string{"Policy.Lifetime: "}},
		{"Idle too short", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Idle = access + 2*grace - time.Second }), nil, []string{"Policy.Idle: "}},
		{"Idle negative", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Idle = -time.Hour }), nil, []string{"Policy.Idle: "}},
		{"Idle with a fraction", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Idle += time.Millisecond }), nil, []string{"Policy.Idle: "}},
		{"Grace too long", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Grace = access/8 + time.Millisecond }), nil, []string{"Policy.Grace: "}},
		{"Grace negative", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Grace = -1 }), nil, []string{"Policy.Grace: "}},
		{"Grace with a fraction", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Grace = time.Second + 1 }), nil, []string{"Policy.Grace: "}},
		{"Recovery too short", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Recovery = 2*grace - 1 }), nil, []string{"Policy.Recovery: "}},
		{"Recovery with a fraction", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Recovery++ }), nil, []string{"Policy.Recovery: "}},
		{"Recovery shorter than twice Grace", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Recovery = 2*grace - time.Millisecond }), nil, []string{"Policy.Recovery: "}},
		{"Recovery negative", w.store, w.issuer, secret, with(func(p *session.Policy) { p.Recovery = -time.Millisecond }), nil, []string{"Policy.Recovery: "}},

		{"no other secret", w.store, w.issuer, secret, policy, []session.Option{session.WithOtherSecrets()}, []string{"WithOtherSecrets: no secret"}},
		{"a bad other secret", w.store, w.issuer, secret, policy, []session.Option{session.WithOtherSecrets(otherSecret, secret[:5])}, []string{"WithOtherSecrets: secret 1: "}},
		{"the first secret again", w.store, w.issuer, secret, policy, []session.Option{session.WithOtherSecrets(secret)}, []string{"WithOtherSecrets: secret 0: given twice"}},
		{"nine secrets", w.store, w.issuer, secret, policy, []session.Option{session.WithOtherSecrets(nine...)}, []string{"WithOtherSecrets: 9 secrets"}},
		{"no name", w.store, w.issuer, secret, policy, []session.Option{session.WithName("")}, []string{"WithName: empty"}},
		{"two names", w.store, w.issuer, secret, policy, []session.Option{session.WithName("a"), session.WithName("b")}, []string{"WithName: given twice"}},
		{"longest access too short", w.store, w.issuer, secret, policy, []session.Option{session.WithLongestAccess(access - time.Second)}, []string{"WithLongestAccess: "}},
		{"longest access longer than 100 years", w.store, w.issuer, secret, policy, []session.Option{session.WithLongestAccess(101 * 365 * day)}, []string{"WithLongestAccess: "}},
		{"longest access with a fraction", w.store, w.issuer, secret, policy, []session.Option{session.WithLongestAccess(access + 1)}, []string{"WithLongestAccess: "}},
		{"no claims", w.store, w.issuer, secret, policy, []session.Option{session.WithClaims(nil)}, []string{"WithClaims: nil"}},
		{"no observer", w.store, w.issuer, secret, policy, []session.Option{session.WithObserver(nil)}, []string{"WithObserver: nil"}},
		{"no watcher", w.store, w.issuer, secret, policy, []session.Option{session.WithWatcher(nil)}, []string{"WithWatcher: nil or zero"}},
		{"zero watcher", w.store, w.issuer, secret, policy, []session.Option{session.WithWatcher(&session.Watcher{})}, []string{"WithWatcher: nil or zero"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := session.New(tt.store, tt.issuer, tt.secret, tt.policy, tt.opts...)
			if m != nil {
				t.Errorf("got %v beside an error, want nil", m)
			}
			wantFaults(t, err, "session: New: ", tt.want)
		})
	}
}

func TestPolicyDefaults(t *testing.T) {
	key := newWorld().key
	for _, tt := range []struct {
		access    time.Duration
		in, wants session.Policy
	}{
		{10 * time.Minute, session.Policy{Lifetime: time.Hour}, session.Policy{Lifetime: time.Hour, Grace: 30 * time.Second, Recovery: 24 * time.Hour}},
		{4 * time.Minute, session.Policy{Lifetime: time.Hour}, session.Policy{Lifetime: time.Hour, Grace: 30 * time.Second, Recovery: 24 * time.Hour}},
		{time.Minute, session.Policy{Lifetime: time.Hour}, session.Policy{Lifetime: time.Hour, Grace: 7500 * time.Millisecond, Recovery: 24 * time.Hour}},
		{time.Second, session.Policy{Lifetime: time.Second, Idle: 2 * time.Second}, session.Policy{Lifetime: time.Second, Idle: 2 * time.Second, Grace: 125 * time.Millisecond, Recovery: 24 * time.Hour}},
		{time.Hour, session.Policy{Lifetime: time.Hour, Grace: time.Millisecond, Recovery: 2 * time.Millisecond}, session.Policy{Lifetime: time.Hour, Grace: time.Millisecond, Recovery: 2 * time.Millisecond}},
		{time.Hour, session.Policy{Lifetime: time.Hour, Grace: 450 * time.Second, Recovery: session.NoRecovery}, session.Policy{Lifetime: time.Hour, Grace: 450 * time.Second, Recovery: -1}},
	} {
		m, err := session.New(session.NewMemory(), must(jwtexp.NewIssuer(key, tt.access)), secret, tt.in)
		if err != nil {
			t.Errorf("%+v: got %v, want nil", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.wants, m.Policy()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.in, diff)
		}
	}
}

// The methods of a Manager that New did not make return errors, and never say that a client should
// forget its refresh token.
func TestZeroManager(t *testing.T) {
	good := newWorld().start(t)
	for name, m := range map[string]*session.Manager{"nil": nil, "zero": {}} {
		_, started := m.Start(t.Context(), "alice", nil)
		_, refreshed := m.Refresh(t.Context(), good)
		_, one := m.EndSession(t.Context(), "alice", "id")
		_, all := m.EndAll(t.Context(), "alice")
		_, list := m.List(t.Context(), "alice")
		for method, err := range map[string]error{
			"Start": started, "Refresh": refreshed, "End": m.End(t.Context(), good), "EndSession": one, "EndAll": all, "List": list,
			"RevokeToken": m.RevokeToken(t.Context(), nil),
		} {
			if !errors.Is(err, jwtexp.ErrUnavailable) {
				t.Errorf("%s: %s: got %v, want ErrUnavailable", name, method, err)
			}
		}
		if got := m.Policy(); got != (session.Policy{}) {
			t.Errorf("%s: got %v, want the zero Policy", name, got)
		}
		if got := post(t, m.TokenHandler(), "grant_type=refresh_token&refresh_token="+good); got.Code != 503 {
			t.Errorf("%s: TokenHandler: got %d, want 503", name, got.Code)
		}
		if got := post(t, m.RevocationHandler(), "token="+good); got.Code != 503 {
			t.Errorf("%s: RevocationHandler: got %d, want 503", name, got.Code)
		}
	}
}

// A Manager keeps copies of the secrets: a caller may overwrite them.
func TestSecretsAreCopied(t *testing.T) {
	w := newWorld()
	first, second := append([]byte(nil), secret...), append([]byte(nil), otherSecret...)
	option := session.WithOtherSecrets(second)
	clear(second)
	m := must(session.New(w.store, w.issuer, first, policy, option))
	clear(first)
	for _, s := range [][]byte{secret, otherSecret} {
		from := must(session.New(w.store, w.issuer, s, policy))
		token := must(from.Start(t.Context(), "alice", nil)).Refresh()
		if _, err := m.Refresh(t.Context(), token); err != nil {
			t.Errorf("got %v, want nil", err)
		}
	}
}

// Without a good reading of the clock, nothing is decided: the answer is an outage.
func TestClockFails(t *testing.T) {
	for name, at := range map[string]time.Time{
		"zero": {}, "before 1970": time.Unix(-1, 0), "sessions would end after 9999": time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC),
		"far": time.Unix(1<<62, 0),
	} {
		w := newWorld()
		good := w.start(t)
		now := at
		issuer := must(jwtexp.NewIssuer(w.key, access, jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time { return now }))))
		m := must(session.New(w.store, issuer, secret, policy, session.WithObserver(w.observe)))
		w.kinds()
		w.store.taken()
		_, err := m.Start(t.Context(), "alice", nil)
		wantOutcome(t, err, "unavailable")
		_, err = m.Refresh(t.Context(), good)
		wantOutcome(t, err, "unavailable")
		wantOutcome(t, m.End(t.Context(), good), "unavailable")
		if zero := strings.Contains(err.Error(), "the zero time; set it"); zero != at.IsZero() {
			t.Errorf("%s: got %v, want it to say that the time is zero: %t", name, err, at.IsZero())
		}
		if calls := w.store.taken(); len(calls) > 0 {
			t.Errorf("%s: got calls of the store %v, want none", name, calls)
		}
		w.wantEvents(t, session.EventFailed, session.EventFailed, session.EventFailed)
	}
}

// The clock may break while a session is refreshed.
func TestClockFailsLater(t *testing.T) {
	w := newWorld()
	good := w.start(t)
	readings := 0
	clock := jwtexp.ClockFunc(func() time.Time {
		if readings++; readings == 3 { // the verdict, iat, and how long it took
			return time.Time{}
		}
		return w.clock.Now()
	})
	issuer := must(jwtexp.NewIssuer(w.key, access, jwtexp.WithClock(clock)))
	m := must(session.New(w.store, issuer, secret, policy))
	_, err := m.Refresh(t.Context(), good)
	wantOutcome(t, err, "unavailable")
	if readings != 3 {
		t.Errorf("got %d readings of the clock, want 3", readings)
	}
}

var _ session.Store = (*session.Memory)(nil)
