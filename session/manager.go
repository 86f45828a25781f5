package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// A Manager starts, refreshes and ends sessions. Make one with [New]: the methods of the zero
// Manager return errors. It is safe for concurrent use. Several instances of a service have a
// Manager each, with the same store, secret, name and policy.
//
// An error of a method matches [jwtexp.ErrUnavailable] if the store, the issuer, the clock or the
// function in [WithClaims] failed. Then nothing is known about the session: the client keeps its
// refresh token and tries later.
type Manager struct {
	in opaque.Field[manager] // leads to the keys
}

type manager struct {
	store   Store
	issuer  *jwtexp.Issuer
	policy  Policy
	name    string
	secrets [][]byte
	keys    keys
	longest time.Duration // of an access token
	claims  func(context.Context, Info) (any, error)
	observe func(context.Context, Event)
	watcher *Watcher // or nil
}

// New returns a Manager. The access tokens are the issuer's. secret signs the refresh tokens: 32
// random bytes or more, as for [jwtexp.NewSecretKey]. It may be the secret of the issuer's key,
// from which the Manager derives another. The error lists every fault of the arguments.
func New(store Store, issuer *jwtexp.Issuer, secret []byte, policy Policy, opts ...Option) (*Manager, error) {
	s := setup.New("session: New")
	if setup.IsNil(store) {
		s.Fault("store", errors.New("nil; pass a Store, such as NewMemory()"))
	}
	access := issuer.Lifetime()
	m := &manager{
		store:   store,
		issuer:  issuer,
		policy:  policy.withDefaults(access),
		secrets: [][]byte{slices.Clone(secret)},
		longest: access,
		observe: func(context.Context, Event) {},
	}
	if access == 0 {
		s.Fault("issuer", errors.New("nil or zero; make it with jwtexp.NewIssuer"))
	} else {
		m.policy.check(s, access)
	}
	s.Fault("secret", checkSecret(secret))
	setup.Apply(s, opts, func(o Option) { o.forManager(m, s) })
	if err := s.Err(); err != nil {
		return nil, err
	}
	for _, one := range m.secrets {
		m.keys = append(m.keys, newKey(one, m.name))
	}
	m.secrets = nil
	outer := new(Manager)
	outer.in.Set(m)
	return outer, nil
}

// checkSecret returns an error unless the secret may be the secret of a key.
func checkSecret(secret []byte) error {
	_, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	return err
}

// Policy returns the policy with its defaults filled in. A test that wants a refresh token to be
// replaced advances its clock by twice Grace.
func (m *Manager) Policy() Policy {
	if m == nil || m.in.Get() == nil {
		return Policy{}
	}
	return m.in.Get().policy
}

// config returns the configuration, or an error for a nil or zero Manager.
func (m *Manager) config() (*manager, error) {
	if m == nil || m.in.Get() == nil {
		return nil, &jwtexp.UnavailableError{What: "session.Manager", Detail: "nil or zero; make it with New"}
	}
	return m.in.Get(), nil
}

// latest is the latest time that a Store keeps.
var latest = time.Unix(claimset.MaxNumericDate, 0).UTC()

// now returns the clock's reading, cut to the millisecond.
func (m *manager) now(ctx context.Context) (time.Time, error) {
	now := m.issuer.Clock().Now()
	switch {
	case now.IsZero():
		return now, m.failed(ctx, Info{}, outage(ctx, "clock", "it returned the zero time; set it", nil))
	case now.Unix() < 0 || now.Add(m.policy.Lifetime).After(latest):
		detail := fmt.Sprintf("it reads %s, and sessions must be between 1970 and 9999", now.Format(time.RFC3339))
		return now, m.failed(ctx, Info{}, outage(ctx, "clock", detail, nil))
	}
	return now.UTC().Truncate(time.Millisecond), nil
}

// failed reports an outage to the observer, and returns it.
func (m *manager) failed(ctx context.Context, s Info, err *jwtexp.UnavailableError) error {
	m.observe(ctx, Event{EventFailed, s, err})
	return err
}

// storeFailed reports an error of the store, and returns it as an outage.
func (m *manager) storeFailed(ctx context.Context, s Info, err error) error {
	return m.failed(ctx, s, outage(ctx, "session store", "it returned an error; errors.Unwrap shows it", err))
}

// An Option configures [New].
type Option interface {
	forManager(*manager, *setup.Setup)
}

type option struct {
	name string
	set  func(*manager) error
}

func (o option) forManager(m *manager, s *setup.Setup) { s.Option(o.name, o.set(m)) }

// maxSecrets is how many secrets can verify: each costs every wrong refresh token an HMAC.
const maxSecrets = 8

// WithOtherSecrets adds secrets that verify refresh tokens and sign none: old ones and coming ones,
// 7 at most. To rotate the secret, add the new one with this option in every instance. Then make it
// the argument of New, and pass the old one here. Remove the old one when the policy's Idle, or its
// Lifetime if Idle is 0, has passed.
func WithOtherSecrets(secrets ...[]byte) Option {
	copies := make([][]byte, len(secrets))
	for i, secret := range secrets {
		copies[i] = slices.Clone(secret)
	}
	return option{"WithOtherSecrets", func(m *manager) error {
		var faults []error
		for i, secret := range copies {
			if err := checkSecret(secret); err != nil {
				faults = append(faults, fmt.Errorf("secret %d: %w", i, err))
			}
			if slices.ContainsFunc(m.secrets, func(other []byte) bool { return string(other) == string(secret) }) {
				faults = append(faults, fmt.Errorf("secret %d: %w", i, setup.ErrGivenTwice))
			}
			m.secrets = append(m.secrets, secret)
		}
		switch {
		case len(copies) == 0:
			faults = append(faults, errors.New("no secret given; leave the option out"))
		case len(m.secrets) > maxSecrets:
			faults = append(faults, fmt.Errorf("%d secrets with the first one: want %d at most", len(m.secrets), maxSecrets))
		}
		return errors.Join(faults...)
	}}
}

// WithName separates Managers that share a secret, such as one for customers and one for employees:
// each rejects the refresh tokens of the others. It does not separate their subjects in a store:
// give each a store of its own, or subjects that differ. An empty name is an error.
func WithName(name string) Option {
	return option{"WithName", func(m *manager) error {
		m.name = name
		if name == "" {
			return errors.New("empty; is an environment variable unset?")
		}
		return nil
	}}
}

// WithLongestAccess says how long access tokens live at most, of any issuer that works with this
// store, or did until lately: an entry in [Feed.Ended] stays that long. Whole seconds, and at least
// the lifetime of the issuer, which is the default. Set it before you shorten that lifetime.
func WithLongestAccess(d time.Duration) Option {
	return option{"WithLongestAccess", func(m *manager) error {
		m.longest = d
		return checkSpan(d, m.issuer.Lifetime())
	}}
}

// WithClaims makes claims return the application claims of every access token, at each Start and
// Refresh, so that a changed role counts from the next refresh on. It gets the session with the
// claims of Start. nil means no claims. It must be safe for concurrent use.
//
// If it returns an error that matches [ErrEnd], the session ends: Refresh returns
// [jwtexp.ErrInvalid], and Start does so without storing anything. Any other error is an outage.
//
// To end the sessions of a user whose password has changed, put a version of the credentials into
// the claims of Start, compare it here, and return ErrEnd if it is old. Change the version first,
// and then call EndAll. A login that was checked before the change and started after it then ends
// at Start, or at its first refresh. [jwtexp.WithClaims] is another option: it checks the claims of
// a Verifier.
func WithClaims(claims func(ctx context.Context, s Info) (any, error)) Option {
	return option{"WithClaims", func(m *manager) error {
		m.claims = claims
		if claims == nil {
			return errors.New("nil; leave the option out for the claims of Start")
		}
		return nil
	}}
}

// WithObserver makes observe get every [Event], after what it reports. It must be safe for
// concurrent use, and return soon: the caller waits. Alert on [EventReused].
func WithObserver(observe func(ctx context.Context, e Event)) Option {
	return option{"WithObserver", func(m *manager) error {
		m.observe = observe
		if observe == nil {
			return errors.New("nil; leave the option out")
		}
		return nil
	}}
}

// WithWatcher makes the Watcher know what this Manager ends before End, EndSession, EndAll and
// RevokeToken return, and before Refresh returns an error for reuse or [ErrEnd]: Verifiers that use
// the Watcher then reject the access tokens at once. Other processes do so after their next poll. If
// the Watcher cannot read its feed, the end counts nevertheless, and the observer gets
// [EventFailed].
func WithWatcher(w *Watcher) Option {
	return option{"WithWatcher", func(m *manager) error {
		m.watcher = w
		if _, err := w.config(); err != nil {
			return errors.New("nil or zero; make it with NewWatcher")
		}
		return nil
	}}
}
