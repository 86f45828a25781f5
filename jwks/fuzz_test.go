package jwks_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Any text yields either an error that quotes no private member, or a key that verifies what it
// signs. A Set has keys that a Verifier accepts.
func FuzzParse(f *testing.F) {
	for _, key := range []any{testRSA(), testRSA().Public(), p256Key, p384Key.Public(), p521Key, edKey, edKey.Public(), []byte(testSecret)} {
		for _, alg := range []string{"", "HS256", "RS256", "PS256", "EdDSA"} {
			text := must(json.Marshal(jose.JSONWebKey{Key: key, KeyID: "1", Algorithm: alg}))
			f.Add(text)
			f.Add([]byte(`{"keys":[` + string(text) + `,` + jwkOf("a") + `]}`))
			f.Add(text[:len(text)/2])
		}
	}
	for _, tt := range texts {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, opts := range [][]jwks.ParseOption{nil, {jwks.WithAlgorithms(jwtexp.HS512, jwtexp.PS256, jwtexp.EdDSA)}} {
			key, err := jwks.ParseKey(text, opts...)
			if (err == nil) == (key == (jwtexp.Key{})) {
				t.Errorf("got %v and %v, want either", key, err)
			}
			wantNoMemberIn(t, "ParseKey", string(text), err)
			if err == nil {
				checkParsedKey(t, key)
			}
		}
		set, err := jwks.Parse(text, jwks.WithAlgorithms(jwtexp.PS256, jwtexp.RS256))
		if (err == nil) != (set != nil) {
			t.Fatalf("got %v and %v, want either", set, err)
		}
		var held struct{ Keys []json.RawMessage }
		if err != nil || json.Unmarshal(text, &held) != nil {
			return
		}
		for _, jwk := range held.Keys {
			wantNoMemberIn(t, "Skipped", string(jwk), errors.New(strings.Join(set.Skipped(), "\n")), "kid", "kty", "use", "alg", "crv")
		}
		keys := must(set.VerificationKeys(t.Context(), "", day))
		if len(keys) == 0 {
			t.Error("got no keys and no error, want either")
		}
		for _, key := range keys {
			checkPublicKey(t, key)
		}
	})
}

// checkParsedKey checks that a key verifies what it signs, if it can sign.
func checkParsedKey(t *testing.T, key jwtexp.Key) {
	t.Helper()
	issuer, err := jwtexp.NewIssuer(key, time.Hour, jwtexp.WithClock(jwtexptest.NewClock(day)))
	if err != nil {
		checkPublicKey(t, key)
		return
	}
	token, err := issuer.Issue(t.Context(), "alice", nil)
	if err != nil {
		t.Fatalf("got %v, want a token", err)
	}
	var trusted = key
	if public := key.PublicKey(); public != nil {
		trusted = must(jwtexp.NewPublicKey(key.Algorithm(), public)).WithID(key.ID())
	}
	_, err = newVerifier(trusted, jwtexptest.NewClock(day)).Verify(t.Context(), token.Raw())
	wantVerdict(t, "a token of the key", err, good)
}
