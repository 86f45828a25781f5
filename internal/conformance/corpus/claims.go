package main

// claimsCases are iss, sub, jti, and claims that must be there (RFC 7519 §4.1, §4.2).
func claimsCases() []Case {
	const login = "https://login.example"
	var cases []Case
	for _, c := range []struct {
		name, value, want string
		or                []string
		reason            string
	}{
		{"the configured one", `"https://login.example"`, ok, nil, "iss is the configured one."},
		{"in escapes", `"https:\/\/login.example"`, ok, nil, "An escaped value is the same value."},
		{"in capitals", `"HTTPS://LOGIN.EXAMPLE"`, invalid, nil, "iss is case-sensitive."},
		{"with a slash at the end", `"https://login.example/"`, invalid, nil, "iss is compared as a string, not as a URL."},
		{"with a port", `"https://login.example:443"`, invalid, nil, "iss is compared as a string, not as a URL."},
		{"longer", `"https://login.example.evil.example"`, invalid, nil, "iss must be equal, not begin alike."},
		{"shorter", `"https://login"`, invalid, nil, "iss must be equal, not be the beginning."},
		{"in a longer text", `"https://evil.example/?https://login.example"`, invalid, nil, "iss must be equal, not be found inside."},
		{"with http", `"http://login.example"`, invalid, nil, "iss does not match."},
		{"with a space before it", `" https://login.example"`, invalid, nil, "iss is compared byte by byte, spaces included."},
		{"with a space after it", `"https://login.example "`, invalid, nil, "iss is compared byte by byte, spaces included."},
		{"with a line break", `"https://login.example\n"`, invalid, nil, "iss is compared byte by byte, line breaks included."},
		{"with a NUL", `"https://login.example\u0000.evil.example"`, invalid, nil, "iss is compared byte by byte, also after a NUL."},
		{"with a look-alike letter", `"https://lоgin.example"`, invalid, nil, "The o is Cyrillic, so iss does not match."},
		{"with an accent", `"https://login.exámple"`, invalid, nil, "iss does not match: texts are not normalized."},
		{"a pattern", `"*"`, invalid, nil, "iss is a text, not a pattern."},
		{"empty", `""`, invalid, nil, "iss does not match."},
		{"null", `null`, invalid, nil, "iss must be a string."},
		{"an array", `["https://login.example"]`, invalid, nil, "iss must be a string, not an array."},
		{"an array of two", `["https://login.example","https://evil.example"]`, invalid, nil, "iss must be a string, not an array."},
		{"an object", `{"https://login.example":true}`, invalid, nil, "iss must be a string."},
		{"a number", `1`, invalid, nil, "iss must be a string."},
		{"true", `true`, invalid, nil, "iss must be a string."},
	} {
		cases = append(cases, Case{Name: "iss " + c.name, Issuer: login,
			Token: hs256.jwt(`{"iss":` + c.value + `,"exp":1800000600}`), Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4.1.1"})
	}
	for _, c := range []struct{ name, claims, reason string }{
		{"missing", `{"sub":"alice","exp":1800000600}`, "iss is missing."},
		{"in a name in capitals", `{"ISS":"https://login.example","exp":1800000600}`, "Names of claims are case-sensitive, so iss is missing."},
		{"twice, the last good", `{"iss":"https://evil.example","iss":"https://login.example","exp":1800000600}`,
			"A duplicate name can be read in two ways."},
		{"with a long s beside an evil one", `{"iss":"https://evil.example","iſs":"https://login.example","exp":1800000600}`,
			"The name with a long s is a different name."},
		{"in an inner object", `{"claims":{"iss":"https://login.example"},"exp":1800000600}`, "iss is missing in the claims set itself."},
	} {
		or := []string(nil)
		if c.name == "twice, the last good" {
			or = []string{ok}
		}
		cases = append(cases, Case{Name: "iss " + c.name, Issuer: login,
			Token: hs256.jwt(c.claims), Want: invalid, Or: or, Reason: c.reason, Ref: "RFC 7519 §4, §4.1.1"})
	}
	for _, c := range []struct {
		name, claims, want string
		or                 []string
		reason             string
	}{
		{"the configured one", `{"sub":"alice","exp":1800000600}`, ok, nil, "sub is the configured one."},
		{"another", `{"sub":"bob","exp":1800000600}`, invalid, nil, "sub does not match."},
		{"in capitals", `{"sub":"ALICE","exp":1800000600}`, invalid, nil, "sub is case-sensitive."},
		{"longer", `{"sub":"alice2","exp":1800000600}`, invalid, nil, "sub must be equal."},
		{"with a NUL", `{"sub":"alice\u0000","exp":1800000600}`, invalid, nil, "sub is compared byte by byte, also after a NUL."},
		{"missing", `{"exp":1800000600}`, invalid, nil, "sub is missing."},
		{"empty", `{"sub":"","exp":1800000600}`, invalid, nil, "sub does not match."},
		{"null", `{"sub":null,"exp":1800000600}`, invalid, nil, "sub must be a string."},
		{"an array", `{"sub":["alice"],"exp":1800000600}`, invalid, nil, "sub must be a string."},
		{"SUB beside another", `{"sub":"bob","SUB":"alice","exp":1800000600}`, invalid, nil, "SUB is an application claim."},
		{"with a long s beside another", `{"sub":"bob","ſub":"alice","exp":1800000600}`, invalid, nil, "The name with a long s is a different name."},
	} {
		cases = append(cases, Case{Name: "sub " + c.name, Subject: "alice",
			Token: hs256.jwt(c.claims), Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4.1.2"})
	}
	for _, c := range []struct {
		name, claims, want string
		or                 []string
		reason             string
	}{
		{"iss not asked for", `{"iss":"https://any.example","exp":1800000600}`, ok, nil, "No issuer is configured, so that any is accepted."},
		{"iss not asked for, a number", `{"iss":1,"exp":1800000600}`, invalid, []string{ok}, "iss must be a string, also when no issuer is configured."},
		{"iss not asked for, null", `{"iss":null,"exp":1800000600}`, invalid, []string{ok}, "iss must be a string, also when no issuer is configured."},
		{"sub not asked for, a number", `{"sub":1001,"exp":1800000600}`, invalid, []string{ok}, "sub must be a string."},
		{"sub not asked for, null", `{"sub":null,"exp":1800000600}`, invalid, []string{ok}, "sub must be a string."},
		{"sub not asked for, empty", `{"sub":"","exp":1800000600}`, ok, []string{invalid}, "No subject is asked for, and an empty text is a string."},
		{"jti", `{"jti":"0123456789abcdef","exp":1800000600}`, ok, nil, "jti is a string."},
		{"jti is a number", `{"jti":1,"exp":1800000600}`, invalid, []string{ok}, "jti must be a string."},
		{"jti is null", `{"jti":null,"exp":1800000600}`, invalid, []string{ok}, "jti must be a string."},
		{"no claim but exp", `{"exp":1800000600}`, ok, nil, "No other claim is asked for."},
		{"cnf with a thumbprint", `{"exp":1800000600,"cnf":{"jkt":"` + base64url(expand("thumbprint", 32)) + `"}}`, invalid, []string{ok},
			"The token is bound to a key, and no proof of that key comes with it. As a bearer token it would work for any thief."},
		{"cnf empty", `{"exp":1800000600,"cnf":{}}`, invalid, []string{ok}, "The token says that it is bound to something."},
		{"scope", `{"exp":1800000600,"scope":"orders:read orders:write"}`, ok, nil, "What a token allows is for the application."},
	} {
		cases = append(cases, Case{Name: c.name, Token: hs256.jwt(c.claims),
			Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4.1, §4.2; RFC 7800 §3"})
	}
	for _, c := range []struct {
		name, claims, want string
		required, or       []string
		reason             string
	}{
		{"present", `{"exp":1800000600,"role":"user"}`, ok, []string{"exp", "role"}, nil, "The claim is there."},
		{"missing", `{"exp":1800000600}`, invalid, []string{"exp", "role"}, nil, "The claim is missing."},
		{"null", `{"exp":1800000600,"role":null}`, invalid, []string{"exp", "role"}, []string{ok}, "An application cannot work with null."},
		{"empty", `{"exp":1800000600,"role":""}`, ok, []string{"exp", "role"}, []string{invalid},
			"The claim is there. What it must say is for the application."},
		{"false", `{"exp":1800000600,"role":false}`, ok, []string{"exp", "role"}, nil, "The claim is there, and false is a value."},
		{"zero", `{"exp":1800000600,"role":0}`, ok, []string{"exp", "role"}, nil, "The claim is there, and 0 is a value."},
		{"an array without elements", `{"exp":1800000600,"role":[]}`, ok, []string{"exp", "role"}, []string{invalid}, "The claim is there."},
		{"in capitals", `{"exp":1800000600,"ROLE":"user"}`, invalid, []string{"exp", "role"}, nil, "Names of claims are case-sensitive."},
		{"in an inner object", `{"exp":1800000600,"user":{"role":"user"}}`, invalid, []string{"exp", "role"}, nil,
			"The claim is missing in the claims set itself."},
		{"one of two missing", `{"exp":1800000600,"role":"user"}`, invalid, []string{"exp", "role", "team"}, nil, "A claim is missing."},
		{"iat missing", `{"exp":1800000600}`, invalid, []string{"exp", "iat"}, nil, "The claim is missing."},
		{"nbf missing", `{"exp":1800000600}`, invalid, []string{"exp", "nbf"}, nil, "The claim is missing."},
		{"jti and sub present", `{"exp":1800000600,"jti":"1","sub":"alice"}`, ok, []string{"exp", "jti", "sub"}, nil, "The claims are there."},
		{"missing and expired", `{"exp":1799999999}`, invalid, []string{"exp", "role"}, []string{expired},
			"Expired means that all else is good, and a claim is missing."},
		{"with a name of another script", `{"exp":1800000600,"역할":"user"}`, ok, []string{"exp", "역할"}, nil, "A name may be any text."},
	} {
		cases = append(cases, Case{Name: "required claim " + c.name, Required: c.required,
			Token: hs256.jwt(c.claims), Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4"})
	}
	return cases
}
