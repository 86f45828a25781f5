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

// decodeText decodes a segment that is text. Most fit into an array that lies on
// the stack, so that the string is the one object that is made.
func decodeText(segment string) (string, error) {
	var array [512]byte
	buf := array[:]
	if size := base64url.DecodedLen(len(segment)); size > len(array) {
		buf = make([]byte, size)
	}
	n, err := base64url.Decode(buf, []byte(segment))
	if err != nil {
		return "", errBase64 // the cause tells an offset into the token at best
	}
	return string(buf[:n]), nil
}

// A signature is decoded into an array where it fits: that of HMAC, ES256 and
// Ed25519 is then no object of its own.
type signature struct {
	short [64]byte
	n     int
	long  []byte
}

func (s *signature) decode(segment string) error {
	buf := s.short[:]
	if size := base64url.DecodedLen(len(segment)); size > len(buf) {
		s.long = make([]byte, size)
		buf = s.long
	}
	n, err := base64url.Decode(buf, []byte(segment))
	if err != nil {
		return errBase64
	}
	s.n = n
	return nil
}

func (s *signature) bytes() []byte {
	if s.long != nil {
		return s.long[:s.n]
	}
	return s.short[:s.n]
}
