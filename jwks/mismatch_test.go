package jwks_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/jwks"
)

// Discover says how the issuer of a configuration differs, and what to do.
func TestOtherIssuerIsExplained(t *testing.T) {
	const rest = "pass its spelling"
	for _, tt := range []struct {
		passed, named string
		want          []string
	}{
		{"https://login.example", "https://login.example/", []string{`"https://login.example/"`, "only by a slash at the end", rest}},
		{"https://login.example/realms/a/", "https://login.example/realms/a", []string{`"https://login.example/realms/a"`, "only by a slash at the end", rest}},
		{"https://login.example/realms/a", "https://login.example/realms/A", []string{`"https://login.example/realms/A"`, "only by letter case", rest}},
		{"https://login.example", "https://Login.example", []string{"only by letter case", rest}},
		{"https://login.example", "HTTPS://login.example", []string{"only by letter case", rest}},
		{"https://login.example/a", "http://login.example/a", []string{`"http://login.example/a"`, "only by the scheme", rest, "WithAddress"}},
		{"https://login.example/a", "login.example/a", []string{"only by the scheme", rest, "WithAddress"}},
		{"https://login.example", "https://login.example:443", []string{"only by the default port", rest}},
		{"https://login.example:443/a", "https://login.example/a", []string{"only by the default port", rest}},
		{"https://login.example/a", "http://login.example:80/a", []string{"only by the scheme and the default port", rest}},
		{"https://login.example/a", "https://LOGIN.example/a/", []string{"only by letter case and a slash at the end", rest}},
		{"https://login.example", "https://login.example ", []string{"only by white space"}},

		{"https://login.microsoftonline.com/organizations/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0",
			[]string{`"https://login.microsoftonline.com/{tenantid}/v2.0"`, "template", "tenant's ID", "WithAddress", "a Verifier for each tenant"}},
		{"https://login.example", "https://{tenant}.login.example", []string{"template", "WithAddress"}},

		{"https://keycloak.internal/realms/a", "https://login.example/realms/a", []string{`"https://login.example/realms/a"`, "another host", "WithAddress"}},
		{"https://login.example:8443/realms/a", "https://login.example/realms/a", []string{"another host", "WithAddress"}},
		{"https://keycloak.internal", "https://login.example/realms/a", []string{"another host", "WithAddress"}},
		{"https://login.example/realms/a", "https://login.example/realms/b", []string{`"https://login.example/realms/b"`, "iss of its tokens"}},
		{"https://login.example", "https://login.example:", []string{"iss of its tokens"}},
		{"https://login.example/realms/a", "", []string{"missing"}},
	} {
		t.Run(tt.passed+" "+tt.named, func(t *testing.T) {
			origin := &origin{reply: response(http.StatusOK, configuration(tt.named, keysURL))}
			_, err := jwks.Discover(t.Context(), tt.passed, jwks.WithTransport(origin))
			wantNoVerdict(t, err)
			for _, want := range append(tt.want, "passed to Discover") {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("got %v, want it to have %q", err, want)
				}
			}
		})
	}
}

// The error shows a short URL of plain characters, and nothing else that a configuration names.
func TestOtherIssuerIsShownIfItIsHarmless(t *testing.T) {
	long := strings.Repeat("a", 200)
	for _, named := range []string{
		"https://a:" + secret + "@login.example", "https://" + secret + "@login.example", "https://login.example?key=" + secret,
		"https://login.example#" + secret, "https://login.example/" + long + secret, secret, secret + ":a", "ftp://login.example/" + secret,
		"https://login.example/ " + secret, "https://login.example/\n" + secret, "https://login.example/\u00e9" + secret, "https://",
		"https:///" + secret, "https://login.example/\u202e" + secret, `https://login.example/"` + secret, `https:\\login.example\` + secret,
	} {
		origin := &origin{reply: response(http.StatusOK, configuration(named, keysURL))}
		_, err := jwks.Discover(t.Context(), "https://other.example", jwks.WithTransport(origin))
		wantNoVerdict(t, err)
		wantNoQuote(t, err)
		if text := fmt.Sprint(err); len(text) > 600 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q: got %q, want one short line", named, text)
		}
	}
}
