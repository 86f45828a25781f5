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
	explain           explainer
	headers           jws.Headers
	cache             *cache.Cache[*contents] // nil without WithCache
	cacheEntries      int
	leeway            time.Duration
	maxLifetime       time.Duration // 0: no limit
	types             []string      // "" stands for a missing typ
	audienceOptional  bool
	keyIDRequired     bool
	acceptsBoundToken bool                                            // WithConfirmation
	checkClaims       func(c *contents, callCheck bool) *InvalidError // WithClaims, or nil
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
	in := &verifier{common: common{clock: systemClock, maxSize: DefaultMaxSize}}
	setup.Apply(s, opts, func(o VerifierOption) { o.forVerifier(in, s) })
	s.Fault("WithTypes", in.settleTypes())
	if in.audienceOptional && len(in.audience) == 0 {
		s.Fault("WithAudienceOptional", errors.New("needs WithAudience; without both, only tokens without aud are accepted"))
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	in.keys = lookUpIn(keys)
	in.explain = explainerOf(keys)
	if in.cacheEntries > 0 {
		in.cache = cache.New(in.cacheEntries, in.hasExpired)
	}
	v := new(Verifier)
	v.in.Set(in)
	return v, nil
}

// Verify parses and verifies raw. Its error matches exactly one of [ErrExpired], [ErrInvalid] and
// [ErrUnavailable]. The first check that fails decides: size, form, header, typ, key, signature,
// claims set, iss, aud, cnf, application claims, nbf, lifetime, the key's limit, exp and
// revocation. The text of an [ErrInvalid] names all faults of the claims. The clock is read once.
// ctx is for the key set and the revocation check.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	if err := v.check(); err != nil {
		return nil, unavailable(ctx, "Verifier", err.Error(), nil)
	}
	t, _, err := v.verify(ctx, raw)
	return t, err
}

// Recheck verifies a Token again, for example in a long-lived connection. It repeats the checks of
// Verify, except the signature. The key set must still have the key that signed the token. A nil or
// zero Token is [ErrInvalid].
func (v *Verifier) Recheck(ctx context.Context, t *Token) error {
	if err := v.check(); err != nil {
		return unavailable(ctx, "Verifier", err.Error(), nil)
	}
	return v.in.Get().recheck(ctx, t)
}

// check returns an error for a nil or zero Verifier.
func (v *Verifier) check() error {
	if v == nil || v.in.Get() == nil {
		return errors.New("nil or zero; make it with NewVerifier")
	}
	return nil
}

func (v *Verifier) verify(ctx context.Context, raw string) (*Token, reading, error) {
	return v.in.Get().verify(ctx, raw)
}

// A reading says which Verifier verified a token, and what its clock read. It is zero if that is
// unknown.
type reading struct {
	by  *verifier
	now time.Time
}

func (v *verifier) verify(ctx context.Context, raw string) (t *Token, at reading, err error) {
	now, err := readClock(v.clock)
	at = reading{v, now}
	if err != nil {
		return nil, at, unavailable(ctx, "clock", err.Error(), nil)
	}
	if v.cacheable(raw) {
		if c, ok := v.cache.Get(raw); ok {
			t, err = v.verifyCached(ctx, c, now)
			if err != errNoProof { // else another key has the ID now: verify from the start
				return t, at, err
			}
		}
	}
	c := &contents{raw: raw}
	if err := v.checkAll(ctx, c, unread, now); err != nil {
		return nil, at, err
	}
	if v.cacheable(raw) {
		v.cache.Add(c.raw, c, now)
	}
	return c.firstToken(), at, nil
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
		return unavailable(ctx, "clock", err.Error(), nil)
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
//	                                     unread   accepted      cached
//	size                                 yes      yes           yes
//	form                                 yes
//	typ, alg, kid                        yes      yes
//	key                                  yes      yes           yes
//	signature                            yes      same key      same key
//	claims set                           yes
//	iss, aud, cnf, WithClaims            yes      yes
//	nbf, lifetime, limit of the key      yes      yes           yes
//	exp, revocation                      yes      yes           yes
//
// The contents of an unread token have raw only. checkAll sets the rest.
func (v *verifier) checkAll(ctx context.Context, c *contents, from stage, now time.Time) error {
	if len(c.raw) > v.maxSize {
		return tooLarge(len(c.raw), v.maxSize)
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
		if err := v.checkHeader(c.header); err != nil {
			return err
		}
	}
	key, err := v.findKey(ctx, c.header, now, proves)
	switch {
	case err == errNoProof && from == unread:
		return invalid(ReasonSignature, compact.WhyNotSigned())
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
			return v.malformedClaims(c.payload, err, now)
		}
	}
	if err := v.checkClaimsSet(c, from, &key, now); err != nil {
		return err
	}
	return v.checkRevoked(ctx, c)
}

func tooLarge(size, maxSize int) error {
	return invalid(ReasonTooLarge, fmt.Sprintf("%d bytes, and the limit is %d (WithMaxSize)", size, maxSize))
}

func notProven() error {
	return invalid(ReasonMalformed, "not a Token that Issue or Verify returned")
}

// checkHeader makes the checks that need no key.
func (v *verifier) checkHeader(h *jws.Header) error {
	var all faults
	all.add(v.checkType(h))
	if !h.Supported {
		all.add(invalid(ReasonAlgorithm, h.WhyNotSupported()))
	}
	if v.keyIDRequired && h.KeyID == "" {
		all.add(invalid(ReasonKeyID, "kid is missing or empty, and WithKeyIDRequired requires one"))
	}
	return all.err()
}

func (v *verifier) checkType(h *jws.Header) *InvalidError {
	for _, want := range v.types {
		if want == "" && !h.HasType || want != "" && h.IsType(want) {
			return nil
		}
	}
	wanted, option := slices.DeleteFunc(slices.Clone(v.types), func(typ string) bool { return typ == "" }), "WithType"
	if len(wanted) > 1 {
		option = "WithTypes"
	}
	return invalid(ReasonType, fmt.Sprintf("%s, and this Verifier accepts %s (%s)", h.TypeText(), strings.Join(wanted, " or "), option))
}

// findKey returns the first key of the set that fits the header and proves the token. It returns
// errNoProof if keys fit and none proves it.
func (v *verifier) findKey(ctx context.Context, h *jws.Header, now time.Time, proves func(*jws.Material) bool) (Key, error) {
	keys, err := v.keys(ctx, h.KeyID, now)
	if err != nil {
		return Key{}, unavailable(ctx, "key set", "", err)
	}
	// The IDs are compared again: a set that ignores kid must not make every kid good.
	known, tried := false, 0
	for _, k := range keys {
		if !k.serves(h, len(keys) == 1) {
			continue
		}
		known = true
		if k.material().Algorithm() != h.Algorithm || tried == maxKeysTried {
			continue
		}
		tried++
		if proves(k.material()) {
			return k, nil
		}
	}
	switch {
	case !known:
		return Key{}, invalid(ReasonUnknownKey, v.whyUnknown(h))
	case tried == 0:
		detail := fmt.Sprintf("alg is %s, and the key is for %s", h.Algorithm, algorithmsFor(h, keys))
		return Key{}, invalid(ReasonAlgorithm, join(": ", detail, v.explain.whyAlgorithm(h.KeyID)))
	}
	return Key{}, errNoProof
}

func (v *verifier) whyUnknown(h *jws.Header) string {
	if !h.HasKeyID {
		return "the token has no kid, and the key set has no keys to try"
	}
	const text = "no key has the token's kid"
	if why := v.explain.whyNot(h.KeyID); why != "" {
		return text + ": " + why
	}
	return text + "; was the key removed, or is the token from another issuer?"
}

// algorithmsFor returns the algorithms of the keys that serve the header.
func algorithmsFor(h *jws.Header, keys []Key) string {
	var names []string
	for _, k := range keys {
		if name := string(k.Algorithm()); k.serves(h, len(keys) == 1) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// malformedClaims returns the error for a claims set that Parse rejects with err. It also names what
// is wrong with the claims that are good by themselves.
func (v *verifier) malformedClaims(payload string, err error, now time.Time) error {
	all := faults{invalid(ReasonClaims, err.Error())}
	claims := claimset.Salvage(payload)
	if claims.Issuer != "" {
		all.add(v.checkIssuer(claims.Issuer))
	}
	if len(claims.Audience) > 0 {
		all.add(v.checkAudience(claims.Audience))
	}
	valid := validityOf(&claims, v.leeway)
	if valid.notYet(now) {
		all.add(notYetValid(&claims, v.leeway, now))
	}
	if !claims.ExpiresAt.IsZero() && valid.expired(now) {
		all.add(itExpired(&ExpiredError{ExpiredAt: claims.ExpiresAt, Now: now}))
	}
	return all.err()
}

func notYetValid(claims *claimset.Set, leeway time.Duration, now time.Time) *InvalidError {
	e := &NotYetValidError{NotBefore: claims.NotBefore, Now: now, Leeway: leeway}
	return &InvalidError{Reason: ReasonNotYetValid, Err: e, detail: e.when()}
}

// itExpired is a fault beside others. Alone it would be an ExpiredError.
func itExpired(e *ExpiredError) *InvalidError { return invalid("", "it expired "+e.when()) }

// checkClaimsSet makes all checks of the claims, and collects their faults. exp comes last, so that
// expired means only expired. A token that is not yet valid is not expired, even if exp is before
// nbf.
func (v *verifier) checkClaimsSet(c *contents, from stage, key *Key, now time.Time) error {
	var all faults
	if from != cached {
		all.add(v.checkIssuer(c.claims.Issuer))
		all.add(v.checkAudience(c.claims.Audience))
		if !v.acceptsBoundToken && c.claims.Confirmation {
			all.add(invalid(ReasonConfirmation, "the token is bound to a key (cnf, RFC 7800); use WithConfirmation if the application checks the proof"))
		}
		if v.checkClaims != nil {
			all.add(v.checkClaims(c, all == nil))
		}
	}
	valid := validityOf(&c.claims, v.leeway)
	if valid.notYet(now) {
		all.add(notYetValid(&c.claims, v.leeway, now))
	}
	all.add(v.checkLifetime(&c.claims, now))
	if exp := c.claims.ExpiresAt; !key.covers(exp) {
		all.add(invalid(ReasonLifetime, fmt.Sprintf("exp is %s, and the key is for tokens that expire by %s (Key.WithNotAfter)",
			exp.Format(time.RFC3339Nano), key.notAfter.UTC().Format(time.RFC3339Nano))))
	}
	if valid.expired(now) {
		expired := v.expiredError(c, now)
		if all == nil {
			return expired
		}
		all.add(itExpired(expired))
	}
	return all.err()
}

func (v *verifier) checkIssuer(issuer string) *InvalidError {
	switch {
	case v.issuer == "" || issuer == v.issuer:
		return nil
	case issuer == "":
		return invalid(ReasonIssuer, fmt.Sprintf("iss is missing or empty; want %q (WithIssuer)", v.issuer))
	}
	return invalid(ReasonIssuer, fmt.Sprintf("iss %s %q (WithIssuer)", claimset.Mismatch([]string{issuer}, []string{v.issuer}), v.issuer))
}

func (v *verifier) checkAudience(audience []string) *InvalidError {
	accepted := func(one string) bool { return slices.Contains(v.audience, one) }
	switch {
	case len(v.audience) == 0 && len(audience) > 0:
		return invalid(ReasonAudience, "the token has an audience; use WithAudience to accept it")
	case len(v.audience) == 0 || slices.ContainsFunc(audience, accepted):
		return nil
	case len(audience) == 0 && v.audienceOptional:
		return nil
	case len(audience) == 0:
		return invalid(ReasonAudience, fmt.Sprintf("aud is missing; want %s (WithAudience)", claimset.Quote(v.audience)))
	}
	return invalid(ReasonAudience, fmt.Sprintf("aud %s %s (WithAudience)", claimset.Mismatch(audience, v.audience), claimset.Quote(v.audience)))
}

func (v *verifier) checkLifetime(claims *claimset.Set, now time.Time) *InvalidError {
	exp, iat := claims.ExpiresAt, claims.IssuedAt
	switch {
	case v.maxLifetime == 0:
		return nil
	case iat.IsZero():
		return invalid(ReasonLifetime, "iat is missing, and WithMaxLifetime requires it")
	case exp.After(iat.Add(v.maxLifetime)):
		return invalid(ReasonLifetime, fmt.Sprintf("exp is %s after iat, and WithMaxLifetime allows %v", durationText(exp.Sub(iat)), v.maxLifetime))
	// exp is compared with now, too, because the signer chooses iat.
	case exp.After(now.Add(v.maxLifetime)):
		return invalid(ReasonLifetime, fmt.Sprintf("exp is %s after the time on the Verifier's clock, and WithMaxLifetime allows %v; is the issuer's clock fast?", durationText(exp.Sub(now)), v.maxLifetime))
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
		return unavailable(ctx, "revocation check", "", err)
	case revoked:
		return invalid(ReasonRevoked, "WithRevoked's function says so")
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

// WithTypes accepts tokens of several types, for a provider that moves from "JWT" to "at+jwt", such
// as WithTypes("JWT", "at+jwt"). "" stands for a token without typ. Types are compared as in
// [WithType], which must not be given, too. No type, only "", or an invalid one is an error.
func WithTypes(types ...string) VerifierOption {
	types = slices.Clone(types)
	return verifierOption{"WithTypes", func(v *verifier) error {
		v.types = types
		var faults []error
		for _, typ := range types {
			if typ != "" {
				faults = append(faults, checkTypeName(typ))
			}
		}
		switch {
		case len(types) == 0:
			faults = append(faults, errors.New("no type given"))
		case slices.Max(types) == "":
			faults = append(faults, errors.New(`"" alone; add the types that the tokens have`))
		}
		return errors.Join(faults...)
	}}
}

// settleTypes completes the types when all options are known.
func (v *verifier) settleTypes() error {
	switch {
	case v.types != nil && v.typ != "":
		return errors.New("WithType is given, too; pass all types to WithTypes")
	case v.types == nil && v.typ != "":
		v.types = []string{v.typ}
	case v.types == nil:
		v.types = []string{defaultType, ""}
	}
	return nil
}

// WithAudienceOptional also accepts tokens without aud, for an issuer that leaves it out of some
// tokens. It needs [WithAudience]: a token that has aud must still name one of its audiences.
//
// Without aud, nothing says that the issuer meant the token for this service. A token for another
// service of the same issuer is accepted, too, unless [WithClaims] checks another claim, such as azp
// or client_id.
func WithAudienceOptional() VerifierOption {
	return verifierOption{"WithAudienceOptional", func(v *verifier) error {
		v.audienceOptional = true
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

// WithClaims decodes the claims set into a T, as [Token.Claims] does, and passes it to check,
// before nbf and exp are checked. If the claims do not fit, or check returns an error, the token is
// [ErrInvalid], and [InvalidError.Err] has the error. A nil check only decodes. check must be safe
// for concurrent use and depend on its argument only, because [WithCache] remembers its result. For
// a missing permission, use [Middleware.WithScope] instead.
//
// A missing claim leaves its field zero. Give every field a json tag: names match in exact case, so
// for a field Banned without a tag, check sees false although the token has "banned": true.
func WithClaims[T any](check func(*T) error) VerifierOption {
	decodeAndCheck := func(c *contents, callCheck bool) *InvalidError {
		var claims T
		if err := c.claims.Decode(c.text(), &claims); err != nil {
			return &InvalidError{Reason: ReasonClaims, Err: newFault(err.Error(), causeOf(err)), detail: err.Error()}
		}
		if check == nil || !callCheck {
			return nil
		}
		if err := check(&claims); err != nil {
			return &InvalidError{Reason: ReasonClaims, Err: conceal(err), detail: "the check in WithClaims returned an error; LogDecisionsWithCause and errors.Unwrap show it"}
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
