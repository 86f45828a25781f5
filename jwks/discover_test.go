package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

const wellKnown = "/.well-known/openid-configuration"

// configuration returns the OpenID configuration of a provider.
func configuration(issuer, jwksURI string) string {
	return fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":"https://login.example/auth","jwks_uri":%q}`, issuer, jwksURI)
}

// rightConfiguration returns the configuration that Discover accepts from a provider at url.
func rightConfiguration(url string) string { return configuration(url, url+"/keys") }

// provider serves a configuration, which depends on the provider's own URL, and serves a JWK
// Set at all other paths.
func provider(configuration func(url string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, wellKnown) {
			io.WriteString(w, configuration("http://"+r.Host))
			return
		}
		io.WriteString(w, setOf("a"))
	}
}

func TestDiscover(t *testing.T) {
	for _, path := range []string{"", "/", "/realms/main", "/realms/main/"} {
		t.Run("issuer with path "+path, func(t *testing.T) {
			var got []string
			server := newServer(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, r.URL.Path)
				provider(func(url string) string { return configuration(url+path, url+"/keys?use=sig") })(w, r)
			})
			defer server.Close()
			remote, err := jwks.Discover(t.Context(), server.URL+path, jwks.WithLoopbackHTTP())
			if err != nil {
				t.Fatal(err)
			}
			defer remote.Close()
			server.wantFetches(t, 1)
			verify(t, remote, "a", good)
			if want := []string{strings.TrimSuffix(path, "/") + wellKnown, "/keys"}; !cmp.Equal(got, want) {
				t.Errorf("got requests for %v, want %v", got, want)
			}
		})
	}
}

// Many providers publish their keys on another host.
func TestDiscoverKeysOnAnotherHost(t *testing.T) {
	keys := newServer(body(setOf("a")))
	defer keys.Close()
	server := newServer(provider(func(url string) string { return configuration(url, keys.URL) }))
	defer server.Close()
	remote, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP())
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	verify(t, remote, "a", good)
}

func TestDiscoverOverTLS(t *testing.T) {
	provider := serveProvider(providerKey())
	defer provider.Close()
	if _, err := jwks.Discover(t.Context(), provider.URL); !errors.Is(err, jwtexp.ErrUnavailable) {
		t.Errorf("unknown authority: got %v, want %v", err, jwtexp.ErrUnavailable)
	}
	remote, err := jwks.Discover(t.Context(), provider.URL, jwks.WithTransport(provider.Client().Transport))
	if err != nil {
		t.Fatal(err)
	}
	remote.Close()
}

// A wrong configuration is not an outage, because a retry does not help.
func TestDiscoverRejectsConfiguration(t *testing.T) {
	tests := []struct {
		name          string
		configuration func(url string) string
	}{
		{"another issuer", func(url string) string { return configuration("https://login.example", url+"/keys") }},
		{"extra slash", func(url string) string { return configuration(url+"/", url+"/keys") }},
		{"another path", func(url string) string { return configuration(url+"/main", url+"/keys") }},
		{"issuer in capitals", func(url string) string { return configuration(strings.ToUpper(url), url+"/keys") }},
		{"issuer with a space", func(url string) string { return configuration(url+" ", url+"/keys") }},
		{"no issuer", func(url string) string { return fmt.Sprintf(`{"jwks_uri":%q}`, url+"/keys") }},
		{"two issuers", func(url string) string {
			return fmt.Sprintf(`{"issuer":"https://login.example","issuer":%q,"jwks_uri":%q}`, url, url+"/keys")
		}},
		{"Issuer", func(url string) string { return fmt.Sprintf(`{"Issuer":%q,"jwks_uri":%q}`, url, url+"/keys") }},
		{"issuer null", func(url string) string { return fmt.Sprintf(`{"issuer":null,"jwks_uri":%q}`, url+"/keys") }},
		{"issuer list", func(url string) string { return fmt.Sprintf(`{"issuer":[%q],"jwks_uri":%q}`, url, url+"/keys") }},
		{"no jwks_uri", func(url string) string { return fmt.Sprintf(`{"issuer":%q}`, url) }},
		{"two jwks_uris", func(url string) string {
			return fmt.Sprintf(`{"issuer":%q,"jwks_uri":"https://login.example/keys","jwks_uri":%q}`, url, url+"/keys")
		}},
		{"jwks_uri null", func(url string) string { return fmt.Sprintf(`{"issuer":%q,"jwks_uri":null}`, url) }},
		{"jwks_uri number", func(url string) string { return fmt.Sprintf(`{"issuer":%q,"jwks_uri":1}`, url) }},
		{"jwks_uri over http", func(url string) string { return configuration(url, "http://login.example/keys") }},
		{"relative jwks_uri", func(url string) string { return configuration(url, "/keys") }},
		{"jwks_uri of a file", func(url string) string { return configuration(url, "file:///etc/keys") }},
		{"jwks_uri with a fragment", func(url string) string { return configuration(url, url+"/keys#1") }},
		{"jwks_uri with a password", func(url string) string {
			return configuration(url, strings.Replace(url, "//", "//a:b@", 1)+"/keys")
		}},
		{"HTML", func(string) string { return "<!doctype html>" + secret }},
		{"empty", func(string) string { return "" }},
		{"null", func(string) string { return "null" }},
		{"list", func(url string) string { return "[" + rightConfiguration(url) + "]" }},
		{"truncated", func(url string) string { return strings.TrimSuffix(rightConfiguration(url), "}") }},
		{"two documents", func(url string) string { return rightConfiguration(url) + rightConfiguration(url) }},
		{"huge", func(url string) string { return rightConfiguration(url) + strings.Repeat(" ", 1<<20) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := newServer(provider(tt.configuration))
			defer server.Close()
			remote, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP())
			if remote != nil {
				t.Error("got a Remote, want nil")
			}
			wantNoVerdict(t, err)
			wantNoQuote(t, err)
		})
	}
}

// wantNoVerdict checks that err is an error that matches no verdict.
func wantNoVerdict(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("got no error, want one")
	}
	for _, verdict := range []error{jwtexp.ErrUnavailable, jwtexp.ErrInvalid, jwtexp.ErrExpired, jwtexp.ErrMissing} {
		if errors.Is(err, verdict) {
			t.Errorf("got %v, want no verdict", err)
		}
	}
}

func TestDiscoverReportsOutages(t *testing.T) {
	other := newServer(provider(rightConfiguration))
	defer other.Close()
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		outage  bool
	}{
		{"status 500", status(http.StatusInternalServerError), true},
		{"status 503", status(http.StatusServiceUnavailable), true},
		{"status 429", status(http.StatusTooManyRequests), true},
		{"status 408", status(http.StatusRequestTimeout), true},
		{"closed connection", raw(""), true},
		{"not HTTP", raw(secret + "\r\n\r\n"), true},
		{"no response", slowFaults[0].handler, true},
		{"truncated body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10000")
			io.WriteString(w, rightConfiguration("http://"+r.Host))
		}, true},
		{"status 404", status(http.StatusNotFound), false},
		{"status 403", status(http.StatusForbidden), false},
		{"redirect to another host", redirect(other.URL + wellKnown), false},
		{"redirect loop", redirect("/"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			server := newServer(tt.handler)
			remote, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP(), jwks.WithTimeout(200*time.Millisecond))
			if remote != nil {
				t.Error("got a Remote, want nil")
			}
			if tt.outage {
				wantVerdict(t, "Discover", err, unavailable)
			} else {
				wantNoVerdict(t, err)
			}
			wantNoQuote(t, err)
			server.Close()
			wantGoroutines(t, before)
		})
	}
	other.wantFetches(t, 0)
}

func TestDiscoverServerDown(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	_, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP())
	wantVerdict(t, "Discover", err, unavailable)
}

// The context limits Discover, not the Remote.
func TestDiscoverContext(t *testing.T) {
	server := newServer(provider(rightConfiguration))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	remote, err := jwks.Discover(ctx, server.URL, jwks.WithLoopbackHTTP())
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	cancel()
	verify(t, remote, "a", good)

	_, err = jwks.Discover(ctx, server.URL, jwks.WithLoopbackHTTP())
	wantVerdict(t, "Discover", err, unavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to match context.Canceled", err)
	}
}

func TestDiscoverRejectsIssuer(t *testing.T) {
	for _, issuer := range []string{
		"", "login.example", "http://login.example", "https://login.example?a=1", "https://login.example?",
		"https://login.example#a", "https://login.example/#", "https://a:b@login.example", "https://", "ftp://login.example",
	} {
		t.Run(issuer, func(t *testing.T) {
			origin := &origin{reply: down}
			_, err := jwks.Discover(t.Context(), issuer, jwks.WithTransport(origin), jwks.WithLoopbackHTTP())
			wantNoVerdict(t, err)
			if got := origin.count(); got != 0 {
				t.Errorf("got %d requests, want 0", got)
			}
		})
	}
}
