package claimset_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	gojson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/strictjson"
)

type embedded struct {
	Embedded string
}

type textual int

func (t textual) MarshalText() ([]byte, error) { return []byte(strings.Repeat("x", int(t))), nil }

func (t *textual) UnmarshalText(text []byte) error {
	*t = textual(len(text))
	return nil
}

// application has a field for each feature of encoding/json that claims can use.
type application struct {
	Untagged string
	Renamed  int    `json:"renamed"`
	Ignored  string `json:"-"`
	//lint:ignore SA5008 the tag is valid, and names the claim "-"
	Dash       string                      `json:"-,"`
	Omitted    string                      `json:"omitted,omitempty"`
	OmittedMap map[string]int              `json:"omitted_map,omitempty"`
	Zero       time.Time                   `json:"zero,omitzero"`
	AsString   int64                       `json:"as_string,string"`
	Pointer    *int                        `json:"pointer"`
	Any        any                         `json:"any"`
	Number     json.Number                 `json:"number"`
	Numbers    []json.Number               `json:"numbers"`
	Quoted     json.Number                 `json:"quoted,string"`
	Raw        json.RawMessage             `json:"raw"`
	Bytes      []byte                      `json:"bytes"`
	Array      [2]byte                     `json:"array"`
	Duration   time.Duration               `json:"duration"`
	Time       time.Time                   `json:"time"`
	NilSlice   []string                    `json:"nil_slice"`
	NilMap     map[string]int              `json:"nil_map"`
	Text       textual                     `json:"text"`
	Keys       map[int]string              `json:"keys"`
	NumberKeys map[json.Number]json.Number `json:"number_keys"`
	Float      float64                     `json:"float"`
	HTML       string                      `json:"html"`
	embedded
	unexported string
}

func full() application {
	n := 7
	return application{
		Untagged: "u", Renamed: 1, Ignored: "i", Dash: "d", AsString: 5, Pointer: &n,
		Any: map[string]any{"a": []any{1.5, "x", nil, true}}, Number: "12345678901234567890.5", Numbers: []json.Number{"1", "2e3"},
		Quoted: "17", Raw: json.RawMessage(`{"a":1}`), Bytes: []byte("bytes"), Array: [2]byte{1, 2},
		Duration: time.Second, Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Text: 3,
		Keys: map[int]string{1: "one"}, NumberKeys: map[json.Number]json.Number{"1": "2"}, Float: math.Pi, HTML: "<&>", embedded: embedded{"e"}, unexported: "x",
	}
}

// encode returns a claims set with the application's claims.
func encode(app any) ([]byte, error) {
	return claimset.NewTemplate("", nil).Append(nil, &claimset.Set{Subject: "s"}, app)
}

// decode decodes a claims set that was not parsed before.
func decode(text string, dst any) error { return new(claimset.Set).Decode(text, dst) }

// Struct tags have the same effect as in encoding/json, on every Go version.
func TestApplicationClaimsMatchEncodingJSON(t *testing.T) {
	for name, app := range map[string]any{
		"full":    full(),
		"pointer": new(full()),
		"zero":    application{Raw: json.RawMessage("null"), Number: "0", Quoted: "0"},
		"map":     map[string]any{"b": 1, "a": json.Number("1e2"), "c": []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			gotText, err := encode(app)
			if err != nil {
				t.Fatal(err)
			}
			wantText, err := json.Marshal(app)
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			if err := errors.Join(json.Unmarshal(gotText, &got), json.Unmarshal(wantText, &want)); err != nil {
				t.Fatal(err)
			}
			delete(got, "sub")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}

			var gotDecoded, wantDecoded application
			if err := errors.Join(decode(string(wantText), &gotDecoded), json.Unmarshal(wantText, &wantDecoded)); err != nil && name != "map" {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantDecoded, gotDecoded, cmp.AllowUnexported(application{}, embedded{})); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

// tokenWriter writes JSON tokens itself. If depth is positive, it writes an object around them, with
// an option that allows duplicate names.
type tokenWriter struct {
	names []string
	depth int
}

func (w tokenWriter) MarshalJSONTo(enc *jsontext.Encoder) error {
	if w.depth > 0 {
		return gojson.MarshalEncode(enc, map[string]any{"in": tokenWriter{w.names, w.depth - 1}}, jsontext.AllowDuplicateNames(true))
	}
	err := enc.WriteToken(jsontext.BeginObject)
	for _, name := range w.names {
		err = errors.Join(err, enc.WriteToken(jsontext.String(name)), enc.WriteToken(jsontext.Int(1)))
	}
	return errors.Join(err, enc.WriteToken(jsontext.EndObject))
}

// Append writes no claims set that Parse rejects: with a duplicate name, even if an option allows
// it, or with more than 64 levels.
func TestAppendedClaimsCanBeParsed(t *testing.T) {
	deep := func(levels int) (v any) {
		for range levels {
			v = []any{v}
		}
		return map[string]any{"a": v}
	}
	// Depending on the version of the JSON package, the encoder finds the duplicate name, or the
	// check of its output.
	const twice = "duplicate names|does not write strict JSON"
	for name, tt := range map[string]struct {
		app  any
		want string // a regular expression for the error, or "" for no error
	}{
		"two names":                       {tokenWriter{[]string{"a", "b"}, 1}, ""},
		"one name twice":                  {tokenWriter{[]string{"a", "a"}, 1}, twice},
		"one name twice, further in":      {tokenWriter{[]string{"a", "b", "a"}, 5}, twice},
		"one name twice, in a map":        {map[string]any{"x": tokenWriter{[]string{"a", "a"}, 1}}, twice},
		"one name twice, in a struct":     {struct{ X any }{tokenWriter{[]string{"a", "a"}, 1}}, twice},
		"one name twice, in an interface": {&struct{ X []any }{[]any{tokenWriter{[]string{"a", "a"}, 1}}}, twice},
		"a registered name":               {tokenWriter{[]string{"exp"}, 0}, `"exp"`},
		"63 levels and the claims set":    {deep(63), ""},
		"64 levels and the claims set":    {deep(64), "more than 64 levels"},
	} {
		payload, err := encode(tt.app)
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !regexp.MustCompile(tt.want).MatchString(err.Error())):
			t.Errorf("%s: got %v, want an error that matches %q", name, err, tt.want)
		case err == nil:
			if err := strictjson.Members(string(payload), func(_ string, value *strictjson.Reader) error { return value.Skip() }); err != nil {
				t.Errorf("%s: reading %s: got %v, want nil", name, payload, err)
			}
		}
	}
}

func TestNumberIsANumber(t *testing.T) {
	type claims struct {
		N json.Number `json:"n"`
	}
	for text, want := range map[string]json.Number{
		`{"n":1}`: "1", `{"n":1e400}`: "1e400", `{"n":"12"}`: "12", `{"n":null}`: "", `{}`: "",
	} {
		var got, std claims
		if err := decode(text, &got); err != nil || got.N != want {
			t.Errorf("%s: got %q, %v, want %q", text, got.N, err, want)
		}
		if err := json.Unmarshal([]byte(text), &std); err != nil || std.N != got.N {
			t.Errorf("%s: got %q, want %q as from encoding/json (%v)", text, got.N, std.N, err)
		}
	}
	for _, text := range []string{`{"n":"x"}`, `{"n":" 1"}`, `{"n":""}`, `{"n":true}`, `{"n":[]}`} {
		var got claims
		if err := decode(text, &got); err == nil {
			t.Errorf("%s: got %q, want an error", text, got.N)
		}
	}
	var quoted struct {
		N json.Number `json:"n,string"`
	}
	if err := decode(`{"n":1}`, &quoted); err == nil {
		t.Errorf("number instead of a string: got %q, want an error", quoted.N)
	}
	for _, n := range []json.Number{"x", " 1", "01", "NaN"} {
		if got, err := encode(claims{n}); err == nil {
			t.Errorf("%q: got %s, want an error", n, got)
		}
	}
	if got, err := encode(claims{}); err != nil || string(got) != `{"sub":"s","n":0}` {
		t.Errorf("empty Number: got %s, %v, want 0", got, err)
	}
}

// Claims that two parsers could read differently are rejected, although encoding/json accepts them.
func TestApplicationClaimsAreStrict(t *testing.T) {
	type claims struct {
		Role string `json:"role"`
	}
	var got claims
	if err := decode(`{"Role":"admin","ROLE":"admin"}`, &got); err != nil || got.Role != "" {
		t.Errorf("another case: got %q, %v, want no role", got.Role, err)
	}
	// A claims set is parsed before it is decoded, so Parse or Decode must reject it.
	for _, text := range []string{
		`{"exp":1,"role":"a","role":"b"}`,
		`{"exp":1,"x":{"a":1,"a":2}}`,
		"{\"exp\":1,\"role\":\"\xff\"}",
		`{"exp":1,"role":"\ud800"}`,
		`{"exp":1,"role":"a"} {}`,
		`{"exp":1,"role":1}`,
		`[]`,
	} {
		var set claimset.Set
		err := claimset.Parse(text, &set)
		if err == nil {
			err = set.Decode(text, &got)
		}
		if err == nil {
			t.Errorf("%s: got nil, want an error", text)
		}
	}
	for name, dst := range map[string]any{"nil": nil, "no pointer": claims{}, "nil pointer": (*claims)(nil)} {
		if err := decode(`{}`, dst); err == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
	}
}

type failing struct{ err error }

func (f failing) MarshalJSON() ([]byte, error) { return nil, f.err }
func (f *failing) UnmarshalJSON([]byte) error  { return f.err }

// nested decodes JSON in a JSON string with encoding/json, and returns the errors of encoding/json.
type nested struct{ Inner int }

func (n *nested) UnmarshalJSON(text []byte) error {
	var inner string
	if err := json.Unmarshal(text, &inner); err != nil {
		return err
	}
	return json.Unmarshal([]byte(inner), n)
}

func TestErrorOfUnmarshalJSON(t *testing.T) {
	var dst struct{ X nested }
	err := decode(`{"X":"{"}`, &dst)
	e, ok := errors.AsType[*claimset.Error](err)
	if !ok {
		t.Fatalf("got %v, want an Error", err)
	}
	if _, ok := errors.AsType[*json.SyntaxError](e.Cause); !ok {
		t.Errorf("got cause %v, want a *json.SyntaxError", e.Cause)
	}
}

func TestErrorsOfTheApplicationsMethods(t *testing.T) {
	own := errors.New("own")
	_, encoded := encode(failing{own})
	for name, err := range map[string]error{
		"encode": encoded,
		"decode": decode(`{}`, &failing{own}),
	} {
		e, ok := errors.AsType[*claimset.Error](err)
		if !ok || !errors.Is(e.Cause, own) {
			t.Errorf("%s: got %v, want an Error with the error of the method as Cause", name, err)
		}
		if ok && strings.Contains(e.Error(), "own") {
			t.Errorf("%s: got %q, want a text without the cause", name, e)
		}
	}
}

// tokenReader has methods for JSON tokens, which fail.
type tokenReader struct{ Level int }

var errTokens = errors.New("tokens")

func (tokenReader) UnmarshalJSONFrom(*jsontext.Decoder) error { return errTokens }
func (tokenReader) MarshalJSONTo(*jsontext.Encoder) error     { return errTokens }

func TestErrorsOfTokenMethods(t *testing.T) {
	var dst struct {
		Level tokenReader `json:"level"`
	}
	var writer struct {
		Names tokenWriter `json:"names"`
	}
	writer.Names.names = []string{"a", "a"}
	_, failed := encode(&dst)
	_, twice := encode(writer)
	for _, tt := range []struct {
		err   error
		want  string
		cause error
	}{
		{decode(`{"level":true}`, &dst), `claim "level" is a boolean that claimset_test.tokenReader rejects (the field Level)`, errTokens},
		{failed, `the field Level has a method that fails, or that does not write strict JSON in UTF-8`, errTokens},
		{twice, `the field Names has a method that fails, or that does not write strict JSON in UTF-8`, nil},
	} {
		e, ok := errors.AsType[*claimset.Error](tt.err)
		if !ok || e.Error() != tt.want || tt.cause != nil && !errors.Is(e.Cause, tt.cause) {
			t.Errorf("got %v, want %s, with the cause %v", tt.err, tt.want, tt.cause)
		}
	}
}

// Two different names for one field or map key are rejected.
func TestTwoNamesForOneFieldAreRejected(t *testing.T) {
	for text, dst := range map[string]any{
		`{"exp":1,"role":"user","ROLE":"admin"}`: &struct {
			Role string `json:"role,case:ignore"`
		}{},
		`{"exp":1,"0":"a","-0":"b"}`:     &map[int]string{},
		`{"exp":1,"1":"a","1.0":"b"}`:    &map[float64]any{},
		`{"exp":1,"::1":"a","0::1":"b"}`: &map[netip.Addr]any{},
	} {
		var set claimset.Set
		if err := claimset.Parse(text, &set); err != nil {
			t.Errorf("Parse(%s): got %v, want nil", text, err)
		}
		if err := set.Decode(text, dst); err == nil {
			t.Errorf("%s: got %v, want an error", text, dst)
		}
	}
}

type counted int

func (c *counted) UnmarshalJSON([]byte) error { *c++; return nil }

// A method is called once, also in a type that version 2 of the JSON package rejects by default and
// encoding/json accepts.
func TestMethodsAreCalledOnce(t *testing.T) {
	var dst struct {
		First counted
		Last  struct{ unexported int }
	}
	dst.Last.unexported = 1
	if err := decode(`{"First":1,"Last":{}}`, &dst); err != nil || dst.First != 1 {
		t.Errorf("got %d calls, %v, want one", dst.First, err)
	}
	var exact struct {
		First counted
		Share float64
	}
	if err := decode(`{"First":12345678901234567890,"Share":1e3}`, &exact); err != nil || exact.First != 1 {
		t.Errorf("with numbers that are looked at: got %d calls, %v, want one", exact.First, err)
	}
}
