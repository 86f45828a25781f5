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

// testTokenExpires is a test. In your own code its name is TestTokenExpires. In synctest.Test, the
// system clock is a fake clock, and time.Sleep advances it at once.
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
			t.Errorf("in the last nanosecond: got %v, want nil", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := verifier.Verify(t.Context(), issued.Raw()); !errors.Is(err, jwtexp.ErrExpired) {
			t.Errorf("after 15 minutes: got %v, want ErrExpired", err)
		}
	})
}

// With testing/synctest, a test needs neither WithClock nor real waiting.
func Example_synctest() {
	t := new(testing.T) // go test passes one to a real test
	testTokenExpires(t)
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
