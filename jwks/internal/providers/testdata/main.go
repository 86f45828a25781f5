// This program holds the Go blocks of the page. It answers requests from its standard input, one
// at a time.
//
// It reads its root certificates itself, because Go uses SSL_CERT_FILE on some systems only.
//
//go:debug x509usefallbackroots=1
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/jwtexp/jwtexp"
)

// The functions of the blocks, by heading. The test generates a file that fills the maps.
var (
	newVerifier  = make(map[string]func() (jwtexp.TokenVerifier, error))
	newAssertion = make(map[string]func(ctx context.Context, key, certificate []byte) (string, error))
)

type request struct {
	Heading          string
	Token            string // for a verifier
	Key, Certificate []byte // for an assertion, in PEM
}

type response struct {
	Verdict, Reason, Text string
	Assertion             string
}

func main() {
	roots, err := os.ReadFile("roots.pem")
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		log.Fatal("no root certificate")
	}
	x509.SetFallbackRoots(pool)

	verifiers := make(map[string]jwtexp.TokenVerifier)
	for heading, f := range newVerifier {
		if verifiers[heading], err = f(); err != nil {
			log.Fatalf("%s: %v", heading, err)
		}
	}
	fmt.Println("ready")

	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		if err := in.Decode(&r); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(answer(verifiers[r.Heading], r)); err != nil {
			log.Fatal(err)
		}
	}
}

func answer(verifier jwtexp.TokenVerifier, r request) response {
	if f := newAssertion[r.Heading]; f != nil {
		assertion, err := f(context.Background(), r.Key, r.Certificate)
		return response{Assertion: assertion, Text: fmt.Sprint(err)}
	}
	_, err := verifier.Verify(context.Background(), r.Token)
	d := jwtexp.Decision{Err: err}
	return response{Verdict: string(d.Verdict()), Reason: string(d.Reason()), Text: fmt.Sprint(err)}
}
