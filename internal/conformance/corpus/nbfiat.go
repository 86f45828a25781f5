package main

import "encoding/json"

// nbfIATCases are values of nbf and iat (RFC 7519 §4.1.5, §4.1.6).
func nbfIATCases() []Case {
	var cases []Case
	for _, c := range []struct {
		nbf, want string
		or        []string
		reason    string
	}{
		{`1799999999`, ok, nil, "nbf was one second ago."},
		{`1800000000`, ok, nil, "nbf is now, and a token is good from its nbf on."},
		{`1800000001`, notYetValid, nil, "nbf is in one second."},
		{`1800000000.0`, ok, nil, "nbf is now."},
		{`1800000000.000000001`, notYetValid, []string{ok}, "nbf is in one nanosecond. A verifier that reads floats sees it as now."},
		{`1800000000.0000000001`, notYetValid, []string{ok}, "nbf is less than a nanosecond away. The token should live shorter, not longer."},
		{`1800000000.5`, notYetValid, []string{ok}, "nbf is in half a second. A verifier that counts whole seconds sees it as now."},
		{`1799999999.999999999`, ok, nil, "nbf was one nanosecond ago."},
		{`1.8e9`, ok, nil, "1.8e9 is now."},
		{`1.8000001e9`, notYetValid, nil, "The number is 1800000100."},
		{`0`, ok, nil, "nbf was long ago."},
		{`-0`, ok, nil, "nbf was long ago."},
		{`1e-400`, ok, nil, "nbf was long ago."},
		{`4294967296`, notYetValid, nil, "The year 2106 must not wrap around."},
		{`9223372037`, notYetValid, nil, "The year 2262 must not wrap around."},
		{`253402300799`, notYetValid, nil, "The last second of the year 9999."},
		{`253402300800`, invalid, []string{notYetValid}, "Years beyond 9999 have no date in RFC 3339."},
		{`9223372036854775808`, invalid, []string{notYetValid}, "The number has 64 bits, and must not wrap around."},
		{`18446744073709551615`, invalid, []string{notYetValid}, "The number has 64 bits, and must not wrap around."},
		{`1e19`, invalid, []string{notYetValid}, "The date is beyond the year 9999."},
		{`1e300`, invalid, []string{notYetValid}, "The date is beyond the year 9999."},
		{`1e999999999`, invalid, []string{notYetValid}, "The exponent must not cost memory or time."},
		{`-1`, invalid, []string{ok}, "No token was issued before 1970."},
		{`-1e300`, invalid, []string{ok}, "No token was issued before 1970."},
		{`"1799999999"`, invalid, nil, "A date is a JSON number, not a string."},
		{`""`, invalid, nil, "A date is a JSON number."},
		{`true`, invalid, nil, "A date is a JSON number."},
		{`null`, invalid, nil, "null is not a date, and not the absence of the claim."},
		{`[]`, invalid, nil, "A date is a JSON number."},
		{`{}`, invalid, nil, "A date is a JSON number."},
		{`01799999999`, invalid, nil, "A JSON number has no zeros before it."},
		{`NaN`, invalid, nil, "JSON has no NaN."},
	} {
		cases = append(cases, Case{Name: "nbf is " + c.nbf, Token: hs256.jwt(`{"sub":"alice","nbf":` + c.nbf + `,"exp":253402300799}`),
			Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §2, §4.1.5"})
	}
	for _, c := range []struct {
		name, claims string
		now          json.Number
		want         string
		or           []string
		reason       string
	}{
		{"clock a nanosecond before nbf", `{"nbf":1800000300,"exp":1800000600}`, "1800000299.999999999", notYetValid, nil,
			"The token is good from nbf on."},
		{"clock at nbf", `{"nbf":1800000300,"exp":1800000600}`, "1800000300", ok, nil, "The token is good from nbf on."},
		{"clock a nanosecond before exp", `{"nbf":1800000300,"exp":1800000600}`, "1800000599.999999999", ok, nil, "The token is good until exp."},
		{"clock at exp", `{"nbf":1800000300,"exp":1800000600}`, "1800000600", expired, nil, "A token must not be accepted on or after its exp."},
		{"clock before 1970 and nbf 0", `{"nbf":0,"exp":600}`, "-1", notYetValid, nil, "nbf is in one second."},
		{"clock in 2106", `{"nbf":4294967295,"exp":4294967999}`, "4294967296", ok, nil, "nbf was one second ago. The clock must not wrap around."},
		{"nbf is exp, both ahead", `{"nbf":1800000600,"exp":1800000600}`, "1800000000", notYetValid, []string{invalid},
			"The token is good at no time. It is not yet valid, and has not expired."},
		{"nbf is exp, both past", `{"nbf":1799999999,"exp":1799999999}`, "1800000000", expired, []string{invalid},
			"The token is good at no time, and exp has passed."},
		{"nbf after exp, both ahead", `{"nbf":1800000600,"exp":1800000300}`, "1800000000", notYetValid, []string{invalid},
			"The token is good at no time. It is not yet valid, and has not expired."},
		{"clock between exp and nbf", `{"nbf":1800000300,"exp":1799999700}`, "1800000000", notYetValid, []string{invalid, expired},
			"The token is expired and early. Expired means that all else is good, and nbf is not."},
		{"nbf after exp, both past", `{"nbf":1799999999,"exp":1799999998}`, "1800000000", expired, []string{invalid},
			"nbf has passed, and so has exp."},
	} {
		cases = append(cases, Case{Name: "nbf and exp, " + c.name, Token: hs256.jwt(c.claims), Now: c.now,
			Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4.1.4, §4.1.5"})
	}
	for _, c := range []struct {
		iat, want string
		or        []string
		reason    string
	}{
		{`1799999000`, ok, nil, "The token was issued a while ago."},
		{`1800000000`, ok, nil, "The token was issued now."},
		{`1800000100`, ok, []string{invalid, notYetValid}, "iat says when a token was issued, not from when on it is good. The issuer's clock may be fast."},
		{`1900000000`, ok, []string{invalid, notYetValid}, "iat is after exp. Each claim is compared with the clock, and iat with nothing."},
		{`1799999999.25`, ok, nil, "A date may have a fraction."},
		{`0`, ok, nil, "0 is the start of 1970."},
		{`-1`, invalid, []string{ok}, "No token was issued before 1970."},
		{`253402300800`, invalid, []string{ok, notYetValid}, "Years beyond 9999 have no date in RFC 3339."},
		{`1e300`, invalid, []string{ok, notYetValid}, "The date is beyond the year 9999."},
		{`"1799999999"`, invalid, nil, "A date is a JSON number, not a string."},
		{`"x"`, invalid, nil, "A date is a JSON number."},
		{`true`, invalid, nil, "A date is a JSON number."},
		{`null`, invalid, nil, "null is not a date, and not the absence of the claim."},
		{`[1799999999]`, invalid, nil, "A date is a JSON number."},
		{`{}`, invalid, nil, "A date is a JSON number."},
		{`1799999999.`, invalid, nil, "A JSON number has digits after the point."},
	} {
		cases = append(cases, Case{Name: "iat is " + c.iat, Token: hs256.jwt(`{"sub":"alice","iat":` + c.iat + `,"exp":1800000600}`),
			Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §2, §4.1.6"})
	}
	return append(cases, iatChecks()...)
}

// iatChecks are verifiers that compare iat with the clock.
func iatChecks() []Case {
	check, age := []string{"iat_check"}, []string{"max_age"}
	claims := func(iat string) string { return hs256.jwt(`{"sub":"alice","iat":` + iat + `,"exp":1800000600}`) }
	return []Case{
		{Name: "iat check, issued now", Token: claims("1800000000"), Needs: check, Want: ok,
			Reason: "iat is not in the future.", Ref: "RFC 7519 §4.1.6"},
		{Name: "iat check, issued in the future", Token: claims("1800000300"), Needs: check, Want: notYetValid, Or: []string{invalid},
			Reason: "The verifier rejects tokens of the future.", Ref: "RFC 7519 §4.1.6"},
		{Name: "iat check, issued in the future within leeway", Token: claims("1800000030"), Leeway: "60", Needs: check, Want: ok,
			Reason: "Leeway allows for clocks that differ.", Ref: "RFC 7519 §4.1.6"},
		{Name: "max age, young enough", Token: claims("1799999900"), MaxAge: "120", Needs: age, Want: ok,
			Reason: "The token is 100 seconds old, and may be 120.", Ref: "RFC 7519 §4.1.6"},
		{Name: "max age, too old", Token: claims("1799999900"), MaxAge: "60", Needs: age, Want: expired, Or: []string{invalid},
			Reason: "The token is 100 seconds old, and may be 60.", Ref: "RFC 7519 §4.1.6"},
		{Name: "max age, too old but within leeway", Token: claims("1799999900"), MaxAge: "60", Leeway: "45", Needs: age, Want: ok,
			Reason: "Leeway allows for clocks that differ.", Ref: "RFC 7519 §4.1.6"},
		{Name: "max age, iat missing", Token: hs256.jwt(goodClaims), MaxAge: "60", Needs: age, Want: invalid,
			Reason: "Without iat the age is not known.", Ref: "RFC 7519 §4.1.6"},
		{Name: "max age, issued in the future",
			Token: claims("1800000300"), MaxAge: "60", Needs: age, Want: invalid, Or: []string{notYetValid},
			Reason: "The age is negative.", Ref: "RFC 7519 §4.1.6"},
		{Name: "max age, iat a string", Token: claims(`"1799999990"`), MaxAge: "60", Needs: age, Want: invalid,
			Reason: "A date is a JSON number, not a string.", Ref: "RFC 7519 §2"},
	}
}
