package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"strings"
	"sync"
	"time"
)

// The floors are lower bounds: the work that no library can avoid.
const (
	theFloor  = "the floor"
	rawCrypto = "raw crypto"
)

var (
	strict      = base64.RawURLEncoding.Strict()
	errRejected = errors.New("rejected")
)

// hmacPools returns a pool of HMACs for each key. Reset is faster than hmac.New.
func hmacPools(keys []key) []sync.Pool {
	pools := make([]sync.Pool, len(keys))
	for i, k := range keys {
		pools[i].New = func() any { return hmac.New(sha256.New, k.secret) }
	}
	return pools
}

// verifyFloor decodes base64url, compares the HMAC and reads the clock. It does not parse the
// decoded text. The function that it returns is not safe for concurrent use.
func verifyFloor(keys []key) func(*token) error {
	pools := hmacPools(keys)
	var segments [2048]byte
	var sum [sha256.Size]byte
	return func(t *token) error {
		dot1, dot2 := bytes.IndexByte(t.bytes, '.'), bytes.LastIndexByte(t.bytes, '.')
		n, err := strict.Decode(segments[:], t.bytes[dot2+1:])
		if err != nil {
			return err
		}
		mac := pools[t.key].Get().(hash.Hash)
		mac.Reset()
		mac.Write(t.bytes[:dot2])
		ok := hmac.Equal(mac.Sum(sum[:0]), segments[:n])
		pools[t.key].Put(mac)
		if !ok {
			return errRejected
		}
		if _, err := strict.Decode(segments[:], t.bytes[:dot1]); err != nil {
			return err
		}
		if _, err := strict.Decode(segments[:], t.bytes[dot1+1:dot2]); err != nil {
			return err
		}
		if time.Now().IsZero() {
			return errRejected
		}
		return nil
	}
}

// issueFloor encodes the payload of issued, computes the HMAC and makes one string. The function
// that it returns is not safe for concurrent use.
func issueFloor(k *key, issued token) (func() string, error) {
	segments := strings.Split(issued.String(), ".")
	body, err := strict.DecodeString(segments[1])
	if err != nil {
		return nil, err
	}
	pools := hmacPools([]key{*k})
	prefix := segments[0] + "."
	var buffer [2048]byte
	var sum [sha256.Size]byte
	return func() string {
		text := append(buffer[:0], prefix...)
		text = base64.RawURLEncoding.AppendEncode(text, body)
		mac := pools[0].Get().(hash.Hash)
		mac.Reset()
		mac.Write(text)
		signature := mac.Sum(sum[:0])
		pools[0].Put(mac)
		text = append(text, '.')
		return string(base64.RawURLEncoding.AppendEncode(text, signature))
	}, nil
}

// rawVerifier calls Go's function for the algorithm with the decoded signature.
func rawVerifier(keys []key) func(*token) error {
	public := make([]any, len(keys))
	for i, k := range keys {
		public[i] = k.verification()
	}
	return func(t *token) error {
		ok := false
		switch public := public[t.key].(type) {
		case *rsa.PublicKey:
			digest := sha256.Sum256(t.input)
			ok = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], t.signature) == nil
		case *ecdsa.PublicKey:
			digest := sha256.Sum256(t.input)
			ok = ecdsa.VerifyASN1(public, digest[:], t.signature)
		case ed25519.PublicKey:
			ok = ed25519.Verify(public, t.input, t.signature)
		}
		if !ok {
			return errRejected
		}
		return nil
	}
}
