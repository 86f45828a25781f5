package main

// headerKeysCases are headers that bring or point to a key (RFC 7515 §4.1.2 to §4.1.6). A verifier
// uses the keys that it was configured with.
func headerKeysCases() []Case {
	attacker := others["RS256"]
	attackerEC := others["ES256"]
	attackerEd := others["EdDSA"]
	attackerHS := others["HS256"]
	var cases []Case
	for _, c := range []struct {
		name    string
		victim  key
		signer  key
		members string
		reason  string
	}{
		{"RSA key in jwk", rs256, attacker, `"jwk":` + string(attacker.jwk), "The token brings its own key."},
		{"EC key in jwk", es256, attackerEC, `"jwk":` + string(attackerEC.jwk), "The token brings its own key."},
		{"Ed25519 key in jwk", edDSA, attackerEd, `"jwk":` + string(attackerEd.jwk), "The token brings its own key."},
		{"secret in jwk", hs256, attackerHS, `"jwk":` + string(attackerHS.jwk), "The token brings its own key."},
		{"key in jwk with the kid of the trusted key", rs256, attacker, `"kid":"main","jwk":` + string(attacker.with(`"kid":"main"`)),
			"The token brings its own key, under the kid of another."},
		{"set in jwk", rs256, attacker, `"jwk":` + string(jwkSet(attacker.jwk)), "The token brings its own keys."},
		{"keys", rs256, attacker, `"keys":[` + string(attacker.jwk) + `]`, "The token brings its own keys."},
		{"jku", rs256, attacker, `"jku":"https://keys.example/jwks.json"`, "The token says where to fetch its key."},
		{"jku of a file", rs256, attacker, `"jku":"file:///proc/self/environ"`, "The token says where to read its key."},
		{"jku of the local host", rs256, attacker, `"jku":"http://127.0.0.1:9/jwks.json"`, "The token makes the verifier send a request."},
		{"jku of a data URL", rs256, attacker, `"jku":"data:application/json;base64,` + base64url(jwkSet(attacker.jwk)) + `"`,
			"The token brings its own keys, in a URL."},
		{"jku that looks like the trusted one", rs256, attacker, `"jku":"https://login.example@evil.example/jwks.json"`,
			"The token says where to fetch its key."},
		{"x5u", rs256, attacker, `"x5u":"https://keys.example/cert.pem"`, "The token says where to fetch its key."},
		{"x5u of a file", rs256, attacker, `"x5u":"file:///dev/stdin"`, "The token says where to read its key."},
		{"x5c", edDSA, attackerEd, `"x5c":["` + certificate(attackerEd) + `"]`, "The token brings its own certificate."},
		{"x5c and its thumbprint", edDSA, attackerEd, `"x5t#S256":"` + thumbprint(certificate(attackerEd)) + `","x5c":["` + certificate(attackerEd) + `"]`,
			"The token brings its own certificate."},
		{"x5c that is not a certificate", rs256, attacker, `"x5c":["bm90IGEgY2VydGlmaWNhdGU="]`, "The token is signed with a key that is not trusted."},
		{"k in the header", hs256, attackerHS, `"k":"` + base64url(attackerHS.secret) + `"`, "The token brings its own key."},
		{"epk in the header", es256, attackerEC, `"epk":` + string(attackerEC.jwk), "The token brings its own key."},
		{"kid that is the key", hs256, attackerHS, `"kid":"` + base64url(attackerHS.secret) + `"`, "The token brings its own key."},
	} {
		cases = append(cases, Case{Name: c.name, Key: c.victim.jwk, Algs: []string{c.victim.alg},
			Token: c.signer.jws(`{"alg":"`+c.signer.alg+`",`+c.members+`}`, goodClaims), Want: invalid, Reason: c.reason})
	}

	for i := range cases {
		cases[i].Ref = "RFC 7515 §4.1.2 to §4.1.6; RFC 8725 §3.10; CVE-2018-0114"
	}
	return append(cases, kidCases()...)
}

// kidCases have a kid that a careless look-up turns into bytes that everyone knows, and unrelated
// keys in good tokens.
func kidCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name, kid, reason string
		secret            []byte
	}{
		{"a path to an empty file", "../../../../../../dev/null", "A kid is not a path. The MAC is made with an empty secret.", nil},
		{"a path to a known file", "/proc/sys/kernel/ostype", "A kid is not a path. The MAC is made with what the file holds on Linux.", []byte("Linux\n")},
		{"part of an SQL query", "x' UNION SELECT 'known", "A kid is not a query. The MAC is made with the text that the query would return.", []byte("known")},
		{"a command", "|/usr/bin/uname", "A kid is not a command. The MAC is made with what the command would print.", []byte("Linux\n")},
		{"a template", "{{7*7}}", "A kid is not a template. The MAC is made with its value.", []byte("49")},
		{"a URL", "https://keys.example/known", "A kid is not a place. The MAC is made with what an attacker would put there.", []byte("known")},
		{"an LDAP look-up", "${jndi:ldap://127.0.0.1:9/a}", "A kid is not a look-up. The MAC is made with an empty secret.", nil},
		{"the name of the prototype", "__proto__", "A kid is not a property of the table of keys. The MAC is made with its text.", []byte("[object Object]")},
		{"the name of the constructor", "constructor", "A kid is not a property of the table of keys. The MAC is made with its text.", []byte("function Object() { [native code] }")},
		{"two lines", "a\\r\\nX-Key: b", "A kid is not a header line. The MAC is made with an empty secret.", nil},
	} {
		cases = append(cases, Case{Name: "kid is " + c.name, Want: invalid, Reason: c.reason,
			Token: secretKey("HS256", c.secret).jws(`{"alg":"HS256","kid":"`+c.kid+`"}`, goodClaims)})
	}

	for _, c := range []struct{ name, members string }{
		{"jwk", `"jwk":` + string(others["RS256"].jwk)},
		{"jku", `"jku":"https://keys.example/jwks.json"`},
		{"x5u", `"x5u":"https://keys.example/cert.pem"`},
		{"x5c", `"x5c":["` + certificate(others["EdDSA"]) + `"]`},
		{"x5t", `"x5t":"` + base64url(expand("thumbprint", 20)) + `"`},
	} {
		cases = append(cases, Case{Name: "unrelated " + c.name + " in a good token",
			Token: hs256.jws(`{"alg":"HS256",`+c.members+`}`, goodClaims), Want: ok, Or: []string{invalid},
			Reason: "The configured key verifies the token. The parameter is not used, and a verifier may reject what it does not use."})
	}
	for i := range cases {
		cases[i].Ref = "RFC 7515 §4.1.2 to §4.1.6; RFC 8725 §3.10"
	}
	return cases
}
