// Package jwtexp issues and verifies JSON Web Tokens (RFC 7519) that expire.
//
// An [Issuer] issues tokens with a lifetime. A [Verifier] tells valid, expired and invalid tokens
// apart. A [Middleware] verifies the bearer tokens of requests for any [http.Handler]. Time comes
// from a [Clock], which a test can control.
//
//	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret) // 32 random bytes or more
//	common := jwtexp.Options(jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
//	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, common)
//	verifier, err := jwtexp.NewVerifier(key, common)
//
//	token, err := issuer.Issue(ctx, user.ID, nil) // send token.Raw() to the client
//
//	token, err = verifier.Verify(ctx, raw)
//	switch {
//	case errors.Is(err, jwtexp.ErrExpired): // log in again, or refresh
//	case err != nil: // reject the token
//	}
//
//	guard, err := jwtexp.NewMiddleware(verifier)
//	mux.Handle("GET /resource", guard.Handler(resource)) // FromContext returns the token
//
// # Guarantees
//
//   - One verdict. An error of Verify matches exactly one of [ErrExpired], [ErrInvalid] and
//     [ErrUnavailable]. [Middleware.Check] adds [ErrMissing] and [ErrInsufficientScope].
//   - Expired means only expired: everything else about the token is good.
//   - One rule for time. A token is valid for nbf <= t < exp, to the nanosecond. Leeway moves both
//     ends outward. iat is not compared with the clock.
//   - Every token has exp.
//   - A [Key] has one algorithm. There is no "none".
//   - JSON and base64url are strict: text that two parsers could read differently is rejected. Keys
//     in a token's header are ignored.
//   - An outage is not a forgery. The answer is 503 and never 401.
//   - Errors, logs and answers contain no tokens, signatures or keys.
//   - A [Token] is proof. Only Issue and a successful Verify make one.
//
// # Bad arguments
//
// The error of a constructor with options names every fault of its arguments, including keys and
// extractors. Nil arguments and options given twice are faults. [FromCookie] and [LogDecisions]
// return nil for a bad argument, which the constructor reports. [Middleware.Handler],
// [Middleware.WithScope] and [NewContext] panic. Zero values accept nothing.
//
// # Pitfalls
//
//   - Claims are signed and not encrypted.
//   - A token cannot be recalled. Use lifetimes of minutes, and [WithRevoked] if a logout must
//     take effect at once.
//   - Tokens for two purposes need two types ([WithType]) or two audiences. Do not use a long token
//     as a refresh token: package session has refresh tokens. There is no encryption (JWE).
//   - A stream outlives the check at its start. [WithContextDeadline] ends it with the token.
//   - A Verifier without [WithIssuer] accepts any issuer. Use a [VerifierSet] for several.
//   - [WithLeeway] is for clock skew and not for slow clients.
//
// # More
//
// Package keyring rotates keys. Package session makes logins last, with refresh tokens. Package
// jwtexptest has a fake clock, tokens and a test suite for handlers. Module
// github.com/jwtexp/jwtexp/jwks publishes and fetches JWK Sets.
package jwtexp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp/internal/setup"
)

// common is the configuration that an Issuer and its Verifiers must agree on.
type common struct {
	clock    Clock
	issuer   string
	audience []string
	typ      string // "" in a Verifier without WithType
	maxSize  int
}

// defaultType is the typ of tokens without WithType (RFC 7519 §5.1).
const defaultType = "JWT"

// DefaultMaxSize is the size in bytes of the largest token that is issued or accepted without
// [WithMaxSize].
const DefaultMaxSize = 8 << 10

// A CommonOption configures both [NewIssuer] and [NewVerifier].
type CommonOption interface {
	IssuerOption
	VerifierOption
}

// Options combines options that an Issuer and its Verifiers must share.
func Options(common ...CommonOption) CommonOption { return optionList(slices.Clone(common)) }

// WithClock replaces [SystemClock].
func WithClock(clock Clock) CommonOption {
	return commonOption{"WithClock", func(c *common) error {
		c.clock = clock
		if setup.IsNil(clock) {
			return errors.New("nil; leave the option out for the system's clock")
		}
		return nil
	}}
}

// A ClaimOption is a [CommonOption] that can also be passed to [Issuer.Issue], for one token.
type ClaimOption interface {
	CommonOption
	IssueOption
}

// WithIssuer makes an Issuer set iss, and a Verifier require it. An empty issuer is an error.
func WithIssuer(issuer string) ClaimOption {
	return claimOption{commonOption{"WithIssuer", func(c *common) error {
		c.issuer = issuer
		return checkName(issuer)
	}}}
}

// WithAudience makes an Issuer set aud, and a Verifier require one of the audiences. No audience,
// or an empty one, is an error. A Verifier without WithAudience rejects tokens that have aud (RFC
// 7519 §4.1.3).
func WithAudience(audience ...string) ClaimOption {
	audience = slices.Clone(audience)
	return claimOption{commonOption{"WithAudience", func(c *common) error {
		c.audience = audience
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
	}}}
}

// WithType makes an Issuer set typ, and a Verifier require it (RFC 8725 §3.11), such as "at+jwt"
// for access tokens (RFC 9068). Types are compared as media types (RFC 7515 §4.1.9). By default an
// Issuer writes "JWT", and a Verifier accepts "JWT" or no typ. An empty type, or one that is not
// printable ASCII without spaces, is an error.
func WithType(typ string) CommonOption {
	return commonOption{"WithType", func(c *common) error {
		c.typ = typ
		return checkTypeName(typ)
	}}
}

func checkTypeName(typ string) error {
	unfit := func(r rune) bool { return r <= ' ' || r > '~' }
	if typ == "" || strings.ContainsFunc(typ, unfit) {
		return fmt.Errorf("invalid type %q: want printable ASCII without spaces, such as at+jwt", typ)
	}
	return nil
}

// WithMaxSize replaces [DefaultMaxSize]. For a larger token, Issue returns an error, and a Verifier
// rejects it before it is decoded. An n that is not positive is an error. Servers and proxies limit
// headers, too.
func WithMaxSize(n int) CommonOption {
	return commonOption{"WithMaxSize", func(c *common) error {
		c.maxSize = n
		if n <= 0 {
			return fmt.Errorf("%d is not positive", n)
		}
		return nil
	}}
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("empty; is an environment variable unset?")
	case !utf8.ValidString(name):
		return errors.New("not valid UTF-8")
	}
	return nil
}

type commonOption struct {
	name string
	set  func(*common) error
}

func (o commonOption) forIssuer(i *issuer, s *setup.Setup)     { s.Option(o.name, o.set(&i.common)) }
func (o commonOption) forVerifier(v *verifier, s *setup.Setup) { s.Option(o.name, o.set(&v.common)) }

type claimOption struct{ commonOption }

func (o claimOption) forIssue(r *issueRequest) error {
	if slices.Contains(r.names, o.name) {
		return fmt.Errorf("%s: %w", o.name, setup.ErrGivenTwice)
	}
	r.names = append(r.names, o.name)
	if err := o.set(&r.common); err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	return nil
}

type optionList []CommonOption

func (l optionList) forIssuer(i *issuer, s *setup.Setup) {
	setup.Apply(s, l, func(o CommonOption) { o.forIssuer(i, s) })
}

func (l optionList) forVerifier(v *verifier, s *setup.Setup) {
	setup.Apply(s, l, func(o CommonOption) { o.forVerifier(v, s) })
}
