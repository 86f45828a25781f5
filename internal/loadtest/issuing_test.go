package loadtest_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
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

// A login is a server that issues a token to every client. Tests provide its callbacks.
type login struct {
	*httptest.Server
	issued atomic.Int64
}

func startLogin(t *testing.T, h *hook, keys jwtexp.KeySource, claims any) *login {
	t.Helper()
	issuer := must(jwtexp.NewIssuer(keys, time.Hour, jwtexp.WithClock(frozen)))
	l := &login{}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.request.Store(r)
		token, err := issuer.Issue(r.Context(), "alice", claims)
		if err != nil {
			w.WriteHeader(jwtexp.StatusCode(err))
			return
		}
		l.issued.Add(1)
		io.WriteString(w, token.Raw())
	}))
	l.Config.ErrorLog = log.New(io.Discard, "", 0) // net/http logs every panic
	l.Start()
	t.Cleanup(l.Close)
	return l
}

func (l *login) post(ctx context.Context) (status int, body string, err error) {
	response, err := l.Client().Do(must(http.NewRequestWithContext(ctx, "POST", l.URL, nil)))
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

type keySourceFunc func(ctx context.Context, now time.Time) (jwtexp.Key, error)

func (f keySourceFunc) SigningKey(ctx context.Context, now time.Time) (jwtexp.Key, error) {
	return f(ctx, now)
}

// A signerFunc is a crypto.Signer that signs with a function.
type signerFunc struct {
	ed25519.PrivateKey
	sign func(message []byte) ([]byte, error)
}

func (v signerFunc) Sign(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return v.sign(message)
}

func newSigningKey(sign func(private ed25519.PrivateKey, message []byte) ([]byte, error)) jwtexp.Key {
	_, private := must2(ed25519.GenerateKey(nil))
	return must(jwtexp.NewSigningKey(jwtexp.Ed25519, &signerFunc{private, func(message []byte) ([]byte, error) { return sign(private, message) }}))
}

type claimsFunc func() ([]byte, error)

func (f claimsFunc) MarshalJSON() ([]byte, error) { return f() }

// startLogins starts logins, each with one callback that calls h and then works correctly.
func startLogins(t *testing.T, h *hook) map[string]*login {
	key := newHS256("hs").key
	return map[string]*login{
		"key source": startLogin(t, h, keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { h.call(); return key, nil }), nil),
		"signer": startLogin(t, h, newSigningKey(func(private ed25519.PrivateKey, message []byte) ([]byte, error) {
			h.call()
			return ed25519.Sign(private, message), nil
		}), nil),
		"claims type": startLogin(t, h, key, claimsFunc(func() ([]byte, error) { h.call(); return []byte(`{}`), nil })),
	}
}

// If a callback panics, the client gets no token. The next login works.
func TestIssuingCallbackThatPanics(t *testing.T) {
	h := new(hook)
	for name, l := range startLogins(t, h) {
		boom := func(context.Context) { panic("boom") }
		h.run.Store(&boom)
		if status, body, err := l.post(t.Context()); err == nil {
			t.Errorf("%s: got %d %s, want the connection closed without an answer", name, status, body)
		}
		h.run.Store(nil)
		if status, body, err := l.post(t.Context()); status != 200 || strings.Count(body, ".") != 2 || l.issued.Load() != 1 {
			t.Errorf("%s, the next login: got %d %s, %v, want a token", name, status, body, err)
		}
	}
}

// A callback that blocks until its client has disconnected blocks no other request.
func TestIssuingCallbackThatBlocks(t *testing.T) {
	h := new(hook)
	for name, l := range startLogins(t, h) {
		entered, left := make(chan struct{}), make(chan struct{})
		block := func(ctx context.Context) {
			close(entered)
			<-ctx.Done()
			close(left)
		}
		h.run.Store(&block)
		ctx, leave := context.WithCancel(t.Context())
		blocked := make(chan error, 1)
		go func() {
			_, _, err := l.post(ctx)
			blocked <- err
		}()
		<-entered
		h.run.Store(nil)
		if status, _, err := l.post(t.Context()); status != 200 {
			t.Errorf("%s: got %d, %v while another request waits, want a token", name, status, err)
		}
		leave()
		if err := <-blocked; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want no answer before the client disconnects", name, err)
		}
		<-left
	}
}

// If a callback returns an invalid result, no token is issued. The status is 503 for a temporary
// failure and 500 for a mistake.
func TestIssuingCallbackWithInvalidResult(t *testing.T) {
	key := newHS256("hs").key
	source := func(key jwtexp.Key, err error) jwtexp.KeySource {
		return keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return key, err })
	}
	signer := func(signature []byte, err error) jwtexp.KeySource {
		return newSigningKey(func(ed25519.PrivateKey, []byte) ([]byte, error) { return signature, err })
	}
	claims := func(text string, err error) any {
		return claimsFunc(func() ([]byte, error) { return []byte(text), err })
	}
	for name, c := range map[string]struct {
		keys   jwtexp.KeySource
		claims any
		want   int
	}{
		"key source: a zero key":                            {source(jwtexp.Key{}, nil), nil, 500},
		"key source: a public key":                          {source(newEdDSA("ed").key, nil), nil, 500},
		"key source: a key that is not trusted for so long": {source(key.WithNotAfter(epoch), nil), nil, 500},
		"key source: the key, and an error":                 {source(key, errDown), nil, 503},
		"key source: an error that is invalid":              {source(key, jwtexp.ErrInvalid), nil, 503},
		"key source: an error that matches every error":     {source(key, matchAllError{}), nil, 503},
		"signer: nothing":                                   {signer(nil, nil), nil, 500},
		"signer: zeros":                                     {signer(make([]byte, 64), nil), nil, 500},
		"signer: too much":                                  {signer(make([]byte, 1<<20), nil), nil, 500},
		"signer: an error":                                  {signer(nil, errDown), nil, 503},
		"signer: a signature, and an error":                 {signer(make([]byte, 64), errDown), nil, 503},
		"signer: an error that is expired":                  {signer(nil, jwtexp.ErrExpired), nil, 503},
		"signer: an error that matches every error":         {signer(nil, matchAllError{}), nil, 503},
		"signer: a signature of another message": {newSigningKey(func(private ed25519.PrivateKey, message []byte) ([]byte, error) {
			return ed25519.Sign(private, append(message, '.')), nil
		}), nil, 500},
		"signer: overwrites the message": {newSigningKey(func(private ed25519.PrivateKey, message []byte) ([]byte, error) {
			clear(message)
			return ed25519.Sign(private, message), nil
		}), nil, 500},
		"claims type: no JSON":                           {key, claims(`{`, nil), 500},
		"claims type: nothing":                           {key, claims(``, nil), 500},
		"claims type: a list":                            {key, claims(`[]`, nil), 500},
		"claims type: a name twice":                      {key, claims(`{"a":1,"a":2}`, nil), 500},
		"claims type: exp":                               {key, claims(`{"exp":99999999999}`, nil), 500},
		"claims type: EXP":                               {key, claims(`{"EXP":99999999999}`, nil), 500},
		"claims type: a second object":                   {key, claims(`{}{"exp":99999999999}`, nil), 500},
		"claims type: invalid UTF-8":                     {key, claims("{\"a\":\"\xff\"}", nil), 500},
		"claims type: too deep":                          {key, claims(`{"a":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)+`}`, nil), 500},
		"claims type: too much":                          {key, claims(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`, nil), 500},
		"claims type: an error":                          {key, claims(`{}`, errDown), 500},
		"claims type: an error that is unavailable":      {key, claims(`{}`, jwtexp.ErrUnavailable), 500},
		"claims type: an error that matches every error": {key, claims(`{}`, matchAllError{}), 500},
		"claims type: a nil func":                        {key, json.Marshaler(nil), 200}, // no claims
	} {
		l := startLogin(t, new(hook), c.keys, c.claims)
		status, body, err := l.post(t.Context())
		if status != c.want || (body != "") != (c.want == 200) {
			t.Errorf("%s: got %d %.80s, %v, want %d", name, status, body, err, c.want)
		}
	}
}
