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
