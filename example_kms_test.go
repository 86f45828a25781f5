package jwtexp_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/jwtexp/jwtexp"
)

// exampleKMS stands for the client of a key management service. Its calls take a context.
type exampleKMS struct {
	private *ecdsa.PrivateKey
	hangs   bool
}

func (c *exampleKMS) Sign(ctx context.Context, digest []byte) ([]byte, error) {
	if c.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return ecdsa.SignASN1(rand.Reader, c.private, digest)
}

// exampleSigner is a crypto.Signer for one call of Issue. Sign takes no context, so the signer holds
// the context of that call.
type exampleSigner struct {
	ctx    context.Context
	client *exampleKMS
	public crypto.PublicKey
}

func (s exampleSigner) Public() crypto.PublicKey { return s.public }

func (s exampleSigner) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.client.Sign(s.ctx, digest)
}

// exampleKMSSource is a KeySource whose keys end their calls when the context of Issue ends.
type exampleKMSSource struct {
	client *exampleKMS
	public crypto.PublicKey // read from the service once, at start
}

func (s exampleKMSSource) SigningKey(ctx context.Context, _ time.Time) (jwtexp.Key, error) {
	key, err := jwtexp.NewSigningKey(jwtexp.ES256, exampleSigner{ctx, s.client, s.public})
	return key.WithID("kms-2026"), err
}

// A key in a KMS signs over the network, which can hang. This issuer gives up when the context of
// Issue ends.
func ExampleNewSigningKey() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	client := &exampleKMS{private: private}
	issuer, err := jwtexp.NewIssuer(exampleKMSSource{client, private.Public()}, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}

	for _, hangs := range []bool{false, true} {
		client.hangs = hangs
		ctx, cancel := context.WithTimeout(context.Background(), time.Second/10)
		token, err := issuer.Issue(ctx, "alice", nil)
		cancel()
		fmt.Println("issued:", token != nil, "unavailable:", errors.Is(err, jwtexp.ErrUnavailable), err)
	}
	// Output:
	// issued: true unavailable: false <nil>
	// issued: false unavailable: true jwtexp: temporarily unavailable: signer: the deadline of the caller's context passed
}
