package jwtexp_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// checkSet holds a set against its Verifiers by themselves: it says what the one says that
// encoding/json finds in iss, or chooses none, and that only where the token is good for
// nobody.
func checkSet(t *testing.T, set *jwtexp.VerifierSet, alone map[string]*jwtexp.Verifier, raw string) string {
	t.Helper()
	token, err := set.Verify(t.Context(), raw)
	got := outcome(err)
	if (token == nil) != (err != nil) {
		t.Fatalf("%q: got token %v beside error %v", raw, token, err)
	}
	quotesNothing(t, err, raw)
	var wanted error = &jwtexp.InvalidError{Reason: jwtexp.ReasonIssuer}
	if v := alone[issuerByEncodingJSON(raw)]; v != nil {
		_, wanted = v.Verify(t.Context(), raw)
		if outcome(wanted) == got && fmt.Sprint(wanted) == fmt.Sprint(err) {
			return got
		}
	}
	switch {
	case outcome(wanted) == got && got == "invalid: issuer":
	case got != "invalid: malformed" && got != "invalid: claims" || !errors.Is(wanted, jwtexp.ErrInvalid):
		t.Fatalf("%q: got %s (%v), want %s (%v)", raw, got, err, outcome(wanted), wanted)
	}
	for issuer, v := range alone {
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, jwtexp.ErrInvalid) {
			t.Fatalf("%q: got %s where %s by itself says %v", raw, got, issuer, err)
		}
	}
	return got
}

// issuerByEncodingJSON is an oracle that is not strict: "" where there is none.
func issuerByEncodingJSON(raw string) string {
	segments := strings.Split(raw, ".")
	if len(segments) != 3 {
		return ""
	}
	var claims map[string]any
	payload, _ := base64.RawURLEncoding.DecodeString(segments[1])
	json.Unmarshal(payload, &claims) // what is no JSON has no issuer
	issuer, _ := claims["iss"].(string)
	return issuer
}

// severalIssuers differ in all that a Verifier can be told.
func severalIssuers() (*jwtexp.VerifierSet, map[string]*jwtexp.Verifier) {
	alone := map[string]*jwtexp.Verifier{
		"a": namedVerifier("a", testSecret),
		"b": namedVerifier("b", otherSecret, jwtexp.WithAudience("api"), jwtexp.WithLeeway(time.Minute)),
		"c": namedVerifier("c", testSecret, jwtexp.WithType("at+jwt"), jwtexp.WithMaxSize(250)),
		"d": namedVerifier("d", otherSecret, jwtexp.WithMaxLifetime(time.Hour), jwtexp.WithCache(8), jwtexp.WithClaims[struct {
			Role string `json:"role"`
		}](nil)),
	}
	var all []*jwtexp.Verifier
	for _, issuer := range []string{"a", "b", "c", "d"} {
		all = append(all, alone[issuer])
	}
	return must(jwtexp.NewVerifierSet(all...)), alone
}

// Over random tokens, some of them changed somewhere, the verdict is that of the Verifier
// of the token's issuer.
func TestVerdictsInASetOfRandomTokens(t *testing.T) {
	const seed, tokens = 20260103, 4_000
	r := rand.New(rand.NewPCG(seed, 0))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	set, alone := severalIssuers()
	seen := map[string]int{}
	for range tokens {
		header := fmt.Sprintf(`{"alg":%q,"kid":"k1"%s}`, one("HS256", "HS256", "HS256", "HS384"), one(``, ``, `,"typ":"at+jwt"`))
		payload := fmt.Sprintf(`{"iss":%s,"exp":%d,"iat":%d%s}`,
			one(`"a"`, `"b"`, `"c"`, `"d"`, `"a"`, `"\u0062"`, `"e"`, `null`),
			epoch.Unix()+r.Int64N(7200)-2400, epoch.Unix()+r.Int64N(60),
			one(``, ``, `,"aud":"api"`, `,"role":"admin"`, `,"role":1`, `,"iss":"a"`, `,"x":"`+strings.Repeat("x", 100)+`"`))
		raw := []byte(sign(one(testSecret, otherSecret), header, payload))
		for r.IntN(4) == 0 {
			at := r.IntN(len(raw))
			switch r.IntN(4) {
			case 0:
				raw[at] ^= 1 << r.IntN(7)
			case 1:
				raw = slices.Delete(raw, at, at+1)
			case 2:
				raw = slices.Insert(raw, at, raw[at])
			case 3: // inside the payload, so that the text is another, and not signed
				forged := []byte(payload)
				forged[r.IntN(len(forged))] = byte(r.IntN(128))
				raw = []byte(segment(header) + "." + segment(string(forged)) + "." + segment("no signature"))
			}
		}
		seen[checkSet(t, set, alone, string(raw))]++
	}
	// A generator that has stopped making some kind of token proves nothing.
	for _, verdict := range []string{"ok", "expired"} {
		if seen[verdict] < 50 {
			t.Errorf("got %d tokens that are %s, want at least 50", seen[verdict], verdict)
		}
	}
	for _, reason := range strings.Split("malformed type algorithm signature issuer audience claims lifetime too_large", " ") {
		if name := "invalid: " + reason; seen[name] < 10 {
			t.Errorf("got %d tokens that are %s, want at least 10: %v", seen[name], name, seen)
		}
	}
}

func FuzzVerifierSet(f *testing.F) {
	for payload := range issuersRead {
		f.Add(sign(testSecret, sharedKID, payload))
		f.Add(sign(otherSecret, sharedKID, payload))
	}
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	set, alone := severalIssuers()
	f.Fuzz(func(t *testing.T, raw string) { checkSet(t, set, alone, raw) })
}
