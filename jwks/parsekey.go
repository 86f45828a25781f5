package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/jwtexp/jwtexp"
)

// ParseKey returns the key in a JWK (RFC 7517 §4): a private RSA, EC or Ed25519 key or a secret,
// which signs and verifies, or a public key, which verifies. Its kid becomes the ID. White space
// around the text and a UTF-8 byte order mark are ignored, and so are certificates (x5c).
//
// The algorithm is the JWK's alg. Without alg it is the one algorithm of [WithAlgorithms] that fits
// the key. Without that, it is RS256 for RSA and the algorithm of the curve for EC. Other keys need
// one of the two.
//
// It is an error if use is not sig, if key_ops lacks sign (of a private key or a secret) or verify
// (of a public key), if a private key does not belong to its public members, or if a member is there
// twice, or in another case. The error says what is wrong, with the options as well, and quotes
// nothing of the text but registered names such as enc. [jwtexp.NewSigningKey],
// [jwtexp.NewSecretKey] and [jwtexp.NewPublicKey] say which keys they accept.
func ParseKey(text []byte, opts ...ParseOption) (jwtexp.Key, error) {
	c := &config{constructor: "ParseKey", secrets: true}
	c.forParse(opts)
	key, err := parseKey(withoutMark(text), c.algorithms)
	c.textFault(err)
	if err := c.err(); err != nil {
		return jwtexp.Key{}, err
	}
	return key, nil
}

func parseKey(text []byte, given []jwtexp.Algorithm) (jwtexp.Key, error) {
	var m members
	if josejson.Unmarshal(text, &m) != nil || !strings.HasPrefix(string(m["kty"]), `"`) {
		return jwtexp.Key{}, notKey(text)
	}
	j := jwk{show: shownIfRegistered}
	if err := j.readKey(m); err != nil {
		return jwtexp.Key{}, err
	}
	private, operation := m.havePrivate(), "verify"
	if private {
		operation = "sign"
	}
	found := j.checkUse(operation)
	key, err := j.key(private, given)
	if err != nil {
		found.addf("%v", err)
	}
	return key.WithID(j.KeyID), found.err()
}

// privateOf lists the private members of each type of key.
var privateOf = map[string][]string{
	"RSA": {"d", "p", "q", "dp", "dq", "qi"},
	"EC":  {"d"},
	"OKP": {"d"},
	"oct": {"k"},
}

// readKey reads the members of a JWK that stands alone.
func (j *jwk) readKey(m members) error {
	fields := slices.Concat(j.publicFields(), j.privateFields())
	found := m.decode(fields)
	for _, f := range fields {
		for name := range m {
			if strings.EqualFold(name, f.name) && name != f.name {
				found.addf("a member is spelled like %q in another case; write %[1]q", f.name)
			}
		}
	}
	own, known := privateOf[j.Type]
	switch {
	case !known:
		found.addf("kty is %s; want RSA, EC, OKP or oct", j.show(j.Type))
		return found.err()
	case m["oth"] != nil:
		found.addf("oth: a key of more than two primes is not supported")
	}
	for _, f := range j.privateFields() {
		if m[f.name] != nil && !slices.Contains(own, f.name) {
			found.addf("%s is not a member of this type of key", f.name)
		}
	}
	return found.err()
}

// key returns the Key of j. given are the algorithms of WithAlgorithms.
func (j *jwk) key(private bool, given []jwtexp.Algorithm) (key jwtexp.Key, err error) {
	if j.Type == "oct" {
		if err := missing("k", j.K); err != nil {
			return key, err
		}
		alg, err := j.algorithm(secretAlgorithms, intersect(given, secretAlgorithms))
		if err != nil {
			return key, err
		}
		return trimmed(jwtexp.NewSecretKey(alg, j.K))
	}
	public, err := j.publicKey()
	if err != nil {
		return key, err
	}
	alg, err := j.algorithm(fitting(public), assume(public, given))
	if err != nil {
		return key, err
	}
	if !private {
		return trimmed(jwtexp.NewPublicKey(alg, public))
	}
	signer, err := j.signer(public)
	if err != nil {
		return key, err
	}
	return trimmed(jwtexp.NewSigningKey(alg, signer))
}

// trimmed shortens the error of a constructor of a Key.
func trimmed(key jwtexp.Key, err error) (jwtexp.Key, error) {
	if err != nil {
		return jwtexp.Key{}, errors.New(reason(err))
	}
	return key, nil
}

// algorithm returns the algorithm of the key: its alg, or the only one of assumed. fits are all that
// a key of its type can have.
func (j *jwk) algorithm(fits, assumed []jwtexp.Algorithm) (jwtexp.Algorithm, error) {
	alg := jwtexp.Algorithm(j.Algorithm)
	switch {
	case slices.Contains(fits, alg):
		return alg, nil
	case alg != "":
		return "", fmt.Errorf("alg is %s; want %s", j.show(j.Algorithm), enumerate(fits, "or"))
	case len(assumed) == 1:
		return assumed[0], nil
	case len(assumed) == 0:
		assumed = fits
	}
	return "", fmt.Errorf(`alg is missing; add "alg", or pass WithAlgorithms with one of %s`, enumerate(assumed, "and"))
}

// signer returns the private key of j that belongs to public. NewSigningKey checks an RSA key.
func (j *jwk) signer(public publicKey) (crypto.Signer, error) {
	if rsaKey, ok := public.(*rsa.PublicKey); ok {
		return j.rsaSigner(rsaKey)
	}
	if err := missing("d", j.D); err != nil {
		return nil, err
	}
	if ecdsaKey, ok := public.(*ecdsa.PublicKey); ok {
		return j.ecdsaSigner(ecdsaKey)
	}
	if len(j.D) != ed25519.SeedSize {
		return nil, fmt.Errorf("d has %d bytes; want %d (RFC 8037 §2)", len(j.D), ed25519.SeedSize)
	}
	signer := ed25519.NewKeyFromSeed(j.D)
	if !public.Equal(signer.Public()) {
		return nil, errors.New("d does not belong to x")
	}
	return signer, nil
}

func (j *jwk) rsaSigner(public *rsa.PublicKey) (crypto.Signer, error) {
	if err := missing("d p q dp dq qi", j.D, j.P, j.Q, j.DP, j.DQ, j.QI); err != nil {
		return nil, err
	}
	number := func(b base64URL) *big.Int { return new(big.Int).SetBytes(b) }
	return &rsa.PrivateKey{
		PublicKey:   *public,
		D:           number(j.D),
		Primes:      []*big.Int{number(j.P), number(j.Q)},
		Precomputed: rsa.PrecomputedValues{Dp: number(j.DP), Dq: number(j.DQ), Qinv: number(j.QI)},
	}, nil
}

func (j *jwk) ecdsaSigner(public *ecdsa.PublicKey) (crypto.Signer, error) {
	params := public.Params()
	if size := (params.BitSize + 7) / 8; len(j.D) != size {
		return nil, fmt.Errorf("d has %d bytes; want %d (RFC 7518 §6.2.2.1)", len(j.D), size)
	}
	signer, err := ecdsa.ParseRawPrivateKey(public.Curve, j.D)
	switch {
	case err != nil:
		return nil, errors.New("d is not a private key for " + params.Name)
	case !public.Equal(signer.Public()):
		return nil, errors.New("d does not belong to x and y")
	}
	return signer, nil
}
