package jwtexp_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/jwtexp/jwtexp"
)

// An API takes the tokens of its own login and those of a partner's. Both name their key
// "2026-01", and each can sign for itself alone.
func ExampleVerifierSet() {
	_, ownPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	_, partnerPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	own, err := jwtexp.NewSigningKey(jwtexp.Ed25519, ownPrivate)
	if err != nil {
		log.Fatal(err)
	}
	partner, err := jwtexp.NewSigningKey(jwtexp.Ed25519, partnerPrivate)
	if err != nil {
		log.Fatal(err)
	}
	own, partner = own.WithID("2026-01"), partner.WithID("2026-01")

	// Each Verifier has the keys of its issuer, and rules of its own.
	api := jwtexp.WithAudience("https://api.example")
	ownVerifier, err := jwtexp.NewVerifier(own, api, jwtexp.WithIssuer("https://login.example"))
	if err != nil {
		log.Fatal(err)
	}
	partnerVerifier, err := jwtexp.NewVerifier(partner, api, jwtexp.WithIssuer("https://partner.example"),
		jwtexp.WithMaxLifetime(10*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifierSet(ownVerifier, partnerVerifier) // NewMiddleware takes it, too
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	for _, token := range []struct {
		issuer string
		key    jwtexp.Key
	}{
		{"https://login.example", own},
		{"https://partner.example", partner},
		{"https://login.example", partner}, // the partner pretends to be us
		{"https://nobody.example", partner},
	} {
		issuer, err := jwtexp.NewIssuer(token.key, 5*time.Minute, api, jwtexp.WithIssuer(token.issuer))
		if err != nil {
			log.Fatal(err)
		}
		issued, err := issuer.Issue(ctx, "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		_, err = verifier.Verify(ctx, issued.Raw())
		if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
			fmt.Println(token.issuer, "refused:", invalid.Reason)
			continue
		}
		fmt.Println(token.issuer, "accepted:", err == nil)
	}
	// Output:
	// https://login.example accepted: true
	// https://partner.example accepted: true
	// https://login.example refused: signature
	// https://nobody.example refused: issuer
}
