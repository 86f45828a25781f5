package jwtexp_test

import (
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

// fuzzSeeds returns tokens with every outcome, including the tokens of strictHeaders and strictClaims.
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

// Every token gets one verdict. Recheck accepts what Verify accepted, an accepted token has one
// encoding only, and no error quotes the payload.
func FuzzVerify(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	verifier := newVerifier(jwtexptest.NewClock(epoch))
	f.Fuzz(func(t *testing.T, raw string) { checkVerify(t, verifier, raw) })
}

// FuzzVerifySigned is FuzzVerify with valid signatures, so that the later checks run, too.
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
		t.Errorf("got a token and the error %v, want one of them", err)
	case verdict != "expired" && !strings.HasPrefix(verdict, "invalid: "):
		t.Errorf("got %s, want ok, expired or invalid", verdict)
	}
	wantNoQuotes(t, err, raw)
}

// wantNoQuotes fails the test if an error contains text of the token or of a key.
func wantNoQuotes(t *testing.T, err error, raw string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, part := range append(strings.Split(raw, "."), testSecret, otherSecret) {
		decoded, _ := base64.RawURLEncoding.DecodeString(part)
		if leak := commonRun(fmt.Sprintf("%v %+v %#v", err, err, err), part, string(decoded)); leak != "" {
			t.Errorf("got %q, want no text of the token or of a key, such as %q", err, leak)
		}
	}
}

// commonRun returns 16 bytes that text shares with one of secrets, or "". Shorter runs can be
// there by chance: the longest number in an error of the library has 12 digits.
func commonRun(text string, secrets ...string) string {
	const long = 16
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
		t.Errorf("got %v with Raw %q, want Raw %q and exp after now", token, token.Raw(), raw)
	}
	for _, part := range strings.Split(raw, ".") {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
			t.Errorf("got an accepted token with segment %q, which has another encoding (%v)", part, err)
		}
	}
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		t.Errorf("Claims of an accepted token: got %v, want nil", err)
	}
}

// Verify accepts what Issue issued, and Claims returns the claims. If Issue returns an error, it
// returns no token.
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
				t.Errorf("got a token and the error %v, want one of them", err)
			}
			return
		}
		got, err := verifier.Verify(t.Context(), token.Raw())
		if err != nil {
			t.Fatalf("Verify of an issued token: got %v, want nil", err)
		}
		if !got.Equal(token) || got.Subject() != subject || got.ID() != token.ID() ||
			!got.ExpiresAt().Equal(token.ExpiresAt()) || !got.IssuedAt().Equal(token.IssuedAt()) {
			t.Errorf("got %v, want the issued token %v", got, token)
		}
		if life := got.ExpiresAt().Sub(clock.Now()); life > time.Duration(seconds)*time.Second {
			t.Errorf("got a lifetime of %v, want at most %d s", life, seconds)
		}
		var gotClaims, wantClaims map[string]json.RawMessage
		if err := got.Claims(&gotClaims); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(claims), &wantClaims); err != nil {
			t.Fatalf("Issue with claims %q: got a token, want an error, because they are not a JSON object: %v", claims, err)
		}
		for name, want := range wantClaims {
			if !sameJSON(want, gotClaims[name]) {
				t.Errorf("claim %q: got %s, want %s", name, gotClaims[name], want)
			}
		}
	})
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return string(a) == string(b) // such as a number too large for a float64
	}
	return string(must(json.Marshal(x))) == string(must(json.Marshal(y)))
}

// A header has no token, one token, or is malformed. The token is all that follows the scheme.
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
				t.Errorf("%q: got token %q, want what follows Bearer", first, token)
			}
		case token != "":
			t.Errorf("%q: got token %q and the error %v, want one of them", first, token, err)
		case errors.Is(err, jwtexp.ErrMissing) && second != "":
			t.Errorf("two headers: got %v, want a malformed request", err)
		case !errors.Is(err, jwtexp.ErrMissing) && jwtexp.StatusCode(err) != http.StatusBadRequest:
			t.Errorf("%q: got %v, want ErrMissing or a malformed request", first, err)
		}

		// The challenge contains nothing of the request.
		w := httptest.NewRecorder()
		m := must(jwtexp.NewMiddleware(stubVerifier(nil, &jwtexp.InvalidError{Reason: jwtexp.Reason(token)})))
		m.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		if challenge := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(challenge, `Bearer realm="api"`) || !utf8.ValidString(challenge) ||
			len(token) > 8 && strings.Contains(challenge, token) {
			t.Errorf("%q: got challenge %q, want one without the token", first, challenge)
		}
	})
}

// FromCookie returns the only cookie of its name that net/http finds. If there are two, or one that
// net/http skips, the request is malformed.
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
		found := r.CookiesNamed("token")
		switch {
		case err == nil:
			if len(found) != 1 || found[0].Value != token {
				t.Errorf("%q: got %q, want what net/http finds, %v", r.Header["Cookie"], token, found)
			}
		case token != "":
			t.Errorf("%q: got %q and the error %v, want one of them", r.Header["Cookie"], token, err)
		case errors.Is(err, jwtexp.ErrMissing) && len(found) > 0 && (len(found) > 1 || found[0].Value != ""):
			t.Errorf("%q: got %v, want a token or a malformed request, because net/http finds %v", r.Header["Cookie"], err, found)
		case !errors.Is(err, jwtexp.ErrMissing) && jwtexp.StatusCode(err) != http.StatusBadRequest:
			t.Errorf("%q: got %v, want ErrMissing or a malformed request", r.Header["Cookie"], err)
		}
	})
}
