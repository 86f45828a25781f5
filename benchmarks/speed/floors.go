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

// The floors are what no library gets around, and no library.
const (
	theFloor  = "the floor"
	rawCrypto = "raw crypto"
)

var (
	strict     = base64.RawURLEncoding.Strict()
	errRefused = errors.New("refused")
)

// hmacPools has a pool of keyed HMACs for each key: Reset saves keying one anew.
func hmacPools(keys []key) []sync.Pool {
	pools := make([]sync.Pool, len(keys))
	for i, k := range keys {
		pools[i].New = func() any { return hmac.New(sha256.New, k.secret) }
	}
	return pools
}

// verifyFloor computes and compares the HMAC, decodes base64 and reads the clock,
// and reads nothing of what it has decoded. It is for one goroutine.
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
		good := hmac.Equal(mac.Sum(sum[:0]), segments[:n])
		pools[t.key].Put(mac)
		if !good {
			return errRefused
		}
		if _, err := strict.Decode(segments[:], t.bytes[:dot1]); err != nil {
			return err
		}
		if _, err := strict.Decode(segments[:], t.bytes[dot1+1:dot2]); err != nil {
			return err
		}
		if time.Now().IsZero() {
			return errRefused
		}
		return nil
	}
}

// issueFloor encodes the payload of a token that was issued before, computes the
// HMAC and makes one string. It is for one goroutine.
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

// rawVerifier is Go's own function for the algorithm, on a signing input and a
// signature that were taken out of the token beforehand.
func rawVerifier(keys []key) func(*token) error {
	public := make([]any, len(keys))
	for i, k := range keys {
		public[i] = k.verification()
	}
	return func(t *token) error {
		good := false
		switch public := public[t.key].(type) {
		case *rsa.PublicKey:
			digest := sha256.Sum256(t.input)
			good = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], t.signature) == nil
		case *ecdsa.PublicKey:
			digest := sha256.Sum256(t.input)
			good = ecdsa.VerifyASN1(public, digest[:], t.signature)
		case ed25519.PublicKey:
			good = ed25519.Verify(public, t.input, t.signature)
		}
		if !good {
			return errRefused
		}
		return nil
	}
}
