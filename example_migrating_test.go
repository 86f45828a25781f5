package jwtexp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jwtexp/jwtexp"
)

// oldClaims are claims as a program with golang-jwt has them.
type oldClaims struct {
	Tenant string `json:"tenant"`
	jwt.RegisteredClaims
}

// Validate is what golang-jwt calls after its own checks.
func (c oldClaims) Validate() error {
	if c.Tenant == "" {
		return errors.New("no tenant")
	}
	return nil
}

// The claims struct of a program with golang-jwt can stay. For Issue, its RegisteredClaims are empty,
// because the Issuer sets them. Claims fills them.
func ExampleToken_Claims_golangJWT() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	common := jwtexp.Options(jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, common)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, common, jwtexp.WithClaims((*oldClaims).Validate))
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", oldClaims{Tenant: "acme"})
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(ctx, issued.Raw())
	if err != nil {
		log.Fatal(err)
	}
	var claims oldClaims
	if err := token.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Tenant, claims.Subject, claims.Issuer, claims.Audience)
	fmt.Println("lifetime:", claims.ExpiresAt.Sub(claims.IssuedAt.Time))
	// Output:
	// acme alice https://login.example [api]
	// lifetime: 15m0s
}
