// Package conformance_test runs other Go libraries for JWTs over jwtexp's cases. Each library is
// configured as its own documentation shows. In this folder,
//
//	go test -count=1 -run '^TestPeers$'
//
// prints a table for the cases in this repository, and with JWTEXP_CASES=/path/to/cases.jsonl a table
// for that file, too. With -wrong NAME it also prints the cases that a library has wrong.
package conformance_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// A peer is a library in its documented use.
type peer struct {
	module string
	// lacks are the features that the library does not have, by the names in the cases or as
	// "leeway", "several keys" and "jws" (the signature alone). All libraries lack max_age, which
	// the reader of the cases ignores, and jwk_metadata, which the reader applies itself.
	lacks []string
	// algorithms are the prefixes of the algorithms that the library offers, nil for all.
	algorithms []string
	// verify verifies a token. It returns notTold if the library cannot be configured as the case
	// wants, or if its errors do not answer the case.
	verify func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error)
}

const notTold conformance.Verdict = "not told"

var peers = []peer{golangJWT, cristalhq, kataras, goJOSE, jwx, tinkGo, auth0, jwtauth, goOIDC}

// offers reports whether the library can be configured as the case wants.
func (p peer) offers(c *conformance.Case, keys ring) bool {
	needs := slices.Clone(c.Needs)
	if c.Leeway.Duration() != 0 {
		needs = append(needs, "leeway")
	}
	if len(keys.all) > 1 {
		needs = append(needs, "several keys")
	}
	if c.Layer == "jws" {
		needs = append(needs, "jws")
	}
	for _, need := range needs {
		if slices.Contains(p.lacks, need) {
			return false
		}
	}
	offered := func(alg string) bool {
		return p.algorithms == nil || slices.ContainsFunc(p.algorithms, func(prefix string) bool { return strings.HasPrefix(alg, prefix) })
	}
	return !slices.ContainsFunc(c.Algorithms, func(alg string) bool { return !offered(alg) })
}

// A ring has the keys of a case. The key function of a library looks them up in it.
type ring struct {
	all   []conformance.Key
	isSet bool // the kid chooses; otherwise it does not matter
}

// find returns the key for a token by its kid, "" if it has none, and its alg. If there are several,
// find prefers a key of the algorithm's type.
func (r ring) find(kid, alg string) (conformance.Key, error) {
	anyID := !r.isSet || kid == "" && r.all[len(r.all)-1].Member == 0
	var found []conformance.Key
	for _, k := range r.all {
		if k.Algorithm == alg && (anyID || kid != "" && k.ID == kid) {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		return conformance.Key{}, errors.New("no such key")
	}
	return found[max(0, slices.IndexFunc(found, fits))], nil
}

// fits reports whether a key has the type that its algorithm needs.
func fits(k conformance.Key) bool {
	ok := false
	switch k.Algorithm[:2] {
	case "HS":
		ok = k.Public == nil
	case "RS", "PS":
		_, ok = k.Public.(*rsa.PublicKey)
	case "ES":
		_, ok = k.Public.(*ecdsa.PublicKey)
	case "Ed":
		_, ok = k.Public.(ed25519.PublicKey)
	}
	return ok
}

// material returns a key as most libraries accept it.
func material(k conformance.Key) any {
	if k.Public != nil {
		return k.Public
	}
	return k.Secret
}

// application checks what every library leaves to the application: the subject, and that the
// required claims are present. It reads the payload of a token that the library has accepted.
func application(c *conformance.Case, token string) error {
	var claims map[string]json.RawMessage
	segment, _, _ := strings.Cut(token[strings.Index(token, ".")+1:], ".")
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(segment, "="))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err
	}
	for _, name := range c.Required {
		if value, ok := claims[name]; !ok || string(value) == "null" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	if c.Subject != nil {
		var subject string
		if err := json.Unmarshal(claims["sub"], &subject); err != nil || subject != *c.Subject {
			return errors.New("sub does not match")
		}
	}
	return nil
}

// verdict returns the verdict for the error of a library, by the errors that it documents.
func verdict(err, expired, early error) (conformance.Verdict, error) {
	switch {
	case err == nil:
		return conformance.OK, nil
	case errors.Is(err, expired):
		return conformance.Expired, err
	case early != nil && errors.Is(err, early):
		return conformance.NotYetValid, err
	}
	return conformance.Invalid, err
}

// signature returns the verdict on a signature alone.
func signature(err error) (conformance.Verdict, error) {
	if err != nil {
		return conformance.Invalid, err
	}
	return conformance.OK, nil
}
