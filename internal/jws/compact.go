// Package jws is the JWS compact serialization (RFC 7515 §7.1) as a JWT uses it:
// its form, its header, and keys that are bound to one algorithm, on top of
// golang-jwt's signing methods.
//
// Errors have fixed texts that never quote a token or a key.
package jws

import (
	"errors"
	"strings"
)

var (
	errSegments  = errors.New("not three segments")
	errLineBreak = errors.New("a line break inside the token")
)

// A Compact is a token taken apart. Nothing in it can be trusted before a
// Material has verified it, and the payload stays encoded until then.
type Compact struct {
	Header    Header
	signed    string // header and payload as they were sent, which is what was signed
	payload   string
	signature []byte
}

// Parse takes a token apart and reads its header. The caller has bounded raw.
func Parse(raw string) (Compact, error) {
	if strings.ContainsAny(raw, "\r\n") {
		return Compact{}, errLineBreak
	}
	header, rest, ok := strings.Cut(raw, ".")
	if !ok {
		return Compact{}, errSegments
	}
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(signature, ".") {
		return Compact{}, errSegments
	}

	c := Compact{signed: raw[:len(header)+1+len(payload)], payload: payload}
	var err error
	if c.Header, err = parseHeader(header); err != nil {
		return Compact{}, err
	}
	if c.signature, err = decodeSegment(signature); err != nil {
		return Compact{}, err
	}
	return c, nil
}

// Payload decodes the payload. Call it only after a Material has verified c.
func (c *Compact) Payload() ([]byte, error) { return decodeSegment(c.payload) }

// Sign makes the compact serialization of payload, signed by m.
func Sign(m *Material, h Header, payload []byte) (string, error) {
	signed := base64url.EncodeToString(h.encode()) + "." + base64url.EncodeToString(payload)
	signature, err := m.sign(signed)
	if err != nil {
		return "", err
	}
	return signed + "." + base64url.EncodeToString(signature), nil
}
