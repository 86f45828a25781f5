package jwtexp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/jwtexp/jwtexp"
)

// Each tenant has an issuer and keys of its own. Tenants come and go while the server runs.
func ExampleNewVerifierSetFunc() {
	// A table of a database. The key set could also be a jwks.Remote.
	tenants := map[string]jwtexp.KeySet{"https://acme.login.example": newTenantKey(), "https://umbrella.login.example": newTenantKey()}

	set, err := jwtexp.NewVerifierSetFunc(func(ctx context.Context, issuer string, last *jwtexp.Verifier) (*jwtexp.Verifier, error) {
		keys, ok := tenants[issuer] // exactly: anyone can write an issuer into a token
		if !ok {
			return nil, nil // unknown
		}
		if last != nil {
			return last, nil
		}
		return jwtexp.NewVerifier(keys, jwtexp.WithIssuer(issuer), jwtexp.WithAudience("https://api.example"))
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"https://acme.login.example", "https://evil.login.example"} {
		issuer, err := jwtexp.NewIssuer(tenants["https://acme.login.example"].(jwtexp.Key), time.Minute,
			jwtexp.WithIssuer(name), jwtexp.WithAudience("https://api.example"))
		if err != nil {
			log.Fatal(err)
		}
		token, err := issuer.Issue(context.Background(), "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		_, err = set.Verify(context.Background(), token.Raw())
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// jwtexp: invalid token: issuer: iss is not an issuer that the function of NewVerifierSetFunc knows
}

func newTenantKey() jwtexp.Key {
	return must(jwtexp.NewSigningKey(jwtexp.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))))
}
