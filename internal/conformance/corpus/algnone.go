package main

// algNoneCases are tokens without a signature, and headers that hide alg (RFC 8725 §2.1, §3.2).
func algNoneCases() []Case {
	var cases []Case
	for _, s := range []struct{ name, alg string }{
		{"none", `"none"`},
		{"capitalized None", `"None"`},
		{"capital NONE", `"NONE"`},
		{"none with capitals O and E", `"nOnE"`},
		{"none with capitals N and E", `"noNE"`},
		{"none and a space", `"none "`},
		{"a space and none", `" none"`},
		{"none and a NUL", `"none\u0000"`},
		{"none and a line break", `"none\n"`},
		{"none in escapes", `"\u006e\u006f\u006e\u0065"`},
		{"none with a Cyrillic o", `"nоne"`},
		{"none in full width", `"ｎｏｎｅ"`},
		{"an empty name", `""`},
		{"null", `null`},
		{"the number 0", `0`},
		{"false", `false`},
		{"an empty array", `[]`},
		{"an array of none", `["none"]`},
		{"an object", `{"none":true}`},
	} {
		header := `{"alg":` + s.alg + `,"typ":"JWT"}`
		unsigned, _ := cut(hs256.jws(header, goodClaims))
		cases = append(cases,
			Case{Name: "alg is " + s.name + ", no signature", Token: unsigned + ".", Want: invalid,
				Reason: "A token without a signature proves nothing."},
			Case{Name: "alg is " + s.name + ", good MAC", Token: hs256.jws(header, goodClaims), Want: invalid,
				Reason: "The MAC is good, but the header names no algorithm that is allowed."})
	}
	for _, k := range []key{rs256, ps256, es256, edDSA} {
		unsigned, _ := cut(k.jws(`{"alg":"none"}`, goodClaims))
		cases = append(cases,
			Case{Name: "none for a key of " + k.alg, Key: k.jwk, Algs: []string{k.alg}, Token: unsigned + ".", Want: invalid,
				Reason: "A token without a signature proves nothing, whatever the key."},
			Case{Name: "none for a key of " + k.alg + ", good signature", Key: k.jwk, Algs: []string{k.alg},
				Token: k.jws(`{"alg":"none"}`, goodClaims), Want: invalid,
				Reason: "The signature is good, but the header says that there is none."})
	}
	signed, mac := cut(hs256.jwt(goodClaims))
	none := base64url(`{"alg":"none"}`) + "." + base64url(goodClaims)
	cases = append(cases,
		Case{Name: "none and expired", Token: base64url(`{"alg":"none"}`) + "." + base64url(expiredClaims) + ".", Want: invalid,
			Reason: "An unsigned token is invalid, not expired."},
		Case{Name: "none without the last dot", Token: none, Want: invalid,
			Reason: "The compact serialization has three segments, and the token has no signature."},
		Case{Name: "none with a dot more", Token: none + "..", Want: invalid,
			Reason: "The compact serialization has three segments, and the token has no signature."},
		Case{Name: "none with the MAC of another token", Token: none + "." + mac, Want: invalid,
			Reason: "The MAC is of another header."},
		Case{Name: "none on the allow list", Token: none + ".", Algs: []string{"none"}, Want: invalid, Or: []string{ok},
			Reason: "A verifier that has a key should not be told to accept unsigned tokens."},
		Case{Name: "none beside HS256 on the allow list", Token: none + ".", Algs: []string{"HS256", "none"}, Want: invalid,
			Reason: "A verifier that has a key must not take the absence of a signature for one."},
		Case{Name: "header without alg, good MAC", Token: hs256.jws(`{"typ":"JWT"}`, goodClaims), Want: invalid,
			Reason: "alg must be in the header.", Ref: "RFC 7515 §4.1.1"},
		Case{Name: "empty header, good MAC", Token: hs256.jws(`{}`, goodClaims), Want: invalid,
			Reason: "alg must be in the header.", Ref: "RFC 7515 §4.1.1"},
		Case{Name: "header without alg, no signature", Token: base64url(`{"typ":"JWT"}`) + "." + base64url(goodClaims) + ".", Want: invalid,
			Reason: "alg must be in the header.", Ref: "RFC 7515 §4.1.1"},
		Case{Name: "signature missing under HS256", Token: signed + ".", Want: invalid,
			Reason: "The header names HS256, and there is no MAC."},
	)
	for _, c := range []struct{ name, header, reason string }{
		{"alg in capitals", `{"ALG":"HS256"}`, "Names of header parameters are case-sensitive, so alg is missing."},
		{"alg with a capital", `{"Alg":"HS256"}`, "Names of header parameters are case-sensitive, so alg is missing."},
		{"none beside ALG HS256", `{"alg":"none","ALG":"HS256"}`, "Names of header parameters are case-sensitive, so alg is none."},
		{"alg twice, none first", `{"alg":"none","alg":"HS256"}`, "A duplicate name can be read in two ways."},
		{"alg twice, none last", `{"alg":"HS256","alg":"none"}`, "A duplicate name can be read in two ways."},
		{"alg twice, once in escapes", `{"alg":"HS256","\u0061lg":"none"}`, "The two names are the same, and one of the values is none."},
		{"alg in lower case", `{"alg":"hs256"}`, "Names of algorithms are case-sensitive."},
		{"alg with a hyphen", `{"alg":"HS-256"}`, "HS-256 is not the name of an algorithm."},
		{"alg by the name of its hash", `{"alg":"SHA256"}`, "SHA256 is not the name of an algorithm."},
		{"alg by its name in Java", `{"alg":"HmacSHA256"}`, "HmacSHA256 is not the name of a JWS algorithm."},
		{"alg HS1", `{"alg":"HS1"}`, "HS1 is not an algorithm of RFC 7518."},
		{"alg in an array", `{"alg":["HS256"]}`, "alg must be a string."},
		{"alg with a space", `{"alg":"HS256 "}`, "Names of algorithms are compared byte by byte."},
		{"alg with a NUL", `{"alg":"HS256\u0000none"}`, "Names of algorithms are compared byte by byte, also after a NUL."},
	} {
		cases = append(cases, Case{Name: c.name + ", good MAC", Token: hs256.jws(c.header, goodClaims),
			Want: invalid, Reason: c.reason, Ref: "RFC 7515 §4.1.1"})
	}
	cases = append(cases, Case{Name: "alg in escapes, good MAC", Token: hs256.jws(`{"\u0061lg":"\u0048S256"}`, goodClaims), Want: ok,
		Reason: "An escaped name is the same name, and an escaped value the same value.", Ref: "RFC 7515 §5.3"})
	for i := range cases {
		if cases[i].Ref == "" {
			cases[i].Ref = "RFC 8725 §2.1, §3.2"
		}
	}
	return cases
}
