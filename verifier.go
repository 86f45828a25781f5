package jwtexp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp/internal/cache"
	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/strictjson"
)

const (
	// DefaultMaxSize is the size in bytes up to which a [Verifier] takes a token,
	// unless [WithMaxSize] says otherwise, and up to which an [Issuer] makes one.
	DefaultMaxSize = 8 << 10

	// MaxLeeway is the longest leeway that [WithLeeway] takes. Clocks that differ
	// by more are broken, and want mending.
	MaxLeeway = 10 * time.Minute

	// maxTried bounds the work that a token without kid can cause.
	maxTried = 8

	maxCacheEntries = 1 << 24
	maxCachedSize   = 2 << 10 // of a token in bytes
)

// A Verifier tells good, expired and invalid tokens apart. It is safe for
// concurrent use. The zero Verifier accepts nothing: make one with [NewVerifier],
// at start, and share it. It remembers the headers of tokens whose signature was
// good, which are the same for all tokens of a key: at most 1,024, and 1.2 MB.
type Verifier struct {
	in sealed[verifier] // a KeySet is where secrets are
}

type verifier struct {
	names
	keys         lookUp
	headers      jws.Headers
	cache        *cache.Cache[*contents] // of WithCache, or nil
	leeway       time.Duration
	maxSize      int
	maxLifetime  time.Duration         // 0: not limited
	needsKeyID   bool                  // of WithKeyIDRequired
	confirmed    bool                  // of WithConfirmation
	cacheEntries int                   // 0: no cache
	checkClaims  func(*contents) error // of WithClaims, or nil
	revoked      func(context.Context, *Token) (bool, error)
}

// NewVerifier returns a Verifier that trusts the keys of the given set: a [Key],
// what [NewKeySet] returns, or an implementation of your own.
//
// Every fault of the configuration is in the error. An option given twice, by
// itself or in [Options], is one.
func NewVerifier(keys KeySet, opts ...VerifierOption) (*Verifier, error) {
	s := newSetup("NewVerifier")
	if key, ok := plainKey(keys); ok {
		keys = key
		s.fault("keys", key.check())
	} else if isNil(keys) {
		s.fault("keys", errors.New("nil"))
	}
	in := &verifier{names: defaultNames(), maxSize: DefaultMaxSize}
	applyOptions(s, opts, func(o VerifierOption) { o.forVerifier(in, s) })
	if err := s.err(); err != nil {
		return nil, err
	}
	in.keys = lookUpIn(keys)
	if in.cacheEntries > 0 {
		in.cache = cache.New(in.cacheEntries, in.isOver)
	}
	return &Verifier{seal(in)}, nil
}

// Verify returns the token that raw is, or an error that matches exactly one of
// [ErrExpired], [ErrInvalid] and [ErrUnavailable].
//
// The checks run in this order, and the first that fails decides: size, form,
// header, typ, key (by kid and alg), signature; and only then the payload: iss,
// aud, cnf, application claims, lifetime, what the key vouches for
// ([Key.WithNotAfter]), nbf, exp, revocation. So a token is [ErrExpired] only
// where nothing but time is against it. The clock is read once.
//
// ctx is handed to the key set and to the revocation check. Verify itself does
// not watch it: with fixed keys nothing waits. Each call returns a new Token, also with
// [WithCache].
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	if err := v.check(); err != nil {
		return nil, unavailable(ctx, err.Error(), nil)
	}
	t, _, err := v.verify(ctx, raw)
	return t, err
}

func (v *Verifier) verify(ctx context.Context, raw string) (t *Token, now time.Time, err error) {
	return v.in.get().verify(ctx, raw)
}

func (v *Verifier) verifierOf(*Token) *verifier { return v.in.get() }

// verify returns its reading of the clock, too.
func (v *verifier) verify(ctx context.Context, raw string) (t *Token, now time.Time, err error) {
	now, err = read(v.clock)
	if err != nil {
		return nil, now, unavailable(ctx, err.Error(), nil)
	}
	if len(raw) > v.maxSize {
		return nil, now, tooLarge(v.maxSize)
	}
	if t, err = v.remembered(ctx, raw, now); t != nil || err != nil {
		return t, now, err
	}
	t, err = v.judgeAll(ctx, raw, now)
	return t, now, err
}

// remembered judges a token in the cache by all that can have changed: the key,
// which the key set has to have still, lifetime, time and revocation. It returns
// nil, nil where the token is not there, or has to be judged from the start since
// its key is another now.
func (v *verifier) remembered(ctx context.Context, raw string, now time.Time) (*Token, error) {
	if v.cache == nil {
		return nil, nil
	}
	c, ok := v.cache.Get(raw)
	if !ok {
		return nil, nil
	}
	key, ok, err := v.findKey(ctx, c.header, now, c.signedBy)
	if err != nil || !ok {
		return nil, err
	}
	if err := v.judgeNow(ctx, c, &key, now); err != nil {
		if v.isOver(c, now) {
			v.cache.Remove(raw)
		}
		return nil, err
	}
	return c.anotherToken(), nil
}

func (v *verifier) judgeAll(ctx context.Context, raw string, now time.Time) (*Token, error) {
	var compact jws.Compact
	if err := v.headers.Parse(raw, &compact); err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	if err := v.judgeType(compact.Header); err != nil {
		return nil, err
	}
	key, ok, err := v.findKey(ctx, compact.Header, now, func(m *jws.Material) bool { return m.Verify(&compact) })
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, invalid(ReasonSignature, "")
	}
	v.headers.Learn(&compact)

	payload, err := compact.Payload()
	if err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	keep := v.cache != nil && len(raw) <= maxCachedSize
	if keep {
		raw = strings.Clone(raw) // the caller's may be a piece of something large
	}
	c := (&contents{raw: raw, header: compact.Header, payload: payload, signer: key.material().Identity()}).seal()
	if err := claimset.Parse(payload, &c.claims); err != nil {
		return nil, invalid(ReasonClaims, err.Error())
	}
	if err := v.judgeClaims(c); err != nil {
		return nil, err
	}
	if err := v.judgeNow(ctx, c, &key, now); err != nil {
		return nil, err
	}
	if keep {
		v.cache.Add(raw, c, now)
	}
	return c.firstToken(), nil
}

// Recheck judges a token that was accepted before, in a long-lived connection
// say, as [Verifier.Verify] would now: all but the signature, which cannot have
// changed. The key set is asked again, and must still have the very key that
// signed the token, not just its ID. The error is nil or matches one verdict, as
// that of Verify does. A nil or zero Token is [ErrInvalid].
func (v *Verifier) Recheck(ctx context.Context, t *Token) error {
	if err := v.check(); err != nil {
		return unavailable(ctx, err.Error(), nil)
	}
	return v.in.get().recheck(ctx, t)
}

func (v *verifier) recheck(ctx context.Context, t *Token) error {
	now, err := read(v.clock)
	if err != nil {
		return unavailable(ctx, err.Error(), nil)
	}
	if !t.proven() {
		return notProven()
	}
	c := t.in.get()
	if len(c.raw) > v.maxSize {
		return tooLarge(v.maxSize)
	}
	if err := v.judgeType(c.header); err != nil {
		return err
	}
	key, ok, err := v.findKey(ctx, c.header, now, c.signedBy)
	switch {
	case err != nil:
		return err
	case !ok:
		return invalid(ReasonUnknownKey, "the key that signed the token is no longer trusted")
	}
	if err := v.judgeClaims(c); err != nil {
		return err
	}
	return v.judgeNow(ctx, c, &key, now)
}

var (
	errNotMade    = errors.New("not a Verifier that NewVerifier made")
	errSetNotMade = errors.New("not a VerifierSet that NewVerifierSet made")
)

// check tells a nil or zero Verifier from one that NewVerifier made.
func (v *Verifier) check() error {
	if v == nil || v.in.get() == nil {
		return errNotMade
	}
	return nil
}

func tooLarge(maxSize int) error {
	return invalid(ReasonTooLarge, fmt.Sprintf("more than %d bytes", maxSize))
}

func notProven() error {
	return invalid(ReasonMalformed, "not a Token that an Issuer or a Verifier made")
}

func (v *verifier) judgeType(h *jws.Header) error {
	want := v.typ
	if want == "" {
		if !h.HasType {
			return nil
		}
		want = "JWT"
	}
	if h.Type != want && mediaType(h.Type) != mediaType(want) { // the second alone would add a sixth to a Verify with HS256
		return invalid(ReasonType, "typ is not "+want+" (WithType)")
	}
	return nil
}

// findKey returns the first of the keys that a header may be verified with that
// proves to be the right one; ok is false where none does.
func (v *verifier) findKey(ctx context.Context, h *jws.Header, now time.Time, proves func(*jws.Material) bool) (key Key, ok bool, err error) {
	if !h.Supported {
		return Key{}, false, invalid(ReasonAlgorithm, "alg is none that a key can have")
	}
	if v.needsKeyID && h.KeyID == "" {
		return Key{}, false, invalid(ReasonKeyID, "kid is missing or empty, and WithKeyIDRequired requires one")
	}
	keys, err := v.keys(ctx, h.KeyID, now)
	if err != nil {
		return Key{}, false, unavailable(ctx, "the key set failed", err)
	}
	// What a key set returns is not taken on trust: a set that looks up no kid
	// must not make every kid good.
	known, tried := false, 0
	for i := range keys {
		k := &keys[i] // to copy keys here and below would add a thirtieth to a Verify with HS256
		material := k.material()
		anyID := !h.HasKeyID || k.id == "" && len(keys) == 1
		if material == nil || !anyID && k.id != h.KeyID {
			continue
		}
		known = true
		if material.Algorithm() != h.Algorithm || tried == maxTried {
			continue
		}
		tried++
		if proves(material) {
			return *k, true, nil
		}
	}
	switch {
	case !known:
		return Key{}, false, invalid(ReasonUnknownKey, "")
	case tried == 0:
		return Key{}, false, invalid(ReasonAlgorithm, "alg is not that of the key")
	}
	return Key{}, false, nil
}

// judgeClaims is what is asked of the claims of a token whose signature is good,
// and is answered the same whenever it is asked.
func (v *verifier) judgeClaims(c *contents) error {
	claims := &c.claims
	if v.issuer != "" && claims.Issuer != v.issuer {
		return invalid(ReasonIssuer, "iss is absent, or another than WithIssuer names")
	}
	if err := v.judgeAudience(claims.Audience); err != nil {
		return err
	}
	if !v.confirmed && claims.Confirmation {
		return invalid(ReasonConfirmation, "the token is bound to a key (cnf, RFC 7800); use WithConfirmation if the application checks the proof")
	}
	if v.checkClaims != nil {
		return v.checkClaims(c)
	}
	return nil
}

// judgeNow is the rest, which depends on the time and on what the key vouches for:
// exp last but for revocation, so that expired means only expired.
func (v *verifier) judgeNow(ctx context.Context, c *contents, key *Key, now time.Time) error {
	claims := &c.claims
	if v.maxLifetime > 0 {
		if err := v.judgeLifetime(claims, now); err != nil {
			return err
		}
	}
	if !key.vouchesFor(claims) {
		return invalid(ReasonLifetime, "the key vouches for no token that expires so late")
	}
	switch at(claims.NotBefore, claims.ExpiresAt, v.leeway, now) {
	case early:
		return invalid(ReasonNotYetValid, "")
	case over:
		return v.expired(c, now)
	}
	if v.revoked == nil {
		return nil
	}
	switch revoked, err := v.revoked(ctx, c.anotherToken()); {
	case err != nil:
		return unavailable(ctx, "the revocation check failed", err)
	case revoked:
		return invalid(ReasonRevoked, "")
	}
	return nil
}

func (v *verifier) expired(c *contents, now time.Time) *ExpiredError {
	claims := &c.claims
	return &ExpiredError{
		ExpiredAt: claims.ExpiresAt,
		Now:       now,
		Leeway:    v.leeway,
		Subject:   claims.Subject,
		ID:        claims.ID,
		token:     c.sealed(),
	}
}

// untilEnd returns a context that ends when t does, which was good at now. Callbacks may
// have taken their time since: the clock is read once more, and believed unless it went
// back.
func (v *verifier) untilEnd(ctx context.Context, t *Token, now time.Time) (context.Context, context.CancelFunc) {
	if later, err := read(v.clock); err == nil && later.After(now) {
		now = later
	}
	over := end(t.ExpiresAt(), v.leeway)
	return context.WithTimeoutCause(ctx, over.Sub(now), v.expired(t.in.get(), over))
}

func (v *verifier) judgeAudience(audience []string) error {
	meant := func(one string) bool { return slices.Contains(v.audience, one) }
	switch {
	case len(v.audience) == 0 && len(audience) > 0:
		return invalid(ReasonAudience, "the token names an audience, and the verifier has none (WithAudience)")
	case len(v.audience) > 0 && !slices.ContainsFunc(audience, meant):
		return invalid(ReasonAudience, "aud is absent, or names none that WithAudience does")
	}
	return nil
}

func (v *verifier) judgeLifetime(claims *claimset.Set, now time.Time) error {
	switch {
	case claims.IssuedAt.IsZero():
		return invalid(ReasonLifetime, "no iat to count from")
	// Counted from now as well, since the signer chooses iat.
	case claims.ExpiresAt.After(claims.IssuedAt.Add(v.maxLifetime)), claims.ExpiresAt.After(now.Add(v.maxLifetime)):
		return invalid(ReasonLifetime, fmt.Sprintf("longer than %v", v.maxLifetime))
	}
	return nil
}

// phase is where an instant lies in the life of a token.
type phase int

const (
	early phase = iota
	good
	over
)

// at is the one rule of time: a token is good for notBefore <= t < expiresAt,
// and leeway moves both ends outward. At t == expiresAt it is over (RFC 7519
// §4.1.4: "on or after"). A zero notBefore is none. Where both ends are against
// the token it is early, for expired means only expired.
func at(notBefore, expiresAt time.Time, leeway time.Duration, t time.Time) phase {
	switch {
	case !notBefore.IsZero() && t.Before(shift(notBefore, -leeway)):
		return early
	case !t.Before(end(expiresAt, leeway)):
		return over
	}
	return good
}

// end is the first instant at which a token is no longer good.
func end(expiresAt time.Time, leeway time.Duration) time.Time { return shift(expiresAt, leeway) }

// shift is t.Add(d), which is spared where the leeway is 0, as it is by default: the two of a
// verdict would add a hundredth to a Verify with HS256.
func shift(t time.Time, d time.Duration) time.Time {
	if d == 0 {
		return t
	}
	return t.Add(d)
}

// isOver tells the cache that a token is good for nothing any more.
func (v *verifier) isOver(c *contents, now time.Time) bool {
	return at(time.Time{}, c.claims.ExpiresAt, v.leeway, now) == over
}

// A VerifierSet judges the tokens of several issuers, of two identity providers say, each
// by a [Verifier] of its own. It is safe for concurrent use. The zero VerifierSet accepts
// nothing: make one with [NewVerifierSet], at start, and share it. It remembers headers as
// a Verifier does.
//
// It reads iss before the token is verified, and only to choose: the Verifier that
// requires this issuer then judges the token from the start, as it does alone. So a key
// of one issuer never vouches for another, even where two publish the same kid, and one
// issuer's outage is no other's. A single Verifier that has the keys of all of them
// promises neither.
type VerifierSet struct {
	in sealed[verifierSet]
}

type verifierSet struct {
	byIssuer map[string]*verifier
	headers  jws.Headers
	maxSize  int // the largest of the verifiers'
}

// NewVerifierSet returns a VerifierSet of the given Verifiers, each of which requires
// another issuer ([WithIssuer]).
//
// Every fault is in the error: no Verifier, a nil or zero one, one without an issuer, and
// a second one of the same issuer.
func NewVerifierSet(verifiers ...*Verifier) (*VerifierSet, error) {
	s := newSetup("NewVerifierSet")
	if len(verifiers) == 0 {
		s.fault("verifiers", errors.New("none"))
	}
	in := &verifierSet{byIssuer: make(map[string]*verifier)}
	for i, v := range verifiers {
		s.fault(fmt.Sprintf("verifier %d", i), in.add(v))
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	return &VerifierSet{seal(in)}, nil
}

func (s *verifierSet) add(v *Verifier) error {
	if err := v.check(); err != nil {
		return err
	}
	in := v.in.get()
	switch {
	case in.issuer == "":
		return errors.New("it takes tokens of any issuer: name one (WithIssuer)")
	case s.byIssuer[in.issuer] != nil:
		return fmt.Errorf("a second one of the issuer %q", in.issuer)
	}
	s.byIssuer[in.issuer] = in
	s.maxSize = max(s.maxSize, in.maxSize)
	return nil
}

// Verify returns the token that raw is, or an error that matches exactly one of
// [ErrExpired], [ErrInvalid] and [ErrUnavailable]: whatever [Verifier.Verify] says of the
// Verifier whose issuer the token names.
//
// A token for which none can be chosen is ErrInvalid, in time or not. Looked at for this
// are size (the largest [WithMaxSize] of the set bounds it, and the chosen Verifier has its
// own), form, header, whether the payload is strict JSON with an iss that is a string if
// it is there ([ReasonClaims]), and whether a Verifier requires that ([ReasonIssuer]). It
// costs one more reading of the payload, of cached tokens ([WithCache]), too.
//
// ctx is for the chosen Verifier, and the clock that is read is that one's.
func (s *VerifierSet) Verify(ctx context.Context, raw string) (*Token, error) {
	if err := s.check(); err != nil {
		return nil, unavailable(ctx, err.Error(), nil)
	}
	t, _, err := s.verify(ctx, raw)
	return t, err
}

// verify returns the reading of the clock, too, which is zero where none was read.
func (s *VerifierSet) verify(ctx context.Context, raw string) (t *Token, now time.Time, err error) {
	in := s.in.get()
	var compact jws.Compact
	chosen, err := in.choose(raw, &compact)
	if err != nil {
		return nil, time.Time{}, err
	}
	t, now, err = chosen.verify(ctx, raw)
	if err == nil {
		in.headers.Learn(&compact)
	}
	return t, now, err
}

// choose returns the Verifier whose issuer a token names, and nothing else of what the
// token says, because it is not verified yet.
func (s *verifierSet) choose(raw string, compact *jws.Compact) (*verifier, error) {
	if len(raw) > s.maxSize {
		return nil, tooLarge(s.maxSize)
	}
	if err := s.headers.Parse(raw, compact); err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	payload, err := compact.Payload()
	if err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	issuer, err := issuerOf(payload)
	if err != nil {
		return nil, invalid(ReasonClaims, err.Error())
	}
	return s.of(issuer)
}

// issuerOf reads iss and skips the rest, which may be anything that is strict JSON.
func issuerOf(payload string) (issuer string, err error) {
	err = strictjson.Members(payload, func(name string, value *strictjson.Reader) (err error) {
		if name != "iss" {
			return value.Skip()
		}
		if issuer, err = value.String(); err != nil {
			return fmt.Errorf("claim %q: %w", name, strictjson.Fixed(err))
		}
		return nil
	})
	return issuer, err
}

func (s *verifierSet) of(issuer string) (*verifier, error) {
	if v := s.byIssuer[issuer]; v != nil {
		return v, nil
	}
	return nil, invalid(ReasonIssuer, "iss is absent, or one that no Verifier of the set requires")
}

// Recheck judges a token that was accepted before, as [Verifier.Recheck] of the Verifier of
// its issuer does. A token of another issuer, and a nil or zero Token, is [ErrInvalid].
func (s *VerifierSet) Recheck(ctx context.Context, t *Token) error {
	if err := s.check(); err != nil {
		return unavailable(ctx, err.Error(), nil)
	}
	if !t.proven() {
		return notProven()
	}
	chosen, err := s.in.get().of(t.Issuer())
	if err != nil {
		return err
	}
	return chosen.recheck(ctx, t)
}

// check tells a nil or zero VerifierSet from one that NewVerifierSet made.
func (s *VerifierSet) check() error {
	if s == nil || s.in.get() == nil {
		return errSetNotMade
	}
	return nil
}

func (s *VerifierSet) verifierOf(t *Token) *verifier { return s.in.get().byIssuer[t.Issuer()] }

// A VerifierOption configures [NewVerifier].
type VerifierOption interface {
	forVerifier(*verifier, *setup)
}

// WithLeeway allows for clocks that differ: a token is good from nbf - d, and
// until exp + d. The default is 0; a negative d, or one over [MaxLeeway], is an
// error.
func WithLeeway(d time.Duration) VerifierOption {
	return verifierOption{"WithLeeway", func(v *verifier) error {
		v.leeway = d
		if d < 0 || d > MaxLeeway {
			return fmt.Errorf("%v is not in 0..%v", d, MaxLeeway)
		}
		return nil
	}}
}

// WithMaxLifetime rejects tokens that live too long, whatever the issuer: where
// exp is later than iat + d or than now + d. It requires iat. Leeway does not
// count: where the issuer's clock may be fast, let d be longer by that much. A d
// that is not positive is an error.
func WithMaxLifetime(d time.Duration) VerifierOption {
	return verifierOption{"WithMaxLifetime", func(v *verifier) error {
		v.maxLifetime = d
		if d <= 0 {
			return fmt.Errorf("%v is not positive", d)
		}
		return nil
	}}
}

// WithKeyIDRequired rejects tokens without kid, or with an empty one: [ReasonKeyID].
// By default such a token is tried with up to eight keys of its algorithm, in the
// order in which the key set returns them, and a forged one costs that many signature
// checks. Give the option if your issuers write kid, as an [Issuer] does whose key has
// an ID.
func WithKeyIDRequired() VerifierOption {
	return verifierOption{"WithKeyIDRequired", func(v *verifier) error {
		v.needsKeyID = true
		return nil
	}}
}

// WithConfirmation accepts tokens with a cnf claim (RFC 7800). Such a token is bound to
// a key, and its sender must prove to have it, with DPoP (RFC 9449) or a client
// certificate (RFC 8705). The proof is in the request, which a Verifier does not see: with
// this option the application checks it after Verify, in front of every handler, as the
// example does. Tokens without cnf are accepted as before; [WithClaims] can require it.
// [FromHeader] reads the Bearer scheme alone: DPoP's needs an [Extractor] of your own.
//
// By default a token with cnf is rejected, whatever cnf holds: [ReasonConfirmation].
// Accepted as a plain bearer token, it would work for any thief. That goes for the tokens
// of an [Issuer] of your own, too.
func WithConfirmation() VerifierOption {
	return verifierOption{"WithConfirmation", func(v *verifier) error {
		v.confirmed = true
		return nil
	}}
}

// WithMaxSize replaces [DefaultMaxSize], the size in bytes above which a token
// is refused before anything of it is decoded. An n that is not positive is an
// error.
func WithMaxSize(n int) VerifierOption {
	return verifierOption{"WithMaxSize", func(v *verifier) error {
		v.maxSize = n
		if n <= 0 {
			return fmt.Errorf("%d is not positive", n)
		}
		return nil
	}}
}

// WithClaims makes application claims part of the verdict: the claims set,
// registered claims too where T has them, is decoded into a T as [Token.Claims]
// does, and handed to check before time is judged. A claims set that is no T, or
// an error of check, is [ErrInvalid] from Verify, instead of an error in a
// handler. A claim that is absent leaves its field zero: check has to look for
// it. With a nil check the claims set is decoded only.
//
// check must be safe for concurrent use and depend on nothing but its
// argument: the verdict may be remembered for this token. Its error becomes
// [InvalidError.Err], where [errors.Is] and [errors.As] find it, unless it
// matches a verdict.
//
// It is for tokens that your application cannot use. A good token of a user who
// lacks a permission is not invalid: [Middleware.WithScope], or the handler, answers
// it with 403.
func WithClaims[T any](check func(*T) error) VerifierOption {
	decodeAndCheck := func(c *contents) error {
		var claims T
		if err := c.claims.Decode(c.text(), &claims); err != nil {
			return &InvalidError{Reason: ReasonClaims, Err: newFault(err.Error(), causeOf(err)), detail: err.Error()}
		}
		if check == nil {
			return nil
		}
		if err := check(&claims); err != nil {
			return &InvalidError{Reason: ReasonClaims, Err: conceal(err), detail: "the check given to WithClaims refused them"}
		}
		return nil
	}
	return verifierOption{"WithClaims", func(v *verifier) error {
		v.checkClaims = decodeAndCheck
		return nil
	}}
}

// WithRevoked asks revoked about every token that is good in all else, and in
// time. true is [ErrInvalid]; an error is [ErrUnavailable], whatever it says.
// revoked must be safe for concurrent use and return when its context is done. A
// nil func is an error.
//
// Ask by [Token.ID] (which a token of another issuer may lack) or by
// [Token.Subject], never by a hash of the raw token, which has several valid
// forms. An entry can be dropped once [Token.ExpiresAt] plus the leeway is
// past. An expired token is not asked about: it is [ErrExpired] also where it
// has been revoked, so check the store yourself before you issue a new token for
// an expired one.
func WithRevoked(revoked func(ctx context.Context, t *Token) (bool, error)) VerifierOption {
	return verifierOption{"WithRevoked", func(v *verifier) error {
		v.revoked = revoked
		if revoked == nil {
			return errors.New("nil")
		}
		return nil
	}}
}

// WithCache remembers up to the given number of tokens that were verified, so that
// one that is presented again costs no check of its signature: Verify is then tens to
// hundreds of times as fast with the public-key algorithms, and ten times with HMAC.
// It pays where clients present a token many times, as they do to an API; where
// most tokens are seen once it costs memory, and gives nothing. By default nothing
// is remembered.
//
// What is remembered is that the signature, the type and the claims (iss, aud, cnf,
// those of [WithClaims]) of exactly this token, byte for byte, were good. All else
// is judged each time: the key set is asked, whose error is an outage as ever, and
// must still have the very key, not just its ID; lifetime and time are judged by
// the clock; the check of [WithRevoked] is asked. So the verdict is the one that it
// is without a cache, and a key that has left the key set stops serving its tokens
// at once. (Where another key has taken its ID, the token is verified from the
// start, and the key set asked a second time.)
//
// Only accepted tokens are cached, so unauthenticated clients cannot evict entries. The
// memory holds them whole, which are credentials, and their claims: about 1 KB for
// a token of 400 bytes, and never more than 16 KB, for tokens over 2 KiB are not
// kept; besides, 8 to 16 bytes an entry from the start. No key is held by it. A token
// that has expired, was revoked or has lost its key is never served; an expired one
// goes when it is presented again, and each as others come.
//
// Fewer than one entry, or more than 16777216, is an error.
func WithCache(entries int) VerifierOption {
	return verifierOption{"WithCache", func(v *verifier) error {
		v.cacheEntries = entries
		if entries < 1 || entries > maxCacheEntries {
			return fmt.Errorf("%d is not in 1..%d", entries, maxCacheEntries)
		}
		return nil
	}}
}

type verifierOption struct {
	name string
	set  func(*verifier) error
}

func (o verifierOption) forVerifier(v *verifier, s *setup) { s.option(o.name, o.set(v)) }
