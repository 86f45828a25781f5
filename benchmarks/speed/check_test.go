package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestLibrariesPassTheChecks(t *testing.T) {
	workloads, err := newCheckedWorkloads()
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range algorithms {
		floor := rawVerifier(workloads[alg].keys)
		if alg == "HS256" {
			floor = verifyFloor(workloads[alg].keys)
		}
		for i := range workloads[alg].tokens {
			if err := floor(&workloads[alg].tokens[i]); err != nil {
				t.Errorf("%s: the floor rejects a valid token: %v", alg, err)
			}
		}
		changed := workloads[alg].tokens[0]
		changed.text, changed.bytes = changed.text[1:], changed.bytes[1:]
		changed.input = changed.input[1:]
		if floor(&changed) == nil {
			t.Errorf("%s: the floor accepts a changed token", alg)
		}
	}
}

// issueFloor makes a complete token.
func TestIssueFloor(t *testing.T) {
	load := newTestWorkload(t)
	least, err := issueFloor(&load.keys[0], load.tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := least(); got != load.tokens[0].text {
		t.Errorf("got %q, want the token that it was given, %q", got, load.tokens[0].text)
	}
}

// checkVerifier finds each fault that a verifier misses.
func TestCheckVerifier(t *testing.T) {
	load := newTestWorkload(t)
	verify, err := jwtexpVerifier(load.alg, load.keys)
	if err != nil {
		t.Fatal(err)
	}
	for fault, missed := range load.bad {
		err := load.checkVerifier(func(one *token) error {
			if one.text == missed.text {
				return nil
			}
			return verify(one)
		})
		if err == nil || !strings.HasSuffix(err.Error(), fault) {
			t.Errorf("a verifier that misses %[2]q: got %[1]v, want an error about it", err, fault)
		}
	}
	if err := load.checkVerifier(func(*token) error { return errors.New("no") }); err == nil {
		t.Error("a verifier that rejects everything: got nil, want an error")
	}
}

func TestCheckReader(t *testing.T) {
	load := newTestWorkload(t)
	read, err := jwtexpReader(load.alg, load.keys)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*profile){
		"no name":      func(p *profile) { p.Name = "" },
		"another role": func(p *profile) { p.Role = "reader" },
	} {
		err := load.checkReader(func(one *token) (profile, error) {
			p, err := read(one)
			change(&p)
			return p, err
		})
		if err == nil {
			t.Errorf("a reader with %s: got nil, want an error", name)
		}
	}
}

func TestCheckIssuer(t *testing.T) {
	load := newTestWorkload(t)
	issue, err := jwtexpIssuer(&load.keys[0])
	if err != nil {
		t.Fatal(err)
	}
	first, err := issue(validPayload(0).Subject, profileOf(0))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(string, profile) (token, error){
		"the same token":  func(string, profile) (token, error) { return first, nil },
		"another subject": func(_ string, p profile) (token, error) { return issue("another", p) },
		"another profile": func(s string, _ profile) (token, error) { return issue(s, profile{Name: "Bob"}) },
		"a token with nbf that expires later": func(s string, p profile) (token, error) {
			return sign(&load.keys[0], load.keys[0].header(load.alg), validPayload(0))
		},
		"another key": func(string, profile) (token, error) { return load.bad["signed by another key"], nil },
		"an error":    func(string, profile) (token, error) { return token{}, errors.New("no") },
	}
	for name, faulty := range tests {
		if load.checkIssuer(faulty) == nil {
			t.Errorf("an issuer of %s: got nil, want an error", name)
		}
	}
}

func TestCheckMiddleware(t *testing.T) {
	load := newTestWorkload(t)
	tests := map[string]func([]key, http.Handler) (http.Handler, error){
		"accepts everything": func(_ []key, next http.Handler) (http.Handler, error) { return next, nil },
		"rejects everything": func([]key, http.Handler) (http.Handler, error) {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), nil
		},
		"does not call the handler": func(keys []key, _ http.Handler) (http.Handler, error) {
			return jwtexpMiddleware(keys, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		},
	}
	for name, wrap := range tests {
		if load.checkMiddleware(wrap) == nil {
			t.Errorf("a middleware that %s: got nil, want an error", name)
		}
	}
}

func newTestWorkload(t *testing.T) *workload {
	t.Helper()
	load, err := newWorkload("HS256")
	if err != nil {
		t.Fatal(err)
	}
	return load
}
