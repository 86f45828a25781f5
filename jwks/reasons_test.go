package jwks_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// lineOf returns the line of LogDecisions for a request with the token.
func lineOf(t *testing.T, keys jwtexp.KeySet, token string) string {
	t.Helper()
	var log bytes.Buffer
	observe := jwtexp.WithObserver(jwtexp.LogDecisions(slog.New(slog.NewTextHandler(&log, nil))))
	guard := must(jwtexp.NewMiddleware(newVerifier(keys, jwtexptest.NewClock(day)), observe))
	guard.Check(jwtexptest.NewRequest(t, "GET", "/", token))
	return log.String()
}

func reset(err error) reply {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// The log line of an outage alone says why there are no keys.
func TestLogSaysWhyThereAreNoKeys(t *testing.T) {
	opErr := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		name  string
		reply reply
		want  []string
	}{
		{"404", response(404, secret), []string{"login.example/keys", "status 404; want 200, check the URL"}},
		{"401", response(401, secret), []string{"status 401; want 200"}},
		{"502", response(502, secret), []string{"status 502; want 200"}},
		{"redirect", response(302, "", "Location", "https://other.example/"), []string{"redirect to another origin"}},
		{"HTML", response(200, "<!doctype html><p>"+secret), []string{"response is HTML or XML; want a JWK Set"}},
		{"empty", response(200, ""), []string{"response is empty"}},
		{"white space", response(200, " \n"), []string{"response is empty"}},
		{"cut off", response(200, setOf("a")[:40]), []string{"not JSON, or was cut off"}},
		{"text", response(200, secret), []string{"not JSON"}},
		{"an array", response(200, "["+jwkOf("a")+"]"), []string{"JSON and not an object"}},
		{"a single JWK", response(200, jwkOf("a")), []string{"a single JWK"}},
		{"a discovery document", response(200, `{"issuer":"x","jwks_uri":"y"}`), []string{"a discovery document; use Discover"}},
		{"an error in JSON", response(200, `{"error":"`+secret+`"}`), []string{`has no \"keys\"`}},
		{"keys is an object", response(200, `{"keys":{}}`), []string{`\"keys\" of another type`}},
		{"keys twice", response(200, `{"keys":[],"keys":[]}`), []string{"a member twice"}},
		{"no key", response(200, `{"keys":[]}`), []string{"its array of keys is empty"}},
		{"too many keys", response(200, `{"keys":[`+strings.Repeat(`{},`, 256)+`{}]}`), []string{"more than 256 keys"}},
		{"no DNS", reset(opErr(&net.DNSError{Err: "no such host", Name: "login.example", IsNotFound: true})), []string{"no such host"}},
		{"refused", reset(opErr(syscall.ECONNREFUSED)), []string{"connection refused"}},
		{"reset", reset(opErr(syscall.ECONNRESET)), []string{"connection reset by peer"}},
		{"no TLS", reset(http.ErrSchemeMismatch), []string{"does not speak TLS"}},
		{"no TLS record", reset(tls.RecordHeaderError{Msg: secret}), []string{"does not speak TLS"}},
		{"TLS alert", reset(opErr(tls.AlertError(40))), []string{"handshake failure"}},
		{"EOF", reset(io.EOF), []string{"closed the connection"}},
		{"unexpected EOF", reset(io.ErrUnexpectedEOF), []string{"closed the connection"}},
		{"own transport", reset(errors.New(secret)), []string{"request failed or was cut off"}},
		{"own dialer around a system error", reset(opErr(fmt.Errorf("%s: %w", secret, syscall.ECONNREFUSED))), []string{"connection refused"}},
		{"own DNS", reset(opErr(&net.DNSError{Err: secret, Name: secret})), []string{"cannot be looked up in DNS"}},
		{"own dialer", reset(opErr(errors.New(secret))), []string{"request failed or was cut off"}},
		{"panic", func(*http.Request) (*http.Response, error) { panic(secret) }, []string{"panicked"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			remote := newRemote(t, keysURL+"?"+secret, jwks.WithTransport(&origin{reply: c.reply}))
			line := lineOf(t, remote, tokenOf("a"))
			for _, want := range append(c.want, "level=ERROR", "verdict=unavailable", "key set: ") {
				if !strings.Contains(line, want) {
					t.Errorf("got %s, want it to have %s", line, want)
				}
			}
			if strings.Contains(line, secret) {
				t.Errorf("got %s, want nothing of the server or the application in it", line)
			}
		})
	}
}

// A certificate that this process does not trust is named, too.
func TestLogSaysThatTheCertificateIsNotTrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	line := lineOf(t, newRemote(t, server.URL), tokenOf("a"))
	if want := "certificate signed by unknown authority"; !strings.Contains(line, want) {
		t.Errorf("got %s, want it to have %s", line, want)
	}
}

func TestLogSaysThatTheFetchHasNotEnded(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: after(release, set("a"))}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newVerifier(remote, jwtexptest.NewClock(day)).Verify(ctx, tokenOf("a"))
	for _, want := range []string{"key set: https://login.example/keys: fetch has not ended", "context was canceled"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want it to have %s", err, want)
		}
	}
	if e := wantUnavailable(t, err); e.What != "key set" || !errors.Is(err, context.Canceled) {
		t.Errorf("got What %q and %v, want key set and context.Canceled", e.What, err)
	}
}

func TestLogSaysThatTheRemoteIsZeroOrClosed(t *testing.T) {
	closed := newRemote(t, keysURL)
	closed.Close()
	for want, remote := range map[string]*jwks.Remote{"zero Remote": new(jwks.Remote), "Remote is closed": closed} {
		if line := lineOf(t, remote, tokenOf("a")); !strings.Contains(line, want) {
			t.Errorf("got %s, want it to have %s", line, want)
		}
	}
}

// unusableJWKs are JWKs with the ID a, and what an error says of them.
var unusableJWKs = []struct {
	name, jwk string
	want      []string
}{
	{"for encryption", p256 + `,"use":"enc"`, []string{`use is "enc", and not sig`}},
	{"not for verification", p256 + `,"key_ops":["deriveKey"]`, []string{"key_ops has no verify"}},
	{"two faults", p256 + `,"use":"enc","key_ops":[]`, []string{`use is "enc"`, "key_ops has no verify"}},
	{"for encryption, with an unknown curve", `"kty":"EC","crv":"X","use":"enc"`, []string{`use is "enc"`, `crv is "X"`}},
	{"symmetric", `"kty":"oct","k":"AQAB"`, []string{"a private key or a secret"}},
	{"private", p256 + `,"d":"AQAB"`, []string{"a private key or a secret"}},
	{"short RSA", rsa1024, []string{"RSA key of 1024 bits is too short"}},
	{"long RSA", rsaJWK(8200), []string{"RSA key of 8200 bits is too long"}},
	{"huge exponent", strings.Replace(rsa2048, `AQAB`, `AQABAQABAQAB`, 1), []string{"e has 65 bits"}},
	{"another algorithm", rsa2048 + `,"alg":"ES256"`, []string{"ES256 takes an ECDSA key"}},
	{"an encrypting algorithm", rsa2048 + `,"alg":"RSA-OAEP"`, []string{"RSA-OAEP"}},
	{"unknown curve", `"kty":"EC","crv":"secp256k1","x":"AQAB","y":"AQAB"`, []string{`crv is "secp256k1"; want P-256, P-384 or P-521`}},
	{"Ed448", strings.Replace(ed, `Ed25519`, `Ed448`, 1), []string{`crv is "Ed448"`}},
	{"unknown kty", `"kty":"AKP"`, []string{`kty is "AKP"; want RSA, EC or OKP`}},
	{"no kty", `"n":"AQAB"`, []string{"kty is missing"}},
	{"padded", strings.Replace(rsa2048, `AQAB`, `AQ==`, 1), []string{"e is not base64url without padding"}},
	{"a long algorithm", rsa2048 + `,"alg":"` + strings.Repeat("A", 5000) + `"`, []string{`algorithm "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" is unknown`}},
	{"two padded", `"kty":"EC","crv":"P-256","x":"AQ==","y":"AQ=="`, []string{"x is not base64url", "y is not base64url"}},
	{"alg is a number", p256 + `,"alg":1`, []string{"alg is not a string"}},
	{"not a point", `"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"`, []string{"x and y are not a point on the curve P-256"}},
	{"coordinates of two sizes", `"kty":"EC","crv":"P-256","x":"AQAB","y":"AQ"`, []string{"x has 3 bytes and y has 1"}},
	{"a member twice", p256 + `,"crv":"P-256"`, []string{"a member is in it twice"}},
}

// If no JWK of a set is usable, the error names each, and each of its faults.
func TestErrorNamesTheUnusableJWKs(t *testing.T) {
	for _, c := range unusableJWKs {
		_, err := remoteOf(t, `{"keys":[{"kid":"a",`+c.jwk+`},{"kty":"new"}]}`).VerificationKeys(t.Context(), "a", day)
		text := fmt.Sprint(err)
		for _, want := range append(c.want, "no usable key", "JWK 0", `JWK 1: kty is "new"`) {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got %s, want it to have %s", c.name, text, want)
			}
		}
		if strings.Contains(text, "\n") {
			t.Errorf("%s: got %q, want one line", c.name, text)
		}
	}
}

// A token whose JWK was left out of a set with other keys is invalid, and its error says why.
func TestErrorSaysWhyTheTokensKeyWasLeftOut(t *testing.T) {
	for _, c := range unusableJWKs {
		if c.name == "a member twice" { // nothing of it is read
			continue
		}
		line := lineOf(t, remoteOf(t, `{"keys":[{"kid":"a",`+c.jwk+`},`+jwkOf("b")+`]}`), tokenOf("a"))
		for _, want := range append(c.want, "verdict=invalid", "reason=unknown_key", "its JWK is not usable") {
			if !strings.Contains(strings.ReplaceAll(line, `\"`, `"`), want) {
				t.Errorf("%s: got %s, want it to have %s", c.name, line, want)
			}
		}
	}
	// The text of an unknown kid does not change, and the kid is not quoted.
	line := lineOf(t, remoteOf(t, setOf("b")), tokenOf("a"))
	if want := "no key has the token's kid; was the key removed"; !strings.Contains(line, want) {
		t.Errorf("got %s, want it to have %s", line, want)
	}
}

// Names of a set are shown if they are short, and a long list of faults is cut.
func TestErrorsOfASetAreBounded(t *testing.T) {
	long := strings.Repeat("x", 2000)
	var all []string
	for range 200 {
		all = append(all, fmt.Sprintf(`{"kid":%q,"kty":%q,"use":"a\nb"}`, long, long))
	}
	_, err := remoteOf(t, `{"keys":[`+strings.Join(all, ",")+`]}`).VerificationKeys(t.Context(), "a", day)
	text := fmt.Sprint(err)
	if len(text) > 2000 || strings.Contains(text, "\n") || !strings.Contains(text, "and 192 more") {
		t.Errorf("got %d bytes, %s, want one line of at most 2,000 bytes that says how many more", len(text), text)
	}
}

// Discover says what is wrong with a configuration.
func TestDiscoverSaysWhatTheConfigurationIs(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "response is empty",
		`<html>`:                           "response is HTML or XML",
		`{"jwks_uri":"` + keysURL + `"}`:   `the one passed to Discover`,
		`{"issuer":1}`:                     `response has a "issuer" of another type`,
		`{"issuer":"a","issuer":"a"}`:      "response has a member twice",
		`[]`:                               "response is JSON and not an object",
		`{"issuer":"https://login.example`: "response is not JSON, or was cut off",
	} {
		_, err := jwks.Discover(t.Context(), "https://login.example", jwks.WithTransport(&origin{reply: response(200, text)}))
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: got %v, want it to have %s", text, err, want)
		}
	}
}
