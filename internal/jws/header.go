package jws

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// A Header has the parameters of a JOSE header (RFC 7515 §4) that matter. Parameters that carry or
// point to a key (jwk, jku, x5u, x5c) are left out, because keys come from the key set only.
type Header struct {
	Algorithm string
	Type      string
	KeyID     string
	HasType   bool // typ is present, even if it is empty
	HasKeyID  bool // kid is present, even if it is empty
	Supported bool // Algorithm is one of algorithms
}

var (
	errNoAlgorithm = errors.New(`parameter "alg": missing`)
	errUnderstood  = errors.New("not supported, so the token must be rejected (RFC 7515 §4.1.11)")
)

func parseHeader(segment string) (*Header, error) {
	text, err := decodeText(segment)
	if err != nil {
		return nil, err
	}
	h := new(Header)
	hasAlgorithm, err := h.read(text)
	if err == nil && !hasAlgorithm {
		err = errNoAlgorithm
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", headerRules.Faults(text, err))
	}
	_, h.Supported = algorithms[h.Algorithm]
	// A key set may keep the kid. Clones keep the rest of the header out of memory then.
	h.Algorithm, h.Type, h.KeyID = strings.Clone(h.Algorithm), strings.Clone(h.Type), strings.Clone(h.KeyID)
	return h, nil
}

// read reads the parameters, and reports whether alg is one of them.
func (h *Header) read(text string) (hasAlgorithm bool, err error) {
	err = strictjson.Members(text, func(name string, value *strictjson.Reader) (err error) {
		switch name {
		case "alg":
			hasAlgorithm = true
			h.Algorithm, err = value.String()
		case "typ":
			h.HasType = true
			h.Type, err = value.String()
		case "kid":
			h.HasKeyID = true
			h.KeyID, err = value.String()
		case "cty":
			_, err = value.String()
		case "crit", "b64":
			// No extension is implemented, so any crit is rejected (RFC 7515 §4.1.11). b64 changes
			// what is signed (RFC 7797) and must come with crit. Without crit, two readers would see
			// two payloads.
			err = errUnderstood
		default:
			return value.Skip()
		}
		if err != nil {
			return fmt.Errorf("parameter %q: %w", name, value.Fixed(err))
		}
		return nil
	})
	return hasAlgorithm, err
}

// headerRules find every fault of a header.
var headerRules = strictjson.Rules{
	Noun:     "parameter",
	Check:    func(object string) error { _, err := new(Header).read(object); return err },
	Required: "alg",
	Missing:  errNoAlgorithm,
}

// An EncodedHeader is a header as new tokens have it, encoded once for many tokens. If it is encoded
// for each token, Issue takes 24 % longer (BenchmarkIssue).
type EncodedHeader struct {
	Header
	encoded string // in base64url, with the dot after it
}

// EncodeHeader returns the header of tokens that m signs. A kid of "" is left out. Both texts must be
// valid UTF-8. parameters are from EncodeParameter.
func EncodeHeader(m *Material, typ, keyID string, parameters []byte) *EncodedHeader {
	h := &EncodedHeader{Header: Header{
		Algorithm: m.Algorithm(),
		Type:      typ,
		HasType:   true,
		KeyID:     keyID,
		HasKeyID:  keyID != "",
		Supported: true,
	}}
	text := []byte(`{"alg":"` + h.Algorithm + `"`)
	if h.HasKeyID {
		text, _ = jsontext.AppendQuote(append(text, `,"kid":`...), h.KeyID)
	}
	text, _ = jsontext.AppendQuote(append(text, `,"typ":`...), h.Type)
	text = append(append(text, parameters...), '}')
	h.encoded = base64url.EncodeToString(text) + "."
	return h
}

// EncodeParameter appends a parameter for EncodeHeader. One that EncodeHeader writes itself, or that
// a Verifier would reject, is an error.
func EncodeParameter(parameters []byte, name string, value any) ([]byte, error) {
	isName := func(other string) bool { return strings.EqualFold(name, other) } // as lax readers compare
	switch {
	case name == "":
		return nil, errors.New("the name is empty")
	case slices.ContainsFunc([]string{"alg", "typ", "kid"}, isName):
		return nil, errors.New("the Issuer sets it, from its key and WithType")
	case slices.ContainsFunc([]string{"crit", "b64"}, isName):
		return nil, errUnderstood
	}
	member, err := json.Marshal(map[string]any{name: value}, strictjson.V1)
	switch {
	case err != nil:
		return nil, fmt.Errorf("name or value cannot be written as strict JSON: %w", err)
	case strings.HasSuffix(string(member), ":null}"):
		return nil, errors.New("the value is nil or null; leave the option out")
	}
	if _, err := new(Header).read(string(member)); err != nil {
		return nil, err
	}
	return append(append(parameters, ','), member[1:len(member)-1]...), nil
}

// EncodeText returns a header that is any text, for tokens that no Issuer writes.
func EncodeText(text []byte) *EncodedHeader {
	return &EncodedHeader{encoded: base64url.EncodeToString(text) + "."}
}

// Serves reports whether EncodeHeader would return h for m and keyID, with the same typ.
func (h *EncodedHeader) Serves(m *Material, keyID string) bool {
	return h.Algorithm == m.Algorithm() && h.KeyID == keyID
}
