//go:build pyjwt

package jwtexp_test

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// PyJWT goes by the system's clock. Its good tokens are of long ago and end long
// after anybody runs this, its old ones ended long ago.
var (
	pyIssuedAt = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	pyFuture   = pyIssuedAt.AddDate(200, 0, 0)
	pyPast     = pyIssuedAt.Add(time.Minute)
	// pyNow lies between the two, for this library.
	pyNow = pyIssuedAt.Add(time.Hour)
)

// TestPyJWT shows that PyJWT reads our tokens and we read its, and that both
// agree that an old one is expired.
func TestPyJWT(t *testing.T) {
	var keys []pyKey
	var mint []pyRequest
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.RS256, jwtexp.PS256, jwtexp.ES256, jwtexp.EdDSA} {
		key := pyNewKey(t, alg)
		keys = append(keys, key)
		mint = append(mint, key.encode(pyAlice(pyFuture)), key.encode(pyAlice(pyPast)))
	}
	minted := pyRun(t, mint...)

	type row struct {
		name string
		key  pyKey
		raw  string
		exp  time.Time
	}
	var rows []row
	var read []pyRequest
	for i, key := range keys {
		alg := string(key.Algorithm())
		rows = append(rows,
			row{alg + " ours good", key, key.issue(t, pyFuture), pyFuture},
			row{alg + " ours old", key, key.issue(t, pyPast), pyPast},
			row{alg + " theirs good", key, minted[2*i].Token, pyFuture},
			row{alg + " theirs old", key, minted[2*i+1].Token, pyPast},
		)
	}
	for _, r := range rows {
		read = append(read, r.key.decode(r.raw))
	}
	for i, theirs := range pyRun(t, read...) {
		r := rows[i]
		t.Run(r.name, func(t *testing.T) {
			got, err := r.key.verifier(t).Verify(t.Context(), r.raw)
			if r.exp.Equal(pyPast) {
				if !errors.Is(err, jwtexp.ErrExpired) {
					t.Errorf("got %v, want %v", err, jwtexp.ErrExpired)
				}
				if theirs.Error != "ExpiredSignatureError" {
					t.Errorf("PyJWT: got %q, want ExpiredSignatureError", theirs.Error)
				}
				return
			}
			if err != nil || theirs.Error != "" {
				t.Fatalf("got %v, PyJWT %q, want that both accept the token", err, theirs.Error)
			}
			want := pyAlice(r.exp)
			var ours pyClaims
			if err := got.Claims(&ours); err != nil {
				t.Fatal(err)
			}
			if ours != want {
				t.Errorf("got %+v, want %+v", ours, want)
			}
			if theirs.Claims != want {
				t.Errorf("PyJWT: got %+v, want %+v", theirs.Claims, want)
			}
		})
	}
}

// TestPyJWTExpiredFirst shows that PyJWT calls a token expired that is also for
// somebody else, and that this library does not.
func TestPyJWTExpiredFirst(t *testing.T) {
	key := pyNewKey(t, jwtexp.HS256)
	raw := key.issue(t, pyPast, jwtexp.WithAudience("them"))

	request := key.decode(raw)
	request.Audience = "us"
	if got := pyRun(t, request)[0].Error; got != "ExpiredSignatureError" {
		t.Errorf("PyJWT: got %q, want ExpiredSignatureError", got)
	}
	_, err := key.verifier(t, jwtexp.WithAudience("us")).Verify(t.Context(), raw)
	invalid, ok := errors.AsType[*jwtexp.InvalidError](err)
	if !ok || !errors.Is(err, jwtexp.ErrInvalid) || errors.Is(err, jwtexp.ErrExpired) || invalid.Reason != jwtexp.ReasonAudience {
		t.Errorf("got %v, want %v: %s", err, jwtexp.ErrInvalid, jwtexp.ReasonAudience)
	}
}

// TestPyJWTTutorial takes the token that a Flask tutorial mints: user_id, exp and
// iat, and nothing else.
func TestPyJWTTutorial(t *testing.T) {
	key := pyNewKey(t, jwtexp.HS256)
	mint := key.encode(pyClaims{UserID: 1, IssuedAt: pyIssuedAt.Unix(), ExpiresAt: pyFuture.Unix()})
	raw := pyRun(t, mint)[0].Token

	got, err := key.verifier(t).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
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

// pyKey is one key as both libraries take it.
type pyKey struct {
	jwtexp.Key
	private, public string // PEM, or the secret
}

func pyNewKey(t *testing.T, alg jwtexp.Algorithm) pyKey {
	t.Helper()
	var private crypto.Signer
	var err error
	switch alg {
	case jwtexp.HS256:
		secret := rand.Text() + rand.Text()
		key, err := jwtexp.NewSecretKey(alg, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return pyKey{key, secret, secret}
	case jwtexp.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jwtexp.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(alg, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pyKey{key, pyPEM("PRIVATE KEY", pkcs8), pyPEM("PUBLIC KEY", spki)}
}

func pyPEM(name string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: name, Bytes: der}))
}

func (k pyKey) issue(t *testing.T, expiresAt time.Time, opts ...jwtexp.IssuerOption) string {
	t.Helper()
	opts = append(opts, jwtexp.WithClock(jwtexptest.NewClock(pyIssuedAt)))
	issuer, err := jwtexp.NewIssuer(k.Key, expiresAt.Sub(pyIssuedAt), opts...)
	if err != nil {
		t.Fatal(err)
	}
	token, err := issuer.Issue(t.Context(), "alice", map[string]int{"user_id": 7})
	if err != nil {
		t.Fatal(err)
	}
	return token.Raw()
}

func (k pyKey) verifier(t *testing.T, opts ...jwtexp.VerifierOption) pair {
	t.Helper()
	return newPair(k.Key, append(opts, jwtexp.WithClock(jwtexptest.NewClock(pyNow)))...)
}

func (k pyKey) encode(claims pyClaims) pyRequest {
	return pyRequest{Op: "encode", Algorithm: k.Algorithm(), Key: k.private, Claims: &claims}
}

func (k pyKey) decode(raw string) pyRequest {
	return pyRequest{Op: "decode", Algorithm: k.Algorithm(), Key: k.public, Token: raw}
}

// pyRequest and pyAnswer are what testdata/pyjwt.py reads and writes.
type pyRequest struct {
	Op        string           `json:"op"`
	Algorithm jwtexp.Algorithm `json:"alg"`
	Key       string           `json:"key"`
	Claims    *pyClaims        `json:"claims,omitempty"`
	Token     string           `json:"token,omitempty"`
	Audience  string           `json:"audience,omitempty"`
}

type pyAnswer struct {
	Token  string
	Claims pyClaims
	Error  string
}

// pyRun asks PyJWT. That it is not installed is a failure: whoever sets the build
// tag wants to know.
func pyRun(t *testing.T, requests ...pyRequest) []pyAnswer {
	t.Helper()
	input, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	python := cmp.Or(os.Getenv("JWTEXP_PYTHON"), "/usr/bin/python3")
	command := exec.CommandContext(t.Context(), python, "testdata/pyjwt.py")
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s with PyJWT and cryptography (JWTEXP_PYTHON names another): %v", python, err)
	}
	var answers []pyAnswer
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(requests) {
		t.Fatalf("got %d answers, want %d", len(answers), len(requests))
	}
	return answers
}
