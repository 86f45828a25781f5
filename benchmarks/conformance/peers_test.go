// Package conformance_test holds other Go libraries for JWTs against the cases
// that jwtexp is held against, each configured as its own documentation shows. In
// this folder,
//
//	JWTEXP_CASES=/path/to/cases.jsonl go test -count=1 -run '^TestPeers$'
//
// prints the table that docs/conformance.md shows; with -wrong NAME it also names
// the cases that a library has wrong.
package conformance_test

import (
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
	// lacks are the features that a case must not need: those that cases name, and
	// of the rest "leeway", "several keys" and "jws", which is the signature alone.
	// Nobody is asked for max_age and jwk_metadata: the reader of the cases would
	// have to be told the one, and does the other itself.
	lacks []string
	// algorithms are the prefixes of those that the library offers, nil for all.
	algorithms []string
	// verify judges a token. It returns notTold where the library does not say what
	// the case asks about.
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

// A ring has the keys of a case, as what a library's key function looks them up
// in.
type ring struct {
	all   []conformance.Key
	isSet bool // several by kid; otherwise the kid does not matter
}

// find returns the key for a token by its kid, "" where it has none, and its alg.
func (r ring) find(kid, alg string) (conformance.Key, error) {
	anyID := !r.isSet || kid == "" && r.all[len(r.all)-1].Member == 0
	for _, k := range r.all {
		if k.Algorithm == alg && (anyID || kid != "" && k.ID == kid) {
			return k, nil
		}
	}
	return conformance.Key{}, errors.New("no such key")
}

// material is a key as most libraries take it.
func material(k conformance.Key) any {
	if k.Public != nil {
		return k.Public
	}
	return k.Secret
}

// application checks what is the application's to check in every library: that
// the claims it needs are there, and that the subject is the one. It reads the
// payload of a token that the library has accepted.
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
			return fmt.Errorf("no %s", name)
		}
	}
	if c.Subject != nil {
		var subject string
		if err := json.Unmarshal(claims["sub"], &subject); err != nil || subject != *c.Subject {
			return errors.New("another subject")
		}
	}
	return nil
}

// verdict sorts the error of a library by the errors that it documents.
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

// signature is the verdict on a signature alone.
func signature(err error) (conformance.Verdict, error) {
	if err != nil {
		return conformance.Invalid, err
	}
	return conformance.OK, nil
}
