package main

import "slices"

// A library is a contender: jwtexp, or one of the others in the fastest
// configuration that its documentation shows. What it does not offer is nil.
type library struct {
	name   string
	module string // as the build names it
	algs   []string
	// verifier returns a function that accepts a token signed with alg by one of
	// the keys, found by its kid, for the audience and of the issuer, and in time.
	verifier func(alg string, keys []key) (func(*token) error, error)
	// reader does the same and returns the profile as well. Only those have one
	// whose rows ask for it.
	reader func(alg string, keys []key) (func(*token) (profile, error), error)
	// issuer returns a function that makes an HS256 token of the claims that an
	// Issuer of jwtexp makes, good for lifetime.
	issuer func(k *key) (func(subject string, p profile) (token, error), error)
}

func (l *library) verifies(alg string) bool { return slices.Contains(l.algs, alg) }

// ours is jwtexp's name, which the rows of the table go by.
const ours = "jwtexp"

// libraries is everybody. Neighbours are measured one after the other: those whose
// ratios are goals stand beside jwtexp.
var libraries = []library{kataras, golangJWT, jwtexpHere, cristalhq, jwx, goJOSE, auth0, goOIDC, tinkGo, jwtauth}

var algorithms = []string{"HS256", "RS256", "ES256", "EdDSA"}
