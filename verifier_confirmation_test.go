package jwtexp_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A token with cnf is bound to a key (RFC 7800). It is rejected unless WithConfirmation says that
// the application checks the proof.
func TestConfirmation(t *testing.T) {
	clock := jwtexp.WithClock(jwtexptest.NewClock(epoch))
	plain := newPair(testKey(), clock)
	confirming := newPair(testKey(), clock, jwtexp.WithConfirmation())
	const jkt = `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`
	for _, c := range []struct {
		name, payload, without, with string
	}{
		{"no cnf", live(``), "ok", "ok"},
		{"a thumbprint (RFC 9449 §6.1)", live(`,"cnf":` + jkt), "invalid: confirmation", "ok"},
		{"a certificate (RFC 8705 §3.1)", live(`,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`), "invalid: confirmation", "ok"},
		{"a key", live(`,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}`), "invalid: confirmation", "ok"},
		{"empty", live(`,"cnf":{}`), "invalid: confirmation", "ok"},
		{"null", live(`,"cnf":null`), "invalid: confirmation", "ok"},
		{"text", live(`,"cnf":"x"`), "invalid: confirmation", "ok"},
		{"escaped name", live(`,"\u0063nf":` + jkt), "invalid: confirmation", "ok"},
		{"the first claim", `{"cnf":` + jkt + `,"exp":` + live(``)[len(`{"exp":`):], "invalid: confirmation", "ok"},
		{"before another claim", live(`,"cnf":` + jkt + `,"role":"x"`), "invalid: confirmation", "ok"},
		{"in another case", live(`,"CNF":` + jkt), "ok", "ok"},
		{"within another claim", live(`,"x":{"cnf":` + jkt + `}`), "ok", "ok"},
		{"twice", live(`,"cnf":` + jkt + `,"cnf":` + jkt), "invalid: claims", "invalid: claims"},
		{"expired", `{"exp":1,"cnf":` + jkt + `}`, "invalid: confirmation", "expired"},
		{"not yet valid", live(`,"nbf":253402300799,"cnf":` + jkt), "invalid: confirmation", "invalid: not_yet_valid"},
		{"with an audience", live(`,"aud":"api","cnf":` + jkt), "invalid: audience", "invalid: audience"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := sign(testSecret, joseHeader, c.payload)
			_, err := plain.Verify(t.Context(), raw)
			wantOutcome(t, err, c.without)
			if strings.HasSuffix(c.without, "confirmation") && !strings.Contains(err.Error(), "WithConfirmation") {
				t.Errorf("got %q, want it to name the option", err)
			}
			token, err := confirming.Verify(t.Context(), raw)
			wantOutcome(t, err, c.with)
			if err == nil {
				wantOutcome(t, plain.Recheck(t.Context(), token), c.without)
				wantOutcome(t, confirming.Recheck(t.Context(), token), "ok")
			}
		})
	}
}

// cnf is checked before WithClaims. In a VerifierSet, the Verifier of the issuer decides.
func TestConfirmationAmongTheChecks(t *testing.T) {
	raw := sign(testSecret, sharedKID, live(`,"iss":"a","cnf":{}`))
	reject := jwtexp.WithClaims(func(*struct{}) error { return errors.New("no") })
	_, err := namedVerifier("a", testSecret, reject).Verify(t.Context(), raw)
	wantOutcome(t, err, "invalid: confirmation")
	_, err = namedVerifier("a", testSecret, reject, jwtexp.WithConfirmation()).Verify(t.Context(), raw)
	wantOutcome(t, err, "invalid: claims")
	_, err = twoIssuers().Verify(t.Context(), raw)
	wantOutcome(t, err, "invalid: confirmation")
	set := must(jwtexp.NewVerifierSet(namedVerifier("a", testSecret, jwtexp.WithConfirmation()), namedVerifier("b", otherSecret)))
	_, err = set.Verify(t.Context(), raw)
	wantOutcome(t, err, "ok")
	_, err = set.Verify(t.Context(), sign(otherSecret, sharedKID, live(`,"iss":"b","cnf":{}`)))
	wantOutcome(t, err, "invalid: confirmation")
}

// An Issuer can issue tokens with cnf. Recheck finds it, whatever the type of the claims.
func TestIssuedTokenWithConfirmation(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer := newIssuer(clock)
	plain := newPair(testKey(), jwtexp.WithClock(clock))
	confirming := newPair(testKey(), jwtexp.WithClock(clock), jwtexp.WithConfirmation())
	type confirmation struct {
		JKT string `json:"jkt"`
	}
	for name, claims := range map[string]any{
		"a map": map[string]any{"cnf": map[string]string{"jkt": "x"}},
		"a struct": struct {
			CNF confirmation `json:"cnf"`
		}{confirmation{"x"}},
		"a struct with text": struct {
			CNF string `json:"cnf"`
		}{"x"},
		"a pointer": &struct {
			Role string
			CNF  string `json:"cnf"`
		}{"x", "y"},
		"raw JSON":                 json.RawMessage(`{"cnf":{}}`),
		"raw JSON, with an escape": json.RawMessage(`{"\u0063nf":{}}`),
		"an embedded struct":       struct{ withConfirmation }{withConfirmation{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			token := must(issuer.Issue(t.Context(), "alice", claims))
			wantOutcome(t, plain.Recheck(t.Context(), token), "invalid: confirmation")
			wantOutcome(t, confirming.Recheck(t.Context(), token), "ok")
			_, err := plain.Verify(t.Context(), token.Raw())
			wantOutcome(t, err, "invalid: confirmation")
		})
	}
	token := must(issuer.Issue(t.Context(), "alice", struct {
		CNF string `json:"cnf,omitempty"`
	}{}))
	wantOutcome(t, plain.Recheck(t.Context(), token), "ok")
}

type withConfirmation struct {
	CNF string `json:"cnf"`
}

// A client sees that the token is invalid, and not why.
func TestConfirmationResponse(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch))))
	w := httptest.NewRecorder()
	guard.Handler(http.NotFoundHandler()).ServeHTTP(w, requestWith(sign(testSecret, joseHeader, live(`,"cnf":{}`))))
	if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) || strings.Contains(w.Body.String(), "cnf") {
		t.Errorf("got %d, %v, %s, want 401, invalid_token and no mention of cnf", w.Code, w.Header(), w.Body)
	}
}
