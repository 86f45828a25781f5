package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/jwtexp/jwtexp"
)

// maxKeys is how many JWKs a set may have: far more than anybody publishes.
const maxKeys = 256

var (
	errNotSet   = errors.New("not a JSON object with an array of keys (RFC 7517 §5)")
	errTooMany  = fmt.Errorf("more than %d keys", maxKeys)
	errNoUsable = errors.New("no key that signatures can be verified with")
)

// A keySet is what can be used of a JWK Set. It is never changed.
type keySet struct {
	all  []jwtexp.Key
	byID map[string][]jwtexp.Key
	sole bool // all are one JWK, without kid: it is whatever key a token names
}

// parseSet reads a JWK Set. What is not a usable key is left out, as RFC 7517 §5 wants:
// a new kind of key in the set does not take away the others. It reads by
// go-jose's JSON, which compares names in exact case, and refuses one that comes twice.
func parseSet(text []byte) (*keySet, error) {
	var set struct {
		Keys []josejson.RawMessage `json:"keys"`
	}
	if josejson.Unmarshal(text, &set) != nil {
		return nil, errNotSet // and not its error, which can quote the text
	}
	if len(set.Keys) > maxKeys {
		return nil, errTooMany
	}
	s := &keySet{byID: make(map[string][]jwtexp.Key)}
	usable := 0
	for _, jwk := range set.Keys {
		before := len(s.all)
		for _, key := range keysOf(jwk) {
			s.add(key)
		}
		if len(s.all) > before {
			usable++
		}
	}
	if usable == 0 {
		return nil, errNoUsable
	}
	s.sole = usable == 1 && s.all[0].ID() == ""
	return s, nil
}

// add leaves out a second key of the same name: the first one wins.
func (s *keySet) add(key jwtexp.Key) {
	id := key.ID()
	sameAlgorithm := func(other jwtexp.Key) bool { return other.Algorithm() == key.Algorithm() }
	if id != "" && slices.ContainsFunc(s.byID[id], sameAlgorithm) {
		return
	}
	s.all = append(s.all, key)
	if id != "" {
		s.byID[id] = append(s.byID[id], key)
	}
}

// withID returns the keys that a token with this kid may be verified with, in a slice that
// is only read. A nil set has none.
func (s *keySet) withID(id string) []jwtexp.Key {
	switch {
	case s == nil:
		return nil
	case id == "" || s.sole && len(s.all) == 1:
		return s.all
	case s.sole:
		return named(s.all, id)
	}
	return s.byID[id]
}

// named gives keys without an ID one: a Verifier takes only a single key without, and an
// Ed25519 key is two, one for each name of its algorithm.
func named(keys []jwtexp.Key, id string) []jwtexp.Key {
	with := make([]jwtexp.Key, len(keys))
	for i, key := range keys {
		with[i] = key.WithID(id)
	}
	return with
}

// privateMembers are of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// keysOf returns the keys that one JWK is. There are none if the JWK is not for signatures,
// is private or symmetric, so should not have been published, or is not understood. The
// certificates of x5c are not looked at.
func keysOf(text []byte) []jwtexp.Key {
	var j jwk
	var members map[string]josejson.RawMessage
	if josejson.Unmarshal(text, &j) != nil || josejson.Unmarshal(text, &members) != nil {
		return nil
	}
	switch {
	case j.Use != "" && j.Use != "sig",
		j.Operations != nil && !slices.Contains(j.Operations, "verify"),
		slices.ContainsFunc(privateMembers, func(name string) bool { return members[name] != nil }):
		return nil
	}
	public := j.publicKey()
	var keys []jwtexp.Key
	for _, alg := range algorithms(public, j.Algorithm) {
		// It refuses what the algorithm does not fit, and what is no valid key.
		if key, err := jwtexp.NewPublicKey(alg, public); err == nil {
			keys = append(keys, key.WithID(j.KeyID))
		}
	}
	return keys
}

// algorithms returns those that a key is for: the one that it names or, without, what its
// type is used with. Of the curves' algorithms one fits.
func algorithms(public crypto.PublicKey, named string) []jwtexp.Algorithm {
	if named != "" {
		return []jwtexp.Algorithm{jwtexp.Algorithm(named)}
	}
	switch public.(type) {
	case *rsa.PublicKey:
		return []jwtexp.Algorithm{jwtexp.RS256}
	case *ecdsa.PublicKey:
		return []jwtexp.Algorithm{jwtexp.ES256, jwtexp.ES384, jwtexp.ES512}
	case ed25519.PublicKey:
		return []jwtexp.Algorithm{jwtexp.EdDSA, jwtexp.Ed25519}
	}
	return nil
}
