package jwks

import (
	"errors"
	"fmt"
	"strings"
)

// The functions of this file say what is wrong with a JWK. They quote short names from JWK Sets,
// which are public, and nothing else of what a server sent.

// faults are what is wrong with one thing.
type faults []string

func (f *faults) addf(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// err returns all faults in one line, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return errors.New(strings.Join(f, "; "))
}

// maxFaults limits the JWKs that an error names.
const maxFaults = 8

// noUsableKey returns the error for a JWK Set whose JWKs have these faults.
func noUsableKey(all []string) error {
	text := "JWK Set has no usable key; want a public RSA key of 2048 to 8192 bits, or a public EC or Ed25519 key, for signatures"
	for _, fault := range all[:min(len(all), maxFaults)] {
		text += "; " + fault
	}
	if more := len(all) - maxFaults; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	if len(all) == 0 {
		text += "; its array of keys is empty"
	}
	return errors.New(text)
}

// reason returns the text of an error of jwtexp about a key.
func reason(err error) string { return strings.TrimPrefix(err.Error(), "jwtexp: key: ") }

// named returns the ID of a JWK in parentheses.
func named(id string) string {
	if id == "" {
		return ""
	}
	return " (kid " + shown(id) + ")"
}

// shown returns a short printable name in quotes. It does not show others.
func shown(name string) string {
	unfit := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case name == "":
		return "missing"
	case len(name) > 64 || strings.ContainsFunc(name, unfit):
		return "of an unusual form"
	}
	return fmt.Sprintf("%q", name)
}

// registered are names of the registry "JSON Object Signing and Encryption" that a JWK can have.
var registered = []string{
	"RSA", "EC", "OKP", "oct", "AKP", "sig", "enc",
	"P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448", "X25519", "X448",
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "none",
	"ES256", "ES384", "ES512", "ES256K", "EdDSA", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
	"RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512", "dir",
	"A128KW", "A192KW", "A256KW", "A128GCM", "A192GCM", "A256GCM", "A128GCMKW", "A192GCMKW", "A256GCMKW",
	"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW",
}

// shownIfRegistered returns a registered name in quotes. It does not show others: a private JWK may
// have a secret in the wrong place.
func shownIfRegistered(name string) string {
	if name == "" {
		return "missing"
	}
	for _, known := range registered {
		switch {
		case name == known:
			return fmt.Sprintf("%q", known)
		case strings.EqualFold(name, known):
			return fmt.Sprintf("%q in another case", known)
		}
	}
	return "not a registered name"
}
