// Package loadtest_test sends requests to servers behind the middleware, over real connections
// on loopback: many requests, hostile requests, a clock that jumps, callbacks that fail, and
// a key set that is down.
//
// The tests make tokens with the standard library alone. The expected answers follow from how a
// token was made, never from the library.
package loadtest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// epoch is the time at which the clocks of the tests start.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// frozen is a clock that stands at epoch.
var frozen = jwtexp.ClockFunc(func() time.Time { return epoch })

// goodClaims is a claims set that expires an hour after epoch.
var goodClaims = fmt.Sprintf(`{"sub":"alice","exp":%d}`, epoch.Unix()+3600)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A signer signs without the library. Its key verifies the signatures.
type signer struct {
	alg, kid string
	sign     func(signed string) []byte
	key      jwtexp.Key
}

func newHS256(kid string) signer {
	secret := make([]byte, 32)
	rand.Read(secret)
	return signer{"HS256", kid, func(signed string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	}, must(jwtexp.NewSecretKey(jwtexp.HS256, secret)).WithID(kid)}
}

func newEdDSA(kid string) signer {
	public, private := must2(ed25519.GenerateKey(rand.Reader))
	return signer{"EdDSA", kid, func(signed string) []byte {
		return ed25519.Sign(private, []byte(signed))
	}, publicKey(jwtexp.EdDSA, kid, public)}
}

func newES256(kid string) signer {
	private := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return signer{"ES256", kid, func(signed string) []byte {
		digest := sha256.Sum256([]byte(signed))
		r, s := must2(ecdsa.Sign(rand.Reader, private, digest[:]))
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature
	}, publicKey(jwtexp.ES256, kid, private.Public())}
}

func must2[T, U any](v T, w U, err error) (T, U) {
	if err != nil {
		panic(err)
	}
	return v, w
}

func publicKey(alg jwtexp.Algorithm, kid string, public crypto.PublicKey) jwtexp.Key {
	return must(jwtexp.NewPublicKey(alg, public)).WithID(kid)
}

// header returns the header of tokens that s signs.
func (s signer) header() string { return fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, s.alg, s.kid) }

// token signs the header and the payload, whatever they contain.
func (s signer) token(header, payload string) string {
	signed := segment(header) + "." + segment(payload)
	return signed + "." + segment(string(s.sign(signed)))
}

// good returns an Authorization header with a token that is good at epoch.
func (s signer) good() []string { return bearer(s.token(s.header(), goodClaims)) }

func bearer(token string) []string { return []string{"Bearer " + token} }

func segment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// A server is a server behind the middleware. It counts the accepted requests.
type server struct {
	*httptest.Server
	served atomic.Int64
}

// startServer starts a server whose handler is wrapped by guard. It closes when the test ends.
func startServer(t *testing.T, guard func(http.Handler) http.Handler, configure ...func(*http.Server)) *server {
	t.Helper()
	srv := &server{}
	srv.Server = httptest.NewUnstartedServer(guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.served.Add(1)
		token, _ := jwtexp.FromContext(r.Context())
		io.WriteString(w, token.Subject())
	})))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // net/http logs every panic
	for _, c := range configure {
		c(srv.Config)
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// An answer is the part of a response that the middleware writes.
type answer struct {
	status           int
	challenge, cache string
	retryAfter, body string
}

var (
	missingToken   = answer{401, `Bearer realm="api"`, "no-store", "", `{"error":"Missing token"}`}
	invalidRequest = answer{400, `Bearer realm="api", error="invalid_request"`, "no-store", "", `{"error":"Invalid request"}`}
	invalidToken   = answer{401, `Bearer realm="api", error="invalid_token", error_description="The access token is invalid"`, "no-store", "", `{"error":"Invalid token"}`}
	unavailable    = answer{503, "", "no-store", "5", `{"error":"Temporarily unavailable"}`}
)

func served(subject string) answer { return answer{status: 200, body: subject} }

func expired(at time.Time) answer {
	return answer{401, `Bearer realm="api", error="invalid_token", error_description="The access token expired"`, "no-store", "",
		fmt.Sprintf(`{"error":"Token expired","expired_at":%q}`, at.UTC().Format(time.RFC3339Nano))}
}

// kind returns the error in the body, or "served".
func (a answer) kind() string {
	if text, ok := strings.CutPrefix(a.body, `{"error":"`); ok {
		text, _, _ = strings.Cut(text, `"`)
		return text
	}
	return "served"
}

func answerOf(response *http.Response) (answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	h := response.Header
	challenges := strings.Join(h.Values("WWW-Authenticate"), ", ") // normally one
	return answer{response.StatusCode, challenges, h.Get("Cache-Control"), h.Get("Retry-After"), string(body)}, err
}

// get sends one request with the given Authorization headers.
func (srv *server) get(authorization ...string) (answer, error) {
	r := must(http.NewRequest("GET", srv.URL, nil))
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	response, err := srv.Client().Do(r)
	if err != nil {
		return answer{}, err
	}
	return answerOf(response)
}

// want sends a request and compares the answer.
func (srv *server) want(t *testing.T, want answer, authorization ...string) {
	t.Helper()
	if got, err := srv.get(authorization...); got != want || err != nil {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
