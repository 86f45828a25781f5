package jwtexp

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/jws"
	"github.com/jwtexp/jwtexp/internal/opaque"
	"github.com/jwtexp/jwtexp/internal/setup"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// An Algorithm is the name of a signature algorithm, as in the alg header.
type Algorithm string

// The algorithms of RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864 §2.2. Use HS256 if one service issues
// and verifies the tokens, and Ed25519 or ES256 otherwise. A key of EdDSA rejects tokens of
// Ed25519, its newer name. To accept both, make a [KeySet] with a Key for each.
const (
	HS256   Algorithm = "HS256" // HMAC with SHA-256; a secret of 32 bytes or more
	HS384   Algorithm = "HS384" // HMAC with SHA-384; 48 bytes or more
	HS512   Algorithm = "HS512" // HMAC with SHA-512; 64 bytes or more
	RS256   Algorithm = "RS256" // RSA PKCS #1 v1.5; all RSA keys have 2048 to 8192 bits
	RS384   Algorithm = "RS384"
	RS512   Algorithm = "RS512"
	PS256   Algorithm = "PS256" // RSA PSS; the salt is as long as the hash
	PS384   Algorithm = "PS384"
	PS512   Algorithm = "PS512"
	ES256   Algorithm = "ES256"   // ECDSA on P-256
	ES384   Algorithm = "ES384"   // P-384
	ES512   Algorithm = "ES512"   // P-521
	EdDSA   Algorithm = "EdDSA"   // Ed25519 in RFC 8037
	Ed25519 Algorithm = "Ed25519" // Ed25519 in RFC 9864
)

// A Key is key material for one [Algorithm]. It holds a copy of the material and never shows it. It
// cannot be changed and is safe for concurrent use. The zero Key is rejected everywhere. A Key is a
// [KeySet] with one key and, if it can sign, a [KeySource].
type Key struct {
	in       opaque.Pointer[jws.Material]
	id       string
	notAfter time.Time
}

// NewSecretKey returns a key that signs and verifies with HS256, HS384 or HS512. The secret must be
// random bytes, such as from crypto/rand.Read, and at least as long as the hash (RFC 7518 §3.2).
//
// Well-known secrets are an error: one byte repeated, PEM and JWKs of any kind, public keys and
// certificates (DER, OpenSSH, uncompressed points), and the samples of jwt.io. All but the first
// kind are recognized in base64, base64url, hex and UTF-16, too, up to four times encoded. A raw
// Ed25519 public key, a compressed point and a weak password cannot be recognized.
func NewSecretKey(alg Algorithm, secret []byte) (Key, error) {
	return newKey(jws.NewSecret(string(alg), secret))
}

// NewSigningKey returns a key that signs and verifies with an RSA, ECDSA or Ed25519 private key or
// any other crypto.Signer, such as a key in a KMS. Such a signer must be safe for concurrent use,
// and each of its signatures is verified. If it fails, or returns after the context of Issue is
// done, Issue returns [ErrUnavailable]. Sign takes no context: if the signer can hang, make the key
// in a [KeySource], and let the signer hold the context that SigningKey gets.
func NewSigningKey(alg Algorithm, private crypto.Signer) (Key, error) {
	if setup.IsNil(private) {
		return Key{}, errNilKey
	}
	return newKey(jws.NewSigner(string(alg), private))
}

// NewPublicKey returns a key that verifies: an *rsa.PublicKey of 2048 to 8192 bits, an
// *ecdsa.PublicKey on the algorithm's curve, or an ed25519.PublicKey. An invalid point is an error.
// So is an Ed25519 key that is not canonical (RFC 8032 §5.1.3), or of small order, under which
// anyone can forge signatures.
func NewPublicKey(alg Algorithm, public crypto.PublicKey) (Key, error) {
	if setup.IsNil(public) {
		return Key{}, errNilKey
	}
	return newKey(jws.NewPublic(string(alg), public))
}

// ParsePEM returns the one key in PEM text: a private key (PKCS #8, PKCS #1, SEC 1) or a public key
// (SPKI, PKCS #1, or a certificate, whose dates are ignored). An encrypted key is an error.
func ParsePEM(alg Algorithm, pem []byte) (Key, error) {
	return newKey(jws.ParsePEM(string(alg), pem))
}

var errNilKey = errors.New("jwtexp: key: nil; pass a private or public key, or use NewSecretKey for an HMAC secret")

// latestExpiry is the latest exp there is, and the default of Key.WithNotAfter.
var latestExpiry = time.Unix(claimset.MaxNumericDate, 0).UTC()

func newKey(material *jws.Material, err error) (Key, error) {
	if err != nil {
		return Key{}, fmt.Errorf("jwtexp: key: %w", err)
	}
	return Key{in: opaque.To(material), notAfter: latestExpiry}, nil
}

func (k *Key) material() *jws.Material { return k.in.Get() }

// ID returns the key's ID, or "".
func (k Key) ID() string { return k.id }

// Algorithm returns the key's algorithm, or "" for the zero Key.
func (k Key) Algorithm() Algorithm {
	if k.material() == nil {
		return ""
	}
	return Algorithm(k.material().Algorithm())
}

// PublicKey returns a copy of the public key, or nil for an HMAC secret.
func (k Key) PublicKey() crypto.PublicKey {
	if k.material() == nil {
		return nil
	}
	return k.material().Public()
}

// WithID returns a copy of k with an ID, which tokens carry as kid (RFC 7515 §4.1.4). The ID is
// public and must be valid UTF-8. A verifier whose only key has no ID accepts any kid.
func (k Key) WithID(id string) Key {
	k.id = id
	return k
}

// WithNotAfter returns a copy of k that is good only for tokens that expire at t or before. It is
// for a retired key: its late tokens are still recognized as expired, but a thief cannot mint new
// ones. Set t to the start of the new key plus the longest lifetime of the issuers.
func (k Key) WithNotAfter(t time.Time) Key {
	k.notAfter = t
	return k
}

// covers reports whether the key may sign a token that expires then. Issuers and verifiers both
// ask, so that no token is issued that is rejected.
func (k *Key) covers(expiresAt time.Time) bool { return !expiresAt.After(k.notAfter) }

// serves reports whether the key fits the header's kid. only reports that its set has no other key.
func (k *Key) serves(h *jws.Header, only bool) bool {
	anyID := !h.HasKeyID || k.id == "" && only
	return k.material() != nil && (anyID || k.id == h.KeyID)
}

// SigningKey returns k: a Key is its own [KeySource].
func (k Key) SigningKey(context.Context, time.Time) (Key, error) { return k, nil }

// VerificationKeys returns k if the IDs are equal or if either is "".
func (k Key) VerificationKeys(_ context.Context, id string, _ time.Time) ([]Key, error) {
	if !k.answersTo(id) {
		return nil, nil
	}
	return []Key{k}, nil
}

func (k Key) answersTo(id string) bool { return id == "" || k.id == "" || id == k.id }

// String returns the algorithm and the ID.
func (k Key) String() string { return fmt.Sprintf("jwtexp.Key(alg=%s id=%q)", k.Algorithm(), k.id) }

// check returns why a constructor rejects k.
func (k Key) check() error {
	switch {
	case k.material() == nil:
		return k.fault("the zero Key; make one with NewSecretKey, NewSigningKey, NewPublicKey or ParsePEM")
	case !utf8.ValidString(k.id):
		return k.fault("the ID is not valid UTF-8; pass UTF-8 to WithID")
	case k.notAfter.Unix() < 0:
		return k.fault("WithNotAfter is before 1970; is the time unset?")
	}
	return nil
}

// fault returns an error that names k, if it has an ID.
func (k Key) fault(text string) error {
	if k.id == "" {
		return errors.New(text)
	}
	return fmt.Errorf("key %q: %s", k.id, text)
}

func (k Key) checkSigning() error {
	if err := k.check(); err != nil {
		return err
	}
	if !k.material().CanSign() {
		return k.fault("a public key cannot sign; pass the private key")
	}
	return nil
}

// plainKey returns the Key that keys is or points to. It is a copy, because a Key behind a
// pointer could be changed later.
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

// For package jwtexptest, which makes tokens that no Issuer makes.
func init() {
	testsign.Sign = func(key any, header, payload []byte) (string, error) {
		k, _ := key.(Key)
		if err := k.checkSigning(); err != nil {
			return "", err
		}
		return jws.Sign(k.material(), jws.EncodeText(header), payload)
	}
}

// A KeySource returns the key that signs new tokens. It must be safe for concurrent use and return
// when ctx is done. now is the Issuer's reading of its clock, which also sets iat. An error makes
// Issue return [ErrUnavailable].
//
// If the source also has a method MaxLifetime() time.Duration, as a keyring.Ring has, NewIssuer
// calls it once. A longer lifetime is an error then, and 0 or less means no limit.
type KeySource interface {
	SigningKey(ctx context.Context, now time.Time) (Key, error)
}

// A KeySet returns the keys that a Verifier trusts. It must be safe for concurrent use and return
// when ctx is done. now is the Verifier's reading of its clock. Verify calls the set for each
// token, also on a cache hit.
//
// id is the token's kid, which is not verified yet: compare it, and never use it as a path, a query
// or a URL. If id is "", the set returns all keys, the newest first: a Verifier tries 8 of the
// token's algorithm. A Verifier ignores keys of another algorithm or ID. A key without an ID serves
// a token with kid only if it is the only key.
//
// (nil, nil) means that no key has the ID, so the token is invalid. An error makes Verify return
// [ErrUnavailable]. Return a slice that the caller may change.
//
// Two more methods are optional, and their texts become part of the error: WhyNot(id string) string
// says why no key has the ID, and WhyAlgorithm(id string) string why the keys with the ID are for
// another algorithm than the token's. They must not quote id.
type KeySet interface {
	VerificationKeys(ctx context.Context, id string, now time.Time) ([]Key, error)
}

// NewKeySet returns a fixed set of keys. In a set of several keys each needs an ID. A token without
// kid is tried with up to eight keys of its algorithm. No key, or two keys with the same algorithm
// and ID, is an error.
func NewKeySet(keys ...Key) (KeySet, error) {
	s := setup.New("jwtexp: NewKeySet")
	set := &fixedSet{all: slices.Clone(keys), byID: make(map[string][]Key)}
	if len(keys) == 0 {
		s.Fault("keys", errors.New("none; pass at least one"))
	}
	for i, k := range keys {
		err := k.check()
		switch {
		case err != nil:
		case len(keys) > 1 && k.id == "":
			err = errors.New("no ID; in a set of several keys each needs one (Key.WithID)")
		case slices.ContainsFunc(set.byID[k.id], func(other Key) bool { return other.Algorithm() == k.Algorithm() }):
			err = fmt.Errorf("a second %s key with the ID %q", k.Algorithm(), k.id)
		}
		s.Fault(fmt.Sprintf("key %d", i), err)
		set.byID[k.id] = append(set.byID[k.id], k)
	}
	switch {
	case s.Err() != nil:
		return nil, s.Err()
	case len(keys) == 1:
		return keys[0], nil
	}
	return set, nil
}

type fixedSet struct {
	all  []Key
	byID map[string][]Key
}

// VerificationKeys returns a copy, so a caller cannot change the set.
func (s *fixedSet) VerificationKeys(_ context.Context, id string, _ time.Time) ([]Key, error) {
	return slices.Clone(s.withID(id)), nil
}

func (s *fixedSet) withID(id string) []Key {
	if id == "" {
		return s.all
	}
	return s.byID[id]
}

// An explainer has the optional methods of a KeySet.
type explainer struct {
	whyNot, whyAlgorithm func(id string) string
}

func explainerOf(keys KeySet) explainer {
	nothing := func(string) string { return "" }
	e := explainer{nothing, nothing}
	if set, ok := keys.(interface{ WhyNot(id string) string }); ok {
		e.whyNot = set.WhyNot
	}
	if set, ok := keys.(interface{ WhyAlgorithm(id string) string }); ok {
		e.whyAlgorithm = set.WhyAlgorithm
	}
	return e
}

// lookUp is VerificationKeys of a KeySet.
type lookUp func(ctx context.Context, id string, now time.Time) ([]Key, error)

// lookUpIn returns the look-up of a set. The package's own sets need no copy for a Verifier, which
// only reads. With a copy, Verify takes 5 % longer (BenchmarkVerify/HS256), and 29 % for a token in
// the cache (BenchmarkVerifyCached/serial).
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
