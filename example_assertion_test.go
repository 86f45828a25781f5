package jwtexp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log"
	"math/big"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A Google service account trades an assertion for an access token. The assertion must not have sub,
// unless the account acts for a user. Put it into the form parameter assertion of a request to the
// audience.
func ExampleWithoutSubject() {
	private, err := rsa.GenerateKey(rand.Reader, 2048) // private_key of the account's JSON file
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(jwtexp.RS256, private)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key.WithID("private_key_id"), time.Hour,
		jwtexp.WithIssuer("robot@project.iam.gserviceaccount.com"),
		jwtexp.WithAudience("https://oauth2.googleapis.com/token"))
	if err != nil {
		log.Fatal(err)
	}
	claims := map[string]any{"scope": "https://www.googleapis.com/auth/devstorage.read_only"}
	assertion, err := issuer.Issue(context.Background(), "", claims, jwtexp.WithoutSubject())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(assertion.Issuer(), assertion.Subject() == "", assertion.Audience())
	// Output: robot@project.iam.gserviceaccount.com true [https://oauth2.googleapis.com/token]
}

// Microsoft Entra identifies the certificate of a client by its thumbprint in the header of the
// client's assertion (private_key_jwt, RFC 7523). iss and sub are the client's ID.
func ExampleWithHeader() {
	private, certificate := newCertificate() // uploaded at Entra
	key, err := jwtexp.NewSigningKey(jwtexp.PS256, private)
	if err != nil {
		log.Fatal(err)
	}
	const client = "00001111-aaaa-2222-bbbb-3333cccc4444"
	thumbprint := sha256.Sum256(certificate.Raw)
	issuer, err := jwtexp.NewIssuer(key, 10*time.Minute,
		jwtexp.WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(thumbprint[:])),
		jwtexp.WithIssuer(client),
		jwtexp.WithAudience("https://login.microsoftonline.com/tenant/oauth2/v2.0/token"))
	if err != nil {
		log.Fatal(err)
	}
	assertion, err := issuer.Issue(context.Background(), client, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(assertion.Issuer() == assertion.Subject(), assertion.ID() != "") // jti is required, too
	// Output: true true
}

func newCertificate() (*rsa.PrivateKey, *x509.Certificate) {
	private := must(rsa.GenerateKey(rand.Reader, 2048))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der := must(x509.CreateCertificate(rand.Reader, template, template, private.Public(), private))
	return private, must(x509.ParseCertificate(der))
}

// A GitHub App authenticates with a token of ten minutes at most. GitHub advises an iat one minute
// back, because it rejects one that is ahead of its own clock.
func ExampleWithBackdate() {
	private, err := rsa.GenerateKey(rand.Reader, 2048) // the app's .pem file, read by ParsePEM
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(jwtexp.RS256, private)
	if err != nil {
		log.Fatal(err)
	}
	const clientID = "Iv1.8a61f9b3a7aba766"
	issuer, err := jwtexp.NewIssuer(key, 10*time.Minute, jwtexp.WithIssuer(clientID), jwtexp.WithBackdate(time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(context.Background(), "", nil, jwtexp.WithoutSubject())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.ExpiresAt().Sub(token.IssuedAt()))
	// Output: 10m0s
}

// One Issuer serves many services. Each token names the service that it is for.
func ExampleIssuer_Issue_audience() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(jwtexp.ES256, private)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithIssuer("https://login.example"))
	if err != nil {
		log.Fatal(err)
	}
	for _, service := range []string{"https://orders.example", "https://billing.example"} {
		token, err := issuer.Issue(context.Background(), "alice", nil, jwtexp.WithAudience(service))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(token.Audience())
	}
	// Output:
	// [https://orders.example]
	// [https://billing.example]
}
