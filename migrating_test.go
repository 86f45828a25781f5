package jwtexp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// This file has the tests of what docs/migrating.md says. The type oldClaims is in
// example_migrating_test.go.

// Claims fills the claims types of golang-jwt.
func TestClaimsIntoTypesOfGolangJWT(t *testing.T) {
	raw := sign(testSecret, joseHeader, live(fmt.Sprintf(`.5,"nbf":%[1]d,"iat":%[1]d,"iss":"login","sub":"alice","aud":["api","web"],"jti":"1","tenant":"acme"`, epoch.Unix())))
	token := must(verify(t, raw, jwtexp.WithAudience("api")))

	var got oldClaims
	if err := token.Claims(&got); err != nil {
		t.Fatal(err)
	}
	want := oldClaims{Tenant: "acme", RegisteredClaims: jwt.RegisteredClaims{
		Issuer:    "login",
		Subject:   "alice",
		Audience:  jwt.ClaimStrings{"api", "web"},
		ExpiresAt: jwt.NewNumericDate(epoch.Add(time.Hour)), // NumericDate cuts the half second
		NotBefore: jwt.NewNumericDate(epoch),
		IssuedAt:  jwt.NewNumericDate(epoch),
		ID:        "1",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("struct (-want +got):\n%s", diff)
	}

	var claims jwt.MapClaims
	if err := token.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	subject, _ := claims.GetSubject()
	audience, _ := claims.GetAudience()
	if subject != "alice" || !cmp.Equal(audience, want.Audience) || claims["tenant"] != "acme" {
		t.Errorf("map: got %v, want the same claims", claims)
	}
}

// Issue takes the claims types of golang-jwt if no registered claim is set.
func TestIssueTypesOfGolangJWT(t *testing.T) {
	date := jwt.NewNumericDate(epoch)
	for _, c := range []struct {
		claims any
		want   string // in the error; "": issued
	}{
		{oldClaims{Tenant: "acme"}, ""},
		{&oldClaims{Tenant: "acme"}, ""},
		{jwt.MapClaims{"tenant": "acme"}, ""},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{Issuer: "login"}}, `claim "iss" is set by the Issuer`},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{Subject: "alice"}}, `claim "sub" is set by the Issuer`},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{Audience: jwt.ClaimStrings{"api"}}}, `claim "aud" is set by the Issuer`},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{ExpiresAt: date}}, `claim "exp" is set by the Issuer`},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{NotBefore: date}}, `claim "nbf" is set by the Issuer`},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{IssuedAt: date}}, `claim "iat" is set by the Issuer`},
		{oldClaims{RegisteredClaims: jwt.RegisteredClaims{ID: "1"}}, `claim "jti" is set by the Issuer`},
		{jwt.MapClaims{"exp": epoch.Unix()}, `claim "exp" is set by the Issuer`},
	} {
		_, err := newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "alice", c.claims)
		if (err == nil) != (c.want == "") || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%+v: got %v, want an error with %q", c.claims, err, c.want)
		}
	}
}

// WithClaims takes a Validate method that was written for golang-jwt.
func TestValidateOfGolangJWT(t *testing.T) {
	check := jwtexp.WithClaims((*oldClaims).Validate)
	_, err := verify(t, sign(testSecret, joseHeader, live(`,"tenant":"acme"`)), check)
	wantOutcome(t, err, "ok")
	_, err = verify(t, sign(testSecret, joseHeader, live(``)), check)
	wantOutcome(t, err, "invalid: claims")
}

// Names match in exact case, so a field without a tag does not see a claim in lower case. The docs of
// WithClaims and Claims warn of it.
func TestUntaggedFieldStaysZero(t *testing.T) {
	type untagged struct{ Banned bool }
	raw := sign(testSecret, joseHeader, live(`,"banned":true`))
	checked := false
	token, err := verify(t, raw, jwtexp.WithClaims(func(c *untagged) error {
		checked = true
		if c.Banned {
			return errors.New("banned")
		}
		return nil
	}))
	if err != nil || !checked {
		t.Fatalf("got %v, and the check called: %t, want nil and true", err, checked)
	}

	_, err = newVerifier(jwtexptest.NewClock(epoch.Add(time.Hour))).Verify(t.Context(), raw)
	expired, ok := errors.AsType[*jwtexp.ExpiredError](err)
	if !ok {
		t.Fatalf("got %v, want an ExpiredError", err)
	}
	for name, claims := range map[string]func(any) error{"Token": token.Claims, "ExpiredError": expired.Claims} {
		var got untagged
		var want struct {
			Banned bool `json:"banned"`
		}
		if err := errors.Join(claims(&got), claims(&want)); err != nil {
			t.Fatal(err)
		}
		if got.Banned || !want.Banned {
			t.Errorf("%s: got %t without a tag and %t with one, want false and true", name, got.Banned, want.Banned)
		}
	}
}

// What other libraries can be made to accept, and no option of jwtexp does.
func TestNoEquivalent(t *testing.T) {
	good := sign(testSecret, joseHeader, live(``))
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for _, c := range []struct{ name, raw, want string }{
		{"good", good, "ok"},
		{"iat in the future", sign(testSecret, joseHeader, live(fmt.Sprintf(`,"iat":%d`, epoch.Unix()+1800))), "ok"},

		{"JWE", good + ".a.b", "invalid: malformed"},
		{"no exp", sign(testSecret, joseHeader, `{"sub":"alice"}`), "invalid: claims"},
		{"alg none", segment(`{"alg":"none"}`) + "." + payload + ".", "invalid: algorithm"},
		{"ES256K", sign(testSecret, `{"alg":"ES256K"}`, live(``)), "invalid: algorithm"},
		{"numeric sub", sign(testSecret, joseHeader, live(`,"sub":42`)), "invalid: claims"},
		{"key in the header", sign(otherSecret, fmt.Sprintf(`{"alg":"HS256","jwk":{"kty":"oct","k":%q},"jku":"https://evil.example","x5u":"https://evil.example","x5c":["AA"]}`, segment(otherSecret)), live(``)), "invalid: signature"},
		{"detached payload", header + ".." + signature, "invalid: signature"},
		{"unencoded payload", signSegments(testSecret, segment(`{"alg":"HS256","b64":false,"crit":["b64"]}`), live(``)), "invalid: malformed"},
		{"crit", sign(testSecret, `{"alg":"HS256","crit":["exp"],"exp":1}`, live(``)), "invalid: malformed"},
		{"several signatures", fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, payload, header, signature), "invalid: malformed"},
		{"padding", good + "=", "invalid: malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(t, c.raw)
			wantOutcome(t, err, c.want)
		})
	}
	if _, err := jwtexp.NewVerifier(testKey(), jwtexp.WithLeeway(jwtexp.MaxLeeway+1)); err == nil {
		t.Error("a leeway above MaxLeeway: got nil, want an error")
	}
}
