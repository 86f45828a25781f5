package jwks_test

import (
	"fmt"
	"log"

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
