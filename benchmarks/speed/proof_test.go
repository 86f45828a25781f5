package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestEverybodyIsProven(t *testing.T) {
	proven, err := proveAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range algorithms {
		floor := rawVerifier(proven[alg].keys)
		if alg == "HS256" {
			floor = verifyFloor(proven[alg].keys)
		}
		for i := range proven[alg].tokens {
			if err := floor(&proven[alg].tokens[i]); err != nil {
				t.Errorf("%s: the floor refuses a good token: %v", alg, err)
			}
		}
		changed := proven[alg].tokens[0]
		changed.text, changed.bytes = changed.text[1:], changed.bytes[1:]
		changed.input = changed.input[1:]
		if floor(&changed) == nil {
			t.Errorf("%s: the floor accepts a changed token", alg)
		}
	}
}

// What the floor of issuing makes is a token.
func TestIssueFloor(t *testing.T) {
	c := newTestCirculation(t)
	least, err := issueFloor(&c.keys[0], c.tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := least(); got != c.tokens[0].text {
		t.Errorf("got %q, want the token it was made of, %q", got, c.tokens[0].text)
	}
}

// A verifier that misses one fault is found, whichever it is.
func TestFaultyVerifiersAreFound(t *testing.T) {
	c := newTestCirculation(t)
	verify, err := ourVerifier(c.alg, c.keys)
	if err != nil {
		t.Fatal(err)
	}
	for fault, missed := range c.bad {
		err := c.proveVerifier(func(one *token) error {
			if one.text == missed.text {
				return nil
			}
			return verify(one)
		})
		if err == nil || !strings.HasSuffix(err.Error(), fault) {
			t.Errorf("got %v of a verifier that misses %q", err, fault)
		}
	}
	if err := c.proveVerifier(func(*token) error { return errors.New("no") }); err == nil {
		t.Error("got no error of a verifier that refuses everything")
	}
}

func TestFaultyReadersAreFound(t *testing.T) {
	c := newTestCirculation(t)
	read, err := ourReader(c.alg, c.keys)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*profile){
		"no name":      func(p *profile) { p.Name = "" },
		"another role": func(p *profile) { p.Role = "reader" },
	} {
		err := c.proveReader(func(one *token) (profile, error) {
			p, err := read(one)
			change(&p)
			return p, err
		})
		if err == nil {
			t.Errorf("got no error of a reader with %s", name)
		}
	}
}

func TestFaultyIssuersAreFound(t *testing.T) {
	c := newTestCirculation(t)
	issue, err := ourIssuer(&c.keys[0])
	if err != nil {
		t.Fatal(err)
	}
	first, err := issue(goodPayload(0).Subject, profileOf(0))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(string, profile) (token, error){
		"the same token":  func(string, profile) (token, error) { return first, nil },
		"another subject": func(_ string, p profile) (token, error) { return issue("somebody", p) },
		"another profile": func(s string, _ profile) (token, error) { return issue(s, profile{Name: "Bob"}) },
		"a token that lives longer and has nbf": func(s string, p profile) (token, error) {
			return sign(&c.keys[0], header{Algorithm: c.alg, KeyID: c.keys[0].id, Type: "JWT"}, goodPayload(0))
		},
		"another key": func(string, profile) (token, error) { return c.bad["signed by another key"], nil },
		"an error":    func(string, profile) (token, error) { return token{}, errors.New("no") },
	}
	for name, faulty := range tests {
		if c.proveIssuer(faulty) == nil {
			t.Errorf("got no error of an issuer of %s", name)
		}
	}
}

func TestFaultyMiddlewaresAreFound(t *testing.T) {
	c := newTestCirculation(t)
	tests := map[string]func([]key, http.Handler) (http.Handler, error){
		"lets everybody through": func(_ []key, next http.Handler) (http.Handler, error) { return next, nil },
		"lets nobody through": func([]key, http.Handler) (http.Handler, error) {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), nil
		},
		"does not call the handler": func(keys []key, _ http.Handler) (http.Handler, error) {
			return ourMiddleware(keys, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		},
	}
	for name, wrap := range tests {
		if c.proveMiddleware(wrap) == nil {
			t.Errorf("got no error of a middleware that %s", name)
		}
	}
}

func newTestCirculation(t *testing.T) *circulation {
	t.Helper()
	c, err := newCirculation("HS256")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
