package jwtexptest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// A draft is a token taken apart, to be changed and put together again.
type draft struct {
	header, claims members
}

// members is a JSON object. Its numbers are json.Number, which keeps their digits.
type members map[string]any

// draftOf takes apart a token that an Issuer made.
func draftOf(token string) draft {
	parts := strings.Split(token, ".")
	return draft{membersOf(parts[0]), membersOf(parts[1])}
}

func membersOf(segment string) members {
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		panic("jwtexptest: a token of an Issuer is not base64url: " + err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	m := make(members)
	if err := dec.Decode(&m); err != nil {
		panic("jwtexptest: a token of an Issuer is not JSON: " + err.Error())
	}
	return m
}

func (m members) text() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic("jwtexptest: what was JSON is none any more: " + err.Error())
	}
	return text
}

func (d draft) sign(key jwtexp.Key) (string, error) {
	return testsign.Sign(key, d.header.text(), d.claims.text())
}

// with puts a signature, encoded already, behind the two segments that d makes.
func (d draft) with(signature string) string {
	return encode(d.header.text()) + "." + encode(d.claims.text()) + "." + signature
}

func encode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// signatureOf returns a token's last segment.
func signatureOf(token string) string { return token[strings.LastIndex(token, ".")+1:] }
