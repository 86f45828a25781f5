package providers_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// An object is a JSON object. A member that is nil is absent from a token.
type object map[string]any

// with returns a copy of o with these members.
func (o object) with(members object) object {
	all := maps.Clone(o)
	if all == nil {
		all = make(object)
	}
	maps.Copy(all, members)
	return all
}

// after is a claim that is a time: so long after the token was issued.
type after time.Duration

// at returns the members of a token that was issued at the given time.
func (o object) at(issued time.Time) object {
	all := make(object)
	for name, value := range o {
		if d, ok := value.(after); ok {
			value = issued.Add(time.Duration(d)).Unix()
		}
		if value != nil {
			all[name] = value
		}
	}
	return all
}

// A signer is one key of a provider.
type signer struct {
	kid string
	key func() *rsa.PrivateKey
}

func newSigner(kid string) *signer {
	return &signer{kid, sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })}
}

// sign returns a token that was issued at the given time. kid is in the header, whatever the key.
func (s *signer) sign(kid string, header, claims object, issued time.Time) string {
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": kid}}
	for name, value := range header.at(issued) {
		options.ExtraHeaders[jose.HeaderKey(name)] = value
	}
	joseSigner := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.key()}, options))
	return must(must(joseSigner.Sign([]byte(toJSON(claims.at(issued))))).CompactSerialize())
}

// jwk returns the public key as a JWK with these other members.
func (s *signer) jwk(members object) object {
	public := s.key().PublicKey
	return object{
		"kty": "RSA",
		"kid": s.kid,
		"n":   base64url(public.N.Bytes()),
		"e":   base64url(big.NewInt(int64(public.E)).Bytes()),
	}.with(members)
}

// certified returns a JWK with a certificate: the members x5c and x5t. x5t is not the SHA-1 that it
// should be, because FIPS 140-3 has none.
func (s *signer) certified(members object) object {
	der := s.certificate()
	thumbprint := sha256.Sum256(der)
	return s.jwk(members).with(object{
		"x5c": []string{base64.StdEncoding.EncodeToString(der)},
		"x5t": base64url(thumbprint[:20]),
	})
}

func (s *signer) certificate() []byte {
	template := validToday()
	return must(x509.CreateCertificate(rand.Reader, template, template, s.key().Public(), s.key()))
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func toJSON(v any) string { return string(must(json.Marshal(v))) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
