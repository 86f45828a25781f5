package jwks_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/jwks"
)

func TestInsecureHTTPAllowsExactlyTheNamedHosts(t *testing.T) {
	for _, tt := range []struct {
		hosts string // separated by spaces
		url   string
		want  bool
	}{
		{"keycloak", "http://keycloak/keys", true},
		{"keycloak", "http://keycloak:8080/keys", true},
		{"keycloak", "http://KeyCloak:8080/keys", true},
		{"KEYCLOAK", "http://keycloak/keys", true},
		{"keycloak:8080", "http://keycloak:8080/keys", true},
		{"Keycloak:8080", "http://keyCloak:8080/keys", true},
		{"keycloak:80", "http://keycloak/keys", true},
		{"keycloak:080", "http://keycloak:80/keys", true},
		{"other keycloak", "http://keycloak/keys", true},
		{"keycloak other", "http://keycloak/keys", true},
		{"my_service.default.svc.cluster.local", "http://my_service.default.svc.cluster.local/keys", true},
		{"10.0.0.7", "http://10.0.0.7:8080/keys", true},
		{"[fd00::7]", "http://[fd00::7]:8080/keys", true},
		{"fd00::7", "http://[fd00::7]:8080/keys", true},
		{"[FD00:0::7]:8080", "http://[fd00::7]:8080/keys", true},
		{"keycloak", "https://login.example/keys", true},

		{"keycloak", "http://keycloak.example/keys", false},
		{"keycloak", "http://a.keycloak/keys", false},
		{"keycloak", "http://keycloak./keys", false},
		{"keycloak", "http://keycloa/keys", false},
		{"keycloak", "http://keycloak@login.example/keys", false},
		{"keycloak", "http://login.example/keycloak", false},
		{"keycloak", "http://a:b@keycloak/keys", false},
		{"keycloak", "http://keycloak/keys#a", false},
		{"keycloak", "ftp://keycloak/keys", false},
		{"keycloak", "http://localhost/keys", false},
		{"keycloak:8080", "http://keycloak/keys", false},
		{"keycloak:8080", "http://keycloak:80801/keys", false},
		{"keycloak:8080", "http://keycloak:808/keys", false},
		{"keycloak:8080", "http://other:8080/keys", false},
		{"10.0.0.7", "http://10.0.0.70/keys", false},
		{"10.0.0.7", "http://[::ffff:10.0.0.7]/keys", false},
		{"[fd00::7]", "http://[fd00::8]/keys", false},
		{"[fd00::7]:8080", "http://[fd00::7]:8081/keys", false},
		{"fd00::7:8080", "http://[fd00::7]:8080/keys", false}, // an address, not a port
		{"[fd00::7]", "http://[fd00::7%25eth0]/keys", false},
	} {
		t.Run(tt.hosts+" "+tt.url, func(t *testing.T) {
			_, err := jwks.NewRemote(tt.url, jwks.WithInsecureHTTP(strings.Fields(tt.hosts)...))
			if (err == nil) != tt.want {
				t.Errorf("got %v, want no error: %t", err, tt.want)
			}
		})
	}
}

// An error names the host by its position, because a wrong one may hold a password.
func TestInsecureHTTPRejectsWhatIsNotAHost(t *testing.T) {
	for host, want := range map[string]string{
		"":                             "empty",
		" ":                            "not a host name",
		"key cloak":                    "not a host name",
		"keycloak\n":                   "not a host name",
		"http://keycloak":              "scheme",
		"HTTP://keycloak:8080":         "scheme",
		"//keycloak":                   "path",
		"keycloak/":                    "path",
		"keycloak:8080/realms/a":       "path",
		`keycloak\a`:                   "not a host name",
		"a:" + secret + "@keycloak":    "user",
		"*":                            "wildcard",
		"*.example":                    "wildcard",
		"keycloak:*":                   "wildcard",
		"keycloak?a":                   "query",
		"keycloak#a":                   "query or a fragment",
		"keycloak:":                    "port",
		"keycloak:0":                   "port",
		"keycloak:65536":               "port",
		"keycloak:-1":                  "port",
		"keycloak:http":                "port",
		":8080":                        "not a host name",
		"[fd00::7":                     "not a host name",
		"[keycloak]":                   "not a host name",
		"[]":                           "not a host name",
		"fd00::g":                      "port",
		"keycloak,other":               "not a host name",
		"k\u00e9ycloak":                "not a host name",
		"http:keycloak":                "port",
		"keycloak%41":                  "not a host name",
		"\u212aeycloak":                "not a host name", // the Kelvin sign, which folds to k
		strings.Repeat("a", 300) + "/": "path",
	} {
		_, err := jwks.NewRemote(keysURL, jwks.WithInsecureHTTP("good.example", host))
		text := fmt.Sprint(err)
		if !strings.Contains(text, "host 2") || !strings.Contains(text, want) || !strings.Contains(text, `"keycloak:8080"`) {
			t.Errorf("%q: got %v, want an error for host 2 with %q and what to write", host, err, want)
		}
		if strings.Contains(text, secret) {
			t.Errorf("%q: got %s, want no quote of the host", host, text)
		}
	}
	if _, err := jwks.NewRemote(keysURL, jwks.WithInsecureHTTP()); !strings.Contains(fmt.Sprint(err), `"keycloak:8080"`) {
		t.Errorf("no host: got %v, want an error that says what to write", err)
	}
	_, err := jwks.NewRemote(keysURL, jwks.WithInsecureHTTP("", "a b"))
	if text := fmt.Sprint(err); !strings.Contains(text, "host 1") || !strings.Contains(text, "host 2") {
		t.Errorf("got %v, want an error that names both hosts", err)
	}
}

// The error for an http URL names the options that allow one.
func TestErrorForHTTPNamesTheOptions(t *testing.T) {
	_, err := jwks.NewRemote("http://keycloak:8080/keys")
	for _, want := range []string{"https", "WithLoopbackHTTP", "WithInsecureHTTP"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want it to name %s", err, want)
		}
	}
}

// The issuer, jwks_uri and the URL of NewRemote may name the host.
func TestInsecureHTTP(t *testing.T) {
	origin := &origin{reply: func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, wellKnown) {
			return response(http.StatusOK, configuration("http://keycloak:8080/realms/a", "http://keycloak:8080/keys"))(r)
		}
		return set("a")(r)
	}}
	allowed := jwks.WithInsecureHTTP("keycloak:8080")
	verify(t, newRemote(t, "http://keycloak:8080/keys", jwks.WithTransport(origin), allowed), "a", good)
	remote, err := jwks.Discover(t.Context(), "http://keycloak:8080/realms/a", jwks.WithTransport(origin), allowed)
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	verify(t, remote, "a", good)
}

// Another host of jwks_uri must be named, too. A redirect to a named host is rejected.
func TestInsecureHTTPAllowsNoOtherHost(t *testing.T) {
	allowed := jwks.WithInsecureHTTP("keycloak", "other")
	uri := &origin{reply: response(http.StatusOK, configuration("http://keycloak", "http://third/keys"))}
	_, err := jwks.Discover(t.Context(), "http://keycloak", jwks.WithTransport(uri), allowed)
	wantNoVerdict(t, err)

	redirects := &origin{reply: response(http.StatusFound, "", "Location", "http://other/keys")}
	verify(t, newRemote(t, "http://keycloak/keys", jwks.WithTransport(redirects), allowed), "a", unavailable)
	if got := redirects.count(); got != 1 {
		t.Errorf("got %d requests, want 1", got)
	}
}
