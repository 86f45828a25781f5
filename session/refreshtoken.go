package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A refreshToken is what a refresh token says. Its text is
//
//	rt1_ base64url( family[16] | generation uint32 | expiry uint48 | tag[16] )
//
// with numbers in big-endian order, the expiry in Unix seconds, and a tag that is HMAC-SHA256 over
// what is before it, cut to 16 bytes.
type refreshToken struct {
	family     [familySize]byte // random; the store has only its hash
	generation uint32
	expires    time.Time // Record.Expires when the token was made: whole seconds
}

const (
	refreshPrefix = "rt1_"
	familySize    = 16
	idSize        = 16
	bodySize      = familySize + 4 + 6
	tagSize       = 16
	refreshSize   = len(refreshPrefix) + (bodySize+tagSize)*8/6

	keyLabel     = "jwtexp session refresh 1"
	sessionLabel = "jwtexp session id 1"
)

// expired reports whether t is the end of the refresh token's life, or after it.
func (t refreshToken) expired(now time.Time) bool { return !now.Before(t.expires) }

// session returns the ID of the session, from which the family cannot be computed.
func (t refreshToken) session() string {
	sum := sha256.Sum256(append([]byte(sessionLabel), t.family[:]...))
	return base64.RawURLEncoding.EncodeToString(sum[:idSize])
}

// of returns the current refresh token of the family, by the record of its session.
func (t refreshToken) of(r Record) refreshToken {
	return refreshToken{t.family, r.Generation, r.Expires}
}

// isID reports whether id can be the ID of a session.
func isID(id string) bool {
	_, ok := decodeID(id)
	return ok
}

var strictBase64 = base64.RawURLEncoding.Strict()

// decodeID returns the bytes of the ID of a session.
func decodeID(id string) (sum [idSize]byte, ok bool) {
	if len(id) != strictBase64.EncodedLen(idSize) {
		return sum, false
	}
	n, err := strictBase64.Decode(sum[:], []byte(id))
	return sum, err == nil && n == idSize // Decode skips line breaks
}

// keys sign and verify refresh tokens. The first one signs.
type keys [][]byte

// newKey derives a key from a secret. Managers of different names have different keys.
func newKey(secret []byte, name string) []byte {
	label := keyLabel
	if name != "" {
		label += "\x00" + name
	}
	return mac(secret, []byte(label))
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// text returns the text of t.
func (k keys) text(t refreshToken) string {
	body := make([]byte, 0, bodySize+tagSize)
	body = append(body, t.family[:]...)
	body = binary.BigEndian.AppendUint32(body, t.generation)
	expires := binary.BigEndian.AppendUint64(nil, uint64(t.expires.Unix()))
	body = append(body, expires[2:]...)
	body = append(body, mac(k[0], body)[:tagSize]...)
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(body)
}

// parse reads the text of a refresh token. An error is a [*jwtexp.InvalidError].
func (k keys) parse(text string) (t refreshToken, err error) {
	encoded, found := strings.CutPrefix(text, refreshPrefix)
	if !found || len(text) != refreshSize {
		return t, &jwtexp.InvalidError{Reason: jwtexp.ReasonMalformed}
	}
	// DecodeString skips line breaks, and then there are fewer bytes.
	body, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(body) != bodySize+tagSize {
		return t, &jwtexp.InvalidError{Reason: jwtexp.ReasonMalformed}
	}
	body, tag := body[:bodySize], body[bodySize:]
	for _, key := range k {
		if hmac.Equal(mac(key, body)[:tagSize], tag) {
			copy(t.family[:], body)
			t.generation = binary.BigEndian.Uint32(body[familySize:])
			t.expires = time.Unix(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, body[familySize+4:]...))), 0).UTC()
			return t, nil
		}
	}
	return t, &jwtexp.InvalidError{Reason: jwtexp.ReasonSignature}
}
