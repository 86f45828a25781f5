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

// checkSet verifies raw with a set and with its Verifiers. The set must return what the Verifier of
// the token's issuer returns. It may also report that it chose no Verifier, if each of them returns
// ErrInvalid. checkSet returns the outcome.
func checkSet(t *testing.T, set *jwtexp.VerifierSet, verifiers map[string]*jwtexp.Verifier, raw string) string {
	t.Helper()
	token, err := set.Verify(t.Context(), raw)
	got := outcome(err)
	if (token == nil) != (err != nil) {
		t.Fatalf("%q: got token %v and error %v, want one of them", raw, token, err)
	}
	wantNoQuotes(t, err, raw)
	var want error = &jwtexp.InvalidError{Reason: jwtexp.ReasonIssuer}
	if v := verifiers[issuerByEncodingJSON(raw)]; v != nil {
		_, want = v.Verify(t.Context(), raw)
		if outcome(want) == got && fmt.Sprint(want) == fmt.Sprint(err) {
			return got
		}
	}
	switch {
	case outcome(want) == got && got == "invalid: issuer":
	case got != "invalid: malformed" && got != "invalid: claims" || !errors.Is(want, jwtexp.ErrInvalid):
		t.Fatalf("%q: got %s (%v), want %s (%v)", raw, got, err, outcome(want), want)
	}
	for issuer, v := range verifiers {
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, jwtexp.ErrInvalid) {
			t.Fatalf("%q: got %s from the set and %v from the Verifier of %s, want ErrInvalid from both", raw, got, err, issuer)
		}
	}
	return got
}

// issuerByEncodingJSON returns iss as encoding/json reads it, which is not strict, or "".
func issuerByEncodingJSON(raw string) string {
	segments := strings.Split(raw, ".")
	if len(segments) != 3 {
		return ""
	}
	var claims map[string]any
	payload, _ := base64.RawURLEncoding.DecodeString(segments[1])
	json.Unmarshal(payload, &claims) // invalid JSON has no issuer
	issuer, _ := claims["iss"].(string)
	return issuer
}

// severalIssuers returns a set of four Verifiers with different options, and the Verifiers by issuer.
func severalIssuers() (*jwtexp.VerifierSet, map[string]*jwtexp.Verifier) {
	verifiers := map[string]*jwtexp.Verifier{
		"a": namedVerifier("a", testSecret),
		"b": namedVerifier("b", otherSecret, jwtexp.WithAudience("api"), jwtexp.WithLeeway(time.Minute)),
		"c": namedVerifier("c", testSecret, jwtexp.WithType("at+jwt"), jwtexp.WithMaxSize(250)),
		"d": namedVerifier("d", otherSecret, jwtexp.WithMaxLifetime(time.Hour), jwtexp.WithCache(8), jwtexp.WithClaims[struct {
			Role string `json:"role"`
		}](nil)),
	}
	set := must(jwtexp.NewVerifierSet(verifiers["a"], verifiers["b"], verifiers["c"], verifiers["d"]))
	return set, verifiers
}

// A set returns what the Verifier of the token's issuer returns. The tokens are random, and some
// are changed in random places.
func TestVerdictsInASetOfRandomTokens(t *testing.T) {
	const seed, tokens = 20260103, 4_000
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	set, verifiers := severalIssuers()
	seen := map[string]int{}
	for range tokens {
		header := fmt.Sprintf(`{"alg":%q,"kid":"k1"%s}`, pick("HS256", "HS256", "HS256", "HS384"), pick(``, ``, `,"typ":"at+jwt"`))
		payload := fmt.Sprintf(`{"iss":%s,"exp":%d,"iat":%d%s}`,
			pick(`"a"`, `"b"`, `"c"`, `"d"`, `"a"`, `"\u0062"`, `"e"`, `null`),
			epoch.Unix()+r.Int64N(7200)-2400, epoch.Unix()+r.Int64N(60),
			pick(``, ``, `,"aud":"api"`, `,"role":"admin"`, `,"role":1`, `,"iss":"a"`, `,"x":"`+strings.Repeat("x", 100)+`"`))
		raw := []byte(sign(pick(testSecret, otherSecret), header, payload))
		for r.IntN(4) == 0 {
			at := r.IntN(len(raw))
			switch r.IntN(4) {
			case 0:
				raw[at] ^= 1 << r.IntN(7)
			case 1:
				raw = slices.Delete(raw, at, at+1)
			case 2:
				raw = slices.Insert(raw, at, raw[at])
			case 3: // a changed payload with a bad signature
				forged := []byte(payload)
				forged[r.IntN(len(forged))] = byte(r.IntN(128))
				raw = []byte(segment(header) + "." + segment(string(forged)) + "." + segment("no signature"))
			}
		}
		seen[checkSet(t, set, verifiers, string(raw))]++
	}
	// The random tokens must have every outcome.
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
	for payload := range issuerPayloads {
		f.Add(sign(testSecret, sharedKID, payload))
		f.Add(sign(otherSecret, sharedKID, payload))
	}
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	set, verifiers := severalIssuers()
	f.Fuzz(func(t *testing.T, raw string) { checkSet(t, set, verifiers, raw) })
}
