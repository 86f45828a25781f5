//go:build !windows

package keyring_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// keys returns a ring whose signing key rotates once a day. This is all that a service does about
// its keys, in each of its instances.
func keys(ctx context.Context, store keyring.Store) (*keyring.Ring, error) {
	ring, err := keyring.New(keyring.Schedule{
		Lifetime:    15 * time.Minute,
		Propagation: time.Hour,
		Grace:       30 * 24 * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	rotator, err := keyring.NewRotator(ring, store, keyring.RotatorConfig{
		Algorithm: jwtexp.Ed25519,
		Every:     24 * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	if err := rotator.Check(ctx); err != nil { // makes or loads the first key
		return nil, err
	}
	go rotator.Run(ctx)
	return ring, nil
}

func ExampleRotator() {
	dir, err := os.MkdirTemp("", "keys") // a service has a path such as /var/lib/api/keys
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	ring, err := keys(ctx, keyring.Directory(dir))
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(ring, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(ring)
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(ctx, token.Raw())
	fmt.Println("good:", err == nil)
	// Output:
	// good: true
}
