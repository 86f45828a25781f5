package differential_test

import (
	"encoding/json"
	"math"
	"strings"
)

// An exception is a rule of another library's own by which it refuses what jwtexp
// accepts. It matches by what is in the token, so that whatever else differs is a
// failure.
type exception struct {
	other, what, why string
	matches          func(made *token, ours *reading) bool
}

var exceptions = []exception{
	{"jwx", "iat ahead", "it refuses what is issued in the future; RFC 7519 §4.1.6 does not", iatAhead},
	{"go-jose", "iat ahead", "it refuses what is issued in the future; RFC 7519 §4.1.6 does not", iatAhead},
	{"golang-jwt", "exp within the second", "it cuts exp to the second", endsWithinASecond},
	{"jwx", "exp within the second", "it cuts exp to the second", endsWithinASecond},
	{"golang-jwt", "a number beyond float64", "it reads every claim, and numbers as float64", beyondFloat},
	{"jwx", "a number beyond float64", "it reads every claim, and numbers as float64", beyondFloat},
	{"jwx", "a date of -0", "it reads it as no date", minusZero},
	{"go-jose", "jwk", "it reads the key that a header brings, and refuses what is none", inHeader("jwk")},
	{"go-jose", "x5c", "it reads the certificate that a header brings, and refuses what is none", inHeader("x5c")},
}

func iatAhead(_ *token, ours *reading) bool { return ours.iat > now }

func endsWithinASecond(_ *token, ours *reading) bool { return ours.exp < now+1 }

func minusZero(made *token, ours *reading) bool {
	return (ours.iat == 0 || ours.nbf == 0) && strings.Contains(made.payload, "-0")
}

func inHeader(name string) func(*token, *reading) bool {
	return func(made *token, _ *reading) bool { return strings.Contains(made.header, `"`+name+`"`) }
}

func beyondFloat(made *token, _ *reading) bool {
	tokens := json.NewDecoder(strings.NewReader(made.payload))
	tokens.UseNumber()
	for {
		next, err := tokens.Token()
		if err != nil {
			return false // the end: jwtexp has read all of it
		}
		if number, ok := next.(json.Number); ok {
			if f, err := number.Float64(); err != nil || math.IsInf(f, 0) {
				return true
			}
		}
	}
}
