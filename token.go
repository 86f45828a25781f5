package jwtexp

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/opaque"
)

// A Token is an issued or verified token. Only [Issuer.Issue] and a successful [Verifier.Verify]
// make one, and nothing changes it. It is safe for concurrent use. Use it by its pointer: a copy
// proves nothing.
//
// The accessors panic on a nil or zero Token, so a handler cannot continue with an empty subject.
// Formatting, logging and JSON show alg, kid and exp at most.
type Token struct {
	in   opaque.Field[contents]
	self *Token // this Token; in a copy, the Token that was copied
}

// contents are the data of Tokens. They never change, except first, which firstToken sets once. A
// Verifier with a cache keeps them and makes another Token for each hit.
type contents struct {
	first   Token // saves an allocation: without it, Issue takes 3 % longer (BenchmarkIssue)
	raw     string
	header  *jws.Header
	claims  claimset.Set
	payload string        // JSON; "" for an issued token: see text
	signer  *jws.Identity // identifies the key without keeping it
}

// firstToken returns the first Token of new contents.
func (c *contents) firstToken() *Token { return c.become(&c.first) }

// token returns another Token with the same contents.
func (c *contents) token() *Token { return c.become(new(Token)) }

func (c *contents) become(t *Token) *Token {
	t.in.Set(c)
	t.self = t
	return t
}

// proven reports whether Issue or Verify made t. A nil or zero Token and a copy are not proven.
func (t *Token) proven() bool { return t != nil && t.self == t }

// signedBy reports whether the key that signed the token is m.
func (c *contents) signedBy(m *jws.Material) bool { return m.Is(c.signer) }

// text returns the claims set as JSON. The text of an issued token is decoded here, because it is
// rarely needed: if Issue decodes it, it takes 23 % longer (BenchmarkIssue).
func (c *contents) text() string {
	if c.payload == "" {
		return jws.Payload(c.raw)
	}
	return c.payload
}

func (c *contents) decode(dst any) error {
	if err := c.claims.Decode(c.text(), dst); err != nil {
		return newFault("jwtexp: "+err.Error(), causeOf(err))
	}
	return nil
}

// Raw returns the token in the JWS compact serialization (RFC 7515 §7.1). It is a credential. It
// does not identify the token, which can have several valid signatures: use [Token.ID].
func (t *Token) Raw() string { return t.in.Get().raw }

// ID returns jti (RFC 7519 §4.1.7), or "".
func (t *Token) ID() string { return t.in.Get().claims.ID }

// SessionID returns sid, the ID of the login that the token belongs to (OpenID Connect Back-Channel
// Logout 1.0 §2.4), or "". A sid that is not a string is "" and no reason to reject the token.
func (t *Token) SessionID() string {
	c := t.in.Get()
	if c.payload != "" {
		return c.claims.SessionID
	}
	var issued claimset.Set // of the text, because sid may be an application claim
	_ = claimset.Parse(c.text(), &issued)
	return issued.SessionID
}

// Issuer returns iss (RFC 7519 §4.1.1), or "".
func (t *Token) Issuer() string { return t.in.Get().claims.Issuer }

// Subject returns sub (RFC 7519 §4.1.2), or "". An [Issuer] always sets it.
func (t *Token) Subject() string { return t.in.Get().claims.Subject }

// Audience returns a copy of aud (RFC 7519 §4.1.3), or nil.
func (t *Token) Audience() []string { return slices.Clone(t.in.Get().claims.Audience) }

// Type returns typ as the header has it (RFC 7519 §5.1), or "".
func (t *Token) Type() string { return t.in.Get().header.Type }

// KeyID returns kid (RFC 7515 §4.1.4), or "".
func (t *Token) KeyID() string { return t.in.Get().header.KeyID }

// IssuedAt returns iat in UTC (RFC 7519 §4.1.6), or the zero time.
func (t *Token) IssuedAt() time.Time { return t.in.Get().claims.IssuedAt }

// NotBefore returns nbf in UTC (RFC 7519 §4.1.5), or the zero time.
func (t *Token) NotBefore() time.Time { return t.in.Get().claims.NotBefore }

// ExpiresAt returns exp in UTC (RFC 7519 §4.1.4). Every Token has it. At this instant the token has
// expired.
func (t *Token) ExpiresAt() time.Time { return t.in.Get().claims.ExpiresAt }

// Claims decodes the claims set into dst, a pointer to a struct or map, as encoding/json does, but
// names match in exact case. Give every field a json tag: without one, a field Role does not read
// the claim role and stays zero. If a claim does not fit, Claims returns an error that quotes no
// claim, and dst may be partly written.
func (t *Token) Claims(dst any) error { return t.in.Get().decode(dst) }

// Scope returns the scope tokens of the scope claim (RFC 8693 §4.2) or, if that is absent or null,
// of scp. The claim is a string with spaces or an array of strings.
func (t *Token) Scope() []string {
	c := t.in.Get()
	return c.claims.Scope(c.text())
}

// ScopeFromClaims returns a function for [WithScopeFrom]. It reads the scope tokens of the named
// claims, such as permissions, roles or groups, and joins them. Each claim is a string with spaces
// or an array of strings; any other value has none. ScopeFromClaims returns nil without a name, and
// for an empty one.
func ScopeFromClaims(names ...string) func(t *Token) []string {
	if len(names) == 0 || slices.Contains(names, "") {
		return nil
	}
	names = slices.Clone(names)
	return func(t *Token) []string {
		c := t.in.Get()
		return c.claims.ScopeOf(c.text(), names)
	}
}

// Equal reports whether t and u are the same token, byte for byte. Nil equals nil.
func (t *Token) Equal(u *Token) bool {
	if !t.proven() || !u.proven() {
		return t.proven() == u.proven()
	}
	return t.in.Get().raw == u.in.Get().raw
}

// String returns alg, kid and exp.
func (t *Token) String() string {
	if !t.proven() {
		return "jwtexp.Token(none)"
	}
	return fmt.Sprintf("jwtexp.Token(alg=%s kid=%q exp=%s)",
		t.in.Get().header.Algorithm, t.KeyID(), t.ExpiresAt().Format(time.RFC3339Nano))
}

// LogValue returns alg, kid and exp.
func (t *Token) LogValue() slog.Value {
	if !t.proven() {
		return slog.StringValue(t.String())
	}
	return slog.GroupValue(
		slog.String("alg", t.in.Get().header.Algorithm),
		slog.String("kid", t.KeyID()),
		slog.Time("exp", t.ExpiresAt()),
	)
}

type contextKey struct{}

// NewContext returns a context with t for [FromContext], for code that calls [Middleware.Check] or
// Verify itself. A nil t hides the Token of ctx.
func NewContext(ctx context.Context, t *Token) context.Context {
	if ctx == nil {
		panic("jwtexp: NewContext: ctx is nil")
	}
	return context.WithValue(ctx, contextKey{}, t)
}

// FromContext returns the Token that [Middleware.Handler] accepted, or that [NewContext] stored. ok
// is false if there is none.
func FromContext(ctx context.Context) (t *Token, ok bool) {
	t, _ = ctx.Value(contextKey{}).(*Token)
	if !t.proven() {
		return nil, false
	}
	return t, true
}
