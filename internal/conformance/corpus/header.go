package main

import (
	"encoding/binary"
	"fmt"
)

// headerCases are header parameters that change what a token means (RFC 7515 §4, RFC 7797), and
// some that change nothing.
func headerCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name, members, want string
		or                  []string
		reason, ref         string
	}{
		{"crit names an unknown parameter", `"crit":["example"],"example":true`, invalid, nil,
			"A verifier that does not know the extension must reject the token.", "RFC 7515 §4.1.11"},
		{"crit names a URI", `"crit":["https://example.com/extension"],"https://example.com/extension":1`, invalid, nil,
			"A verifier that does not know the extension must reject the token.", "RFC 7515 §4.1.11"},
		{"crit names a parameter that is absent", `"crit":["example"]`, invalid, nil, "What crit names must be in the header.", "RFC 7515 §4.1.11"},
		{"crit names exp, which is in the header", `"crit":["exp"],"exp":1800000600`, invalid, nil,
			"exp as a header parameter is an extension like any other.", "RFC 7515 §4.1.11"},
		{"crit names alg", `"crit":["alg"]`, invalid, []string{ok}, "crit must not name a parameter of RFC 7515.", "RFC 7515 §4.1.11"},
		{"crit names kid", `"crit":["kid"],"kid":"a"`, invalid, []string{ok}, "crit must not name a parameter of RFC 7515.", "RFC 7515 §4.1.11"},
		{"crit is empty", `"crit":[]`, invalid, []string{ok}, "crit must name at least one parameter.", "RFC 7515 §4.1.11"},
		{"crit is a string", `"crit":"example","example":true`, invalid, nil, "crit must be an array.", "RFC 7515 §4.1.11"},
		{"crit is an object", `"crit":{"example":true},"example":true`, invalid, nil, "crit must be an array.", "RFC 7515 §4.1.11"},
		{"crit is null", `"crit":null`, invalid, []string{ok}, "crit must be an array.", "RFC 7515 §4.1.11"},
		{"crit is true", `"crit":true`, invalid, nil, "crit must be an array.", "RFC 7515 §4.1.11"},
		{"crit has a number", `"crit":[1]`, invalid, nil, "crit must have strings.", "RFC 7515 §4.1.11"},
		{"crit has an empty string", `"crit":[""],"":1`, invalid, nil, "No parameter of this name is understood.", "RFC 7515 §4.1.11"},
		{"crit names one parameter twice", `"crit":["example","example"],"example":true`, invalid, nil,
			"crit must not name a parameter twice.", "RFC 7515 §4.1.11"},
		{"crit in escapes", `"\u0063rit":["example"],"example":true`, invalid, nil, "An escaped name is the same name.", "RFC 7515 §4.1.11"},
		{"crit twice", `"crit":["example"],"crit":[],"example":true`, invalid, nil, "A duplicate name can be read in two ways.", "RFC 7515 §4"},
		{"CRIT in capitals", `"CRIT":["example"]`, ok, nil, "Names of header parameters are case-sensitive, and unknown ones are ignored.",
			"RFC 7515 §4"},
		{"crit names b64, which is true", `"crit":["b64"],"b64":true`, invalid, []string{ok},
			"A verifier that does not know RFC 7797 must reject the token.", "RFC 7797 §6"},
		{"b64 is false without crit", `"b64":false`, invalid, nil, "b64 must come with crit. Without it two readers see two payloads.", "RFC 7797 §6"},
		{"b64 is true without crit", `"b64":true`, invalid, []string{ok}, "b64 must come with crit.", "RFC 7797 §6"},
		{"b64 is a string", `"b64":"false"`, invalid, []string{ok}, "b64 must be true or false.", "RFC 7797 §3"},
		{"unknown parameter", `"example":{"any":["thing",1,null]}`, ok, nil, "Unknown parameters must be ignored.", "RFC 7515 §4"},
		{"parameter with an empty name", `"":1`, ok, []string{invalid}, "Unknown parameters must be ignored.", "RFC 7515 §4"},
		{"exp in the past in the header", `"exp":1`, ok, nil, "exp counts in the claims set; claims in the header of a JWS are ignored.",
			"RFC 7519 §4.1.4"},
		{"iss, sub and aud in the header", `"iss":"evil","sub":"mallory","aud":"evil"`, ok, []string{invalid},
			"Claims in the header are for encrypted tokens.", "RFC 7519 §5.3"},
		{"cty", `"cty":"example"`, ok, []string{invalid}, "cty says what the payload is to the application.", "RFC 7519 §5.2"},
		{"cty is a number", `"cty":1`, invalid, []string{ok}, "cty must be a string.", "RFC 7515 §4.1.10"},
		{"enc", `"enc":"A128GCM"`, ok, []string{invalid}, "enc is for JWE; in a JWS it is an unknown parameter.", "RFC 7515 §4"},
		{"zip", `"zip":"DEF"`, ok, []string{invalid}, "zip is for JWE; in a JWS it is an unknown parameter.", "RFC 7515 §4"},
		{"kid", `"kid":"a"`, ok, nil, "A key that has no kid serves tokens that name one.", "RFC 7515 §4.1.4"},
		{"kid is empty", `"kid":""`, ok, []string{invalid}, "An empty kid names no key, and there is only one.", "RFC 7515 §4.1.4"},
		{"kid is a number", `"kid":1`, invalid, []string{ok}, "kid must be a string.", "RFC 7515 §4.1.4"},
		{"kid is null", `"kid":null`, invalid, []string{ok}, "kid must be a string.", "RFC 7515 §4.1.4"},
		{"kid is an array", `"kid":["a"]`, invalid, []string{ok}, "kid must be a string.", "RFC 7515 §4.1.4"},
		{"kid twice", `"kid":"a","kid":"b"`, invalid, []string{ok}, "A duplicate name can be read in two ways.", "RFC 7515 §4"},
	} {
		cases = append(cases, Case{Name: c.name, Token: hs256.jws(`{"alg":"HS256",`+c.members+`}`, goodClaims),
			Want: c.want, Or: c.or, Reason: c.reason, Ref: c.ref})
	}

	// RFC 7797: the payload is sent as it is, and signed so.
	unencoded := base64url(`{"alg":"HS256","b64":false,"crit":["b64"]}`)
	plain := unencoded + "." + goodClaims
	encoded := hs256.jws(`{"alg":"HS256","b64":false,"crit":["b64"]}`, goodClaims)
	header, _, _ := segments(encoded)
	return append(cases,
		Case{Name: "b64 is false, payload as it is", Token: plain + "." + base64url(hs256.sign(plain)), Want: invalid, Or: []string{ok},
			Reason: "A verifier that does not know RFC 7797 must reject the token.", Ref: "RFC 7797 §6, §7"},
		Case{Name: "b64 is false, payload encoded", Token: encoded, Want: invalid,
			Reason: "To a reader of RFC 7797 the payload is not JSON. Any other must reject the token.", Ref: "RFC 7797 §6"},
		Case{Name: "b64 is false, encoded payload signed as it is", Want: invalid,
			Token:  header + "." + base64url(goodClaims) + "." + base64url(hs256.sign(header+"."+goodClaims)),
			Reason: "What was signed is not what was sent.", Ref: "RFC 7797 §3"},
		Case{Name: "b64 is false, payload detached", Token: unencoded + ".." + base64url(hs256.sign(plain)), Want: invalid,
			Reason: "The payload is not in the token, so there are no claims.", Ref: "RFC 7797 §5"},
		Case{Name: "payload detached", Token: detached(hs256.jwt(goodClaims)), Want: invalid,
			Reason: "The payload is not in the token, so there are no claims.", Ref: "RFC 7515 §F"},
		Case{Name: "zip with a deflated payload", Token: hs256.jws(`{"alg":"HS256","zip":"DEF"}`, deflated(goodClaims)), Want: invalid,
			Reason: "A JWS is not compressed, so the payload is not JSON.", Ref: "RFC 7519 §7.2"},
		Case{Name: "cty is JWT with a JWT as the payload", Token: hs256.jws(`{"alg":"HS256","cty":"JWT"}`, hs256.jwt(goodClaims)), Want: invalid,
			Reason: "The payload is not JSON. A verifier that does not take nested tokens must not look inside.", Ref: "RFC 7519 §5.2"},
		Case{Name: "cty is JWT with an unsigned JWT as the payload", Want: invalid,
			Token:  hs256.jws(`{"alg":"HS256","cty":"JWT"}`, base64url(`{"alg":"none"}`)+"."+base64url(goodClaims)+"."),
			Reason: "The inner token is not signed.", Ref: "RFC 7519 §5.2; RFC 8725 §3.3"},
		Case{Name: "forty unknown parameters", Token: hs256.jws(manyParameters(40), goodClaims), Want: ok,
			Reason: "Unknown parameters must be ignored.", Ref: "RFC 7515 §4"},
		Case{Name: "forty unknown parameters and one of them again", Want: invalid, Or: []string{ok},
			Token:  hs256.jws(manyParameters(40)[:len(manyParameters(40))-1]+`,"x-7":0}`, goodClaims),
			Reason: "A duplicate name can be read in two ways.", Ref: "RFC 7515 §4"},
	)
}

func detached(token string) string {
	header, _, signature := segments(token)
	return header + ".." + signature
}

// deflated returns a text as one block of DEFLATE that is stored and not compressed (RFC 1951
// §3.2.4). The output of compress/flate depends on the version of Go.
func deflated(text string) string {
	size := uint16(len(text))
	head := binary.LittleEndian.AppendUint16([]byte{1}, size)
	return string(binary.LittleEndian.AppendUint16(head, ^size)) + text
}

func manyParameters(n int) string {
	header := `{"alg":"HS256"`
	for i := range n {
		header += fmt.Sprintf(`,"x-%d":%d`, i, i)
	}
	return header + "}"
}
