package jwtexptest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// A draft is a decoded token that can be changed and encoded again.
type draft struct {
	header, claims members
}

// members is a JSON object. Its numbers are json.Number, which keeps their digits.
type members map[string]any

// draftOf decodes a token of an Issuer.
func draftOf(token string) draft {
	parts := strings.Split(token, ".")
	return draft{membersOf(parts[0]), membersOf(parts[1])}
}

func membersOf(segment string) members {
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		panic("jwtexptest: an Issuer's token is not base64url: " + err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	m := make(members)
	if err := dec.Decode(&m); err != nil {
		panic("jwtexptest: an Issuer's token is not JSON: " + err.Error())
	}
	return m
}

func (m members) text() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic("jwtexptest: cannot encode a changed token: " + err.Error())
	}
	return text
}

// and returns m's text with another member at its end.
func (m members) and(member string) string {
	text := m.text()
	return string(text[:len(text)-1]) + "," + member + "}"
}

// withSignature returns the token with a signature that is already base64url.
func (d draft) withSignature(signature string) string {
	return encode(d.header.text()) + "." + encode(d.claims.text()) + "." + signature
}

func encode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// signatureOf returns a token's last segment.
func signatureOf(token string) string { return token[strings.LastIndex(token, ".")+1:] }
