//go:build pyjwt

package jwtexp_test

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// PyJWT uses the system's clock. The good tokens expire far in the future, and the expired ones
// expired in 2020.
var (
	pyIssuedAt = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	pyFuture   = pyIssuedAt.AddDate(200, 0, 0)
	pyPast     = pyIssuedAt.Add(time.Minute)
	pyNow      = pyIssuedAt.Add(time.Hour) // the clock of the Verifiers
)

// Each library accepts the good tokens of the other and calls the expired ones expired.
func TestPyJWT(t *testing.T) {
	var keys []pyKey
	var encode []pyRequest
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.RS256, jwtexp.PS256, jwtexp.ES256, jwtexp.EdDSA} {
		key := pyNewKey(alg)
		keys = append(keys, key)
		encode = append(encode, key.encode(pyAlice(pyFuture)), key.encode(pyAlice(pyPast)))
	}
	encoded := pyRun(t, encode...)

	type row struct {
		name string
		key  pyKey
		raw  string
		exp  time.Time
	}
	var rows []row
	var decode []pyRequest
	for i, key := range keys {
		alg := string(key.Algorithm())
		rows = append(rows,
			row{alg + ", jwtexp's, good", key, key.issue(t, pyFuture), pyFuture},
			row{alg + ", jwtexp's, expired", key, key.issue(t, pyPast), pyPast},
			row{alg + ", PyJWT's, good", key, encoded[2*i].Token, pyFuture},
			row{alg + ", PyJWT's, expired", key, encoded[2*i+1].Token, pyPast},
		)
	}
	for _, r := range rows {
		decode = append(decode, r.key.decode(r.raw))
	}
	for i, decoded := range pyRun(t, decode...) {
		r := rows[i]
		t.Run(r.name, func(t *testing.T) {
			got, err := r.key.verifier().Verify(t.Context(), r.raw)
			if r.exp.Equal(pyPast) {
				wantOutcome(t, err, "expired")
				if decoded.Error != "ExpiredSignatureError" {
					t.Errorf("PyJWT: got %q, want ExpiredSignatureError", decoded.Error)
				}
				return
			}
			if err != nil || decoded.Error != "" {
				t.Fatalf("got %v, PyJWT %q, want no errors", err, decoded.Error)
			}
			want := pyAlice(r.exp)
			var claims pyClaims
			if err := got.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if claims != want {
				t.Errorf("got %+v, want %+v", claims, want)
			}
			if decoded.Claims != want {
				t.Errorf("PyJWT: got %+v, want %+v", decoded.Claims, want)
			}
		})
	}
}

// PyJWT calls a token expired even if it is for another audience. jwtexp calls it invalid.
func TestPyJWTExpiredFirst(t *testing.T) {
	key := pyNewKey(jwtexp.HS256)
	raw := key.issue(t, pyPast, jwtexp.WithAudience("other"))

	request := key.decode(raw)
	request.Audience = "api"
	if got := pyRun(t, request)[0].Error; got != "ExpiredSignatureError" {
		t.Errorf("PyJWT: got %q, want ExpiredSignatureError", got)
	}
	_, err := key.verifier(jwtexp.WithAudience("api")).Verify(t.Context(), raw)
	wantOutcome(t, err, "invalid: audience")
}

// The token of a Flask tutorial has user_id, exp and iat, and no other claim.
func TestPyJWTTutorial(t *testing.T) {
	key := pyNewKey(jwtexp.HS256)
	request := key.encode(pyClaims{UserID: 1, IssuedAt: pyIssuedAt.Unix(), ExpiresAt: pyFuture.Unix()})
	got := accept(t, key.verifier(), pyRun(t, request)[0].Token)
	var claims pyClaims
	if err := got.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if claims.UserID != 1 {
		t.Errorf("got user_id %d, want 1", claims.UserID)
	}
}

type pyClaims struct {
	Subject   string `json:"sub,omitempty"`
	UserID    int    `json:"user_id"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
}

func pyAlice(expiresAt time.Time) pyClaims {
	return pyClaims{Subject: "alice", UserID: 7, IssuedAt: pyIssuedAt.Unix(), ExpiresAt: expiresAt.Unix()}
}

// pyKey is a key for both libraries.
type pyKey struct {
	jwtexp.Key
	private, public string // PEM, or the secret
}

func pyNewKey(alg jwtexp.Algorithm) pyKey {
	if alg == jwtexp.HS256 {
		secret := rand.Text() + rand.Text()
		return pyKey{hs256Key(secret), secret, secret}
	}
	private := publicKeyAlgorithms()[alg]
	return pyKey{
		must(jwtexp.NewSigningKey(alg, private)),
		string(pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(private)))),
		string(pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(private.Public())))),
	}
}

func (k pyKey) issue(t *testing.T, expiresAt time.Time, opts ...jwtexp.IssuerOption) string {
	t.Helper()
	opts = append(opts, jwtexp.WithClock(jwtexptest.NewClock(pyIssuedAt)))
	issuer := must(jwtexp.NewIssuer(k.Key, expiresAt.Sub(pyIssuedAt), opts...))
	return must(issuer.Issue(t.Context(), "alice", map[string]int{"user_id": 7})).Raw()
}

func (k pyKey) verifier(opts ...jwtexp.VerifierOption) pair {
	return newPair(k.Key, append(opts, jwtexp.WithClock(jwtexptest.NewClock(pyNow)))...)
}

func (k pyKey) encode(claims pyClaims) pyRequest {
	return pyRequest{Op: "encode", Algorithm: k.Algorithm(), Key: k.private, Claims: &claims}
}

func (k pyKey) decode(raw string) pyRequest {
	return pyRequest{Op: "decode", Algorithm: k.Algorithm(), Key: k.public, Token: raw}
}

// testdata/pyjwt.py reads pyRequests and writes pyResults.
type pyRequest struct {
	Op        string           `json:"op"`
	Algorithm jwtexp.Algorithm `json:"alg"`
	Key       string           `json:"key"`
	Claims    *pyClaims        `json:"claims,omitempty"`
	Token     string           `json:"token,omitempty"`
	Audience  string           `json:"audience,omitempty"`
}

type pyResult struct {
	Token  string
	Claims pyClaims
	Error  string
}

// pyRun runs the requests with PyJWT. If PyJWT is not installed, the test fails, because the build
// tag asks for it.
func pyRun(t *testing.T, requests ...pyRequest) []pyResult {
	t.Helper()
	python := cmp.Or(os.Getenv("JWTEXP_PYTHON"), "/usr/bin/python3")
	command := exec.CommandContext(t.Context(), python, "testdata/pyjwt.py")
	command.Stdin, command.Stderr = bytes.NewReader(must(json.Marshal(requests))), os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("running %s: %v; install PyJWT and cryptography, or set JWTEXP_PYTHON", python, err)
	}
	var results []pyResult
	if err := json.Unmarshal(output, &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != len(requests) {
		t.Fatalf("got %d results, want %d", len(results), len(requests))
	}
	return results
}
