package jwks_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

// Verify tokens with the keys in a file or an environment variable. One of them is for encryption.
func ExampleParse() {
	text := []byte(`{"keys": [
		{"kty": "OKP", "kid": "2026-01", "alg": "Ed25519", "crv": "Ed25519",
		 "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		{"kty": "EC", "kid": "2026-02", "use": "enc", "crv": "P-256",
		 "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
		 "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}
	]}`) // os.ReadFile("/etc/keys/jwks.json")

	keys, err := jwks.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range keys.Skipped() {
		fmt.Println("skipped:", line)
	}
	_, err = jwtexp.NewVerifier(keys,
		jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
	if err != nil {
		log.Fatal(err)
	}
	// Output: skipped: JWK 1 (kid "2026-02"): use is "enc", and not sig
}

// Issue tokens with a private key that is a JWK, such as in a secret of the platform.
func ExampleParseKey() {
	text := []byte(`{"kty": "OKP", "kid": "2026-01", "alg": "Ed25519", "crv": "Ed25519",
		"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`) // os.Getenv("SIGNING_KEY")

	key, err := jwks.ParseKey(text)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithIssuer("https://login.example"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = issuer.Issue(context.Background(), "alice", nil)
	fmt.Println(key, err)
	// Output: jwtexp.Key(alg=Ed25519 id="2026-01") <nil>
}
