package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonFloor is the floor for reading and writing JSON with the package that jwtexp
// does so with, that of Go 1.27, and hands out an object for each token. It judges and
// finds nothing, and says about how far jwtexp could get, whose decoder of base64url is
// faster.
const jsonFloor = "the floor with JSON"

// A handedOut has room for what a Token tells.
type handedOut struct {
	raw, payload, id string
	issuedAt         time.Time
	_                [4]string    // iss, sub, typ, kid
	_                []string     // aud
	_                [2]time.Time // exp, nbf
}

var lastOut *handedOut // keeps the object off the stack

// readFloor does what verifyFloor does, and reads the payload as one strict JSON
// value, with a decoder that is used again.
func readFloor(keys []key) func(*token) ([]byte, error) {
	verify := verifyFloor(keys)
	var payload [2048]byte
	var decoder jsontext.Decoder
	var source bytes.Buffer
	return func(t *token) ([]byte, error) {
		if err := verify(t); err != nil {
			return nil, err
		}
		// verifyFloor has decoded the payload, and kept it to itself.
		text := payload[:copy(payload[:], t.payload)]
		source = *bytes.NewBuffer(text)
		decoder.Reset(&source)
		if _, err := decoder.ReadValue(); err != nil {
			return nil, err
		}
		lastOut = &handedOut{payload: string(text)}
		return text, nil
	}
}

func verifyJSONFloor(keys []key) func(*token) error {
	read := readFloor(keys)
	return func(t *token) error {
		_, err := read(t)
		return err
	}
}

// profileJSONFloor unmarshals the two fields as well, which are the last in the payload.
func profileJSONFloor(keys []key) func(*token) error {
	read := readFloor(keys)
	return func(t *token) error {
		text, err := read(t)
		if err != nil {
			return err
		}
		text = text[bytes.Index(text, beforeProfile):]
		text[0] = '{'
		var p profile
		return json.Unmarshal(text, &p)
	}
}

var beforeProfile = []byte(`,"name"`)

var unpadded = base32.StdEncoding.WithPadding(base32.NoPadding)

// issueJSONFloor writes the two fields, reads the clock and draws a jti as well.
func issueJSONFloor(least func() string, p profile) func() error {
	var buffer [256]byte
	return func() error {
		text, err := jsontext.AppendQuote(append(buffer[:0], `"name":`...), p.Name)
		if err != nil {
			return err
		}
		if text, err = jsontext.AppendQuote(append(text, `,"role":`...), p.Role); err != nil {
			return err
		}
		var random [16]byte
		rand.Read(random[:])
		id := unpadded.AppendEncode(text, random[:])[len(text):]
		lastOut = &handedOut{id: string(id), issuedAt: time.Now(), raw: least()}
		return nil
	}
}

type outKey struct{}

// guardJSONFloor hands the request on with a context as well.
func guardJSONFloor(keys []key, tokens []token, next http.Handler) func(i int) error {
	verify := verifyJSONFloor(keys)
	c := newClient(tokens)
	return func(i int) error {
		guard := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if verify(&tokens[i]) == nil {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), outKey{}, lastOut)))
			}
		})
		return c.request(guard, i)
	}
}
