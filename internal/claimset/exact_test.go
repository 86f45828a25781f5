package claimset

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A number that is decoded into a map is an error, or it is written again as the same float64, and a
// whole number below 1e21 as the same number.
func FuzzNumbersAreExact(f *testing.F) {
	for _, number := range []string{
		"0", "-0", "1e23", "0.1", "9007199254740992", "9007199254740993", "281674916028284928", "281674916028284931", "18446744073709551616",
		"1e400", "1e-400", "5e-324", "0.30000000000000000001", "123456789012345678901e-2", "1.7976931348623157e308", "1e21", "999999999999999999999",
		"1180591620717411303424", "0.10000000000000001", "0.1000000000000000055511151231257827021181583404541015625", "281674916028284930",
	} {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if !jsonNumber.MatchString(number) {
			return
		}
		payload := `{"exp":1,"n":` + number + `,"all":[` + number + `]}`
		var set Set
		if err := Parse(payload, &set); err != nil {
			t.Fatal(err)
		}
		var claims map[string]any
		if err := set.Decode(payload, &claims); err != nil {
			if !strings.Contains(err.Error(), "int64 or a json.Number") {
				t.Errorf("%s: got %v, want an error that names int64 and json.Number", number, err)
			}
			if whole, ok := new(big.Int).SetString(number, 10); ok && whole.IsInt64() && int64(float64(whole.Int64())) == whole.Int64() && float64(whole.Int64()) != 1<<63 {
				t.Errorf("%s: got %v, want no error for a whole number that a float64 holds", number, err)
			}
			return
		}
		delete(claims, "exp")
		again, err := NewTemplate("", nil).Append(nil, &set, claims)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			N   json.Number   `json:"n"`
			All []json.Number `json:"all"`
		}
		if err := json.Unmarshal(again, &got); err != nil {
			t.Fatal(err)
		}
		float, _ := strconv.ParseFloat(number, 64)
		want, _ := new(big.Rat).SetString(number)
		for _, n := range append(got.All, got.N) {
			if again, err := strconv.ParseFloat(string(n), 64); err != nil || again != float {
				t.Errorf("%s: got %s when it is written again, want the same float64", number, n)
			}
			value, _ := new(big.Rat).SetString(string(n))
			if isWhole(float) && value.Cmp(want) != 0 {
				t.Errorf("%s: got %s when it is written again, want the same number", number, n)
			}
		}
	})
}

// A float field in a struct of any form is written as a map writes it: a whole number in full.
func TestFloatsAreWrittenInFull(t *testing.T) {
	type named float64
	type small float32
	f := 281674916028284928.0
	for want, app := range map[string]any{
		`{"F":281674916028284928}`: struct{ F float64 }{f},
		`{"F":281674916028284928,"M":null}`: struct {
			F named
			M map[string]int
		}{named(f), nil},
		`{"F":[281674916028284928]}`: map[string][]named{"F": {named(f)}},
		`{"x":123456792}`:            map[string]any{"x": float32(123456789)},
		`{"F":"281674916028284928"}`: struct {
			F float64 `json:",string"`
		}{f},
		`{"281674916028284928":1e+21}`:    map[float64]any{f: 1e21},
		`{"F":[-281674916028284928,0.1]}`: map[string]any{"F": []any{-f, 0.1}},
		`{"F":123456792,"G":0.1}`:         struct{ F, G float32 }{123456789, 0.1},
		`{"F":16777216,"G":1e+21}`:        struct{ F, G small }{16777216, 1e21},
		`{"F":1e+22}`:                     struct{ F *float64 }{new(1e22)},
		`{"F":281674916028284931}`:        map[string]any{"F": int64(281674916028284931)},
	} {
		got, err := appendApp([]byte("{"), new(Set), app)
		if text := strings.TrimSuffix(string(got), ",") + "}"; err != nil || text != want {
			t.Errorf("%#v: got %s, %v, want %s", app, text, err, want)
		}
	}
}

func TestFloatsInTypes(t *testing.T) {
	type named float64
	type list struct{ Next *list }
	type floatList struct {
		Next  *floatList
		Value named
	}
	for _, tt := range []struct {
		v    any
		want floats
	}{
		{plain{}, onlyFloat64}, {struct{ A string }{}, noFloats}, {new(list), noFloats}, {time.Time{}, noFloats}, {map[string]string{}, noFloats},
		{struct{ A any }{}, onlyFloat64}, {[]float64{}, onlyFloat64}, {map[string]any{}, onlyFloat64}, {struct{ A error }{}, onlyFloat64}, {new(map[string][2]float64), onlyFloat64},
		{floatList{}, allFloats}, {map[named]int{}, allFloats}, {new([]float32), allFloats}, {struct {
			A any
			B named
		}{}, allFloats}, {struct {
			A float64
			B float64 `json:",string"`
		}{}, allFloats}, {struct {
			A *float64 `json:",string"`
		}{}, allFloats}, {struct {
			A string `json:",string"`
			B float64
		}{}, onlyFloat64}, {map[float64]string{}, allFloats}, {struct {
			B named
			A any
		}{}, allFloats},
	} {
		for _, when := range []string{"first call", "second call"} {
			if got := goTypeOf(reflect.TypeOf(tt.v)).floats; got != tt.want {
				t.Errorf("%T, %s: got %d, want %d", tt.v, when, got, tt.want)
			}
		}
	}
}

// No number that a float does not hold is left to the JSON package.
func FuzzMayBeInexact(f *testing.F) {
	for _, text := range []string{
		`9007199254740993`, `["\"",9007199254740993]`, `-1234567890123456`, ` 1234567890.123456 `, `["x",1e400]`, `{"a":1E-400}`, `"1e400"`, `{"a":"\u00312345678901234567"}`,
		`123456789012345678901234567890e1`, `"x1234567890123456"`, `{"a":123456.789012345678e+5}`, `0.00000000000000000000000000001`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		if mayBeInexact([]byte(text)) {
			return
		}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		for token, err := dec.Token(); err == nil; token, err = dec.Token() {
			if number, ok := token.(json.Number); ok && checkExact(string(number), 64) != nil {
				t.Errorf("%s: got false, want true because of %s", text, number)
			}
		}
	})
}
