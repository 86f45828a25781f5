package jwtexp

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
)

// An Issuer mints tokens with a lifetime. It is safe for concurrent use. The
// zero Issuer mints nothing: make one with [NewIssuer].
type Issuer struct {
	in sealed[issuer] // a KeySource is where secrets are
}

type issuer struct {
	names
	keys     KeySource
	lifetime time.Duration
	template claimset.Template
	header   atomic.Pointer[jws.EncodedHeader] // of the last token
}

// NewIssuer returns an Issuer whose tokens are signed with the key that keys has
// at the time, and live for lifetime: whole seconds, at least one. Per token,
// [WithLifetime] can shorten it.
//
// Every fault of the configuration is in the error. An option given twice, by
// itself or in [Options], is one.
func NewIssuer(keys KeySource, lifetime time.Duration, opts ...IssuerOption) (*Issuer, error) {
	s := newSetup("NewIssuer")
	if key, ok := plainKey(keys); ok {
		keys = key
		s.fault("keys", checkSigning(key))
	} else if isNil(keys) {
		s.fault("keys", errors.New("nil"))
	}
	s.fault("lifetime", checkLifetime(lifetime))
	in := &issuer{names: defaultNames(), keys: keys, lifetime: lifetime}
	in.typ = "JWT"
	applyOptions(s, opts, func(o IssuerOption) { o.forIssuer(in, s) })
	if err := s.err(); err != nil {
		return nil, err
	}
	in.template = claimset.NewTemplate(in.issuer, in.audience)
	return &Issuer{seal(in)}, nil
}

// Issue mints a token for subject, which becomes sub and must not be empty.
//
// claims are the application's own: nil, or a struct or map that encoding/json
// makes a JSON object of. The issuer alone sets iss, sub, aud, exp, iat, jti
// and nbf; a claim of one of these names is an error, in any case: there are
// verifiers that take EXP for exp. Claims are signed, not secret: everybody
// who holds the token can read them.
//
// iat is the clock's reading cut to the second, and exp is exactly the lifetime
// later, so that the token never lives longer than asked. jti is 128 random bits.
//
// An error matches [ErrUnavailable] where the key source, a key's signer or
// the clock failed, so that trying again makes sense, and no verdict
// otherwise: not where the clock reads a time before 1970, or too late for exp
// to be a date. A token that would be larger than [DefaultMaxSize] is an
// error.
func (i *Issuer) Issue(ctx context.Context, subject string, claims any, opts ...IssueOption) (*Token, error) {
	if i == nil || i.in.get() == nil {
		return nil, errors.New("jwtexp: Issue: not an Issuer that NewIssuer made")
	}
	return i.in.get().issue(ctx, subject, claims, opts)
}

func (i *issuer) issue(ctx context.Context, subject string, claims any, opts []IssueOption) (*Token, error) {
	request := issueRequest{subject: subject, claims: claims, lifetime: i.lifetime}
	if err := request.apply(opts); err != nil {
		return nil, fmt.Errorf("jwtexp: Issue: %w", err)
	}
	now, err := read(i.clock)
	if err != nil {
		return nil, unavailable(ctx, err.Error(), nil)
	}
	key, err := i.keys.SigningKey(ctx, now)
	if err != nil {
		return nil, unavailable(ctx, "the key source failed", err)
	}
	token, err := i.mint(&request, key, now)
	if err == nil {
		return token, nil
	}
	if signer, ok := errors.AsType[*jws.SignerError](err); ok {
		return nil, unavailable(ctx, signer.Error(), signer.Cause)
	}
	return nil, newFault("jwtexp: Issue: "+err.Error(), causeOf(err))
}

func (i *issuer) mint(r *issueRequest, key Key, now time.Time) (*Token, error) {
	if err := checkSigning(key); err != nil {
		return nil, err
	}
	header := i.headerFor(key)
	c := &contents{header: &header.Header, signer: key.material().Identity()}
	if err := i.setClaims(&c.claims, r, now); err != nil {
		return nil, err
	}
	if !key.vouchesFor(&c.claims) {
		return nil, fmt.Errorf("the signing key %q vouches for no token that expires after %s", key.id, key.notAfter.UTC().Format(time.RFC3339))
	}
	var array [512]byte // most claims sets fit, and it lies on the stack
	payload, err := i.template.Append(array[:0], &c.claims, r.claims)
	if err != nil {
		return nil, err
	}
	c.raw, err = jws.Sign(key.material(), header, payload)
	if err != nil {
		return nil, err
	}
	if len(c.raw) > DefaultMaxSize {
		return nil, fmt.Errorf("the token would have %d bytes, more than the %d that verifiers take: leave claims out", len(c.raw), DefaultMaxSize)
	}
	return c.seal().firstToken(), nil
}

// headerFor returns the header of the last token, if it was signed by the same
// key, as most are.
func (i *issuer) headerFor(key Key) *jws.EncodedHeader {
	if last := i.header.Load(); last != nil && last.Serves(key.material(), key.id) {
		return last
	}
	header := jws.EncodeHeader(key.material(), i.typ, key.id, i.template.Beginning)
	i.header.Store(header)
	return header
}

// newID returns 128 random bits. It is rand.Text, but for drawing a byte for each letter,
// which would add a thirtieth to an Issue with HS256.
func newID() string {
	var random [16]byte
	rand.Read(random[:])
	var id [26]byte
	base32NoPadding.Encode(id[:], random[:])
	return string(id[:])
}

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// setClaims sets the registered claims.
func (i *issuer) setClaims(c *claimset.Set, r *issueRequest, now time.Time) error {
	c.Issuer, c.Subject, c.Audience, c.ID = i.issuer, r.subject, i.audience, newID()
	c.IssuedAt = time.Unix(now.Unix(), 0).UTC()
	c.ExpiresAt = c.IssuedAt.Add(r.lifetime)
	if r.hasNotBefore {
		c.NotBefore = r.notBefore.Add(time.Second - 1).Truncate(time.Second).UTC() // up
	}
	switch {
	case c.IssuedAt.Unix() < 0 || c.ExpiresAt.After(endOfTime):
		return fmt.Errorf("the clock reads %s, and no token can be issued then", now.Format(time.RFC3339))
	case r.hasNotBefore && c.NotBefore.Unix() < 0:
		return errors.New("WithNotBefore: before 1970")
	case r.hasNotBefore && !c.NotBefore.Before(c.ExpiresAt):
		return errors.New("WithNotBefore: not before the token expires, so that it would never be good")
	}
	return nil
}

// plainKey returns the Key in an interface, by value: one behind a pointer could
// be changed later.
func plainKey(keys any) (Key, bool) {
	switch key := keys.(type) {
	case Key:
		return key, true
	case *Key:
		if key != nil {
			return *key, true
		}
	}
	return Key{}, false
}

func checkSigning(key Key) error {
	if err := key.check(); err != nil {
		return err
	}
	if !key.material().CanSign() {
		return errors.New("a public key cannot sign")
	}
	return nil
}

func checkLifetime(d time.Duration) error {
	if d < time.Second || d%time.Second != 0 {
		return fmt.Errorf("%v is no lifetime: whole seconds, at least one, such as 15*time.Minute", d)
	}
	return nil
}

// An IssueOption concerns one token.
type IssueOption interface {
	forIssue(issueRequest) (issueRequest, error) // by value, which makes no object
}

// WithLifetime makes one token live for d: whole seconds, at least one. The
// issuer's own lifetime is a ceiling; a longer one is an error.
func WithLifetime(d time.Duration) IssueOption { return lifetimeOption(d) }

// WithNotBefore sets nbf, before which the token is not good (RFC 7519 §4.1.5).
// It is rounded up to the second. One that is not before exp is an error.
func WithNotBefore(t time.Time) IssueOption { return notBeforeOption(t) }

// issueRequest is one call of Issue.
type issueRequest struct {
	subject      string
	claims       any
	lifetime     time.Duration
	notBefore    time.Time
	hasLifetime  bool
	hasNotBefore bool
}

func (r *issueRequest) apply(opts []IssueOption) error {
	if r.subject == "" {
		return errors.New("the subject is empty: a token is about somebody")
	}
	for _, o := range opts {
		if o == nil {
			return errNilOption
		}
		changed, err := o.forIssue(*r)
		if err != nil {
			return err
		}
		*r = changed
	}
	return nil
}

type lifetimeOption time.Duration

func (o lifetimeOption) forIssue(r issueRequest) (issueRequest, error) {
	d := time.Duration(o)
	if r.hasLifetime {
		return r, fmt.Errorf("WithLifetime: %w", errGivenTwice)
	}
	if err := checkLifetime(d); err != nil {
		return r, fmt.Errorf("WithLifetime: %w", err)
	}
	if d > r.lifetime {
		return r, fmt.Errorf("WithLifetime: %v is longer than the issuer's %v", d, r.lifetime)
	}
	r.lifetime, r.hasLifetime = d, true
	return r, nil
}

type notBeforeOption time.Time

func (o notBeforeOption) forIssue(r issueRequest) (issueRequest, error) {
	if r.hasNotBefore {
		return r, fmt.Errorf("WithNotBefore: %w", errGivenTwice)
	}
	r.notBefore, r.hasNotBefore = time.Time(o), true
	return r, nil
}

// An IssuerOption configures [NewIssuer].
type IssuerOption interface {
	forIssuer(*issuer, *setup)
}

// A CommonOption configures both halves, [NewIssuer] and [NewVerifier].
type CommonOption interface {
	IssuerOption
	VerifierOption
}

// Options bundles options into one, so that what both halves must agree on is
// written once.
func Options(common ...CommonOption) CommonOption { return bundle(slices.Clone(common)) }

// WithClock replaces the system's clock. A nil clock is an error, also a nil
// pointer or func in the interface.
func WithClock(c Clock) CommonOption {
	return commonOption{"WithClock", func(n *names) error {
		n.clock = c
		if isNil(c) {
			return errors.New("nil: leave the option out for the system's clock")
		}
		return nil
	}}
}

// WithIssuer makes an issuer set iss, and a verifier require exactly it. An
// empty one is an error: it is most often an unset environment variable.
func WithIssuer(issuer string) CommonOption {
	return commonOption{"WithIssuer", func(n *names) error {
		n.issuer = issuer
		return checkName(issuer)
	}}
}

// WithAudience makes an issuer set aud, a string for one audience and an array
// for several, and a verifier require at least one of the given. No audience, or
// an empty one, is an error.
//
// A verifier that names none refuses tokens that name one: they are meant for
// somebody else (RFC 7519 §4.1.3).
func WithAudience(audience ...string) CommonOption {
	return commonOption{"WithAudience", func(n *names) error {
		n.audience = slices.Clone(audience)
		if len(audience) == 0 {
			return errors.New("no audience given")
		}
		var faults []error
		for i, one := range audience {
			if err := checkName(one); err != nil {
				faults = append(faults, fmt.Errorf("audience %d: %w", i, err))
			}
		}
		return errors.Join(faults...)
	}}
}

// WithType makes an issuer write typ, and a verifier require it, so that a token
// for one purpose is not taken for another (RFC 8725 §3.11): "at+jwt", say, for
// access tokens (RFC 9068). It is compared as a media type: case does not
// matter, and "application/" may be left out (RFC 7515 §4.1.9).
//
// By default an issuer writes JWT and a verifier takes JWT and absence, and
// nothing else; one that is given "JWT" does not take absence. An empty type,
// or one that is not printable ASCII without spaces, is an error.
func WithType(typ string) CommonOption {
	return commonOption{"WithType", func(n *names) error {
		n.typ = typ
		unfit := func(r rune) bool { return r <= ' ' || r > '~' }
		if typ == "" || strings.ContainsFunc(typ, unfit) {
			return fmt.Errorf("%q is not a type such as at+jwt", typ)
		}
		return nil
	}}
}

// names is what the two halves must agree on.
type names struct {
	clock    Clock
	issuer   string
	audience []string
	typ      string // "" only in a Verifier without WithType
}

func defaultNames() names { return names{clock: systemClock} }

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("empty: is an environment variable unset?")
	case !utf8.ValidString(name):
		return errors.New("not valid UTF-8")
	}
	return nil
}

// mediaType returns the one spelling of a typ under which two are compared. Only
// ASCII is folded: Unicode's folding takes U+017F for an s.
func mediaType(typ string) string {
	if !strings.Contains(typ, "/") {
		typ = "application/" + typ
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, typ)
}

type commonOption struct {
	name string
	set  func(*names) error
}

func (o commonOption) forIssuer(i *issuer, s *setup)     { s.option(o.name, o.set(&i.names)) }
func (o commonOption) forVerifier(v *verifier, s *setup) { s.option(o.name, o.set(&v.names)) }

type bundle []CommonOption

func (b bundle) forIssuer(i *issuer, s *setup) {
	applyOptions(s, b, func(o CommonOption) { o.forIssuer(i, s) })
}

func (b bundle) forVerifier(v *verifier, s *setup) {
	applyOptions(s, b, func(o CommonOption) { o.forVerifier(v, s) })
}

var (
	errNilOption  = errors.New("a nil option")
	errGivenTwice = errors.New("given twice")
)

// setup collects every fault of one configuration, so that one error shows them
// all.
type setup struct {
	constructor string
	given       map[string]bool
	faults      []error
}

func newSetup(constructor string) *setup {
	return &setup{constructor: constructor, given: make(map[string]bool)}
}

func (s *setup) fault(what string, err error) {
	if err != nil {
		s.faults = append(s.faults, fmt.Errorf("jwtexp: %s: %s: %w", s.constructor, what, err))
	}
}

// option notes that an option was given, and what is wrong with it.
func (s *setup) option(name string, err error) {
	if s.given[name] {
		s.fault(name, errGivenTwice)
	}
	s.given[name] = true
	s.fault(name, err)
}

func (s *setup) err() error { return errors.Join(s.faults...) }

func applyOptions[O any](s *setup, opts []O, apply func(O)) {
	for _, o := range opts {
		if any(o) == nil {
			s.fault("options", errNilOption)
			continue
		}
		apply(o)
	}
}
