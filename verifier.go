package jwtexp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
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
)

// A Verifier tells good, expired and invalid tokens apart. It is safe for
// concurrent use. The zero Verifier accepts nothing: make one with [NewVerifier].
type Verifier struct {
	in sealed[verifier] // a KeySet is where secrets are
}

type verifier struct {
	names
	keys        KeySet
	leeway      time.Duration
	maxSize     int
	maxLifetime time.Duration              // 0: not limited
	checkClaims func(payload []byte) error // of WithClaims, or nil
	revoked     func(context.Context, *Token) (bool, error)
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
	in := &verifier{names: defaultNames(), keys: keys, maxSize: DefaultMaxSize}
	applyOptions(s, opts, func(o VerifierOption) { o.forVerifier(in, s) })
	if err := s.err(); err != nil {
		return nil, err
	}
	return &Verifier{seal(&in)}, nil
}

// Verify returns the token that raw is, or an error that matches exactly one of
// [ErrExpired], [ErrInvalid] and [ErrUnavailable].
//
// The checks run in this order, and the first that fails decides: size, form,
// header, typ, key (by kid and alg), signature; and only then the payload: iss,
// aud, application claims, lifetime, what the key vouches for
// ([Key.WithNotAfter]), nbf, exp, revocation. So a token is [ErrExpired] only
// where nothing but time is against it. The clock is read once.
//
// ctx is handed to the key set and to the revocation check. Verify itself does
// not watch it: with fixed keys nothing waits.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	if !v.made() {
		return nil, unavailable(ctx, notMade, nil)
	}
	return v.in.get().verify(ctx, raw)
}

func (v *verifier) verify(ctx context.Context, raw string) (*Token, error) {
	now, err := read(v.clock)
	if err != nil {
		return nil, unavailable(ctx, err.Error(), nil)
	}
	if len(raw) > v.maxSize {
		return nil, v.tooLarge()
	}
	compact, err := jws.Parse(raw)
	if err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	if err := v.judgeType(compact.Header); err != nil {
		return nil, err
	}
	keys, err := v.candidates(ctx, compact.Header, now)
	if err != nil {
		return nil, err
	}
	signer := slices.IndexFunc(keys, func(k Key) bool { return k.material().Verify(&compact) })
	if signer < 0 {
		return nil, invalid(ReasonSignature, "")
	}

	payload, err := compact.Payload()
	if err != nil {
		return nil, invalid(ReasonMalformed, err.Error())
	}
	claims, err := claimset.Parse(payload)
	if err != nil {
		return nil, invalid(ReasonClaims, err.Error())
	}
	t := newToken(&contents{
		raw:      raw,
		header:   compact.Header,
		claims:   claims,
		payload:  payload,
		material: keys[signer].material(),
	})
	if err := v.judge(ctx, t, keys[signer], now); err != nil {
		return nil, err
	}
	return t, nil
}

// Recheck judges a token that was accepted before, in a long-lived connection
// say, as [Verifier.Verify] would now: all but the signature, which cannot have
// changed. The key set is asked again, and must still have the very key that
// signed the token, not just its ID. The error is nil or matches one verdict, as
// that of Verify does. A nil or zero Token is [ErrInvalid].
func (v *Verifier) Recheck(ctx context.Context, t *Token) error {
	if !v.made() {
		return unavailable(ctx, notMade, nil)
	}
	return v.in.get().recheck(ctx, t)
}

func (v *verifier) recheck(ctx context.Context, t *Token) error {
	now, err := read(v.clock)
	if err != nil {
		return unavailable(ctx, err.Error(), nil)
	}
	if !t.proven() {
		return invalid(ReasonMalformed, "not a Token that an Issuer or a Verifier made")
	}
	if len(t.in.get().raw) > v.maxSize {
		return v.tooLarge()
	}
	if err := v.judgeType(t.in.get().header); err != nil {
		return err
	}
	keys, err := v.candidates(ctx, t.in.get().header, now)
	if err != nil {
		return err
	}
	signer := slices.IndexFunc(keys, func(k Key) bool { return k.material().Same(t.in.get().material) })
	if signer < 0 {
		return invalid(ReasonUnknownKey, "the key that signed the token is no longer trusted")
	}
	return v.judge(ctx, t, keys[signer], now)
}

const notMade = "not a Verifier that NewVerifier made"

// made tells a Verifier that NewVerifier made from a nil or zero one.
func (v *Verifier) made() bool { return v != nil && v.in.get() != nil }

func (v *verifier) tooLarge() error {
	return invalid(ReasonTooLarge, fmt.Sprintf("more than %d bytes", v.maxSize))
}

func (v *verifier) judgeType(h jws.Header) error {
	want := v.typ
	if want == "" {
		if !h.HasType {
			return nil
		}
		want = "JWT"
	}
	if mediaType(h.Type) != mediaType(want) {
		return invalid(ReasonType, "typ is not "+want+" (WithType)")
	}
	return nil
}

// candidates returns the keys that a header may be verified with: at least one.
func (v *verifier) candidates(ctx context.Context, h jws.Header, now time.Time) ([]Key, error) {
	if !jws.Supported(h.Algorithm) {
		return nil, invalid(ReasonAlgorithm, "alg is none that a key can have")
	}
	keys, err := v.keys.VerificationKeys(ctx, h.KeyID, now)
	if err != nil {
		return nil, unavailable(ctx, "the key set failed", err)
	}
	// What a key set returns is not taken on trust: a set that looks up no kid
	// must not make every kid good.
	known := false
	var fit []Key
	for _, k := range keys {
		anyID := !h.HasKeyID || k.id == "" && len(keys) == 1
		if k.material() == nil || !anyID && k.id != h.KeyID {
			continue
		}
		known = true
		if k.material().Algorithm() == h.Algorithm && len(fit) < maxTried {
			fit = append(fit, k)
		}
	}
	switch {
	case !known:
		return nil, invalid(ReasonUnknownKey, "")
	case len(fit) == 0:
		return nil, invalid(ReasonAlgorithm, "alg is not that of the key")
	}
	return fit, nil
}

// judge is all that is asked of a token whose signature is good: exp last but
// for revocation, so that expired means only expired.
func (v *verifier) judge(ctx context.Context, t *Token, key Key, now time.Time) error {
	claims := &t.in.get().claims
	if v.issuer != "" && claims.Issuer != v.issuer {
		return invalid(ReasonIssuer, "iss is absent, or another than WithIssuer names")
	}
	if err := v.judgeAudience(claims.Audience); err != nil {
		return err
	}
	if v.checkClaims != nil {
		if err := v.checkClaims(t.in.get().payload); err != nil {
			return err
		}
	}
	if err := v.judgeLifetime(claims, key, now); err != nil {
		return err
	}
	switch at(claims.NotBefore, claims.ExpiresAt, v.leeway, now) {
	case early:
		return invalid(ReasonNotYetValid, "")
	case over:
		return &ExpiredError{
			ExpiredAt: claims.ExpiresAt,
			Now:       now,
			Leeway:    v.leeway,
			Subject:   claims.Subject,
			ID:        claims.ID,
			token:     t.in,
		}
	}
	if v.revoked == nil {
		return nil
	}
	switch revoked, err := v.revoked(ctx, t); {
	case err != nil:
		return unavailable(ctx, "the revocation check failed", err)
	case revoked:
		return invalid(ReasonRevoked, "")
	}
	return nil
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

func (v *verifier) judgeLifetime(claims *claimset.Set, key Key, now time.Time) error {
	if v.maxLifetime > 0 {
		switch {
		case claims.IssuedAt.IsZero():
			return invalid(ReasonLifetime, "no iat to count from")
		// Counted from now as well, since whoever signs chooses iat.
		case claims.ExpiresAt.After(claims.IssuedAt.Add(v.maxLifetime)), claims.ExpiresAt.After(now.Add(v.maxLifetime)):
			return invalid(ReasonLifetime, fmt.Sprintf("longer than %v", v.maxLifetime))
		}
	}
	if !key.vouchesFor(claims) {
		return invalid(ReasonLifetime, "the key vouches for no token that expires so late")
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
	case !notBefore.IsZero() && t.Before(notBefore.Add(-leeway)):
		return early
	case !t.Before(expiresAt.Add(leeway)):
		return over
	}
	return good
}

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

// WithMaxLifetime refuses tokens that live too long, whoever signed them: where
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
// It is for tokens that your application cannot use. A good token of somebody who
// lacks a permission is no invalid one: answer it in the handler, with 403.
func WithClaims[T any](check func(*T) error) VerifierOption {
	decodeAndCheck := func(payload []byte) error {
		var claims T
		if err := claimset.Decode(payload, &claims); err != nil {
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
// has been revoked, so whoever hands out a new token for an expired one asks
// the store itself.
func WithRevoked(revoked func(ctx context.Context, t *Token) (bool, error)) VerifierOption {
	return verifierOption{"WithRevoked", func(v *verifier) error {
		v.revoked = revoked
		if revoked == nil {
			return errors.New("nil")
		}
		return nil
	}}
}

type verifierOption struct {
	name string
	set  func(*verifier) error
}

func (o verifierOption) forVerifier(v *verifier, s *setup) { s.option(o.name, o.set(v)) }
