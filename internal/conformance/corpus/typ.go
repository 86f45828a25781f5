package main

// typCases are types of tokens (RFC 7519 §5.1, RFC 8725 §3.11).
func typCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name, header, typ, want string
		or                      []string
		reason                  string
	}{
		{"JWT, none configured", `{"alg":"HS256","typ":"JWT"}`, "", ok, nil, "JWT is the type of a JWT."},
		{"absent, none configured", `{"alg":"HS256"}`, "", ok, nil, "typ is optional."},
		{"jwt in lower case, none configured", `{"alg":"HS256","typ":"jwt"}`, "", ok, []string{invalid},
			"Media types are case-insensitive. RFC 7519 recommends capitals for older readers."},
		{"application jwt, none configured", `{"alg":"HS256","typ":"application/jwt"}`, "", ok, []string{invalid},
			"The prefix application/ may be left out, and need not be."},
		{"at+jwt, none configured", `{"alg":"HS256","typ":"at+jwt"}`, "", invalid, []string{ok},
			"A token of another kind should not pass for a plain JWT."},
		{"logout+jwt, none configured", `{"alg":"HS256","typ":"logout+jwt"}`, "", invalid, []string{ok},
			"A token of another kind should not pass for a plain JWT."},
		{"JOSE, none configured", `{"alg":"HS256","typ":"JOSE"}`, "", invalid, []string{ok}, "JOSE is the type of any JWS or JWE, not of a JWT."},
		{"empty, none configured", `{"alg":"HS256","typ":""}`, "", invalid, []string{ok}, "An empty text is not a media type."},
		{"a number", `{"alg":"HS256","typ":1}`, "", invalid, []string{ok}, "typ must be a string."},
		{"null", `{"alg":"HS256","typ":null}`, "", invalid, []string{ok}, "typ must be a string."},
		{"an array", `{"alg":"HS256","typ":["JWT"]}`, "", invalid, []string{ok}, "typ must be a string."},
		{"as configured", `{"alg":"HS256","typ":"at+jwt"}`, "at+jwt", ok, nil, "typ is the configured one."},
		{"with the prefix application", `{"alg":"HS256","typ":"application/at+jwt"}`, "at+jwt", ok, []string{invalid},
			"The prefix application/ may be left out, and need not be."},
		{"configured with the prefix application", `{"alg":"HS256","typ":"at+jwt"}`, "application/at+jwt", ok, []string{invalid},
			"The prefix application/ may be left out, and need not be."},
		{"in capitals", `{"alg":"HS256","typ":"AT+JWT"}`, "at+jwt", ok, []string{invalid}, "Media types are case-insensitive."},
		{"absent, one configured", `{"alg":"HS256"}`, "at+jwt", invalid, nil, "typ is missing."},
		{"JWT, another configured", `{"alg":"HS256","typ":"JWT"}`, "at+jwt", invalid, nil, "typ does not match."},
		{"a longer one", `{"alg":"HS256","typ":"at+jwt2"}`, "at+jwt", invalid, nil, "typ does not match."},
		{"a shorter one", `{"alg":"HS256","typ":"at+jw"}`, "at+jwt", invalid, nil, "typ does not match."},
		{"with a space", `{"alg":"HS256","typ":"at+jwt "}`, "at+jwt", invalid, nil, "typ does not match: spaces count."},
		{"of another tree", `{"alg":"HS256","typ":"text/at+jwt"}`, "at+jwt", invalid, nil, "typ does not match: only application/ may be left out."},
		{"an array of the configured one", `{"alg":"HS256","typ":["at+jwt"]}`, "at+jwt", invalid, nil, "typ must be a string."},
		{"TYP in capitals", `{"alg":"HS256","TYP":"at+jwt"}`, "at+jwt", invalid, nil,
			"Names of header parameters are case-sensitive, so typ is missing."},
		{"twice", `{"alg":"HS256","typ":"at+jwt","typ":"JWT"}`, "at+jwt", invalid, nil, "A duplicate name can be read in two ways."},
	} {
		one := Case{Name: c.name, Token: hs256.jws(c.header, goodClaims), Typ: c.typ,
			Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §5.1; RFC 8725 §3.11"}
		if c.typ != "" {
			one.Needs = []string{"typ"}
		}
		cases = append(cases, one)
	}
	inClaims := `{"sub":"alice","exp":1800000600,"typ":"at+jwt"}`
	return append(cases,
		Case{Name: "in the claims and not in the header", Typ: "at+jwt", Needs: []string{"typ"},
			Token: hs256.jws(`{"alg":"HS256"}`, inClaims), Want: invalid,
			Reason: "typ is a header parameter; the claim does not count.", Ref: "RFC 7519 §5.1"},
		Case{Name: "wrong and expired", Typ: "at+jwt", Needs: []string{"typ"}, Token: hs256.jwt(expiredClaims), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and typ is not.", Ref: "RFC 8725 §3.11"},
		Case{Name: "as configured and expired", Typ: "at+jwt", Needs: []string{"typ"},
			Token: hs256.jws(`{"alg":"HS256","typ":"at+jwt"}`, expiredClaims), Want: expired,
			Reason: "typ is good, and the token has expired.", Ref: "RFC 7519 §4.1.4"},
	)
}
