package jwtexp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// fuzzSeeds are tokens of every outcome, those of the strict tables among them.
func fuzzSeeds() []string {
	good := sign(testSecret, joseHeader, live(``))
	seeds := []string{
		good, "", ".", "..", "...", good + "\n", good + ".", strings.TrimRight(good, "."),
		sign(testSecret, joseHeader, `{"exp":1}`),
		sign(testSecret, joseHeader, live(`,"nbf":253402300799,"iat":0,"aud":["a","b"]`)),
		sign(testSecret, joseHeader, live(`,"sub":"alice","iss":"login","jti":"1","x":[{"y":1e400}]`)),
		sign(testSecret, `{"alg":"HS256","kid":"k1","typ":"at+jwt","crit":["exp"]}`, live(``)),
		sign(testSecret, `{"alg":"none"}`, live(``)),
		sign(otherSecret, joseHeader, live(``)),
		sign(testSecret, joseHeader, "\xff"),
	}
	for header := range strictHeaders {
		seeds = append(seeds, sign(testSecret, header, live(``)))
	}
	for members := range strictClaims {
		seeds = append(seeds, sign(testSecret, joseHeader, live(members)))
	}
	return seeds
}

// Whatever the token is, there is one verdict; what is accepted is accepted by
// Recheck, and has only one spelling; and no error tells of the payload.
func FuzzVerify(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	verifier := newVerifier(jwtexptest.NewClock(epoch))
	f.Fuzz(func(t *testing.T, raw string) { checkVerify(t, verifier, raw) })
}

// The same of tokens whose signature is good, so that the fuzzer gets past it.
func FuzzVerifySigned(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		segments := strings.Split(seed, ".")
		if len(segments) != 3 {
			continue
		}
		header, _ := base64.RawURLEncoding.DecodeString(segments[0])
		payload, _ := base64.RawURLEncoding.DecodeString(segments[1])
		f.Add(string(header), string(payload))
	}
	verifier := newVerifier(jwtexptest.NewClock(epoch))
	f.Fuzz(func(t *testing.T, header, payload string) {
		checkVerify(t, verifier, sign(testSecret, header, payload))
	})
}

func checkVerify(t *testing.T, v pair, raw string) {
	token, err := v.Verify(t.Context(), raw)
	switch verdict := outcome(err); {
	case verdict == "ok":
		checkAccepted(t, v, token, raw)
	case token != nil:
		t.Errorf("got a token beside %v", err)
	case verdict != "expired" && !strings.HasPrefix(verdict, "invalid: "):
		t.Errorf("got %s, want ok, expired or invalid", verdict)
	}
	quotesNothing(t, err, raw)
}

// quotesNothing wants no text of a token or a key in an error.
func quotesNothing(t *testing.T, err error, raw string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, part := range append(strings.Split(raw, "."), testSecret, otherSecret) {
		decoded, _ := base64.RawURLEncoding.DecodeString(part)
		if leak := common(fmt.Sprintf("%v %+v %#v", err, err, err), part, string(decoded)); leak != "" {
			t.Errorf("got %q, which quotes %q of the token or the key", err, leak)
		}
	}
}

// common returns a run of bytes that text shares with one of secrets, long enough
// not to be there by chance, or "".
func common(text string, secrets ...string) string {
	const long = 16 // the longest number that our own texts hold has 12 digits
	runs := make(map[string]bool)
	for i := range len(text) - long + 1 {
		runs[text[i:i+long]] = true
	}
	for _, secret := range secrets {
		for i := range len(secret) - long + 1 {
			if run := secret[i : i+long]; runs[run] {
				return run
			}
		}
	}
	return ""
}

func checkAccepted(t *testing.T, v pair, token *jwtexp.Token, raw string) {
	if err := v.Recheck(t.Context(), token); err != nil {
		t.Errorf("Recheck of an accepted token: got %v, want nil", err)
	}
	if token.Raw() != raw || token.ExpiresAt().IsZero() || !epoch.Before(token.ExpiresAt()) {
		t.Errorf("got %v, want a token that is %q and expires after now", token, raw)
	}
	for _, part := range strings.Split(raw, ".") {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
			t.Errorf("got an accepted token with a segment %q that has another spelling, %v", part, err)
		}
	}
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		t.Errorf("Claims of an accepted token: got %v, want nil", err)
	}
}

// What Issue makes of claims, Verify accepts, and Claims gives back. What it
// refuses leaves no token.
func FuzzIssueThenVerify(f *testing.F) {
	f.Add("alice", `{"role":"admin","n":1.5,"list":[1,"x",null]}`, int64(60))
	f.Add("", `{}`, int64(0))
	f.Add("\xff", `{"exp":1}`, int64(-1))
	f.Add("bob", `{"a":1,"a":2}`, int64(1))
	f.Add("bob", `[]`, int64(3600))
	f.Add("bob", `{"x":"\ud800"}`, int64(3600))
	clock := jwtexptest.NewClock(epoch)
	issuer, verifier := newIssuer(clock), newVerifier(clock)
	f.Fuzz(func(t *testing.T, subject, claims string, seconds int64) {
		token, err := issuer.Issue(t.Context(), subject, json.RawMessage(claims),
			jwtexp.WithLifetime(time.Duration(seconds)*time.Second))
		if err != nil {
			if token != nil {
				t.Errorf("got a token beside %v", err)
			}
			return
		}
		got, err := verifier.Verify(t.Context(), token.Raw())
		if err != nil {
			t.Fatalf("got %v of a token just issued, want it accepted", err)
		}
		if !got.Equal(token) || got.Subject() != subject || got.ID() != token.ID() ||
			!got.ExpiresAt().Equal(token.ExpiresAt()) || !got.IssuedAt().Equal(token.IssuedAt()) {
			t.Errorf("got %v, want what was issued, %v", got, token)
		}
		if life := got.ExpiresAt().Sub(clock.Now()); life > time.Duration(seconds)*time.Second {
			t.Errorf("got a life of %v, want no more than %d s", life, seconds)
		}
		var back map[string]json.RawMessage
		if err := got.Claims(&back); err != nil {
			t.Fatal(err)
		}
		var put map[string]json.RawMessage
		if err := json.Unmarshal([]byte(claims), &put); err != nil {
			t.Fatalf("got a token of claims %q that are no JSON object: %v", claims, err)
		}
		for name, value := range put {
			if !sameJSON(value, back[name]) {
				t.Errorf("claim %q: got %s, want %s", name, back[name], value)
			}
		}
	})
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return string(a) == string(b) // a number beyond float64, say
	}
	return string(must(json.Marshal(x))) == string(must(json.Marshal(y)))
}

// A header is no token, one token, or a bad request; a token that is found is the
// one thing behind the scheme.
func FuzzFromHeader(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer a", "bearer  a ", "Bearer a b", "Bearer a,b", "Bearer\ta", "Basic a", "BearerX a", ",", " Bearer a"} {
		f.Add(seed, "")
		f.Add(seed, "Bearer x")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{first}
		if second != "" {
			r.Header.Add("Authorization", second)
		}
		token, err := jwtexp.FromHeader(r)
		switch {
		case err == nil:
			if second != "" || token == "" || strings.ContainsAny(token, " \t,") {
				t.Errorf("%q: got token %q", r.Header["Authorization"], token)
			}
			if rest := strings.Trim(first[len("Bearer"):], " "); !strings.EqualFold(first[:len("Bearer")], "Bearer") || rest != token {
				t.Errorf("%q: got token %q, want what stands behind Bearer", first, token)
			}
		case token != "":
			t.Errorf("%q: got token %q beside %v", first, token, err)
		case errors.Is(err, jwtexp.ErrMissing) && second != "":
			t.Errorf("two headers: got %v, want a bad request", err)
		case !errors.Is(err, jwtexp.ErrMissing) && jwtexp.StatusCode(err) != http.StatusBadRequest:
			t.Errorf("%q: got %v, want ErrMissing or a bad request", first, err)
		}

		// And what the middleware writes into headers is its own.
		w := httptest.NewRecorder()
		m := must(jwtexp.NewMiddleware(verifierFunc(func(context.Context, string) (*jwtexp.Token, error) {
			return nil, &jwtexp.InvalidError{Reason: jwtexp.Reason(token)}
		})))
		m.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		if challenge := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(challenge, `Bearer realm="api"`) || !utf8.ValidString(challenge) ||
			len(token) > 8 && strings.Contains(challenge, token) {
			t.Errorf("%q: got challenge %q", first, challenge)
		}
	})
}

// What FromCookie finds is what net/http sees as the only cookie of the name; of
// two, or of one that net/http leaves out, it says that the request is bad.
func FuzzFromCookie(f *testing.F) {
	for _, seed := range []string{"", "token=a", "token=", "token = a", "a=b; token=c", "token=a; token=a", "token=\"a\"", "token=a,b",
		"Token=a", "token", ";;token=a;", "x=token=a", "token=a\x00", "token=\xff"} {
		f.Add(seed, "")
		f.Add(seed, "token=b")
	}
	fromCookie := jwtexp.FromCookie("token")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{first, second}
		token, err := fromCookie(r)
		seen := r.CookiesNamed("token")
		switch {
		case err == nil:
			if len(seen) != 1 || seen[0].Value != token {
				t.Errorf("%q: got %q, want what net/http sees, %v", r.Header["Cookie"], token, seen)
			}
		case token != "":
			t.Errorf("%q: got %q beside %v", r.Header["Cookie"], token, err)
		case errors.Is(err, jwtexp.ErrMissing) && len(seen) > 0:
			t.Errorf("%q: got %v, want a token or a bad request: net/http sees %v", r.Header["Cookie"], err, seen)
		case !errors.Is(err, jwtexp.ErrMissing) && jwtexp.StatusCode(err) != http.StatusBadRequest:
			t.Errorf("%q: got %v, want ErrMissing or a bad request", r.Header["Cookie"], err)
		}
	})
}
