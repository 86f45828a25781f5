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

var errForm = errors.New("not three segments of base64url")

// A Compact is a token taken apart. None of it can be trusted before a Material has verified it.
// The payload stays encoded until then.
type Compact struct {
	Header    *Header // shared with other tokens: read it only
	header    string
	signed    string // header and payload as they were sent
	payload   string
	signature signature
}

// Parse takes a token apart into c, which must be zero, and reads its header. The caller limits the
// length of raw. An error names all faults of the form.
func (h *Headers) Parse(raw string, c *Compact) error {
	err := h.cut(raw, c)
	if err == nil {
		return nil
	}
	found := malformed(raw)
	if err != errForm {
		found = append(found, err.Error())
	}
	return errors.New(strings.Join(found, "; "))
}

func (h *Headers) cut(raw string, c *Compact) (err error) {
	header, rest, ok := strings.Cut(raw, ".")
	if !ok {
		return errForm
	}
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok {
		return errForm
	}
	c.header, c.payload = header, payload
	c.signed = raw[:len(header)+1+len(payload)]
	if c.Header, err = h.parse(header); err != nil {
		return err
	}
	return c.signature.decode(signature) // fails for a signature with a dot
}

// Payload decodes the payload. Call it after a Material has verified c, or to choose a Verifier.
func (c *Compact) Payload() (string, error) {
	text, err := decodeText(c.payload)
	if err != nil {
		return "", errors.New("the payload " + segmentFault(c.payload))
	}
	return text, nil
}

// Payload decodes the payload of a token that Sign returned.
func Payload(token string) string {
	segments := strings.Split(token, ".")
	payload, err := decodeText(segments[1])
	if err != nil {
		panic("jwtexp: a token stopped being valid: " + err.Error())
	}
	return payload
}

// Sign returns the compact serialization of a header and a payload, signed by m.
func Sign(m *Material, h *EncodedHeader, payload []byte) (string, error) {
	var array [1024]byte // on the stack; without it, Issue takes 25 % longer (BenchmarkIssue)
	token := base64url.AppendEncode(append(array[:0], h.encoded...), payload)
	token, err := m.appendSignature(token)
	return string(token), err
}
