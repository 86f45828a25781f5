package differential_test

import (
	"encoding/json"
	"math"
	"strings"
)

// An exception is a rule of another library that rejects what jwtexp accepts. It matches the token's
// content, so that all other differences still fail the test.
type exception struct {
	other, what, why string
	matches          func(tok *token, own *reading) bool
}

var exceptions = []exception{
	{"jwx", "iat ahead", "it rejects an iat in the future; RFC 7519 §4.1.6 does not", iatAhead},
	{"go-jose", "iat ahead", "it rejects an iat in the future; RFC 7519 §4.1.6 does not", iatAhead},
	{"golang-jwt", "exp within the second", "it truncates exp to seconds", endsWithinASecond},
	{"jwx", "exp within the second", "it truncates exp to seconds", endsWithinASecond},
	{"golang-jwt", "a number beyond float64", "it parses every number as a float64", beyondFloat},
	{"jwx", "a number beyond float64", "it parses every number as a float64", beyondFloat},
	{"jwx", "a date of -0", "it reads no date", minusZero},
	{"go-jose", "jwk", "it parses the key in the header and rejects a malformed one", inHeader("jwk")},
	{"go-jose", "x5c", "it parses the certificate in the header and rejects a malformed one", inHeader("x5c")},
}

func iatAhead(_ *token, own *reading) bool { return own.iat > now }

func endsWithinASecond(_ *token, own *reading) bool { return own.exp < now+1 }

func minusZero(tok *token, own *reading) bool {
	return (own.iat == 0 || own.nbf == 0) && strings.Contains(tok.payload, "-0")
}

func inHeader(name string) func(*token, *reading) bool {
	return func(tok *token, _ *reading) bool { return strings.Contains(tok.header, `"`+name+`"`) }
}

func beyondFloat(tok *token, _ *reading) bool {
	tokens := json.NewDecoder(strings.NewReader(tok.payload))
	tokens.UseNumber()
	for {
		next, err := tokens.Token()
		if err != nil {
			return false // the end, because jwtexp has accepted the payload
		}
		if number, ok := next.(json.Number); ok {
			if f, err := number.Float64(); err != nil || math.IsInf(f, 0) {
				return true
			}
		}
	}
}
