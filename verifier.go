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
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
)

const (
	// DefaultMaxSize is the largest token in bytes that a [Verifier] accepts by default, and that
	// an [Issuer] issues.
	DefaultMaxSize = 8 << 10

	// MaxLeeway is the longest leeway for [WithLeeway].
	MaxLeeway = 10 * time.Minute

	maxKeysTried    = 8       // for a token, if several keys fit its kid
	maxCacheEntries = 1 << 24 // of WithCache
	maxCachedSize   = 2 << 10 // of a token in bytes
)

// A Verifier tells valid, expired and invalid tokens apart. It is safe for concurrent use. Make it
// once with [NewVerifier] and share it: the zero Verifier accepts nothing. It remembers the headers
// of tokens with a good signature, at most 1,024 and 1.2 MB.
type Verifier struct {
	in opaque.Field[verifier] // leads to keys
}

type verifier struct {
	common
	keys              lookUp
	headers           jws.Headers
	cache             *cache.Cache[*contents] // nil without WithCache
	cacheEntries      int
	leeway            time.Duration
	maxSize           int
	maxLifetime       time.Duration // 0: no limit
	keyIDRequired     bool
	acceptsBoundToken bool                  // WithConfirmation
	checkClaims       func(*contents) error // WithClaims, or nil
	revoked           func(context.Context, *Token) (bool, error)
}

// NewVerifier returns a Verifier that trusts the keys of a set.
func NewVerifier(keys KeySet, opts ...VerifierOption) (*Verifier, error) {
	s := setup.New("jwtexp: NewVerifier")
	if key, ok := plainKey(keys); ok {
		keys = key
		s.Fault("keys", key.check())
	} else if setup.IsNil(keys) {
		s.Fault("keys", errors.New("nil; pass a Key or a KeySet"))
	}
	in := &verifier{common: common{clock: systemClock}, maxSize: DefaultMaxSize}
	setup.Apply(s, opts, func(o VerifierOption) { o.forVerifier(in, s) })
	if err := s.Err(); err != nil {
		return nil, err
	}
	in.keys = lookUpIn(keys)
	if in.cacheEntries > 0 {
		in.cache = cache.New(in.cacheEntries, in.hasExpired)
	}
	v := new(Verifier)
	v.in.Set(in)
	return v, nil
}

// Verify parses and verifies raw. Its error matches exactly one of [ErrExpired], [ErrInvalid] and
// [ErrUnavailable]. The first check that fails decides: size, form, header, typ, key, signature,
// claims set, iss, aud, cnf, application claims, lifetime, the key's limit, nbf, exp and
// revocation. The clock is read once. ctx is for the key set and the revocation check.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	if err := v.check(); err != nil {
		return nil, unavailable(ctx, err.Error(), nil)
	}
	t, _, err := v.verify(ctx, raw)
	return t, err
}

// Recheck verifies a Token again, for example in a long-lived connection. It repeats the checks of
// Verify, except the signature. The key set must still have the key that signed the token. A nil or
// zero Token is [ErrInvalid].
func (v *Verifier) Recheck(ctx context.Context, t *Token) error {
	if err := v.check(); err != nil {
		return unavailable(ctx, err.Error(), nil)
	}
	return v.in.Get().recheck(ctx, t)
}

// check returns an error for a nil or zero Verifier.
func (v *Verifier) check() error {
	if v == nil || v.in.Get() == nil {
		return errors.New("the Verifier is nil or zero; make it with NewVerifier")
	}
	return nil
}

func (v *Verifier) verify(ctx context.Context, raw string) (*Token, time.Time, error) {
	return v.in.Get().verify(ctx, raw)
}

func (v *Verifier) verifierOf(*Token) *verifier { return v.in.Get() }

// verify also returns its reading of the clock.
func (v *verifier) verify(ctx context.Context, raw string) (t *Token, now time.Time, err error) {
	now, err = readClock(v.clock)
	if err != nil {
		return nil, now, unavailable(ctx, err.Error(), nil)
	}
	if v.cacheable(raw) {
		if c, ok := v.cache.Get(raw); ok {
			t, err = v.verifyCached(ctx, c, now)
			if err != errNoProof { // else another key has the ID now: verify from the start
				return t, now, err
			}
		}
	}
	c := &contents{raw: raw}
	if err := v.checkAll(ctx, c, unread, now); err != nil {
		return nil, now, err
	}
	if v.cacheable(raw) {
		v.cache.Add(c.raw, c, now)
	}
	return c.firstToken(), now, nil
}

func (v *verifier) cacheable(raw string) bool { return v.cache != nil && len(raw) <= maxCachedSize }

func (v *verifier) verifyCached(ctx context.Context, c *contents, now time.Time) (*Token, error) {
	err := v.checkAll(ctx, c, cached, now)
	if err == nil {
		return c.token(), nil
	}
	if v.hasExpired(c, now) {
		v.cache.Remove(c.raw)
	}
	return nil, err
}

func (v *verifier) recheck(ctx context.Context, t *Token) error {
	now, err := readClock(v.clock)
	if err != nil {
		return unavailable(ctx, err.Error(), nil)
	}
	if !t.proven() {
		return notProven()
	}
	err = v.checkAll(ctx, t.in.Get(), accepted, now)
	if err == errNoProof {
		return invalid(ReasonUnknownKey, "the key that signed the token is no longer trusted")
	}
	return err
}

// A stage is what is known about a token before it is checked.
type stage int

const (
	unread   stage = iota // nothing
	accepted              // an Issuer or a Verifier, perhaps another one, made the token
	cached                // this Verifier accepted the token
)

// errNoProof is the result of checkAll if none of the keys is the one that signed the token, and
// the token is not unread.
var errNoProof = errors.New("no key proves the token")

// checkAll makes the checks in their order and returns the first error. Every verdict comes from
// here. Checks whose result cannot have changed since the stage are left out:
//
//	                              unread   accepted      cached
//	size                          yes      yes           yes
//	form, header                  yes
//	typ                           yes      yes
//	key                           yes      yes           yes
//	signature                     yes      same key      same key
//	claims set                    yes
//	iss, aud, cnf, WithClaims     yes      yes
//	lifetime, limit of the key    yes      yes           yes
//	nbf, exp, revocation          yes      yes           yes
//
// The contents of an unread token have raw only. checkAll sets the rest.
func (v *verifier) checkAll(ctx context.Context, c *contents, from stage, now time.Time) error {
	if len(c.raw) > v.maxSize {
		return tooLarge(v.maxSize)
	}
	var compact jws.Compact
	proves := c.signedBy
	if from == unread {
		if err := v.headers.Parse(c.raw, &compact); err != nil {
			return invalid(ReasonMalformed, err.Error())
		}
		c.header = compact.Header
		proves = func(m *jws.Material) bool { return m.Verify(&compact) }
	}
	if from != cached {
		if err := v.checkType(c.header); err != nil {
			return err
		}
	}
	key, err := v.findKey(ctx, c.header, now, proves)
	switch {
	case err == errNoProof && from == unread:
		return invalid(ReasonSignature, "")
	case err != nil:
		return err
	}
	if from == unread {
		v.headers.Learn(&compact)
		if v.cacheable(c.raw) {
			c.raw = strings.Clone(c.raw) // the caller's may be a piece of a larger string
		}
		c.signer = key.material().Identity()
		if c.payload, err = compact.Payload(); err != nil {
			return invalid(ReasonMalformed, err.Error())
		}
		if err := claimset.Parse(c.payload, &c.claims); err != nil {
			return invalid(ReasonClaims, err.Error())
		}
	}
	if from != cached {
		if err := v.checkClaimsSet(c); err != nil {
			return err
		}
	}
	if err := v.checkLifetime(&c.claims, &key, now); err != nil {
		return err
	}
	if err := v.checkTime(c, now); err != nil {
		return err
	}
	return v.checkRevoked(ctx, c)
}

func tooLarge(maxSize int) error {
	return invalid(ReasonTooLarge, fmt.Sprintf("more than %d bytes", maxSize))
}

func notProven() error {
	return invalid(ReasonMalformed, "not a Token that Issue or Verify returned")
}

func (v *verifier) checkType(h *jws.Header) error {
	want := v.typ
	if want == "" {
		if !h.HasType {
			return nil
		}
		want = defaultType
	}
	// With mediaType alone, Verify takes 17 % longer (BenchmarkVerify/HS256).
	if h.Type != want && mediaType(h.Type) != mediaType(want) {
		return invalid(ReasonType, "typ is not "+want+" (WithType)")
	}
	return nil
}

// mediaType returns a typ in the form in which two are compared. It folds ASCII only: Unicode
// folding equates U+017F with s.
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

// findKey returns the first key of the set that fits the header and proves the token. It returns
// errNoProof if keys fit and none proves it.
func (v *verifier) findKey(ctx context.Context, h *jws.Header, now time.Time, proves func(*jws.Material) bool) (Key, error) {
	if !h.Supported {
		return Key{}, invalid(ReasonAlgorithm, "unsupported alg")
	}
	if v.keyIDRequired && h.KeyID == "" {
		return Key{}, invalid(ReasonKeyID, "kid is missing or empty, and WithKeyIDRequired requires one")
	}
	keys, err := v.keys(ctx, h.KeyID, now)
	if err != nil {
		return Key{}, unavailable(ctx, "the key set failed", err)
	}
	// The IDs are compared again: a set that ignores kid must not make every kid good.
	known, tried := false, 0
	for _, k := range keys {
		material := k.material()
		anyID := !h.HasKeyID || k.id == "" && len(keys) == 1
		if material == nil || !anyID && k.id != h.KeyID {
			continue
		}
		known = true
		if material.Algorithm() != h.Algorithm || tried == maxKeysTried {
			continue
		}
		tried++
		if proves(material) {
			return k, nil
		}
	}
	switch {
	case !known:
		return Key{}, invalid(ReasonUnknownKey, "no key has the token's kid")
	case tried == 0:
		return Key{}, invalid(ReasonAlgorithm, "alg is not the algorithm of the key")
	}
	return Key{}, errNoProof
}

// checkClaimsSet makes the checks whose result depends on the token and the Verifier only.
func (v *verifier) checkClaimsSet(c *contents) error {
	if v.issuer != "" && c.claims.Issuer != v.issuer {
		return invalid(ReasonIssuer, "iss is missing or does not match WithIssuer")
	}
	if err := v.checkAudience(c.claims.Audience); err != nil {
		return err
	}
	if !v.acceptsBoundToken && c.claims.Confirmation {
		return invalid(ReasonConfirmation, "the token is bound to a key (cnf, RFC 7800); use WithConfirmation if the application checks the proof")
	}
	if v.checkClaims != nil {
		return v.checkClaims(c)
	}
	return nil
}

func (v *verifier) checkAudience(audience []string) error {
	accepted := func(one string) bool { return slices.Contains(v.audience, one) }
	switch {
	case len(v.audience) == 0 && len(audience) > 0:
		return invalid(ReasonAudience, "the token has an audience; use WithAudience to accept it")
	case len(v.audience) > 0 && !slices.ContainsFunc(audience, accepted):
		return invalid(ReasonAudience, "aud is missing or does not match WithAudience")
	}
	return nil
}

func (v *verifier) checkLifetime(claims *claimset.Set, key *Key, now time.Time) error {
	switch {
	case v.maxLifetime > 0 && claims.IssuedAt.IsZero():
		return invalid(ReasonLifetime, "iat is missing, and WithMaxLifetime requires it")
	// exp is compared with now, too, because the signer chooses iat.
	case v.maxLifetime > 0 && (claims.ExpiresAt.After(claims.IssuedAt.Add(v.maxLifetime)) || claims.ExpiresAt.After(now.Add(v.maxLifetime))):
		return invalid(ReasonLifetime, fmt.Sprintf("longer than %v (WithMaxLifetime)", v.maxLifetime))
	case !key.covers(claims.ExpiresAt):
		return invalid(ReasonLifetime, "exp is later than the key allows (Key.WithNotAfter)")
	}
	return nil
}

// checkTime comes after all other checks of the token, so that expired means only expired. A
// token that is not yet valid is not expired, even if exp is before nbf.
func (v *verifier) checkTime(c *contents, now time.Time) error {
	switch valid := validityOf(&c.claims, v.leeway); {
	case valid.notYet(now):
		return invalid(ReasonNotYetValid, "")
	case valid.expired(now):
		return v.expiredError(c, now)
	}
	return nil
}

func (v *verifier) expiredError(c *contents, now time.Time) *ExpiredError {
	return &ExpiredError{
		ExpiredAt: c.claims.ExpiresAt,
		Now:       now,
		Leeway:    v.leeway,
		Subject:   c.claims.Subject,
		ID:        c.claims.ID,
		token:     opaque.To(c),
	}
}

func (v *verifier) checkRevoked(ctx context.Context, c *contents) error {
	if v.revoked == nil {
		return nil
	}
	switch revoked, err := v.revoked(ctx, c.token()); {
	case err != nil:
		return unavailable(ctx, "the revocation check failed", err)
	case revoked:
		return invalid(ReasonRevoked, "")
	}
	return nil
}

// hasExpired tells the cache whether to drop a token.
func (v *verifier) hasExpired(c *contents, now time.Time) bool {
	return validityOf(&c.claims, v.leeway).expired(now)
}

// withDeadline returns a context that ends when t expires. t was accepted at now. Callbacks may
// have taken time since, so the clock is read once more, and ignored if it went back.
func (v *verifier) withDeadline(ctx context.Context, t *Token, now time.Time) (context.Context, context.CancelFunc) {
	if later, err := readClock(v.clock); err == nil && later.After(now) {
		now = later
	}
	c := t.in.Get()
	end := validityOf(&c.claims, v.leeway).end
	return context.WithTimeoutCause(ctx, end.Sub(now), v.expiredError(c, end))
}

// A VerifierOption configures [NewVerifier].
type VerifierOption interface {
	forVerifier(*verifier, *setup.Setup)
}

// WithLeeway allows for clock skew: a token is valid from nbf - d until exp + d. d must be between
// 0, the default, and [MaxLeeway].
func WithLeeway(d time.Duration) VerifierOption {
	return verifierOption{"WithLeeway", func(v *verifier) error {
		v.leeway = d
		if d < 0 || d > MaxLeeway {
			return fmt.Errorf("%v is not in 0..%v", d, MaxLeeway)
		}
		return nil
	}}
}

// WithMaxLifetime rejects tokens without iat, and tokens whose exp is later than iat + d or now +
// d. Leeway does not count. By default there is no limit. A d that is not positive is an error.
func WithMaxLifetime(d time.Duration) VerifierOption {
	return verifierOption{"WithMaxLifetime", func(v *verifier) error {
		v.maxLifetime = d
		if d <= 0 {
			return fmt.Errorf("%v is not positive", d)
		}
		return nil
	}}
}

// WithKeyIDRequired rejects tokens without kid. By default such a token is tried with up to eight
// keys, so a forged one costs up to eight signature checks.
func WithKeyIDRequired() VerifierOption {
	return verifierOption{"WithKeyIDRequired", func(v *verifier) error {
		v.keyIDRequired = true
		return nil
	}}
}

// WithConfirmation accepts tokens with cnf, which are bound to a key (RFC 7800). The application
// must check the proof in the request, DPoP (RFC 9449) or a client certificate (RFC 8705), in front
// of every handler. By default such tokens are rejected, because a thief could use one as a plain
// bearer token.
func WithConfirmation() VerifierOption {
	return verifierOption{"WithConfirmation", func(v *verifier) error {
		v.acceptsBoundToken = true
		return nil
	}}
}

// WithMaxSize replaces [DefaultMaxSize]. A larger token is rejected before it is decoded. An n that
// is not positive is an error.
func WithMaxSize(n int) VerifierOption {
	return verifierOption{"WithMaxSize", func(v *verifier) error {
		v.maxSize = n
		if n <= 0 {
			return fmt.Errorf("%d is not positive", n)
		}
		return nil
	}}
}

// WithClaims decodes the claims set into a T, as [Token.Claims] does, and passes it to check,
// before nbf and exp are checked. If the claims do not fit, or check returns an error, the token is
// [ErrInvalid], and [InvalidError.Err] has the error. A missing claim leaves its field zero. A nil
// check only decodes. check must be safe for concurrent use and depend on its argument only,
// because [WithCache] remembers its result. For a missing permission, use [Middleware.WithScope]
// instead.
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
			return &InvalidError{Reason: ReasonClaims, Err: conceal(err), detail: "the check in WithClaims rejected them"}
		}
		return nil
	}
	return verifierOption{"WithClaims", func(v *verifier) error {
		v.checkClaims = decodeAndCheck
		return nil
	}}
}

// WithRevoked calls revoked for each token that has passed all other checks. true makes the token
// [ErrInvalid], an error [ErrUnavailable]. revoked must be safe for concurrent use and return when
// its context is done. An expired token is not looked up.
//
// Look up [Token.ID] or [Token.Subject], not a hash of the token. Delete an entry when
// [Token.ExpiresAt] plus the leeway has passed, or later if you issue new tokens for expired ones.
func WithRevoked(revoked func(ctx context.Context, t *Token) (bool, error)) VerifierOption {
	return verifierOption{"WithRevoked", func(v *verifier) error {
		v.revoked = revoked
		if revoked == nil {
			return errors.New("nil; leave the option out if nothing is revoked")
		}
		return nil
	}}
}

// WithCache remembers up to entries accepted tokens, 1 to 16777216, and skips their signature
// check. Verify is then tens to hundreds of times as fast with public keys, and ten times with HMAC
// (BenchmarkVerifyCached). The verdict is the same: Verify still asks the key set, which must have
// the key that signed the token, and checks lifetime, nbf, exp and revocation.
//
// Only accepted tokens are cached, so unauthenticated clients cannot evict entries. An entry holds
// the token, which is a credential, and no key. A token of 400 bytes takes about 1 KB. Tokens over
// 2 KiB are not cached.
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

func (o verifierOption) forVerifier(v *verifier, s *setup.Setup) { s.Option(o.name, o.set(v)) }
