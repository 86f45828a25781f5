package main

// jweCases are encrypted tokens (RFC 7516), which have five segments, and tokens that look like
// one. What is encrypted is random: no verifier of signatures gets that far.
func jweCases() []Case {
	five := func(header string) string {
		return base64url(header) + "." + base64url(expand("encrypted key", 32)) + "." + base64url(expand("IV", 12)) + "." +
			base64url(expand("ciphertext", 64)) + "." + base64url(expand("tag", 16))
	}
	var cases []Case
	for _, c := range []struct{ name, header, reason string }{
		{"RSA-OAEP-256", `{"alg":"RSA-OAEP-256","enc":"A256GCM"}`, "The token is encrypted, not signed."},
		{"RSA1_5", `{"alg":"RSA1_5","enc":"A128CBC-HS256"}`, "The token is encrypted, not signed."},
		{"ECDH-ES", `{"alg":"ECDH-ES","enc":"A128GCM","epk":` + string(es256.jwk) + `}`, "The token is encrypted, not signed."},
		{"A256KW", `{"alg":"A256KW","enc":"A256GCM"}`, "The token is encrypted, not signed."},
		{"dir", `{"alg":"dir","enc":"A256GCM"}`, "The token is encrypted, not signed."},
		{"dir with zip", `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`, "The token is encrypted, and may inflate to any size."},
		{"PBES2 with ten million rounds", `{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":10000000,"p2s":"c2FsdA"}`,
			"The header says how long the verifier should work (CVE-2022-36083)."},
		{"alg HS256 in five segments", usual("HS256"), "A JWS has three segments."},
		{"alg none in five segments", `{"alg":"none"}`, "A JWS has three segments."},
	} {
		cases = append(cases, Case{Name: c.name, Token: five(c.header), Want: invalid, Reason: c.reason})
	}
	cases = append(cases,
		Case{Name: "dir in three segments, good MAC", Token: hs256.jws(`{"alg":"dir","enc":"A256GCM"}`, goodClaims), Want: invalid,
			Reason: "dir is not an algorithm of signatures."},
		Case{Name: "RSA-OAEP in three segments, good signature", Key: rs256.jwk, Algs: []string{"RS256"},
			Token: rs256.jws(`{"alg":"RSA-OAEP"}`, goodClaims), Want: invalid,
			Reason: "RSA-OAEP is not an algorithm of signatures."},
		Case{Name: "JWE as the payload of a JWS",
			Token: hs256.jws(`{"alg":"HS256","cty":"JWT"}`, five(`{"alg":"dir","enc":"A256GCM"}`)), Want: invalid,
			Reason: "The payload is not JSON."},
		Case{Name: "good token and two segments",
			Token: hs256.jwt(goodClaims) + "." + base64url(expand("ciphertext", 16)) + "." + base64url(expand("tag", 16)), Want: invalid,
			Reason: "A JWS has three segments."},
		Case{Name: "five empty segments", Token: "....", Want: invalid, Reason: "A JWS has three segments."},
		Case{Name: "JSON serialization", Want: invalid, Reason: "A JWT has the compact serialization.",
			Token: `{"protected":"` + base64url(`{"alg":"dir","enc":"A256GCM"}`) + `","iv":"` + base64url(expand("IV", 12)) + `","ciphertext":"` + base64url(expand("ciphertext", 16)) + `","tag":"` + base64url(expand("tag", 16)) + `"}`},
	)
	for i := range cases {
		cases[i].Ref = "RFC 7516 §3; RFC 7519 §3"
	}
	return cases
}
