package jwks

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The functions of this file say what a text is that was taken for a JWK Set, a JWK or another
// JSON object. They quote nothing of it.

// notSet says why a text is not a JWK Set. what names the text.
func notSet(what string, text []byte) error {
	const want = `; want a JWK Set, a JSON object with an array named "keys" (RFC 7517 §5)`
	return errors.New(what + " " + kindOf(text, "keys", "[") + want)
}

// notKey says why a text is not a JWK.
func notKey(text []byte) error {
	return errors.New("text " + kindOf(text, "kty", `"`) + `; want a JWK, a JSON object with the string "kty" (RFC 7517 §4)`)
}

// kindOf says what a document is that is not a JSON object with the named member. start is the
// first byte of the member's value.
func kindOf(text []byte, member, start string) string {
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return "is empty"
	case !json.Valid(text):
		return kindOfText(string(text))
	case text[0] != '{':
		return "is JSON and not an object, but " + kindOfValue(text[0])
	}
	var object map[string]json.RawMessage
	_ = json.Unmarshal(text, &object) // it is valid, and an object
	value := string(object[member])
	switch {
	case value != "" && !strings.HasPrefix(value, start):
		return fmt.Sprintf("has a %q of another type", member)
	case value != "":
		return "has a member twice"
	case member == "issuer":
		return fmt.Sprintf("has no %q", member)
	case object["jwks_uri"] != nil:
		return "is a discovery document; use Discover with its issuer"
	case object["keys"] != nil:
		return "is a JWK Set; use Parse for its public keys, or pass one JWK of it"
	case object["kty"] != nil:
		return "is a single JWK, which ParseKey reads"
	case object["ciphertext"] != nil:
		return "is encrypted (JWE); decrypt it first"
	}
	for _, value := range object { // of a service account, or of certificates by ID
		if bytes.HasPrefix(value, []byte(`"-----BEGIN `)) {
			return "has PEM in its members; pass each to jwtexp.ParsePEM"
		}
	}
	return fmt.Sprintf("has no %q", member)
}

// kindOfValue names the JSON value that begins with this byte.
func kindOfValue(first byte) string {
	switch first {
	case '[':
		return "an array"
	case '"':
		return "a string; is it encoded twice?"
	case 'n':
		return "null"
	case 't', 'f':
		return "a bool"
	}
	return "a number"
}

// textKinds are texts that are not JSON, in this order.
var textKinds = []struct {
	fits func(text string) bool
	kind string
}{
	{hasPrefix("<"), "is HTML or XML"},
	{isUTF16, "is UTF-16; save it as UTF-8"},
	{hasPrefix("\x1f\x8b"), "is compressed; decompress it first"},
	{func(text string) bool { return !utf8.ValidString(text) }, "is binary"},
	{hasPrefix("{{", "${", "$("), "is a variable or a template that was not expanded; replace it with the JSON"},
	{hasPrefix(`{\"`, `"{\"`), "has backslashes before its quotation marks; remove them"},
	{hasPrefix("{'"), "has single quotes; JSON has double quotes"},
	{hasPrefix("'", "`", `"{"`), "is in quotes; remove them"},
	{isPEM, "is PEM; use jwtexp.ParsePEM"},
	{hasPrefix("ssh-", "ecdsa-sha2-"), "is an OpenSSH key; convert it to PEM, and use jwtexp.ParsePEM"},
	{hasPrefix("http://", "https://"), "is a URL; use NewRemote, or Discover with the issuer"},
	{isToken, "is a token"},
	{isBase64, "is base64; decode it first"},
	{hasPrefix("keys:", "kty:", "- kty:", "---\n"), "is YAML; convert it to JSON"},
	{isFileName, "is a file name; read the file first"},
}

func kindOfText(text string) string {
	for _, k := range textKinds {
		if k.fits(text) {
			return k.kind
		}
	}
	err := json.Unmarshal([]byte(text), new(json.RawMessage))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("is not JSON, or was cut off, at byte %d of %d", syntax.Offset, len(text))
	}
	return "is not JSON, or was cut off"
}

func hasPrefix(prefixes ...string) func(string) bool {
	return func(text string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
	}
}

func isPEM(text string) bool { return text[0] != '{' && strings.Contains(text, "-----BEGIN ") }

// isUTF16 reports whether text has a byte order mark, or ASCII as its first character.
func isUTF16(text string) bool {
	return hasPrefix("\xff\xfe", "\xfe\xff", "\x00")(text) || len(text) > 1 && text[1] == 0
}

// isToken reports whether text looks like a compact JWS or JWE.
func isToken(text string) bool {
	dots := strings.Count(text, ".")
	return strings.HasPrefix(text, "eyJ") && (dots == 2 || dots == 4)
}

// isBase64 reports whether text is a JSON object or PEM in base64.
func isBase64(text string) bool {
	text = strings.NewReplacer("\n", "", "\r", "", "=", "", "-", "+", "_", "/").Replace(text)
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	decoded = bytes.TrimSpace(decoded)
	return err == nil && len(decoded) > 0 && (decoded[0] == '{' || isPEM(string(decoded)))
}

// isFileName reports whether text is one word that looks like a path.
func isFileName(text string) bool {
	suffix := text[strings.LastIndexByte(text, '.')+1:]
	return !strings.ContainsAny(text, " \t\r\n{") &&
		(hasPrefix("/", "./", "../", "~/", "file:", "@")(text) || slices.Contains([]string{"json", "jwk", "jwks", "pem", "txt", "key"}, suffix))
}
