package jwtexp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
)

// An Issuer issues tokens with a lifetime. It is safe for concurrent use. Make one with
// [NewIssuer]: the zero Issuer issues nothing.
type Issuer struct {
	in opaque.Field[issuer] // leads to keys
}

type issuer struct {
	common
	keys     KeySource
	lifetime time.Duration
	template claimset.Template
	header   atomic.Pointer[jws.EncodedHeader] // of the last token
}

// NewIssuer returns an Issuer. keys returns the key that signs each token. Tokens live for
// lifetime, a positive number of whole seconds.
func NewIssuer(keys KeySource, lifetime time.Duration, opts ...IssuerOption) (*Issuer, error) {
	s := setup.New("jwtexp: NewIssuer")
	if key, ok := plainKey(keys); ok {
		keys = key
		s.Fault("keys", key.checkSigning())
	} else if setup.IsNil(keys) {
		s.Fault("keys", errors.New("nil; pass a Key or a KeySource"))
	}
	s.Fault("lifetime", setup.CheckLifetime(lifetime))
	in := &issuer{common: common{clock: systemClock, typ: defaultType, maxSize: DefaultMaxSize}, keys: keys, lifetime: lifetime}
	setup.Apply(s, opts, func(o IssuerOption) { o.forIssuer(in, s) })
	if err := s.Err(); err != nil {
		return nil, err
	}
	in.template = claimset.NewTemplate(in.issuer, in.audience)
	i := new(Issuer)
	i.in.Set(in)
	return i, nil
}

// Issue issues a token for subject, which becomes sub and must not be empty. claims are nil, or a
// struct or map that encoding/json writes as an object. A claim named iss, sub, aud, exp, iat, jti
// or nbf, in any letter case, is an error. iat is the clock's reading, cut to the second, exp is
// exactly the lifetime later, and jti has 128 random bits.
//
// An error matches [ErrUnavailable] if the key source, the signer or the clock failed, or if ctx
// was done when a signer such as a KMS returned. Otherwise it matches no verdict. A token larger
// than [WithMaxSize] is an error.
func (i *Issuer) Issue(ctx context.Context, subject string, claims any, opts ...IssueOption) (*Token, error) {
	if i == nil || i.in.Get() == nil {
		return nil, errors.New("jwtexp: Issue: the Issuer is nil or zero; make it with NewIssuer")
	}
	return i.in.Get().issue(ctx, subject, claims, opts)
}

func (i *issuer) issue(ctx context.Context, subject string, claims any, opts []IssueOption) (*Token, error) {
	request := issueRequest{subject: subject, claims: claims, lifetime: i.lifetime}
	if err := request.apply(opts); err != nil {
		_, claimsErr := i.template.Append(nil, new(claimset.Set), claims)
		return nil, issueError(err, claimsErr)
	}
	now, err := readClock(i.clock)
	if err != nil {
		return nil, unavailable(ctx, "clock", err.Error(), nil)
	}
	key, err := i.keys.SigningKey(ctx, now)
	if err != nil {
		return nil, unavailable(ctx, "key source", "", err)
	}
	token, err := i.sign(&request, key, now)
	if err == nil && key.material().Remote() && ctx.Err() != nil {
		return nil, unavailable(ctx, "signer", "its signature came too late", nil)
	}
	if err == nil {
		return token, nil
	}
	if signer, ok := errors.AsType[*jws.SignerError](err); ok {
		return nil, unavailable(ctx, "signer", "", signer.Cause)
	}
	return nil, issueError(err)
}

// issueError returns an error for the faults that are not nil, in one line.
func issueError(all ...error) error {
	err := errors.Join(all...)
	return newFault("jwtexp: Issue: "+strings.ReplaceAll(err.Error(), "\n", "; "), causeOf(err))
}

func (i *issuer) sign(r *issueRequest, key Key, now time.Time) (*Token, error) {
	if err := key.checkSigning(); err != nil {
		return nil, err
	}
	header := i.headerFor(key)
	c := &contents{header: &header.Header, signer: key.material().Identity()}
	datesErr := i.setClaims(&c.claims, r, now)
	if datesErr == nil && !key.covers(c.claims.ExpiresAt) {
		datesErr = fmt.Errorf("the signing key %q is limited to tokens that expire by %s; rotate the key, or shorten the lifetime", key.id, key.notAfter.UTC().Format(time.RFC3339))
	}
	var array [512]byte // on the stack; without it, Issue takes 19 % longer (BenchmarkIssue)
	payload, err := i.template.Append(array[:0], &c.claims, r.claims)
	if datesErr != nil || err != nil {
		return nil, errors.Join(datesErr, err)
	}
	c.raw, err = jws.Sign(key.material(), header, payload)
	if err != nil {
		return nil, err
	}
	if len(c.raw) > i.maxSize {
		return nil, fmt.Errorf("the token has %d bytes, and the limit is %d; leave claims out, or raise the limit of the Issuer and its Verifiers (WithMaxSize)", len(c.raw), i.maxSize)
	}
	return c.firstToken(), nil
}

// headerFor returns the header of the last token if the key is the same, as it is for most tokens.
func (i *issuer) headerFor(key Key) *jws.EncodedHeader {
	if last := i.header.Load(); last != nil && last.Serves(key.material(), key.id) {
		return last
	}
	header := jws.EncodeHeader(key.material(), i.typ, key.id)
	i.header.Store(header)
	return header
}

// setClaims sets the registered claims.
func (i *issuer) setClaims(c *claimset.Set, r *issueRequest, now time.Time) error {
	c.Issuer, c.Subject, c.Audience, c.ID = i.issuer, r.subject, i.audience, rand.Text()
	c.IssuedAt = time.Unix(now.Unix(), 0).UTC()
	c.ExpiresAt = c.IssuedAt.Add(r.lifetime)
	if r.hasNotBefore {
		c.NotBefore = r.notBefore.Round(0).UTC()
	}
	switch {
	case c.IssuedAt.Unix() < 0 || c.ExpiresAt.After(latestExpiry):
		return fmt.Errorf("the clock reads %s; iat and exp must be between 1970 and 9999", now.Format(time.RFC3339))
	case r.hasNotBefore && c.NotBefore.Unix() < 0:
		return errors.New("WithNotBefore: before 1970; is the time unset?")
	case r.hasNotBefore && !c.NotBefore.Before(c.ExpiresAt):
		return fmt.Errorf("WithNotBefore: %s is not before exp, %s, so the token would never be valid",
			c.NotBefore.Format(time.RFC3339Nano), c.ExpiresAt.Format(time.RFC3339Nano))
	}
	return nil
}

// An IssuerOption configures [NewIssuer].
type IssuerOption interface {
	forIssuer(*issuer, *setup.Setup)
}

// An IssueOption configures one token of [Issuer.Issue].
type IssueOption interface {
	forIssue(*issueRequest) error
}

// WithLifetime sets the lifetime of one token. It must be whole seconds, and at most the Issuer's.
func WithLifetime(d time.Duration) IssueOption { return lifetimeOption(d) }

// WithNotBefore sets nbf to t, to the nanosecond (RFC 7519 §4.1.5). It must be before exp. Some
// verifiers elsewhere accept whole seconds only: pass t.Truncate(time.Second) for them.
func WithNotBefore(t time.Time) IssueOption { return notBeforeOption(t) }

// An issueRequest is one call of Issue.
type issueRequest struct {
	subject      string
	claims       any
	lifetime     time.Duration
	notBefore    time.Time
	hasLifetime  bool
	hasNotBefore bool
}

func (r *issueRequest) apply(opts []IssueOption) error {
	var faults []error
	if r.subject == "" {
		faults = append(faults, errors.New("the subject is empty; pass the ID of the user or service that the token is for"))
	}
	for _, o := range opts {
		if o == nil {
			faults = append(faults, setup.ErrNilOption)
			continue
		}
		next := *r // a copy, so that r stays on the stack; without it, Issue takes 4 % longer (BenchmarkIssue)
		if err := o.forIssue(&next); err != nil {
			faults = append(faults, err)
		}
		*r = next
	}
	return errors.Join(faults...)
}

type lifetimeOption time.Duration

func (o lifetimeOption) forIssue(r *issueRequest) error {
	d := time.Duration(o)
	if r.hasLifetime {
		return fmt.Errorf("WithLifetime: %w", setup.ErrGivenTwice)
	}
	if err := setup.CheckLifetime(d); err != nil {
		return fmt.Errorf("WithLifetime: %w", err)
	}
	if d > r.lifetime {
		return fmt.Errorf("WithLifetime: %v is longer than the Issuer's %v", d, r.lifetime)
	}
	r.lifetime, r.hasLifetime = d, true
	return nil
}

type notBeforeOption time.Time

func (o notBeforeOption) forIssue(r *issueRequest) error {
	if r.hasNotBefore {
		return fmt.Errorf("WithNotBefore: %w", setup.ErrGivenTwice)
	}
	r.notBefore, r.hasNotBefore = time.Time(o), true
	return nil
}
