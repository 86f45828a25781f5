package jwks_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

// The query of a URL may hold a secret.
func TestErrorsDoNotQuoteTheQuery(t *testing.T) {
	remote := newRemote(t, keysURL+"?key="+secret, jwks.WithTransport(&origin{reply: down}))
	_, err := remote.VerificationKeys(t.Context(), "a", day)
	wantNoQuote(t, err, wantUnavailable(t, err).Err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(verb, remote); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s of a Remote: got %s, want no query", verb, text)
		}
	}
	for _, url := range []string{"http://login.example/keys?key=" + secret, "https://login.example/%" + secret} {
		if _, err := jwks.NewRemote(url); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v, want an error without the URL", url, err)
		}
	}
}

// Some packages print values by reflection, unexported fields included, as testify does for a
// failed test. From a Remote or its errors they reach neither the URL's query, nor the transport,
// nor the transport's error.
func TestReflectionReachesNoSecret(t *testing.T) {
	transport := &secretTransport{token: secret, Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{ServerName: secret},
		ProxyConnectHeader: http.Header{"Proxy-Authorization": {secret}},
	}}
	for name, fail := range map[string]func() error{
		"error":                 func() error { return fmt.Errorf("with %s", secret) },
		"panic with an error":   func() error { panic(fmt.Errorf("with %s", secret)) },
		"panic with a string":   func() error { panic(secret) },
		"panic with a []string": func() error { panic([]string{secret}) },
	} {
		transport.fail = fail
		remote := newRemote(t, keysURL+"?key="+secret, jwks.WithTransport(transport))
		wantUnreachable(t, name+": a Remote before it fetches", remote)
		_, err := remote.VerificationKeys(t.Context(), "a", day)
		wantUnreachable(t, name+": a Remote", remote)
		wantUnreachable(t, name+": its error", err)

		_, err = newVerifier(remote, jwtexp.SystemClock()).Verify(t.Context(), tokenOf("a"))
		wantUnreachable(t, name+": a Verifier's error", err)
	}
}

// A secretTransport fails every request, and has secrets in its fields.
type secretTransport struct {
	*http.Transport
	token string
	fail  func() error
}

func (s *secretTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, s.fail() }

func wantUnreachable(t *testing.T, what string, v any) {
	t.Helper()
	for _, text := range stringsIn(v) {
		if strings.Contains(text, secret) {
			t.Errorf("%s: got %q by reflection, want no secret", what, text)
		}
	}
}

// stringsIn returns all strings that reflection reaches from v.
func stringsIn(v any) []string {
	var found []string
	type pointer struct {
		reflect.Type
		address uintptr
	}
	seen := make(map[pointer]bool)
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			found = append(found, v.String())
		case reflect.Interface:
			walk(v.Elem())
		case reflect.Pointer:
			if p := (pointer{v.Type(), v.Pointer()}); !seen[p] {
				seen[p] = true
				walk(v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for entries := v.MapRange(); entries.Next(); {
				walk(entries.Key())
				walk(entries.Value())
			}
		}
	}
	walk(reflect.ValueOf(v))
	return found
}

func TestStringsIn(t *testing.T) {
	text := secret
	type deep struct{ v any }
	for _, v := range []any{text, &text, []any{&text}, [1]string{text}, map[string]int{text: 1}, map[int]any{1: text},
		&deep{deep{&deep{errors.New(text)}}}, &secretTransport{token: text}} {
		if got := stringsIn(v); len(got) != 1 || got[0] != text {
			t.Errorf("%T: got %q, want %q alone", v, got, text)
		}
	}
}
