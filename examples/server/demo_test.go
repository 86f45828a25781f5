package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

const (
	secret   = "a secret of the demo, 32 bytes or more"
	lifetime = 30 * time.Minute
)

var start = time.Unix(1_700_000_000, 0).UTC()

// demo is the server under test, over real HTTP.
type demo struct {
	*httptest.Server
	clock *jwtexptest.Clock
	log   *safeBuffer
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	clock := jwtexptest.NewClock(start)
	log := &safeBuffer{}
	return &demo{startServer(t, clock, log), clock, log}
}

// startServer applies the changes to the test config, and serves until the test ends. Its log
// has no times.
func startServer(t *testing.T, clock jwtexp.Clock, log io.Writer, changes ...func(*config)) *httptest.Server {
	t.Helper()
	c := config{
		clock:    clock,
		secret:   []byte(secret),
		lifetime: lifetime,
		logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{
			ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
				if len(groups) == 0 && a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			},
		})),
	}
	for _, change := range changes {
		change(&c)
	}
	handler, err := newServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handler.Close)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// reply holds the parts of a response that the tests compare.
type reply struct {
	Status     int
	Body       string
	Type       string // Content-Type
	Cache      string // Cache-Control
	Challenge  string // WWW-Authenticate
	Allow      string
	RetryAfter string
}

// jsonReply returns a reply with the headers of every JSON response.
func jsonReply(status int, body string) reply {
	return reply{Status: status, Body: body, Type: "application/json", Cache: "no-store"}
}

const (
	challengeMissing = `Bearer realm="api"`
	challengeRequest = `Bearer realm="api", error="invalid_request"`
	challengeExpired = `Bearer realm="api", error="invalid_token", error_description="The access token expired"`
	challengeInvalid = `Bearer realm="api", error="invalid_token", error_description="The access token is invalid"`
)

func (r reply) challenged(challenge string) reply { r.Challenge = challenge; return r }
func (r reply) allowing(methods string) reply     { r.Allow = methods; return r }
func (r reply) after(seconds string) reply        { r.RetryAfter = seconds; return r }

var (
	invalidToken = jsonReply(401, `{"error":"Invalid token"}`).challenged(challengeInvalid)
	tokenExpired = jsonReply(401, `{"error":"Token expired","expired_at":"2023-11-14T22:43:20Z"}`).challenged(challengeExpired)
	alice        = jsonReply(200, `{"user":{"id":1,"name":"Alice"}}`)
)

func send(t *testing.T, r *http.Request) reply {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, res)
}

func read(t *testing.T, res *http.Response) reply {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{
		Status:     res.StatusCode,
		Body:       string(body),
		Type:       res.Header.Get("Content-Type"),
		Cache:      res.Header.Get("Cache-Control"),
		Challenge:  res.Header.Get("WWW-Authenticate"),
		Allow:      res.Header.Get("Allow"),
		RetryAfter: res.Header.Get("Retry-After"),
	}
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// post logs in with a JSON body.
func post(t *testing.T, url, body string) reply {
	t.Helper()
	r := request(t, "POST", url+"/login", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return send(t, r)
}

// logIn logs in and returns the token.
func logIn(t *testing.T, url, body string) string {
	t.Helper()
	got := post(t, url, body)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil || got.Status != 200 || answer.Token == "" {
		t.Fatalf("login with %s: got %+v, want a token", body, got)
	}
	return answer.Token
}

// get requests the resource with the given Authorization headers.
func get(t *testing.T, url string, authorization ...string) reply {
	t.Helper()
	r := request(t, "GET", url+"/resource", nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	return send(t, r)
}

// payload returns claims that the server accepts, with changes. A nil value removes a claim.
func payload(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{"user_id": 1, "iat": start.Unix(), "exp": start.Add(lifetime).Unix()}
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// forge signs a token with golang-jwt.
func forge(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// sign returns an HS256 token with any header and payload text.
func sign(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// safeBuffer is a bytes.Buffer that is safe for concurrent use.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
