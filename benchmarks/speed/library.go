package main

import "slices"

// A library is jwtexp or another library. The functions that it does not offer are nil.
type library struct {
	name   string
	module string // module path
	algs   []string
	// verifier returns a function that verifies tokens with alg and the keys, and checks
	// issuer, audience and time.
	verifier func(alg string, keys []key) (func(*token) error, error)
	// reader returns a function that also returns the profile.
	reader func(alg string, keys []key) (func(*token) (profile, error), error)
	// issuer returns a function that issues HS256 tokens with the claims that jwtexp's Issuer
	// writes. They expire after lifetime.
	issuer func(k *key) (func(subject string, p profile) (token, error), error)
}

func (l *library) verifies(alg string) bool { return slices.Contains(l.algs, alg) }

const jwtexpName = "jwtexp"

// libraries lists all libraries. Neighbors are measured one after the other, so the libraries that
// the goals name are next to jwtexp.
var libraries = []library{kataras, golangJWT, jwtexpLibrary, cristalhq, jwx, goJOSE, auth0, goOIDC, tinkGo, jwtauth}

var algorithms = []string{"HS256", "RS256", "ES256", "EdDSA"}
