package jwtexp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// part returns a part of a token as the members of its JSON.
func part(t *testing.T, token *jwtexp.Token, i int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Raw(), ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func TestHeaderParameters(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer := must(jwtexp.NewIssuer(testKey().WithID("k1"), time.Hour, jwtexp.WithClock(clock),
		jwtexp.WithHeader("x5t#S256", "A-1_"),
		jwtexp.WithHeader("x5c", []string{"AQID", "BAUG"}),
		jwtexp.WithHeader("cty", "JWT"),
		jwtexp.WithHeader("<private>", map[string]any{"b": 1, "a": nil}),
	))
	want := map[string]any{
		"alg": "HS256", "kid": "k1", "typ": "JWT",
		"x5t#S256": "A-1_", "x5c": []any{"AQID", "BAUG"}, "cty": "JWT",
		"<private>": map[string]any{"b": 1.0, "a": nil},
	}
	for range 2 { // the second header is the first one again
		token := must(issuer.Issue(t.Context(), "alice", nil))
		if diff := cmp.Diff(want, part(t, token, 0)); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		_, err := newPair(testKey().WithID("k1"), jwtexp.WithClock(clock)).Verify(t.Context(), token.Raw())
		wantOutcome(t, err, "ok")
	}
}

// The Issuer sets some parameters itself, and writes none that its own Verifier would reject.
func TestHeaderFaults(t *testing.T) {
	deep := any(1)
	for range 100 {
		deep = []any{deep}
	}
	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"", "x", "the name is empty"},
		{"\xff", "x", "UTF-8"},
		{"alg", "none", "the Issuer sets it"},
		{"typ", "at+jwt", "the Issuer sets it"},
		{"kid", "k2", "the Issuer sets it"},
		{"Alg", "none", "the Issuer sets it"},
		{"KID", "k2", "the Issuer sets it"},
		{"crit", []string{"exp"}, "not supported"},
		{"b64", false, "not supported"},
		{"Crit", []string{"exp"}, "not supported"},
		{"cty", 1, "string"},
		{"x", nil, "nil"},
		{"x", (*int)(nil), "nil"},
		{"x", json.RawMessage(" null "), "nil"},
		{"x", func() {}, "JSON"},
		{"x", math.NaN(), "JSON"},
		{"x", "\xff", "JSON"},
		{"x", json.RawMessage(`{"a":1,"a":2}`), "JSON"},
		{"x", deep, "levels"},
	} {
		issuer, err := jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithHeader(c.name, c.value))
		if issuer != nil || !strings.Contains(fmt.Sprint(err), "WithHeader") || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%q: got %v, want an error with WithHeader and %q", c.name, err, c.want)
		}
	}
	for _, second := range []string{"x", "X"} {
		_, err := jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithHeader("x", 1), jwtexp.WithHeader(second, 1))
		if !strings.Contains(fmt.Sprint(err), "given twice") {
			t.Errorf("x and %s: got %v, want that x is given twice", second, err)
		}
	}
}

// iat lies back, and exp is the lifetime after iat.
func TestBackdate(t *testing.T) {
	clock := jwtexptest.NewClock(epoch.Add(999 * time.Millisecond))
	issuer := newIssuer(clock, jwtexp.WithBackdate(time.Minute))
	token := must(issuer.Issue(t.Context(), "alice", nil))
	if got, want := token.IssuedAt(), epoch.Add(-time.Minute); !got.Equal(want) {
		t.Errorf("iat: got %v, want %v", got, want)
	}
	if got, want := token.ExpiresAt(), epoch.Add(59*time.Minute); !got.Equal(want) {
		t.Errorf("exp: got %v, want %v", got, want)
	}
	_, err := newVerifier(clock, jwtexp.WithMaxLifetime(time.Hour)).Verify(t.Context(), token.Raw())
	wantOutcome(t, err, "ok")

	short := jwtexp.WithLifetime(time.Minute)
	if token, err := issuer.Issue(t.Context(), "alice", nil, short); err == nil || len(verdicts(err)) > 0 || !strings.Contains(err.Error(), "WithBackdate") {
		t.Errorf("a token that has expired when it is issued: got %v, %v, want an error that names WithBackdate", token, err)
	}
	for _, d := range []time.Duration{0, -time.Second, 1500 * time.Millisecond, time.Hour, jwtexp.MaxLeeway + time.Second, math.MaxInt64} {
		if _, err := jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithBackdate(d)); !strings.Contains(fmt.Sprint(err), "WithBackdate: ") {
			t.Errorf("%v: got %v, want an error", d, err)
		}
	}
	for d, ok := range map[time.Duration]bool{time.Second: true, 9 * time.Second: true, 10 * time.Second: false} {
		if _, err := jwtexp.NewIssuer(testKey(), 10*time.Second, jwtexp.WithBackdate(d)); (err == nil) != ok {
			t.Errorf("%v of 10 s: got %v, want good: %t", d, err, ok)
		}
	}
	early := newIssuer(jwtexptest.NewClock(time.Unix(59, 0)), jwtexp.WithBackdate(time.Minute))
	if token, err := early.Issue(t.Context(), "alice", nil); err == nil {
		t.Errorf("iat before 1970: got %v, want an error", token)
	}
}

func TestWithoutSubject(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer := newIssuer(clock, jwtexp.WithIssuer("robot@example.iam"))
	token := must(issuer.Issue(t.Context(), "", map[string]any{"scope": "read"}, jwtexp.WithoutSubject()))
	if sub, ok := part(t, token, 1)["sub"]; ok || token.Subject() != "" {
		t.Errorf("got sub %v, want none", sub)
	}
	_, err := newVerifier(clock, jwtexp.WithIssuer("robot@example.iam")).Verify(t.Context(), token.Raw())
	wantOutcome(t, err, "ok")
	for name, issue := range map[string]func() (*jwtexp.Token, error){
		"a subject":             func() (*jwtexp.Token, error) { return issuer.Issue(t.Context(), "alice", nil, jwtexp.WithoutSubject()) },
		"no subject, no option": func() (*jwtexp.Token, error) { return issuer.Issue(t.Context(), "", nil) },
		"twice": func() (*jwtexp.Token, error) {
			return issuer.Issue(t.Context(), "", nil, jwtexp.WithoutSubject(), jwtexp.WithoutSubject())
		},
		"a claim sub of their own": func() (*jwtexp.Token, error) {
			return issuer.Issue(t.Context(), "", map[string]any{"sub": "x"}, jwtexp.WithoutSubject())
		},
	} {
		if token, err := issue(); err == nil {
			t.Errorf("%s: got %v, want an error", name, token)
		}
	}
}

// An issuer and an audience of one token replace the names of the Issuer, for this token only.
func TestIssuerAndAudienceOfOneToken(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	for name, own := range map[string][]jwtexp.IssuerOption{
		"an Issuer with names":    {jwtexp.WithIssuer("login"), jwtexp.WithAudience("api")},
		"an Issuer without names": nil,
	} {
		issuer := newIssuer(clock, own...)
		plain := part(t, must(issuer.Issue(t.Context(), "alice", nil)), 1)
		for _, c := range []struct {
			opts     []jwtexp.IssueOption
			iss, aud any
		}{
			{[]jwtexp.IssueOption{jwtexp.WithIssuer("tenant")}, "tenant", plain["aud"]},
			{[]jwtexp.IssueOption{jwtexp.WithAudience("a", "b")}, plain["iss"], []any{"a", "b"}},
			{[]jwtexp.IssueOption{jwtexp.WithAudience("a"), jwtexp.WithIssuer("tenant"), jwtexp.WithLifetime(time.Minute)}, "tenant", "a"},
			{nil, plain["iss"], plain["aud"]},
		} {
			token := must(issuer.Issue(t.Context(), "alice", map[string]any{"role": "admin"}, c.opts...))
			got := part(t, token, 1)
			if diff := cmp.Diff([]any{c.iss, c.aud, "alice", "admin"}, []any{got["iss"], got["aud"], got["sub"], got["role"]}); diff != "" {
				t.Errorf("%s: iss, aud, sub, role (-want +got):\n%s", name, diff)
			}
			if iss, _ := got["iss"].(string); token.Issuer() != iss || len(token.Audience()) == 0 != (c.aud == nil) {
				t.Errorf("%s: got accessors %q, %q, want the token's", name, token.Issuer(), token.Audience())
			}
		}
	}

	issuer := newIssuer(clock)
	for want, opts := range map[string][]jwtexp.IssueOption{
		"WithIssuer: empty":         {jwtexp.WithIssuer("")},
		"WithIssuer: given twice":   {jwtexp.WithIssuer("a"), jwtexp.WithIssuer("a")},
		"WithAudience: no audience": {jwtexp.WithAudience()},
		"WithAudience: audience 1":  {jwtexp.WithAudience("a", "\xff")},
		"WithAudience: given twice": {jwtexp.WithAudience("a"), jwtexp.WithAudience("b")},
	} {
		if token, err := issuer.Issue(t.Context(), "alice", nil, opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want an error with %q", token, err, want)
		}
	}
}

// The caller's slices can change after the option was made.
func TestOptionsCopyTheirNames(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	audience, types := []string{"api"}, []string{"at+jwt", "JWT"}
	forAudience, ofTypes := jwtexp.WithAudience(audience...), jwtexp.WithTypes(types...)
	audience[0], types[1] = "evil", "evil"
	token := must(newIssuer(clock).Issue(t.Context(), "alice", nil, forAudience))
	if got := token.Audience()[0]; got != "api" {
		t.Errorf("got audience %q, want api", got)
	}
	_, err := newVerifier(clock, forAudience, ofTypes).Verify(t.Context(), token.Raw())
	wantOutcome(t, err, "ok")
}
