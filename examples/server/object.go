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

// maxBody is the size in bytes up to which a body is read.
const maxBody = 4 << 10

// A fault is what is wrong with a body, in words for the client. It never
// quotes what was sent.
type fault struct {
	status int
	text   string
}

var (
	faultType      = &fault{http.StatusUnsupportedMediaType, "Content-Type must be application/json"}
	faultSize      = &fault{http.StatusRequestEntityTooLarge, "Body is over 4 KiB"}
	faultCut       = &fault{http.StatusBadRequest, "Body ended early"}
	faultEmpty     = &fault{http.StatusBadRequest, "Body is empty"}
	faultUTF8      = &fault{http.StatusBadRequest, "Body is not UTF-8"}
	faultMalformed = &fault{http.StatusBadRequest, "Body is not valid JSON"}
	faultTrailing  = &fault{http.StatusBadRequest, "Body goes on after its JSON value"}
	faultNoObject  = &fault{http.StatusBadRequest, "Body is not a JSON object"}
	faultDuplicate = &fault{http.StatusBadRequest, "Body has a member twice"}
)

// readObject returns the members of the JSON object that a request sends. It asks
// for its Content-Type, which a page of another site cannot send unasked.
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

// parseObject reads the one JSON object that body is. It is strict where
// json.Unmarshal, for which the last of two members counts, and USER_ID is
// user_id, would take what the next reader may understand otherwise.
func parseObject(body []byte) (map[string]any, *fault) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, faultEmpty
	}
	if !utf8.Valid(body) {
		return nil, faultUTF8
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	value, fault := readValue(dec)
	if fault != nil {
		return nil, fault
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, faultTrailing
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, faultNoObject
	}
	return object, nil
}

// readValue returns a number, string, bool or null as dec does, an object by its
// members, and of an array nothing: no array means anything here.
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
		name := token.(string) // where a name is due, dec returns nothing else
		value, fault := readValue(dec)
		if fault != nil {
			return nil, fault
		}
		if _, twice := members[name]; twice {
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

// readEnd reads the bracket at which dec.More saw no more.
func readEnd(dec *json.Decoder) *fault {
	if _, err := dec.Token(); err != nil {
		return faultMalformed
	}
	return nil
}
