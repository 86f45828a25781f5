package jwks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// day is the time at which the tests begin.
var day = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const keysURL = "https://login.example/keys"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An origin is a server in memory that counts its requests.
type origin struct {
	mu      sync.Mutex
	reply   reply
	fetches int
}

// A reply is how an origin answers a request.
type reply func(*http.Request) (*http.Response, error)

func (o *origin) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.fetches++
	reply := o.reply
	o.mu.Unlock()
	return reply(r)
}

func (o *origin) replyWith(r reply) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reply = r
}

func (o *origin) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fetches
}

// response replies with a status, a body, and pairs of header names and values.
func response(status int, body string, header ...string) reply {
	return func(r *http.Request) (*http.Response, error) {
		h := make(http.Header)
		for i := 0; i < len(header); i += 2 {
			h.Add(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// set replies with a JWK Set of the keys with these IDs.
func set(ids ...string) reply { return response(http.StatusOK, setOf(ids...)) }

func down(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") }

// after replies with r when release is closed, unless the request's context ends first.
func after(release <-chan struct{}, r reply) reply {
	return func(request *http.Request) (*http.Response, error) {
		select {
		case <-release:
			return r(request)
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
}

// keyOf returns a signing key that depends on id alone.
func keyOf(id string) jwtexp.Key {
	seed := sha256.Sum256([]byte("key " + id))
	return must(jwtexp.NewSigningKey(jwtexp.Ed25519, ed25519.NewKeyFromSeed(seed[:]))).WithID(id)
}

// setOf returns the JWK Set of keyOf each ID. The key of "" has no kid.
func setOf(ids ...string) string {
	var all []string
	for _, id := range ids {
		all = append(all, jwkOf(id))
	}
	return `{"keys":[` + strings.Join(all, ",") + `]}`
}

func jwkOf(id string) string {
	kid := ""
	if id != "" {
		kid = fmt.Sprintf(`"kid":%q,`, id)
	}
	return `{` + kid + `"alg":"Ed25519",` + ed25519JWK(keyOf(id).PublicKey().(ed25519.PublicKey)) + `}`
}

func ed25519JWK(x []byte) string {
	return `"kty":"OKP","crv":"Ed25519","x":"` + base64url(x) + `"`
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// tokenOf returns a token that keyOf(id) has signed. It is good for a year before and after day.
func tokenOf(id string) string {
	token, ok := tokens.Load(id)
	if !ok {
		token, _ = tokens.LoadOrStore(id, tokenBy(keyOf(id)))
	}
	return token.(string)
}

var tokens sync.Map // of tokenOf, by ID

func tokenBy(key jwtexp.Key) string {
	past := jwtexptest.NewClock(day.AddDate(-1, 0, 0))
	issuer := must(jwtexp.NewIssuer(key, 2*365*24*time.Hour, jwtexp.WithClock(past)))
	return must(issuer.Issue(context.Background(), "alice", nil)).Raw()
}

// withKid returns the token of key "a" with another kid, so that its signature is wrong.
func withKid(kid string) string {
	header := base64url(fmt.Appendf(nil, `{"alg":"Ed25519","kid":%q}`, kid))
	return header + tokenOf("a")[strings.Index(tokenOf("a"), "."):]
}

// newRemote returns a Remote that is closed when the test ends.
func newRemote(t *testing.T, url string, opts ...jwks.RemoteOption) *jwks.Remote {
	t.Helper()
	remote, err := jwks.NewRemote(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remote.Close() })
	return remote
}

// remoteOf returns a Remote whose server answers every request with body.
func remoteOf(t *testing.T, body string) *jwks.Remote {
	t.Helper()
	return newRemote(t, keysURL, jwks.WithTransport(&origin{reply: response(http.StatusOK, body)}))
}

func newVerifier(keys jwtexp.KeySet, clock jwtexp.Clock) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keys, jwtexp.WithClock(clock)))
}

// verify verifies the token of key id at day, and checks the verdict.
func verify(t *testing.T, keys jwtexp.KeySet, id string, want error) error {
	t.Helper()
	_, err := newVerifier(keys, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf(id))
	wantVerdict(t, "a token", err, want)
	return err
}

// startVerify verifies a token in the background. The channel receives the error of Verify.
func startVerify(ctx context.Context, verifier *jwtexp.Verifier, token string) <-chan error {
	verdict := make(chan error, 1)
	go func() {
		_, err := verifier.Verify(ctx, token)
		verdict <- err
	}()
	return verdict
}

var (
	good        error // no error
	invalid     = jwtexp.ErrInvalid
	unavailable = jwtexp.ErrUnavailable
)

// wantVerdict checks that err matches want, a verdict or nil, and no other verdict.
func wantVerdict(t *testing.T, what string, err, want error) {
	t.Helper()
	if want == nil && err != nil {
		t.Errorf("%s: got %v, want a good token", what, err)
	}
	for _, verdict := range []error{jwtexp.ErrExpired, jwtexp.ErrInvalid, jwtexp.ErrUnavailable} {
		if got := errors.Is(err, verdict); got != (want == verdict) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
}

func wantUnavailable(t *testing.T, err error) *jwtexp.UnavailableError {
	t.Helper()
	unavailable, ok := errors.AsType[*jwtexp.UnavailableError](err)
	if !ok {
		t.Fatalf("got %v, want an UnavailableError", err)
	}
	return unavailable
}

// testRSA is one key for all tests, because RSA keys are slow to generate.
var testRSA = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

func newECDSA(curve elliptic.Curve) *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(curve, rand.Reader))
}

func newEd25519() ed25519.PrivateKey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return must(private, err)
}

func newECDSAKey(id string) jwtexp.Key {
	return must(jwtexp.NewSigningKey(jwtexp.ES256, newECDSA(elliptic.P256()))).WithID(id)
}

func newRSAKey(id string) jwtexp.Key {
	return must(jwtexp.NewSigningKey(jwtexp.RS256, testRSA())).WithID(id)
}

const testSecret = "a secret of the tests that has as many bytes as HS512 asks for.."

func newSecretKey(id string) jwtexp.Key {
	return must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(testSecret))).WithID(id)
}
