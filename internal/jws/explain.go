package jws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The functions of this file say why a token is rejected, for operators. They run after a check
// has failed. They name what RFCs define, and never quote the token.

// malformed says what a text is that is not a JWS in the compact serialization.
func malformed(raw string) []string {
	var found []string
	for _, kind := range notJWS {
		if kind.matches(raw) {
			found = append(found, kind.text)
		}
	}
	segments := strings.Split(raw, ".")
	switch n := len(segments); {
	case n == 1 && len(found) > 0:
	case n == 5:
		found = append(found, "five segments: it seems to be an encrypted token (JWE, RFC 7516), which must be decrypted first")
	case n == 1:
		found = append(found, "no dots, so it is not a JWT; is it an opaque token?")
	case n != 3:
		found = append(found, fmt.Sprintf("got %d segments separated by dots, want 3", n))
	case len(found) == 0: // otherwise the segments have the faults that were found
		for i, segment := range segments {
			if text := segmentFault(segment); text != "" {
				found = append(found, "the "+segmentNames[i]+" "+text)
			}
		}
	}
	return found
}

// notJWS are the kinds of text that clients send by mistake.
var notJWS = []struct {
	text    string
	matches func(raw string) bool
}{
	{"empty", func(raw string) bool { return raw == "" }},
	{"the word null or undefined; the client sent a variable that has no token", func(raw string) bool {
		return slices.Contains([]string{"null", "undefined", "nil", "None", "NaN", "[object Object]"}, strings.TrimSpace(raw))
	}},
	{"a scheme in front; pass the token alone", hasScheme},
	{"quotation marks; decode the JSON string first", func(raw string) bool { return strings.ContainsAny(raw, "\"'`") && !isJSON(raw) }},
	{"JSON; want the compact serialization (RFC 7515 §7.1)", isJSON},
	{"white space or line breaks; remove them", func(raw string) bool { return strings.ContainsAny(raw, " \t\r\n") && !isJSON(raw) }},
	{"percent-encoding; decode it first", func(raw string) bool { return strings.Contains(raw, "%") }},
	{"padding (=), as AWS load balancers write; a JWS has none (RFC 7515 §2)", func(raw string) bool { return strings.Contains(raw, "=") }},
	{"+ or /, which are base64; want base64url (RFC 7515 §2)", func(raw string) bool { return strings.ContainsAny(raw, "+/") && !isJSON(raw) }},
	{"characters outside ASCII, perhaps a byte order mark or typographic quotation marks", func(raw string) bool {
		return strings.ContainsFunc(raw, func(r rune) bool { return r > '~' })
	}},
}

func isJSON(raw string) bool { return strings.HasPrefix(strings.TrimSpace(raw), "{") }

func hasScheme(raw string) bool {
	raw = strings.TrimLeft(raw, " \t\r\n\"'")
	end := strings.IndexAny(raw, " :%")
	return end > 0 && slices.Contains([]string{"basic", "bearer", "dpop", "jwt", "token"}, strings.ToLower(raw[:end]))
}

var segmentNames = [...]string{"header", "payload", "signature"}

// segmentFault says why a segment is not base64url, or returns "".
func segmentFault(segment string) string {
	_, err := decodeText(segment)
	switch {
	case segment == "":
		return "is empty"
	case err == nil:
		return ""
	case slices.ContainsFunc([]byte(segment), func(c byte) bool { return strict[0][c] == noLetter }):
		return "is not base64url (RFC 7515 §2)"
	case len(segment)%4 == 1:
		return "is cut off: base64url never has this length"
	}
	return "has bits beyond its last byte (RFC 4648 §3.5)"
}

// WhyNotSigned says what is known about a token that no key has signed.
func (c *Compact) WhyNotSigned() string {
	fault := segmentFault(c.payload)
	switch {
	case c.signature.n == 0:
		return "the signature is empty"
	case fault != "":
		return "the signature does not fit, and the payload " + fault
	}
	return "no key that fits kid and alg signed the token; was it changed, or signed by another service?"
}

// TypeText says what typ is.
func (h *Header) TypeText() string {
	i := slices.IndexFunc(registeredTypes, func(typ string) bool { return strings.EqualFold(typ, h.Type) })
	switch {
	case !h.HasType:
		return "typ is missing"
	case i >= 0:
		return "typ is " + registeredTypes[i]
	}
	return "typ does not match"
}

// registeredTypes are values of typ in RFC 7515, 7519, 8417, 9068, 9101, 9449 and 9701, and in
// OpenID Connect.
var registeredTypes = []string{"JWT", "at+jwt", "application/at+jwt", "dpop+jwt", "JOSE", "JOSE+JSON", "logout+jwt",
	"oauth-authz-req+jwt", "secevent+jwt", "token-introspection+jwt"}

// WhyNotSupported says what alg is if it is not supported.
func (h *Header) WhyNotSupported() string { return "alg is " + describeAlgorithm(h.Algorithm) }

// describeAlgorithm says what the name of an unsupported algorithm is. It shows names that are
// registered, and no others.
func describeAlgorithm(name string) string {
	supported := slices.Sorted(maps.Keys(algorithms))
	for _, kind := range []struct {
		names []string
		text  string
	}{
		{supported, " in other letters; upper and lower case count (RFC 7515 §4.1.1)"},
		{[]string{"none"}, "; a token without a signature is never accepted (RFC 8725 §3.2)"},
		{unsupportedAlgorithms, ", which is not supported"},
		{encryptingAlgorithms, ", which encrypts (JWE); want an algorithm that signs"},
	} {
		for _, known := range kind.names {
			if strings.EqualFold(name, known) {
				return known + kind.text
			}
		}
	}
	if name == "" {
		return "empty; want " + strings.Join(supported, ", ")
	}
	return "unknown; want " + strings.Join(supported, ", ")
}

var (
	// unsupportedAlgorithms sign, and are registered for JOSE.
	unsupportedAlgorithms = []string{"ES256K", "ESB256", "ESB320", "ESB384", "ESB512", "ESP256", "ESP384", "ESP512",
		"Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "RS1"}

	// encryptingAlgorithms are the key management algorithms of RFC 7518 §4.1.
	encryptingAlgorithms = []string{"A128GCMKW", "A128KW", "A192GCMKW", "A192KW", "A256GCMKW", "A256KW", "dir", "ECDH-ES",
		"ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW", "PBES2-HS256+A128KW", "PBES2-HS384+A192KW",
		"PBES2-HS512+A256KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5"}
)
