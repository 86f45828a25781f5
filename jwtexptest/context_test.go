package jwtexptest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestContext(t *testing.T) {
	type summary struct {
		Subject, Plan, Issuer, Audience, Type string
		IssuedAt                              time.Time
	}
	clock := jwtexp.WithClock(jwtexptest.NewClock(start))
	issuedAt := start.Truncate(time.Second)
	type plan struct {
		Plan string `json:"plan"`
	}
	tests := []struct {
		name   string
		claims any
		opts   []jwtexp.CommonOption
		want   summary
	}{
		{"no claims", nil, nil, summary{}},
		{"claims in a map", map[string]any{"plan": "large"}, nil, summary{Plan: "large"}},
		{"claims in a struct", plan{"large"}, nil, summary{Plan: "large"}},
		{"WithIssuer", nil, []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example")}, summary{Issuer: "https://login.example"}},
		{"WithAudience", nil, []jwtexp.CommonOption{jwtexp.WithAudience("a", "b")}, summary{Audience: "a b"}},
		{"WithType", nil, []jwtexp.CommonOption{jwtexp.WithType("at+jwt")}, summary{Type: "at+jwt"}},
		{"several options", plan{"small"}, []jwtexp.CommonOption{jwtexp.WithIssuer("i"), jwtexp.Options(jwtexp.WithAudience("a"), jwtexp.WithType("at+jwt"))}, summary{Plan: "small", Issuer: "i", Audience: "a", Type: "at+jwt"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx := jwtexptest.Context(t, "alice", test.claims, append(test.opts, clock)...)
			token, ok := jwtexp.FromContext(ctx)
			if !ok {
				t.Fatal("got no token, want one")
			}
			var claims plan
			if err := token.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			got := summary{token.Subject(), claims.Plan, token.Issuer(), strings.Join(token.Audience(), " "), token.Type(), token.IssuedAt()}
			test.want.Subject, test.want.IssuedAt = "alice", issuedAt
			if test.want.Type == "" {
				test.want.Type = "JWT"
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if got, want := token.ExpiresAt(), issuedAt.Add(time.Hour); !got.Equal(want) {
				t.Errorf("expires at: got %v, want %v", got, want)
			}
		})
	}
}

// contextTB is a testing.TB with another context.
type contextTB struct {
	testing.TB
	ctx context.Context
}

func (tb contextTB) Context() context.Context { return tb.ctx }

type contextKey struct{}

func TestContextIsAChildOfTBContext(t *testing.T) {
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "kept"))
	ctx := jwtexptest.Context(contextTB{t, parent}, "alice", nil)
	if got, want := ctx.Value(contextKey{}), "kept"; got != want {
		t.Errorf("value: got %v, want %v", got, want)
	}
	if err := ctx.Err(); err != nil {
		t.Errorf("before the test ends: got %v, want nil", err)
	}
	cancel()
	if got, want := ctx.Err(), context.Canceled; got != want {
		t.Errorf("when the test ends: got %v, want %v", got, want)
	}
}

func TestContextErrorFailsTheTest(t *testing.T) {
	tests := []struct {
		name    string
		subject string
		claims  any
		opts    []jwtexp.CommonOption
	}{
		{"empty subject", "", nil, nil},
		{"registered claim", "alice", map[string]any{"exp": 1}, nil},
		{"claims that are not an object", "alice", []int{1}, nil},
		{"empty issuer", "alice", nil, []jwtexp.CommonOption{jwtexp.WithIssuer("")}},
		{"option given twice", "alice", nil, []jwtexp.CommonOption{jwtexp.WithType("a"), jwtexp.WithType("a")}},
		{"nil option", "alice", nil, []jwtexp.CommonOption{nil}},
		{"nil clock", "alice", nil, []jwtexp.CommonOption{jwtexp.WithClock(nil)}},
		{"clock that was never set", "alice", nil, []jwtexp.CommonOption{jwtexp.WithClock(new(jwtexptest.Clock))}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			returned := false
			r := record(t, func(tb testing.TB) {
				jwtexptest.Context(tb, test.subject, test.claims, test.opts...)
				returned = true
			})
			if len(r.fatals) != 1 || returned {
				t.Errorf("got Fatalf %q, returned: %t; want one and false", r.fatals, returned)
			}
		})
	}
}
