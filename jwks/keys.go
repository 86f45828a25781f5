package jwks

import (
	"fmt"
	"slices"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/jwtexp/jwtexp"
)

// maxKeys is the largest number of JWKs in a set, far above what providers publish.
const maxKeys = 256

var errTooManyKeys = fmt.Errorf("JWK Set has more than %d keys; remove those that are no longer used", maxKeys)

// A keySet holds the usable keys of a JWK Set. It is never changed.
type keySet struct {
	jwks []usableJWK  // in the set's order
	all  []jwtexp.Key // of the JWKs
	byID map[string][]jwtexp.Key
	sole bool // all come from the only usable JWK, which has no kid: they serve any kid

	leftOut map[string]string // why the JWKs with these IDs are not usable
	skipped []string          // a line on each JWK that is not usable
}

// A usableJWK is a JWK with the keys that it stands for, one per algorithm.
type usableJWK struct {
	id     string
	public publicKey
	keys   []jwtexp.Key
	issuer *string // the member issuer; nil: for every issuer

	assumed bool // it has no alg, and public can be for other algorithms than these keys
}

// parseSet reads a JWK Set. what names the text in an error, and given are the algorithms of
// WithAlgorithms. It skips JWKs that are not usable, as RFC 7517 §5 asks, so that a new kind of key
// does not disable the others, and ignores a byte order mark, as RFC 8259 §8.1 allows. go-jose's JSON
// reader compares member names case-sensitively and rejects duplicates.
func parseSet(what string, text []byte, given []jwtexp.Algorithm) (*keySet, error) {
	text = withoutMark(text)
	var set struct {
		Keys []josejson.RawMessage `json:"keys"`
	}
	if josejson.Unmarshal(text, &set) != nil || set.Keys == nil {
		return nil, notSet(what, text) // without the cause, which can quote the text
	}
	if len(set.Keys) > maxKeys {
		return nil, errTooManyKeys
	}
	var usable []usableJWK
	leftOut := make(map[string]string)
	var skipped []string
	for i, text := range set.Keys {
		j, err := usableIn(text, given)
		if err != nil {
			leftOut[j.id] = err.Error()
			skipped = append(skipped, fmt.Sprintf("JWK %d%s: %v", i, named(j.id), err))
			continue
		}
		usable = append(usable, j)
	}
	if len(usable) == 0 {
		return nil, noUsableKey(skipped)
	}
	s := newKeySet(usable)
	s.leftOut, s.skipped = leftOut, skipped
	return s, nil
}

// newKeySet returns the keys of these JWKs. Of keys with the same ID, algorithm and material it
// drops all but the first. Different keys with one ID stay, and a Verifier tries each.
func newKeySet(jwks []usableJWK) *keySet {
	s := &keySet{jwks: jwks, byID: make(map[string][]jwtexp.Key)}
	used := 0
	for i, j := range jwks {
		before := len(s.all)
		for _, key := range j.keys {
			if !slices.ContainsFunc(jwks[:i], func(other usableJWK) bool { return other.has(j, key.Algorithm()) }) {
				s.all = append(s.all, key)
				s.byID[j.id] = append(s.byID[j.id], key)
			}
		}
		if len(s.all) > before {
			used++
		}
	}
	s.sole = used == 1 && s.all[0].ID() == ""
	return s
}

// has reports whether j has the same key as other, for alg.
func (j usableJWK) has(other usableJWK, alg jwtexp.Algorithm) bool {
	return j.id == other.id && j.public.Equal(other.public) &&
		slices.ContainsFunc(j.keys, func(key jwtexp.Key) bool { return key.Algorithm() == alg })
}

// withID returns the keys for a token with this kid. The caller must not change the slice. A
// nil set has no keys.
func (s *keySet) withID(id string) []jwtexp.Key {
	switch {
	case s == nil:
		return nil
	case id == "" || s.sole && len(s.all) == 1:
		return s.all
	case !s.sole:
		return s.byID[id]
	}
	// The sole JWK is an Ed25519 key, which has two algorithms and so is two keys. A Verifier
	// accepts several keys only if each has an ID.
	keys := slices.Clone(s.all)
	for i, key := range keys {
		keys[i] = key.WithID(id)
	}
	return keys
}

// whyNot returns why a JWK with this ID is not usable, or "". A nil set has none.
func (s *keySet) whyNot(id string) string {
	if s == nil || s.leftOut[id] == "" {
		return ""
	}
	return "its JWK is not usable: " + s.leftOut[id]
}

// whyAlgorithm returns what may be why the keys with this ID are for another algorithm than a
// token's: theirs was assumed, or the set has another JWK with this ID, which is not usable. It
// returns "" if neither is so. A nil set has no keys.
func (s *keySet) whyAlgorithm(id string) string {
	if s == nil {
		return ""
	}
	var found faults
	if algs := s.assumed(id); len(algs) > 0 {
		verb := "was"
		if len(algs) > 1 {
			verb = "were"
		}
		found.addf("its JWK names no alg, so %s %s assumed; jwks.WithAlgorithms sets what such keys are for", enumerate(algs, "and"), verb)
	}
	if why := s.whyNot(id); why != "" {
		found.addf("%s", why)
	}
	return strings.Join(found, "; ")
}

// assumed returns the algorithms of the keys with this ID, of all keys if id is "", if they were
// assumed for each of them.
func (s *keySet) assumed(id string) []jwtexp.Algorithm {
	var algs []jwtexp.Algorithm
	for _, j := range s.jwks {
		switch {
		case id != "" && j.id != id && !s.sole:
			continue
		case !j.assumed:
			return nil
		}
		for _, key := range j.keys {
			if !slices.Contains(algs, key.Algorithm()) {
				algs = append(algs, key.Algorithm())
			}
		}
	}
	return algs
}

// usableIn reads a JWK. An error names every reason why the JWK is not usable: it is not for
// signatures, is of an unknown kind, or is private or symmetric and so should not have been
// published. The result has the ID in any case. usableIn ignores the certificates in x5c.
func usableIn(text []byte, given []jwtexp.Algorithm) (usableJWK, error) {
	j := jwk{show: shown}
	if err := j.read(text); err != nil {
		return usableJWK{id: j.KeyID}, err
	}
	found := j.checkUse("verify")
	public, err := j.publicKey()
	if err != nil {
		found.addf("%v", err)
	}
	usable := usableJWK{id: j.KeyID, public: public, issuer: j.Issuer}
	if found != nil {
		return usable, found.err()
	}
	algs := []jwtexp.Algorithm{jwtexp.Algorithm(j.Algorithm)}
	if j.Algorithm == "" {
		algs = assume(public, given)
		usable.assumed = len(algs) < len(fitting(public))
	}
	for _, alg := range algs {
		// NewPublicKey rejects invalid keys, and keys that do not fit alg.
		key, err := jwtexp.NewPublicKey(alg, public)
		if err != nil {
			found.addf("%s", reason(err))
			continue
		}
		usable.keys = append(usable.keys, key.WithID(j.KeyID))
	}
	if len(usable.keys) == 0 {
		return usable, found.err()
	}
	return usable, nil
}
