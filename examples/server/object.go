package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"
)

const maxBody = 4 << 10 // bytes

// A fault is an error that the client caused. Its text never quotes the request.
type fault struct {
	status int
	text   string
}

var (
	faultType      = &fault{http.StatusUnsupportedMediaType, "Content-Type must be application/json"}
	faultSize      = &fault{http.StatusRequestEntityTooLarge, "Body is larger than 4 KiB"}
	faultCut       = &fault{http.StatusBadRequest, "Body is incomplete"}
	faultMalformed = &fault{http.StatusBadRequest, "Body is not valid JSON"}
	faultNoObject  = &fault{http.StatusBadRequest, "Body is not a JSON object"}
	faultDuplicate = &fault{http.StatusBadRequest, "Body has a duplicate member"}
)

// readObject returns the members of the JSON object in the request's body. It requires the
// Content-Type application/json, which a page of another site cannot send without permission.
func readObject(w http.ResponseWriter, r *http.Request) (map[string]any, *fault) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, faultType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, faultSize
	}
	if err != nil {
		return nil, faultCut
	}
	return parseObject(body)
}

// parseObject parses a body that is one JSON object. Unlike json.Unmarshal, it rejects duplicate
// members and does not match USER_ID to user_id.
func parseObject(body []byte) (map[string]any, *fault) {
	if !utf8.Valid(body) {
		return nil, faultMalformed
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	value, fault := readValue(dec)
	if fault != nil {
		return nil, fault
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, faultMalformed
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, faultNoObject
	}
	return object, nil
}

// readValue returns a string, a bool, nil, a json.Number, or a map for an object. It returns nil
// for an array, because the server reads no arrays.
func readValue(dec *json.Decoder) (any, *fault) {
	token, err := dec.Token()
	if err != nil {
		return nil, faultMalformed
	}
	switch token {
	case json.Delim('{'):
		return readMembers(dec)
	case json.Delim('['):
		return nil, readElements(dec)
	}
	return token, nil
}

func readMembers(dec *json.Decoder) (map[string]any, *fault) {
	members := make(map[string]any)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, faultMalformed
		}
		name := token.(string) // inside an object, the decoder rejects other names
		value, fault := readValue(dec)
		if fault != nil {
			return nil, fault
		}
		if _, ok := members[name]; ok {
			return nil, faultDuplicate
		}
		members[name] = value
	}
	return members, readEnd(dec)
}

func readElements(dec *json.Decoder) *fault {
	for dec.More() {
		if _, fault := readValue(dec); fault != nil {
			return fault
		}
	}
	return readEnd(dec)
}

// readEnd reads the closing bracket.
func readEnd(dec *json.Decoder) *fault {
	if _, err := dec.Token(); err != nil {
		return faultMalformed
	}
	return nil
}
