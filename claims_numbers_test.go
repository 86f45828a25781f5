package jwtexp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// float64Numbers says of numbers whether a float64 holds them: whole numbers exactly, others so that
// they are written again as they were.
var float64Numbers = map[string]bool{
	"0": true, "-0": true, "0.0": true, "0e999999": true, "1": true, "-1.5": true, "0.1": true, "1e3": true, "12.50e1": true, "1700000000.25": true,
	"0.30000000000000004": true, "1e21": true, "1e22": true, "1e23": true, "1.7976931348623157e308": true, "5e-324": true, "2.2250738585072014e-308": true,
	"9007199254740991": true, "9007199254740992": true, "9007199254740994": true, "-9007199254740994": true, "900719925474099200e-2": true,
	"281674916028284928": true, "1000000000000000000": true, "9223372036854775808": true, "18446744073709551616": true, "100000000000000000000": true,

	"9007199254740993": false, "-9007199254740993": false, "9007199254740993.0": false, "90071992547409930e-1": false, "9007199254740992.5": false,
	"281674916028284931": false, "281674916028284930": false, "2.81674916028284931e17": false, "9223372036854775807": false, "18446744073709551615": false,
	"1234567890123456789": false, "12345678901234567890123": false, "0.30000000000000001": false, "0.30000000000000000001": false, "3.14159265358979323846": false,
	"1e400": false, "-1e400": false, "1.7976931348623159e308": false, "1e-400": false, "-1e-400": false, "1e-324": false, "2e-324": false, "1e99999999999999999999": false,
	"1e-99999999999999999999": false,
}

var float32Numbers = map[string]bool{
	"0": true, "0.1": true, "1.5": true, "16777216": true, "16777218": true, "123456792": true, "3.4028235e38": true, "1e-45": true, "1e30": true,
	"16777217": false, "123456789": false, "123456790": false, "0.123456789": false, "1e39": false, "1e-50": false, "281674916028284931": false,
}

type (
	anyFields struct {
		N any
		P *any
	}
	floatScore   float64
	smallScore   float32
	floatFields  struct{ N floatScore }
	embedsFloats struct {
		floatFields
		M float64
	}
)

// readsClaims returns three functions that read a claims set into a T: Token.Claims, WithClaims and
// ExpiredError.Claims.
func readsClaims[T any]() map[string]func(t *testing.T, payload string) (any, error) {
	verify := func(t *testing.T, after time.Duration, payload string, opts ...jwtexp.VerifierOption) (*jwtexp.Token, error) {
		return must(jwtexp.NewVerifier(testKey(), append(opts, jwtexp.WithClock(jwtexptest.NewClock(epoch.Add(after))))...)).
			Verify(t.Context(), sign(testSecret, joseHeader, payload))
	}
	return map[string]func(*testing.T, string) (any, error){
		"Token.Claims": func(t *testing.T, payload string) (any, error) {
			token, err := verify(t, 0, payload)
			if err != nil {
				t.Fatal(err)
			}
			var got T
			err = token.Claims(&got)
			return got, err
		},
		"WithClaims": func(t *testing.T, payload string) (any, error) {
			var got T
			_, err := verify(t, 0, payload, jwtexp.WithClaims(func(claims *T) error {
				got = *claims
				return nil
			}))
			return got, err
		},
		"ExpiredError.Claims": func(t *testing.T, payload string) (any, error) {
			var got T
			_, err := verify(t, 2*time.Hour, payload)
			expired, ok := errors.AsType[*jwtexp.ExpiredError](err)
			if !ok {
				t.Fatalf("got %v, want an ExpiredError", err)
			}
			err = expired.Claims(&got)
			return got, err
		},
	}
}

// checkNumbers reads each number at the place of % in members into a T. The number must be read as
// the JSON package of Go reads it, or be an error that names a remedy.
func checkNumbers[T any](t *testing.T, numbers map[string]bool, members string) {
	t.Helper()
	for how, read := range readsClaims[T]() {
		for number, holds := range numbers {
			payload := live("," + strings.ReplaceAll(members, "%", number))
			got, err := read(t, payload)
			if !holds {
				if err == nil || !strings.Contains(err.Error(), "int64") || !strings.Contains(err.Error(), "json.Number") {
					t.Errorf("%s of %s into %T: got %+v, %v, want an error that names int64 and json.Number", how, payload, got, got, err)
				}
				continue
			}
			var want T
			if err := json.Unmarshal([]byte(payload), &want); err != nil {
				t.Fatal(err)
			}
			if err != nil || !reflect.DeepEqual(any(want), got) {
				t.Errorf("%s of %s into %T: got %+v, %v, want %+v", how, payload, got, got, err, want)
			}
		}
	}
}

// A number is never read as another number, into any type that has floats.
func TestNumbersAreExact(t *testing.T) {
	checkNumbers[map[string]any](t, float64Numbers, `"n":%`)
	checkNumbers[map[string]any](t, float64Numbers, `"n":[1,{"a":[ % ]}],"m":"x"`)
	checkNumbers[map[string]any](t, float64Numbers, `"m":"x\n", "n" : %`)
	checkNumbers[any](t, float64Numbers, `"n":%`)
	checkNumbers[anyFields](t, float64Numbers, `"N":%`)
	checkNumbers[anyFields](t, float64Numbers, `"P":%`)
	checkNumbers[anyFields](t, float64Numbers, `"P":{"a":%}`)
	checkNumbers[struct{ N []any }](t, float64Numbers, `"N":["x",%]`)
	checkNumbers[struct{ N float64 }](t, float64Numbers, `"N":%`)
	checkNumbers[struct{ N ***float64 }](t, float64Numbers, `"N":%`)
	checkNumbers[struct{ N []float64 }](t, float64Numbers, `"N":[0.5,%]`)
	checkNumbers[struct{ N [2]float64 }](t, float64Numbers, `"N":[%]`)
	checkNumbers[struct{ N map[string]float64 }](t, float64Numbers, `"N":{"a":%}`)
	checkNumbers[floatFields](t, float64Numbers, `"N":%`)
	checkNumbers[embedsFloats](t, float64Numbers, `"N":%`)
	checkNumbers[embedsFloats](t, float64Numbers, `"M":%`)
	checkNumbers[struct {
		N float64 `json:"n,string"`
	}](t, float64Numbers, `"n":"%"`)
	checkNumbers[struct {
		N *floatScore `json:"n,string"`
	}](t, float64Numbers, `"n":"%"`)

	checkNumbers[struct{ N float32 }](t, float32Numbers, `"N":%`)
	checkNumbers[struct{ N *smallScore }](t, float32Numbers, `"N":%`)
	checkNumbers[struct{ N map[string][]float32 }](t, float32Numbers, `"N":{"a":[%]}`)
	checkNumbers[struct {
		N smallScore `json:",string"`
	}](t, float32Numbers, `"N":"%"`)
}

// Types that keep the digits take every number.
func TestNumbersKeepTheirDigits(t *testing.T) {
	for number := range float64Numbers {
		for how, read := range readsClaims[map[string]json.RawMessage]() {
			got, err := read(t, live(`,"n":`+number))
			if raw, _ := got.(map[string]json.RawMessage); err != nil || string(raw["n"]) != number {
				t.Errorf("%s of %s into a json.RawMessage: got %s, %v", how, number, raw["n"], err)
			}
		}
		for how, read := range readsClaims[struct{ N json.Number }]() {
			got, err := read(t, live(`,"N":`+number))
			if n, _ := got.(struct{ N json.Number }); err != nil || string(n.N) != number {
				t.Errorf("%s of %s into a json.Number: got %s, %v", how, number, n.N, err)
			}
		}
	}
}

// Integers of Go take whole numbers of their range, written without a fraction and an exponent.
func TestIntegersAreExact(t *testing.T) {
	type integers struct {
		I8  int8
		I   int64
		U   uint64
		P   *int32
		D   time.Duration
		S   int64 `json:",string"`
		Any any
	}
	for members, want := range map[string]string{
		`"I8":127`:                  "",
		`"I":9223372036854775807`:   "",
		`"I":-9223372036854775808`:  "",
		`"U":18446744073709551615`:  "",
		`"S":"281674916028284931"`:  "",
		`"D":9223372036854775807`:   "",
		`"P":null`:                  "",
		`"I8":128`:                  `claim "I8" is a number that an int8 cannot hold (the field I8 of jwtexp_test.integers)`,
		`"I8":-129`:                 `claim "I8" is a number that an int8 cannot hold (the field I8 of jwtexp_test.integers)`,
		`"I":9223372036854775808`:   `claim "I" is a number that an int64 cannot hold (the field I of jwtexp_test.integers)`,
		`"U":18446744073709551616`:  `claim "U" is a number that a uint64 cannot hold (the field U of jwtexp_test.integers)`,
		`"U":-1`:                    `claim "U" is a number that a uint64 cannot hold (the field U of jwtexp_test.integers)`,
		`"P":2147483648`:            `claim "P" is a number that an int32 cannot hold (the field P of jwtexp_test.integers)`,
		`"D":9223372036854775808`:   `claim "D" is a number that a time.Duration cannot hold (the field D of jwtexp_test.integers)`,
		`"I":1.5`:                   `claim "I" is a number that an int64 cannot hold (the field I of jwtexp_test.integers)`,
		`"I":1.0`:                   `claim "I" is a number that an int64 cannot hold (the field I of jwtexp_test.integers)`,
		`"I":1e3`:                   `claim "I" is a number that an int64 cannot hold (the field I of jwtexp_test.integers)`,
		`"S":"9223372036854775808"`: `claim "S" is a string, and the field S of jwtexp_test.integers is an int64 in a string`,
		`"S":1`:                     `claim "S" is a number, and the field S of jwtexp_test.integers is an int64 in a string`,
		`"Any":9223372036854775807`: `claim "Any" is a number that a float64 cannot hold exactly, and the field Any of jwtexp_test.integers is an interface {}; use an int64 or a json.Number`,
	} {
		for how, read := range readsClaims[integers]() {
			_, err := read(t, live(","+members))
			if got := textOf(err); !strings.HasSuffix(got, want) || (err == nil) != (want == "") {
				t.Errorf("%s of %s: got %s, want %s", how, members, got, want)
			}
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Numbers that are not read into a float may be of any size.
func TestNumbersThatAreNotRead(t *testing.T) {
	for how, read := range readsClaims[struct {
		N   float64
		Any any
		UID int64 `json:"uid"`
	}]() {
		if got, err := read(t, live(`,"N":0.5,"uid":281674916028284931,"other":1e400,"Any":["281674916028284931"]`)); err != nil {
			t.Errorf("%s: got %v, %v, want no error", how, got, err)
		}
	}
}

// ownFloat has a method that reads every number.
type ownFloat float64

func (f *ownFloat) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, (*float64)(f))
}

func TestNumbersOfMethods(t *testing.T) {
	for how, read := range readsClaims[struct {
		N ownFloat
		M any
	}]() {
		if got, err := read(t, live(`,"N":281674916028284931,"M":1`)); err != nil {
			t.Errorf("%s: got %v, %v, want no error", how, got, err)
		}
	}
}

// Claims that were read from a token are issued with the same numbers, or were not read.
func TestReissuedNumbersAreTheSame(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	issuer, verifier := newIssuer(clock), newVerifier(clock)
	for number := range float64Numbers {
		token := accept(t, verifier, sign(testSecret, `{"alg":"HS256"}`, live(fmt.Sprintf(`,"n":%s,"all":[%s]`, number, number))))
		var claims map[string]any
		if token.Claims(&claims) != nil {
			continue
		}
		delete(claims, "exp")
		again := accept(t, verifier, must(issuer.Issue(t.Context(), "alice", claims)).Raw())
		var got struct {
			N   json.Number   `json:"n"`
			All []json.Number `json:"all"`
		}
		if err := again.Claims(&got); err != nil {
			t.Fatal(err)
		}
		want, _ := new(big.Rat).SetString(number)
		for _, n := range append(got.All, got.N) {
			if value, ok := new(big.Rat).SetString(string(n)); !ok || value.Cmp(want) != 0 {
				t.Errorf("%s: got %s in the second token, want the same number", number, n)
			}
		}
	}
}

// Scopes are read from tokens whose other claims have numbers that no float64 holds.
func TestScopeBesideLargeNumbers(t *testing.T) {
	for _, claims := range []string{
		`,"scope":"orders:read","uid":281674916028284931`,
		`,"scope":"orders:read","uid":1e400,"scp":[1e400]`,
		`,"scope":"orders:read","scp":281674916028284931`,
		`,"scp":["orders:read"],"scope":null,"uid":0.30000000000000000001`,
	} {
		token, err := verify(t, sign(testSecret, `{"alg":"HS256"}`, live(claims)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"orders:read"}, token.Scope()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", claims, diff)
		}
	}
}

// Whether a number fits does not depend on the fields before it.
func TestNumbersDoNotDependOnOtherFields(t *testing.T) {
	for how, read := range readsClaims[struct {
		A float64
		B float64         `json:"B,string"`
		M map[float64]int `json:"M"`
	}]() {
		for _, members := range []string{`"B":"9007199254740993"`, `"M":{"9007199254740993":1}`} {
			if got, err := read(t, live(","+members)); err == nil {
				t.Errorf("%s of %s: got %v, want an error", how, members, got)
			}
		}
	}
}
