package jws

import (
	"encoding/base64"
	"errors"
)

// base64url is RFC 7515's, which is not padded.
var (
	base64url = base64.RawURLEncoding // encodes
	strict    = newDecoder()          // decodes
)

var errBase64 = errors.New("a segment is not strict base64url, or there are more than three segments")

// decodeText decodes a segment that is text. Without the array on the stack, Verify takes 6 %
// longer (BenchmarkVerify/HS256).
func decodeText(segment string) (string, error) {
	var array [512]byte
	buf := array[:]
	if size := base64url.DecodedLen(len(segment)); size > len(array) {
		buf = make([]byte, size)
	}
	n, ok := strict.decode(buf, segment)
	if !ok {
		return "", errBase64
	}
	return string(buf[:n]), nil
}

func decodeBytes(segment string) ([]byte, error) {
	buf := make([]byte, base64url.DecodedLen(len(segment)))
	n, ok := strict.decode(buf, segment)
	if !ok {
		return nil, errBase64
	}
	return buf[:n], nil
}
