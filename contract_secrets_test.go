package jwtexp_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// payloadMarker is in every payload of these tests, and nowhere else.
const payloadMarker = "pAyLoAdMaRkEr"

// notations returns the forms in which secret may be in a text.
func notations(secret []byte) map[string]string {
	decimal := strings.Trim(fmt.Sprint(secret), "[]")
	hexBytes := make([]string, len(secret))
	for i, b := range secret {
		hexBytes[i] = fmt.Sprintf("0x%x", b)
	}
	return map[string]string{
		"text":         string(secret),
		"hex":          hex.EncodeToString(secret),
		"HEX":          strings.ToUpper(hex.EncodeToString(secret)),
		"decimal":      decimal,
		"decimal list": strings.ReplaceAll(decimal, " ", ","),
		"Go hex list":  strings.Join(hexBytes, ", "),
		"quoted":       strings.Trim(fmt.Sprintf("%+q", secret), `"`),
		"base64":       base64.RawStdEncoding.EncodeToString(secret),
		"base64url":    base64.RawURLEncoding.EncodeToString(secret),
	}
}

// renderings returns the text of v in fmt, log/slog, encoding/json and reflection.
func renderings(v any) map[string]string {
	texts := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%10.3v"} {
		texts[verb] = fmt.Sprintf(verb, v)
		texts["a struct's "+verb] = fmt.Sprintf(verb, struct{ V any }{v})
		texts["an unexported field's "+verb] = fmt.Sprintf(verb, struct{ v any }{v})
		texts["a slice's "+verb] = fmt.Sprintf(verb, []any{v})
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"slog JSON": func(w *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		var log bytes.Buffer
		slog.New(handler(&log)).Info("message", "value", v, slog.Group("group", "value", v))
		texts[name] = log.String()
	}
	if text, err := json.Marshal(v); err == nil {
		texts["encoding/json"] = string(text)
	} else {
		texts["encoding/json"] = err.Error()
	}
	texts["reflection"] = reflected(reflect.ValueOf(v))
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && !r.IsNil() {
		for how, text := range renderings(r.Elem().Interface()) {
			texts["a copy's "+how] = text
		}
	}
	return texts
}

// reflected returns all strings and bytes that reflection reaches from v through unexported fields,
// pointers and interfaces, without calling a method. Packages that print values for failed tests
// do the same.
func reflected(v reflect.Value) string {
	var found strings.Builder
	seen := make(map[any]bool)
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Map:
			if v.IsNil() || seen[[2]any{v.Type(), v.Pointer()}] {
				return
			}
			seen[[2]any{v.Type(), v.Pointer()}] = true
			if v.Kind() == reflect.Pointer {
				walk(v.Elem())
				return
			}
			for entries := v.MapRange(); entries.Next(); {
				walk(entries.Key())
				walk(entries.Value())
			}
		case reflect.Interface:
			if !v.IsNil() {
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
			found.WriteByte('\n')
		case reflect.String:
			found.WriteString(v.String() + "\n")
		case reflect.Uint8:
			found.WriteByte(byte(v.Uint()))
		case reflect.Uint, reflect.Uint64: // the words of a big.Int
			fmt.Fprintf(&found, "%x", v.Uint())
		}
	}
	walk(v)
	return found.String()
}

func TestSecretsStayOut(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	private := newEd25519()
	publicKey := must(jwtexp.NewSigningKey(jwtexp.EdDSA, private)).WithID("ed")
	secretKey := testKey().WithID("hs")
	keys := must(jwtexp.NewKeySet(publicKey, secretKey))

	issuer := must(jwtexp.NewIssuer(secretKey, time.Hour, jwtexp.WithClock(clock)))
	edIssuer := must(jwtexp.NewIssuer(publicKey, time.Hour, jwtexp.WithClock(clock)))
	verifier := newPair(keys, jwtexp.WithClock(clock))
	middleware := must(jwtexp.NewMiddleware(verifier))
	claims := map[string]any{payloadMarker: payloadMarker}
	token := must(issuer.Issue(t.Context(), payloadMarker, claims))
	edToken := must(edIssuer.Issue(t.Context(), payloadMarker, claims))

	secrets := map[string][]byte{
		"HMAC secret":  []byte(testSecret),
		"private key":  private,
		"private seed": private.Seed(),
		"payload text": []byte(payloadMarker),
	}
	for name, token := range map[string]*jwtexp.Token{"HS256": token, "EdDSA": edToken} {
		parts := strings.Split(token.Raw(), ".")
		secrets[name+" payload"] = []byte(parts[1])
		secrets[name+" signature, encoded"] = []byte(parts[2])
		secrets[name+" signature"] = must(base64.RawURLEncoding.DecodeString(parts[2]))
	}

	// A KeySource and KeySet of the application, which has the secret in its fields.
	store := secretStore{key: secretKey, secret: []byte(testSecret), text: testSecret}
	values := map[string]any{
		"Issuer of a store": must(jwtexp.NewIssuer(store, time.Hour)), "Verifier of a store": newPair(store),
		"Middleware of a store": must(jwtexp.NewMiddleware(secretGuard{store})),
		"Issuer":                issuer, "Verifier": verifier, "VerifierSet": twoIssuers(), "Middleware": middleware, "KeySet": keys,
		"Key": secretKey, "Ed25519 Key": publicKey, "Token": token, "Ed25519 Token": edToken,
		"nil Token": (*jwtexp.Token)(nil), "zero Token": &jwtexp.Token{}, "zero Key": jwtexp.Key{},
		"context": jwtexp.NewContext(t.Context(), token),
	}
	for name, err := range leakyErrors(t, clock, token.Raw()) {
		values[name] = err
	}
	// These errors have exported fields with text of the token. If such an error is in an unexported
	// field of another struct, fmt prints its fields without calling a method. So does reflection.
	public := map[string]bool{"expired": true, "InvalidError by hand": true, "UnavailableError by hand": true}
	for name, value := range values {
		for how, text := range renderings(value) {
			if public[name] && (strings.Contains(how, "unexported field") || strings.Contains(how, "reflection")) {
				continue
			}
			for what, secret := range secrets {
				for notation, forbidden := range notations(secret) {
					if strings.Contains(text, forbidden) {
						t.Errorf("%s in %s: got the %s in %s notation", name, how, what, notation)
					}
				}
			}
		}
	}
	if len(values) < 40 {
		t.Errorf("got %d values, want at least 40", len(values))
	}
}

type secretStore struct {
	key    jwtexp.Key
	secret []byte
	text   string
}

func (s secretStore) SigningKey(context.Context, time.Time) (jwtexp.Key, error) { return s.key, nil }

func (s secretStore) VerificationKeys(context.Context, string, time.Time) ([]jwtexp.Key, error) {
	return []jwtexp.Key{s.key}, nil
}

type secretGuard struct{ store secretStore }

func (secretGuard) Verify(context.Context, string) (*jwtexp.Token, error) { return nil, nil }

// stringError is an error whose text fmt prints under every verb.
type stringError string

func (e stringError) Error() string { return string(e) }

// leakyErrors returns every kind of error of the library. The cause of each error contains text of
// the token or of its payload.
func leakyErrors(t *testing.T, clock *jwtexptest.Clock, raw string) map[string]error {
	t.Helper()
	all := map[string]error{}
	quoting := stringError("cannot use " + raw + " of " + payloadMarker + " with " + testSecret)
	note := func(name string, err error) {
		if err == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
		all[name] = err
	}
	verifyErr := func(name, raw string, opts ...jwtexp.VerifierOption) {
		_, err := newVerifier(clock, opts...).Verify(t.Context(), raw)
		note(name, err)
	}
	marked := `,"sub":"` + payloadMarker + `","iss":"` + payloadMarker + `","x":"` + payloadMarker + `"`

	for name, payload := range map[string]string{
		"payload that is not JSON":   live(marked) + payloadMarker,
		"fault below a name":         live(`,"` + payloadMarker + `":{"` + payloadMarker + `":tru}`),
		"payload with duplicates":    live(marked + `,"` + payloadMarker + `":1,"` + payloadMarker + `":2`),
		"payload that is a string":   `"` + payloadMarker + `"`,
		"exp that is a string":       `{"exp":"` + payloadMarker + `"}`,
		"nbf in the future":          live(marked + `,"nbf":253402300799`),
		"aud of another":             live(`,"aud":"` + payloadMarker + `"`),
		"expired":                    `{"exp":1,"jti":"` + payloadMarker + `","sub":"` + payloadMarker + `"}`,
		"invalid UTF-8":              live(marked + ",\"\xff\":1"),
		"control character":          live(marked + ",\"\x01\":1"),
		"wrong type of a registered": live(`,"sub":["` + payloadMarker + `"]`),
	} {
		verifyErr(name, sign(testSecret, joseHeader, payload))
	}
	good := sign(testSecret, joseHeader, live(marked))
	verifyErr("too large", strings.Repeat(good, 100))
	verifyErr("malformed", good+"."+payloadMarker)
	verifyErr("header that is not JSON", sign(testSecret, payloadMarker, live(marked)))
	verifyErr("header with a fault below a name", sign(testSecret, `{"alg":"HS256","`+payloadMarker+`":{"`+payloadMarker+`":tru}}`, live(marked)))
	verifyErr("header with crit", sign(testSecret, `{"alg":"HS256","crit":["`+payloadMarker+`"]}`, live(marked)))
	verifyErr("unknown algorithm", sign(testSecret, `{"alg":"`+payloadMarker+`"}`, live(marked)))
	verifyErr("other type", sign(testSecret, `{"alg":"HS256","typ":"`+payloadMarker+`"}`, live(marked)))
	verifyErr("other signature", sign(otherSecret, joseHeader, live(marked)))
	verifyErr("other issuer", good, jwtexp.WithIssuer("login"))
	verifyErr("other audience", good, jwtexp.WithAudience("api"))
	verifyErr("lifetime", good, jwtexp.WithMaxLifetime(time.Second))
	verifyErr("claims of another type", good, jwtexp.WithClaims[struct {
		X int `json:"x"`
	}](nil))
	verifyErr("claims with a time", good, jwtexp.WithClaims[struct {
		X time.Time `json:"x"`
	}](nil))
	verifyErr("claims check that quotes the token", good, jwtexp.WithClaims(func(*struct{}) error { return quoting }))
	verifyErr("revocation check that quotes the token", good, stubRevoked(false, quoting))
	verifyErr("revoked", good, stubRevoked(true, nil))

	_, err := newPair(stubKeys(quoting)).Verify(t.Context(), good)
	note("key set that quotes the token", err)
	_, err = must(jwtexp.NewIssuer(keySourceFunc(func(context.Context, time.Time) (jwtexp.Key, error) {
		return jwtexp.Key{}, quoting
	}), time.Hour)).Issue(t.Context(), payloadMarker, nil)
	note("key source that quotes the token", err)
	_, err = must(jwtexp.NewIssuer(must(jwtexp.NewSigningKey(jwtexp.EdDSA, remoteSigner{newEd25519(), quoting})), time.Hour)).Issue(t.Context(), payloadMarker, nil)
	note("signer that quotes the token", err)

	token := must(newVerifier(clock).Verify(t.Context(), good))
	note("Claims of another type", token.Claims(&struct {
		X int `json:"x"`
	}{}))
	note("Claims with a time", token.Claims(&struct {
		X time.Time `json:"x"`
	}{}))
	note("Claims into nothing", token.Claims(nil))
	for name, claims := range map[string]any{
		"Issue of registered claims":   map[string]any{"exp": payloadMarker},
		"Issue of a string":            payloadMarker,
		"Issue of duplicates":          json.RawMessage(`{"` + payloadMarker + `":1,"` + payloadMarker + `":1}`),
		"Issue of invalid JSON":        json.RawMessage(payloadMarker),
		"Issue of too much":            map[string]string{"x": strings.Repeat(payloadMarker, 1000)},
		"Issue of invalid UTF-8":       map[string]string{"x": payloadMarker + "\xff"},
		"Issue of MarshalJSON's error": failingClaims{quoting},
	} {
		_, err := newIssuer(clock).Issue(t.Context(), payloadMarker, claims)
		note(name, err)
	}
	_, err = newIssuer(clock).Issue(t.Context(), payloadMarker+"\xff", nil)
	note("Issue for a subject that is not UTF-8", err)

	_, err = jwtexp.NewSecretKey(jwtexp.HS512, []byte(testSecret))
	note("short secret", err)
	_, err = jwtexp.NewSecretKey(jwtexp.RS256, []byte(testSecret))
	note("secret for RSA", err)
	_, err = jwtexp.ParsePEM(jwtexp.EdDSA, []byte(testSecret))
	note("secret as PEM", err)
	_, err = jwtexp.ParsePEM(jwtexp.EdDSA, pemOf("PRIVATE KEY", []byte(testSecret)))
	note("secret in PEM", err)
	_, err = jwtexp.NewSigningKey(jwtexp.ES256, ed25519.PrivateKey(testSecret+testSecret))
	note("Ed25519 for ES256", err)

	check := func(name string, m *jwtexp.Middleware, r *http.Request) {
		_, err := m.Check(r)
		note(name, err)
	}
	m := must(jwtexp.NewMiddleware(newVerifier(clock)))
	two := httptest.NewRequest("GET", "/", nil)
	two.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good}
	check("two headers", m, two)
	check("header with a space", m, requestWith(good+" "+payloadMarker))
	check("extractor that quotes the token", must(jwtexp.NewMiddleware(newVerifier(clock),
		jwtexp.WithTokenFrom(func(*http.Request) (string, error) { return "", quoting }))), two)
	check("TokenVerifier that quotes the token", must(jwtexp.NewMiddleware(stubVerifier(nil, quoting))), requestWith(good))

	note("InvalidError by hand", &jwtexp.InvalidError{Reason: jwtexp.ReasonClaims, Err: quoting})
	note("UnavailableError by hand", &jwtexp.UnavailableError{Err: quoting})
	return all
}

func TestSecretsStayOutOfResponses(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	m := must(jwtexp.NewMiddleware(newVerifier(clock)))
	marked := live(`,"sub":"` + payloadMarker + `"`)
	for name, token := range map[string]string{
		"expired":   sign(testSecret, joseHeader, `{"exp":1,"sub":"`+payloadMarker+`"}`),
		"forged":    sign(otherSecret, joseHeader, marked),
		"no claims": sign(testSecret, joseHeader, payloadMarker),
	} {
		w := httptest.NewRecorder()
		m.Handler(http.NotFoundHandler()).ServeHTTP(w, requestWith(token))
		got := fmt.Sprint(w.Header(), w.Body)
		for _, part := range slices.Concat([]string{payloadMarker}, strings.Split(token, ".")[1:]) {
			if strings.Contains(got, part) {
				t.Errorf("%s: got %q in the response, want it left out: %s", name, part, got)
			}
		}
	}
}

// The JSON of an ExpiredError has its times and no claims.
func TestExpiredErrorAsJSON(t *testing.T) {
	_, err := verify(t, sign(testSecret, joseHeader, `{"exp":1,"sub":"`+payloadMarker+`"}`))
	e, _ := errors.AsType[*jwtexp.ExpiredError](err)
	got := string(must(json.Marshal(e)))
	if want := `{"ExpiredAt":"1970-01-01T00:00:01Z","Now":"2026-01-02T03:04:05Z","Leeway":0}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
