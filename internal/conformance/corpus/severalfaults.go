package main

// severalFaultsCases are tokens with more than one fault. expired must mean that time alone is
// against the token: a client that sees it may ask for a new one.
func severalFaultsCases() []Case {
	const login = "https://login.example"
	claims := func(iss, more string) string { return `{"iss":"` + iss + `","aud":"api"` + more + `}` }
	const past, future, early = `,"exp":1799999999`, `,"exp":1800000600`, `,"nbf":1800000300,"exp":1800000600`
	forged := others["HS256"]
	cases := []Case{
		{Name: "all good", Token: hs256.jwt(claims(login, future)), Want: ok, Reason: "The control for the cases beside it."},
		{Name: "expired alone", Token: hs256.jwt(claims(login, past)), Want: expired, Reason: "The token has expired, and all else is good."},
		{Name: "early alone", Token: hs256.jwt(claims(login, early)), Want: notYetValid, Reason: "nbf is in the future, and all else is good."},
		{Name: "expired and forged", Token: forged.jwt(claims(login, past)), Want: invalid, Reason: "A forged token is invalid, not expired."},
		{Name: "early and forged", Token: forged.jwt(claims(login, early)), Want: invalid, Reason: "A forged token is invalid, not early."},
		{Name: "expired and of another issuer",
			Token: hs256.jwt(claims("https://evil.example", past)), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and iss is not."},
		{Name: "early and of another issuer", Token: hs256.jwt(claims("https://evil.example", early)), Want: invalid, Or: []string{notYetValid},
			Reason: "The issuer is wrong whatever the time is."},
		{Name: "expired and for another audience",
			Token: hs256.jwt(`{"iss":"https://login.example","aud":"web","exp":1799999999}`), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and aud is not."},
		{Name: "early and for another audience",
			Token: hs256.jwt(`{"iss":"https://login.example","aud":"web","nbf":1800000300,"exp":1800000600}`), Want: invalid, Or: []string{notYetValid},
			Reason: "The audience is wrong whatever the time is."},
		{Name: "expired, iss missing", Token: hs256.jwt(`{"aud":"api","exp":1799999999}`), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and iss is missing."},
		{Name: "expired, aud missing", Token: hs256.jwt(`{"iss":"https://login.example","exp":1799999999}`), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and aud is missing."},
		{Name: "expired, aud a number", Token: hs256.jwt(`{"iss":"https://login.example","aud":1,"exp":1799999999}`), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and aud is not an audience."},
		{Name: "expired, nbf a string", Token: hs256.jwt(claims(login, `,"nbf":"1799990000"`+past)), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and nbf is not a date."},
		{Name: "expired, iat a string", Token: hs256.jwt(claims(login, `,"iat":"1799990000"`+past)), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and iat is not a date."},
		{Name: "expired, and a claim twice", Token: hs256.jwt(claims(login, `,"role":"user","role":"admin"`+past)), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and the claims can be read in two ways."},
		{Name: "expired, and bad UTF-8", Token: hs256.jwt(claims(login, ",\"name\":\"\xff\""+past)), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and the claims are not JSON."},
		{Name: "expired, something behind the claims", Token: hs256.jwt(claims(login, past) + "x"), Want: invalid,
			Reason: "The claims are not JSON."},
		{Name: "expired and alg none", Token: base64url(`{"alg":"none"}`) + "." + base64url(claims(login, past)) + ".", Want: invalid,
			Reason: "An unsigned token is invalid, not expired."},
		{Name: "expired and alg not allowed", Token: hs512.jwt(claims(login, past)), Want: invalid, Reason: "The verifier does not allow HS512."},
		{Name: "expired and crit", Token: hs256.jws(`{"alg":"HS256","crit":["example"],"example":1}`, claims(login, past)), Want: invalid,
			Reason: "A verifier that does not know the extension must reject the token."},
		{Name: "expired and of another type", Token: hs256.jws(`{"alg":"HS256","typ":"logout+jwt"}`, claims(login, past)),
			Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and typ is not."},
		{Name: "expired, signature truncated", Token: resign(hs256.jwt(claims(login, past)), dropLast), Want: invalid,
			Reason: "The signature is wrong."},
		{Name: "expired, signature missing", Token: unsigned(hs256.jwt(claims(login, past))), Want: invalid, Reason: "The signature is missing."},
		{Name: "expired, line break at the end", Token: hs256.jwt(claims(login, past)) + "\n", Want: invalid, Reason: "The token is malformed."},
		{Name: "expired, padding", Token: hs256.jwt(claims(login, past)) + "=", Want: invalid, Reason: "The token is malformed."},
		{Name: "expired, four segments", Token: hs256.jwt(claims(login, past)) + ".", Want: invalid, Reason: "The token is malformed."},
		{Name: "expired and early", Token: hs256.jwt(claims(login, `,"nbf":1800000300`+past)), Want: notYetValid, Or: []string{invalid, expired},
			Reason: "Expired means that all else is good, and nbf is not."},
		{Name: "exp missing and forged", Token: forged.jwt(claims(login, "")), Want: invalid,
			Reason: "The signature is good under a key that is not trusted, and exp is missing."},
		{Name: "exp missing and early", Token: hs256.jwt(claims(login, `,"nbf":1800000300`)), Want: invalid, Or: []string{notYetValid},
			Reason: "exp is missing whatever the time is."},
		{Name: "wrong issuer and wrong audience",
			Token: hs256.jwt(`{"iss":"https://evil.example","aud":"web","exp":1800000600}`), Want: invalid,
			Reason: "Neither iss nor aud is good."},
		{Name: "expired, forged and of another issuer", Token: forged.jwt(claims("https://evil.example", past)), Want: invalid,
			Reason: "A forged token is invalid, not expired."},
		{Name: "expired, bound to a key", Token: hs256.jwt(claims(login, `,"cnf":{"jkt":"x"}`+past)), Want: invalid, Or: []string{expired},
			Reason: "The token is bound to a key, and no proof of that key comes with it."},
	}
	for i := range cases {
		cases[i].Issuer, cases[i].Audience, cases[i].Ref = login, []string{"api"}, "RFC 7519 §4.1, §7.2"
	}
	return append(cases,
		Case{Name: "expired, and kid unknown", Key: jwkSet(hs256.with(`"kid":"a"`), others["HS256"].with(`"kid":"b"`)),
			Token: hs256.jws(`{"alg":"HS256","kid":"c"}`, expiredClaims), Want: invalid,
			Reason: "No trusted key has this kid.", Ref: "RFC 7515 §4.1.4"},
		Case{Name: "expired, and kid of another key", Key: jwkSet(hs256.with(`"kid":"a"`), others["HS256"].with(`"kid":"b"`)),
			Token: hs256.jws(`{"alg":"HS256","kid":"b"}`, expiredClaims), Want: invalid,
			Reason: "The signature is not one of the key that kid names.", Ref: "RFC 7515 §4.1.4"},
		Case{Name: "expired, and of another subject", Subject: "bob", Token: hs256.jwt(expiredClaims), Want: invalid, Or: []string{expired},
			Reason: "Expired means that all else is good, and sub is not.", Ref: "RFC 7519 §4.1.2"},
	)
}

func unsigned(token string) string {
	signed, _ := cut(token)
	return signed + "."
}
