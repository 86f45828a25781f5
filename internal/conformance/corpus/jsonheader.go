package main

// jsonHeaderCases are headers that are not one strict JSON object (RFC 7515 §4, §5.2).
func jsonHeaderCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name, header, want string
		or                 []string
		reason             string
	}{
		{"null", `null`, invalid, nil, "The header must be an object."},
		{"string", `"HS256"`, invalid, nil, "The header must be an object."},
		{"number", `256`, invalid, nil, "The header must be an object."},
		{"array", `["alg","HS256"]`, invalid, nil, "The header must be an object."},
		{"object in an array", `[{"alg":"HS256"}]`, invalid, nil, "The header must be an object."},
		{"empty", ``, invalid, nil, "The header must be an object."},
		{"spaces around the object", " \r\n{\"alg\":\"HS256\"}\t ", ok, nil, "JSON may have white space around it."},
		{"spaces between the parts", "{ \"alg\" :\n\"HS256\" }", ok, nil, "JSON may have white space between its parts."},
		{"closing brace twice", `{"alg":"HS256"}}`, invalid, nil, "Something follows the object."},
		{"second object", `{"alg":"HS256"}{"alg":"none"}`, invalid, nil, "Something follows the object."},
		{"NUL at the end", "{\"alg\":\"HS256\"}\x00", invalid, nil, "Something follows the object."},
		{"BOM at the start", "\ufeff{\"alg\":\"HS256\"}", invalid, []string{ok}, "JSON on the wire must not begin with a byte order mark."},
		{"comma before the closing brace", `{"alg":"HS256",}`, invalid, nil, "JSON has no comma after the last member."},
		{"brace missing", `{"alg":"HS256"`, invalid, nil, "The object has no end."},
		{"comment", `{"alg":"HS256"/**/}`, invalid, nil, "JSON has no comments."},
		{"apostrophes", `{'alg':'HS256'}`, invalid, nil, "JSON has no strings in apostrophes."},
		{"alg twice, equal", `{"alg":"HS256","alg":"HS256"}`, invalid, []string{ok}, "A name must be unique, even if the values are equal."},
		{"unknown parameter twice", `{"alg":"HS256","x":1,"x":2}`, invalid, []string{ok}, "A duplicate name can be read in two ways."},
		{"name twice in an inner object", `{"alg":"HS256","x":{"y":1,"y":2}}`, invalid, []string{ok},
			"A duplicate name can be read in two ways, at any depth."},
		{"line break in a string", "{\"alg\":\"HS256\",\"x\":\"a\nb\"}", invalid, nil, "Control characters in strings must be escaped."},
		{"byte FF", "{\"alg\":\"HS256\",\"x\":\"\xff\"}", invalid, []string{ok}, "JSON must be valid UTF-8."},
		{"overlong alg", "{\"alg\":\"HS256\",\"x\":\"\xc1\x81\"}", invalid, []string{ok},
			"JSON must be valid UTF-8, which has one form for each character."},
		{"half a surrogate pair in escapes", `{"alg":"HS256","x":"\ud800"}`, invalid, []string{ok}, "A surrogate alone is not a character."},
		{"UTF-16", utf16LE(`{"alg":"HS256"}`), invalid, nil, "JSON on the wire is UTF-8."},
		{"64 levels", `{"alg":"HS256","x":` + nested(63) + `}`, ok, []string{invalid}, "63 arrays in an object are 64 levels, which are few enough."},
		{"65 levels", `{"alg":"HS256","x":` + nested(64) + `}`, invalid, []string{ok}, "No token needs 65 levels. A verifier should bound them."},
		{"text that is not JSON", `alg=HS256`, invalid, nil, "The header must be JSON."},
		{"encoded twice", base64url(`{"alg":"HS256"}`), invalid, nil, "The header must be JSON."},
	} {
		cases = append(cases, Case{Name: c.name, Token: hs256.jws(c.header, goodClaims),
			Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7515 §4, §5.2; RFC 8259"})
	}
	return cases
}
