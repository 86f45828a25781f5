package main

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// jsonCases are payloads that are not one strict JSON object (RFC 7519 §7.2, RFC 8259). Each is
// signed as it is.
func jsonCases() []Case {
	var cases []Case
	const good = `"sub":"alice","exp":1800000600`
	for _, c := range []struct {
		name, payload, want string
		or                  []string
		reason              string
	}{
		// Names that come twice.
		{"exp twice, past and future", `{"exp":1,"exp":1800000600}`, invalid, []string{ok}, "A duplicate name can be read in two ways."},
		{"exp twice, future and past", `{"exp":1800000600,"exp":1}`, invalid, []string{ok, expired}, "A duplicate name can be read in two ways."},
		{"exp twice, equal", `{"exp":1800000600,"exp":1800000600}`, invalid, []string{ok}, "A name must be unique, even if the values are equal."},
		{"exp twice, number and string", `{"exp":1800000600,"exp":"1800000600"}`, invalid, nil,
			"A duplicate name can be read in two ways, and one of them is not a date."},
		{"exp twice, number and null", `{"exp":1800000600,"exp":null}`, invalid, nil,
			"A duplicate name can be read in two ways, and one of them is not a date."},
		{"exp twice, once in escapes", `{"exp":1,"\u0065xp":1800000600}`, invalid, []string{ok}, "The two names are the same."},
		{"sub twice", `{"sub":"alice","sub":"mallory","exp":1800000600}`, invalid, []string{ok}, "A duplicate name can be read in two ways."},
		{"application claim twice", `{` + good + `,"role":"user","role":"admin"}`, invalid, []string{ok},
			"A duplicate name can be read in two ways."},
		{"name twice in an inner object", `{` + good + `,"user":{"role":"user","role":"admin"}}`, invalid, []string{ok},
			"A duplicate name can be read in two ways, at any depth."},
		{"name twice in an object in an array", `{` + good + `,"all":[{"a":1,"a":2}]}`, invalid, []string{ok},
			"A duplicate name can be read in two ways, at any depth."},
		{"name twice behind forty others", `{` + good + manyClaims(40) + `,"claim-3":0}`, invalid, []string{ok},
			"A duplicate name can be read in two ways, however far apart."},
		{"one name in two objects", `{` + good + `,"a":{"n":1},"b":{"n":2}}`, ok, nil, "Names in different objects have nothing to do with each other."},
		{"name of an outer claim in an inner object", `{` + good + `,"act":{"sub":"bob","exp":1}}`, ok, nil,
			"Only the outer sub and exp are claims of the token."},

		// Names in another case.
		{"EXP in capitals in place of exp", `{"EXP":1800000600}`, invalid, nil, "Names of claims are case-sensitive, so exp is missing."},
		{"Exp in place of exp", `{"Exp":1800000600}`, invalid, nil, "Names of claims are case-sensitive, so exp is missing."},
		{"past exp and future EXP", `{"exp":1799999999,"EXP":1800000600}`, expired, []string{invalid},
			"EXP is an application claim, which says nothing about time."},
		{"future EXP before past exp", `{"EXP":1800000600,"exp":1799999999}`, expired, []string{invalid},
			"EXP is an application claim, which says nothing about time."},
		{"future exp and past Exp", `{"exp":1800000600,"Exp":1}`, ok, []string{invalid}, "Exp is an application claim, which says nothing about time."},
		{"early nbf and past NBF", `{"nbf":1800000300,"NBF":1,"exp":1800000600}`, notYetValid, []string{invalid},
			"NBF is an application claim, which says nothing about time."},
		{"exp and a space", `{"exp ":1800000600}`, invalid, nil, "Names of claims are compared byte by byte, so exp is missing."},
		{"exp and a NUL", `{"exp\u0000":1800000600}`, invalid, nil, "Names of claims are compared byte by byte, so exp is missing."},
		{"exp in full width", `{"ｅｘｐ":1800000600}`, invalid, nil, "Names of claims are compared byte by byte, so exp is missing."},

		// Escapes.
		{"exp in escapes", `{"\u0065\u0078\u0070":1800000600}`, ok, nil, "An escaped name is the same name."},
		{"expired exp in escapes", `{"\u0065xp":1799999999}`, expired, nil, "An escaped name is the same name."},
		{"surrogate pair in escapes", `{` + good + `,"mood":"\ud83d\ude00"}`, ok, nil, "A pair of surrogates is one character."},
		{"half a surrogate pair in escapes", `{` + good + `,"mood":"\ud83d"}`, invalid, []string{ok}, "A surrogate alone is not a character."},
		{"surrogates in the wrong order", `{` + good + `,"mood":"\ude00\ud83d"}`, invalid, []string{ok}, "A surrogate alone is not a character."},
		{"half a surrogate pair in a name", `{` + good + `,"\ud83d":1}`, invalid, []string{ok}, "A surrogate alone is not a character."},
		{"escaped slash", `{` + good + `,"path":"\/a"}`, ok, nil, "A slash may be escaped."},
		{"unknown escape", `{` + good + `,"path":"\x41"}`, invalid, nil, "JSON has no escape x."},
		{"escape of three digits", `{` + good + `,"path":"\u041"}`, invalid, nil, "An escape u has four digits."},
		{"escaped apostrophe", `{` + good + `,"name":"O\'Neil"}`, invalid, nil, "JSON has no escape of an apostrophe."},
		{"NUL in escapes", `{` + good + `,"name":"a\u0000b"}`, ok, []string{invalid}, "An escaped NUL is a character of a JSON string."},

		// What is not an object.
		{"null", `null`, invalid, nil, "The claims set must be an object."},
		{"true", `true`, invalid, nil, "The claims set must be an object."},
		{"number", `1800000600`, invalid, nil, "The claims set must be an object."},
		{"string", `"exp"`, invalid, nil, "The claims set must be an object."},
		{"array", `[]`, invalid, nil, "The claims set must be an object."},
		{"object in an array", `[{` + good + `}]`, invalid, nil, "The claims set must be an object."},
		{"object in a string", `"{\"exp\":1800000600}"`, invalid, nil, "The claims set must be an object."},
		{"empty payload", ``, invalid, nil, "The claims set must be an object."},
		{"spaces alone", `   `, invalid, nil, "The claims set must be an object."},
		{"empty object", `{}`, invalid, nil, "exp is missing."},
		{"text", `exp=1800000600`, invalid, nil, "The claims set must be JSON."},
		{"base64url of the claims", base64url(`{` + good + `}`), invalid, nil, "The payload was encoded twice."},

		// Around the object.
		{"spaces around the object", " \t\r\n{" + good + "} \t\r\n", ok, nil, "JSON may have white space around it."},
		{"closing brace twice", `{` + good + `}}`, invalid, nil, "Something follows the object."},
		{"second object", `{` + good + `}{"exp":1}`, invalid, nil, "Something follows the object."},
		{"second object on a line of its own", "{" + good + "}\n{}", invalid, nil, "Something follows the object."},
		{"comma at the end", `{` + good + `},`, invalid, nil, "Something follows the object."},
		{"NUL at the end", "{" + good + "}\x00", invalid, nil, "Something follows the object."},
		{"no-break space at the end", "{" + good + "}\u00a0", invalid, nil, "A no-break space is not white space of JSON."},
		{"form feed at the end", "{" + good + "}\f", invalid, nil, "A form feed is not white space of JSON."},
		{"BOM at the start", "\ufeff{" + good + "}", invalid, []string{ok}, "JSON on the wire must not begin with a byte order mark."},
		{"prefix against script inclusion", ")]}'\n{" + good + "}", invalid, nil, "The claims set must be JSON."},

		// Grammar.
		{"comma before the closing brace", `{` + good + `,}`, invalid, nil, "JSON has no comma after the last member."},
		{"comma after the opening brace", `{,` + good + `}`, invalid, nil, "JSON has no comma before the first member."},
		{"brace missing", `{` + good, invalid, nil, "The object has no end."},
		{"comment", `{/* now */` + good + `}`, invalid, nil, "JSON has no comments."},
		{"comment at the end", `{` + good + `} // end`, invalid, nil, "JSON has no comments."},
		{"apostrophes", `{'exp':1800000600}`, invalid, nil, "JSON has no strings in apostrophes."},
		{"name without quotes", `{exp:1800000600}`, invalid, nil, "Names are strings."},
		{"equals sign", `{"exp"=1800000600}`, invalid, nil, "A colon stands between name and value."},
		{"semicolon", `{"sub":"alice";"exp":1800000600}`, invalid, nil, "A comma stands between members."},
		{"number as a name", `{1:2,"exp":1800000600}`, invalid, nil, "Names are strings."},
		{"capital True", `{` + good + `,"admin":True}`, invalid, nil, "JSON has true in small letters."},
		{"undefined", `{` + good + `,"admin":undefined}`, invalid, nil, "JSON has no undefined."},
		{"line break in a string", "{" + good + ",\"name\":\"a\nb\"}", invalid, nil, "Control characters in strings must be escaped."},
		{"tab in a string", "{" + good + ",\"name\":\"a\tb\"}", invalid, nil, "Control characters in strings must be escaped."},
		{"NUL in a string", "{" + good + ",\"name\":\"a\x00b\"}", invalid, nil, "Control characters in strings must be escaped."},
		{"string without an end", `{` + good + `,"name":"a}`, invalid, nil, "The string has no end."},

		// Encodings.
		{"continuation byte alone", "{" + good + ",\"name\":\"\x80\"}", invalid, []string{ok}, "JSON must be valid UTF-8."},
		{"byte FF", "{" + good + ",\"name\":\"\xff\"}", invalid, []string{ok}, "JSON must be valid UTF-8."},
		{"overlong slash", "{" + good + ",\"name\":\"\xc0\xaf\"}", invalid, []string{ok},
			"JSON must be valid UTF-8, which has one form for each character."},
		{"surrogate in UTF-8", "{" + good + ",\"name\":\"\xed\xa0\x80\"}", invalid, []string{ok}, "UTF-8 has no surrogates."},
		{"beyond U+10FFFF", "{" + good + ",\"name\":\"\xf4\x90\x80\x80\"}", invalid, []string{ok}, "Unicode ends with U+10FFFF."},
		{"cut in a character", "{" + good + ",\"name\":\"\xe2\x82\"}", invalid, []string{ok}, "JSON must be valid UTF-8."},
		{"Latin-1", "{" + good + ",\"name\":\"Ren\xe9\"}", invalid, []string{ok}, "JSON must be valid UTF-8."},
		{"invalid UTF-8 in a name", "{" + good + ",\"\xff\":1}", invalid, []string{ok}, "JSON must be valid UTF-8."},
		{"UTF-8 of four bytes", `{` + good + `,"mood":"😀"}`, ok, nil, "The text is valid UTF-8."},
		{"UTF-16", utf16LE("{" + good + "}"), invalid, nil, "JSON on the wire is UTF-8."},
		{"UTF-16 with a byte order mark", utf16LE("\ufeff{" + good + "}"), invalid, nil, "JSON on the wire is UTF-8."},
		{"deflated", deflated("{" + good + "}"), invalid, nil, "A JWS is not compressed."},

		// What is fine.
		{"spaces everywhere", "{ \"sub\" : \"alice\" ,\r\n\t\"exp\" : 1800000600 }", ok, nil, "JSON may have white space between its parts."},
		{"claims of every kind", `{` + good + `,"a":null,"b":true,"c":-0.5e-3,"d":["x",[]],"e":{"f":{}}}`, ok, nil, "Application claims may be any JSON."},
		{"forty claims", `{` + good + manyClaims(40) + `}`, ok, nil, "A token may have many claims."},
		{"empty name", `{` + good + `,"":1}`, ok, []string{invalid}, "A name may be empty."},
		{"prototype as a name", `{` + good + `,"__proto__":{"admin":true}}`, ok, []string{invalid}, "The name means nothing special."},
		{"exp in the prototype", `{"sub":"alice","__proto__":{"exp":1800000600}}`, invalid, nil, "exp is missing."},
		{"exp in an inner object", `{"sub":"alice","claims":{"exp":1800000600}}`, invalid, nil, "exp is missing."},
		{"large number in an application claim", `{` + good + `,"id":123456789012345678901234567890}`, ok, []string{invalid},
			"JSON numbers have no limit."},
		{"number beyond a float in an application claim", `{` + good + `,"id":1e400}`, ok, []string{invalid}, "JSON numbers have no limit."},
		{"number with a zero before it in an application claim", `{` + good + `,"id":007}`, invalid, nil, "A JSON number has no zeros before it."},
		{"NaN in an application claim", `{` + good + `,"id":NaN}`, invalid, nil, "JSON has no NaN."},
		{"64 levels", `{` + good + `,"deep":` + nested(63) + `}`, ok, []string{invalid}, "63 arrays in an object are 64 levels, which are few enough."},
		{"brackets in a string", `{` + good + `,"text":"` + strings.Repeat("[{", 100) + `"}`, ok, nil, "Brackets in a string open nothing."},
		{"65 levels", `{` + good + `,"deep":` + nested(64) + `}`, invalid, []string{ok}, "No token needs 65 levels. A verifier should bound them."},
	} {
		cases = append(cases, Case{Name: c.name, Token: hs256.jwt(c.payload), Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4, §7.2; RFC 8259"})
	}
	return cases
}

// manyClaims returns n more members of an object.
func manyClaims(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, `,"claim-%d":%d`, i, i)
	}
	return all.String()
}

// nested returns so many arrays in one another.
func nested(levels int) string {
	return strings.Repeat("[", levels) + strings.Repeat("]", levels)
}

func utf16LE(text string) string {
	var all []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		all = append(all, byte(unit), byte(unit>>8))
	}
	return string(all)
}
