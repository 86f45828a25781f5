package jwtexp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A clock that a test moves by hand shows expiry to the nanosecond, without
// sleeping. The same clock drives the issuer and the verifier.
func ExampleWithClock() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}

	clock.Set(issued.ExpiresAt().Add(-time.Nanosecond))
	_, err = verifier.Verify(ctx, issued.Raw())
	fmt.Println(clock.Now().Format(time.TimeOnly+".000000000"), "good:", err == nil)

	clock.Set(issued.ExpiresAt())
	_, err = verifier.Verify(ctx, issued.Raw())
	fmt.Println(clock.Now().Format(time.TimeOnly+".000000000"), "expired:", errors.Is(err, jwtexp.ErrExpired))
	// Output:
	// 12:14:59.999999999 good: true
	// 12:15:00.000000000 expired: true
}

// A long-lived connection outlives the token that opened it, unless somebody
// looks.
func ExampleVerifier_Recheck() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	token, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}

	for range 3 { // as long as the connection is open
		if err := verifier.Recheck(ctx, token); err != nil {
			fmt.Println(clock.Now().Format(time.Kitchen), "closed, expired:", errors.Is(err, jwtexp.ErrExpired))
			break
		}
		fmt.Println(clock.Now().Format(time.Kitchen), "open")
		clock.Advance(10 * time.Minute) // a service waits for a ticker here
	}
	// Output:
	// 12:00PM open
	// 12:10PM open
	// 12:20PM closed, expired: true
}

// What an expired token still tells: whose it was, and since when it is over.
// That makes for a friendlier answer, and proves nothing about now.
func ExampleExpiredError() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	clock.Advance(time.Hour)

	_, err = verifier.Verify(ctx, issued.Raw())
	if expired, ok := errors.AsType[*jwtexp.ExpiredError](err); ok {
		fmt.Printf("Welcome back, %s: your session ended %v ago.\n", expired.Subject, expired.Ago())
	}
	fmt.Println(err) // for the log, and without the subject
	// Output:
	// Welcome back, alice: your session ended 45m0s ago.
	// jwtexp: token expired 45m0s ago, at 2026-01-02T12:15:00Z
}
