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

// proveVerifier says whether verify tells the good tokens from the bad ones.
func (c *circulation) proveVerifier(verify func(*token) error) error {
	for i := range c.tokens {
		if err := verify(&c.tokens[i]); err != nil {
			return fmt.Errorf("a good token is refused: %w", err)
		}
	}
	for fault, t := range c.bad {
		if verify(&t) == nil {
			return fmt.Errorf("a token is accepted that is bad: %s", fault)
		}
	}
	return nil
}

// proveReader says the same of read, and whether it reads what is in the tokens.
func (c *circulation) proveReader(read func(*token) (profile, error)) error {
	for i := range c.tokens {
		if got, err := read(&c.tokens[i]); err == nil && got != profileOf(i) {
			return fmt.Errorf("the profile is read as %+v, want %+v", got, profileOf(i))
		}
	}
	return c.proveVerifier(func(t *token) error {
		_, err := read(t)
		return err
	})
}

// proveMiddleware says whether a middleware lets the good tokens through to the
// handler, and answers 401 to the bad ones.
func (c *circulation) proveMiddleware(wrap func([]key, http.Handler) (http.Handler, error)) error {
	reached := false
	handler, err := wrap(c.keys, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	if err != nil {
		return err
	}
	answer := func(t token) int {
		reached = false
		client := newClient([]token{t})
		client.request(handler, 0)
		return client.response.status
	}
	for _, t := range c.tokens {
		if status := answer(t); status != http.StatusOK || !reached {
			return fmt.Errorf("a good token is answered by %d", status)
		}
	}
	for fault, t := range c.bad {
		if status := answer(t); status != http.StatusUnauthorized || reached {
			return fmt.Errorf("a token is answered by %d that is bad: %s", status, fault)
		}
	}
	return nil
}

// proveIssuer says whether issue makes tokens that golang-jwt and jwtexp accept,
// with the claims and the header that they are to have, each with its own jti.
func (c *circulation) proveIssuer(issue func(string, profile) (token, error)) error {
	oursAccepts, err := ourVerifier(c.alg, c.keys)
	if err != nil {
		return err
	}
	parser, keyFunc := golangJWTParser(c.alg, c.keys)
	seen := make(map[string]bool)
	for i := range inCirculation {
		subject, p := goodPayload(i).Subject, profileOf(i)
		issued, err := issue(subject, p)
		if err != nil {
			return err
		}
		t := newToken(issued.String())
		if err := oursAccepts(&t); err != nil {
			return fmt.Errorf("jwtexp refuses what was issued: %w", err)
		}
		var claims golangJWTClaims
		parsed, err := parser.ParseWithClaims(t.text, &claims, keyFunc)
		if err != nil {
			return fmt.Errorf("golang-jwt refuses what was issued: %w", err)
		}
		if seen[claims.ID] {
			return errors.New("a jti is given twice")
		}
		seen[claims.ID] = true
		if err := judgeIssued(parsed, &claims, subject, p); err != nil {
			return err
		}
	}
	return nil
}

// judgeIssued compares an issued token with what every issuer is to make.
func judgeIssued(t *jwt.Token, claims *golangJWTClaims, subject string, p profile) error {
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
			return fmt.Errorf("what was issued has no %s", name)
		}
	}
	left := time.Until(claims.ExpiresAt.Time)
	switch {
	case len(names) != 8:
		return fmt.Errorf("what was issued has claims of its own: %s", text)
	case claims.Subject != subject || claims.profile != p:
		return fmt.Errorf("what was issued says something else: %s", text)
	case left > lifetime || left < lifetime-time.Minute:
		return fmt.Errorf("what was issued lives for another %v", left)
	case len(claims.ID) < 22: // base64 of 128 bits
		return fmt.Errorf("the jti is too short: %s", claims.ID)
	case t.Header["typ"] != "JWT" || t.Header["kid"] == nil:
		return fmt.Errorf("the header is %v", t.Header)
	}
	return nil
}

// prove says what is wrong with a library in the algorithm of c.
func (c *circulation) prove(l *library) error {
	verify, err := l.verifier(c.alg, c.keys)
	if err != nil {
		return err
	}
	if err := c.proveVerifier(verify); err != nil {
		return err
	}
	if l.reader != nil {
		read, err := l.reader(c.alg, c.keys)
		if err != nil {
			return err
		}
		if err := c.proveReader(read); err != nil {
			return err
		}
	}
	if l.issuer == nil || c.alg != "HS256" {
		return nil
	}
	issue, err := l.issuer(&c.keys[0])
	if err != nil {
		return err
	}
	return c.proveIssuer(issue)
}

// proveAll returns what everybody verifies, by algorithm, once everybody has been
// proven on it.
func proveAll() (map[string]*circulation, error) {
	circulations := make(map[string]*circulation)
	for _, alg := range algorithms {
		c, err := newCirculation(alg)
		if err != nil {
			return nil, err
		}
		circulations[alg] = c
		for _, l := range libraries {
			if !l.verifies(alg) {
				continue
			}
			if err := c.prove(&l); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", l.name, alg, err)
			}
		}
		if err := proveCache(c); err != nil {
			return nil, fmt.Errorf("with a cache, %s: %w", alg, err)
		}
	}
	for name, wrap := range middlewares {
		if err := circulations["HS256"].proveMiddleware(wrap); err != nil {
			return nil, fmt.Errorf("%s, middleware: %w", name, err)
		}
	}
	return circulations, nil
}
