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

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

const wellKnown = "/.well-known/openid-configuration"

// document is what a provider says of itself.
func document(issuer, jwksURI string) string {
	return fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":"https://login.example/auth","jwks_uri":%q}`, issuer, jwksURI)
}

// provide serves a document at the path of discovery and a set everywhere else.
func provide(document func(own string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, wellKnown) {
			io.WriteString(w, document("http://"+r.Host))
			return
		}
		io.WriteString(w, setOf("a"))
	}
}

func TestDiscover(t *testing.T) {
	for _, path := range []string{"", "/", "/realms/main", "/realms/main/"} {
		t.Run("issuer with the path "+path, func(t *testing.T) {
			var asked []string
			server := newServer(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				provide(func(own string) string { return document(own+path, own+"/keys?use=sig") })(w, r)
			})
			defer server.Close()
			remote, err := jwks.Discover(t.Context(), server.URL+path, jwks.WithLoopbackHTTP())
			if err != nil {
				t.Fatal(err)
			}
			defer remote.Close()
			server.wantFetches(t, 1)
			_, err = newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
			wantVerdict(t, "a token", err, good)
			if got, want := fmt.Sprint(asked), fmt.Sprint([]string{strings.TrimSuffix(path, "/") + wellKnown, "/keys"}); got != want {
				t.Errorf("got %v asked for, want %v", got, want)
			}
		})
	}
}

// Many providers have their keys on another host.
func TestDiscoverKeysOfAnotherHost(t *testing.T) {
	keys := newServer(body(setOf("a")))
	defer keys.Close()
	server := newServer(provide(func(own string) string { return document(own, keys.URL) }))
	defer server.Close()
	remote, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP())
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	_, err = newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, good)
}

func TestDiscoverOverTLS(t *testing.T) {
	provider := serveProvider(providerKey())
	defer provider.Close()
	if _, err := jwks.Discover(t.Context(), provider.URL); !errors.Is(err, jwtexp.ErrUnavailable) {
		t.Errorf("an unknown authority: got %v, want %v", err, jwtexp.ErrUnavailable)
	}
	remote, err := jwks.Discover(t.Context(), provider.URL, jwks.WithTransport(provider.Client().Transport))
	if err != nil {
		t.Fatal(err)
	}
	remote.Close()
}

// A document that is wrong is no outage: to try again would not help.
func TestDiscoverRefusesADocument(t *testing.T) {
	tests := []struct {
		name     string
		document func(own string) string
	}{
		{"of another issuer", func(own string) string { return document("https://login.example", own+"/keys") }},
		{"with a slash more", func(own string) string { return document(own+"/", own+"/keys") }},
		{"with another path", func(own string) string { return document(own+"/main", own+"/keys") }},
		{"in capitals", func(own string) string { return document(strings.ToUpper(own), own+"/keys") }},
		{"with a space", func(own string) string { return document(own+" ", own+"/keys") }},
		{"without issuer", func(own string) string { return fmt.Sprintf(`{"jwks_uri":%q}`, own+"/keys") }},
		{"with two issuers", func(own string) string {
			return fmt.Sprintf(`{"issuer":"https://login.example","issuer":%q,"jwks_uri":%q}`, own, own+"/keys")
		}},
		{"with Issuer", func(own string) string { return fmt.Sprintf(`{"Issuer":%q,"jwks_uri":%q}`, own, own+"/keys") }},
		{"with issuer null", func(own string) string { return fmt.Sprintf(`{"issuer":null,"jwks_uri":%q}`, own+"/keys") }},
		{"with a list of issuers", func(own string) string { return fmt.Sprintf(`{"issuer":[%q],"jwks_uri":%q}`, own, own+"/keys") }},
		{"without jwks_uri", func(own string) string { return fmt.Sprintf(`{"issuer":%q}`, own) }},
		{"with two jwks_uris", func(own string) string {
			return fmt.Sprintf(`{"issuer":%q,"jwks_uri":"https://login.example/keys","jwks_uri":%q}`, own, own+"/keys")
		}},
		{"with jwks_uri null", func(own string) string { return fmt.Sprintf(`{"issuer":%q,"jwks_uri":null}`, own) }},
		{"with a jwks_uri that is a number", func(own string) string { return fmt.Sprintf(`{"issuer":%q,"jwks_uri":1}`, own) }},
		{"with a jwks_uri over http", func(own string) string { return document(own, "http://login.example/keys") }},
		{"with a relative jwks_uri", func(own string) string { return document(own, "/keys") }},
		{"with a jwks_uri that is a file", func(own string) string { return document(own, "file:///etc/keys") }},
		{"with a jwks_uri with a fragment", func(own string) string { return document(own, own+"/keys#1") }},
		{"with a jwks_uri with a password", func(own string) string { return document(own, strings.Replace(own, "//", "//a:b@", 1)+"/keys") }},
		{"that is HTML", func(string) string { return "<!doctype html>" + secret }},
		{"that is nothing", func(string) string { return "" }},
		{"that is null", func(string) string { return "null" }},
		{"that is a list", func(own string) string { return "[" + document(own, own+"/keys") + "]" }},
		{"that is cut off", func(own string) string { return strings.TrimSuffix(document(own, own+"/keys"), "}") }},
		{"that is two", func(own string) string { return document(own, own+"/keys") + document(own, own+"/keys") }},
		{"that is huge", func(own string) string { return document(own, own+"/keys") + strings.Repeat(" ", 1<<20) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := newServer(provide(tt.document))
			defer server.Close()
			remote, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP())
			if remote != nil {
				t.Error("got a Remote, want none")
			}
			wantRefused(t, err)
			if strings.Contains(fmt.Sprint(err), secret) {
				t.Errorf("got %v, want nothing of the document in it", err)
			}
		})
	}
}

// wantRefused wants an error that is no verdict.
func wantRefused(t *testing.T, err error) {
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

func TestDiscoverTellsAnOutage(t *testing.T) {
	good := func(own string) string { return document(own, own+"/keys") }
	other := newServer(provide(good))
	defer other.Close()
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
		down  bool
	}{
		{"status 500", status(http.StatusInternalServerError), true},
		{"status 503", status(http.StatusServiceUnavailable), true},
		{"status 429", status(http.StatusTooManyRequests), true},
		{"status 408", status(http.StatusRequestTimeout), true},
		{"a connection that breaks off", raw(""), true},
		{"no HTTP", raw(secret + "\r\n\r\n"), true},
		{"no answer", slowFaults[0].serve, true},
		{"a body that breaks off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10000")
			io.WriteString(w, good("http://"+r.Host))
		}, true},
		{"status 404", status(http.StatusNotFound), false},
		{"status 403", status(http.StatusForbidden), false},
		{"a redirect to another host", redirect(other.URL + wellKnown), false},
		{"a redirect loop", redirect("/"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			server := newServer(tt.serve)
			remote, err := jwks.Discover(t.Context(), server.URL, jwks.WithLoopbackHTTP(), jwks.WithTimeout(200*time.Millisecond))
			if remote != nil {
				t.Error("got a Remote, want none")
			}
			if tt.down {
				wantVerdict(t, "Discover", err, unavailable)
			} else {
				wantRefused(t, err)
			}
			if text := fmt.Sprint(err); strings.Contains(text, secret) || strings.Contains(text, `"kty"`) {
				t.Errorf("got %s, want nothing in it that the server sent", text)
			}
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

// The caller's context ends the asking, and nothing afterwards.
func TestDiscoverByContext(t *testing.T) {
	server := newServer(provide(func(own string) string { return document(own, own+"/keys") }))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	remote, err := jwks.Discover(ctx, server.URL, jwks.WithLoopbackHTTP())
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	cancel()
	_, err = newVerifier(t, remote, jwtexptest.NewClock(day)).Verify(t.Context(), tokenOf("a"))
	wantVerdict(t, "a token", err, good)

	_, err = jwks.Discover(ctx, server.URL, jwks.WithLoopbackHTTP())
	wantVerdict(t, "Discover", err, unavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to match context.Canceled", err)
	}
}

func TestDiscoverTakesTheIssuersOfItsSpecification(t *testing.T) {
	for _, issuer := range []string{
		"", "login.example", "http://login.example", "https://login.example?a=1", "https://login.example?",
		"https://login.example#a", "https://login.example/#", "https://a:b@login.example", "https://", "ftp://login.example",
	} {
		t.Run(issuer, func(t *testing.T) {
			origin := &origin{reply: down}
			_, err := jwks.Discover(t.Context(), issuer, jwks.WithTransport(origin), jwks.WithLoopbackHTTP())
			wantRefused(t, err)
			if got := origin.count(); got != 0 {
				t.Errorf("got %d requests, want none", got)
			}
		})
	}
}
