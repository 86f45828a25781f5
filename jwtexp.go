// Package jwtexp issues and verifies JSON Web Tokens (RFC 7519) that expire.
//
// An [Issuer] mints tokens with a lifetime, a [Verifier] tells good, expired and
// invalid ones apart, a [Middleware] puts that in front of any [http.Handler],
// and one [Clock], which a test can move by hand, drives all of it.
//
//	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)      // 32 random bytes or more
//	names := jwtexp.Options(jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
//	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, names)
//	verifier, err := jwtexp.NewVerifier(key, names)
//
//	token, err := issuer.Issue(ctx, user.ID, nil)              // token.Raw() is for the client
//
//	token, err = verifier.Verify(ctx, raw)
//	switch {
//	case errors.Is(err, jwtexp.ErrExpired):                    // good, but late: log in again, or refresh
//	case err != nil:                                           // do not use it
//	}
//
//	guard, err := jwtexp.NewMiddleware(verifier)
//	mux.Handle("GET /resource", guard.Handler(resource))       // jwtexp.FromContext has the token
//
// # What it promises
//
//   - One verdict. An error of Verify matches exactly one of [ErrExpired],
//     [ErrInvalid] and [ErrUnavailable]; [Middleware.Check] adds [ErrMissing] and,
//     where a route demands a scope, [ErrInsufficientScope].
//   - Expired means only expired: all else about the token is good. A client that
//     sees it may refresh; one that sees ErrInvalid must not.
//   - One rule for time: a token is good for nbf <= t < exp, to the nanosecond,
//     and leeway moves both ends outward. iat is not compared with the clock: a
//     token of an issuer whose clock is fast is not refused for it.
//   - No token without an end. One without exp is neither issued nor accepted.
//   - A [Key] knows its algorithm, so there is no list of algorithms to get wrong,
//     and no "none". [NewSecretKey] refuses public keys and other well-known
//     secrets, in the spellings that its comment lists.
//   - JSON and base64url are read strictly: what two parsers could read in two
//     ways is refused. Key material in a token's header is never used.
//   - An outage is not a forgery: where a key set or a revocation store fails, the
//     answer is 503, never 401.
//   - Bad configuration fails at start, with every fault in the error. Zero values
//     accept nothing.
//   - Secrets stay out of errors, logs, formatting and HTTP answers.
//   - A [Token] is proof: only Issue and a successful Verify make one, and nothing
//     changes it.
//
// # Pitfalls
//
// Claims are signed, not encrypted: everyone who holds a token can read it.
//
// A token cannot be called back. Keep lifetimes short, minutes for access tokens,
// and let [WithRevoked] ask a store where a logout has to count at once.
//
// Tokens for two purposes, such as access and refresh tokens, need two types
// ([WithType]) or two audiences, or one can be used as the other. A refresh token
// is not a longer access token: the server has to notice when one that was used
// turns up again, and so to remember it (RFC 9700 §4.14.2).
//
// A token with cnf (RFC 7800) is bound to a key. It is rejected unless [WithConfirmation]
// says that the application checks the sender's proof.
//
// A token of a user who lacks a permission is good. Refuse the request with 403, by
// [Middleware.WithScope] or in the handler, and not the token in [WithClaims].
//
// A stream outlives the check at its beginning. [WithContextDeadline] ends it with the
// token.
//
// A verifier that names no audience refuses tokens that name one. One that names
// no issuer takes tokens of any: the key alone then says who issued them. Tokens of
// several issuers are for a [VerifierSet], in which no key vouches for another's issuer.
//
// Leeway is for clocks that differ, not for slow clients: start with none.
//
// A secret is random bytes, not a password, and does not belong in the source.
//
// This package does not keep sessions, rotate refresh tokens, or encrypt (JWE).
//
// # Keys that change
//
// Package keyring rotates the keys of a service without one good token refused. Module
// github.com/jwtexp/jwtexp/jwks publishes them as a JWK Set, and fetches those of an
// identity provider. Both are a [KeySet], of which you can make your own.
//
// # Speed
//
// Make an Issuer and a Verifier once and share them. With a secret, Verify takes about
// two to three times as long as the HMAC and base64 of the token; with a public key, a few
// percent longer than checking the signature, which [WithCache] spares tokens that
// come again. The repository's README has the figures, beside other libraries.
//
// # Testing
//
// Give both halves [WithClock] with a clock of package jwtexptest, and move
// it; or give them none and run the test in a testing/synctest bubble. A
// handler is tested without the middleware in front of it by
// jwtexptest.Context, and with it by the tokens of jwtexptest.NewTokens: good,
// expired, forged, and more. jwtexptest.TestHandler is a suite for the handler
// that you deploy, and tells which bad tokens and requests it takes.
package jwtexp

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// A Token is proof: only [Issuer.Issue] and a successful [Verifier.Verify] make
// one. It cannot be changed, is safe for concurrent use, and may be kept; it
// stays what it was, so ask [Verifier.Recheck] whether it is still good.
//
// Its accessors (not String, LogValue and Equal) panic on a nil or zero Token.
// That is on purpose: a handler that ignored the ok of [FromContext] must not
// go on with "" for a subject.
//
// The strings that its accessors return are pieces of the token or of its claims
// set, and keep the whole in memory: strings.Clone one that is to outlive it.
//
// Use a Token by its pointer: a copy proves nothing. Each call of Verify returns
// another Token, so overwriting one (*t = …) does not affect other callers.
// Formatting, logging and JSON show no text of it but alg and kid, and exp as a date.
// Packages that print by reflection print addresses.
type Token struct {
	in   sealed[contents]
	self *Token // this Token; in a copy, the Token that was copied
}

// contents are a Token's data. They never change, and several Tokens may share them: a
// Verifier with a cache keeps the contents and returns another Token for each hit, because
// callers can overwrite a Token.
type contents struct {
	self    atomic.Pointer[contents] // the target of the Tokens' sealed pointers
	first   Token                    // the first Token; here it needs no allocation of its own
	raw     string
	header  *jws.Header
	claims  claimset.Set
	payload string        // "" of an issued token: see text
	signer  *jws.Identity // of the key that signed it, which is not kept alive by it
}

// seal prepares new contents for Tokens and errors.
func (c *contents) seal() *contents {
	c.self.Store(c)
	return c
}

func (c *contents) sealed() sealed[contents] { return sealed[contents]{&c.self} }

// firstToken returns the first Token of new contents.
func (c *contents) firstToken() *Token { return c.become(&c.first) }

// anotherToken returns a new Token with the same contents.
func (c *contents) anotherToken() *Token { return c.become(new(Token)) }

func (c *contents) become(t *Token) *Token {
	t.in, t.self = c.sealed(), t
	return t
}

// signedBy reports whether m is the material that the token was signed with.
func (c *contents) signedBy(m *jws.Material) bool { return m.Is(c.signer) }

// proven reports whether Issue or Verify made t. A nil Token, a zero Token and a copy are not
// proven.
func (t *Token) proven() bool { return t != nil && t.self == t }

// text returns the claims set as JSON. An issued token decodes it here, because it is
// rarely asked for.
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

// Raw returns the token itself, in the JWS compact serialization. It is a
// credential: it belongs in a response to its owner and nowhere else. It is no
// name for the token either, since one ECDSA token has several valid forms: use
// [Token.ID].
func (t *Token) Raw() string { return t.in.get().raw }

// ID returns the token's unique name, jti (RFC 7519 §4.1.7), "" where absent.
func (t *Token) ID() string { return t.in.get().claims.ID }

// Issuer returns iss (RFC 7519 §4.1.1), "" where absent.
func (t *Token) Issuer() string { return t.in.get().claims.Issuer }

// Subject returns sub (RFC 7519 §4.1.2), "" where absent. An [Issuer] always
// writes it; another issuer need not.
func (t *Token) Subject() string { return t.in.get().claims.Subject }

// Audience returns a copy of aud (RFC 7519 §4.1.3), nil where absent.
func (t *Token) Audience() []string { return slices.Clone(t.in.get().claims.Audience) }

// Type returns the header's typ as it was written (RFC 7519 §5.1), "" where
// absent.
func (t *Token) Type() string { return t.in.get().header.Type }

// KeyID returns the header's kid (RFC 7515 §4.1.4), "" where absent.
func (t *Token) KeyID() string { return t.in.get().header.KeyID }

// IssuedAt returns iat in UTC (RFC 7519 §4.1.6), the zero time where absent.
func (t *Token) IssuedAt() time.Time { return t.in.get().claims.IssuedAt }

// NotBefore returns nbf in UTC (RFC 7519 §4.1.5), the first instant at which the
// token is good; the zero time where absent.
func (t *Token) NotBefore() time.Time { return t.in.get().claims.NotBefore }

// ExpiresAt returns exp in UTC (RFC 7519 §4.1.4), the first instant at which the
// token is no longer good. Every Token has one.
func (t *Token) ExpiresAt() time.Time { return t.in.get().claims.ExpiresAt }

// Claims decodes the whole claims set, registered claims included, into dst, a
// pointer to a struct or map. Struct tags mean what they mean in encoding/json,
// but names match in exact case. Claims that dst has no place for are ignored.
//
// An error says that the claims are not of dst's type, and may leave dst partly
// written; its text quotes no claim. With [WithClaims], Verify finds this out.
func (t *Token) Claims(dst any) error { return t.in.get().decode(dst) }

// Scope returns what the token allows: the scope claim, a string of scope tokens with
// spaces between them (RFC 8693 §4.2) or an array of them, or, where that is absent or
// null, scp, by which name some issuers have it. It is empty where there is none, or none of these
// forms.
// [Middleware.WithScope] demands it. Each call reads the claims set.
func (t *Token) Scope() []string {
	contents := t.in.get()
	return contents.claims.Scope(contents.text())
}

// Equal reports whether t and u are the same token, byte for byte; nil equals nil.
// It is there for go-cmp.
func (t *Token) Equal(u *Token) bool {
	if !t.proven() || !u.proven() {
		return t.proven() == u.proven()
	}
	return t.in.get().raw == u.in.get().raw
}

// String names the key and the times, and never the token or a claim that is
// text: log [Token.Subject] or [Token.ID] by name where they may be logged.
func (t *Token) String() string {
	if !t.proven() {
		return "jwtexp.Token(none)"
	}
	return fmt.Sprintf("jwtexp.Token(alg=%s kid=%q exp=%s)",
		t.in.get().header.Algorithm, t.KeyID(), t.ExpiresAt().Format(time.RFC3339Nano))
}

// LogValue logs what String tells.
func (t *Token) LogValue() slog.Value {
	if !t.proven() {
		return slog.StringValue(t.String())
	}
	return slog.GroupValue(
		slog.String("alg", t.in.get().header.Algorithm),
		slog.String("kid", t.KeyID()),
		slog.Time("exp", t.ExpiresAt()),
	)
}

type contextKey struct{}

// NewContext returns a context that carries t for [FromContext], for those who
// call [Middleware.Check] or [Verifier.Verify] themselves. A nil t hides one that
// ctx carries. It panics if ctx is nil. A test has jwtexptest.Context.
func NewContext(ctx context.Context, t *Token) context.Context {
	if ctx == nil {
		panic("jwtexp: NewContext: ctx is nil")
	}
	return context.WithValue(ctx, contextKey{}, t)
}

// FromContext returns the token that [Middleware.Handler] accepted for this
// request, or that [NewContext] put there. ok is false where there is none; it
// is never true for a nil or zero Token.
func FromContext(ctx context.Context) (t *Token, ok bool) {
	t, _ = ctx.Value(contextKey{}).(*Token)
	if !t.proven() {
		return nil, false
	}
	return t, true
}

// An Algorithm is a signature algorithm by its name in a token's alg.
type Algorithm string

// The algorithms: RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864 §2.2. There is no
// "none". For a service that verifies its own tokens HS256 is right; where
// others verify them, Ed25519 (or EdDSA, its older name, for older libraries)
// or ES256.
//
// EdDSA and Ed25519 are two algorithms here: a key of one refuses the tokens
// of the other. A verifier that takes both has a [KeySet] of the key under
// each; both may have the same ID.
const (
	HS256   Algorithm = "HS256"   // HMAC with SHA-256; the secret has at least 32 bytes
	HS384   Algorithm = "HS384"   // HMAC with SHA-384; at least 48 bytes
	HS512   Algorithm = "HS512"   // HMAC with SHA-512; at least 64 bytes
	RS256   Algorithm = "RS256"   // RSA PKCS #1 v1.5 with SHA-256; 2048 to 8192 bits, as all RSA here
	RS384   Algorithm = "RS384"   // RSA PKCS #1 v1.5 with SHA-384
	RS512   Algorithm = "RS512"   // RSA PKCS #1 v1.5 with SHA-512
	PS256   Algorithm = "PS256"   // RSA PSS with SHA-256; the salt is as long as the hash
	PS384   Algorithm = "PS384"   // RSA PSS with SHA-384
	PS512   Algorithm = "PS512"   // RSA PSS with SHA-512
	ES256   Algorithm = "ES256"   // ECDSA on P-256 with SHA-256
	ES384   Algorithm = "ES384"   // ECDSA on P-384 with SHA-384
	ES512   Algorithm = "ES512"   // ECDSA on P-521 with SHA-512
	EdDSA   Algorithm = "EdDSA"   // Ed25519 under the name of RFC 8037
	Ed25519 Algorithm = "Ed25519" // Ed25519 under the name of RFC 9864, which replaces EdDSA
)

// A Key is key material bound to one [Algorithm], with an ID ([Key.WithID])
// and a limit to what it vouches for ([Key.WithNotAfter]). The material it was
// made from has been copied. It cannot be changed, and is safe for concurrent
// use. Formatting it never shows the material, and reflection does not reach it. The
// zero Key is refused everywhere.
//
// A Key is a [KeySet] of one, and, where it can sign, a [KeySource].
type Key struct {
	sealed   sealed[jws.Material]
	id       string
	notAfter time.Time
}

func (k *Key) material() *jws.Material { return k.sealed.get() }

// For package jwtexptest, and nobody outside this module.
func init() {
	testsign.Sign = func(key any, header, payload []byte) (string, error) {
		k, _ := key.(Key)
		if err := checkSigning(k); err != nil {
			return "", err
		}
		return jws.Sign(k.material(), jws.EncodeText(header), payload)
	}
}

// NewSecretKey returns a key that signs and verifies with HS256, HS384 or HS512.
// The secret must be random bytes, at least as many as the hash has (RFC 7518
// §3.2): 32, 48 or 64; crypto/rand.Read makes one.
//
// NewSecretKey returns an error for well-known secrets:
//
//   - one byte repeated, such as a buffer that was never filled. Line breaks and
//     the padding of base64 (=) at the end do not count. NewSecretKey does not
//     decode the secret to find this kind.
//   - PEM text of any kind, public keys and certificates in DER, JWKs and JWK Sets,
//     OpenSSH public keys, and uncompressed points of P-256, P-384 and P-521, with or
//     without their first byte.
//   - the sample secrets of jwt.io, today's and earlier ones.
//
// The other two kinds are recognized in base64, base64url, hex and UTF-16, too, up
// to four times encoded. The 32 bytes of an Ed25519 public key and a compressed
// point look random: NewSecretKey accepts them. It accepts weak passwords, too.
func NewSecretKey(alg Algorithm, secret []byte) (Key, error) {
	return newKey(jws.NewSecret(string(alg), secret))
}

// NewSigningKey returns a key that signs and verifies with an RSA, ECDSA or
// Ed25519 private key: one in memory, or any other crypto.Signer, such as a key
// in a KMS or an HSM. Of the latter the public key is read now, and each
// signature is checked with it; an error of its Sign is an outage
// ([ErrUnavailable]) to Issue. It must be safe for concurrent use.
func NewSigningKey(alg Algorithm, private crypto.Signer) (Key, error) {
	if isNil(private) {
		return Key{}, errNilKey
	}
	return newKey(jws.NewSigner(string(alg), private))
}

// NewPublicKey returns a key that verifies and cannot sign. public is an
// *rsa.PublicKey of 2048 to 8192 bits, an *ecdsa.PublicKey on the algorithm's
// curve, or an ed25519.PublicKey.
//
// The key is validated here, and in every other function that takes one. A point
// that is not on its curve is an error. So is an Ed25519 key of small order, under
// which anybody can forge signatures, or one in a second spelling (RFC 8032
// §5.1.3). An Ed25519 key of mixed order is accepted, as in RFC 8032 and
// crypto/ed25519.
func NewPublicKey(alg Algorithm, public crypto.PublicKey) (Key, error) {
	if isNil(public) {
		return Key{}, errNilKey
	}
	return newKey(jws.NewPublic(string(alg), public))
}

// ParsePEM returns the key that PEM text holds: a private key (PKCS #8, PKCS #1
// or SEC 1), which signs and verifies, or a public key (SPKI, PKCS #1, or that of
// a certificate, whose dates are not judged), which verifies. More than one key
// is an error, and so is an encrypted one. An HMAC secret is never PEM.
func ParsePEM(alg Algorithm, pem []byte) (Key, error) {
	return newKey(jws.ParsePEM(string(alg), pem))
}

var (
	errNilKey = errors.New("jwtexp: key: nil, where a private or public key is due (an HMAC secret has no public key)")
	// endOfTime is what a Key vouches until by default: the latest exp there is.
	endOfTime = time.Unix(claimset.MaxNumericDate, 0).UTC()
)

func newKey(material *jws.Material, err error) (Key, error) {
	if err != nil {
		return Key{}, fmt.Errorf("jwtexp: key: %w", err)
	}
	return Key{sealed: seal(material), notAfter: endOfTime}, nil
}

// ID returns the key's ID, "" where it has none.
func (k Key) ID() string { return k.id }

// Algorithm returns the algorithm that the key is bound to, "" for the zero Key.
func (k Key) Algorithm() Algorithm {
	if k.material() == nil {
		return ""
	}
	return Algorithm(k.material().Algorithm())
}

// PublicKey returns a copy of the public key, the half that may be handed out:
// an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey; nil for an HMAC
// secret and for the zero Key.
func (k Key) PublicKey() crypto.PublicKey {
	if k.material() == nil {
		return nil
	}
	return k.material().Public()
}

// WithID returns a copy of k with the given ID, which tokens carry as kid (RFC
// 7515 §4.1.4). It is public, and should say nothing of the secret. "" takes
// the ID away; a verifier with a single key without an ID takes any kid. An ID
// that is not UTF-8 is refused by the constructors that take a Key.
func (k Key) WithID(id string) Key {
	k.id = id
	return k
}

// WithNotAfter returns a copy of k that vouches only for tokens whose exp is not
// after t. A retired key is kept with it: tokens that it signed are still
// recognised, and told apart into expired and invalid, but a thief cannot mint
// with it later.
//
// Let t be the moment at which the key's last token expires: that of the change
// to a new key plus the longest lifetime of the issuers that used this one. With
// an earlier t, tokens that are still in time become invalid.
func (k Key) WithNotAfter(t time.Time) Key {
	k.notAfter = t
	return k
}

// vouchesFor is what both halves ask, so that nothing is issued that is refused.
func (k *Key) vouchesFor(claims *claimset.Set) bool { return !claims.ExpiresAt.After(k.notAfter) }

// SigningKey returns k: a Key is its own [KeySource].
func (k Key) SigningKey(context.Context, time.Time) (Key, error) { return k, nil }

// VerificationKeys returns k if it has that ID, or if there is no ID to compare:
// a Key is a [KeySet] of one, and one without an ID takes any kid.
func (k Key) VerificationKeys(_ context.Context, id string, _ time.Time) ([]Key, error) {
	if !k.answersTo(id) {
		return nil, nil
	}
	return []Key{k}, nil
}

func (k Key) answersTo(id string) bool { return id == "" || k.id == "" || id == k.id }

// String names the algorithm and the ID, and never the material.
func (k Key) String() string { return fmt.Sprintf("jwtexp.Key(alg=%s id=%q)", k.Algorithm(), k.id) }

// check says what a constructor has against k.
func (k Key) check() error {
	switch {
	case k.material() == nil:
		return errors.New("the zero Key: make one with NewSecretKey, NewSigningKey, NewPublicKey or ParsePEM")
	case !utf8.ValidString(k.id):
		return errors.New("the key's ID is not valid UTF-8")
	case k.notAfter.Unix() < 0:
		return errors.New("WithNotAfter is before 1970, so that the key vouches for no token: is the time unset?")
	}
	return nil
}

// A KeySource has the key that new tokens are signed with. It must be safe for
// concurrent use.
//
// now is the issuer's one reading of its clock: a source that changes keys by
// time uses it, so that a token is not signed with a key of another instant
// than its iat. An error is an outage ([ErrUnavailable]). A source that waits
// must return when ctx is done.
type KeySource interface {
	SigningKey(ctx context.Context, now time.Time) (Key, error)
}

// A KeySet has the keys that tokens are trusted by. It must be safe for
// concurrent use.
//
// id is the token's kid. Where it is "", the token has none, or an empty one,
// and the set returns every key that it has, the newest first, or none, if it wants
// tokens to carry a kid (a Verifier has [WithKeyIDRequired] for that). The first 8 of
// the token's algorithm are tried. (nil,
// nil) says that there is no such key, which makes the token invalid. Any
// error is an outage ([ErrUnavailable]), whatever it wraps. Zero Keys, and keys
// of other algorithms or of another ID, may be among those returned: they are
// passed over. A key without an ID counts for a token with kid only where it is the
// only one returned.
//
// Return a slice that the caller may change, as every KeySet of this module does: a KeySet
// that wraps another one may append to it. A set that only Verifiers use may return the
// same slice each time, because a Verifier only reads it.
//
// id comes from a token that is not verified yet. It is data to compare, never a
// path, a query or a URL.
//
// A Verifier asks with each token, also with [WithCache], so a fast look-up is part
// of a fast Verify.
//
// now is the verifier's one reading of its clock. A set that waits must return
// when ctx is done.
type KeySet interface {
	VerificationKeys(ctx context.Context, id string, now time.Time) ([]Key, error)
}

// NewKeySet returns a fixed set of keys. In a set of several each has an ID; a
// token's kid must then be one of them, and a token without kid is tried with
// the keys of its algorithm. One ID for two keys of one algorithm is an error,
// and so is a set without keys.
func NewKeySet(keys ...Key) (KeySet, error) {
	s := &fixedSet{all: slices.Clone(keys), byID: make(map[string][]Key)}
	var faults []error
	if len(keys) == 0 {
		faults = append(faults, errors.New("jwtexp: NewKeySet: no key"))
	}
	for i, k := range keys {
		err := k.check()
		switch {
		case err != nil:
		case len(keys) > 1 && k.id == "":
			err = errors.New("no ID: in a set of several keys each has one (Key.WithID)")
		case slices.ContainsFunc(s.byID[k.id], func(other Key) bool { return other.Algorithm() == k.Algorithm() }):
			err = fmt.Errorf("a second %s key with the ID %q", k.Algorithm(), k.id)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("jwtexp: NewKeySet: key %d: %w", i, err))
			continue
		}
		s.byID[k.id] = append(s.byID[k.id], k)
	}
	switch {
	case len(faults) > 0:
		return nil, errors.Join(faults...)
	case len(keys) == 1:
		return keys[0], nil
	}
	return s, nil
}

type fixedSet struct {
	all  []Key
	byID map[string][]Key
}

// VerificationKeys returns copies: what a caller does to them changes no trust.
func (s *fixedSet) VerificationKeys(_ context.Context, id string, _ time.Time) ([]Key, error) {
	return slices.Clone(s.withID(id)), nil
}

func (s *fixedSet) withID(id string) []Key {
	if id == "" {
		return s.all
	}
	return s.byID[id]
}

// lookUp is VerificationKeys of a KeySet.
type lookUp func(ctx context.Context, id string, now time.Time) ([]Key, error)

// lookUpIn returns the look-up of a set. The package's own sets make no copy for
// a Verifier, which only reads: an object less with each Verify.
func lookUpIn(keys KeySet) lookUp {
	switch set := keys.(type) {
	case Key:
		all := []Key{set}
		return func(_ context.Context, id string, _ time.Time) ([]Key, error) {
			if !set.answersTo(id) {
				return nil, nil
			}
			return all, nil
		}
	case *fixedSet:
		return func(_ context.Context, id string, _ time.Time) ([]Key, error) { return set.withID(id), nil }
	}
	return keys.VerificationKeys
}

// isNil sees a nil pointer, func, map, slice or channel inside an interface too.
func isNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return r.IsNil()
	}
	return false
}
