package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// Start starts a session for a subject who has just proved who they are, and stores its record.
// subject is up to 255 bytes of UTF-8. claims are for the access tokens, as for
// [jwtexp.Issuer.Issue], up to 4 KiB of JSON. With [WithClaims], they are for its function only.
//
// An error matches [jwtexp.ErrInvalid] if the function in WithClaims returned [ErrEnd], and
// [jwtexp.ErrUnavailable] if something failed. Otherwise the arguments or the issuer's key are at
// fault, and it matches no verdict. After an error no session is of use. If something failed, a
// record may be there until it expires, and List shows it. A caller who repeats Start starts
// another session.
func (m *Manager) Start(ctx context.Context, subject string, claims any, opts ...StartOption) (*Tokens, error) {
	in, err := m.config()
	if err != nil {
		return nil, err
	}
	return in.start(ctx, subject, claims, opts)
}

func (m *manager) start(ctx context.Context, subject string, claims any, opts []StartOption) (*Tokens, error) {
	object, err := encodeClaims(claims)
	request := startRequest{access: m.issuer.Lifetime(), lifetime: m.policy.Lifetime}
	if err := errors.Join(checkSubject(subject), err, request.apply(opts)); err != nil {
		return nil, fmt.Errorf("session: Start: %w", err)
	}
	now, err := m.now(ctx)
	if err != nil {
		return nil, err
	}
	token := refreshToken{generation: 1}
	rand.Read(token.family[:])
	r := Record{
		ID: token.session(), Subject: subject, Label: request.label, Claims: object,
		Generation: token.generation, Started: now, Refreshed: now,
		End: now.Add(request.lifetime).Truncate(time.Second),
	}
	r.Expires = m.policy.expires(now, r.End)

	access, err := m.issue(ctx, r.info())
	switch {
	case errors.Is(err, errEnded):
		return nil, &jwtexp.InvalidError{Reason: ReasonEnded}
	case err != nil && m.claims == nil && !errors.Is(err, jwtexp.ErrUnavailable):
		return nil, fmt.Errorf("session: Start: %w", err)
	case err != nil:
		return nil, m.issueFailed(ctx, r.info(), err)
	}
	if err := m.store.Create(ctx, r); err != nil {
		return nil, m.storeFailed(ctx, r.info(), err)
	}
	ready, err := m.now(ctx)
	if err != nil {
		return nil, err
	}
	m.observe(ctx, Event{Kind: EventStarted, Session: r.info()})
	return newTokens(tokens{access, m.keys.text(token.of(r)), r.info(), ready}), nil
}

func checkSubject(subject string) error {
	switch {
	case subject == "":
		return errors.New("the subject is empty; pass the ID of the user")
	case len(subject) > maxText:
		return fmt.Errorf("the subject has %d bytes; want %d at most", len(subject), maxText)
	case !utf8.ValidString(subject):
		return errors.New("the subject is not valid UTF-8")
	}
	return nil
}

// encodeClaims returns the claims as a JSON object.
func encodeClaims(claims any) ([]byte, error) {
	object, err := claimset.Encode(claims)
	if err == nil && len(object) > maxClaims {
		err = fmt.Errorf("the claims have %d bytes; want %d at most: look up the rest in WithClaims", len(object), maxClaims)
	}
	return object, err
}

// errEnded is the error of issue if the function in WithClaims returned ErrEnd. Others, such as a
// key source, must not end a session.
var errEnded = errors.New("session: ended by WithClaims")

// issue returns an access token for a session. An error is errEnded, an ErrUnavailable, or is
// about the claims.
func (m *manager) issue(ctx context.Context, s Info) (*jwtexp.Token, error) {
	claims := any(s.Claims)
	if m.claims != nil {
		var err error
		claims, err = m.claims(ctx, s)
		switch {
		case errors.Is(err, ErrEnd):
			return nil, errEnded
		case err != nil:
			return nil, outage(ctx, "session claims", "the function in WithClaims returned an error; errors.Unwrap shows it", err)
		}
	}
	return m.issuer.Issue(ctx, s.Subject, claims, jwtexp.WithSessionID(s.ID), jwtexp.WithExpiresBy(s.End))
}

// issueFailed reports an error of issue that is not errEnded, and returns it as an outage.
func (m *manager) issueFailed(ctx context.Context, s Info, err error) error {
	if e, ok := errors.AsType[*jwtexp.UnavailableError](err); ok {
		return m.failed(ctx, s, e)
	}
	return m.failed(ctx, s, outage(ctx, "access token", err.Error(), err))
}

// A StartOption configures one session of [Manager.Start].
type StartOption interface {
	forStart(*startRequest) error
}

// A startRequest is one call of Start.
type startRequest struct {
	access      time.Duration // the lifetime of access tokens
	lifetime    time.Duration // the policy's, or of WithLifetime
	hasLifetime bool
	label       string
	hasLabel    bool
}

func (r *startRequest) apply(opts []StartOption) error {
	var faults []error
	for _, o := range opts {
		if o == nil {
			faults = append(faults, setup.ErrNilOption)
			continue
		}
		faults = append(faults, o.forStart(r))
	}
	return errors.Join(faults...)
}

// WithLabel describes the session for people, such as "Firefox on Linux" ([Info.Label]). A label
// never fails a login: it is cut to 255 bytes, between two characters, and bytes that are not UTF-8
// are replaced.
func WithLabel(label string) StartOption { return labelOption(label) }

type labelOption string

func (o labelOption) forStart(r *startRequest) error {
	if r.hasLabel {
		return fmt.Errorf("WithLabel: %w", setup.ErrGivenTwice)
	}
	label := strings.ToValidUTF8(string(o), "\uFFFD")
	if len(label) > maxText {
		end := maxText
		for !utf8.RuneStart(label[end]) {
			end--
		}
		label = label[:end]
	}
	r.label, r.hasLabel = label, true
	return nil
}

// WithLifetime sets how long after Start this session ends, such as a shorter time without
// "remember me": whole seconds, at most the policy's Lifetime, and at least the lifetime of access
// tokens.
func WithLifetime(d time.Duration) StartOption { return lifetimeOption(d) }

type lifetimeOption time.Duration

func (o lifetimeOption) forStart(r *startRequest) error {
	d := time.Duration(o)
	if r.hasLifetime {
		return fmt.Errorf("WithLifetime: %w", setup.ErrGivenTwice)
	}
	if d > r.lifetime {
		return fmt.Errorf("WithLifetime: %v is longer than the policy's Lifetime, %v", d, r.lifetime)
	}
	r.lifetime, r.hasLifetime = d, true
	if err := checkSpan(d, r.access); err != nil {
		return fmt.Errorf("WithLifetime: %w, the lifetime of access tokens", err)
	}
	return nil
}
