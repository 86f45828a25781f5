package main

// audienceCases are values of aud (RFC 7519 §4.1.3).
func audienceCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name, aud, want string
		or              []string
		reason          string
	}{
		{"the configured one", `"api"`, ok, nil, "aud is the configured one."},
		{"an array of the configured one", `["api"]`, ok, nil, "aud may be an array."},
		{"an array with the configured one last", `["web","mobile","api"]`, ok, nil, "One of the audiences is the configured one."},
		{"an array with the configured one twice", `["api","api"]`, ok, nil, "The verifier is one of the audiences."},
		{"another", `"web"`, invalid, nil, "The token is for another audience."},
		{"an array of others", `["web","mobile"]`, invalid, nil, "The token is for other audiences."},
		{"in capitals", `"API"`, invalid, nil, "aud is case-sensitive."},
		{"longer", `"api2"`, invalid, nil, "aud must be equal, not begin alike."},
		{"shorter", `"ap"`, invalid, nil, "aud must be equal, not be the beginning."},
		{"with a space", `"api "`, invalid, nil, "aud is compared byte by byte, spaces included."},
		{"separated by spaces", `"web api"`, invalid, nil, "A string is one audience, not a list."},
		{"separated by commas", `"web,api"`, invalid, nil, "A string is one audience, not a list."},
		{"a pattern", `"*"`, invalid, nil, "aud is a text, not a pattern."},
		{"a regular expression", `"a.*"`, invalid, nil, "aud is a text, not a pattern."},
		{"with a NUL", `"api\u0000"`, invalid, nil, "aud is compared byte by byte, also after a NUL."},
		{"an array in a string", `"[\"api\"]"`, invalid, nil, "A string is one audience, not JSON."},
		{"empty", `""`, invalid, nil, "The token is for another audience."},
		{"an array without elements", `[]`, invalid, nil, "The token is for no audience."},
		{"an array of an empty string", `[""]`, invalid, nil, "The token is for another audience."},
		{"an array with an empty string beside", `["api",""]`, invalid, []string{ok}, "An empty text names no audience."},
		{"null", `null`, invalid, nil, "aud must be a string or an array of strings."},
		{"a number", `1`, invalid, nil, "aud must be a string or an array of strings."},
		{"true", `true`, invalid, nil, "aud must be a string or an array of strings."},
		{"an object", `{"api":true}`, invalid, nil, "aud must be a string or an array of strings."},
		{"an object like an array", `{"0":"api","length":1}`, invalid, nil, "aud must be a string or an array of strings."},
		{"an array in an array", `[["api"]]`, invalid, nil, "aud must be a string or an array of strings."},
		{"an array with a number beside", `["api",1]`, invalid, nil, "All elements of aud must be strings."},
		{"an array with null beside", `["api",null]`, invalid, nil, "All elements of aud must be strings."},
		{"an array with an object beside", `[{},"api"]`, invalid, nil, "All elements of aud must be strings."},
	} {
		cases = append(cases, Case{Name: c.name, Audience: []string{"api"},
			Token: hs256.jwt(`{"aud":` + c.aud + `,"exp":1800000600}`), Want: c.want, Or: c.or, Reason: c.reason})
	}
	cases = append(cases,
		Case{Name: "missing", Audience: []string{"api"}, Token: hs256.jwt(goodClaims), Want: invalid,
			Reason: "The token does not name the verifier."},
		Case{Name: "AUD in capitals", Audience: []string{"api"}, Token: hs256.jwt(`{"AUD":"api","exp":1800000600}`), Want: invalid,
			Reason: "Names of claims are case-sensitive, so aud is missing."},
		Case{Name: "twice, the last good", Audience: []string{"api"},
			Token: hs256.jwt(`{"aud":"web","aud":"api","exp":1800000600}`), Want: invalid, Or: []string{ok},
			Reason: "A duplicate name can be read in two ways."},
		Case{Name: "one of two configured", Audience: []string{"api", "admin"},
			Token: hs256.jwt(`{"aud":"admin","exp":1800000600}`), Want: ok,
			Reason: "The token names one of the verifier's names."},
		Case{Name: "an array with one of two configured", Audience: []string{"api", "admin"},
			Token: hs256.jwt(`{"aud":["web","admin"],"exp":1800000600}`), Want: ok,
			Reason: "The token names one of the verifier's names."},
		Case{Name: "none of two configured", Audience: []string{"api", "admin"},
			Token: hs256.jwt(`{"aud":["web"],"exp":1800000600}`), Want: invalid,
			Reason: "The token names none of the verifier's names."},
		Case{Name: "two configured, separated by a space", Audience: []string{"api", "admin"},
			Token: hs256.jwt(`{"aud":"api admin","exp":1800000600}`), Want: invalid,
			Reason: "A string is one audience, not a list."},
		Case{Name: "none configured, missing", Token: hs256.jwt(goodClaims), Want: ok, Reason: "The token names no audience."},
		Case{Name: "none configured, present", Token: hs256.jwt(`{"aud":"api","exp":1800000600}`), Want: invalid, Or: []string{ok},
			Reason: "The token is for an audience, and the verifier does not know its own name."},
		Case{Name: "none configured, an array",
			Token: hs256.jwt(`{"aud":["api","web"],"exp":1800000600}`), Want: invalid, Or: []string{ok},
			Reason: "The token is for an audience, and the verifier does not know its own name."},
		Case{Name: "none configured, empty", Token: hs256.jwt(`{"aud":"","exp":1800000600}`), Want: invalid, Or: []string{ok},
			Reason: "An empty text names no audience."},
		Case{Name: "none configured, a number", Token: hs256.jwt(`{"aud":1,"exp":1800000600}`), Want: invalid, Or: []string{ok},
			Reason: "aud must be a string or an array of strings."},
		Case{Name: "none configured, null", Token: hs256.jwt(`{"aud":null,"exp":1800000600}`), Want: invalid, Or: []string{ok},
			Reason: "aud must be a string or an array of strings."},
	)
	for i := range cases {
		cases[i].Ref = "RFC 7519 §4.1.3"
	}
	return cases
}
