package strictjson_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// inUTF16 returns a text in UTF-16, most significant byte first or last.
func inUTF16(text string, first bool) string {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if first {
			encoded = append(encoded, byte(unit>>8), byte(unit))
		} else {
			encoded = append(encoded, byte(unit), byte(unit>>8))
		}
	}
	return string(encoded)
}

const (
	surrogate   = `half of a surrogate pair in a string (an escape from \ud800 to \udfff)`
	cutOff      = "not valid JSON: cut off at the end"
	notUTF8     = "bytes in a string that are not UTF-8"
	utf16Fault  = "UTF-16 or UTF-32; JSON is UTF-8"
	trailing    = "data after the JSON object"
	empty       = "empty, not a JSON object"
	twice       = "a member appears twice"
	nestedTwice = "a JSON object has duplicate names"
)

var fixedTexts = regexp.MustCompile("^(" + strings.Join([]string{
	empty, trailing, cutOff, notUTF8, utf16Fault, twice, nestedTwice, regexp.QuoteMeta(surrogate),
	"a byte order mark in front of the JSON; leave it out", "more than 64 levels of JSON objects and arrays",
	"(a string|a number|a boolean|null|an array), not a JSON object",
	"not valid JSON at byte [0-9]+",
}, "|") + ")$")

var duplicateText = regexp.MustCompile(`^member "(.*)" appears twice$`)

// isFixed reports whether the text of an error quotes nothing but the name of a registered claim or
// header parameter.
func isFixed(text string) bool {
	if name := duplicateText.FindStringSubmatch(text); name != nil {
		return strictjson.IsRegistered(name[1])
	}
	return fixedTexts.MatchString(text)
}

// An error says what is wrong with a text that is not a strict JSON object: its Unicode, what it is
// instead, or the place of a mistake in the grammar.
func TestErrorsSayWhatIsWrong(t *testing.T) {
	at := func(place int) string { return fmt.Sprintf("not valid JSON at byte %d", place) }
	for _, tt := range []struct{ text, want string }{
		// valid by the grammar
		{`{"a":"\ud800"}`, surrogate}, {`{"a":"\udc00x"}`, surrogate}, {`{"a":"\ud800\ud800"}`, surrogate},
		{`{"a":"\uD83D x"}`, surrogate}, {`{"\udfff":1}`, surrogate}, {`{"a":{"b":["\udead"]}}`, surrogate},
		{"{\"a\":\"\xff\"}", notUTF8}, {"{\"a\":\"Andr\xe9\"}", notUTF8}, {"{\"\xc3\":1}", notUTF8}, {"{\"a\":[\"\xed\xa0\x80\"]}", notUTF8},
		{"{\"a\":\"\xc0\x80\"}", notUTF8}, {"{\"a\":\"\xf5\x80\x80\x80\"}", notUTF8},
		{"\ufeff{}", "a byte order mark in front of the JSON; leave it out"},
		{inUTF16(`{"a":1}`, true), utf16Fault}, {inUTF16(`{"a":1}`, false), utf16Fault},
		{inUTF16("\ufeff{}", true), utf16Fault}, {inUTF16("\ufeff{}", false), utf16Fault},
		{"\x00\x00\x00{", utf16Fault}, {"\x00\x00\xfe\xff\x00\x00\x00{", utf16Fault},
		{`{"a":1,"a":2}`, twice}, {`{"exp":1,"b":2,"exp":1}`, `member "exp" appears twice`}, {`{"\u0065xp":1,"exp":2}`, `member "exp" appears twice`},
		{`{"kid":"","alg":"x","kid":""}`, `member "kid" appears twice`}, {`{"a":{"exp":1,"exp":2}}`, nestedTwice}, {`{"a":[{"b":1,"b":1}]}`, nestedTwice},

		// something else
		{``, empty}, {" \r\n\t", empty},
		{`[]`, "an array, not a JSON object"}, {`["a"]`, "an array, not a JSON object"}, {`"a"`, "a string, not a JSON object"},
		{` null `, "null, not a JSON object"}, {`1e5`, "a number, not a JSON object"}, {`true`, "a boolean, not a JSON object"}, {`false`, "a boolean, not a JSON object"},
		{`{}{}`, trailing}, {`{"a":1}x`, trailing}, {"{}\x00", trailing}, {`{"a":1}}`, trailing}, {"{}\n//", trailing},

		// cut off
		{`{`, cutOff}, {`{"`, cutOff}, {`{"a`, cutOff}, {`{"a"`, cutOff}, {`{"a":`, cutOff}, {`{"a":1`, cutOff}, {`{"a":1,`, cutOff}, {`{"a":-`, cutOff},
		{`{"a":"b`, cutOff}, {`{"a":"\`, cutOff}, {`{"a":"\u12`, cutOff}, {`{"a":tru`, cutOff}, {`{"a":[{`, cutOff}, {`{"a":[{}]`, cutOff}, {`[1,`, cutOff}, {`"x`, cutOff},

		// the grammar
		{`{"a":NaN}`, at(5)}, {`{"a":-Infinity}`, at(6)}, {`{'a':1}`, at(1)}, {`{"a":1,}`, at(7)}, {`{"a":[1,2,]}`, at(10)},
		{`{"a":1 // x` + "\n}", at(7)}, {`{"a":01}`, at(6)}, {`{"a":+1}`, at(5)}, {`{a:1}`, at(1)}, {`{"a":True}`, at(5)}, {`hello`, at(0)},
		{`{"a" 1}`, at(5)}, {`{"a":"x"y"}`, at(8)}, {`{"a":[1}`, at(7)}, {"{\"a\":\"x\ny\"}", at(7)}, {`{"a":"\x41"}`, at(6)}, {"\x80\x81", at(0)},
	} {
		_, err := read(tt.text)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// The error for a value's text that is not strict says what is wrong with it, wherever it is read.
func TestFixedErrorsOfValues(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":"\ud800"}`: "in a: " + surrogate,
		`{"a":"x`:        "in a: " + cutOff,
	} {
		err := strictjson.Members(text, func(name string, value *strictjson.Reader) error {
			_, err := value.String()
			return errors.New("in " + name + ": " + value.Fixed(err).Error())
		})
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// An error of the decoder is never lost, even if the text is good.
func TestErrorsAreNotLost(t *testing.T) {
	for _, want := range []error{io.EOF, io.ErrUnexpectedEOF, new(jsontext.SyntacticError), errors.New("other")} {
		err := strictjson.Members(`{"a":1}`, func(_ string, value *strictjson.Reader) error {
			return errors.Join(value.Skip(), want)
		})
		if err == nil {
			t.Errorf("%v: got nil, want an error", want)
		}
	}
}

func TestStringsOfAnotherKind(t *testing.T) {
	for value, want := range map[string]string{
		`null`: "null; leave it out instead", `1`: "a number, not a string", `true`: "a boolean, not a string",
		`{}`: "an object, not a string", `["a"]`: "an array, not a string",
	} {
		err := strictjson.Members(`{"a":`+value+`}`, func(_ string, v *strictjson.Reader) error {
			_, err := v.String()
			return err
		})
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", value, err, want)
		}
	}
}

// faultsOf returns the faults of an object whose members must be strings, and whose member "need"
// must be there.
func faultsOf(text string) error {
	check := func(object string) error {
		return strictjson.Members(object, func(name string, value *strictjson.Reader) error {
			if _, err := value.String(); err != nil {
				return errors.New(name + ": " + value.Fixed(err).Error())
			}
			return nil
		})
	}
	return strictjson.Rules{Noun: "claim", Check: check, Required: "need", Missing: errors.New("need: missing")}.Faults(text, nil)
}

// Faults names every fault of an object whose grammar is good, and what is wrong with the grammar
// otherwise.
func TestFaults(t *testing.T) {
	var many []string
	for _, name := range strings.Split("abcdefghijk", "") {
		many = append(many, `"`+name+`":null`)
	}
	null := func(names string) string {
		return strings.Join(strings.Split(names, ""), ": null; leave it out instead; ") + ": null; leave it out instead"
	}
	for text, want := range map[string]string{
		`{"need":""}`:                           "",
		`{}`:                                    "need: missing",
		`{"a":1,"b":true}`:                      "a: a number, not a string; b: a boolean, not a string; need: missing",
		`{"need":[]}`:                           "need: an array, not a string",
		`{"exp":"","need":"","exp":"","exp":1}`: `claim "exp" appears twice; exp: a number, not a string`,
		`{"x":"","x":"","need":"","y":"","y":""}`: "a claim appears twice; a claim appears twice",
		`{"x":1,"need":"\ud800"}`:                 "x: a number, not a string; need: " + surrogate,
		"{\"\xff\":1,\"need\":\"\"}":              notUTF8,
		`{"x":{"a":1,"a":2},"need":""}`:           "x: " + nestedTwice,
		`{"x":1,`:                                 cutOff,
		`{"x":1,}`:                                "not valid JSON at byte 7",
		`[1]`:                                     "an array, not a JSON object",
		``:                                        empty,
		`{"x":1}{}`:                               trailing,
		nested(64, `1`):                           "more than 64 levels of JSON objects and arrays",
		`{"need":"",` + strings.Join(many, ",") + `}`:     null("abcdefgh") + "; and 3 more",
		`{"need":"",` + strings.Join(many[:8], ",") + `}`: null("abcdefgh"),
	} {
		got := ""
		if err := faultsOf(text); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.100s: got %s, want %s", text, got, want)
		}
	}
}

// An error that no member explains is returned as it is. Only the first 100 members are checked.
func TestFaultsKeepTheError(t *testing.T) {
	want, calls := errors.New("want"), 0
	rules := strictjson.Rules{Check: func(string) error { calls++; return nil }}
	for members, wantCalls := range map[int]int{1: 1, 100: 100, 101: 100, 1000: 100} {
		calls = 0
		if got := rules.Faults(object(members, "}"), want); got != want || calls != wantCalls {
			t.Errorf("%d members: got %v after %d checks, want %v after %d", members, got, calls, want, wantCalls)
		}
	}
}

// The errors of all faults can be found.
func TestListUnwraps(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	var all strictjson.List
	if err := all.Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	all.Add(nil)
	all.Add(first)
	if err := all.Err(); err != first {
		t.Errorf("got %v, want the only error", err)
	}
	all.Add(second)
	if err := all.Err(); !errors.Is(err, first) || !errors.Is(err, second) || err.Error() != "first; second" {
		t.Errorf("got %v, want both errors", err)
	}
}
