package jwtexp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Issue a token, and verify it. The example of NewSecretKey reads a secret from the environment.
func Example() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	raw := issued.Raw() // the client sends it with each request

	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject(), "for", token.ExpiresAt().Sub(token.IssuedAt()))
	// Output: alice for 15m0s
}

// The first half of this example is WRONG: one key signs tokens for two purposes, and the tokens
// do not say which. Anyone who has a link from an e-mail can use the API.
//
// The second half is right. Each purpose has its own type.
func Example_wrong() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	// WRONG: a confirmation link and an access token have the same type.
	links, err := jwtexp.NewIssuer(key, 24*time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}
	link, err := links.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = api.Verify(ctx, link.Raw())
	fmt.Println("wrong: the API accepts the link:", err == nil)

	// RIGHT: issuer and verifier name the type.
	links, err = jwtexp.NewIssuer(key, 24*time.Hour, jwtexp.WithType("confirm+jwt"))
	if err != nil {
		log.Fatal(err)
	}
	api, err = jwtexp.NewVerifier(key, jwtexp.WithType("at+jwt"))
	if err != nil {
		log.Fatal(err)
	}
	link, err = links.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = api.Verify(ctx, link.Raw())
	fmt.Println("right: the API accepts the link:", err == nil)
	// Output:
	// wrong: the API accepts the link: true
	// right: the API accepts the link: false
}

// Access tokens and refresh tokens have different types, so that the API rejects a refresh token.
//
// A refresh token also needs a record on the server: see the example of WithRevoked.
func ExampleWithType() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	accessType := jwtexp.WithType("at+jwt")
	access, err := jwtexp.NewIssuer(key, 10*time.Minute, accessType)
	if err != nil {
		log.Fatal(err)
	}
	refresh, err := jwtexp.NewIssuer(key, 14*24*time.Hour, jwtexp.WithType("refresh+jwt"))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, accessType) // of the API
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	for _, issuer := range []*jwtexp.Issuer{access, refresh} {
		issued, err := issuer.Issue(ctx, "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		_, err = verifier.Verify(ctx, issued.Raw())
		if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
			fmt.Println(issued.Type(), "rejected because of its", invalid.Reason)
			continue
		}
		fmt.Println(issued.Type(), "accepted:", err == nil)
	}
	// Output:
	// at+jwt accepted: true
	// refresh+jwt rejected because of its type
}

// Options holds what an Issuer and its Verifiers must agree on.
func ExampleOptions() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	common := jwtexp.Options(
		jwtexp.WithIssuer("https://login.example"),
		jwtexp.WithAudience("orders"),
		jwtexp.WithType("at+jwt"),
	)
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, common)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, common, jwtexp.WithLeeway(5*time.Second))
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(ctx, issued.Raw())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Issuer(), token.Audience(), token.Type())
	// Output: https://login.example [orders] at+jwt
}

// With a test clock, a test can check expiry to the nanosecond, without waiting. The issuer and the
// verifier share the clock.
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

// Issue takes the application's claims as a struct or a map, and Claims decodes them into one.
func ExampleToken_Claims() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}

	type membership struct {
		Tenant string   `json:"tenant"`
		Roles  []string `json:"roles,omitempty"`
	}
	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", membership{Tenant: "acme", Roles: []string{"admin"}})
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(ctx, issued.Raw())
	if err != nil {
		log.Fatal(err)
	}
	var m membership
	if err := token.Claims(&m); err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject(), m.Tenant, m.Roles)
	// Output: alice acme [admin]
}

// Neither formatting nor logging a Token shows its text or its claims. To log a claim, name it: this
// example logs the subject.
func ExampleToken_LogValue() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key.WithID("2026-01"), 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(context.Background(), "alice", map[string]any{"email": "alice@example.com"})
	if err != nil {
		log.Fatal(err)
	}

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{} // the time differs in each run
			}
			return a
		},
	}))
	logger.Info("issued", "token", token, "sub", token.Subject())
	fmt.Println(token)
	// Output:
	// level=INFO msg=issued token.alg=HS256 token.kid=2026-01 token.exp=2026-01-02T12:15:00.000Z sub=alice
	// jwtexp.Token(alg=HS256 kid="2026-01" exp=2026-01-02T12:15:00Z)
}
