package jwks_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestParse(t *testing.T) {
	const bom = "\ufeff"
	for name, text := range map[string]string{
		"as it is":            setOf("a", "b"),
		"with a line break":   setOf("a", "b") + "\n",
		"indented, with CRLF": "\r\n" + strings.ReplaceAll(setOf("a", "b"), ",", ",\r\n\t") + "\r\n",
		"with a BOM":          bom + setOf("a", "b"),
		"with other members":  strings.Replace(setOf("a", "b"), `{"keys"`, `{"version":1,"keys"`, 1),
	} {
		keys, err := jwks.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: got %v, want a Set", name, err)
			continue
		}
		verify(t, keys, "a", good)
		verify(t, keys, "b", good)
		verify(t, keys, "c", invalid)
		all, err := keys.VerificationKeys(t.Context(), "", day)
		if got, want := names(all), "Ed25519:a Ed25519:b"; err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

// A Set uses the JWKs that a Remote uses, for the same algorithms.
func TestSetAndRemoteAgree(t *testing.T) {
	for _, text := range []string{
		setOf("a"), setOf(""), setOf("a", "b"), `{"keys":[{` + ed + `}]}`, `{"keys":[{` + rsa2048 + `},{"use":"enc",` + p256 + `}]}`,
		`{"keys":[{"kid":"a",` + rsa2048 + `},{"kid":"a",` + rsa4096 + `}]}`,
	} {
		set, remote := must(jwks.Parse([]byte(text))), remoteOf(t, text)
		for _, id := range []string{"", "a", "b"} {
			inRemote, err := remote.VerificationKeys(t.Context(), id, day)
			inSet, setErr := set.VerificationKeys(t.Context(), id, day)
			if got, want := names(inSet), names(inRemote); err != nil || setErr != nil || got != want {
				t.Errorf("%s, id %q: got %q, %v, %v, want %q", text, id, got, err, setErr, want)
			}
			if got, want := set.WhyNot(id)+set.WhyAlgorithm(id), remote.WhyNot(id)+remote.WhyAlgorithm(id); got != want {
				t.Errorf("%s, id %q: got WhyNot and WhyAlgorithm %q, want %q", text, id, got, want)
			}
		}
	}
}

func TestParseWithAlgorithms(t *testing.T) {
	set := must(jwks.Parse([]byte(`{"keys":[{"kid":"1",`+rsa2048+`}]}`), jwks.WithAlgorithms(jwtexp.PS256, jwtexp.RS512)))
	keys, err := set.VerificationKeys(t.Context(), "1", day)
	if got, want := names(keys), "PS256:1 RS512:1"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	wantAssumed(t, "Set", set.WhyAlgorithm("1"), "PS256 and RS512 were assumed")
}

// A JWK that is not usable is listed, and the others are used.
func TestSkipped(t *testing.T) {
	set := must(jwks.Parse([]byte(`{"keys":[` + jwkOf("a") + `,{"kid":"enc","use":"enc",` + p256 + `},` +
		jwkOf("a") + `,{"kty":"oct","k":"` + secret + `"},{"kid":"` + strings.Repeat("k", 100) + `","kty":"AKP"}]}`)))
	want := []string{
		`JWK 1 (kid "enc"): use is "enc", and not sig`,
		`JWK 3: it is a private key or a secret; keep only public keys in a set, and pass a private JWK to ParseKey`,
		`JWK 4 (kid of an unusual form): kty is "AKP"; want RSA, EC or OKP`,
	}
	if diff := cmp.Diff(want, set.Skipped()); diff != "" {
		t.Errorf("Skipped (-want +got):\n%s", diff)
	}
	clear(set.Skipped())
	if diff := cmp.Diff(want, set.Skipped()); diff != "" {
		t.Errorf("Skipped after a caller changed its slice (-want +got):\n%s", diff)
	}
	if got, want := set.WhyNot("enc"), `its JWK is not usable: use is "enc", and not sig`; got != want {
		t.Errorf("got WhyNot %q, want %q", got, want)
	}
	line := lineOf(t, set, withKid("enc"))
	if want := "its JWK is not usable: use is"; !strings.Contains(line, want) {
		t.Errorf("got %s, want it to have %s", line, want)
	}
	if got := must(jwks.Parse([]byte(setOf("a")))).Skipped(); len(got) > 0 {
		t.Errorf("got %q, want nothing skipped", got)
	}
}

// texts are texts that are neither a JWK Set nor a JWK, and what the errors of Parse and ParseKey
// say that they are.
var texts = []struct{ name, text, want string }{
	{"empty", "", "text is empty"},
	{"white space", " \r\n\t", "text is empty"},
	{"a BOM", "\ufeff", "text is empty"},
	{"HTML", "<!doctype html><p>" + secret, "text is HTML or XML"},
	{"PEM", "-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----", "text is PEM; use jwtexp.ParsePEM"},
	{"PEM after a comment", "# " + secret + "\n-----BEGIN PUBLIC KEY-----\n", "text is PEM; use jwtexp.ParsePEM"},
	{"PEM in base64", base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\n" + secret)), "text is base64; decode it first"},
	{"an OpenSSH key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 " + secret, "text is an OpenSSH key"},
	{"an OpenSSH EC key", "ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5 " + secret, "text is an OpenSSH key"},
	{"UTF-16", utf16Of(setOf("a")), "text is UTF-16; save it as UTF-8"},
	{"UTF-16 with a BOM", utf16Of("\ufeff" + setOf("a")), "text is UTF-16; save it as UTF-8"},
	{"gzip", "\x1f\x8b\x08" + secret, "text is compressed; decompress it first"},
	{"DER", "\x30\x82\x01\xff" + secret, "text is binary"},
	{"single quotes around it", `'` + setOf("a") + `'`, "text is in quotes; remove them"},
	{"double quotes around it", `"` + setOf("a") + `"`, "text is in quotes; remove them"},
	{"escaped quotes", strings.ReplaceAll(setOf("a"), `"`, `\"`), "text has backslashes before its quotation marks; remove them"},
	{"single quotes in it", strings.ReplaceAll(setOf("a"), `"`, `'`), "text has single quotes; JSON has double quotes"},
	{"a JSON string", string(must(json.Marshal(setOf("a")))), "text is JSON and not an object, but a string; is it encoded twice?"},
	{"JSON in base64", base64.StdEncoding.EncodeToString([]byte(setOf("a"))), "text is base64; decode it first"},
	{"JSON in wrapped base64", wrapped(base64.StdEncoding.EncodeToString([]byte(setOf("a") + "\n"))), "text is base64; decode it first"},
	{"JSON in base64url", base64url([]byte(setOf("a"))), "text is base64; decode it first"},
	{"a URL", "https://login.example/keys?" + secret, "text is a URL; use NewRemote, or Discover with the issuer"},
	{"a file name", "/etc/keys/" + secret + ".json\n", "text is a file name; read the file first"},
	{"a relative file name", secret + ".jwk", "text is a file name; read the file first"},
	{"a variable", "${" + secret + "}", "text is a variable or a template that was not expanded; replace it with the JSON"},
	{"a template", "{{ .Values." + secret + " }}", "text is a variable or a template that was not expanded; replace it with the JSON"},
	{"YAML", "keys:\n- kty: RSA\n  n: " + secret, "text is YAML; convert it to JSON"},
	{"a YAML key", "kty: oct\nk: " + secret, "text is YAML; convert it to JSON"},
	{"a token", tokenOf("a"), "text is a token"},
	{"a word", secret, "text is not JSON, or was cut off, at byte 1 of " + fmt.Sprint(len(secret))},
	{"two objects", setOf("a") + setOf("b"), "text is not JSON"},
	{"a comma at the end", strings.Replace(setOf("a"), "]", ",]", 1), "text is not JSON, or was cut off, at byte "},
	{"cut off", setOf("a")[:40], "text is not JSON, or was cut off, at byte 40 of 40"},
	{"an array", "[" + jwkOf("a") + "]", "text is JSON and not an object, but an array"},
	{"a number", "1", "text is JSON and not an object, but a number"},
	{"null", "null", "text is JSON and not an object, but null"},
	{"true", "true", "text is JSON and not an object, but a bool"},
	{"an object", `{"error":"` + secret + `"}`, `text has no "`},
	{"a discovery document", `{"issuer":"x","jwks_uri":"` + secret + `"}`, "text is a discovery document; use Discover with its issuer"},
	{"certificates by ID", `{"1":"-----BEGIN CERTIFICATE-----\n` + secret + `"}`, "text has PEM in its members; pass each to jwtexp.ParsePEM"},
	{"a service account", `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\n` + secret + `"}`, "text has PEM in its members; pass each to jwtexp.ParsePEM"},
	{"JWE", `{"protected":"e30","ciphertext":"` + secret + `"}`, "text is encrypted (JWE); decrypt it first"},
}

func utf16Of(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}

// wrapped puts a line break after each 76 characters.
func wrapped(text string) string {
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return b.String() + text + "\n"
}

const wantSet = `want a JWK Set, a JSON object with an array named "keys" (RFC 7517 §5)`

func TestParseSaysWhatTheTextIs(t *testing.T) {
	for _, tt := range append(texts, []struct{ name, text, want string }{
		{"a JWK", jwkOf("a"), "text is a single JWK, which ParseKey reads"},
		{"a secret", `{"kty":"oct","k":"` + secret + `"}`, "text is a single JWK, which ParseKey reads"},
		{"keys is an object", `{"keys":{"a":"` + secret + `"}}`, `text has a "keys" of another type`},
		{"keys is null", `{"keys":null}`, `text has a "keys" of another type`},
		{"keys twice", `{"keys":[],"keys":[]}`, "text has a member twice"},
		{"Keys", `{"Keys":[]}`, `text has no "keys"`},
	}...) {
		t.Run(tt.name, func(t *testing.T) {
			set, err := jwks.Parse([]byte(tt.text))
			if want := "jwks: Parse: " + tt.want; set != nil || !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("got %v, %v, want an error that begins with %s", set, err, want)
			}
			if !strings.Contains(fmt.Sprint(err), wantSet) {
				t.Errorf("got %v, want it to have %s", err, wantSet)
			}
			if strings.Contains(fmt.Sprintf("%+v %#v", err, err), secret) {
				t.Errorf("got %v, want nothing of the text in it", err)
			}
		})
	}
}

func TestParseWithoutUsableKey(t *testing.T) {
	for name, tt := range map[string]struct {
		keys string
		want []string
	}{
		"none":     {"", []string{"its array of keys is empty"}},
		"two":      {`{"kid":"enc","use":"enc",` + p256 + `},{"kty":"AKP"}`, []string{`JWK 0 (kid "enc"): use is "enc"`, `JWK 1: kty is "AKP"`}},
		"private":  {p256Private(secret), []string{"JWK 0: it is a private key or a secret", "ParseKey"}},
		"null":     {"null", []string{"JWK 0: kty is missing"}},
		"a string": {`"` + secret + `"`, []string{"JWK 0: it is not a JSON object"}},
	} {
		set, err := jwks.Parse([]byte(`{"keys":[` + tt.keys + `]}`))
		for _, want := range append(tt.want, "jwks: Parse: JWK Set has no usable key; want a public RSA key") {
			if set != nil || !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s: got %v, %v, want an error with %s", name, set, err, want)
			}
		}
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%s: got %v, want no secret in it", name, err)
		}
	}
	_, err := jwks.Parse([]byte(`{"keys":[` + strings.Repeat(`{},`, 256) + `{}]}`))
	if want := "more than 256 keys"; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("got %v, want it to have %s", err, want)
	}
}

func p256Private(d string) string { return `{` + p256 + `,"d":"` + d + `"}` }

// One error reports the faults of the options and of the text.
func TestParseReportsEveryFault(t *testing.T) {
	for constructor, parse := range map[string]func([]byte, ...jwks.ParseOption) error{
		"Parse":    func(text []byte, opts ...jwks.ParseOption) error { _, err := jwks.Parse(text, opts...); return err },
		"ParseKey": func(text []byte, opts ...jwks.ParseOption) error { _, err := jwks.ParseKey(text, opts...); return err },
	} {
		err := parse([]byte("<html>"), nil, jwks.WithAlgorithms("no"), jwks.WithAlgorithms(jwtexp.RS256))
		for _, want := range []string{"options: option 1 is nil", "WithAlgorithms: given twice", `WithAlgorithms: algorithm "no" is unknown`, "text is HTML or XML"} {
			if want = "jwks: " + constructor + ": " + want; !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("got %v, want it to have %s", err, want)
			}
		}
	}
	_, err := jwks.Parse([]byte(setOf("a")), jwks.WithAlgorithms(jwtexp.HS256))
	wantFault(t, "Parse", err, []string{"HS256 is for secrets, and a JWK Set has public keys only"})
}

// A zero or nil Set fails closed.
func TestZeroSet(t *testing.T) {
	for name, set := range map[string]*jwks.Set{"zero": new(jwks.Set), "nil": nil} {
		keys, err := set.VerificationKeys(t.Context(), "a", day)
		if e := wantUnavailable(t, err); keys != nil || e.What != "key set" || !strings.Contains(e.Detail, "zero Set; make one with Parse") {
			t.Errorf("%s: got %v and %q, %q, want no keys and a hint at Parse", name, keys, e.What, e.Detail)
		}
		if got := set.WhyNot("a") + set.WhyAlgorithm("a"); got != "" {
			t.Errorf("%s: got WhyNot and WhyAlgorithm %q, want none", name, got)
		}
		if got := set.Skipped(); got != nil {
			t.Errorf("%s: got Skipped %q, want none", name, got)
		}
	}
	verify(t, new(jwks.Set), "a", unavailable)
}

// The caller may change the text after Parse.
func TestParseCopiesTheText(t *testing.T) {
	text := []byte(`{"keys":[` + jwkOf("a") + `,{"kid":"enc","use":"enc",` + p256 + `}]}`)
	set := must(jwks.Parse(text))
	clear(text)
	verify(t, set, "a", good)
	if got, want := set.WhyNot("enc"), `use is "enc"`; !strings.Contains(got, want) {
		t.Errorf("got %q, want it to have %s", got, want)
	}
}

// No formatting and no reflection reaches a key.
func TestSetShowsNoKeys(t *testing.T) {
	set := must(jwks.Parse([]byte(setOf("a"))))
	x := base64url(keyOf("a").PublicKey().(ed25519.PublicKey))
	for _, text := range append(stringsIn(set), fmt.Sprintf("%v %+v %#v", set, set, set), string(must(json.Marshal([]any{set})))) {
		if strings.Contains(text, x) || strings.Contains(text, "Ed25519") {
			t.Errorf("got %s, want no key in it", text)
		}
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	set := must(jwks.Parse([]byte(setOf("a", "b"))))
	verifier := newVerifier(set, jwtexptest.NewClock(day))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, id := range []string{"a", "b"} {
				_, err := verifier.Verify(t.Context(), tokenOf(id))
				wantVerdict(t, id, err, good)
				clear(must(set.VerificationKeys(t.Context(), "", day)))
				clear(set.Skipped())
				set.WhyNot(id)
				set.WhyAlgorithm(id)
			}
		})
	}
	wg.Wait()
}
