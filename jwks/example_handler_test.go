package jwks_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/keyring"
)

// A service that rotates its keys publishes the public keys for services that verify its tokens.
// The private key is the public example of RFC 8410.
func ExampleHandler() {
	const examplePEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`
	key, err := jwtexp.ParsePEM(jwtexp.Ed25519, []byte(examplePEM))
	if err != nil {
		log.Fatal(err)
	}
	ring, err := keyring.New(keyring.Schedule{
		Lifetime:    15 * time.Minute,
		Propagation: 2 * time.Hour, // verifiers fetch the set once an hour
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := ring.Rotate(key, jwtexp.SystemClock().Now()); err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.Handle("GET /.well-known/jwks.json", jwks.Handler(ring))

	server := httptest.NewServer(mux)
	defer server.Close()
	response, err := http.Get(server.URL + "/.well-known/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	fmt.Println(response.Header.Get("Content-Type"))
	fmt.Println(response.Header.Get("Cache-Control"))
	fmt.Printf("%s\n", body)
	// Output:
	// 200 OK
	// application/jwk-set+json
	// public, max-age=3600
	// {"keys":[{"use":"sig","kty":"OKP","kid":"3YZxBJ12jO3n_mXt_q-j_Z-TFP1vt-NiI3OCf-fEnHQ","crv":"Ed25519","alg":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}]}
}
