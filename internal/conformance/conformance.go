// Package conformance reads verification cases that are written as data: a token, the
// configuration of a verifier, a clock, and the verdict that is wanted. The package does not
// use jwtexp, so that any verifier can be tested with the same cases.
package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Case is one line of a file of cases. What is missing is not configured.
// testdata/conformance/README.md describes the members.
type Case struct {
	ID, Name, Reason string
	Layer            string          // "jwt" for the whole token, "jws" for its form and signature
	Plain            string          `json:"token"`
	Recipe           *recipe         `json:"token_recipe"` // instead of Plain
	JWK              json.RawMessage `json:"key"`          // a JWK or a JWK Set
	Algorithms       []string        `json:"algs"`
	Now              Seconds         // since 1970
	Leeway           Seconds         `json:"leeway_s"`
	Issuer, Subject  *string
	Audience         []string
	Type             *string  `json:"typ"`
	Required         []string // claims
	Want             Verdict
	WantAny          []Verdict `json:"want_any"`
	Needs            []string
}

// A Verdict is the result of a verification.
type Verdict string

// The cases have the first four verdicts. A verifier may give three more, which do not
// depend on the token. RefusedAtSetup and Unavailable count as Invalid, the verdict of the cases
// for all that is rejected and is neither expired nor early. A Tally counts SecretRefused
// separately.
const (
	OK          Verdict = "ok"
	Expired     Verdict = "expired"
	NotYetValid Verdict = "not_yet_valid"
	Invalid     Verdict = "invalid"

	RefusedAtSetup Verdict = "refused at setup" // the constructor rejects the key or the leeway
	SecretRefused  Verdict = "secret refused"   // the constructor rejects the secret, which is well known
	Unavailable    Verdict = "unavailable"      // an outage, which a Tally always lists as a deviation
)

// Accepts reports whether a verdict passes.
func (c *Case) Accepts(v Verdict) bool {
	if v == RefusedAtSetup || v == Unavailable {
		v = Invalid
	}
	return v == c.Want || slices.Contains(c.WantAny, v)
}

// NeedsAny reports whether the case needs one of the given features.
func (c *Case) NeedsAny(features []string) bool {
	return slices.ContainsFunc(c.Needs, func(need string) bool { return slices.Contains(features, need) })
}

// Read reads a file of cases: JSON objects, one a line.
func Read(content []byte) ([]*Case, error) {
	var all []*Case
	for lines := json.NewDecoder(bytes.NewReader(content)); ; {
		c := new(Case)
		switch err := lines.Decode(c); {
		case err == io.EOF && len(all) == 0:
			return nil, errors.New("the file has no case")
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("case %d: %w", len(all)+1, err)
		}
		all = append(all, c)
	}
}
