package jwtexp_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// insufficientScope returns the response for a token that lacks a scope token.
func insufficientScope(required string) response {
	return response{403, `Bearer realm="api", error="insufficient_scope", scope="` + required + `"`, "", "no-store", "application/json", `{"error":"Insufficient scope"}`}
}

func TestScope(t *testing.T) {
	v := newVerifier(jwtexptest.NewClock(epoch))
	for claims, want := range map[string][]string{
		``:                                   nil,
		`,"scope":"a"`:                       {"a"},
		`,"scope":"orders:read orders:list"`: {"orders:read", "orders:list"},
		`,"scope":"  a   b "`:                {"a", "b"},
		`,"scope":"a\tb c"`:                  {"a\tb", "c"},
		`,"scope":["a","b"]`:                 {"a", "b"},
		`,"scope":["a b"]`:                   {"a b"},
		`,"scp":"a b"`:                       {"a", "b"},
		`,"scp":["a","b"]`:                   {"a", "b"},
		`,"scope":"a","scp":"b"`:             {"a"},
		`,"scope":null,"scp":"b"`:            {"b"},
		`,"scope":"","scp":"b"`:              nil,
		`,"scope":[],"scp":"b"`:              nil,
		`,"scope":1,"scp":"b"`:               nil,
		`,"scope":["a",1]`:                   nil,
		`,"scope":{"a":true}`:                nil,
		`,"scope":true`:                      nil,
		`,"SCOPE":"a","Scp":"a"`:             nil,
		`,"x":{"scope":"a"}`:                 nil,
	} {
		token := accept(t, v, sign(testSecret, joseHeader, live(claims)))
		if diff := cmp.Diff(want, token.Scope(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", claims, diff)
		}
	}
	issuer := must(jwtexp.NewIssuer(testKey(), 1e9, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
	issued := must(issuer.Issue(t.Context(), "alice", map[string]any{"scope": "a b"}))
	if diff := cmp.Diff([]string{"a", "b"}, issued.Scope()); diff != "" {
		t.Errorf("an issued token: (-want +got):\n%s", diff)
	}
}

func TestWithScope(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	bearer := func(claims string) http.Header {
		return authorization("Bearer " + sign(testSecret, joseHeader, live(`,"sub":"alice"`+claims)))
	}
	expired := authorization("Bearer " + sign(testSecret, joseHeader, fmt.Sprintf(`{"sub":"alice","scope":"a","exp":%d}`, epoch.Unix())))
	forged := authorization("Bearer " + sign(otherSecret, joseHeader, live(`,"scope":"a"`)))
	guard := must(jwtexp.NewMiddleware(newVerifier(clock)))
	optional := must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithOptional()))
	a := guard.WithScope("a")
	abc := guard.WithScope("a", "b", "c") // an array with room for a fourth
	abcd := abc.WithScope("d")
	abc.WithScope("e")
	for _, c := range []struct {
		name   string
		guard  *jwtexp.Middleware
		header http.Header
		want   response
	}{
		{"has it", a, bearer(`,"scope":"a"`), served},
		{"has it among others", a, bearer(`,"scope":"b a c"`), served},
		{"has it in an array", a, bearer(`,"scope":["b","a"]`), served},
		{"has it as scp", a, bearer(`,"scp":"a"`), served},
		{"has no scope", a, bearer(``), insufficientScope("a")},
		{"has another", a, bearer(`,"scope":"b"`), insufficientScope("a")},
		{"has it in another case", a, bearer(`,"scope":"A"`), insufficientScope("a")},
		{"has one that begins with it", a, bearer(`,"scope":"aa"`), insufficientScope("a")},
		{"has it in scp, beside scope", a, bearer(`,"scope":"b","scp":"a"`), insufficientScope("a")},
		{"has both", guard.WithScope("a", "b"), bearer(`,"scope":"b a"`), served},
		{"has the second of two", guard.WithScope("a", "b"), bearer(`,"scope":"b"`), insufficientScope("a b")},
		{"has the first of two", guard.WithScope("a", "b"), bearer(`,"scope":"a"`), insufficientScope("a b")},
		{"required one by one", a.WithScope("b"), bearer(`,"scope":"a b"`), served},
		{"required one by one, lacks the first", a.WithScope("b"), bearer(`,"scope":"b"`), insufficientScope("a b")},
		{"required one by one, lacks the second", a.WithScope("b"), bearer(`,"scope":"a"`), insufficientScope("a b")},
		{"required twice", a.WithScope("a", "b"), bearer(``), insufficientScope("a b")},
		{"original Middleware", guard, bearer(``), served},
		{"original Middleware was extended twice", abcd, bearer(`,"scope":"a b c d"`), served},
		{"expired", a, expired, expiredToken},
		{"forged", a, forged, invalidToken},
		{"missing", a, nil, missing},
		{"missing and optional", optional.WithScope("a"), nil, missing},
		{"optional, has it", optional.WithScope("a"), bearer(`,"scope":"a"`), served},
		{"optional, lacks it", optional.WithScope("a"), bearer(``), insufficientScope("a")},
		{"optional without scope", optional, nil, anonymous},
		{"zero Middleware", new(jwtexp.Middleware).WithScope("a"), bearer(`,"scope":"a"`), unavailable},
	} {
		t.Run(c.name, func(t *testing.T) { wantResponse(t, c.guard.Handler(subject), c.header, c.want) })
	}
}

func TestErrInsufficientScope(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch))))
	raw := sign(testSecret, joseHeader, live(`,"scope":"private"`))
	required := []string{"a", "b"}
	guard = guard.WithScope(required...)
	required[0] = "changed"
	token, err := guard.Check(requestWith(raw))
	scope, ok := errors.AsType[*jwtexp.ScopeError](err)
	if !ok || token != nil || !errors.Is(err, jwtexp.ErrInsufficientScope) {
		t.Fatalf("got %v, %v, want no token and a ScopeError", token, err)
	}
	wantOutcome(t, err, "scope")
	if diff := cmp.Diff([]string{"a", "b"}, scope.Required); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := jwtexp.StatusCode(err); got != http.StatusForbidden {
		t.Errorf("got status %d, want 403", got)
	}
	if got := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(got, "private") {
		t.Errorf("got %s, want no scope of the token", got)
	}
	scope.Required[0] = "changed"
	if _, err := guard.Check(requestWith(raw)); strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v after a caller changed an earlier error, want a, b", err)
	}
	var none *jwtexp.ScopeError
	if errors.Is(none, jwtexp.ErrInsufficientScope) {
		t.Error("nil *ScopeError: got a match of ErrInsufficientScope, want none")
	}
}

func TestWithScopeRejectsMalformedTokens(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch))))
	for _, scope := range [][]string{nil, {""}, {"a b"}, {"a", ""}, {`a"b`}, {`a\b`}, {"a\tb"}, {"ä"}, {"a\x7f"}} {
		wantPanic(t, fmt.Sprintf("%q", scope), func() { guard.WithScope(scope...) })
	}
	guard.WithScope("!", "#[", "]~", "https://api.example/orders.read")
}

// WithScope compares what WithScopeFrom returns. Response, observer and error are as for scopes.
func TestWithScopeFrom(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	bearer := func(claims string) http.Header {
		return authorization("Bearer " + sign(testSecret, joseHeader, live(`,"sub":"alice"`+claims)))
	}
	var decisions []jwtexp.Verdict
	newGuard := func(from func(*jwtexp.Token) []string) *jwtexp.Middleware {
		observe := jwtexp.WithObserver(func(_ *http.Request, d jwtexp.Decision) { decisions = append(decisions, d.Verdict()) })
		return must(jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithScopeFrom(from), observe))
	}
	permissions := newGuard(jwtexp.ScopeFromClaims("permissions")).WithScope("orders:read")
	several := newGuard(jwtexp.ScopeFromClaims("roles", "groups", "https://app.example/roles")).WithScope("a", "b")
	nested := newGuard(func(t *jwtexp.Token) []string {
		var claims struct {
			Access struct {
				Roles []string `json:"roles"`
			} `json:"realm_access"`
		}
		t.Claims(&claims)
		return claims.Access.Roles
	}).WithScope("admin")
	for _, c := range []struct {
		name   string
		guard  *jwtexp.Middleware
		header http.Header
		want   response
	}{
		{"array", permissions, bearer(`,"permissions":["orders:write","orders:read"]`), served},
		{"string", permissions, bearer(`,"permissions":"orders:write orders:read"`), served},
		{"lacks it", permissions, bearer(`,"permissions":["orders:write"]`), insufficientScope("orders:read")},
		{"absent", permissions, bearer(``), insufficientScope("orders:read")},
		{"null", permissions, bearer(`,"permissions":null`), insufficientScope("orders:read")},
		{"number", permissions, bearer(`,"permissions":1`), insufficientScope("orders:read")},
		{"object", permissions, bearer(`,"permissions":{"orders:read":true}`), insufficientScope("orders:read")},
		{"mixed array", permissions, bearer(`,"permissions":["orders:read",1]`), insufficientScope("orders:read")},
		{"in another case", permissions, bearer(`,"Permissions":["orders:read"]`), insufficientScope("orders:read")},
		{"in scope alone", permissions, bearer(`,"scope":"orders:read"`), insufficientScope("orders:read")},
		{"beside a number that a float64 cannot hold", permissions, bearer(`,"uid":281674916028284931,"permissions":["orders:read"]`), served},
		{"two claims", several, bearer(`,"roles":["a"],"groups":"b"`), served},
		{"a name that is a URL", several, bearer(`,"roles":["a"],"https://app.example/roles":["b"]`), served},
		{"one of two", several, bearer(`,"groups":["b"]`), insufficientScope("a b")},
		{"func", nested, bearer(`,"realm_access":{"roles":["admin"]}`), served},
		{"func, lacks it", nested, bearer(`,"realm_access":{"roles":[]}`), insufficientScope("admin")},
	} {
		t.Run(c.name, func(t *testing.T) {
			decisions = nil
			wantResponse(t, c.guard.Handler(subject), c.header, c.want)
			want := jwtexp.VerdictAccepted
			if c.want.Status == http.StatusForbidden {
				want = jwtexp.VerdictInsufficientScope
			}
			if diff := cmp.Diff([]jwtexp.Verdict{want}, decisions); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
		})
	}
	issued := must(newIssuer(clock).Issue(t.Context(), "alice", map[string]any{"roles": []string{"a"}}))
	if diff := cmp.Diff([]string{"a"}, jwtexp.ScopeFromClaims("roles")(issued)); diff != "" {
		t.Errorf("an issued token: (-want +got):\n%s", diff)
	}
	for name, from := range map[string]func(*jwtexp.Token) []string{
		"nil": nil, "no name": jwtexp.ScopeFromClaims(), "empty name": jwtexp.ScopeFromClaims("a", ""),
	} {
		if _, err := jwtexp.NewMiddleware(newVerifier(clock), jwtexp.WithScopeFrom(from)); err == nil || !strings.Contains(err.Error(), "WithScopeFrom: nil") {
			t.Errorf("%s: got %v, want an error of WithScopeFrom", name, err)
		}
	}
	// A route without WithScope does not ask.
	ask := newGuard(func(*jwtexp.Token) []string { t.Error("got a call, want none without WithScope"); return nil })
	wantResponse(t, ask.Handler(subject), bearer(``), served)
}

// A ScopeError names what lacks, beside what the route requires.
func TestScopeErrorNamesWhatLacks(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)))).WithScope("a", "b", "c")
	_, err := guard.Check(requestWith(sign(testSecret, joseHeader, live(`,"scope":"b private"`))))
	wantText(t, "scope", err, "scope", "lacks a c; the route requires a b c")
	e, _ := errors.AsType[*jwtexp.ScopeError](err)
	if diff := cmp.Diff(&jwtexp.ScopeError{Required: []string{"a", "b", "c"}, Missing: []string{"a", "c"}}, e); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(fmt.Sprint(err), "private") {
		t.Errorf("got %v, want no scope of the token", err)
	}
}
