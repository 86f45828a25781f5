package jws

import (
	"bytes"
	"crypto/ecdh"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Anybody can issue tokens under a well-known secret. These are the kinds that checkSecret
// recognizes.
var (
	errPEM      = errors.New("the secret is PEM text: pass a key to ParsePEM, or pass random bytes")
	errPublic   = errors.New("the secret is a public key or a certificate, which is not secret: pass random bytes; a public key in DER is for x509.ParsePKIXPublicKey and NewPublicKey")
	errJWK      = errors.New("the secret is a JWK or a JWK Set: pass the decoded bytes of k if the key is symmetric, or random bytes")
	errOpenSSH  = errors.New("the secret is an OpenSSH public key, which is not secret: pass random bytes")
	errRepeated = errors.New("the secret is one byte repeated: pass random bytes, as crypto/rand.Read makes them")
	errSample   = errors.New("the secret is a sample secret of jwt.io, which is not secret: pass random bytes")
)

// samples are the secrets that jwt.io shows for HS256, HS384 and HS512.
var samples = []string{
	"a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-384-bits-long",
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
}

// padding is what files, buffers and base64 have at the end of a secret.
const padding = " \t\r\n\x00"

// checkSecret refuses a secret that is too short (RFC 7518 §3.2) or well known. What it
// recognizes has a form, which random bytes do not have. So it does not recognize the 32
// bytes of an Ed25519 public key.
func checkSecret(a algorithm, secret []byte) error {
	if len(secret) < a.hash.Size() {
		return fmt.Errorf("a secret of %d bytes is too short: at least %d random bytes (RFC 7518 §3.2)", len(secret), a.hash.Size())
	}
	if isRepeated(secret) || isRepeated(bytes.TrimRight(secret, "=\r\n")) {
		return errRepeated
	}
	return checkLayer(secret, maxLayers)
}

func isRepeated(b []byte) bool { return len(b) > 0 && bytes.Count(b, b[:1]) == len(b) }

// maxLayers is how many encodings checkSecret undoes. Base64 of PEM text, whose body is
// base64 of DER, has two.
const maxLayers = 4

// checkLayer looks at bytes as they are, and, if they are text, at what it decodes to.
func checkLayer(b []byte, layers int) error {
	if isPublicDER(b) || isPoint(b) {
		return errPublic
	}
	if isSSHWire(b) {
		return errOpenSSH
	}
	for _, text := range texts(b) {
		if err := checkText(text, layers); err != nil {
			return err
		}
	}
	return nil
}

// texts returns b as UTF-8 and as UTF-16 of either byte order, if it is that.
func texts(b []byte) []string {
	var all []string
	if utf8.Valid(b) {
		all = append(all, string(b))
	}
	if bytes.Count(b, []byte{0}) < len(b)/3 { // every other byte is 0 of ASCII in UTF-16
		return all
	}
	units := make([]uint16, len(b)/2) // without a last byte, which a line break may be
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for i := range units {
			units[i] = order.Uint16(b[2*i:])
		}
		all = append(all, string(utf16.Decode(units)))
	}
	return all
}

// pemLabel is the first line of PEM, of RFC 4716, and of either in a URL.
var pemLabel = regexp.MustCompile(`(?i)-{4,} ?BEGIN[ %+][A-Z0-9 %+]+-{4,}`)

func checkText(text string, layers int) error {
	text = strings.Trim(strings.TrimPrefix(text, "\uFEFF"), padding+"'")
	switch {
	case slices.Contains(samples, strings.Trim(text, padding+`"'`)):
		return errSample
	case pemLabel.MatchString(text):
		return errPEM
	case layers == 0:
		return nil
	}
	values, isJWK := stringsInJSON(text)
	if isJWK {
		return errJWK
	}
	for _, value := range values {
		if err := checkText(value, layers-1); err != nil {
			return err
		}
	}
	for _, decoded := range decodings(text) {
		if err := checkLayer(decoded, layers-1); err != nil {
			return err
		}
	}
	return nil
}

// stringsInJSON returns the strings in the JSON values that text begins with, and whether
// there is a JWK (RFC 7517 §4) among them.
func stringsInJSON(text string) (all []string, isJWK bool) {
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			if _, ok := value["kty"].(string); ok {
				isJWK = true
			}
			for _, member := range value {
				walk(member)
			}
		case []any:
			for _, element := range value {
				walk(element)
			}
		case string:
			all = append(all, value)
		}
	}
	var value any
	for d := json.NewDecoder(strings.NewReader(text)); d.Decode(&value) == nil; value = nil {
		walk(value)
	}
	return all, isJWK
}

var (
	// between is what stands between the characters of base64 that is spread over a text:
	// white space, line breaks as an environment variable has them, and quotes.
	between = regexp.MustCompile(`\s+|\\[rn]|["']`)
	// lineBreak is what stands between lines of base64 in a text that has more in it.
	lineBreak = regexp.MustCompile(`\s*(?:[\r\n]|\\[rn])\s*`)
	// betweenHex is what stands between the digits of hex, in source code too.
	betweenHex = regexp.MustCompile(`(?i)\b0x|\\x|[^0-9a-z]+`)
	// run is an encoding within a text, such as an authorized_keys line, XML or a URL.
	run = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)

	toURL = strings.NewReplacer("+", "-", "/", "_")
)

// decodings returns what text, or a part of it, is in base64 or base64url, padded or not,
// and in hex.
func decodings(text string) [][]byte {
	candidates := append(run.FindAllString(text, -1), run.FindAllString(lineBreak.ReplaceAllString(text, ""), -1)...)
	candidates = append(candidates, between.ReplaceAllString(text, ""))
	slices.Sort(candidates)
	var all [][]byte
	for _, candidate := range slices.Compact(candidates) {
		url := toURL.Replace(strings.TrimRight(candidate, "="))
		if decoded, err := base64.RawURLEncoding.DecodeString(url); err == nil {
			all = append(all, decoded)
		}
		if decoded, err := hex.DecodeString(candidate); err == nil {
			all = append(all, decoded)
		}
	}
	if decoded, err := hex.DecodeString(betweenHex.ReplaceAllString(text, "")); err == nil {
		all = append(all, decoded)
	}
	return all
}

// isPublicDER reports whether b is public keys or certificates in DER, of any algorithm.
func isPublicDER(b []byte) bool {
	type spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	type certificate struct {
		Body      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	found := false
	for b = bytes.TrimLeft(b, padding); len(b) > 0; b = bytes.TrimLeft(b, padding) {
		var pkcs1 struct{ N, E *big.Int }
		rest, err := asn1.Unmarshal(b, &pkcs1)
		if err == nil && pkcs1.N.BitLen() < 512 { // a shorter sequence of two numbers can be random
			return false
		}
		if err != nil {
			rest, err = asn1.Unmarshal(b, new(spki))
		}
		if err != nil {
			rest, err = asn1.Unmarshal(b, new(certificate))
		}
		if err != nil {
			return false
		}
		found, b = true, rest
	}
	return found
}

// isPoint reports whether b is a point of a curve (SEC 1 §2.3.3): x and y, with or without
// the byte before them. A compressed point, which is x alone, looks random.
func isPoint(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for size, curve := range map[int]ecdh.Curve{64: ecdh.P256(), 96: ecdh.P384(), 132: ecdh.P521()} {
		for _, xy := range [][]byte{b, b[1:]} {
			if len(xy) < size || len(bytes.Trim(xy[size:], padding)) > 0 {
				continue
			}
			if _, err := curve.NewPublicKey(slices.Concat([]byte{4}, xy[:size])); err == nil {
				return true
			}
		}
	}
	return false
}

// isSSHWire reports whether b is a public key in the format of RFC 4253 §6.6, which is what
// the base64 of an OpenSSH key encodes: the length of a name, and the name.
func isSSHWire(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	size, rest := binary.BigEndian.Uint32(b), b[4:]
	if uint64(size) > uint64(len(rest)) {
		return false
	}
	name := string(rest[:size])
	return strings.HasPrefix(name, "ssh-") || strings.HasPrefix(name, "ecdsa-sha2-") || strings.HasPrefix(name, "sk-")
}
