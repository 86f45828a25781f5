package jwtexp_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
)

// testTokenExpires is a test as you write it, where it is called
// TestTokenExpires. The code under test takes no clock: within synctest.Test
// the system's clock is a fake one, which time.Sleep moves at once.
func testTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := make([]byte, 32)
		rand.Read(secret)
		key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
		if err != nil {
			t.Fatal(err)
		}
		issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := jwtexp.NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		issued, err := issuer.Issue(t.Context(), "alice", nil)
		if err != nil {
			t.Fatal(err)
		}

		time.Sleep(15*time.Minute - time.Nanosecond)
		if _, err := verifier.Verify(t.Context(), issued.Raw()); err != nil {
			t.Errorf("in the last nanosecond: got %v, want a good token", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := verifier.Verify(t.Context(), issued.Raw()); !errors.Is(err, jwtexp.ErrExpired) {
			t.Errorf("after 15 minutes: got %v, want ErrExpired", err)
		}
	})
}

// With testing/synctest there is no clock to inject, and no waiting either.
func Example_synctest() {
	t := new(testing.T) // of the example; go test hands a test its own
	testTokenExpires(t)
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
