package jwks_test

import (
	"context"
	"crypto/ed25519"
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

// day is when the tests begin.
var day = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// An origin is a server in memory, which counts what it is asked.
type origin struct {
	mu      sync.Mutex
	reply   reply
	fetches int
}

// A reply is what an origin does with a request.
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

// with replies with a status, a body, and header fields in pairs.
func with(status int, body string, fields ...string) reply {
	return func(r *http.Request) (*http.Response, error) {
		header := make(http.Header)
		for i := 0; i < len(fields); i += 2 {
			header.Add(fields[i], fields[i+1])
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// set replies with the keys of these names.
func set(ids ...string) reply { return with(http.StatusOK, setOf(ids...)) }

func down(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") }

// held replies as r does once release is closed, unless the request ends before.
func held(release <-chan struct{}, r reply) reply {
	return func(request *http.Request) (*http.Response, error) {
		select {
		case <-release:
			return r(request)
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
}

// keyOf returns the signing key of a name, always the same.
func keyOf(id string) jwtexp.Key {
	seed := sha256.Sum256([]byte("key " + id))
	key, err := jwtexp.NewSigningKey(jwtexp.Ed25519, ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		panic(err)
	}
	return key.WithID(id)
}

// setOf is the JWK Set of the keys of these names; of "" the one without kid.
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
	x := base64.RawURLEncoding.EncodeToString(keyOf(id).PublicKey().(ed25519.PublicKey))
	return fmt.Sprintf(`{%s"kty":"OKP","crv":"Ed25519","alg":"Ed25519","x":%q}`, kid, x)
}

// tokenOf is a token that the key of this name has signed, good for a year around day.
func tokenOf(id string) string {
	token, ok := tokens.Load(id)
	if !ok {
		token, _ = tokens.LoadOrStore(id, tokenBy(keyOf(id)))
	}
	return token.(string)
}

var tokens sync.Map // by key

func tokenBy(key jwtexp.Key) string {
	past := jwtexptest.NewClock(day.AddDate(-1, 0, 0))
	issuer, err := jwtexp.NewIssuer(key, 2*365*24*time.Hour, jwtexp.WithClock(past))
	if err != nil {
		panic(err)
	}
	token, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		panic(err)
	}
	return token.Raw()
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

func newVerifier(t *testing.T, keys jwtexp.KeySet, clock jwtexp.Clock) *jwtexp.Verifier {
	t.Helper()
	verifier, err := jwtexp.NewVerifier(keys, jwtexp.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

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

// withKid is the token of key "a" under another kid, with which its signature is not good.
func withKid(kid string) string {
	header := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"Ed25519","kid":%q}`, kid))
	return header + tokenOf("a")[strings.Index(tokenOf("a"), "."):]
}

func wantUnavailable(t *testing.T, err error) *jwtexp.UnavailableError {
	t.Helper()
	down, ok := errors.AsType[*jwtexp.UnavailableError](err)
	if !ok {
		t.Fatalf("got %v, want an UnavailableError", err)
	}
	return down
}
