package main

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The tutorial: log in, use the token until it expires, log in again.
func TestTutorial(t *testing.T) {
	d := startDemo(t)
	token := logIn(t, d.URL, `{"user_id":1}`)
	steps := []struct {
		name    string
		advance time.Duration
		want    reply
	}{
		{"immediately", 0, alice},
		{"last nanosecond", lifetime - 1, alice},
		{"at exp", 1, tokenExpired},
		{"a day later", 24 * time.Hour, tokenExpired},
	}
	for _, step := range steps {
		d.clock.Advance(step.advance)
		if diff := cmp.Diff(step.want, get(t, d.URL, "Bearer "+token)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", step.name, diff)
		}
	}
	again := logIn(t, d.URL, `{"user_id":1}`)
	if diff := cmp.Diff(alice, get(t, d.URL, "Bearer "+again)); diff != "" {
		t.Errorf("after a new login: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(tokenExpired, get(t, d.URL, "Bearer "+token)); diff != "" {
		t.Errorf("the old token after a new login: (-want +got)\n%s", diff)
	}
}

func TestLoginToken(t *testing.T) {
	for _, id := range []string{"1", "2", "99", "9223372036854775807"} {
		d := startDemo(t)
		parts := strings.Split(logIn(t, d.URL, `{"user_id":`+id+`}`), ".")
		if len(parts) != 3 {
			t.Fatalf("user %s: got %d segments, want 3", id, len(parts))
		}
		wantHeader := map[string]any{"alg": "HS256", "typ": "JWT"}
		if diff := cmp.Diff(wantHeader, decode(t, parts[0])); diff != "" {
			t.Errorf("user %s: header (-want +got)\n%s", id, diff)
		}
		got := decode(t, parts[1])
		if jti, _ := got["jti"].(string); jti == "" {
			t.Errorf("user %s: got jti %v, want a nonempty string", id, got["jti"])
		}
		if sid, _ := got["sid"].(string); sid == "" {
			t.Errorf("user %s: got sid %v, want the ID of a session", id, got["sid"])
		}
		delete(got, "jti")
		delete(got, "sid")
		wantClaims := map[string]any{
			"sub":     id,
			"user_id": json.Number(id),
			"iat":     json.Number("1700000000"),
			"exp":     json.Number("1700001800"),
		}
		if diff := cmp.Diff(wantClaims, got); diff != "" {
			t.Errorf("user %s: claims (-want +got)\n%s", id, diff)
		}
	}
}

func decode(t *testing.T, segment string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

func TestResource(t *testing.T) {
	d := startDemo(t)
	var (
		userNotFound = jsonReply(404, `{"error":"User not found"}`)
		noToken      = jsonReply(400, `{"error":"Invalid token"}`).challenged(challengeMissing)
		badRequest   = jsonReply(400, `{"error":"Invalid token"}`).challenged(challengeRequest)
		issued       = logIn(t, d.URL, `{"user_id":1}`)
		key          = []byte(secret)
		longKey      = []byte(strings.Repeat(secret, 2)) // HS512 needs 64 bytes
		past         = start.Add(-1 * time.Second).Unix()
		payloadText  = `{"user_id":1,"iat":1700000000,"exp":1700001800}`
	)
	changed := func(changes jwt.MapClaims) string {
		return "Bearer " + forge(t, jwt.SigningMethodHS256, key, payload(changes))
	}
	tests := []struct {
		name          string
		authorization []string
		want          reply
	}{
		{"valid", []string{"Bearer " + issued}, alice},
		{"scheme in lower case", []string{"bearer " + issued}, alice},
		{"user 2", []string{"Bearer " + logIn(t, d.URL, `{"user_id":2}`)}, jsonReply(200, `{"user":{"id":2,"name":"Bob"}}`)},
		{"golang-jwt token", []string{changed(nil)}, alice},
		{"PyJWT token", []string{"Bearer " + sign(`{"alg":"HS256","typ":"JWT"}`, `{"user_id":1,"exp":1700001800,"iat":1700000000}`)}, alice},
		{"without typ", []string{"Bearer " + sign(`{"alg":"HS256"}`, payloadText)}, alice},
		{"claim named error", []string{changed(jwt.MapClaims{"error": "Token expired"})}, alice},

		{"user 99", []string{"Bearer " + logIn(t, d.URL, `{"user_id":99}`)}, userNotFound},
		{"no user_id", []string{changed(jwt.MapClaims{"user_id": nil})}, userNotFound},
		{"user_id null", []string{"Bearer " + sign(`{"alg":"HS256","typ":"JWT"}`, `{"user_id":null,"exp":1700001800}`)}, userNotFound},
		{"user_id in another case", []string{"Bearer " + sign(`{"alg":"HS256"}`, `{"USER_ID":1,"exp":1700001800}`)}, userNotFound},
		{"user_id negative", []string{changed(jwt.MapClaims{"user_id": -1})}, userNotFound},

		{"no Authorization", nil, noToken},
		{"empty Authorization", []string{""}, noToken},
		{"Basic", []string{"Basic YWxpY2U6eA=="}, noToken},
		{"no scheme", []string{issued}, noToken},
		{"Bearer", []string{"Bearer"}, badRequest},
		{"Bearer with a space", []string{"Bearer "}, badRequest},
		{"two tokens", []string{"Bearer " + issued + " " + issued}, badRequest},
		{"two headers", []string{"Bearer " + issued, "Bearer " + issued}, badRequest},

		{"garbage", []string{"Bearer garbage"}, invalidToken},
		{"three garbage segments", []string{"Bearer a.b.c"}, invalidToken},
		{"too large", []string{"Bearer " + strings.Repeat("a", 9<<10)}, invalidToken},
		{"tampered payload", []string{"Bearer " + tamper(issued, 1)}, invalidToken},
		{"tampered signature", []string{"Bearer " + tamper(issued, 2)}, invalidToken},
		{"no signature", []string{"Bearer " + issued[:strings.LastIndex(issued, ".")+1]}, invalidToken},
		{"other key", []string{"Bearer " + forge(t, jwt.SigningMethodHS256, []byte("another key, long enough for FIPS 140"), payload(nil))}, invalidToken},
		{"HS512", []string{"Bearer " + forge(t, jwt.SigningMethodHS512, key, payload(nil))}, invalidToken},
		{"HS512, other key", []string{"Bearer " + forge(t, jwt.SigningMethodHS512, longKey, payload(nil))}, invalidToken},
		{"alg none", []string{"Bearer " + forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, payload(nil))}, invalidToken},
		{"alg none with a signature", []string{"Bearer " + sign(`{"alg":"none","typ":"JWT"}`, payloadText)}, invalidToken},
		{"other typ", []string{"Bearer " + sign(`{"alg":"HS256","typ":"at+jwt"}`, payloadText)}, invalidToken},
		{"crit", []string{"Bearer " + sign(`{"alg":"HS256","crit":["x"],"x":1}`, payloadText)}, invalidToken},
		{"future nbf", []string{changed(jwt.MapClaims{"nbf": start.Unix() + 1})}, invalidToken},
		{"no exp", []string{changed(jwt.MapClaims{"exp": nil})}, invalidToken},
		{"exp a string", []string{changed(jwt.MapClaims{"exp": "1700001800"})}, invalidToken},
		{"audience", []string{changed(jwt.MapClaims{"aud": "another service"})}, invalidToken},
		{"user_id twice", []string{"Bearer " + sign(`{"alg":"HS256"}`, `{"user_id":1,"user_id":2,"exp":1700001800}`)}, invalidToken},
		{"user_id a string", []string{changed(jwt.MapClaims{"user_id": "1"})}, invalidToken},
		{"user_id a fraction", []string{changed(jwt.MapClaims{"user_id": 1.5})}, invalidToken},
		{"user_id a bool", []string{changed(jwt.MapClaims{"user_id": true})}, invalidToken},
		{"user_id a list", []string{changed(jwt.MapClaims{"user_id": []int{1}})}, invalidToken},
		{"user_id an object", []string{changed(jwt.MapClaims{"user_id": map[string]int{"id": 1}})}, invalidToken},
		{"user_id beyond int64", []string{"Bearer " + sign(`{"alg":"HS256"}`, `{"user_id":9223372036854775808,"exp":1700001800}`)}, invalidToken},

		{"expired", []string{changed(jwt.MapClaims{"exp": start.Unix()})},
			jsonReply(401, `{"error":"Token expired","expired_at":"2023-11-14T22:13:20Z"}`).challenged(challengeExpired)},
		{"expired and other key", []string{"Bearer " + forge(t, jwt.SigningMethodHS256, []byte("another key, long enough for FIPS 140"), payload(jwt.MapClaims{"exp": past}))}, invalidToken},
		{"expired and alg none", []string{"Bearer " + forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, payload(jwt.MapClaims{"exp": past}))}, invalidToken},
		{"expired and future nbf", []string{changed(jwt.MapClaims{"exp": past, "nbf": start.Unix() + 1})}, invalidToken},
		{"expired and mistyped user_id", []string{changed(jwt.MapClaims{"exp": past, "user_id": "1"})}, invalidToken},
		{"expired and tampered", []string{tamper(changed(jwt.MapClaims{"exp": past}), 2)}, invalidToken},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, get(t, d.URL, tt.authorization...)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

// tamper changes the first character of a segment. All of its bits count.
func tamper(token string, segment int) string {
	parts := strings.Split(token, ".")
	first := "A"
	if strings.HasPrefix(parts[segment], first) {
		first = "B"
	}
	parts[segment] = first + parts[segment][1:]
	return strings.Join(parts, ".")
}

func TestRoutes(t *testing.T) {
	d := startDemo(t)
	notAllowed := jsonReply(405, `{"error":"Method not allowed"}`)
	notFound := jsonReply(404, `{"error":"Not found"}`)
	tests := []struct {
		method, path string
		want         reply
	}{
		{"GET", "/login", notAllowed.allowing("POST")},
		{"PUT", "/login", notAllowed.allowing("POST")},
		{"POST", "/resource", notAllowed.allowing("GET, HEAD")}, // answered before the token is checked
		{"DELETE", "/resource", notAllowed.allowing("GET, HEAD")},
		{"HEAD", "/resource", reply{Status: 400, Type: "application/json", Cache: "no-store", Challenge: challengeMissing}},
		{"POST", "/", notAllowed.allowing("GET, HEAD")},
		{"GET", "/nowhere", notFound},
		{"POST", "/login/", notFound},
		{"GET", "/resource/1", notFound},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, send(t, request(t, tt.method, d.URL+tt.path, nil))); diff != "" {
			t.Errorf("%s %s: (-want +got)\n%s", tt.method, tt.path, diff)
		}
	}
}

// A web page that reaches the server by DNS rebinding gets no token.
func TestUnknownHost(t *testing.T) {
	d := startDemo(t)
	named := startServer(t, d.clock, d.log, func(c *config) { c.hosts = []string{"demo.example"} })
	for _, path := range []string{"/", "/login", "/resource", "/clock", "/nowhere"} {
		for host, want := range map[string]bool{
			"localhost": true, "127.0.0.1:8080": true, "[::1]:8080": true,
			"evil.example": false, "evil.example:8080": false, "demo.example": false, "localhost.evil.example": false, "0.0.0.0:8080": false,
		} {
			r := request(t, "GET", d.URL+path, nil)
			r.Host = host
			if got := send(t, r).Status != http.StatusMisdirectedRequest; got != want {
				t.Errorf("GET %s with Host %s: got answered %t, want %t", path, host, got, want)
			}
		}
	}
	r := request(t, "POST", named.URL+"/login", strings.NewReader(`{"user_id":1}`))
	r.Header.Set("Content-Type", "application/json")
	r.Host = "demo.example"
	if got := send(t, r); got.Status != http.StatusOK {
		t.Errorf("a name in -hosts: got %+v, want a token", got)
	}
}

// Conditions and ranges change no response, and no response may be cached.
func TestConditionalRequests(t *testing.T) {
	d := startDemo(t)
	for _, path := range []string{"/", "/page.css", "/page.js", "/icon.svg", "/login", "/resource", "/clock", "/nowhere"} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			ask := func(header, value string) reply {
				r := request(t, method, d.URL+path, nil)
				if header != "" {
					r.Header.Set(header, value)
				}
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				return read(t, res)
			}
			want := ask("", "")
			if want.Cache != "no-store" && want.Cache != "no-cache" {
				t.Errorf("%s %s: got Cache-Control %q, want no-store or no-cache", method, path, want.Cache)
			}
			for header, value := range map[string]string{
				"If-Match": `"x"`, "If-None-Match": "*", "If-Range": `"x"`, "Range": "bytes=0-3",
				"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
			} {
				if diff := cmp.Diff(want, ask(header, value)); diff != "" {
					t.Errorf("%s %s with %s: (-without +with)\n%s", method, path, header, diff)
				}
			}
		}
	}
}

// A broken clock is an outage: 503, not 500.
func TestBrokenClock(t *testing.T) {
	d := startDemo(t)
	token := logIn(t, d.URL, `{"user_id":1}`)
	unavailable := jsonReply(503, `{"error":"Temporarily unavailable"}`)

	d.clock.Set(time.Time{})
	if diff := cmp.Diff(unavailable.after("5"), get(t, d.URL, "Bearer "+token)); diff != "" {
		t.Errorf("resource: (-want +got)\n%s", diff)
	}
	for _, broken := range []time.Time{{}, time.Unix(-1, 0), time.Unix(253402300799, 0)} {
		d.clock.Set(broken)
		if diff := cmp.Diff(unavailable, post(t, d.URL, `{"user_id":1}`)); diff != "" {
			t.Errorf("login at %v: (-want +got)\n%s", broken, diff)
		}
	}
}

// jwtexptest.Context makes a token for a test of a handler without the guard.
func TestResourceWithoutGuard(t *testing.T) {
	two := int64(2)
	ctx := jwtexptest.Context(t, "2", claims{UserID: &two})
	w := httptest.NewRecorder()
	resource(w, httptest.NewRequestWithContext(ctx, "GET", "/resource", nil))
	if got, want := w.Body.String(), `{"user":{"id":2,"name":"Bob"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Without a token, the handler must not answer.
func TestResourceWithoutToken(t *testing.T) {
	w := httptest.NewRecorder()
	defer func() {
		if recover() == nil || w.Body.Len() > 0 {
			t.Errorf("got the response %q, want a panic", w.Body)
		}
	}()
	resource(w, httptest.NewRequestWithContext(t.Context(), "GET", "/resource", nil))
}

func TestBadConfig(t *testing.T) {
	good := config{
		clock:    jwtexptest.NewClock(start),
		secret:   []byte(secret),
		lifetime: lifetime,
		logger:   slog.New(slog.DiscardHandler),
	}
	server, err := newServer(good)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	tests := []struct {
		name   string
		change func(*config)
	}{
		{"short secret", func(c *config) { c.secret = c.secret[:31] }},
		{"PEM as secret", func(c *config) { c.secret = []byte("-----BEGIN PUBLIC KEY-----\n" + secret) }},
		{"no clock", func(c *config) { c.clock = nil }},
		{"nil clock", func(c *config) { c.clock = jwtexp.ClockFunc(nil) }},
		{"lifetime 0", func(c *config) { c.lifetime = 0 }},
		{"lifetime with half a second", func(c *config) { c.lifetime = 90*time.Second + time.Second/2 }},
	}
	for _, tt := range tests {
		bad := good
		tt.change(&bad)
		if handler, err := newServer(bad); err == nil || handler != nil {
			t.Errorf("%s: got %v, %v, want nil and an error", tt.name, handler, err)
		}
	}
}
