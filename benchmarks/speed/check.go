package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// checkVerifier returns an error if verify rejects a valid token or accepts a bad one.
func (load *workload) checkVerifier(verify func(*token) error) error {
	for i := range load.tokens {
		if err := verify(&load.tokens[i]); err != nil {
			return fmt.Errorf("rejects a valid token: %w", err)
		}
	}
	for fault, t := range load.bad {
		if verify(&t) == nil {
			return fmt.Errorf("accepts a bad token: %s", fault)
		}
	}
	return nil
}

// checkReader is checkVerifier for read, and returns an error if read returns a wrong profile.
func (load *workload) checkReader(read func(*token) (profile, error)) error {
	for i := range load.tokens {
		if got, err := read(&load.tokens[i]); err == nil && got != profileOf(i) {
			return fmt.Errorf("got profile %+v, want %+v", got, profileOf(i))
		}
	}
	return load.checkVerifier(func(t *token) error {
		_, err := read(t)
		return err
	})
}

// checkMiddleware returns an error unless the middleware calls the handler for valid tokens and
// answers 401 to bad ones.
func (load *workload) checkMiddleware(wrap func([]key, http.Handler) (http.Handler, error)) error {
	reached := false
	handler, err := wrap(load.keys, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	if err != nil {
		return err
	}
	answer := func(t token) int {
		reached = false
		client := newClient([]token{t})
		client.request(handler, 0)
		return client.response.status
	}
	for _, t := range load.tokens {
		if status := answer(t); status != http.StatusOK || !reached {
			return fmt.Errorf("answers %d to a valid token", status)
		}
	}
	for fault, t := range load.bad {
		if status := answer(t); status != http.StatusUnauthorized || reached {
			return fmt.Errorf("answers %d to a bad token: %s", status, fault)
		}
	}
	return nil
}

// checkIssuer returns an error unless golang-jwt and jwtexp accept the issued tokens, and the
// tokens have the expected claims and headers, and different values of jti.
func (load *workload) checkIssuer(issue func(string, profile) (token, error)) error {
	accepts, err := jwtexpVerifier(load.alg, load.keys)
	if err != nil {
		return err
	}
	parser, keyFunc := golangJWTParser(load.alg, load.keys)
	seen := make(map[string]bool)
	for i := range tokenCount {
		subject, p := validPayload(i).Subject, profileOf(i)
		issued, err := issue(subject, p)
		if err != nil {
			return err
		}
		t := newToken(issued.String())
		if err := accepts(&t); err != nil {
			return fmt.Errorf("jwtexp rejects an issued token: %w", err)
		}
		var claims golangJWTClaims
		parsed, err := parser.ParseWithClaims(t.text, &claims, keyFunc)
		if err != nil {
			return fmt.Errorf("golang-jwt rejects an issued token: %w", err)
		}
		if seen[claims.ID] {
			return errors.New("two tokens have the same jti")
		}
		seen[claims.ID] = true
		if err := checkIssued(parsed, &claims, subject, p); err != nil {
			return err
		}
	}
	return nil
}

// checkIssued compares an issued token with what every issuer must make.
func checkIssued(t *jwt.Token, claims *golangJWTClaims, subject string, p profile) error {
	var names map[string]json.RawMessage
	segment := strings.Split(t.Raw, ".")[1]
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &names); err != nil {
		return err
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "iat", "jti", "name", "role"} {
		if _, ok := names[name]; !ok {
			return fmt.Errorf("the token has no %s", name)
		}
	}
	left := time.Until(claims.ExpiresAt.Time)
	switch {
	case len(names) != 8:
		return fmt.Errorf("the token has further claims: %s", text)
	case claims.Subject != subject || claims.profile != p:
		return fmt.Errorf("the token has wrong claims: %s", text)
	case left > lifetime || left < lifetime-time.Minute:
		return fmt.Errorf("the token expires in %v", left)
	case len(claims.ID) < 22: // base64 of 128 bits
		return fmt.Errorf("the jti is too short: %s", claims.ID)
	case t.Header["typ"] != "JWT" || t.Header["kid"] == nil:
		return fmt.Errorf("wrong header %v", t.Header)
	}
	return nil
}

// check returns an error if a function of the library fails its check.
func (load *workload) check(l *library) error {
	verify, err := l.verifier(load.alg, load.keys)
	if err != nil {
		return err
	}
	if err := load.checkVerifier(verify); err != nil {
		return err
	}
	if l.reader != nil {
		read, err := l.reader(load.alg, load.keys)
		if err != nil {
			return err
		}
		if err := load.checkReader(read); err != nil {
			return err
		}
	}
	if l.issuer == nil || load.alg != "HS256" {
		return nil
	}
	issue, err := l.issuer(&load.keys[0])
	if err != nil {
		return err
	}
	return load.checkIssuer(issue)
}

// newCheckedWorkloads returns a workload for each algorithm. All libraries have passed the checks
// with them.
func newCheckedWorkloads() (map[string]*workload, error) {
	workloads := make(map[string]*workload)
	for _, alg := range algorithms {
		load, err := newWorkload(alg)
		if err != nil {
			return nil, err
		}
		workloads[alg] = load
		for _, l := range libraries {
			if !l.verifies(alg) {
				continue
			}
			if err := load.check(&l); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", l.name, alg, err)
			}
		}
		if err := checkCache(load); err != nil {
			return nil, fmt.Errorf("with a cache, %s: %w", alg, err)
		}
	}
	for name, wrap := range middlewares {
		if err := workloads["HS256"].checkMiddleware(wrap); err != nil {
			return nil, fmt.Errorf("%s, middleware: %w", name, err)
		}
	}
	return workloads, nil
}
