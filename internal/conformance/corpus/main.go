// Corpus writes the project's own verification cases to testdata/conformance/cases.jsonl. From
// the root of the module:
//
//	go run ./internal/conformance/corpus
//
// The output depends on the source alone: keys come from fixed labels, and signatures contain no
// random numbers. Each file that is named after a family states its cases and the verdict that
// each one wants. The verdicts follow the RFCs and the library's promises. They are written by
// hand, and the generator does not call the library.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// file is where the cases are, from the root of the module.
const file = "testdata/conformance/cases.jsonl"

func main() {
	if err := os.WriteFile(file, encode(allCases()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

// families returns the families in the order in which the file has them.
var families = sync.OnceValue(func() []family {
	return []family{
		{"jws", jwsCases()},
		{"pkcs1", pkcs1Cases()},
		{"pss", pssCases()},
		{"ecdsa", ecdsaCases()},
		{"eddsa", eddsaCases()},
		{"hmac", hmacCases()},
		{"alg-none", algNoneCases()},
		{"key-confusion", keyConfusionCases()},
		{"header", headerCases()},
		{"header-keys", headerKeysCases()},
		{"typ", typCases()},
		{"json", jsonCases()},
		{"json-header", jsonHeaderCases()},
		{"encoding", encodingCases()},
		{"exp", expCases()},
		{"nbf-iat", nbfIATCases()},
		{"leeway", leewayCases()},
		{"claims", claimsCases()},
		{"audience", audienceCases()},
		{"several-faults", severalFaultsCases()},
		{"jwk", jwkCases()},
		{"jwks", jwksCases()},
		{"resources", resourcesCases()},
		{"jwe", jweCases()},
	}
})

func allCases() []Case {
	var all []Case
	for _, f := range families() {
		all = append(all, f.complete()...)
	}
	return all
}

// encode returns the cases as JSON objects, one a line.
func encode(cases []Case) []byte {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, c := range cases {
		if err := encoder.Encode(c); err != nil {
			panic(err)
		}
	}
	return lines.Bytes()
}
