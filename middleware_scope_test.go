package jwtexp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func lacking(scope string) answer {
	return answer{403, `Bearer realm="api", error="insufficient_scope", scope="` + scope + `"`, "", "no-store", "application/json", `{"error":"Insufficient scope"}`}
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
	for _, c := range []struct {
		name   string
		guard  *jwtexp.Middleware
		header http.Header
		want   answer
	}{
		{"has it", a, bearer(`,"scope":"a"`), served},
		{"has it among others", a, bearer(`,"scope":"b a c"`), served},
		{"has it in an array", a, bearer(`,"scope":["b","a"]`), served},
		{"has it as scp", a, bearer(`,"scp":"a"`), served},
		{"has none", a, bearer(``), lacking("a")},
		{"has another", a, bearer(`,"scope":"b"`), lacking("a")},
		{"has it in another case", a, bearer(`,"scope":"A"`), lacking("a")},
		{"has one that begins so", a, bearer(`,"scope":"aa"`), lacking("a")},
		{"has it in scp, beside scope", a, bearer(`,"scope":"b","scp":"a"`), lacking("a")},
		{"has both", guard.WithScope("a", "b"), bearer(`,"scope":"b a"`), served},
		{"has the second of two", guard.WithScope("a", "b"), bearer(`,"scope":"b"`), lacking("a b")},
		{"has the first of two", guard.WithScope("a", "b"), bearer(`,"scope":"a"`), lacking("a b")},
		{"demanded one by one", a.WithScope("b"), bearer(`,"scope":"a b"`), served},
		{"demanded one by one, lacks the first", a.WithScope("b"), bearer(`,"scope":"b"`), lacking("a b")},
		{"demanded one by one, lacks the second", a.WithScope("b"), bearer(`,"scope":"a"`), lacking("a b")},
		{"demanded twice", a.WithScope("a", "b"), bearer(``), lacking("a b")},
		{"what it was made from", guard, bearer(``), served},
		{"expired", a, expired, expiredToken},
		{"forged", a, forged, invalidToken},
		{"missing", a, nil, missing},
		{"missing and optional", optional.WithScope("a"), nil, missing},
		{"optional, has it", optional.WithScope("a"), bearer(`,"scope":"a"`), served},
		{"optional, lacks it", optional.WithScope("a"), bearer(``), lacking("a")},
		{"optional without scope", optional, nil, anonymous},
		{"nobody made the Middleware", new(jwtexp.Middleware).WithScope("a"), bearer(`,"scope":"a"`), unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ask(t, c.guard.Handler(subject), c.header)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrInsufficientScope(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch))))
	raw := sign(testSecret, joseHeader, live(`,"scope":"private"`))
	demanded := []string{"a", "b"}
	demanding := guard.WithScope(demanded...)
	demanded[0] = "changed later"
	token, err := demanding.Check(requestWith(raw))
	scope, ok := errors.AsType[*jwtexp.ScopeError](err)
	if !ok || token != nil || !errors.Is(err, jwtexp.ErrInsufficientScope) {
		t.Fatalf("got %v, %v, want no token and a ScopeError", token, err)
	}
	for _, other := range []error{jwtexp.ErrExpired, jwtexp.ErrInvalid, jwtexp.ErrMissing, jwtexp.ErrUnavailable} {
		if errors.Is(err, other) {
			t.Errorf("got an error that matches %v too", other)
		}
	}
	if diff := cmp.Diff([]string{"a", "b"}, scope.Required); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := jwtexp.StatusCode(err); got != http.StatusForbidden {
		t.Errorf("got status %d, want 403", got)
	}
	if got := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(got, "private") {
		t.Errorf("got %s, want nothing of the token", got)
	}
	scope.Required[0] = "changed later"
	if _, err := demanding.Check(requestWith(raw)); strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v, want an error of its own each time", err)
	}
	var none *jwtexp.ScopeError
	if errors.Is(none, jwtexp.ErrInsufficientScope) {
		t.Error("got a nil ScopeError that matches a verdict")
	}
}

// requestWith returns a request that carries a token.
func requestWith(raw string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+raw)
	return r
}

func TestWithScopeTakesScopeTokensOnly(t *testing.T) {
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch))))
	for _, scope := range [][]string{nil, {""}, {"a b"}, {"a", ""}, {`a"b`}, {`a\b`}, {"a\tb"}, {"ä"}, {"a\x7f"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: got no panic, want one", scope)
				}
			}()
			guard.WithScope(scope...)
		}()
	}
	guard.WithScope("!", "#[", "]~", "https://api.example/orders.read")
}
