package jws

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
	"sync"
	"testing"
)

var hashes = map[crypto.Hash]func() hash.Hash{crypto.SHA256: sha256.New, crypto.SHA384: sha512.New384, crypto.SHA512: sha512.New}

// A state that is used again computes the same as a new one, also concurrently.
func TestKeyedHMACMatchesHMAC(t *testing.T) {
	secret := []byte(strings.Repeat("secret ", 20))
	for h, newHash := range hashes {
		k := newKeyedHMAC(h, secret)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for n := range 300 {
					text := []byte(strings.Repeat("x", n))
					fresh := hmac.New(newHash, secret)
					fresh.Write(text)
					got := k.sum(text)
					if want := fresh.Sum(nil); !hmac.Equal(got[:h.Size()], want) {
						t.Errorf("%v of %d bytes: got %x, want %x", h, n, got[:h.Size()], want)
					}
				}
			})
		}
		wg.Wait()
	}
}

// A state in the pool contains neither signed text nor a signature.
func TestPooledStatesAreEmpty(t *testing.T) {
	k := newKeyedHMAC(crypto.SHA256, []byte(strings.Repeat("k", 32)))
	for _, text := range []string{strings.Repeat("long ", 100), strings.Repeat("x", 2*maxKept), "short"} {
		k.sum([]byte(text))
	}
	s := k.states.Get().(*hmacState)
	if cap(s.text) > maxKept {
		t.Errorf("got a buffer of %d bytes in the pool, want at most %d", cap(s.text), maxKept)
	}
	for _, b := range [][]byte{s.text[:cap(s.text)], s.mac[:cap(s.mac)]} {
		if strings.Trim(string(b), "\x00") != "" {
			t.Errorf("got %q in the pool, want zeros", b)
		}
	}
}
