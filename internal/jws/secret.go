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

// Anybody can issue tokens under a secret that everybody knows. These are the kinds of such
// secrets that checkSecret recognizes.
var (
	errPEM      = errors.New("the secret is PEM text: pass a key to ParsePEM, or pass random bytes")
	errPublic   = errors.New("the secret is a public key or a certificate, which is not secret: pass random bytes; a public key in DER is for x509.ParsePKIXPublicKey and NewPublicKey")
	errJWK      = errors.New("the secret is a JSON Web Key or a set of them: of a symmetric key pass the bytes of k, of a public key nothing")
	errOpenSSH  = errors.New("the secret is an OpenSSH public key, which is not secret: pass random bytes")
	errRepeated = errors.New("the secret is one byte repeated: pass random bytes, as crypto/rand.Read makes them")
	errSample   = errors.New("the secret is the sample secret of jwt.io, which everybody knows: pass random bytes")
)

// samples are the secrets that jwt.io shows for HS256, HS384 and HS512.
var samples = []string{
	"a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-384-bits-long",
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
}

// checkSecret refuses a secret that is too short (RFC 7518 §3.2) or that everybody knows.
// What it recognizes has a form: no random secret is refused by mistake. So a public key
// without one, such as the 32 bytes of an Ed25519 key, is not recognized.
func checkSecret(a algorithm, secret []byte) error {
	if len(secret) < a.hash.Size() {
		return fmt.Errorf("a secret of %d bytes is too short: at least %d random bytes (RFC 7518 §3.2)", len(secret), a.hash.Size())
	}
	if isRepeated(secret) || isRepeated(bytes.TrimRight(secret, "=\r\n")) { // zeros in base64 end with =
		return errRepeated
	}
	return checkLayer(secret, maxLayers)
}

func isRepeated(b []byte) bool { return len(b) > 0 && bytes.Count(b, b[:1]) == len(b) }

// maxLayers is how many encodings may lie around a key for it to be recognized: base64 of
// PEM text, whose body is base64 of DER, has two.
const maxLayers = 4

// checkLayer looks at bytes as they are, and, if they are text, at what it decodes to.
func checkLayer(b []byte, layers int) error {
	if isPublicDER(b) || isUncompressedPoint(b) {
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

// texts returns b as UTF-8 and as UTF-16 of either byte order, where it is that.
func texts(b []byte) []string {
	var all []string
	if utf8.Valid(b) {
		all = append(all, string(b))
	}
	if len(b)%2 == 0 {
		units := make([]uint16, len(b)/2)
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			for i := range units {
				units[i] = order.Uint16(b[2*i:])
			}
			all = append(all, string(utf16.Decode(units)))
		}
	}
	return all
}

func checkText(text string, layers int) error {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\uFEFF"))
	switch {
	case slices.Contains(samples, text):
		return errSample
	case strings.Contains(text, "-----BEGIN"), strings.Contains(text, "---- BEGIN"): // PEM, and RFC 4716
		return errPEM
	case isJWK(text):
		return errJWK
	case layers == 0:
		return nil
	}
	for _, encoded := range encodedIn(text) {
		for _, decoded := range decodings(encoded) {
			if err := checkLayer(decoded, layers-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// isJWK reports whether text is JSON with a JWK (RFC 7517 §4) in it, at whatever depth.
func isJWK(text string) bool {
	var value any
	return json.Unmarshal([]byte(text), &value) == nil && hasJWK(value)
}

func hasJWK(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		if _, ok := value["kty"].(string); ok {
			return true
		}
		for _, member := range value {
			if hasJWK(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, hasJWK)
	case string:
		return isJWK(value)
	}
	return false
}

var (
	// between is what stands between the characters of an encoding that is spread over a
	// text: white space, line breaks as an environment variable has them, quotes, and the
	// colons of hex.
	between = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", `\r`, "", `\n`, "", `"`, "", "'", "", ":", "")
	// betweenHex is what else stands between the digits of hex in source code.
	betweenHex = strings.NewReplacer(",", "", "0x", "", `\x`, "")
	// run is an encoding within a text, such as an authorized_keys line, XML or a URL.
	run = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)
)

// encodedIn returns what in a text may be base64 or hex: the whole of it, and parts.
func encodedIn(text string) []string {
	whole := between.Replace(text)
	return append(run.FindAllString(text, -1), whole, betweenHex.Replace(whole))
}

// decodings returns what text is in base64 or base64url, padded or not, and in hex.
func decodings(text string) [][]byte {
	var all [][]byte
	url := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	if decoded, err := base64.RawURLEncoding.DecodeString(url); err == nil {
		all = append(all, decoded)
	}
	if decoded, err := hex.DecodeString(text); err == nil {
		all = append(all, decoded)
	}
	return all
}

// isPublicDER knows public keys and certificates by their form, whatever their
// algorithm, also where a file's last line break follows.
func isPublicDER(b []byte) bool {
	type pkcs1 struct{ N, E *big.Int }
	type spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	type certificate struct {
		Body      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	return isDER(b, new(pkcs1)) || isDER(b, new(spki)) || isDER(b, new(certificate))
}

func isDER(b []byte, form any) bool {
	rest, err := asn1.Unmarshal(b, form)
	return err == nil && len(bytes.TrimSpace(rest)) == 0
}

// isUncompressedPoint reports whether b is a point of a curve in the form 04 || x || y (SEC 1
// §2.3.3), also where a file's last line break follows. A compressed point cannot be told
// from random bytes.
func isUncompressedPoint(b []byte) bool {
	for size, curve := range map[int]ecdh.Curve{65: ecdh.P256(), 97: ecdh.P384(), 133: ecdh.P521()} {
		if len(b) < size || len(bytes.TrimSpace(b[size:])) > 0 {
			continue
		}
		if _, err := curve.NewPublicKey(b[:size]); err == nil {
			return true
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
