package bearer_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/internal/bearer"
)

func TestFromHeader(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		token  string
		status bearer.Status
	}{
		{"no header", nil, "", bearer.Missing},
		{"empty", []string{""}, "", bearer.Missing},
		{"a token", []string{"Bearer abc"}, "abc", bearer.Found},
		{"lower case, spaces", []string{"bearer  abc "}, "abc", bearer.Found},
		{"another scheme", []string{"Basic abc"}, "", bearer.Missing},
		{"a longer scheme", []string{"Bearers abc"}, "", bearer.Missing},
		{"no token", []string{"Bearer"}, "", bearer.Malformed},
		{"spaces", []string{"Bearer   "}, "", bearer.Malformed},
		{"two tokens", []string{"Bearer a b"}, "", bearer.Malformed},
		{"a tab", []string{"Bearer a\tb"}, "", bearer.Malformed},
		{"a comma", []string{"Bearer a,b"}, "", bearer.Malformed},
		{"two headers", []string{"Bearer a", "Bearer a"}, "", bearer.Malformed},
	} {
		token, status, detail := bearer.FromHeader(http.Header{"Authorization": tt.values})
		if token != tt.token || status != tt.status {
			t.Errorf("%s: got %q and status %d, want %q and %d", tt.name, token, status, tt.token, tt.status)
		}
		if (detail != "") != (status != bearer.Found) {
			t.Errorf("%s: got status %d with detail %q, want a detail unless there is a token", tt.name, status, detail)
		}
	}
}

func TestChallenge(t *testing.T) {
	for want, c := range map[string]bearer.Challenge{
		`Bearer realm="api"`:                          {Realm: "api"},
		`Bearer realm="a \"b\" \\c"`:                  {Realm: `a "b" \c`},
		`Bearer realm="api", error="invalid_request"`: {Realm: "api", Error: "invalid_request"},
		`Bearer realm="api", error="invalid_token", error_description="The access token expired"`: {
			Realm: "api", Error: "invalid_token", Description: "The access token expired"},
		`Bearer realm="api", error="insufficient_scope", scope="a b"`: {
			Realm: "api", Error: "insufficient_scope", Scope: []string{"a", "b"}},
	} {
		if diff := cmp.Diff(want, c.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
