package jws

import (
	"encoding/base64"
	"errors"
)

// base64url is RFC 7515's: unpadded, and with no bits set beyond the data, so
// that one byte string has one encoding. The package's decoders skip CR and LF
// even when strict; Parse refuses those before anything is decoded.
var base64url = base64.RawURLEncoding.Strict()

var errBase64 = errors.New("a segment is not strict base64url")

func decodeSegment(segment string) ([]byte, error) {
	data, err := base64url.DecodeString(segment)
	if err != nil {
		return nil, errBase64 // the cause tells an offset into the token at best
	}
	return data, nil
}
