package jwtexp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A Verifier of several types accepts exactly those. "" stands for a token without typ.
func TestSeveralTypes(t *testing.T) {
	for _, c := range []struct {
		types []string
		typ   string // JSON, or "" if it is absent
		want  string
	}{
		{[]string{"JWT", "at+jwt"}, `"JWT"`, "ok"},
		{[]string{"JWT", "at+jwt"}, `"jwt"`, "ok"},
		{[]string{"JWT", "at+jwt"}, `"AT+JWT"`, "ok"},
		{[]string{"JWT", "at+jwt"}, `"application/at+jwt"`, "ok"},
		{[]string{"JWT", "at+jwt"}, ``, "invalid: type"},
		{[]string{"JWT", "at+jwt"}, `""`, "invalid: type"},
		{[]string{"JWT", "at+jwt"}, `"dpop+jwt"`, "invalid: type"},
		{[]string{"JWT", "at+jwt"}, `"JWT at+jwt"`, "invalid: type"},
		{[]string{"", "at+jwt"}, ``, "ok"},
		{[]string{"at+jwt", ""}, `"at+jwt"`, "ok"},
		{[]string{"at+jwt", ""}, `""`, "invalid: type"},
		{[]string{"at+jwt", ""}, `"JWT"`, "invalid: type"},
		{[]string{"at+jwt"}, `"at+jwt"`, "ok"},
		{[]string{"at+jwt"}, ``, "invalid: type"},
	} {
		header := `{"alg":"HS256"}`
		if c.typ != "" {
			header = `{"alg":"HS256","typ":` + c.typ + `}`
		}
		_, err := verify(t, sign(testSecret, header, live(``)), jwtexp.WithTypes(c.types...))
		if got := outcome(err); got != c.want {
			t.Errorf("typ %s for %q: got %s, want %s", c.typ, c.types, got, c.want)
		}
	}

	_, err := verify(t, sign(testSecret, `{"alg":"HS256"}`, live(``)), jwtexp.WithTypes("JWT", "at+jwt"))
	if want := "typ is missing, and this Verifier accepts JWT or at+jwt (WithTypes)"; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("got %q, want it to have %q", fmt.Sprint(err), want)
	}
}

// With WithAudienceOptional a token names an audience of WithAudience, or none. An audience that is
// there and wrong is never taken for a missing one.
func TestOptionalAudience(t *testing.T) {
	for members, want := range map[string]string{
		``:                           "ok",
		`,"azp":"web"`:               "ok",
		`,"AUD":"other"`:             "ok", // another claim
		`,"aud":"account"`:           "ok",
		`,"aud":["other","account"]`: "ok",
		`,"aud":"other"`:             "invalid: audience",
		`,"aud":["other"]`:           "invalid: audience",
		`,"aud":"Account"`:           "invalid: audience",
		`,"aud":""`:                  "invalid: claims",
		`,"aud":[]`:                  "invalid: claims",
		`,"aud":null`:                "invalid: claims",
		`,"aud":[""]`:                "invalid: claims",
	} {
		raw := sign(testSecret, joseHeader, live(members))
		optional := []jwtexp.VerifierOption{jwtexp.WithAudience("account", "api"), jwtexp.WithAudienceOptional()}
		_, err := verify(t, raw, optional...)
		if got := outcome(err); got != want {
			t.Errorf("%s: got %s, want %s", members, got, want)
		}
		_, err = verify(t, raw, jwtexp.WithAudience("account", "api"))
		if got := outcome(err); !strings.Contains(members, `"account"`) && got == "ok" {
			t.Errorf("%s without the option: got %s, want it to be invalid", members, got)
		}
	}
}

func TestFaultsOfSeveral(t *testing.T) {
	for name, c := range map[string]struct {
		opts []jwtexp.VerifierOption
		want string
	}{
		"no type":           {[]jwtexp.VerifierOption{jwtexp.WithTypes()}, "WithTypes: no type given"},
		"a bad type":        {[]jwtexp.VerifierOption{jwtexp.WithTypes("JWT", "at jwt")}, `WithTypes: invalid type "at jwt"`},
		"only no type":      {[]jwtexp.VerifierOption{jwtexp.WithTypes("")}, `WithTypes: ""`},
		"type and types":    {[]jwtexp.VerifierOption{jwtexp.WithTypes("JWT", "at+jwt"), jwtexp.WithType("JWT")}, "WithTypes: WithType is given, too"},
		"types twice":       {[]jwtexp.VerifierOption{jwtexp.WithTypes("JWT"), jwtexp.WithTypes("JWT")}, "given twice"},
		"optional audience": {[]jwtexp.VerifierOption{jwtexp.WithAudienceOptional()}, "WithAudienceOptional: needs WithAudience"},
	} {
		_, err := jwtexp.NewVerifier(testKey(), c.opts...)
		if !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: got %q, want it to have %q", name, fmt.Sprint(err), c.want)
		}
	}
}

// A key set may say why its keys are for other algorithms than the token's.
func TestKeySetExplainsAlgorithm(t *testing.T) {
	set := explainingSet{KeySet: testKey().WithID("k1"), why: "its JWK names no alg, so HS256 was assumed"}
	v := must(jwtexp.NewVerifier(set, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
	_, err := v.Verify(t.Context(), sign(testSecret, `{"alg":"HS512","kid":"k1"}`, live(``)))
	wantOutcome(t, err, "invalid: algorithm")
	if want := "alg is HS512, and the key is for HS256: its JWK names no alg, so HS256 was assumed"; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("got %q, want it to have %q", fmt.Sprint(err), want)
	}
}

type explainingSet struct {
	jwtexp.KeySet
	why string
}

func (s explainingSet) WhyAlgorithm(id string) string {
	if id != "k1" {
		return "asked for another ID"
	}
	return s.why
}
