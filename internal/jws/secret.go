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
)

// Anyone can issue tokens with a well-known secret. checkSecret recognizes these kinds.
var (
	errPEM      = errors.New("the secret is PEM text; pass a key to ParsePEM, or pass random bytes")
	errPublic   = errors.New("the secret is a public key or a certificate, which is not secret; pass random bytes, or pass the key to x509.ParsePKIXPublicKey and NewPublicKey")
	errJWK      = errors.New("the secret is a JWK or a JWK Set; pass the decoded bytes of k if the key is symmetric, or random bytes")
	errOpenSSH  = errors.New("the secret is an OpenSSH public key, which is not secret; pass random bytes")
	errRepeated = errors.New("the secret is one byte repeated; pass random bytes, as crypto/rand.Read makes them")
	errSample   = errors.New("the secret is a sample secret of jwt.io, which is not secret; pass random bytes")
)

// samples are the secrets that jwt.io shows for HS256, HS384 and HS512, and the ones that it showed
// before. The earlier ones are long enough only in an encoded form.
var samples = []string{
	"your-256-bit-secret",
	"your-384-bit-secret",
	"your-512-bit-secret",
	"a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-384-bits-long",
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
}

// padding is what files, buffers and base64 have at the end of a secret.
const padding = " \t\r\n\x00"

// checkSecret returns an error for a secret that is too short (RFC 7518 §3.2) or well known. It
// recognizes secrets by their form, which random bytes do not have, so it does not recognize the 32
// bytes of an Ed25519 public key.
func checkSecret(a algorithm, secret []byte) error {
	if len(secret) < a.hash.Size() {
		return fmt.Errorf("a secret of %d bytes is too short; want %d random bytes or more (RFC 7518 §3.2)", len(secret), a.hash.Size())
	}
	if isRepeated(secret) || isRepeated(bytes.TrimRight(secret, "=\r\n")) {
		return errRepeated
	}
	return checkLayer(secret, maxLayers)
}

func isRepeated(b []byte) bool { return len(b) > 0 && bytes.Count(b, b[:1]) == len(b) }

const (
	// maxLayers is how many encodings checkSecret undoes: four, and the base64 that is part of an
	// OpenSSH key.
	maxLayers = 5
	// minPublic is smaller than anything that checkSecret recognizes, in bytes.
	minPublic = 16
)

// checkLayer checks the bytes and, if they are text, what the text decodes to.
func checkLayer(b []byte, layers int) error {
	switch {
	case len(b) < minPublic:
		return nil
	case isPublicDER(b), isPoint(b):
		return errPublic
	case isSSHWire(b):
		return errOpenSSH
	}
	if err := checkText(string(b), layers); err != nil || layers == 0 {
		return err
	}
	return checkLayers(fromUTF16(b), layers-1)
}

func checkLayers(all [][]byte, layers int) error {
	for _, b := range all {
		if err := checkLayer(b, layers); err != nil {
			return err
		}
	}
	return nil
}

// fromUTF16 returns b in UTF-8 if it is mostly ASCII in UTF-16, of either byte order.
func fromUTF16(b []byte) [][]byte {
	if bytes.Count(b, []byte{0}) < len(b)/3 { // in UTF-16 every other byte of ASCII is 0
		return nil
	}
	var all [][]byte
	units := make([]uint16, len(b)/2) // an odd last byte may be a line break
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for i := range units {
			units[i] = order.Uint16(b[2*i:])
		}
		all = append(all, []byte(string(utf16.Decode(units))))
	}
	return all
}

// pemLabel is the first line of PEM (RFC 7468 §3), of RFC 4716, and of either in a URL.
var pemLabel = regexp.MustCompile(`(?i)-{4,} ?BEGIN[ %+][ -~]+?-{4,}`)

// checkText checks text, which need not be valid UTF-8.
func checkText(text string, layers int) error {
	text = strings.Trim(strings.TrimPrefix(text, "\uFEFF"), padding+"'")
	switch {
	case slices.Contains(samples, text):
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
	return checkLayers(append(values, decodings(text)...), layers-1)
}

// stringsInJSON returns the strings in the JSON values at the beginning of text, maybe after a
// label, and whether one of the values is a JWK (RFC 7517 §4).
func stringsInJSON(text string) (all [][]byte, isJWK bool) {
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
			all = append(all, []byte(value))
		}
	}
	start := max(0, strings.IndexAny(text, `{["`))
	var value any
	for d := json.NewDecoder(strings.NewReader(text[start:])); d.Decode(&value) == nil; value = nil {
		walk(value)
	}
	return all, isJWK
}

var (
	// between is what separates the characters of base64 that is spread over a text: white space,
	// line breaks as an environment variable has them, and quotes.
	between = regexp.MustCompile(`\s+|\\[rn]|["']`)
	// betweenHex is what separates the digits of hex, in source code too.
	betweenHex = regexp.MustCompile(`(?i)\b0x|\\x|[^0-9a-z]+`)

	// run is base64 within a text, such as an authorized_keys line, XML or a URL. lines is several
	// lines of it. The last line may belong to something else.
	run   = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)
	lines = regexp.MustCompile(`((?:[A-Za-z0-9+/_-]{40,}\s*(?:[\r\n]|\\[rn])+\s*)+)[A-Za-z0-9+/_-]*`)
	// hexRun is hex within a text.
	hexRun = regexp.MustCompile(`(?i)(?:(?:0x|\\x)?[0-9a-f]{2}[^0-9a-z\\]*)+`)

	toURL = strings.NewReplacer("+", "-", "/", "_")
)

// decodings returns what text, or a part of it, encodes in base64 or base64url, padded or not, and
// in hex.
func decodings(text string) [][]byte {
	candidates := append(run.FindAllString(text, -1), text)
	for _, match := range lines.FindAllStringSubmatch(text, -1) {
		candidates = append(candidates, match...)
	}
	for i, candidate := range candidates {
		candidates[i] = toURL.Replace(strings.TrimRight(between.ReplaceAllString(candidate, ""), "="))
	}
	slices.Sort(candidates)
	var all [][]byte
	for _, candidate := range slices.Compact(candidates) {
		if decoded, err := base64.RawURLEncoding.DecodeString(candidate); err == nil {
			all = append(all, decoded)
		}
	}
	for _, candidate := range hexRun.FindAllString(text, -1) {
		if decoded, err := hex.DecodeString(betweenHex.ReplaceAllString(candidate, "")); err == nil {
			all = append(all, decoded)
		}
	}
	return all
}

// isPublicDER reports whether b consists of public keys or certificates in DER, of any algorithm.
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

// isPoint reports whether b is a point of a curve (SEC 1 §2.3.3): x and y, with or without the byte
// before them. A compressed point is x alone and looks random.
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

// isSSHWire reports whether b is a public key in the format of RFC 4253 §6.6, which OpenSSH writes
// in base64: the length of a name, and the name.
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
