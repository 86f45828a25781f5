package jwtexp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/jwtexptest"
)

// claimsWithFields are application claims of many kinds.
type claimsWithFields struct {
	embeddedClaims
	UID     int64          `json:"uid"`
	Name    string         `json:"name"`
	Small   uint8          `json:"small"`
	Ratio   float64        `json:"ratio"`
	Roles   []string       `json:"roles"`
	Limits  map[string]int `json:"limits"`
	Address *postalAddress `json:"address"`
	Since   time.Time      `json:"since"`
	Own     failingReader  `json:"own"`
	Any     any            `json:"any"`
	Plain   bool
	List    []postalAddress          `json:"list"`
	Table   map[string]postalAddress `json:"table"`
}

type embeddedClaims struct {
	Base int `json:"base"`
}

type postalAddress struct {
	Zip    string `json:"zip"`
	Number int    `json:"number"`
}

var errOwn = errors.New("private: " + payloadMarker)

// A failingReader has a method for JSON that fails.
type failingReader struct{}

func (*failingReader) UnmarshalJSON([]byte) error { return errOwn }

// wantClaimsError checks that each way to read the claims names the same fault, and nothing of them.
func wantClaimsError[T any](t *testing.T, members string, wants ...string) {
	t.Helper()
	for how, read := range readsClaims[T]() {
		_, err := read(t, live(","+members))
		for _, want := range wants {
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s of %s: got %v, want it to have %s", how, members, err, want)
			}
		}
		if strings.Contains(fmt.Sprint(err), payloadMarker) || strings.Contains(fmt.Sprint(err), "private") {
			t.Errorf("%s of %s: got %v, want nothing of the payload or of a method's error", how, members, err)
		}
	}
}

// A claim that does not fit is named by the application's field, with what came and what was wanted.
func TestErrorsNameClaimsThatDoNotFit(t *testing.T) {
	of := func(field string) string { return "the field " + field + " of jwtexp_test.claimsWithFields" }
	for members, wants := range map[string][]string{
		`"uid":"` + payloadMarker + `"`:               {`claim "uid" is a string, and ` + of("UID") + ` is an int64`},
		`"uid":true`:                                  {`claim "uid" is a boolean, and ` + of("UID") + ` is an int64`},
		`"uid":[]`:                                    {`claim "uid" is an array, and ` + of("UID") + ` is an int64`},
		`"uid":{"` + payloadMarker + `":1}`:           {`claim "uid" is an object, and ` + of("UID") + ` is an int64`},
		`"uid":1.5`:                                   {`claim "uid" is a number that an int64 cannot hold (` + of("UID") + `)`},
		`"uid":9223372036854775808`:                   {`claim "uid" is a number that an int64 cannot hold`},
		`"small":256`:                                 {`claim "small" is a number that a uint8 cannot hold (` + of("Small") + `)`},
		`"small":-1`:                                  {`claim "small" is a number that a uint8 cannot hold`},
		`"ratio":1e400`:                               {`claim "ratio" is a number that a float64 cannot hold exactly, and ` + of("Ratio") + ` is a float64; use an int64 or a json.Number`},
		`"any":{"a":[281674916028284931]}`:            {`a value in claim "any" is a number that a float64 cannot hold exactly`},
		`"name":1`:                                    {`claim "name" is a number, and ` + of("Name") + ` is a string`},
		`"roles":"admin"`:                             {`claim "roles" is a string, and ` + of("Roles") + ` is a []string`},
		`"roles":["a",1]`:                             {`a value in claim "roles" is a number, and ` + of("Roles") + ` is a []string`},
		`"limits":{"` + payloadMarker + `":"x"}`:      {`a value in claim "limits" is a string, and ` + of("Limits") + ` is a map[string]int`},
		`"address":1`:                                 {`claim "address" is a number, and ` + of("Address") + ` is a *jwtexp_test.postalAddress`},
		`"address":{"zip":1}`:                         {`claim "address.zip" is a number, and the field Zip of jwtexp_test.postalAddress is a string`},
		`"address":{"zip":1,"number":"x"}`:            {`claim "address.zip" is a number`, `claim "address.number" is a string`},
		`"list":[{"zip":1},{"number":"x"}]`:           {`claim "list[].zip" is a number, and the field Zip of jwtexp_test.postalAddress is a string`, `; claim "list[].number" is a string`},
		`"table":{"` + payloadMarker + `":{"zip":1}}`: {`claim "table.*.zip" is a number`},
		`"base":"x"`:                                  {`claim "base" is a string, and the field Base of jwtexp_test.claimsWithFields is an int`},
		`"since":"` + payloadMarker + `"`:             {`claim "since" is a string that time.Time rejects (` + of("Since") + `)`},
		`"own":{"` + payloadMarker + `":1}`:           {`claim "own" is an object that jwtexp_test.failingReader rejects (` + of("Own") + `)`},
		`"Plain":0`:                                   {`claim "Plain" is a number, and ` + of("Plain") + ` is a bool`},
		`"uid":"x","name":1,"own":1,"small":300`:      {`claim "uid" is a string`, `; claim "name" is a number`, `; claim "own" is`, `; claim "small" is`},
		`"other":"` + payloadMarker + `","uid":""`:    {`claim "uid" is a string`},
	} {
		wantClaimsError[claimsWithFields](t, members, wants...)
	}
	// In a map, the names of the token are not shown, unless an RFC defines them.
	wantClaimsError[map[string]int](t, `"`+payloadMarker+`":"x"`, "a claim is a string, and the Go type is a map[string]int")
	wantClaimsError[map[string]int](t, `"email":"x"`, `claim "email" is a string, and the Go type is a map[string]int`)
	wantClaimsError[map[string]any](t, `"`+payloadMarker+`":281674916028284931`, "a claim is a number that a float64 cannot hold exactly", "use an int64 or a json.Number")
	wantClaimsError[failingReader](t, `"a":1`, "the claims set is an object that jwtexp_test.failingReader rejects")
	wantClaimsError[[]string](t, `"a":1`, "the claims set is an object, and the Go type is a []string")
}

// The error of a method is kept. null and unknown claims fit.
func TestCausesOfClaimsErrors(t *testing.T) {
	for how, read := range readsClaims[claimsWithFields]() {
		_, err := read(t, live(`,"uid":"x","own":1`))
		if !errors.Is(err, errOwn) {
			t.Errorf("%s: got %v, want an error that wraps the method's", how, err)
		}
	}
	raw := sign(testSecret, joseHeader, live(`,"uid":null,"roles":null,"address":null,"since":null,"any":null,"UID":"x"`))
	if err := accept(t, newVerifier(jwtexptest.NewClock(epoch)), raw).Claims(new(claimsWithFields)); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf(`"f%d":1`, i))
	}
	type strings20 struct {
		F0, F1, F2, F3, F4, F5, F6, F7, F8, F9 string
	}
	wantClaimsError[strings20](t, strings.ReplaceAll(strings.Join(many[:10], ","), `"f`, `"F`), "; and 2 more")
}

// A destination that can hold no claims is named.
func TestErrorsOfWrongDestinations(t *testing.T) {
	token := accept(t, newVerifier(jwtexptest.NewClock(epoch)), sign(testSecret, joseHeader, live("")))
	for want, dst := range map[string]any{
		"into a <nil>;":                     nil,
		"into a jwtexp_test.postalAddress;": postalAddress{},
		"into a map[string]interface {};":   map[string]any{},
		"into a *jwtexp_test.postalAddress": (*postalAddress)(nil),
	} {
		if err := token.Claims(dst); !strings.Contains(fmt.Sprint(err), want) || !strings.Contains(fmt.Sprint(err), "pass a pointer to a struct or map") {
			t.Errorf("%T: got %v, want it to have %s", dst, err, want)
		}
	}
}

// A failingWriter has a method for JSON that fails.
type failingWriter struct{}

func (failingWriter) MarshalJSON() ([]byte, error) { return nil, errOwn }

// Issue names every field that cannot be written.
func TestErrorsNameFieldsThatCannotBeWritten(t *testing.T) {
	type claims struct {
		Channel chan int           `json:"channel,omitzero"`
		Ratio   float64            `json:"ratio"`
		Ratios  []float64          `json:"ratios"`
		Name    string             `json:"name"`
		Raw     json.RawMessage    `json:"raw,omitempty"`
		Own     *failingWriter     `json:"own"`
		Map     map[string]any     `json:"map"`
		Shares  map[string]float32 `json:"shares"`
	}
	for want, app := range map[string]any{
		"the field Channel of jwtexp_test.claims has a chan int, which JSON cannot hold":                           claims{Channel: make(chan int)},
		"the field Ratio of jwtexp_test.claims is NaN or infinite":                                                 claims{Ratio: math.NaN()},
		"the field Ratios of jwtexp_test.claims is NaN or infinite":                                                &claims{Ratios: []float64{math.Inf(1)}},
		"the field Name of jwtexp_test.claims is not strict JSON in UTF-8":                                         claims{Name: payloadMarker + "\xff"},
		"the field Raw of jwtexp_test.claims has a method that fails, or that does not write strict JSON in UTF-8": claims{Raw: json.RawMessage(`{"a":1,"a":2}`)},
		"the field Own of jwtexp_test.claims has a method that fails":                                              claims{Own: new(failingWriter)},
		"the field Map of jwtexp_test.claims has a func(), which JSON cannot hold":                                 claims{Map: map[string]any{payloadMarker: func() {}}},
		"the field Shares of jwtexp_test.claims is NaN or infinite":                                                claims{Shares: map[string]float32{payloadMarker: float32(math.Inf(1))}},
		"is NaN or infinite, which JSON cannot hold; the field Name of jwtexp_test.claims is not strict JSON":      claims{Ratio: math.NaN(), Name: "\xff"},
		"a value in the application claims of type map[string]interface {} has a func()":                           map[string]any{payloadMarker: func() {}},
		"a value in the application claims of type map[string]string is not strict JSON in UTF-8":                  map[string]string{payloadMarker: "\xff"},
		"a value in the application claims of type jwtexp_test.failingWriter has a method that fails":              failingWriter{},
		"application claims of type []string: an array, not a JSON object":                                         []string{payloadMarker},
		"a value in the application claims of type map[bool]int has a map whose keys JSON cannot hold":             map[bool]int{true: 1},
		"application claims of type int: a number, not a JSON object":                                              7,
		`claim "exp" is set by the Issuer`:                                                                         map[string]any{"EXP": 1},
	} {
		_, err := newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "alice", app)
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want it to have %s", err, want)
		}
		if strings.Contains(fmt.Sprint(err), payloadMarker) {
			t.Errorf("got %v, want nothing of the claims", err)
		}
		if isOwn := strings.Contains(want, "field Own") || strings.Contains(want, "failingWriter"); isOwn != errors.Is(err, errOwn) {
			t.Errorf("got %v, want the method's error in it if there is one", err)
		}
	}
}
