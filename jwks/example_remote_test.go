package jwks_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

// Verify the tokens of an identity provider. The example starts a provider of its own.
func ExampleDiscover() {
	key := providerKey()
	provider := serveProvider(key)
	defer provider.Close()

	keys, err := jwks.Discover(context.Background(), provider.URL,
		jwks.WithTransport(provider.Client().Transport)) // trusts the certificate of the test server
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	names := jwtexp.Options(jwtexp.WithIssuer(provider.URL), jwtexp.WithAudience("api"))
	verifier, err := jwtexp.NewVerifier(keys, names)
	if err != nil {
		log.Fatal(err)
	}

	token, err := verifier.Verify(context.Background(), providerToken(key, names))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject())
	// Output: alice
}

// Verify tokens with the keys at a known URL. They are fetched for the first token. Make one
// Remote and share it.
func ExampleNewRemote() {
	keys, err := jwks.NewRemote("https://login.example/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	verifier, err := jwtexp.NewVerifier(keys,
		jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
	if err != nil {
		log.Fatal(err)
	}

	_, err = verifier.Verify(context.Background(), "no token")
	fmt.Println(errors.Is(err, jwtexp.ErrInvalid)) // no key was fetched for it
	// Output: true
}

// Verify the tokens of a Keycloak in the same compose network. Browsers know it by its public name,
// which is also the iss of its tokens, and this service reaches it at http://keycloak:8080.
func ExampleWithAddress() {
	const issuer = "https://login.example/realms/shop"
	keys, err := jwks.DiscoverLater(issuer,
		jwks.WithAddress("http://keycloak:8080/realms/shop"), jwks.WithInsecureHTTP("keycloak:8080"))
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	_, err = jwtexp.NewVerifier(keys, jwtexp.WithIssuer(issuer), jwtexp.WithAudience("api"))
	fmt.Println(err)
	// Output: <nil>
}

// Verify tokens of an issuer that publishes its keys at two addresses.
func ExampleJoin() {
	current, err := jwks.NewRemote("https://login.example/keys.json")
	if err != nil {
		log.Fatal(err)
	}
	defer current.Close()
	partners, err := jwks.NewRemote("https://login.example/partners/keys.json")
	if err != nil {
		log.Fatal(err)
	}
	defer partners.Close()
	keys, err := jwks.Join(current, partners)
	if err != nil {
		log.Fatal(err)
	}
	_, err = jwtexp.NewVerifier(keys, jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
	fmt.Println(err)
	// Output: <nil>
}

// serveProvider starts an identity provider that signs with key.
func serveProvider(key jwtexp.Key) *httptest.Server {
	mux := http.NewServeMux()
	provider := httptest.NewTLSServer(mux)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, provider.URL, provider.URL+"/keys")
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}]}`,
			key.ID(), base64.RawURLEncoding.EncodeToString(key.PublicKey().(ed25519.PublicKey)))
	})
	return provider
}

func providerKey() jwtexp.Key {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(jwtexp.Ed25519, private)
	if err != nil {
		log.Fatal(err)
	}
	return key.WithID("2026-01")
}

func providerToken(key jwtexp.Key, names jwtexp.CommonOption) string {
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, names)
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	return token.Raw()
}
