package jwtexp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// sharedKID is a header with the kid that all issuers of these tests use.
const sharedKID = `{"alg":"HS256","kid":"k1"}`

// keyOf returns the key of an issuer with the given secret.
func keyOf(secret string) jwtexp.Key { return hs256Key(secret).WithID("k1") }

// namedVerifier returns a Verifier for an issuer with the given secret. Its clock stands at epoch.
func namedVerifier(issuer, secret string, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keyOf(secret),
		append([]jwtexp.VerifierOption{jwtexp.WithIssuer(issuer), jwtexp.WithClock(jwtexptest.NewClock(epoch))}, opts...)...))
}

// twoIssuers returns a set for issuer "a" with testSecret and issuer "b" with otherSecret.
func twoIssuers(opts ...jwtexp.VerifierOption) *jwtexp.VerifierSet {
	return must(jwtexp.NewVerifierSet(namedVerifier("a", testSecret, opts...), namedVerifier("b", otherSecret, opts...)))
}

func TestKeysOfOneIssuerSignForNoOther(t *testing.T) {
	set := twoIssuers()
	for _, c := range []struct{ issuer, secret, want string }{
		{"a", testSecret, "ok"},
		{"b", otherSecret, "ok"},
		{"a", otherSecret, "invalid: signature"},
		{"b", testSecret, "invalid: signature"},
	} {
		token, err := set.Verify(t.Context(), sign(c.secret, sharedKID, live(`,"iss":"`+c.issuer+`"`)))
		wantOutcome(t, err, c.want)
		if err == nil && token.Issuer() != c.issuer {
			t.Errorf("got issuer %q, want %q", token.Issuer(), c.issuer)
		}
		if err != nil && token != nil {
			t.Errorf("got a token and the error %v, want no token", err)
		}
	}
}

// If two issuers have the same key, iss still chooses the Verifier.
func TestKeySharedByTwoIssuers(t *testing.T) {
	set := must(jwtexp.NewVerifierSet(
		namedVerifier("a", testSecret, jwtexp.WithAudience("api")),
		namedVerifier("b", testSecret, jwtexp.WithType("at+jwt"))))
	const accessToken = `{"alg":"HS256","kid":"k1","typ":"at+jwt"}`
	for _, c := range []struct{ header, members, want string }{
		{sharedKID, `,"iss":"a","aud":"api"`, "ok"},
		{sharedKID, `,"iss":"a"`, "invalid: audience"},
		{sharedKID, `,"iss":"b","aud":"api"`, "invalid: type"},
		{accessToken, `,"iss":"b"`, "ok"},
		{accessToken, `,"iss":"b","aud":"api"`, "invalid: audience"},
		{accessToken, `,"iss":"a","aud":"api"`, "invalid: type"},
	} {
		_, err := set.Verify(t.Context(), sign(testSecret, c.header, live(c.members)))
		wantOutcome(t, err, c.want)
	}
}

// issuerPayloads maps payloads to the outcome of a token that the key of issuer "a" signed.
var issuerPayloads = map[string]string{
	live(`,"iss":"a"`):                   "ok",
	live(`,"iss":"\u0061"`):              "ok",
	live(`,"\u0069ss":"a"`):              "ok",
	live(`,"x":{"iss":"b"},"iss":"a"`):   "ok",
	live(`,"iss":"a","ISS":"b"`):         "ok",
	" " + live(`,"iss":"a"`) + " \r\n\t": "ok",
	`{"iss":"a","exp":1}`:                "expired",
	`{"iss":"\u0061","exp":1}`:           "expired",
	`{"iss":"a","exp":1,"nbf":2}`:        "expired",

	live(`,"iss":"b"`): "invalid: signature",

	live(``):                    "invalid: issuer",
	`{}`:                        "invalid: issuer",
	`{"exp":1}`:                 "invalid: issuer",
	live(`,"iss":""`):           "invalid: issuer",
	live(`,"iss":"A"`):          "invalid: issuer",
	live(`,"iss":"a "`):         "invalid: issuer",
	live(`,"iss":"a/"`):         "invalid: issuer",
	live(`,"iss":"a\u0000"`):    "invalid: issuer",
	live(`,"iss":"ａ"`):          "invalid: issuer",
	live(`,"iss":"a,b"`):        "invalid: issuer",
	live(`,"iss":"c"`):          "invalid: issuer",
	live(`,"ISS":"a"`):          "invalid: issuer",
	live(`,"iss ":"a"`):         "invalid: issuer",
	live(`,"x":{"iss":"a"}`):    "invalid: issuer",
	live(`,"iss":"c","sub":1`):  "invalid: issuer",
	`{"iss":"c","exp":"never"}`: "invalid: issuer",

	live(`,"iss":null`):                   "invalid: claims",
	live(`,"iss":1`):                      "invalid: claims",
	live(`,"iss":true`):                   "invalid: claims",
	live(`,"iss":["a"]`):                  "invalid: claims",
	live(`,"iss":{"a":"a"}`):              "invalid: claims",
	live(`,"iss":"a","iss":"a"`):          "invalid: claims",
	live(`,"iss":"a","iss":"b"`):          "invalid: claims",
	live(`,"iss":"b","iss":"a"`):          "invalid: claims",
	live(`,"iss":"a","\u0069ss":"b"`):     "invalid: claims",
	live(`,"iss":"a","x":1,"x":2`):        "invalid: claims",
	live(`,"iss":"a","x":{"y":1,"y":2}`):  "invalid: claims",
	live(`,"iss":"a"`) + `{}`:             "invalid: claims",
	live(`,"iss":"a"`) + "\x00":           "invalid: claims",
	"\ufeff" + live(`,"iss":"a"`):         "invalid: claims",
	live(",\"iss\":\"a\xff\""):            "invalid: claims",
	live(",\"iss\":\"a\",\"x\":\"\xff\""): "invalid: claims",
	live(`,"iss":"\ud800"`):               "invalid: claims",
	live(`,"iss":"a`):                     "invalid: claims",
	live(`,"iss":'a'`):                    "invalid: claims",
	`["a"]`:                               "invalid: claims",
	`"a"`:                                 "invalid: claims",
	`null`:                                "invalid: claims",
	``:                                    "invalid: claims",
	`{"iss":"a"}`:                         "invalid: claims", // no exp: the Verifier of "a" rejects it
	`{"iss":"a","exp":"never"}`:           "invalid: claims",
	live(`,"iss":"a","sub":1`):            "invalid: claims",
}

func TestIssuerIsReadStrictly(t *testing.T) {
	set := twoIssuers()
	single := namedVerifier("a", testSecret)
	for payload, want := range issuerPayloads {
		t.Run(payload, func(t *testing.T) {
			raw := sign(testSecret, sharedKID, payload)
			_, err := set.Verify(t.Context(), raw)
			wantOutcome(t, err, want)
			if _, err := single.Verify(t.Context(), raw); outcome(err) != want && want != "invalid: issuer" && want != "invalid: signature" {
				t.Errorf("without a set: got %v, want %s", err, want)
			}
			_, err = set.Verify(t.Context(), sign("a secret of no issuer, 32 bytes.", sharedKID, payload))
			if got := outcome(err); got != "invalid: signature" && (got != want || !errors.Is(err, jwtexp.ErrInvalid)) {
				t.Errorf("forged: got %s, want invalid: signature, or %s if the set chooses no Verifier", got, want)
			}
		})
	}
}

// A known issuer in the payload does not hide another fault.
func TestKnownIssuerHidesNoOtherFault(t *testing.T) {
	set := twoIssuers()
	const a = `,"iss":"a"`
	good := sign(testSecret, sharedKID, live(a))
	for name, c := range map[string]struct{ raw, want string }{
		"good":                      {good, "ok"},
		"forged and expired":        {sign(otherSecret, sharedKID, `{"iss":"a","exp":1}`), "invalid: signature"},
		"expired, unknown issuer":   {sign(testSecret, sharedKID, `{"iss":"c","exp":1}`), "invalid: issuer"},
		"two segments":              {strings.Join(strings.Split(good, ".")[:2], "."), "invalid: malformed"},
		"four segments":             {good + ".", "invalid: malformed"},
		"a line break":              {good + "\n", "invalid: malformed"},
		"empty":                     {"", "invalid: malformed"},
		"header that is not JSON":   {sign(testSecret, `{`, live(a)), "invalid: malformed"},
		"header with crit":          {sign(testSecret, `{"alg":"HS256","crit":["exp"]}`, live(a)), "invalid: malformed"},
		"header and issuer are bad": {sign(testSecret, `{`, live(`,"iss":"c"`)), "invalid: malformed"},
		"payload padded":            {signSegments(testSecret, segment(sharedKID), segment(live(a))+"="), "invalid: malformed"},
		"payload not in base64url":  {signSegments(testSecret, segment(sharedKID), "!"), "invalid: malformed"},
		"signature padded":          {good + "=", "invalid: malformed"},
		"no signature":              {strings.TrimRight(good, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), "invalid: signature"},
		"alg none":                  {sign(testSecret, `{"alg":"none","kid":"k1"}`, live(a)), "invalid: algorithm"},
		"alg none, unknown issuer":  {sign(testSecret, `{"alg":"none","kid":"k1"}`, live(``)), "invalid: issuer"},
		"another alg":               {sign(testSecret, `{"alg":"HS384","kid":"k1"}`, live(a)), "invalid: algorithm"},
		"another kid":               {sign(testSecret, `{"alg":"HS256","kid":"k2"}`, live(a)), "invalid: unknown_key"},
		"another typ":               {sign(testSecret, `{"alg":"HS256","kid":"k1","typ":"at+jwt"}`, live(a)), "invalid: type"},
	} {
		_, err := set.Verify(t.Context(), c.raw)
		if got := outcome(err); got != c.want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, c.want)
		}
	}
}

// Before it decodes a token, the set checks the largest limit of its Verifiers. The chosen Verifier
// then checks its own.
func TestSizeInASet(t *testing.T) {
	const small, large = 200, 400
	set := must(jwtexp.NewVerifierSet(
		namedVerifier("a", testSecret, jwtexp.WithMaxSize(small)),
		namedVerifier("b", testSecret, jwtexp.WithMaxSize(large)),
		namedVerifier("c", testSecret, jwtexp.WithMaxSize(small))))
	token := func(issuer string, size int) string {
		for x := ""; ; x += "x" {
			if raw := sign(testSecret, sharedKID, live(`,"iss":"`+issuer+`","x":"`+x+`"`)); len(raw) >= size {
				return raw
			}
		}
	}
	for _, c := range []struct {
		issuer string
		size   int
		want   string
	}{
		{"a", small, "ok"},
		{"a", small + 2, "invalid: too_large"},
		{"b", large, "ok"},
		{"b", large + 2, "invalid: too_large"},
		{"c", small + 2, "invalid: too_large"},
		{"unknown", small + 2, "invalid: issuer"},
		{"unknown", large + 2, "invalid: too_large"},
	} {
		_, err := set.Verify(t.Context(), token(c.issuer, c.size))
		if got := outcome(err); got != c.want {
			t.Errorf("%d bytes, issuer %s: got %s (%v), want %s", c.size, c.issuer, got, err, c.want)
		}
	}
	_, err := set.Verify(t.Context(), strings.Repeat("!", large+1))
	wantOutcome(t, err, "invalid: too_large")
	_, err = set.Verify(t.Context(), strings.Repeat("!", large))
	wantOutcome(t, err, "invalid: malformed")
}

// The set uses only the key set and the clock of the chosen Verifier, each once. If it chooses no
// Verifier, it uses none.
func TestOnlyTheChosenVerifierIsUsed(t *testing.T) {
	var calls []string
	down := map[string]bool{}
	verifier := func(issuer, secret string) *jwtexp.Verifier {
		return must(jwtexp.NewVerifier(
			keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
				calls = append(calls, "keys of "+issuer)
				if down[issuer] {
					return nil, errors.New("down")
				}
				return []jwtexp.Key{keyOf(secret)}, nil
			}),
			jwtexp.WithIssuer(issuer),
			jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time {
				calls = append(calls, "clock of "+issuer)
				return epoch
			}))))
	}
	set := must(jwtexp.NewVerifierSet(verifier("a", testSecret), verifier("b", otherSecret)))
	ofA, ofB := sign(testSecret, sharedKID, live(`,"iss":"a"`)), sign(otherSecret, sharedKID, live(`,"iss":"b"`))
	proof := accept(t, set, ofB)
	for _, c := range []struct {
		name, raw, down, want, calls string
	}{
		{"issuer a", ofA, "", "ok", "clock of a, keys of a"},
		{"issuer b", ofB, "", "ok", "clock of b, keys of b"},
		{"issuer a, keys of a down", ofA, "a", "unavailable", "clock of a, keys of a"},
		{"issuer b, keys of a down", ofB, "a", "ok", "clock of b, keys of b"},
		{"forged, keys of a down", ofA[:len(ofA)-4] + "AAAA", "a", "unavailable", "clock of a, keys of a"},
		{"unknown issuer", sign(testSecret, sharedKID, live(`,"iss":"c"`)), "", "invalid: issuer", ""},
		{"not a claims set", sign(testSecret, sharedKID, `1`), "", "invalid: claims", ""},
		{"malformed", "x", "", "invalid: malformed", ""},
	} {
		calls, down = nil, map[string]bool{c.down: true}
		_, err := set.Verify(t.Context(), c.raw)
		if got := strings.Join(calls, ", "); outcome(err) != c.want || got != c.calls {
			t.Errorf("%s: got %s and calls of the %s, want %s and the %s", c.name, outcome(err), got, c.want, c.calls)
		}
	}
	calls, down = nil, map[string]bool{"a": true}
	wantOutcome(t, set.Recheck(t.Context(), proof), "ok")
	if got, want := strings.Join(calls, ", "), "clock of b, keys of b"; got != want {
		t.Errorf("Recheck: got calls of the %s, want the %s", got, want)
	}
}

func TestRecheckInASet(t *testing.T) {
	set := twoIssuers()
	ofA := accept(t, set, sign(testSecret, sharedKID, live(`,"iss":"a"`)))
	unknown := accept(t, namedVerifier("c", testSecret), sign(testSecret, sharedKID, live(`,"iss":"c"`)))
	withoutIssuer := must(newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "alice", nil))
	// A token of issuer a that the key of b signed.
	crossed := accept(t, namedVerifier("a", otherSecret), sign(otherSecret, sharedKID, live(`,"iss":"a"`)))
	for name, c := range map[string]struct {
		token *jwtexp.Token
		want  string
	}{
		"issuer a":                  {ofA, "ok"},
		"unknown issuer":            {unknown, "invalid: issuer"},
		"without issuer":            {withoutIssuer, "invalid: issuer"},
		"issuer a, key of issuer b": {crossed, "invalid: unknown_key"},
		"nil":                       {nil, "invalid: malformed"},
		"zero":                      {&jwtexp.Token{}, "invalid: malformed"},
	} {
		err := set.Recheck(t.Context(), c.token)
		if got := outcome(err); got != c.want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, c.want)
		}
	}
	late := must(jwtexp.NewVerifierSet(must(jwtexp.NewVerifier(keyOf(testSecret),
		jwtexp.WithIssuer("a"), jwtexp.WithClock(jwtexptest.NewClock(epoch.Add(time.Hour)))))))
	wantOutcome(t, late.Recheck(t.Context(), ofA), "expired")
}

// A Verifier of a set uses its cache.
func TestCacheInASet(t *testing.T) {
	set := twoIssuers(jwtexp.WithCache(8))
	for issuer, secret := range map[string]string{"a": testSecret, "b": otherSecret} {
		raw := sign(secret, sharedKID, live(`,"iss":"`+issuer+`"`))
		if first, again := accept(t, set, raw), accept(t, set, raw); !jwtexp.SameContents(first, again) {
			t.Errorf("%s: got a Token that was verified again, want it from the cache", issuer)
		}
	}
}

// The context's deadline and the Decision's Remaining use the clock and the leeway of the chosen
// Verifier.
func TestMiddlewareOfASet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := jwtexp.ClockFunc(func() time.Time { return time.Now().Add(10 * time.Minute) })
		const leeway = 2 * time.Minute
		set := must(jwtexp.NewVerifierSet(
			must(jwtexp.NewVerifier(keyOf(testSecret), jwtexp.WithIssuer("a"), jwtexp.WithClock(ahead))),
			must(jwtexp.NewVerifier(keyOf(otherSecret), jwtexp.WithIssuer("b"), jwtexp.WithLeeway(leeway)))))
		var decided []jwtexp.Decision
		guard := must(jwtexp.NewMiddleware(set, jwtexp.WithContextDeadline(),
			jwtexp.WithObserver(func(_ *http.Request, d jwtexp.Decision) { decided = append(decided, d) })))
		for _, c := range []struct {
			issuer, secret      string
			remaining, deadline time.Duration
		}{
			{"a", testSecret, 20 * time.Minute, 20 * time.Minute},
			{"b", otherSecret, 30 * time.Minute, 30*time.Minute + leeway},
		} {
			issuer := must(jwtexp.NewIssuer(keyOf(c.secret), 30*time.Minute, jwtexp.WithIssuer(c.issuer)))
			raw := must(issuer.Issue(t.Context(), "alice", nil)).Raw()
			start := time.Now()
			guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				e, ok := errors.AsType[*jwtexp.ExpiredError](context.Cause(r.Context()))
				if got := time.Since(start); got != c.deadline || !ok || e.Subject != "alice" {
					t.Errorf("%s: got cause %v after %v, want an ExpiredError after %v", c.issuer, context.Cause(r.Context()), got, c.deadline)
				}
			})).ServeHTTP(httptest.NewRecorder(), requestWith(raw))
			if len(decided) != 1 || decided[0].KeyID != "k1" || decided[0].Remaining != c.remaining {
				t.Errorf("%s: got %v, want one decision with key k1 and %v remaining", c.issuer, decided, c.remaining)
			}
			decided = nil
		}
		w := httptest.NewRecorder()
		guard.Handler(http.NotFoundHandler()).ServeHTTP(w, requestWith(sign(testSecret, sharedKID, live(`,"iss":"c"`))))
		if w.Code != http.StatusUnauthorized || len(decided) != 1 || decided[0].Reason() != jwtexp.ReasonIssuer || decided[0].Remaining != 0 {
			t.Errorf("got %d and %v, want 401 and one decision with reason issuer", w.Code, decided)
		}
	})
}

// strictVerifier and strictSet embed types of the package and have a Verify of their own.
type (
	strictVerifier struct{ *jwtexp.Verifier }
	strictSet      struct{ *jwtexp.VerifierSet }
)

var errStrict = &jwtexp.InvalidError{Reason: "strict"}

func (strictVerifier) Verify(context.Context, string) (*jwtexp.Token, error) { return nil, errStrict }
func (strictSet) Verify(context.Context, string) (*jwtexp.Token, error)      { return nil, errStrict }

// A struct that embeds a *Verifier has its methods, but the middleware must call the struct's own
// Verify.
func TestStructThatEmbedsAVerifier(t *testing.T) {
	raw := sign(testSecret, sharedKID, live(`,"iss":"a"`))
	for name, v := range map[string]jwtexp.TokenVerifier{
		"Verifier":    strictVerifier{namedVerifier("a", testSecret)},
		"VerifierSet": strictSet{twoIssuers()},
	} {
		_, err := must(jwtexp.NewMiddleware(v)).Check(requestWith(raw))
		if err != error(errStrict) {
			t.Errorf("%s: got %v, want %v", name, err, errStrict)
		}
		if m, err := jwtexp.NewMiddleware(v, jwtexp.WithContextDeadline()); err == nil {
			t.Errorf("%s with WithContextDeadline: got %v, want an error", name, m)
		}
	}
}
