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

// The issuers "a" and "b" of these tests publish one kid each, and it is the same.
const sharedKID = `{"alg":"HS256","kid":"k1"}`

func keyOf(secret string) jwtexp.Key {
	return must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(secret))).WithID("k1")
}

// namedVerifier requires an issuer, whose key has the given secret, at epoch.
func namedVerifier(issuer, secret string, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keyOf(secret),
		append([]jwtexp.VerifierOption{jwtexp.WithIssuer(issuer), jwtexp.WithClock(jwtexptest.NewClock(epoch))}, opts...)...))
}

// twoIssuers are "a", whose secret is testSecret, and "b", whose is otherSecret.
func twoIssuers(opts ...jwtexp.VerifierOption) *jwtexp.VerifierSet {
	return must(jwtexp.NewVerifierSet(namedVerifier("a", testSecret, opts...), namedVerifier("b", otherSecret, opts...)))
}

func TestKeysOfOneIssuerVouchForNoOther(t *testing.T) {
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
			t.Errorf("got a token of %q, want one of %q", token.Issuer(), c.issuer)
		}
		if err != nil && token != nil {
			t.Errorf("got a token beside %v", err)
		}
	}
}

// Where two issuers have the very same key, iss alone tells whose rules count.
func TestOneKeyOfTwoIssuers(t *testing.T) {
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

// issuersRead has payloads of tokens, and what is wanted where the key of "a" has signed
// them. Where another has, none is better than forged.
var issuersRead = map[string]string{
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
	`{"iss":"a"}`:                         "invalid: claims", // no exp: the Verifier of "a" says so
	`{"iss":"a","exp":"never"}`:           "invalid: claims",
	live(`,"iss":"a","sub":1`):            "invalid: claims",
}

func TestIssuerIsReadStrictly(t *testing.T) {
	set := twoIssuers()
	alone := namedVerifier("a", testSecret)
	for payload, want := range issuersRead {
		t.Run(payload, func(t *testing.T) {
			_, err := set.Verify(t.Context(), sign(testSecret, sharedKID, payload))
			wantOutcome(t, err, want)
			if _, aloneErr := alone.Verify(t.Context(), sign(testSecret, sharedKID, payload)); outcome(aloneErr) != want && want != "invalid: issuer" && want != "invalid: signature" {
				t.Errorf("got %v of the Verifier by itself, want %s", aloneErr, want)
			}
			_, err = set.Verify(t.Context(), sign("a secret of nobody, and 32 bytes", sharedKID, payload))
			if got := outcome(err); got != "invalid: signature" && (got != want || !errors.Is(err, jwtexp.ErrInvalid)) {
				t.Errorf("forged: got %s, want the signature or the choice refused", got)
			}
		})
	}
}

// Whatever the payload says before its signature is good, it helps no token.
func TestNoIssuerMakesUpForAnotherFault(t *testing.T) {
	set := twoIssuers()
	const a = `,"iss":"a"`
	good := sign(testSecret, sharedKID, live(a))
	for name, c := range map[string]struct{ raw, want string }{
		"good":                         {good, "ok"},
		"forged and expired":           {sign(otherSecret, sharedKID, `{"iss":"a","exp":1}`), "invalid: signature"},
		"expired, of nobody":           {sign(testSecret, sharedKID, `{"iss":"c","exp":1}`), "invalid: issuer"},
		"two segments":                 {strings.Join(strings.Split(good, ".")[:2], "."), "invalid: malformed"},
		"four segments":                {good + ".", "invalid: malformed"},
		"a line break":                 {good + "\n", "invalid: malformed"},
		"nothing":                      {"", "invalid: malformed"},
		"header that is no JSON":       {sign(testSecret, `{`, live(a)), "invalid: malformed"},
		"header with crit":             {sign(testSecret, `{"alg":"HS256","crit":["exp"]}`, live(a)), "invalid: malformed"},
		"header and issuer are bad":    {sign(testSecret, `{`, live(`,"iss":"c"`)), "invalid: malformed"},
		"payload padded":               {signSegments(testSecret, segment(sharedKID), segment(live(a))+"="), "invalid: malformed"},
		"payload that is no base64url": {signSegments(testSecret, segment(sharedKID), "!"), "invalid: malformed"},
		"signature padded":             {good + "=", "invalid: malformed"},
		"no signature":                 {strings.TrimRight(good, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), "invalid: signature"},
		"alg none":                     {sign(testSecret, `{"alg":"none","kid":"k1"}`, live(a)), "invalid: algorithm"},
		"alg none, of nobody":          {sign(testSecret, `{"alg":"none","kid":"k1"}`, live(``)), "invalid: issuer"},
		"another alg":                  {sign(testSecret, `{"alg":"HS384","kid":"k1"}`, live(a)), "invalid: algorithm"},
		"another kid":                  {sign(testSecret, `{"alg":"HS256","kid":"k2"}`, live(a)), "invalid: unknown_key"},
		"another typ":                  {sign(testSecret, `{"alg":"HS256","kid":"k1","typ":"at+jwt"}`, live(a)), "invalid: type"},
	} {
		_, err := set.Verify(t.Context(), c.raw)
		if got := outcome(err); got != c.want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, c.want)
		}
	}
}

// The largest limit of the set holds before anything is decoded, and then that of the
// chosen Verifier.
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
		{"nobody", small + 2, "invalid: issuer"},
		{"nobody", large + 2, "invalid: too_large"},
	} {
		_, err := set.Verify(t.Context(), token(c.issuer, c.size))
		if got := outcome(err); got != c.want {
			t.Errorf("%d bytes of %s: got %s (%v), want %s", c.size, c.issuer, got, err, c.want)
		}
	}
	_, err := set.Verify(t.Context(), strings.Repeat("!", large+1))
	wantOutcome(t, err, "invalid: too_large")
	_, err = set.Verify(t.Context(), strings.Repeat("!", large))
	wantOutcome(t, err, "invalid: malformed")
}

// Only the chosen Verifier's key set and clock are asked, each once; for a token that has
// none, nobody's.
func TestOnlyTheChosenIsAsked(t *testing.T) {
	var asked []string
	down := map[string]bool{}
	verifier := func(issuer, secret string) *jwtexp.Verifier {
		return must(jwtexp.NewVerifier(
			keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
				asked = append(asked, "keys of "+issuer)
				if down[issuer] {
					return nil, errors.New("down")
				}
				return []jwtexp.Key{keyOf(secret)}, nil
			}),
			jwtexp.WithIssuer(issuer),
			jwtexp.WithClock(jwtexp.ClockFunc(func() time.Time {
				asked = append(asked, "clock of "+issuer)
				return epoch
			}))))
	}
	set := must(jwtexp.NewVerifierSet(verifier("a", testSecret), verifier("b", otherSecret)))
	ofA, ofB := sign(testSecret, sharedKID, live(`,"iss":"a"`)), sign(otherSecret, sharedKID, live(`,"iss":"b"`))
	proof := accept(t, set, ofB)
	for _, c := range []struct {
		name, raw, down, want, asked string
	}{
		{"of a", ofA, "", "ok", "clock of a, keys of a"},
		{"of b", ofB, "", "ok", "clock of b, keys of b"},
		{"of a, whose keys are down", ofA, "a", "unavailable", "clock of a, keys of a"},
		{"of b, while the keys of a are down", ofB, "a", "ok", "clock of b, keys of b"},
		{"forged, whose keys are down", ofA[:len(ofA)-4] + "AAAA", "a", "unavailable", "clock of a, keys of a"},
		{"of nobody", sign(testSecret, sharedKID, live(`,"iss":"c"`)), "", "invalid: issuer", ""},
		{"no claims set", sign(testSecret, sharedKID, `1`), "", "invalid: claims", ""},
		{"of no form", "x", "", "invalid: malformed", ""},
	} {
		asked, down = nil, map[string]bool{c.down: true}
		_, err := set.Verify(t.Context(), c.raw)
		if got := strings.Join(asked, ", "); outcome(err) != c.want || got != c.asked {
			t.Errorf("%s: got %v of the %s, want %s of the %s", c.name, err, got, c.want, c.asked)
		}
	}
	asked, down = nil, map[string]bool{"a": true}
	wantOutcome(t, set.Recheck(t.Context(), proof), "ok")
	if got, want := strings.Join(asked, ", "), "clock of b, keys of b"; got != want {
		t.Errorf("Recheck: got the %s asked, want the %s", got, want)
	}
}

func TestRecheckInASet(t *testing.T) {
	set := twoIssuers()
	ofA := accept(t, set, sign(testSecret, sharedKID, live(`,"iss":"a"`)))
	ofNobody := accept(t, namedVerifier("c", testSecret), sign(testSecret, sharedKID, live(`,"iss":"c"`)))
	nameless := must(newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "alice", nil))
	// Of issuer a, and signed by the key of b.
	crossed := accept(t, namedVerifier("a", otherSecret), sign(otherSecret, sharedKID, live(`,"iss":"a"`)))
	for name, c := range map[string]struct {
		token *jwtexp.Token
		want  string
	}{
		"of a":                          {ofA, "ok"},
		"of nobody":                     {ofNobody, "invalid: issuer"},
		"without issuer":                {nameless, "invalid: issuer"},
		"of a, signed by another's key": {crossed, "invalid: unknown_key"},
		"nil":                           {nil, "invalid: malformed"},
		"zero":                          {&jwtexp.Token{}, "invalid: malformed"},
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

// A Verifier with a cache serves what it remembers.
func TestCacheInASet(t *testing.T) {
	set := twoIssuers(jwtexp.WithCache(8))
	for issuer, secret := range map[string]string{"a": testSecret, "b": otherSecret} {
		raw := sign(secret, sharedKID, live(`,"iss":"`+issuer+`"`))
		if first, again := accept(t, set, raw), accept(t, set, raw); !jwtexp.SameContents(first, again) {
			t.Errorf("%s: got the token verified twice, want it from the cache", issuer)
		}
	}
}

// A token ends, for the context of its request and for an observer, by the clock and the
// leeway of the Verifier that was chosen.
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
			issuer, secret string
			left, deadline time.Duration
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
					t.Errorf("%s: got an end after %v with %v, want an ExpiredError after %v", c.issuer, got, context.Cause(r.Context()), c.deadline)
				}
			})).ServeHTTP(httptest.NewRecorder(), requestWith(raw))
			if len(decided) != 1 || decided[0].KeyID != "k1" || decided[0].Remaining != c.left {
				t.Errorf("%s: got %v, want one decision on k1 with %v left", c.issuer, decided, c.left)
			}
			decided = nil
		}
		w := httptest.NewRecorder()
		guard.Handler(http.NotFoundHandler()).ServeHTTP(w, requestWith(sign(testSecret, sharedKID, live(`,"iss":"c"`))))
		if w.Code != http.StatusUnauthorized || len(decided) != 1 || decided[0].Reason() != jwtexp.ReasonIssuer || decided[0].Remaining != 0 {
			t.Errorf("got %d and %v, want 401 and one decision on the issuer", w.Code, decided)
		}
	})
}

// Two that embed what this package has, and judge by their own rules.
type (
	strictVerifier struct{ *jwtexp.Verifier }
	strictSet      struct{ *jwtexp.VerifierSet }
)

var errStrict = &jwtexp.InvalidError{Reason: "of its own"}

func (strictVerifier) Verify(context.Context, string) (*jwtexp.Token, error) { return nil, errStrict }
func (strictSet) Verify(context.Context, string) (*jwtexp.Token, error)      { return nil, errStrict }

// Whoever embeds a Verifier has all its methods, and still is asked by his own Verify.
func TestVerifyOfAnEmbeddedVerifierCounts(t *testing.T) {
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
			t.Errorf("%s: got %v, want an error: nobody knows what its own Verify goes by", name, m)
		}
	}
}
