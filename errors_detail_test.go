package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// wantText checks the outcome, and that the text has the wanted parts and is one line.
func wantText(t *testing.T, name string, err error, outcomeWanted string, parts ...string) {
	t.Helper()
	if got := outcome(err); got != outcomeWanted {
		t.Errorf("%s: got %s (%v), want %s", name, got, err, outcomeWanted)
	}
	for _, want := range parts {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: got %v, want it to have %q", name, err, want)
		}
	}
	if strings.Contains(fmt.Sprint(err), "\n") {
		t.Errorf("%s: got %q, want one line", name, err)
	}
}

// A text that is not a JWS is described, and not quoted.
func TestMalformedTokensAreDescribed(t *testing.T) {
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for _, c := range []struct {
		name, raw string
		want      []string
	}{
		{"empty", "", []string{"empty"}},
		{"JavaScript's undefined", "undefined", []string{"the word null or undefined"}},
		{"null", "null", []string{"the word null or undefined"}},
		{"JavaScript's object", "[object Object]", []string{"the word null or undefined"}},
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", []string{"no dots", "opaque token"}},
		{"encrypted", good + ".a.b", []string{"five segments", "an encrypted token (JWE"}},
		{"two segments", header + "." + payload, []string{"got 2 segments"}},
		{"four segments", good + ".x", []string{"got 4 segments"}},
		{"scheme", "Bearer " + good, []string{"a scheme in front", "white space"}},
		{"scheme in lower case", "bearer " + good, []string{"a scheme in front"}},
		{"scheme with a colon", "JWT:" + good, []string{"a scheme in front"}},
		{"encoded scheme", "Bearer%20" + good, []string{"a scheme in front", "percent-encoding"}},
		{"quoted", `"` + good + `"`, []string{"quotation marks"}},
		{"quoted once", good + `'`, []string{"quotation marks"}},
		{"typographic quotes", "\u201c" + good + "\u201d", []string{"characters outside ASCII"}},
		{"byte order mark", "\ufeff" + good, []string{"byte order mark"}},
		{"line break", good + "\n", []string{"white space or line breaks"}},
		{"tab", "\t" + good, []string{"white space or line breaks"}},
		{"JSON", `{"payload":"` + payload + `","signatures":[]}`, []string{"JSON; want the compact serialization"}},
		{"percent-encoded", strings.ReplaceAll(good, ".", "%2E"), []string{"percent-encoding"}},
		{"padded", header + "=." + payload + "==." + signature + "=", []string{"padding (=), as AWS load balancers write"}},
		{"padded signature", good + "=", []string{"padding (=)"}},
		{"base64", "a+b/." + payload + "." + signature, []string{"+ or /"}},
		{"two faults", `"` + header + "." + payload + `"`, []string{"quotation marks", "got 2 segments"}},
		{"cut off", good[:len(good)-2], []string{"the signature is cut off"}},
		{"bits beyond", good[:len(good)-1] + "9", []string{"the signature has bits beyond its last byte"}},
		{"empty header", "." + payload + "." + signature, []string{"the header is empty"}},
		{"header and signature", "!." + payload + ".!", []string{"the header is not base64url", "the signature is not base64url"}},
	} {
		_, err := verify(t, c.raw)
		wantText(t, c.name, err, "invalid: malformed", c.want...)
		if strings.Contains(fmt.Sprint(err), signature) || strings.Contains(fmt.Sprint(err), payload) {
			t.Errorf("%s: got %v, want nothing of the token in it", c.name, err)
		}
	}
}

// The details of the other checks say what was there and what was wanted, as far as RFCs define it.
func TestDetailsOfInvalidTokens(t *testing.T) {
	one := testKey().WithID("k1")
	rs := must(jwtexp.NewPublicKey(jwtexp.RS256, testRSA().Public())).WithID("k2")
	keys := must(jwtexp.NewKeySet(one, rs))
	header := func(text string) string { return sign(testSecret, text, live("")) }
	claims := func(text string) string { return sign(testSecret, `{"alg":"HS256","kid":"k1"}`, text) }
	at := func(seconds int64) string { return time.Unix(epoch.Unix()+seconds, 0).UTC().Format(time.RFC3339) }
	exp := epoch.Unix() + 3600

	for _, c := range []struct {
		name, raw string
		opts      []jwtexp.VerifierOption
		outcome   string
		want      []string
	}{
		{"size", header(`{"alg":"HS256"}`), []jwtexp.VerifierOption{jwtexp.WithMaxSize(10)}, "too_large", []string{"bytes, and the limit is 10 (WithMaxSize)"}},
		{"registered typ", header(`{"alg":"HS256","kid":"k1","typ":"AT+JWT"}`), nil, "type", []string{"typ is at+jwt, and this Verifier accepts JWT (WithType)"}},
		{"another typ", header(`{"alg":"HS256","kid":"k1","typ":"private"}`), nil, "type", []string{"typ does not match, and this Verifier accepts JWT"}},
		{"no typ", header(`{"alg":"HS256","kid":"k1"}`), []jwtexp.VerifierOption{jwtexp.WithType("at+jwt")}, "type", []string{"typ is missing, and this Verifier accepts at+jwt"}},
		{"alg none", header(`{"alg":"none"}`), nil, "algorithm", []string{"alg is none; a token without a signature"}},
		{"alg None", header(`{"alg":"None"}`), nil, "algorithm", []string{"alg is none; a token without a signature"}},
		{"alg in lower case", header(`{"alg":"hs256"}`), nil, "algorithm", []string{"alg is HS256 in other letters"}},
		{"alg not supported", header(`{"alg":"ES256K"}`), nil, "algorithm", []string{"alg is ES256K, which is not supported"}},
		{"alg that encrypts", header(`{"alg":"RSA-OAEP-256"}`), nil, "algorithm", []string{"alg is RSA-OAEP-256, which encrypts (JWE)"}},
		{"alg unknown", header(`{"alg":"private"}`), nil, "algorithm", []string{"alg is unknown; want ES256, ES384"}},
		{"alg empty", header(`{"alg":""}`), nil, "algorithm", []string{"alg is empty"}},
		{"alg of another key", header(`{"alg":"HS256","kid":"k2"}`), nil, "algorithm", []string{"alg is HS256, and the key is for RS256"}},
		{"alg of no key", header(`{"alg":"ES256"}`), nil, "algorithm", []string{"alg is ES256, and the key is for HS256, RS256"}},
		{"kid missing", header(`{"alg":"HS256"}`), []jwtexp.VerifierOption{jwtexp.WithKeyIDRequired()}, "key_id", []string{"kid is missing or empty"}},
		{"kid unknown", header(`{"alg":"HS256","kid":"private"}`), nil, "unknown_key", []string{"no key has the token's kid; was the key removed"}},
		{"signature", header(`{"alg":"HS256","kid":"k1"}`) + "AAAA", nil, "signature", []string{"no key that fits kid and alg signed the token"}},
		{"no signature", "eyJhbGciOiJIUzI1NiJ9.e30.", nil, "signature", []string{"the signature is empty"}},
		{"payload with a line break", strings.Replace(claims(live("")), ".ey", ".e\ny", 1), nil, "signature", []string{"the payload is not base64url"}},
		{"no iss", claims(live("")), []jwtexp.VerifierOption{jwtexp.WithIssuer("https://a.example")}, "issuer", []string{`iss is missing or empty; want "https://a.example" (WithIssuer)`}},
		{"iss", claims(live(`,"iss":"private"`)), []jwtexp.VerifierOption{jwtexp.WithIssuer("https://a.example")}, "issuer", []string{`iss does not match "https://a.example" (WithIssuer)`}},
		{"iss with a slash", claims(live(`,"iss":"https://a.example/"`)), []jwtexp.VerifierOption{jwtexp.WithIssuer("https://a.example")}, "issuer", []string{`iss differs only by a slash at the end from "https://a.example" (WithIssuer)`}},
		{"iss in capitals", claims(live(`,"iss":"https://A.example"`)), []jwtexp.VerifierOption{jwtexp.WithIssuer("https://a.example")}, "issuer", []string{"iss differs only by upper and lower case"}},
		{"iss with a space", claims(live(`,"iss":"https://a.example "`)), []jwtexp.VerifierOption{jwtexp.WithIssuer("https://a.example")}, "issuer", []string{"iss differs only by white space"}},
		{"no aud", claims(live("")), []jwtexp.VerifierOption{jwtexp.WithAudience("api")}, "audience", []string{`aud is missing; want "api" (WithAudience)`}},
		{"aud", claims(live(`,"aud":["private"]`)), []jwtexp.VerifierOption{jwtexp.WithAudience("api")}, "audience", []string{`aud does not match "api" (WithAudience)`}},
		{"aud with a slash", claims(live(`,"aud":["x","api/"]`)), []jwtexp.VerifierOption{jwtexp.WithAudience("web", "api")}, "audience", []string{`aud differs only by a slash at the end from "web" or "api" (WithAudience)`}},
		{"aud that was not asked for", claims(live(`,"aud":"private"`)), nil, "audience", []string{"the token has an audience; use WithAudience"}},
		{"cnf", claims(live(`,"cnf":{}`)), nil, "confirmation", []string{"use WithConfirmation"}},
		{"no iat", claims(live("")), []jwtexp.VerifierOption{jwtexp.WithMaxLifetime(time.Hour)}, "lifetime", []string{"iat is missing, and WithMaxLifetime requires it"}},
		{"lifetime", claims(live(fmt.Sprintf(`,"iat":%d`, exp-7200))), []jwtexp.VerifierOption{jwtexp.WithMaxLifetime(time.Hour)}, "lifetime", []string{"exp is 2h0m0s after iat, and WithMaxLifetime allows 1h0m0s"}},
		{"iat in the future", claims(live(fmt.Sprintf(`,"iat":%d`, exp))), []jwtexp.VerifierOption{jwtexp.WithMaxLifetime(time.Minute)}, "lifetime", []string{"exp is 1h0m0s after the time on the Verifier's clock, and WithMaxLifetime allows 1m0s; is the issuer's clock fast?"}},
		{"nbf", claims(live(fmt.Sprintf(`,"nbf":%d`, epoch.Unix()+2))), nil, "not_yet_valid", []string{"nbf is " + at(2) + ", 2s ahead of the Verifier's clock, which reads " + at(0) + "; allow for clock skew with WithLeeway"}},
		{"nbf beyond the leeway", claims(live(fmt.Sprintf(`,"nbf":%d.5`, epoch.Unix()+2))), []jwtexp.VerifierOption{jwtexp.WithLeeway(time.Second)}, "not_yet_valid", []string{"2.5s ahead", "with a leeway of 1s"}},
		{"nbf of another day", claims(live(fmt.Sprintf(`,"nbf":%d`, epoch.Unix()+86400))), nil, "not_yet_valid", []string{"24h0m0s ahead", "check both clocks"}},
		{"nbf of another age", claims(`{"nbf":253402300799,"exp":253402300799}`), nil, "not_yet_valid", []string{"more than 292 years ahead", "check both clocks"}},
		{"revoked", claims(live("")), []jwtexp.VerifierOption{stubRevoked(true, nil)}, "revoked", []string{"WithRevoked"}},
	} {
		_, err := newPair(keys, append(c.opts, jwtexp.WithClock(jwtexptest.NewClock(epoch)))...).Verify(t.Context(), c.raw)
		wantText(t, c.name, err, "invalid: "+c.outcome, c.want...)
		if strings.Contains(fmt.Sprint(err), "private") {
			t.Errorf("%s: got %v, want nothing of the token in it", c.name, err)
		}
	}

	_, err := newPair(one.WithNotAfter(epoch), jwtexp.WithClock(jwtexptest.NewClock(epoch))).Verify(t.Context(), claims(live("")))
	wantText(t, "limit of the key", err, "invalid: lifetime", "exp is "+at(3600)+", and the key is for tokens that expire by "+at(0))
	_, err = newPair(stubKeys(nil), jwtexp.WithClock(jwtexptest.NewClock(epoch))).Verify(t.Context(), header(`{"alg":"HS256"}`))
	wantText(t, "empty key set", err, "invalid: unknown_key", "the token has no kid, and the key set has no keys to try")
}

// If several checks fail that need no further look-up, the error names all faults. The first one
// decides the reason.
func TestEveryFaultIsNamed(t *testing.T) {
	const exp = 1_000_000_000
	key := testKey().WithID("k1")
	opts := []jwtexp.VerifierOption{jwtexp.WithClock(jwtexptest.NewClock(time.Unix(exp, 0))), jwtexp.WithIssuer("login"), jwtexp.WithAudience("api"),
		jwtexp.WithType("at+jwt"), jwtexp.WithKeyIDRequired(), jwtexp.WithMaxLifetime(time.Hour)}
	for _, c := range []struct {
		name, header, payload, outcome string
		want                           []string
	}{
		{"header", `{"alg":"none","typ":"JWT"}`, `{"exp":1000000001}`, "type",
			[]string{"typ is JWT", "; also alg is none", "; also kid is missing"}},
		{"alg and kid", `{"alg":"none","typ":"at+jwt"}`, `{"exp":1000000001}`, "algorithm", []string{"alg is none", "; also kid is missing"}},
		{"iss, aud, cnf, nbf, iat, exp", `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"iss":"x","aud":"y","cnf":{},"nbf":1000000001,"exp":1000000000}`, "issuer",
			[]string{"iss does not match", "; also aud does not match", "; also the token is bound to a key", "; also nbf is 2001-09-09T01:46:41Z", "; also iat is missing", "; also it expired 0s ago, at 2001-09-09T01:46:40Z"}},
		{"aud and exp", `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"iss":"login","iat":999999000,"exp":999999940}`, "audience",
			[]string{"aud is missing", "; also it expired 1m0s ago"}},
		{"a malformed claim, iss, aud, nbf and exp", `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"sub":1,"iss":"x","aud":"y","nbf":1000000001,"exp":1000000000}`, "claims",
			[]string{`claim "sub": a number, not a string`, "; also iss does not match", "; also aud does not match", "; also nbf is 2001-09-09T01:46:41Z", "; also it expired 0s ago"}},
		{"malformed claims alone", `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"sub":1,"iss":2,"aud":[]}`, "claims",
			[]string{`claim "sub": a number`, `; claim "iss": a number`, `; claim "aud": an empty array`, `; claim "exp": missing`}},
		{"nbf and lifetime", `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"iss":"login","aud":"api","iat":1000000100,"nbf":1000000100,"exp":1000090000}`, "not_yet_valid",
			[]string{"1m40s ahead", "; also exp is 24h58m20s after iat"}},
	} {
		_, err := must(jwtexp.NewVerifier(key, opts...)).Verify(t.Context(), sign(testSecret, c.header, c.payload))
		wantText(t, c.name, err, "invalid: "+c.outcome, c.want...)
	}

	// The check in WithClaims sees tokens only that passed the checks before it.
	called := false
	check := jwtexp.WithClaims(func(*struct{}) error { called = true; return errors.New("no") })
	_, err := must(jwtexp.NewVerifier(key, append(opts, check)...)).Verify(t.Context(), sign(testSecret, `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"exp":1}`))
	wantText(t, "WithClaims", err, "invalid: issuer")
	if called {
		t.Error("got the check in WithClaims called for a token without iss, want it left out")
	}
	// Claims that do not fit its type are named, even if another check failed.
	fits := jwtexp.WithClaims[struct {
		UID int `json:"uid"`
	}](nil)
	_, err = must(jwtexp.NewVerifier(key, append(opts, fits)...)).Verify(t.Context(), sign(testSecret, `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"exp":1,"uid":"x"}`))
	wantText(t, "WithClaims that do not fit", err, "invalid: issuer", `; also claim "uid" is a string`)
	// The limit of the key is named beside WithMaxLifetime.
	_, err = must(jwtexp.NewVerifier(key.WithNotAfter(time.Unix(exp, 0)), jwtexp.WithMaxLifetime(time.Minute), jwtexp.WithClock(jwtexptest.NewClock(time.Unix(exp, 0))))).
		Verify(t.Context(), sign(testSecret, `{"alg":"HS256","kid":"k1"}`, `{"iat":1,"exp":4000000000}`))
	wantText(t, "two limits", err, "invalid: lifetime", "exp is about 46296 days after iat", "; also exp is 2096-10-02T07:06:40Z, and the key is for tokens")
	// Its fault does not hide those that follow.
	_, err = must(jwtexp.NewVerifier(key, check, jwtexp.WithClock(jwtexptest.NewClock(time.Unix(exp, 0))))).Verify(t.Context(), sign(testSecret, `{"alg":"HS256","kid":"k1"}`, `{"exp":1}`))
	wantText(t, "WithClaims and exp", err, "invalid: claims", "the check in WithClaims returned an error", "; also it expired")
}

func TestNotYetValidError(t *testing.T) {
	raw := sign(testSecret, joseHeader, live(fmt.Sprintf(`,"nbf":%d.25`, epoch.Unix()+2)))
	v := newVerifier(jwtexptest.NewClock(epoch), jwtexp.WithLeeway(time.Second))
	_, err := v.Verify(t.Context(), raw)
	wantOutcome(t, err, "invalid: not_yet_valid")
	got, ok := errors.AsType[*jwtexp.NotYetValidError](err)
	if !ok {
		t.Fatalf("got %v, want a NotYetValidError in it", err)
	}
	want := &jwtexp.NotYetValidError{NotBefore: epoch.Add(2250 * time.Millisecond), Now: epoch, Leeway: time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := got.In(), 2250*time.Millisecond; got != want {
		t.Errorf("In: got %v, want %v", got, want)
	}
	if got := verdicts(got); got != nil {
		t.Errorf("got a NotYetValidError that matches %q, want no verdict of its own", got)
	}
	if !strings.Contains(err.Error(), strings.TrimPrefix(got.Error(), "jwtexp: ")) {
		t.Errorf("got %v, want the text of %v in it", err, got)
	}

	// A token that was accepted is not yet valid if the clock goes back.
	clock := jwtexptest.NewClock(epoch.Add(3 * time.Second))
	v = newVerifier(clock)
	token := accept(t, v, raw)
	clock.Set(epoch)
	if _, ok := errors.AsType[*jwtexp.NotYetValidError](v.Recheck(t.Context(), token)); !ok {
		t.Error("Recheck: got no NotYetValidError, want one")
	}
}

// What failed is in a field, and in the text. The text of the application's error is in neither.
func TestUnavailableErrorNamesWhatFailed(t *testing.T) {
	own := errors.New("private")
	clock := jwtexptest.NewClock(epoch)
	good := sign(testSecret, joseHeader, live(""))
	check := func(v *jwtexp.Verifier) error {
		_, err := v.Verify(t.Context(), good)
		return err
	}
	issue := func(i *jwtexp.Issuer) error {
		_, err := i.Issue(t.Context(), "alice", nil)
		return err
	}
	guard := func(v jwtexp.TokenVerifier) error {
		_, err := must(jwtexp.NewMiddleware(v)).Check(requestWith(good))
		return err
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, done := must(jwtexp.NewMiddleware(newVerifier(clock))).Check(requestWith(good).WithContext(canceled))
	failing := remoteSigner{newEd25519(), own}
	zero := jwtexp.ClockFunc(func() time.Time { return time.Time{} })
	_, zeroGuard := new(jwtexp.Middleware).Check(requestWith(good))
	_, zeroSet := new(jwtexp.VerifierSet).Verify(t.Context(), good)

	for _, c := range []struct {
		err        error
		what, text string
	}{
		{check(must(jwtexp.NewVerifier(stubKeys(own)))), "key set", "key set failed; LogDecisionsWithCause and errors.Unwrap show its error"},
		{check(must(jwtexp.NewVerifier(stubKeys(&jwtexp.UnavailableError{Err: own})))), "key set", "key set failed; LogDecisionsWithCause and errors.Unwrap show its error"},
		{check(must(jwtexp.NewVerifier(stubKeys(&jwtexp.UnavailableError{Detail: "sealed", Err: own})))), "key set", "key set: sealed"},
		{check(must(jwtexp.NewVerifier(stubKeys(fmt.Errorf("private: %w", &jwtexp.UnavailableError{What: "vault", Detail: "sealed"}))))), "vault", "vault: sealed"},
		{check(must(jwtexp.NewVerifier(testKey(), jwtexp.WithClock(clock), stubRevoked(false, own)))), "revocation check", "revocation check failed; LogDecisionsWithCause"},
		{check(must(jwtexp.NewVerifier(testKey(), jwtexp.WithClock(zero)))), "clock", "clock: it returned the zero time; set it"},
		{check(new(jwtexp.Verifier)), "Verifier", "Verifier: nil or zero; make it with NewVerifier"},
		{zeroSet, "VerifierSet", "VerifierSet: nil or zero; make it with NewVerifierSet"},
		{issue(must(jwtexp.NewIssuer(keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) { return jwtexp.Key{}, own }), time.Hour))), "key source", "key source failed; LogDecisionsWithCause"},
		{issue(must(jwtexp.NewIssuer(must(jwtexp.NewSigningKey(jwtexp.EdDSA, failing)), time.Hour))), "signer", "signer failed; LogDecisionsWithCause"},
		{issue(must(jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithClock(zero)))), "clock", "clock: it returned the zero time; set it"},
		{guard(stubVerifier(nil, own)), "TokenVerifier", "TokenVerifier: its error matches no verdict, or several"},
		{guard(stubVerifier(nil, nil)), "TokenVerifier", "TokenVerifier: it returned neither a token nor an error"},
		{zeroGuard, "Middleware", "Middleware: nil or zero; make it with NewMiddleware"},
		{done, "request", "request: the caller's context was canceled"},
	} {
		wantText(t, c.what, c.err, "unavailable", "jwtexp: temporarily unavailable: "+c.text)
		if e, ok := errors.AsType[*jwtexp.UnavailableError](c.err); !ok || e.What != c.what {
			t.Errorf("got %v, want What %q", c.err, c.what)
		}
		if strings.Contains(fmt.Sprint(c.err), "private") {
			t.Errorf("got %v, want no text of the application", c.err)
		}
	}
}

// The end of the caller's context is said, whatever failed because of it.
func TestUnavailableErrorNamesTheContextsEnd(t *testing.T) {
	late, cancel := context.WithDeadline(t.Context(), epoch)
	defer cancel()
	v := must(jwtexp.NewVerifier(keySetFunc(func(ctx context.Context, _ string, _ time.Time) ([]jwtexp.Key, error) { return nil, ctx.Err() })))
	_, err := v.Verify(late, sign(testSecret, joseHeader, live("")))
	wantText(t, "deadline", err, "unavailable", "key set: the deadline of the caller's context passed")
	_, err = v.Verify(endedContext{t.Context()}, sign(testSecret, joseHeader, live("")))
	wantText(t, "own context", err, "unavailable", "key set: the caller's context is done")
	if strings.Contains(fmt.Sprint(err), "private") {
		t.Errorf("got %v, want no text of the application", err)
	}
}

// An endedContext is a context of the application's own, with an error of its own.
type endedContext struct{ context.Context }

func (endedContext) Err() error { return errors.New("private") }
