package jwks_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/jwks"
)

// TestAddress shows which issuers and addresses go together. The provider answers at the address
// alone, and its configuration names the issuer.
func TestAddress(t *testing.T) {
	for _, tt := range []struct{ name, issuer, address, asked string }{
		{"public name", "https://login.example", "https://keycloak.internal", "https://keycloak.internal" + wellKnown},
		{"slash at the end", "https://login.example/", "https://keycloak.internal/realms/a/", "https://keycloak.internal/realms/a" + wellKnown},
		{"http name", "http://localhost:8080/realms/x", "https://keycloak:8443/realms/x", "https://keycloak:8443/realms/x" + wellKnown},
		{"http address", "https://login.example", "http://keycloak:8080/realms/x", "http://keycloak:8080/realms/x" + wellKnown},
		{"Entra", "https://login.microsoftonline.com/{tenantid}/v2.0", "https://login.microsoftonline.com/organizations/v2.0",
			"https://login.microsoftonline.com/organizations/v2.0" + wellKnown},
		{"no URL", "accounts.google.com", "https://accounts.google.com", "https://accounts.google.com" + wellKnown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			web := newWeb(map[string]reply{tt.asked: response(http.StatusOK, configuration(tt.issuer, keysURL)), keysURL: set("a")})
			opts := []jwks.RemoteOption{jwks.WithTransport(web), jwks.WithInsecureHTTP("keycloak"), jwks.WithAddress(tt.address)}
			now, err := jwks.Discover(t.Context(), tt.issuer, opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer now.Close()
			web.wantAsked(t, tt.asked)
			wantKeys(t, now, "a", day, good)
			web.wantAsked(t, keysURL)

			later, err := jwks.DiscoverLater(tt.issuer, opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer later.Close()
			wantKeys(t, later, "a", day, good)
			web.wantAsked(t, tt.asked, keysURL)
		})
	}
}

// The configuration must name the issuer, whatever the address is.
func TestAddressDemandsTheIssuer(t *testing.T) {
	const address = "https://keycloak.internal/realms/a"
	for _, named := range []string{address, "https://login.example/realms/A", "https://login.example/realms/a/", "https://evil.example", ""} {
		web := newWeb(map[string]reply{address + wellKnown: response(http.StatusOK, configuration(named, keysURL))})
		_, err := jwks.Discover(t.Context(), issuerURL, jwks.WithTransport(web), jwks.WithAddress(address))
		wantNoVerdict(t, err)
		if text := fmt.Sprint(err); strings.Contains(text, "with WithAddress") || !strings.Contains(text, "configuration of "+address) {
			t.Errorf("%s: got %v, want an error that names the address and does not suggest WithAddress", named, err)
		}
	}
}

// At the address of Entra, the issuer is the template, and not one tenant's name.
func TestAddressOfATemplate(t *testing.T) {
	const entra = "https://login.microsoftonline.com/"
	web := newWeb(map[string]reply{
		entra + "organizations/v2.0" + wellKnown: response(http.StatusOK, configuration(entra+"{tenantid}/v2.0", keysURL)),
	})
	for _, issuer := range []string{entra + "8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0", entra + "{tenant}/v2.0"} {
		_, err := jwks.Discover(t.Context(), issuer, jwks.WithTransport(web), jwks.WithAddress(entra+"organizations/v2.0"))
		wantNoVerdict(t, err)
		for _, want := range []string{`"` + entra + `{tenantid}/v2.0"`, "pass it as it is"} {
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s: got %v, want %s", issuer, err, want)
			}
		}
	}
}

// TestAddressFaults names what each error must say.
func TestAddressFaults(t *testing.T) {
	const address = "https://keycloak.internal"
	for _, tt := range []struct{ issuer, address, want string }{
		{issuerURL, "", "WithAddress: URL has no host"},
		{issuerURL, "keycloak:8080", "WithAddress"},
		{issuerURL, "http://keycloak:8080", "WithInsecureHTTP"},
		{issuerURL, "https://a:" + secret + "@keycloak", "user"},
		{issuerURL, "https://keycloak?key=" + secret, "query"},
		{issuerURL, "https://keycloak#" + secret, "fragment"},
		{issuerURL, address + wellKnown, "remove /.well-known/openid-configuration"},
		{issuerURL, address + wellKnown + "/", "remove /.well-known/openid-configuration"},
		{"", address, "issuer is empty"},
		{"https://login.example?key=" + secret, address, "issuer: it contains a query"},
		{"https://login.example#" + secret, address, "issuer: it contains a fragment"},
		{"https://a:" + secret + "@login.example", address, "issuer: it contains a user"},
		{"", "", "issuer is empty"},
		{"", "", "WithAddress: URL has no host"},
	} {
		_, err := jwks.DiscoverLater(tt.issuer, jwks.WithAddress(tt.address))
		wantNoVerdict(t, err)
		wantNoQuote(t, err)
		if !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s at %s: got %v, want %q", tt.issuer, tt.address, err, tt.want)
		}
	}
	_, err := jwks.NewRemote(keysURL, jwks.WithAddress(address))
	if !strings.Contains(fmt.Sprint(err), "only for Discover and DiscoverLater") {
		t.Errorf("NewRemote: got %v, want an error for WithAddress", err)
	}
}

// Without WithAddress, the issuer is the URL to fetch from.
func TestIssuerThatIsNotAnAddress(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://login.microsoftonline.com/{tenantid}/v2.0": "WithAddress",
		"https://{tenant}.login.example":                    "WithAddress",
		issuerURL + wellKnown:                               "remove /.well-known/openid-configuration",
	} {
		_, err := jwks.Discover(context.Background(), issuer, jwks.WithTransport(newWeb(nil)))
		wantNoVerdict(t, err)
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: got %v, want it to name %s", issuer, err, want)
		}
	}
}

// The document at the address may name keys on the public host, which cannot be reached from here.
func TestKeysOnTheUnreachableHost(t *testing.T) {
	const (
		address = "https://keycloak.internal/realms/a"
		hint    = "NewRemote"
	)
	for _, tt := range []struct {
		name, uri string
		keys      reply
		address   string
		want      bool // the hint
	}{
		{"public host down", "https://login.example/keys", down, address, true},
		{"public host is another service", "https://login.example/keys", response(http.StatusNotFound, ""), address, true},
		{"public host answers HTML", "https://login.example/keys", response(http.StatusOK, "<html>"), address, true},
		{"public host over http", "http://localhost:8080/keys", down, address, true},
		{"same host down", "https://keycloak.internal/keys", down, address, false},
		{"same host in capitals", "https://KEYCLOAK.internal/keys", down, address, false},
		{"another port", "https://keycloak.internal:8443/keys", down, address, true},
		{"no WithAddress", "https://keys.example/keys", down, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, opts := issuerURL, []jwks.RemoteOption(nil)
			if tt.address != "" {
				base, opts = tt.address, []jwks.RemoteOption{jwks.WithAddress(tt.address)}
			}
			web := newWeb(map[string]reply{base + wellKnown: response(http.StatusOK, configuration(issuerURL, tt.uri)), tt.uri: tt.keys})
			err := wantKeys(t, discoverLater(t, web, issuerURL, opts...), "a", day, unavailable)
			if got := wantUnavailable(t, err).Detail; strings.Contains(got, hint) != tt.want {
				t.Errorf("got %q, want a hint at NewRemote: %t", got, tt.want)
			}
		})
	}
}
