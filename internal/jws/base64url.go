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

// decodeText decodes a segment that is text. Most fit into an array that lies on
// the stack, so that the string is the one object that is made.
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
	n, ok := strict.decode(buf, segment)
	if !ok {
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
