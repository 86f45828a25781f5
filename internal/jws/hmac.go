package jws

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha512"
	"hash"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// hmacMethod is golang-jwt's SigningMethodHMAC with kept states. If each HMAC is keyed afresh,
// Verify takes 41 % longer (BenchmarkVerify/HS256), and Issue 43 % (BenchmarkIssue).
type hmacMethod struct {
	name string
	size int // of the HMAC, in bytes
}

func (m hmacMethod) Alg() string { return m.name }

func (m hmacMethod) Verify(signed string, signature []byte, key any) error {
	mac := key.(*keyedHMAC).sum([]byte(signed))
	if !hmac.Equal(signature, mac[:m.size]) {
		return jwt.ErrTokenSignatureInvalid
	}
	return nil
}

// Sign implements golang-jwt's interface. A Material calls sign, which needs no string.
func (m hmacMethod) Sign(signed string, key any) ([]byte, error) {
	return m.sign([]byte(signed), key), nil
}

func (m hmacMethod) sign(signed []byte, key any) []byte {
	mac := key.(*keyedHMAC).sum(signed)
	return mac[:m.size]
}

// A keyedHMAC keeps states of an HMAC that has read the key and nothing else.
type keyedHMAC struct {
	states sync.Pool // of *hmacState
}

// What is passed to a hash.Hash cannot stay on the stack, so a state has space for it. Without it,
// Verify takes 8 % longer (BenchmarkVerify/HS256), and Issue 11 % (BenchmarkIssue).
type hmacState struct {
	hash.Hash
	text []byte // a copy of the signed text
	mac  []byte
}

func newKeyedHMAC(hash crypto.Hash, secret []byte) *keyedHMAC {
	secret = bytes.Clone(secret)
	return &keyedHMAC{sync.Pool{New: func() any { return &hmacState{Hash: hmac.New(hash.New, secret)} }}}
}

// maxKept limits the text that a state in the pool keeps, in bytes.
const maxKept = 16 << 10

// sum returns the HMAC of signed, padded with zeros. It clears the state before it returns it to
// the pool, so that the next user does not find the HMAC.
func (k *keyedHMAC) sum(signed []byte) (mac [sha512.Size]byte) {
	s := k.states.Get().(*hmacState)
	s.text = append(s.text[:0], signed...)
	s.Write(s.text)
	s.mac = s.Sum(s.mac[:0])
	copy(mac[:], s.mac)

	s.Reset()
	clear(s.text)
	clear(s.mac)
	if cap(s.text) <= maxKept {
		k.states.Put(s)
	}
	return mac
}
