package jwks

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"
	"strings"

	"github.com/jwtexp/jwtexp"
)

// The algorithms by what they sign with.
var (
	secretAlgorithms  = []jwtexp.Algorithm{jwtexp.HS256, jwtexp.HS384, jwtexp.HS512}
	rsaAlgorithms     = []jwtexp.Algorithm{jwtexp.RS256, jwtexp.RS384, jwtexp.RS512, jwtexp.PS256, jwtexp.PS384, jwtexp.PS512}
	curveAlgorithms   = map[string]jwtexp.Algorithm{"P-256": jwtexp.ES256, "P-384": jwtexp.ES384, "P-521": jwtexp.ES512}
	ed25519Algorithms = []jwtexp.Algorithm{jwtexp.EdDSA, jwtexp.Ed25519}
	publicAlgorithms  = slices.Concat(rsaAlgorithms, []jwtexp.Algorithm{jwtexp.ES256, jwtexp.ES384, jwtexp.ES512}, ed25519Algorithms)
)

// WithAlgorithms sets the algorithms of keys whose JWK has no alg, which is optional (RFC 7517
// §4.4). Only the algorithms that fit a key's type count. For key types that none of algs fits, the
// default stays: RS256 for RSA, the algorithm of the curve for EC, EdDSA and Ed25519 for Ed25519. A
// JWK with an alg keeps it. For [ParseKey], at most one of algs may fit.
//
// With WithAlgorithms(jwtexp.PS256, jwtexp.RS512), an RSA key without alg verifies tokens with
// PS256 and RS512, and not with RS256. An empty list, an unknown or repeated algorithm, and HS256,
// HS384 or HS512 for a JWK Set are errors.
func WithAlgorithms(algs ...jwtexp.Algorithm) KeyOption {
	algs = slices.Clone(algs)
	return keyOption{remoteOption{"WithAlgorithms", func(c *config) error {
		c.algorithms = algs
		return checkAlgorithms(algs, c.secrets)
	}}}
}

// A KeyOption is a [ParseOption] and a [RemoteOption].
type KeyOption interface {
	ParseOption
	RemoteOption
}

type keyOption struct{ remoteOption }

func (o keyOption) forParse(c *config) { o.forRemote(c) }

// checkAlgorithms checks the arguments of WithAlgorithms. secrets says whether they may be for
// secrets, too.
func checkAlgorithms(algs []jwtexp.Algorithm, secrets bool) error {
	known := publicAlgorithms
	if secrets {
		known = slices.Concat(secretAlgorithms, publicAlgorithms)
	}
	var found faults
	if len(algs) == 0 {
		found.addf("no algorithm; name at least one, or leave the option out")
	}
	for i, alg := range algs {
		switch {
		case slices.Contains(algs[:i], alg):
			found.addf("%.32q is named twice", alg)
		case slices.Contains(known, alg):
		case slices.Contains(secretAlgorithms, alg):
			found.addf("%s is for secrets, and a JWK Set has public keys only; make a key of a secret with ParseKey or jwtexp.NewSecretKey", alg)
		default:
			found.addf("algorithm %.32q is unknown; want %s", alg, enumerate(known, "or"))
		}
	}
	return found.err()
}

// fitting returns the algorithms that a public key can be for.
func fitting(public publicKey) []jwtexp.Algorithm {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return rsaAlgorithms
	case *ecdsa.PublicKey:
		return []jwtexp.Algorithm{curveAlgorithms[key.Params().Name]}
	case ed25519.PublicKey:
		return ed25519Algorithms
	}
	return nil
}

// assume returns the algorithms of a key whose JWK has no alg. given are the algorithms of
// WithAlgorithms.
func assume(public publicKey, given []jwtexp.Algorithm) []jwtexp.Algorithm {
	fits := fitting(public)
	if chosen := intersect(given, fits); len(chosen) > 0 {
		return chosen
	}
	if _, isRSA := public.(*rsa.PublicKey); isRSA {
		return []jwtexp.Algorithm{jwtexp.RS256}
	}
	return fits
}

// intersect returns the algorithms of a that are in b, too.
func intersect(a, b []jwtexp.Algorithm) []jwtexp.Algorithm {
	return slices.DeleteFunc(slices.Clone(a), func(alg jwtexp.Algorithm) bool { return !slices.Contains(b, alg) })
}

// enumerate returns the algorithms as a phrase, such as "RS256, RS384 and RS512".
func enumerate(algs []jwtexp.Algorithm, conjunction string) string {
	var names []string
	for _, alg := range algs {
		names = append(names, string(alg))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " " + conjunction + " " + names[last]
}
