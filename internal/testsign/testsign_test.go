package testsign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/testsign"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestSign(t *testing.T) {
	secret, err := jwtexp.NewSecretKey(jwtexp.HS256, bytes.Repeat([]byte("secret! "), 4))
	if err != nil {
		t.Fatal(err)
	}
	private, err := jwtexp.NewSigningKey(jwtexp.EdDSA, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []jwtexp.Key{secret, private} {
		token, err := testsign.Sign(key, []byte(`{"alg":"`+key.Algorithm()+`"}`), []byte(`{"sub":"alice","exp":60}`))
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(jwtexptest.NewClock(time.Unix(0, 0))))
		if err != nil {
			t.Fatal(err)
		}
		verified, err := verifier.Verify(context.Background(), token)
		if err != nil {
			t.Errorf("%s: got %v, want nil", key.Algorithm(), err)
			continue
		}
		if got, want := verified.Subject(), "alice"; got != want {
			t.Errorf("%s: got subject %q, want %q", key.Algorithm(), got, want)
		}
	}
}

func TestSignWithUnusableKeys(t *testing.T) {
	public, err := jwtexp.NewPublicKey(jwtexp.EdDSA, ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jwtexp.NewSigningKey(jwtexp.EdDSA, brokenSigner{ed25519.NewKeyFromSeed(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]any{
		"public key":    public,
		"zero Key":      jwtexp.Key{},
		"nil":           nil,
		"a secret":      bytes.Repeat([]byte("secret! "), 4),
		"broken signer": signer,
	} {
		if token, err := testsign.Sign(key, []byte(`{}`), []byte(`{}`)); err == nil || token != "" {
			t.Errorf("%s: got %q, %v, want no token and an error", name, token, err)
		}
	}
}

// brokenSigner is a signer that always fails, such as a KMS that is down.
type brokenSigner struct{ ed25519.PrivateKey }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("down")
}
