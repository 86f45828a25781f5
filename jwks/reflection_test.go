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

// Packages that print values for a failed test, such as testify, follow unexported fields.
// Neither a Remote nor its errors lead them to the query of the address or to the
// transport, which can both hold secrets, nor to what the transport's error tells.
func TestReflectionReachesNoSecret(t *testing.T) {
	secretive := &secretTransport{token: secret, Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{ServerName: secret},
		ProxyConnectHeader: http.Header{"Proxy-Authorization": {secret}},
	}}
	for name, value := range map[string]any{
		"error":        fmt.Errorf("with %s", secret),
		"panic":        panicking{fmt.Errorf("with %s", secret)},
		"text":         panicking{secret},
		"another type": panicking{[]string{secret}},
	} {
		secretive.fail = value
		remote := newRemote(t, "https://login.example/keys?key="+secret, jwks.WithTransport(secretive))
		wantUnreachable(t, name+": a Remote before it fetches", remote)
		_, err := remote.VerificationKeys(t.Context(), "a", day)
		wantUnreachable(t, name+": a Remote", remote)
		wantUnreachable(t, name+": its error", err)

		_, err = newVerifier(t, remote, jwtexp.SystemClock()).Verify(t.Context(), tokenOf("a"))
		wantUnreachable(t, name+": a Verifier's error", err)
	}
}

// A secretTransport fails with an error, or panics.
type secretTransport struct {
	*http.Transport
	token string
	fail  any
}

type panicking struct{ value any }

func (s *secretTransport) RoundTrip(*http.Request) (*http.Response, error) {
	if p, ok := s.fail.(panicking); ok {
		panic(p.value)
	}
	return nil, s.fail.(error)
}

func wantUnreachable(t *testing.T, what string, v any) {
	t.Helper()
	for _, text := range stringsIn(v) {
		if strings.Contains(text, secret) {
			t.Errorf("%s: got %q by reflection, want no secret reached", what, text)
		}
	}
}

// stringsIn returns all strings that reflection reaches from v.
func stringsIn(v any) []string {
	var found []string
	seen := make(map[any]bool)
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			found = append(found, v.String())
		case reflect.Interface:
			walk(v.Elem())
		case reflect.Pointer:
			if at := [2]any{v.Type(), v.Pointer()}; !seen[at] {
				seen[at] = true
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

func TestStringsAreFound(t *testing.T) {
	text := secret
	type deep struct{ v any }
	for _, v := range []any{text, &text, []any{&text}, [1]string{text}, map[string]int{text: 1}, map[int]any{1: text},
		&deep{deep{&deep{errors.New(text)}}}, &secretTransport{token: text}} {
		if got := stringsIn(v); len(got) != 1 || got[0] != text {
			t.Errorf("got %q in a %T, want the one that is there", got, v)
		}
	}
}
